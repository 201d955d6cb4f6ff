"""Every form comes back readable: blank → filled in → read → what was written, as Word document and as workbook (RULEBOOK §5.3)."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import pytest
from test_slips_back import House

from mailflow.blank_forms import Blank, as_docx, as_xlsx, every, fields_of, find, handed_in_by, whole_form
from mailflow.process import forms
from mailflow.process.library import Library, shipped
from mailflow.process.model import Field, Process
from parsers import Attachment
from parsers.documents import read_rows
from parsers.fields import fields_from_rows, read_fields


@cache
def library() -> Library:
    found = Library([shipped()])
    found.refresh()
    return found


def declared() -> list[tuple[Process, str]]:
    return [(p, form.strip("《》")) for p in library().processes.values() for form in dict.fromkeys(f for s in p.starts for f in s.forms)]


# RULEBOOK §5.3, word for word; what stands in brackets is an explanation
NAMED = re.split(
    ";",
    "技术支持立项单;项目跟踪表;产品改进申请单;故障处理工作单;内部bug反馈表;测试预案;测试方案;项目实施工作单;项目实施进场准备单;实施预案;项目实施与进度计划表;"
    "厂家故障处理情况表;现场技术服务报告;调查报告;上报厂家的疑难故障情况表;疑难故障受理确认单;疑难故障处理情况表;疑难故障处理情况确认单;厂家现场巡检情况记录表;"
    "巡检报告;技术咨询服务记录单;软件升级服务记录单;升级技术方案;新、旧软件版本差别描述;新版软件测试报告;申请单(升级);现场升级报告;资料更新服务记录单;"
    "培训服务记录单;服务例会记录单;现场服务单;健康检查总结报告;系统环境调查表;现场服务申请;技术支持任务申请单;施工任务单;故障分析报告;解决方案",
)
FORMS = declared()
HARD = (
    "0755-{n}号,含“引号”& 符号 <b>", "时间:09:30,地点:三楼会议室", "见《维护规范》第 3 条（全角，括号）：ＯＫ", "第一行\n第二行:带冒号\n第三行", "很长的说明," * 200 + "完",
    "=1+1", "001", "客户", "已到现场\n请尽快确认，谢谢", "√ 已办", "13800138000", "A/B - C",
)  # fmt: skip
SAMPLES = {
    "日期": "2026-11-23", "时间": "2026-11-23 09:30", "是否": "否", "金额": "5.6", "工时": "16", "整数": "3", "数字": "2.5", "条目": "1. 第一条:双机热备\n2. 第二条,三楼 & 四楼 <主>",
    "合同号": "HT-2026-001", "人员": "张三、李四",
}  # fmt: skip


def sample(field: Field, number: int) -> str:
    kind = field.kind
    said = kind.options[number % len(kind.options)] if kind.options else SAMPLES.get(kind.name) or HARD[number % len(HARD)].format(n=number)
    return said if said != field.name else "甲方"


def repacked(data: bytes, member: str, change: Callable[[str], str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name).decode()) if name == member else old.read(name))
    return out.getvalue()


def fill_docx(data: bytes, values: list[str]) -> bytes:
    """As Word writes it: a paragraph for each line of a cell."""
    left = iter(values)
    empty = re.compile(r"(<w:p><w:r>(?:(?!</w:r>).)*?<w:t xml:space=\"preserve\">)(</w:t></w:r></w:p>)")
    return repacked(data, "word/document.xml", lambda xml: empty.sub(lambda m: "".join(m[1] + html.escape(line) + m[2] for line in next(left).split("\n")), xml))


def fill_xlsx(data: bytes, values: list[str]) -> bytes:
    left = iter(values)
    return repacked(
        data, "xl/worksheets/sheet1.xml",
        lambda xml: re.sub(r'<c r="(B\d+)"( s="\d+")?/>', lambda m: f'<c r="{m[1]}"{m[2]} t="inlineStr"><is><t xml:space="preserve">{html.escape(next(left))}</t></is></c>', xml),
    )  # fmt: skip


def blank_of(name: str) -> Blank:
    found = find(library(), name)
    assert found is not None, f"nobody knows the form {name}"
    return found


def labels_of(blank: Blank) -> Iterable[str]:
    return forms.labels(blank.process) if blank.process else [f.name for f in blank.fields]


@pytest.mark.parametrize("kind", ["docx", "xlsx"])
@pytest.mark.parametrize("name", dict.fromkeys([*NAMED, *every(library())]))
@pytest.mark.parametrize("turn", range(4))
def test_a_blank_form_filled_in_is_read_as_it_was_written(name: str, kind: str, turn: int) -> None:
    """Every name of RULEBOOK §5.3 and every other form there is; `turn`: other hard values in each field."""
    blank = blank_of(name)
    wanted = {f.name: sample(f, n + turn) for n, f in enumerate(blank.fields)}
    data, fill = (as_docx(blank.fields, blank.name), fill_docx) if kind == "docx" else (as_xlsx(blank.fields, blank.name), fill_xlsx)
    document = read_rows(Attachment(f"{blank.name}.{kind}", "", len(data), fill(data, list(wanted.values()))))
    assert document.problem == ""
    assert document.text.lstrip().split("\n")[0].strip() == blank.name, "by its title the form is recognised"
    assert dict(fields_from_rows(document.rows, labels_of(blank))) == wanted


@pytest.mark.parametrize("name", every(library()))
def test_an_empty_form_says_nothing(name: str) -> None:
    blank = blank_of(name)
    for kind, data in (("docx", as_docx(blank.fields, name)), ("xlsx", as_xlsx(blank.fields, name))):
        document = read_rows(Attachment(f"{name}.{kind}", "", len(data), data))
        assert document.problem == ""
        assert not any(dict(fields_from_rows(document.rows, labels_of(blank))).values())
        assert not any(read_fields(document.prose, labels_of(blank)).values()), "what may be written there, in small, is no value"


@pytest.mark.parametrize(("process", "form"), FORMS, ids=[f"{p.id}-{f}" for p, f in FORMS])
def test_a_form_asks_for_all_that_is_required_and_nothing_of_the_desk(process: Process, form: str) -> None:
    asked = [f.name for f in whole_form(process)]
    assert set(asked) >= {f.name for f in fields_of(process)}
    assert not [n for n in asked if process.fields[n].hidden]
    assert blank_of(form).process is process


@pytest.mark.parametrize(
    ("said", "meant"),
    [("《申请单》(升级)", "申请单"), ("软件升级申请单", "申请单"), ("新、旧软件版本差别描述", "新、旧软件版本差别描述"), ("立项单", "技术支持立项单"), ("巡检报告 谢谢", "巡检报告"), ("巡检情况记录表", "厂家现场巡检情况记录表")],
)  # fmt: skip
def test_a_form_is_known_by_what_people_call_it(said: str, meant: str) -> None:
    assert blank_of(said).name == meant


def test_a_word_that_stands_in_several_names_means_none() -> None:
    assert find(library(), "记录单") is None and find(library(), "表") is None


def test_every_document_of_the_rulebook_is_some_process_s() -> None:
    """Whoever asks for the blank is told in which case, and by which words, it is handed in."""
    for name in ("厂家故障处理情况表", "巡检报告", "测试预案", "实施预案", "升级技术方案", "服务例会记录单"):
        assert handed_in_by(library(), name), name


class Office(House):
    """The department of the stories, with nothing done yet."""

    number = ""

    def begin(self) -> None:
        pass


@pytest.mark.parametrize("kind", ["docx", "xlsx"])
@pytest.mark.parametrize(
    ("form", "who", "subject", "values"),
    [
        (
            "内部bug反馈表", "张三", "内部bug反馈表-存储网关-张三",
            {"产品": "存储网关", "版本": "V3.1:补丁 2", "类型": "易用性", "步骤": "1. 登录:admin\n2. 点“升级”，等 5 分钟", "实际结果": "页面提示《升级失败》<code 7> & 无日志", "严重程度": "严重"},
        ),
        (
            "上报厂家的疑难故障情况表", "省研究院", "上报厂家的疑难故障情况表-河源-源城局",
            {"报告人": "何工", "设备": "OptiX 155/622H", "软件版本": "001.02", "级别": "三级", "网管宕机": "否", "现象": "误码越限:MS-BIP\n未中断业务", "发生时间": "2026-11-02 08:30"},
        ),
    ],
)  # fmt: skip
def test_by_mail_the_blank_goes_out_comes_back_and_the_case_holds_what_was_written(
    form: str, who: str, subject: str, values: dict[str, str], kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house = Office(tmp_path, lambda: capsys.readouterr().out)
    house.mail(house.addresses[who], f"表单 {form}", "请发一份")
    [blank] = [a.get_content() for m in house.letters() for a in m.iter_attachments() if a.get_filename() == f"{form}.{kind}"]
    written = [values.get(f.name, "") for f in blank_of(form).fields]
    assert len([w for w in written if w]) == len(values), "each stands on the form"
    house.mail(house.addresses[who], subject, "见附件", ((f"{form}.{kind}", (fill_docx if kind == "docx" else fill_xlsx)(blank, written)),))
    [case] = [c for c in house.rows("cases") if not c["parent"]]
    assert {name: case["fields"].get(name) for name in values} == values, [m.get_body(("plain",)).get_content() for m in house.letters()]
    house.mail(house.addresses[who], subject, "再报一次", ((f"{form}.{kind}", (fill_docx if kind == "docx" else fill_xlsx)(blank, [""] * len(written))),))
    [returned] = [m for m in house.letters() if "没有通过检查" in m.get_body(("plain",)).get_content()]
    assert {a.get_filename() for a in returned.iter_attachments()} == {f"{form}.docx", f"{form}.xlsx"}, "an empty form goes back with a blank"
    house.mail(house.addresses[who], f"Re: {returned['Subject']}", "补填", ((f"{form}.{kind}", (fill_docx if kind == "docx" else fill_xlsx)(blank, written)),), In_Reply_To=returned["Message-ID"])
    assert house.end()["end"] == "recorded" and not str(house.end()["reason"]).startswith("退件")
