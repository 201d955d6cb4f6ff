"""Written durations: a closed grammar, when one falls due on the working calendar, and one line that says why.

Pure: the clock is an argument. Rules: RULEBOOK §0.3, §8-2 (deadlines that are a day), §8-24. Datetimes are aware; naive ones raise ValueError.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from .calendars import WEEKDAYS, DurationError, WorkCalendar
from .periods import check_period, next_occurrence

Pauses = Sequence[tuple[datetime, datetime]]
MOST = 10_000  # an amount beyond this is a slip of the pen, and would walk the calendar for ever

Kind = Literal["workdays", "workhours", "days", "hours", "minutes", "months", "period"]
_UNITS: dict[str, tuple[Kind, int]] = {
    "工作日": ("workdays", 1),
    "工作小时": ("workhours", 1),
    "天": ("days", 1),
    "日": ("days", 1),
    "周": ("days", 7),
    "星期": ("days", 7),
    "小时": ("hours", 1),
    "分钟": ("minutes", 1),
    "个月": ("months", 1),  # not 3月, which is March
    "年": ("months", 12),
}
_AMOUNT = re.compile(r"(?P<n>\d+(?:\.\d+)?|[一二两三四五六七八九十]{1,3})个?(?P<unit>工作日|工作小时|星期|小时|分钟|天|日|周|个月|年)")
_BASED = re.compile(rf"(?P<base>.+?)(?:之|以)?(?P<side>前|后){_AMOUNT.pattern}")
_MAY_WRITE = "可以写:2个工作日、4个工作小时、7天、48小时、30分钟、1周、3个月、每月15日、每季度、每半年、计划日前10个工作日"


@dataclass(frozen=True, slots=True)
class Duration:
    """One parsed duration. `base` names the date field that it is counted from, `before` that it is counted backwards."""

    kind: Kind
    amount: float
    text: str
    base: str | None = None
    before: bool = False

    @property
    def works(self) -> bool:
        """Whether it runs on the working calendar; such deadlines are at closing time and their letters keep office hours (§8-24)."""
        return self.kind in ("workdays", "workhours")


@lru_cache(maxsize=1024)
def parse_duration(text: str) -> Duration:
    """Read `N个工作日`, `N个工作小时`, `N天`, `N小时`, `N分钟`, `N周`, `N个月`, `每月15日`, `每季度`, `每半年`, `<字段>前N个工作日`.

    Raises DurationError, in Chinese.
    """
    clean = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    if not clean:
        raise DurationError(f"期限是空的;{_MAY_WRITE}")
    if clean.startswith("每"):
        check_period(text)
        return Duration("period", 0, clean)
    found, base, before = _AMOUNT.fullmatch(clean), None, False
    if not found:
        found = _BASED.fullmatch(clean)
        if not found:
            raise DurationError(f"读不懂期限“{text}”;{_MAY_WRITE}")
        base, before = found["base"], found["side"] == "前"
    kind, times = _UNITS[found["unit"]]
    amount = number(found["n"])
    if amount is None or not 0 < amount * times <= MOST:
        raise DurationError(f"期限“{text}”里的数要在 1 到 {MOST} 之间")
    if amount != int(amount) and kind not in ("hours", "workhours", "minutes"):
        raise DurationError(f"期限“{text}”:只有小时和分钟可以带小数;半天请写成 4个工作小时 或 12小时")
    if before and kind == "workhours":
        raise DurationError(f"期限“{text}”:“前”只能数工作日、天、周、月、小时、分钟")
    return Duration(kind, amount * times, clean, base, before)


def number(text: str) -> float | None:
    """A number in digits or in Chinese numerals up to 九十九; None for anything else."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    digits = "零一二三四五六七八九"
    text = text.replace("两", "二")
    if "十" not in text:
        return float(digits.index(text)) if len(text) == 1 and text in digits else None
    tens, _, ones = text.partition("十")
    if any(part and (len(part) > 1 or part not in digits) for part in (tens, ones)):
        return None
    return float((digits.index(tens) if tens else 1) * 10 + (digits.index(ones) if ones else 0))


def end_of_day(d: date, calendar: WorkCalendar, works: bool) -> datetime:
    """When a deadline that is only a day falls due: at closing time for tasks and working days, else 24:00, written 23:59 (§8-2)."""
    return calendar.closing(d) if works else calendar.at(d, time(23, 59))


def due(start: datetime | date, duration: Duration, calendar: WorkCalendar, pauses: Pauses = ()) -> datetime:
    """When `duration` counted from `start` falls due, in the calendar's zone (§0.3, §8-2).

    `start` is the event's moment; for a duration with a base the value of that field, which may be a day alone. `pauses` are the
    spans in which the clock stood; they do not move periods (每月15日) nor deadlines counted back from a date.
    Raises DurationError where a day alone has no hour to count from.
    """
    moment = calendar.local(start) if isinstance(start, datetime) else None
    day = moment.date() if moment else start
    kind, amount = duration.kind, duration.amount
    if kind == "period":
        return next_occurrence(duration.text, moment or calendar.at(day, time(0)), calendar)
    if moment is None and kind in ("workhours", "hours", "minutes"):
        raise DurationError(f"“{duration.text}”要从一个时刻算起,这里只有日期 {day};请写成 {day} 09:00 这样")
    if duration.before:
        if kind == "workdays":
            return end_of_day(calendar.before(day, int(amount)), calendar, works=False)  # notice until 24:00 is in time
        if kind == "days":
            return end_of_day(day - timedelta(days=amount), calendar, works=False)
        if kind == "months":
            return end_of_day(_add_months(day, -int(amount)), calendar, works=False)
        assert moment
        return _add(moment, -_span(duration))
    if kind == "workdays":
        whole = calendar.closing(calendar.shift_workdays(day, int(amount)))
        stood = _stood(moment or calendar.at(day, time(0)), whole, pauses, calendar)
        return calendar.closing(calendar.add_working(whole, stood).date()) if stood else whole
    if moment is None:
        end = _add_months(day, int(amount)) if kind == "months" else day + timedelta(days=amount)
        return _walk_pauses(end_of_day(end, calendar, works=False), calendar.at(day, time(0)), pauses, calendar)
    if kind == "workhours":
        left = _span(duration)
        for begin, end in _merged(pauses, moment, calendar):
            ran = calendar.working_time_between(moment, begin)
            if ran >= left:
                break
            moment, left = end, left - ran
        return calendar.add_working(moment, left)
    end_moment = calendar.at(_add_months(day, int(amount)), moment.timetz().replace(tzinfo=None)) if kind == "months" else _add(moment, _span(duration))
    return _walk_pauses(end_moment, moment, pauses, calendar)


def _span(duration: Duration) -> timedelta:
    if duration.kind == "days":
        return timedelta(days=duration.amount)
    return timedelta(minutes=duration.amount) if duration.kind == "minutes" else timedelta(hours=duration.amount)


def _add(moment: datetime, span: timedelta) -> datetime:
    return (moment.astimezone(UTC) + span).astimezone(moment.tzinfo)  # a zone with summer time still counts real hours


def _add_months(d: date, months: int) -> date:
    year, month = divmod(d.year * 12 + d.month - 1 + months, 12)
    return date(year, month + 1, min(d.day, monthrange(year, month + 1)[1]))


def _merged(pauses: Pauses, start: datetime, calendar: WorkCalendar) -> list[tuple[datetime, datetime]]:
    """The pauses after `start`, in order, overlapping ones joined."""
    merged: list[tuple[datetime, datetime]] = []
    for begin, end in sorted((max(calendar.local(a), start), calendar.local(b)) for a, b in pauses):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif begin < end:
            merged.append((begin, end))
    return merged


def _walk_pauses(end: datetime, start: datetime, pauses: Pauses, calendar: WorkCalendar) -> datetime:
    for begin, until in _merged(pauses, start, calendar):
        if begin >= end:
            break
        end = _add(end, until - begin)
    return end


def used(start: datetime, end: datetime, share: float, calendar: WorkCalendar, works: bool, pauses: Pauses = ()) -> datetime:
    """When `share` of the time from `start` to `end` is used up, by the working or the natural clock, what it stood left out."""
    measure = calendar.working_time_between if works else (lambda a, b: b - a)
    spans = [(a, min(b, end)) for a, b in _merged(pauses, calendar.local(start), calendar) if a < end]
    left = (measure(start, end) - sum((measure(a, b) for a, b in spans), timedelta(0))) * share
    moment = start
    for begin, until in spans:
        ran = measure(moment, begin)
        if ran >= left:
            break
        moment, left = until, left - ran
    return calendar.add_working(moment, left) if works else _add(moment, left)


def _stood(start: datetime, end: datetime, pauses: Pauses, calendar: WorkCalendar) -> timedelta:
    """Working time in which the clock stood before it reached its (moving) end."""
    stood = timedelta(0)
    for begin, until in _merged(pauses, start, calendar):
        if begin >= calendar.add_working(end, stood):
            break
        stood += calendar.working_time_between(begin, until)
    return stood


# -- in words


def explain(start: datetime | date, duration: Duration, due_at: datetime, calendar: WorkCalendar, pauses: Pauses = (), since: str = "") -> str:
    """One Chinese line: from when, how long, until when; with a remark where the clock stood or a year's holidays are not published.

    `since`: what the clock runs from where that is not the receipt of a mail, such as 恢复时间.
    """
    begin = calendar.local(start) if isinstance(start, datetime) else None
    end = calendar.local(due_at)
    first = begin.date() if begin else start
    near = abs((end.date() - first).days) < 7
    until = _say(end, near)
    if duration.before:
        said = f"{duration.base} {_say(first, False)},往前 {_words(duration)},{_say(end, False)} 前"
    elif duration.kind == "period":
        said = f"{duration.text},{_say(end, False)} 到期"
    else:
        began = _say(begin or first, near)
        event = f"{duration.base} {began}" if duration.base else f"{since} {began} 起" if since else f"{began} 收到"
        said = f"{event},{_words(duration)},{until} 到期"
    if pauses and not duration.before and duration.kind != "period":
        said += f"(其间暂停 {len(pauses)} 次,已顺延)"
    if duration.works:
        unsure = sorted({d.year for d in (first, end.date()) if calendar.provisional(d)})
        if unsure:
            said += f"({'、'.join(map(str, unsure))} 年放假安排未公布,暂定按周一至周五计)"
    return said


def _words(duration: Duration) -> str:
    unit = {"workdays": "个工作日", "workhours": "个工作小时", "days": "天", "hours": "小时", "minutes": "分钟", "months": "个月"}
    return f"{duration.amount:g} {unit[duration.kind]}"


def _say(when: datetime | date, near: bool) -> str:
    weekday = "周" + WEEKDAYS[when.weekday()]
    day = weekday if near else f"{when:%Y-%m-%d}({weekday})"
    return f"{day} {when:%H:%M}" if isinstance(when, datetime) else day
