"""Decision tables and registers: the first row that agrees, and what a manager is told about a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailflow.process.registers import Register, read_register, tiers
from mailflow.process.tables import DecisionTable, judge, read_table
from mailflow.process.yamltext import TemplateError

HOURS = """地区,级别,小时,说明
广州、深圳,一级,2,
湛江,一级,4,
*,一级,8,其余地市
,二级,24,
"""


def a_table(folder: Path, text: str, encoding: str = "utf-8") -> DecisionTable:
    (folder / "到场时限.csv").write_bytes(text.encode(encoding))
    return read_table(folder / "到场时限.csv")


@pytest.mark.parametrize(
    ("area", "level", "hours"), [("深圳", "一级", "2"), ("湛江市", "一级", "4"), ("韶关", "一级", "8"), ("韶关", "二级", "24"), ("韶关", "三级", "")]
)
def test_the_first_row_that_agrees_is_the_answer(area: str, level: str, hours: str, tmp_path: Path) -> None:
    """Columns that the case knows nothing of (说明) are no condition."""
    known = {"地区": area, "级别": level}
    assert a_table(tmp_path, HOURS).first(known.__getitem__, "小时") == hours


def test_figures_are_compared(tmp_path: Path) -> None:
    table = a_table(tmp_path, "金额,要谁批\n<=5,经理\n>5,总监\n")
    assert [table.first({"金额": x}.__getitem__, "要谁批") for x in ("5", "5.1", "")] == ["经理", "总监", ""]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_as_excel_saves_it(encoding: str, tmp_path: Path) -> None:
    assert a_table(tmp_path, HOURS.replace("\n", "\r\n"), encoding).first({"地区": "湛江", "级别": "一级"}.__getitem__, "小时") == "4"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [("甲,甲\n1,2\n", 1, "同名"), ("甲,乙\n1,2\n1,2,3\n", 3, "这一行有 3 格,表头只有 2 格"), ("\n\n", 1, "表是空的")],
)
def test_a_bad_table_is_told_with_its_line(text: str, line: int, says: str, tmp_path: Path) -> None:
    with pytest.raises(TemplateError) as told:
        a_table(tmp_path, text)
    assert says in str(told.value) and told.value.line == line


@pytest.mark.parametrize(
    ("text", "level"),
    [("三个站业务中断", "一级"), ("一条支路误码,温度 46 度", "二级"), ("温度 38 度", ""), ("风扇坏了", "三级"), ("问一个问题", "")],
)
def test_a_suggestion_by_key_words_and_figures(text: str, level: str, tmp_path: Path) -> None:
    table = a_table(tmp_path, "关键词,数值,级别\n中断、退服+业务,,一级\n温度,>45℃,二级\n风扇、滤网,,三级\n")
    assert judge(table, text, "级别") == level


def a_register(folder: Path, text: str) -> Register:
    (folder / "投诉.yaml").write_text(text, encoding="utf-8")
    return read_register(folder / "投诉.yaml")


def test_a_register_as_its_file_declares_it(tmp_path: Path) -> None:
    register = a_register(tmp_path, "台账: 投诉\n列: [谁, 项目]\n去重: [项目, 谁]\n初始: 候选\n档次: 扣罚\n输出: ledger\n")
    assert (register.name, register.key, register.initial, register.output) == ("投诉", ("项目", "谁"), "candidate", "ledger")
    steps = tiers(register, {"扣罚": DecisionTable("扣罚", ("每几次", "台账", "代码"), [{"每几次": "2", "台账": "扣罚", "代码": "pay-month"}])})
    assert [(s.every, s.code) for s in steps] == [(2, "pay-month")]


@pytest.mark.parametrize(("text", "says"), [("台账: 投诉\n档位: 扣罚\n", "不认识“档位”,是不是“档次”"), ("台账: 投诉\n初始: 已确认\n", "只能写:候选")])
def test_a_bad_register_is_told(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="投诉.yaml 第 2 行") as told:
        a_register(tmp_path, text)
    assert says in str(told.value)


def test_a_cell_may_hold_a_setting() -> None:
    table = DecisionTable("梯次", ("时机", "收信"), [{"时机": "提前<survey.window> 09:00", "收信": "<5"}, {"时机": "<no.such>", "收信": ""}])
    filled = table.filled(lambda key: "15天" if key == "survey.window" else "")
    assert [row["时机"] for row in filled.rows] == ["提前15天 09:00", "<no.such>"]
    assert filled.rows[0]["收信"] == "<5"
    assert table.rows[0]["时机"] == "提前<survey.window> 09:00", "the table as it was read stays"
