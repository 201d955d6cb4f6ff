"""How a person's writing becomes a value, and what is wrong where it does not."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from small_world import MONDAY, Town

from mailflow.process import dates
from mailflow.process.checks import failed
from mailflow.process.values import Kind, number, work_hours

TOWN = Town()
VAGUE = TOWN.vague()


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind("文本"), "  两边的空白  ", "两边的空白"),
        (Kind("文本"), "________", ""),  # the line of a blank form
        (Kind("选项", ("成功", "问题遗留")), "成功。", "成功"),
        (Kind("选项", ("设计", "施工"), {"安装": "施工"}), "安装", "施工"),
        (Kind("多选", ("产品测试", "客户培训")), "客户培训、产品测试", "客户培训、产品测试"),
        (Kind("多选", ("产品测试", "客户培训")), "产品测试 客户培训", "产品测试、客户培训"),
        (Kind("人员"), "张三", "张三"),
        (Kind("人员"), "张三,李四", "张三、李四"),
        (Kind("日期"), "2026/11/5", "2026-11-05"),
        (Kind("日期"), "11月5日", "2026-11-05"),
        (Kind("日期"), "明天", "2026-11-24"),
        (Kind("日期"), "1月5日", "2027-01-05"),  # the nearest one
        (Kind("时间"), "2026-11-23 下午3点半", "2026-11-23 15:30"),
        (Kind("时间"), "10:20", "2026-11-23 10:20"),
        (Kind("金额"), "5.1万元", "5.1"),
        (Kind("金额"), "¥1,200", "1200"),
        (Kind("金额"), "49,000元", "4.9"),
        (Kind("金额"), "0.2亿元", "2000"),
        (Kind("金额"), "5 万(含税)", "5"),
        (Kind("金额"), "5.1", "5.1"),  # full-width
        (Kind("整数"), "3次", "3"),
        (Kind("整数"), "三次", "3"),
        (Kind("整数"), "两次", "2"),
        (Kind("整数"), "十二人", "12"),
        (Kind("整数"), "二十", "20"),
        (Kind("工时"), "3天", "24"),
        (Kind("工时"), "1天4小时", "12"),
        (Kind("工时"), "1周", "40"),
        (Kind("是否"), "√", "是"),
        (Kind("是否"), "没有", "否"),
        (Kind("合同号"), "HT-2026-001", "HT-2026-001"),
    ],
)
def test_what_is_read(kind: Kind, text: str, value: str) -> None:
    assert kind.read(text, TOWN) == (value, "")


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        (Kind("选项", ("成功", "问题遗留")), "失败", "只能写:成功 / 问题遗留"),
        (Kind("多选", ("产品测试", "客户培训")), "产品测试、吃饭", "“吃饭”不在可选的范围内"),
        (Kind("人员"), "张三、王五", "通讯录里没有“王五”"),
        (Kind("日期"), "下雪的时候", "不是日期;请写成"),
        (Kind("日期"), "2026-02-30", "不是日期"),
        (Kind("时间"), "尽快", "不是时间;请写成"),
        (Kind("金额"), "很多", "不是数字"),
        (Kind("整数"), "2.5", "不是整数"),
        (Kind("整数"), "一般", "不是数字"),
        (Kind("整数"), "三二次", "不是数字"),
        (Kind("工时"), "几天", "读不出工时"),
        (Kind("是否"), "也许", "既不是“是”也不是“否”"),
        (Kind("合同号"), "HT-1", "合同库里没有“HT-1”"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(kind: Kind, text: str, says: str) -> None:
    value, why = kind.read(text, TOWN)
    assert (value, says in why) == ("", True), why


@pytest.mark.parametrize("kind", ["文本", "选项", "人员", "日期", "金额", "是否", "合同号", "工时"])
def test_an_empty_answer_is_an_empty_value_of_every_kind(kind: str) -> None:
    assert Kind(kind, ("甲",)).read(" \u3000 ", TOWN) == ("", "")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026年11月30日", date(2026, 11, 30)),
        ("26年11月30日", date(2026, 11, 30)),
        ("20261130", date(2026, 11, 30)),
        ("11-30", date(2026, 11, 30)),
        ("30号", date(2026, 11, 30)),
        ("后天上午", date(2026, 11, 25)),
        ("本周五", date(2026, 11, 27)),
        ("下周一", date(2026, 11, 30)),
        ("上周日", date(2026, 11, 22)),
        ("12月31日", date(2026, 12, 31)),
        ("没有日子", None),
    ],
)
def test_dates_as_people_write_them(text: str, day: date | None) -> None:
    """Monday 2026-11-23 is today."""
    assert dates.read_date(text, MONDAY.date()) == day


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("15:30", time(15, 30)), ("下午3点", time(15)), ("晚上8点一刻", time(20, 15)), ("中午12点半", time(12, 30)), ("凌晨1点", time(1)),
        ("24:00", time(23, 59)), ("9时05分", time(9, 5)), ("下午3:05", time(15, 5)),
    ],
)  # fmt: skip
def test_times_as_people_write_them(text: str, clock: time) -> None:
    found = dates.find_time(text)
    assert found is not None and found[0] == clock


def test_a_date_alone_is_no_moment() -> None:
    assert dates.read_moment("2026-11-23", MONDAY) is None
    assert dates.read_moment("2026-11-22T23:00:00Z", MONDAY) == MONDAY.replace(hour=7, minute=0)


@pytest.mark.parametrize(("text", "figure"), [("约 12", 12), ("RMB 3,000.50", 3000.5), ("-5", -5), ("五万", None), ("HT-2026", None)])
def test_figures(text: str, figure: float | None) -> None:
    assert number(text) == figure


@pytest.mark.parametrize(("text", "hours"), [("2周3天4小时", 108), ("半天", 4), ("两天", 16), ("三个工时", 3), ("-8小时", -8), ("1天-4小时", 12), ("两天半", 20), ("2个半小时", 2.5),
    ("3个工作日", 24), ("8小时30分", 8.5), ("90分钟", 1.5), ("5d", 40), ("16人时", 16), ("2人天", 16), ("11月20日 8小时", 8), ("2026-11-20 3天", 24),
    ("本周 12 小时", 12), ("2.5", 2.5), ("1人月", None), ("11 12", None), ("1个星期", 40), ("4 hours", 4), ("一个半小时", 1.5), ("十二小时", 12), ("十天", 80)])  # fmt: skip
def test_hours_add_up(text: str, hours: float | None) -> None:
    assert work_hours(text) == hours


@pytest.mark.parametrize(
    ("line", "vague"),
    [
        ("解决了问题", True), ("一切正常", True), ("1. 一切正常。", True), ("(2)解决问题", True), ("解决vista下远程控制网络参数设置", False),
        ("更换主控板", False), ("升级到 2.4", False),
    ],
)  # fmt: skip
def test_vague_statements(line: str, vague: bool) -> None:
    """S8-15: a report must say what was done."""
    assert VAGUE.says_nothing(line) is vague


def test_what_has_happened_never_lies_ahead() -> None:
    """A time alone is the last one (told ten minutes past midnight: yesterday's); clocks that differ by some minutes make no other day of it."""
    midnight = MONDAY.replace(hour=0, minute=10)
    assert dates.lately("23:55", midnight) == midnight.replace(hour=23, minute=55) - timedelta(days=1)
    assert dates.lately("0:15", midnight) == midnight.replace(minute=15)
    assert dates.lately("11月24日 10:00", midnight) == midnight.replace(day=24, hour=10, minute=0)  # said as a day: left to the check
    assert failed("不晚于现在", "2026-11-23 00:40", lambda _: "2026-11-23 00:10", VAGUE) == ""


@pytest.mark.parametrize(
    ("check", "value", "says"),
    [
        ("大于 0", "0", "必须大于 0"),
        ("不小于 1", "0.5", "必须不小于 1"),
        ("不少于 20 字", "太短", "写了 2 字"),
        ("不多于 3 字", "一二三四", "写了 4 字"),
        ("不晚于今天", "2026-11-24", "不能晚于今天"),
        ("不早于今天", "2026-11-22", "已经过去"),
        ("不晚于现在", "2026-11-23 10:31", "还没有到"),
        ("不晚于现在", "2026-11-24", "还没有到"),
        ("不同于 第一售前", "张三", "与“第一售前”相同"),
        ("不早于 开始日期", "2026-11-20", "早于开始日期"),
        ("不晚于 开始日期", "2026-11-25", "晚于开始日期"),
        ("不笼统", "换了电源\n解决了问题", "“解决了问题”太笼统"),
    ],
)
def test_a_check_that_does_not_hold_says_why(check: str, value: str, says: str) -> None:
    known = {"今天": "2026-11-23", "现在": "2026-11-23 10:00", "第一售前": "张三", "开始日期": "2026-11-22"}
    assert says in failed(check, value, lambda name: known.get(name, ""), VAGUE)


@pytest.mark.parametrize(("check", "value"), [("大于 0", "1"), ("不少于 2 字", "两字"), ("不晚于今天", "2026-11-23"), ("不同于 第一售前", "李四"), ("不早于 开始日期", "2026-11-22")])
def test_a_check_that_holds_says_nothing(check: str, value: str) -> None:
    known = {"今天": "2026-11-23", "现在": "2026-11-23 10:00", "第一售前": "张三", "开始日期": "2026-11-22"}
    assert failed(check, value, lambda name: known.get(name, ""), VAGUE) == ""
