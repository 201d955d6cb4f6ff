"""What recurs by the calendar: `每工作日 09:00`, `每月15日 24:00`, `每季度`; and when it does next. Pure (RULEBOOK §8-2, §8-16)."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from datetime import date, datetime, time
from functools import lru_cache

from .calendars import ONE_DAY, WEEKDAYS, DurationError, WorkCalendar

_PERIOD = re.compile(
    r"每(?P<what>天|日|个?工作日|(?:周|星期)[一二三四五六日天]|月\d{1,2}[日号]|季度?首月\d{1,2}[日号]|季度?|半年|年\d{1,2}月\d{1,2}[日号])"
    r"(?P<time>\d{1,2}:\d{2})?"
)
_PERIODS = "可以写:每天 09:00、每个工作日 09:00、每周一 09:00、每月15日 24:00、每季度首月1日 09:00、每季度、每半年、每年3月31日"


@lru_cache(maxsize=256)
def _period(spec: str) -> tuple[str, tuple[int, ...], time]:
    """What recurs, its numbers, and at which time; without a time (and at 24:00) it is the end of the day."""
    found = _PERIOD.fullmatch(re.sub(r"\s+", "", unicodedata.normalize("NFKC", spec)))
    if not found:
        raise DurationError(f"读不懂周期“{spec}”;{_PERIODS}")
    what, clock = found["what"], found["time"] or "24:00"
    hour, minute = map(int, clock.split(":"))
    if (hour, minute) == (24, 0):
        at = time(23, 59)
    elif hour < 24 and minute < 60:
        at = time(hour, minute)
    else:
        raise DurationError(f"周期“{spec}”里没有 {clock} 这个时刻;写 00:00 到 24:00")
    numbers = tuple(map(int, re.findall(r"\d+", what)))
    if what[-1] in "一二三四五六日天" and what[0] in "周星":
        return "week", (WEEKDAYS.index(what[-1].replace("天", "日")),), at
    if what in ("天", "日"):
        return "day", (), at
    if what.endswith("工作日"):
        return "workday", (), at
    if what.startswith(("季", "半年")):
        return ("half" if what == "半年" else "quarter-first" if numbers else "quarter"), _checked(numbers, spec), at
    return ("year" if what.startswith("年") else "month"), _checked(numbers, spec), at


def _checked(numbers: tuple[int, ...], spec: str) -> tuple[int, ...]:
    month, day = numbers if len(numbers) == 2 else (1, numbers[0] if numbers else 1)
    if not (1 <= month <= 12 and 1 <= day <= monthrange(2024, month)[1]):
        raise DurationError(f"周期“{spec}”里没有这一天;{_PERIODS}")
    return numbers


def check_period(spec: str) -> None:
    """Raises DurationError where the period cannot be read."""
    _period(spec)


def next_occurrence(spec: str, after: datetime, calendar: WorkCalendar) -> datetime:
    """The first moment of the period `spec` strictly after `after`. 每季度 and 每半年 mean their last day, 24:00 is written 23:59 (§8-2).

    A day that a month does not have (每月31日) is its last day. Raises DurationError.
    """
    what, numbers, at = _period(spec)
    after = calendar.local(after)
    day = after.date()
    while not (_recurs(day, what, numbers, calendar) and calendar.at(day, at) > after):
        day += ONE_DAY
    return calendar.at(day, at)


def _recurs(d: date, what: str, numbers: tuple[int, ...], calendar: WorkCalendar) -> bool:
    last = monthrange(d.year, d.month)[1]
    match what:
        case "day":
            return True
        case "workday":
            return calendar.is_workday(d)
        case "week":
            return d.weekday() == numbers[0]
        case "month":
            return d.day == min(numbers[0], last)
        case "quarter-first":
            return d.month % 3 == 1 and d.day == min(numbers[0], last)
        case "quarter":
            return d.month % 3 == 0 and d.day == last
        case "half":
            return d.month % 6 == 0 and d.day == last
        case _:
            return d.month == numbers[0] and d.day == min(numbers[1], last)
