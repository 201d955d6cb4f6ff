"""Conditions: what holds, and what a manager is told, with the column, where one is wrong."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from mailflow.process.conditions import ConditionError, names_in, parse
from mailflow.process.values import Kind

NAMES = {
    "项目性质": Kind("选项", ("工程项目", "设备安装调试", "其他")),
    "金额": Kind("金额"),
    "金额(万元)": Kind("金额"),
    "紧急": Kind("是否"),
    "完成日期": Kind("日期"),
    "今天": Kind("日期"),
    "申请人": Kind("人员"),
    "审批人": Kind("人员"),
    "内容": Kind("文本"),
    "或有事项": Kind("文本"),
    "支持内容": Kind("多选", ("产品测试", "产品实施", "客户培训")),
}
VALUES: dict[str, str | Iterable[str]] = {
    "项目性质": "工程项目", "金额": "9", "金额(万元)": "5.1", "紧急": "是", "完成日期": "2026-11-20", "今天": "2026-11-23", "申请人": ["张三"],
    "审批人": ["王经理", "张三"], "内容": "割接 SDH 环", "或有事项": "", "支持内容": ["产品测试", "客户培训"],
}  # fmt: skip


def holds(text: str) -> bool:
    return parse(text, NAMES).holds(lambda name: VALUES[name])


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("项目性质 = 工程项目", True),
        ("项目性质 ≠ 工程项目", False),
        ("项目性质 属于 设备安装调试、工程项目", True),
        ("项目性质 不属于 设备安装调试、其他", True),
        ("金额(万元) > 5", True),  # the longer name, not 金额 and a bracket
        ("金额(万元) >= 5.1", True),
        ("金额 > 10", False),
        ("项目性质 = 工程项目 且 金额(万元) > 5", True),
        ("项目性质 = 其他 或 金额(万元) > 5", True),
        ("非 紧急 = 是", False),
        ("(项目性质 = 其他 或 紧急 = 是) 且 金额 < 10", True),
        ("项目性质 = 其他 且 紧急 = 是 或 金额 < 10", True),  # 且 binds tighter than 或
        ("项目性质 = 其他 且 (紧急 = 是 或 金额 < 10)", False),
        ("有 内容", True),
        ("无 或有事项", True),  # a name may begin with a word of the language
        ("完成日期 < 今天", True),  # names on both sides
        ("完成日期 < 2026-11-21", True),
        ("申请人 = 审批人", True),  # any of several people
        ("内容 包含 SDH", True),
        ("内容 不包含 SDH", False),
        ("支持内容 = 客户培训", True),  # one of several choices
        ("支持内容 = 产品实施", False),
        ("支持内容 ≠ 产品实施", True),
    ],
)
def test_what_holds(text: str, result: bool) -> None:
    assert holds(text) is result


@pytest.mark.parametrize("operator", [">", ">=", "<", "<="])
def test_a_value_that_is_not_there_is_neither_more_nor_less(operator: str) -> None:
    assert not parse(f"金额 {operator} 5", NAMES).holds(lambda _: "")


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("金颔 > 5", 1, "不认识“金颔”,是不是:金额"),
        ("项目性质 = 施工项目", 8, "“项目性质”的选项只有 工程项目、设备安装调试、其他"),
        ("金额 > 很多", 6, "“金额”是数字,不能和“很多”比"),
        ("紧急 = 对", 6, "只有 是、否"),
        ("完成日期 < 下雪", 8, "是日期"),
        ("金额 5", 4, "后面缺比较"),
        ("金额 >", 5, "比较的后面缺值"),
        ("(金额 > 5", 8, "缺右括号"),
        ("金额 > 5 且", 9, "不认识"),
        ("有 金额 有 内容", 6, "多余,或前面缺“且”“或”"),
    ],
)
def test_a_wrong_condition_is_told_in_chinese_with_its_column(text: str, column: int, says: str) -> None:
    with pytest.raises(ConditionError) as told:
        parse(text, NAMES)
    assert says in str(told.value)
    assert told.value.column == column


def test_there_are_no_functions_arithmetic_or_python() -> None:
    for text in ("len(内容) > 3", "金额 + 1 > 5", "内容.upper() = A", "__import__ = os"):
        with pytest.raises(ConditionError):
            parse(text, NAMES)


def test_the_names_in_a_condition_are_known() -> None:
    assert set(names_in(parse("非 (完成日期 < 今天 或 有 内容) 且 金额 > 3", NAMES))) == {"完成日期", "今天", "内容", "金额"}
