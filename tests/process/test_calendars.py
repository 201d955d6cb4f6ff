"""Promises of mailflow.calendars; the golden examples are RULEBOOK §0.3 with the official arrangement of 2024."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailflow.calendars import DurationError, WorkCalendar, parse_date
from mailflow.durations import due, end_of_day, explain, number, parse_duration
from mailflow.periods import next_occurrence

SHANGHAI = ZoneInfo("Asia/Shanghai")
CAL = WorkCalendar()


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)


def falls(start: str, duration: str, calendar: WorkCalendar = CAL, pauses: tuple[tuple[str, str], ...] = ()) -> str:
    spans = [(at(a), at(b)) for a, b in pauses]
    begin = at(start) if ":" in start else date.fromisoformat(start)
    return due(begin, parse_duration(duration), calendar, spans).strftime("%Y-%m-%d %H:%M")


# -- golden examples, §0.3


@pytest.mark.parametrize(("workdays", "latest"), [(10, "2024-05-07"), (5, "2024-05-13")])
def test_golden_notice_before_an_inspection(workdays: int, latest: str) -> None:
    assert CAL.before(date(2024, 5, 20), workdays) == date.fromisoformat(latest)
    assert falls("2024-05-20", f"计划日期前{workdays}个工作日") == f"{latest} 23:59"


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        ("2024-05-17 16:30", "4个工作小时", "2024-05-20 11:30"),
        ("2024-04-30 10:00", "2个工作日", "2024-05-07 18:00"),
        ("2024-04-30 10:00", "5个工作日", "2024-05-10 18:00"),
        ("2024-04-30 10:00", "7个工作日", "2024-05-13 18:00"),
        ("2024-04-30", "7个工作日", "2024-05-13 18:00"),
    ],
)
def test_golden_deadlines(start: str, duration: str, expected: str) -> None:
    assert falls(start, duration) == expected


def test_make_up_days_are_worked_and_holidays_are_not() -> None:
    assert CAL.is_workday(date(2024, 4, 28)) and CAL.is_workday(date(2024, 5, 11))
    assert not any(CAL.is_workday(date(2024, 5, day)) for day in range(1, 6))


# -- the calendar


def test_rows_of_the_master_data_override_the_official_table() -> None:
    calendar = WorkCalendar([{"日期": "2024/5/6", "类型": "放假", "年度": "2024"}, {"日期": "2024-05-04", "类型": "补班"}])
    assert not calendar.is_workday(date(2024, 5, 6))
    assert calendar.is_workday(date(2024, 5, 4))


def test_a_year_without_official_data_is_provisional_until_the_master_data_name_it() -> None:
    day = date(2099, 3, 2)
    assert CAL.provisional(day) and not CAL.provisional(date(2024, 3, 4))
    assert CAL.is_workday(day), "Monday to Friday meanwhile"
    assert not CAL.is_workday(date(2099, 5, 1)), "fixed by law whatever the yearly notice says"
    company_day = WorkCalendar([{"日期": "2099-03-09", "类型": "放假", "年度": ""}])
    assert company_day.provisional(day), "one company holiday is not the year's arrangement"
    assert not WorkCalendar([{"日期": "2099-02-01", "类型": "放假", "年度": "2099年"}]).provisional(day)


def test_a_row_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="放假 或 补班"):
        WorkCalendar([{"日期": "2024-05-06", "类型": "休息"}])


def test_next_and_previous_workday_exclude_the_day_itself() -> None:
    assert CAL.next_workday(date(2024, 4, 30)) == date(2024, 5, 6)
    assert CAL.previous_workday(date(2024, 5, 6)) == date(2024, 4, 30)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2024-05-20 10:15", "2024-05-20 10:15"),
        ("2024-05-20 12:00", "2024-05-20 13:00"),
        ("2024-05-20 07:00", "2024-05-20 09:00"),
        ("2024-05-17 18:00", "2024-05-20 09:00"),
        ("2024-04-30 20:00", "2024-05-06 09:00"),
    ],
)
def test_next_working_moment(moment: str, expected: str) -> None:
    assert CAL.next_working_moment(at(moment)) == at(expected)


def test_working_hours_end_at_closing_time_not_at_the_next_opening() -> None:
    assert CAL.add_working(at("2024-05-20 09:00"), 8) == at("2024-05-20 18:00")
    assert CAL.add_working(at("2024-05-20 09:00"), 3) == at("2024-05-20 12:00")


def test_working_time_between() -> None:
    assert CAL.working_time_between(at("2024-05-17 16:30"), at("2024-05-20 11:30")) == timedelta(hours=4)
    assert CAL.working_time_between(at("2024-05-20 11:30"), at("2024-05-17 16:30")) == timedelta(0)
    assert CAL.working_time_between(at("2024-05-01 00:00"), at("2024-05-06 09:00")) == timedelta(0)


@given(
    st.datetimes(datetime(2023, 1, 1), datetime(2026, 6, 1)).map(lambda d: d.replace(microsecond=0, tzinfo=SHANGHAI)),
    st.integers(1, 6000),
)
def test_adding_working_minutes_and_measuring_them_agree(start: datetime, minutes: int) -> None:
    end = CAL.add_working(start, timedelta(minutes=minutes))
    assert CAL.working_time_between(start, end) == timedelta(minutes=minutes)


def test_other_working_hours_and_another_zone() -> None:
    calendar = WorkCalendar(tz=ZoneInfo("Asia/Tokyo"), hours=((8, 30, 17, 30),))
    assert calendar.closing(date(2024, 5, 20)).isoformat() == "2024-05-20T17:30:00+09:00"
    assert calendar.next_working_moment(at("2024-05-20 06:00")).isoformat() == "2024-05-20T08:30:00+09:00"
    with pytest.raises(ValueError, match="互不重叠"):
        WorkCalendar(hours=((9, 0, 12, 0), (11, 0, 18, 0)))


def test_naive_datetimes_are_refused() -> None:
    with pytest.raises(ValueError, match="时区"):
        CAL.next_working_moment(datetime(2024, 5, 20, 9))


# -- durations


@pytest.mark.parametrize(
    ("text", "kind", "amount", "base"),
    [
        ("2个工作日", "workdays", 2, None),
        ("5工作日", "workdays", 5, None),
        ("\uff15\u3000个工作日", "workdays", 5, None),
        ("十五个工作日", "workdays", 15, None),
        ("四个工作小时", "workhours", 4, None),
        ("1.5小时", "hours", 1.5, None),
        ("48 小时", "hours", 48, None),
        ("两天", "days", 2, None),
        ("1周", "days", 7, None),
        ("二十四小时", "hours", 24, None),
        ("30分钟", "minutes", 30, None),
        ("3个月", "months", 3, None),
        ("一年", "months", 12, None),
        ("计划日前10个工作日", "workdays", 10, "计划日"),
        ("验收日期之前 30 天", "days", 30, "验收日期"),
        ("升级完成后2天", "days", 2, "升级完成"),
        ("每月15日", "period", 0, None),
        ("每季度", "period", 0, None),
        ("每半年", "period", 0, None),
    ],
)
def test_the_grammar_of_durations(text: str, kind: str, amount: float, base: str | None) -> None:
    parsed = parse_duration(text)
    assert (parsed.kind, parsed.amount, parsed.base) == (kind, amount, base)
    assert parsed.before == ("前" in text)


@pytest.mark.parametrize("text", ["", "尽快", "3", "个工作日", "0天", "1.5天", "-2天", "99999天", "百天", "每月32日", "每周八", "每天25:00", "每天09:60", "每周一24:30", "3月", "计划日前4个工作小时"])
def test_what_is_not_in_the_grammar_is_answered_in_chinese(text: str) -> None:
    with pytest.raises(DurationError, match="[期周][限期]|小数|只能|可以写"):
        parse_duration(text)


def test_an_error_says_what_may_be_written() -> None:
    with pytest.raises(DurationError, match="“尽快”.*2个工作日.*每月15日"):
        parse_duration("尽快")


def test_chinese_numerals_to_ninety_nine() -> None:
    names = ["一", "二", "十", "十一", "二十", "三十五", "九十九"]
    assert [number(n) for n in names] == [1, 2, 10, 11, 20, 35, 99]
    assert number("十十") is None and number("一二") is None


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        ("2024-05-17 16:30", "7天", "2024-05-24 16:30"),
        ("2024-05-17 16:30", "48小时", "2024-05-19 16:30"),
        ("2024-05-17 16:30", "30分钟", "2024-05-17 17:00"),
        ("2024-01-31 10:00", "1个月", "2024-02-29 10:00"),
        ("2024-05-17", "7天", "2024-05-24 23:59"),  # §8-2: a day alone
        ("2024-05-18 10:00", "4个工作小时", "2024-05-20 14:00"),  # received on a Saturday: from the next period
        ("2024-05-18 10:00", "1个工作日", "2024-05-20 18:00"),
        ("2024-05-20", "计划日期前5天", "2024-05-15 23:59"),
        ("2024-05-20 10:00", "会前2小时", "2024-05-20 08:00"),
        ("2024-05-10 10:00", "每月15日", "2024-05-15 23:59"),  # §8-2: 24:00 is written 23:59; no shift for days of rest
        ("2024-05-16 10:00", "每月15日", "2024-06-15 23:59"),
        ("2024-05-10", "每月15日", "2024-05-15 23:59"),
        ("2024-05-16 10:00", "每季度", "2024-06-30 23:59"),
        ("2024-07-01 10:00", "每半年", "2024-12-31 23:59"),
    ],
)
def test_due(start: str, duration: str, expected: str) -> None:
    assert falls(start, duration) == expected


def test_a_day_alone_has_no_hour_to_count_from() -> None:
    with pytest.raises(DurationError, match="只有日期"):
        falls("2024-05-20", "48小时")


def test_a_deadline_that_is_only_a_day_ends_at_closing_time_for_work_and_at_midnight_else() -> None:
    """§8-2."""
    day = date(2024, 5, 20)
    assert end_of_day(day, CAL, works=True) == at("2024-05-20 18:00")
    assert end_of_day(day, CAL, works=False) == at("2024-05-20 23:59")


@pytest.mark.parametrize(
    ("start", "duration", "pauses", "expected"),
    [
        # 1.5 h on Friday, Monday 9–10 paused, then 2.5 h more
        ("2024-05-17 16:30", "4个工作小时", (("2024-05-20 09:00", "2024-05-20 10:00"),), "2024-05-20 13:30"),
        # a pause over a weekend stands for no working time
        ("2024-05-17 16:30", "4个工作小时", (("2024-05-18 09:00", "2024-05-19 20:00"),), "2024-05-20 11:30"),
        ("2024-05-17 16:30", "48小时", (("2024-05-18 00:00", "2024-05-18 06:00"), ("2024-05-18 03:00", "2024-05-18 07:00")), "2024-05-19 23:30"),
        # the second pause lies behind the first deadline but before the shifted one
        ("2024-05-17 10:00", "2小时", (("2024-05-17 11:00", "2024-05-17 13:00"), ("2024-05-17 13:30", "2024-05-17 14:30")), "2024-05-17 15:00"),
        ("2024-05-17 10:00", "2小时", (("2024-05-17 14:00", "2024-05-17 15:00"),), "2024-05-17 12:00"),
        ("2024-05-20 10:00", "2个工作日", (("2024-05-21 09:00", "2024-05-21 18:00"),), "2024-05-23 18:00"),
        ("2024-05-20 10:00", "2个工作日", (("2024-05-21 09:00", "2024-05-21 11:00"),), "2024-05-23 18:00"),
        ("2024-05-20", "2个工作日", (("2024-05-21 09:00", "2024-05-21 18:00"),), "2024-05-23 18:00"),
        ("2024-05-20", "2天", (("2024-05-21 09:00", "2024-05-22 09:00"),), "2024-05-23 23:59"),
        ("2024-05-20 10:00", "2天", (("2024-05-01 09:00", "2024-05-20 12:00"),), "2024-05-22 12:00"),  # what lay before the start is no pause
        ("2024-05-16 10:00", "每月15日", (("2024-05-17 09:00", "2024-05-27 09:00"),), "2024-06-15 23:59"),
    ],
)
def test_a_pause_shifts_the_deadline_by_the_time_the_clock_stood(start: str, duration: str, pauses: tuple[tuple[str, str], ...], expected: str) -> None:
    assert falls(start, duration, pauses=pauses) == expected


# -- periods


@pytest.mark.parametrize(
    ("spec", "after", "expected"),
    [
        ("每天 09:00", "2024-05-20 08:59", "2024-05-20 09:00"),
        ("每天 09:00", "2024-05-20 09:00", "2024-05-21 09:00"),
        ("每个工作日 09:00", "2024-04-30 09:00", "2024-05-06 09:00"),
        ("每周一 09:00", "2024-05-20 09:00", "2024-05-27 09:00"),
        ("每周日 24:00", "2024-05-20 09:00", "2024-05-26 23:59"),
        ("每月1日 09:00", "2024-05-20 09:00", "2024-06-01 09:00"),
        ("每月15日 24:00", "2024-05-15 23:00", "2024-05-15 23:59"),
        ("每月31日", "2024-06-01 00:00", "2024-06-30 23:59"),
        ("每季度首月1日 09:00", "2024-05-20 09:00", "2024-07-01 09:00"),
        ("每年3月31日", "2024-04-01 00:00", "2025-03-31 23:59"),
        ("每半年", "2024-06-30 23:59", "2024-12-31 23:59"),
        ("每半年", "2024-01-01 00:00", "2024-06-30 23:59"),
    ],
)
def test_next_occurrence_is_strictly_later(spec: str, after: str, expected: str) -> None:
    assert next_occurrence(spec, at(after), CAL) == at(expected)


# -- in words


def said(start: str, duration: str, calendar: WorkCalendar = CAL) -> str:
    begin = at(start) if ":" in start else date.fromisoformat(start)
    parsed = parse_duration(duration)
    return explain(begin, parsed, due(begin, parsed, calendar), calendar)


def test_explain_says_from_when_how_long_and_until_when() -> None:
    assert said("2024-05-17 16:30", "4个工作小时") == "周五 16:30 收到,4 个工作小时,周一 11:30 到期"
    assert said("2024-04-30 10:00", "2个工作日") == "2024-04-30(周二) 10:00 收到,2 个工作日,2024-05-07(周二) 18:00 到期"
    assert said("2024-05-20", "计划日期前10个工作日") == "计划日期 2024-05-20(周一),往前 10 个工作日,2024-05-07(周二) 23:59 前"


def test_explain_names_the_field_that_is_counted_from_and_pauses() -> None:
    assert said("2024-05-20", "升级完成后2天") == "升级完成 周一,2 天,周三 23:59 到期"
    assert said("2024-05-10 10:00", "每月15日") == "每月15日,2024-05-15(周三) 23:59 到期"
    start, parsed, pause = at("2024-05-17 10:00"), parse_duration("2小时"), (at("2024-05-17 11:00"), at("2024-05-17 12:00"))
    assert explain(start, parsed, due(start, parsed, CAL, [pause]), CAL, [pause]) == "周五 10:00 收到,2 小时,周五 13:00 到期(其间暂停 1 次,已顺延)"


def test_explain_says_when_a_year_is_provisional() -> None:
    assert "2099 年放假安排未公布" in said("2099-03-02 10:00", "2个工作日")
    assert "未公布" not in said("2099-03-02 10:00", "2天")


# -- dates


@pytest.mark.parametrize("text", ["2026-06-30", "2026/6/30", "2026.6.30", "2026年6月30日", "20260630", " 2026/6/30 0:00:00", "\uff12\uff10\uff12\uff16\uff0f6/30".replace("/", "\uff0f")])
def test_dates_as_people_and_excel_write_them(text: str) -> None:
    assert parse_date(text) == date(2026, 6, 30)


@pytest.mark.parametrize("text", ["", "2026-13-01", "6月30日", "2026-6/30", "46203", "明天"])
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text) is None


def test_explain_says_what_the_clock_runs_from_where_that_is_no_mail() -> None:
    start, length = at("2024-05-17 10:00"), parse_duration("48小时")
    assert explain(start, length, due(start, length, CAL), CAL, since="恢复时间") == "恢复时间 周五 10:00 起,48 小时,周日 10:00 到期"
