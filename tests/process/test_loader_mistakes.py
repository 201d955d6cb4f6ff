"""What a manager is told about a mistake in a process: in Chinese, with file and line, and what to write instead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from small_world import BODY, HEAD, a_process

from mailflow.process.form_plans import read_form
from mailflow.process.library import Library, shipped
from mailflow.process.loader import load
from mailflow.process.yamltext import TemplateError

GOOD = (HEAD + BODY).strip() + "\n"


def line_of(text: str, piece: str) -> int:
    return next(n for n, line in enumerate(text.split("\n"), 1) if piece in line)


# each: what stands in the good process, what somebody makes of it, a piece of the line that must be named, what must be said
MISTAKES = {
    "full-width colon": ("流程: 请假", "流程：请假", "流程：", "全角冒号"),
    "full-width colon inside": ("        谁: 经理", "        谁：经理", "谁：", "全角冒号"),
    "tab": ("    类型: 整数", "\t类型: 整数", "类型", "制表符"),
    "full-width blank": ("    类型: 整数", "　　类型: 整数", "类型", "全角空格"),
    "no blank behind the colon": ("短码: LEAVE", "短码:LEAVE", "短码", "缺一个空格"),
    "unknown word": ("        变为: 已批", "        便为: 已批", "便为", "不认识“便为”,是不是“变为”"),
    "unknown word at the top": ("角色:", "角色们:", "角色们", "是不是“角色”"),
    "missing state": ("        变为: 已批", "        变为: 已批准", "变为: 已批准", "没有这个状态,是不是“已批”"),
    "two states of one name": ("  已批:\n    结束: 是", "  待批:\n    结束: 是", "\n  待批:\n    结束", "写了两次"),
    "role that nobody has": ("        谁: 经理", "        谁: 主任", "谁: 主任", "没有“主任”这个角色"),
    "where a role comes from": ("  经理: 岗位 售前经理", "  经理: 部门经理", "部门经理", "读不懂;可以写:来信人"),
    "kind of field": ("    类型: 整数", "    类型: 数目", "类型: 数目", "没有“数目”这种类型"),
    "choice without options": ("    类型: 整数", "    类型: 选项", "类型", "缺“选项”"),
    "synonym of nothing": ("    类型: 整数", "    类型: 选项\n    选项: [甲, 乙]\n    同义: {丙: 丁}", "同义", "“丁”不在选项里"),
    "unknown check": ("    类型: 整数", "    类型: 整数\n    要求: 很大", "要求", "没有这种要求"),
    "check against no field": ("    类型: 整数", "    类型: 整数\n    要求: 不同于 次数", "要求", "“次数”不是字段"),
    "condition": ("    类型: 整数", "    类型: 整数\n    必填: 原音 = 病", "必填", "第 1 列"),
    "field in 要写明": ("        变为: 已批", "        要写明: 理由\n        变为: 已批", "要写明", "“理由”不是字段"),
    "field in 记": ("        变为: 已批", "        记:\n          批准人: 来信人\n        变为: 已批", "批准人", "不是字段"),
    "deadline without length": ("    可以:", "    期限:\n      审批:\n        提醒: 天级\n    可以:", "审批", "“时长”或“到期”"),
    "length": ("    可以:", "    期限:\n      审批:\n        时长: 两三天\n    可以:", "时长", "两三天"),
    "due on no field": ("    可以:", "    期限:\n      审批:\n        到期: 截止日 下班\n    可以:", "截止日", "“到期: 截止日”不是字段"),
    "due at no time": ("    可以:", "    期限:\n      审批:\n        到期: 天数 25:00\n    可以:", "25:00", "只能写 下班 或几点几分"),
    "signature of nobody": ("开始:", "文件:\n  回执:\n    签名: 是\n开始:", "签名", "“签名: 是”要写一个字段的名称"),
    "no start": ("开始:\n  收到: 请假-<天数>\n  变为: 待批\n", "", "流程: 请假", "缺“开始”"),
    "start to nowhere": ("  收到: 请假-<天数>\n  变为: 待批", "  收到: 请假-<天数>", "收到", "缺“变为”"),
    "yes or no": ("    结束: 是", "    结束: 对", "结束", "只能写 是 或 否"),
    "short code": ("短码: LEAVE", "短码: 请假", "短码", "大写字母"),
    "name": ("名称: leave", "名称: 请假", "名称", "小写字母"),
    "unclosed bracket": ("    类型: 整数", "    类型: 选项\n    选项: [甲, 乙", None, "方括号"),
    "two colons": ("流程: 请假", "流程: 请假: 单", "流程", "两个“: ”"),
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=list(MISTAKES))
def test_a_mistake_is_told_with_its_line_and_a_mend(mistake: str) -> None:
    old, new, piece, says = MISTAKES[mistake]
    assert old in GOOD, "the good process has changed"
    text = GOOD.replace(old, new, 1)
    with pytest.raises(TemplateError) as told:
        a_process(text)
    assert says in str(told.value)
    assert str(told.value).startswith("请假.yaml 第 ")
    if piece is not None:
        wanted = text[: text.index(piece)].count("\n") + 1 + (len(piece) - len(piece.lstrip("\n")))
        assert abs(told.value.line - wanted) <= 1, f"line {told.value.line} was told, it stands in {wanted}"


def test_text_stays_what_was_written() -> None:
    """YAML's own types would make 83 of 00123, 45000 of 12:30:00 and 1.1 of 1.10."""
    process = a_process(GOOD.replace("短码: LEAVE", "短码: 00123\n版本: 1.10\n事项: 12:30:00"))
    assert (process.code, process.version, process.subject) == ("00123", "1.10", "12:30:00")


def test_a_file_that_windows_saved_is_read(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "gb18030"):
        file = tmp_path / f"{encoding}.yaml"
        file.write_bytes(GOOD.replace("\n", "\r\n").encode(encoding))
        assert load(file).title == "请假"


def test_hostile_yaml_is_refused_and_not_expanded() -> None:
    with pytest.raises(TemplateError):
        a_process(GOOD.replace("原因: {}", "原因: !!python/object/apply:os.system [true]"))


def a_library(folder: Path, process: str, **letters: str) -> Library:
    for name, text in {"processes/请假.yaml": process, **{f"letters/{n}.txt": f"标题: x\n\n---\n{t}\n" for n, t in letters.items()}}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    library = Library([folder])
    library.refresh()
    return library


# what leads nowhere is seen over all files together: text put in before `变为: 已批` of the action, what must be said
DANGLING = {
    "letter misspelt": ("        发信:\n          批准通支: 员工\n", "没有“批准通支”这封信,是不是“批准通知”?"),
    "register": ("        记账:\n          请假台账:\n            谁: 来信人\n", "没有“请假台账”这本台账"),
    "child process": ("        开单:\n          leave-2:\n            天数: 天数\n", "没有“leave-2”这个流程,是不是“leave”?"),
    "nudged process": ("        带动:\n          leav: 同意\n", "没有“leav”这个流程"),
    "nudged action": ("        带动:\n          leave: 批\n", "没有“批”这个动作"),
    "register of 销账": ("        销账:\n          请假台账: 确认\n", "没有“请假台账”这本台账"),
    "clock": ("        停表: 审批\n", "停表、走表、重新计时里的“审批”不是期限"),
    "blank form": ("        发信:\n          批准通知:\n            给: 员工\n            附: 空白表 请暇\n", "没有“请暇”这张表,是不是“请假”?"),
    "name in a sentence": ("        发信:\n          批准通知:\n            给: 员工\n            说: 您请了<天树>天假\n", "“<天树>”不是字段、角色或取数,是不是“天数”?"),
}


@pytest.mark.parametrize("mistake", DANGLING, ids=list(DANGLING))
def test_a_name_that_leads_nowhere_is_told_with_its_line(mistake: str, tmp_path: Path) -> None:
    added, says = DANGLING[mistake]
    text = GOOD.replace("        变为: 已批\n", added + "        变为: 已批\n")
    library = a_library(tmp_path, text, 批准通知="好")
    [problem] = library.problems
    assert says in problem
    assert re.match(r"请假\.yaml 第 \d+ 行:", problem)


def test_a_state_that_nothing_reaches_and_one_where_a_case_would_stay_for_ever_are_told(tmp_path: Path) -> None:
    text = GOOD + "  搁置:\n    说明: 没有人管\n"
    problems = a_library(tmp_path, text).problems
    assert any("“搁置”没有任何动作能到达" in p for p in problems)
    assert any("“搁置”没有“可以”" in p for p in problems)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("    可以:\n", "    期限:\n      审批:\n        时长: 1个工作日\n        到: 批准\n    可以:\n", "期限“审批”的“到: 批准”不是字段、文件、动作或状态"),
        ("    可以:\n", "    期限:\n      审批:\n        时长: 1个工作日\n        提醒: 小时\n    可以:\n", "提醒梯次表里没有“小时”"),
        ("开始:\n", "取数:\n  请过: 单 leave 同 原因 状态 已准\n开始:\n", "流程“leave”没有“已准”这个状态,是不是“已批”?"),
        ("开始:\n", "取数:\n  上限: 决策表 假期 取 天数\n开始:\n", "没有决策表“假期”"),
        ("开始:\n  收到: 请假-<天数>\n", "开始:\n  台账: 考勤\n", "没有“考勤”这本台账"),
    ],
)
def test_so_is_one_of_a_limit_a_lookup_or_a_start(old: str, new: str, says: str, tmp_path: Path) -> None:
    problems = a_library(tmp_path, GOOD.replace(old, new, 1)).problems
    assert [p for p in problems if says in p and re.match(r"请假\.yaml 第 \d+ 行:", p)], problems


@pytest.mark.parametrize(("changed", "says"), [("名称: leave", "短码“LEAVE”与 请假.yaml 重复"), ("短码: LEAVE", "名称“leave”与 请假.yaml 重复")])
def test_two_processes_of_one_name_or_one_code_are_told(changed: str, says: str, tmp_path: Path) -> None:
    library = a_library(tmp_path, GOOD)
    (tmp_path / "processes" / "调休.yaml").write_text(GOOD.replace(changed, changed[:3] + (" other" if changed[-1].islower() else " OTHER")), encoding="utf-8")
    assert library.refresh()
    [problem] = library.problems
    assert says in problem


def test_a_field_from_the_subject_needs_its_place_in_the_subject(tmp_path: Path) -> None:
    text = GOOD.replace("    类型: 整数", "    类型: 整数\n    来自: 标题 天树")
    assert any("标题里没有 <天树>" in p for p in a_library(tmp_path, text).problems)


def test_a_broken_edit_leaves_the_last_good_version_in_force(tmp_path: Path) -> None:
    library = a_library(tmp_path, GOOD)
    assert library.problems == []
    (tmp_path / "processes" / "请假.yaml").write_text(GOOD.replace("变为: 已批", "变为: 已批了"), encoding="utf-8")
    assert library.refresh()
    assert "没有这个状态" in library.problems[0]
    assert library.processes["leave"].states["待批"].actions["同意"].effects.to == "已批"
    (tmp_path / "processes" / "请假.yaml").write_text(GOOD.replace("流程: 请假", "流程: 请假单"), encoding="utf-8")
    assert library.refresh()
    assert library.problems == []
    assert library.processes["leave"].title == "请假单"


def test_an_organisations_own_file_takes_the_shipped_ones_place(tmp_path: Path) -> None:
    for folder, title in (("shipped", "请假"), ("own", "休假")):
        a_library(tmp_path / folder, GOOD.replace("流程: 请假", f"流程: {title}"))
    library = Library([tmp_path / "shipped", tmp_path / "own"])
    library.refresh()
    assert library.processes["leave"].title == "休假"
    assert library.problems == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("表单: 小结\n栏目:\n  - 结论: [正常]\n", "第 3 行:栏目“结论”的选项至少写两个"),
        ("表单: 小结\n栏目:\n  - 日子: 日其\n", "第 3 行:栏目“日子”的类型“日其”只能写:文本"),
        ("表单: 小结\n栏目:\n  - 结论\n  - 结论\n", "第 4 行:栏目“结论”写了两次"),
        ("表单: 小结\n栏目们:\n  - 结论\n", "第 2 行:表单里不认识“栏目们”,是不是“栏目”?"),
        ("表单: 小结\n栏目:\n", "第 2 行:表单要写“栏目”"),
        ("表单: 小结\n栏目:\n  - [结论]\n", "第 3 行:“栏目”的每一条写"),
    ],
)
def test_a_mistake_in_a_form_is_told_with_its_line(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "小结.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(TemplateError, match=r"小结\.yaml") as why:
        read_form(tmp_path / "小结.yaml")
    assert says in str(why.value)


def test_a_form_of_a_name_that_is_taken_is_told(tmp_path: Path) -> None:
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "请假条.yaml").write_text("表单: 请假条\n栏目:\n  - 天数\n", encoding="utf-8")
    (tmp_path / "forms" / "小结.yaml").write_text("表单: 小结\n别名: [请假条]\n栏目:\n  - 结论\n", encoding="utf-8")
    problems = a_library(tmp_path, GOOD.replace("  收到: 请假-<天数>", "  收到: 请假-<天数>\n  表单: 请假条")).problems
    assert any("《请假条》是 请假.yaml 开单的表单" in p for p in problems)
    assert any("“请假条”在 小结.yaml 里已经有了" in p for p in problems)


def test_a_setting_that_an_organisations_table_leaves_out_has_the_shipped_value(tmp_path: Path) -> None:
    for folder, rows in (("shipped", "impl.mode,advisory,\nimprove.third_from,3,\n"), ("own", "impl.mode,strict,\n")):
        (tmp_path / folder / "tables").mkdir(parents=True)
        (tmp_path / folder / "tables" / "取定值.csv").write_text("键,值,说明\n" + rows, encoding="utf-8")
    library = Library([tmp_path / "shipped", tmp_path / "own"])
    library.refresh()
    assert (library.config("impl.mode"), library.config("improve.third_from"), library.config("nobody's")) == ("strict", "3", "")


def test_a_setting_that_is_no_length_of_time_is_told(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "取定值.csv").write_text("键,值,说明\ngrace.default,尽快,\n", encoding="utf-8")
    library = Library([shipped(), tmp_path])
    library.refresh()
    assert library.problems == ["取定值.csv 第 2 行:“grace.default”要写时长,如 1个工作日;现在是“尽快”,改好之前按 1个工作日 办"]
    assert library.config("grace.default") == "1个工作日"
