"""Which deadlines a case has, when each falls due and stops, and when its reminders fall (RULEBOOK §0.3, §0.6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice

import pytest
from small_world import CALENDAR, MONDAY, ZONE, Town, a_process, an_event

from mailflow.calendars import WorkCalendar
from mailflow.process.deadlines import Wanted, rungs, ticks, wanted
from mailflow.process.library import Library, shipped
from mailflow.process.model import Process
from mailflow.process.names import Names
from mailflow.process.world import Case

FAULT = """
流程: 故障
名称: fault
短码: FLT
角色:
  厂家: 岗位 售前
字段:
  级别:
    类型: 选项
    选项: [一级, 二级]
  到场时间:
    类型: 时间
  恢复时间:
    类型: 时间
  完成日期:
    类型: 日期
  割接日期:
    类型: 日期
取数:
  到场时长: 决策表 到场 取 时长
期限:
  到场:
    从: 收到
    时长: 到场时长
    到: 到场时间
  恢复:
    从: 到场时间
    时长: 12小时
    到: 恢复时间
    当: 级别 = 一级
  完工:
    到期: 完成日期 18:00
  通知割接:
    时长: 割接日期前3个工作日
文件:
  分析报告:
    由: 厂家
    从: 恢复时间
    时长: 5个工作日
开始:
  收到: 故障-<级别>
  变为: 待受理
状态:
  待受理:
    期限:
      受理:
        时长: 4个工作小时
        到: 催告
    可以:
      催告:
        谁: 厂家
      受理:
        谁: 厂家
        变为: 处理中
  处理中:
    可以:
      退回:
        谁: 厂家
        变为: 待受理
      关闭:
        谁: 厂家
        变为: 已结束
  已结束:
    结束: 是
"""
PROCESS = a_process(FAULT)
FRIDAY = datetime(2026, 11, 20, 16, 30, tzinfo=ZONE)


def a_case(process: Process = PROCESS, at: datetime = FRIDAY, state: str = "待受理", **fields: str) -> Case:
    return Case(process.name, "1", state, at, at, fields=fields, number="MF-FLT-2026-0001")


def all_of(case: Case, process: Process = PROCESS, **lookups: str) -> dict[str, Wanted]:
    names = Names(process, case, an_event(), Town(values=lookups))
    return {w.name: w for w in wanted(process, case, names, CALENDAR)}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def test_four_working_hours_from_friday_afternoon_end_on_monday_before_lunch() -> None:
    """16:30 to 18:00 is an hour and a half, then 9:00 to 11:30."""
    limit = all_of(a_case())["受理"]
    assert limit.due == at("2026-11-23 11:30")
    assert limit.explained, "a clock says how it was computed"


def test_a_limit_begins_when_its_field_is_known_and_moves_when_it_changes() -> None:
    assert "恢复" not in all_of(a_case(级别="一级"))
    assert all_of(a_case(级别="一级", 到场时间="2026-11-20 20:00"))["恢复"].due == at("2026-11-21 08:00")
    assert all_of(a_case(级别="一级", 到场时间="2026-11-20 21:00"))["恢复"].due == at("2026-11-21 09:00")


def test_a_limit_stops_at_the_moment_that_its_field_says() -> None:
    limit = all_of(a_case(级别="一级", 到场时间="2026-11-20 20:00", 恢复时间="2026-11-21 07:59"))["恢复"]
    assert limit.stopped_at == at("2026-11-21 07:59") and limit.stopped_at <= limit.due


def test_a_length_may_come_from_a_table_and_is_not_guessed_without_it() -> None:
    assert "到场" not in all_of(a_case())
    assert all_of(a_case(), 到场时长="2小时")["到场"].due == FRIDAY + timedelta(hours=2)
    assert all_of(a_case(), 到场时长="2")["到场"].due == FRIDAY + timedelta(hours=2)  # a bare figure is hours


def test_a_limit_whose_condition_does_not_hold_is_no_limit() -> None:
    assert all_of(a_case(级别="二级", 到场时间="2026-11-20 20:00"))["恢复"].cancelled


@pytest.mark.parametrize(("limit", "due"), [("完成日期", "23:59"), ("完成日期 12:00", "12:00"), ("完成日期 24:00", "23:59"), ("完成日期 下班", "17:30")])
def test_a_date_ends_with_the_day_at_an_hour_or_when_work_ends(limit: str, due: str) -> None:
    """§8-2: 18:00 is what an organisation's working hours say, not what each card says."""
    process = a_process(FAULT.replace("到期: 完成日期 18:00", f"到期: {limit}"))
    case, early = a_case(process, 完成日期="2026-12-01"), WorkCalendar([], ZONE, ((8, 30, 12, 0), (13, 30, 17, 30)))
    found = {w.name: w for w in wanted(process, case, Names(process, case, an_event(), Town()), early)}
    assert found["完工"].due == at(f"2026-12-01 {due}")


@pytest.mark.parametrize(("written", "due"), [("2026-12-01", "2026-12-01 18:00"), ("2026-12-01 10:30", "2026-12-01 10:30")])
def test_a_date_ends_at_the_hour_that_the_limit_says_and_a_moment_at_its_own(written: str, due: str) -> None:
    assert all_of(a_case(完成日期=written))["完工"].due == at(due)


def test_a_notice_before_a_planned_day_counts_working_days_back() -> None:
    assert all_of(a_case(割接日期="2026-12-01"))["通知割接"].due.date().isoformat() == "2026-11-26"


def test_a_paper_is_due_and_ends_with_its_receipt() -> None:
    case = a_case(恢复时间="2026-11-20 10:00")
    assert all_of(case)["分析报告"].due.date().isoformat() == "2026-11-27"
    case.documents["分析报告"] = "2026-11-25T10:00:00+08:00"
    assert all_of(case)["分析报告"].stopped_at == at("2026-11-25 10:00")


def test_a_clock_that_stood_still_is_due_later() -> None:
    case = a_case()
    case.memo["pauses"] = {"受理": [["2026-11-23T09:00:00+08:00", "2026-11-23T10:00:00+08:00"]]}
    assert all_of(case)["受理"].due == at("2026-11-23 13:30")  # an hour more, over lunch


def test_a_limit_of_a_state_ends_with_an_action_done_in_it() -> None:
    case = a_case()
    case.memo["times"] = {"催告": ["2026-11-20T17:00:00+08:00"]}
    assert all_of(case)["受理"].stopped_at == at("2026-11-20 17:00")


def test_what_was_done_in_time_and_done_again_later_was_in_time() -> None:
    """Sent back and handed in anew: the limit was for the first handing in."""
    case = a_case()
    case.memo["times"] = {"催告": ["2026-11-20T17:00:00+08:00", "2026-12-04T17:00:00+08:00"]}
    assert all_of(case)["受理"].stopped_at == at("2026-11-20 17:00")


def test_an_action_done_before_the_limit_began_does_not_end_it() -> None:
    """The case came back into the state: what ended the first limit says nothing of the second."""
    case = a_case()
    case.memo["times"] = {"催告": ["2026-11-20T17:00:00+08:00"]}
    case.entered_at = at("2026-11-23 09:00")
    limit = all_of(case)["受理"]
    assert (limit.start, limit.stopped_at, limit.due) == (at("2026-11-23 09:00"), None, at("2026-11-23 14:00"))


def test_when_a_case_is_over_nobody_is_asked_for_what_nothing_met() -> None:
    case = a_case(state="已结束", 级别="一级", 到场时间="2026-11-20 20:00", 完成日期="2026-12-01")
    case.open, case.entered_at = False, at("2026-11-24 10:00")
    found = all_of(case)
    assert found["恢复"].cancelled
    assert found["完工"].stopped_at == at("2026-11-24 10:00")


# -- ladders


def shipped_ladder(name: str) -> list:
    library = Library([shipped()])
    library.refresh()
    return rungs(library.tables["提醒梯次"].rows, name)


def told(ladder: str, start: str, end: str, most: int = 9) -> list[tuple[str, str]]:
    return [(t.kind, f"{t.at:%m-%d %H:%M}") for t in islice(ticks(shipped_ladder(ladder), at(start), at(end), CALENDAR), most)]


def test_hours_by_the_clock_remind_at_half_and_at_four_fifths_and_then_every_hour() -> None:
    """§0.6, first row: 24×7, at night too."""
    assert told("小时级", "2026-11-21 22:00", "2026-11-22 02:00", 5) == [
        ("remind", "11-22 00:00"), ("remind", "11-22 01:12"), ("due", "11-22 02:00"), ("overdue", "11-22 03:00"), ("overdue", "11-22 04:00"),
    ]  # fmt: skip


def test_days_remind_on_the_working_day_before_and_on_the_day_at_nine() -> None:
    assert told("天级", "2026-11-16 10:00", "2026-11-23 18:00", 5) == [
        ("remind", "11-20 09:00"), ("remind", "11-23 09:00"), ("due", "11-23 18:00"), ("overdue", "11-24 09:00"), ("overdue", "11-25 09:00"),
    ]  # fmt: skip


def test_a_reminder_from_before_the_start_is_skipped() -> None:
    """§8-24."""
    assert told("天级", "2026-11-23 10:00", "2026-11-23 18:00", 2) == [("due", "11-23 18:00"), ("overdue", "11-24 09:00")]


def test_where_the_rule_gave_no_number_five_letters_are_the_end() -> None:
    kinds = [kind for kind, _ in told("催办", "2026-11-23 09:30", "2026-11-24 18:00", 99)]
    assert kinds.count("overdue") == 5


def test_overdue_letters_wait_over_the_weekend() -> None:
    overdue = [when for kind, when in told("天级", "2026-11-16 10:00", "2026-11-19 18:00", 6) if kind == "overdue"]
    assert overdue == ["11-20 09:00", "11-23 09:00", "11-24 09:00"]


def test_there_is_always_a_due_moment() -> None:
    assert told("没有这一梯次", "2026-11-23 10:00", "2026-11-24 10:00") == [("due", "11-24 10:00")]
    assert MONDAY.weekday() == 0


def test_a_deadline_begins_anew_where_it_was_said_and_never_before_its_state() -> None:
    case = a_case()
    name, first = next((n, w) for n, w in all_of(case).items() if w.scope)
    case.memo["restarts"] = {name: (FRIDAY + timedelta(days=5)).isoformat()}
    again = all_of(case)[name]
    assert again.start == FRIDAY + timedelta(days=5) and again.due > first.due
    case.memo["restarts"] = {name: (FRIDAY - timedelta(days=5)).isoformat()}
    assert all_of(case)[name].start == FRIDAY
