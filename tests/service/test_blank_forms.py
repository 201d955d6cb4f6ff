"""A blank form of any process comes back readable: blank → filled in → read → what was written, as Word document and as workbook (RULEBOOK §5.3)."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Callable
from functools import cache

import pytest

from mailflow.blank_forms import as_docx, as_xlsx, fields_of, find, whole_form
from mailflow.process import forms
from mailflow.process.library import Library, shipped
from mailflow.process.model import Process
from parsers import Attachment
from parsers.documents import read_rows
from parsers.fields import fields_from_rows


@cache
def library() -> Library:
    found = Library([shipped()])
    found.refresh()
    return found


def declared() -> list[tuple[Process, str]]:
    return [(p, form.strip("《》")) for p in library().processes.values() for form in dict.fromkeys(f for s in p.starts for f in s.forms)]


FORMS = declared()
SAMPLES = {
    "日期": "2026-11-23", "时间": "2026-11-23 09:30", "是否": "否", "金额": "5.6", "工时": "16", "整数": "3", "数字": "2.5", "条目": "1. 第一条:双机热备\n2. 第二条,三楼 & 四楼 <主>",
    "合同号": "HT-2026-001", "人员": "张三、李四",
}  # fmt: skip


def sample(process: Process, number: int, name: str) -> str:
    kind = process.fields[name].kind
    return kind.options[number % len(kind.options)] if kind.options else SAMPLES.get(kind.name, f"0755-{number}号,含“引号”& 符号")


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


@pytest.mark.parametrize("kind", ["docx", "xlsx"])
@pytest.mark.parametrize(("process", "form"), FORMS, ids=[f"{p.id}-{f}" for p, f in FORMS])
def test_a_blank_form_filled_in_is_read_as_it_was_written(process: Process, form: str, kind: str) -> None:
    wanted = {f.name: sample(process, n, f.name) for n, f in enumerate(whole_form(process))}
    blank, fill = (as_docx(process, form), fill_docx) if kind == "docx" else (as_xlsx(process, form), fill_xlsx)
    document = read_rows(Attachment(f"{form}.{kind}", "", len(blank), fill(blank, list(wanted.values()))))
    assert document.problem == ""
    assert document.text.lstrip().split("\n")[0].strip() == form, "by its title the form is recognised"
    assert dict(fields_from_rows(document.rows, forms.labels(process))) == wanted


@pytest.mark.parametrize(("process", "form"), FORMS, ids=[f"{p.id}-{f}" for p, f in FORMS])
def test_an_empty_form_says_nothing(process: Process, form: str) -> None:
    for kind, blank in (("docx", as_docx(process, form)), ("xlsx", as_xlsx(process, form))):
        document = read_rows(Attachment(f"{form}.{kind}", "", len(blank), blank))
        assert document.problem == ""
        assert not any(dict(fields_from_rows(document.rows, forms.labels(process))).values())


@pytest.mark.parametrize(("process", "form"), FORMS, ids=[f"{p.id}-{f}" for p, f in FORMS])
def test_a_form_asks_for_all_that_is_required_and_nothing_of_the_desk(process: Process, form: str) -> None:
    asked = [f.name for f in whole_form(process)]
    assert set(asked) >= {f.name for f in fields_of(process)}
    assert not [n for n in asked if process.fields[n].hidden]
    assert find(library(), form) is not None
