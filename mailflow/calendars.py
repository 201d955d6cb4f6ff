"""Working time in China: which days and hours count, when a written duration falls due, and one line that says why.

Pure: nothing here reads the clock, and the only data beside the arguments is chinesecalendar's table of official holidays.
Rules: RULEBOOK §0.3 (calendars), §8-2 (deadlines that are a day), §8-16 (periods). Datetimes are aware; naive ones raise ValueError.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

Hours = Sequence[tuple[int, int, int, int]]
HOURS = "09:00-12:00、13:00-18:00"  # RULEBOOK §0.3, where nobody says otherwise
Pauses = Sequence[tuple[datetime, datetime]]
ONE_DAY = timedelta(days=1)
WEEKDAYS = "一二三四五六日"
MOST = 10_000  # an amount beyond this is a slip of the pen, and would walk the calendar for ever

# 全国年节及纪念日放假办法 (2024 revision) fixes these by date; the lunar ones and every make-up day wait for the yearly notice.
_FIXED_HOLIDAYS = {(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)}
_HOLIDAY_KINDS = {"放假": False, "补班": True}


class DurationError(ValueError):
    """A duration or period that is not in the grammar; the text, in Chinese, says what may be written."""


class WorkCalendar:
    """Working days and hours: chinesecalendar's official years, overridden by rows of holidays.csv (日期, 类型, 年度).

    A year without official data counts Monday to Friday less the holidays fixed by law, and is `provisional`; it stops being
    so when a row of holidays.csv names it in 年度. Rows that cannot be read raise ValueError: master data reports them first.
    """

    def __init__(
        self,
        holidays: Iterable[Mapping[str, str]] = (),
        tz: tzinfo | None = None,
        hours: Hours = ((9, 0, 12, 0), (13, 0, 18, 0)),
    ) -> None:
        self.tz: tzinfo = tz or ZoneInfo("Asia/Shanghai")
        self.hours = [(time(h1, m1), time(h2, m2)) for h1, m1, h2, m2 in hours]
        edges = [edge for period in self.hours for edge in period]
        if not edges or any(a >= b for a, b in zip(edges, edges[1:], strict=False)):
            raise ValueError("工作时段要从早到晚、互不重叠,例如 09:00–12:00、13:00–18:00")
        self.closing_time = self.hours[-1][1]
        self._own: dict[date, bool] = {}
        self._own_years: set[int] = set()
        for row in holidays:
            day, kind = parse_date(row.get("日期", "")), row.get("类型", "").strip()
            if day is None or kind not in _HOLIDAY_KINDS:
                raise ValueError(f"假日表有一行读不懂:{dict(row)};日期写成 2027-01-01,类型写 放假 或 补班")
            self._own[day] = _HOLIDAY_KINDS[kind]
            year = row.get("年度", "").strip().removesuffix("年")
            if year.isdecimal():
                self._own_years.add(int(year))
        self._known: dict[date, bool] = {}

    # -- days

    def is_workday(self, d: date) -> bool:
        known = self._known.get(d)
        if known is None:
            known = self._own[d] if d in self._own else _official(d)
            if known is None:
                known = d.weekday() < 5 and (d.month, d.day) not in _FIXED_HOLIDAYS
            self._known[d] = known
        return known

    def provisional(self, d: date) -> bool:
        """Whether this day's year has no published arrangement yet, so that what is said about it may change."""
        return d not in self._own and d.year not in self._own_years and _official(d) is None

    def next_workday(self, d: date) -> date:
        """The first working day after `d`."""
        return self.shift_workdays(d, 1)

    def previous_workday(self, d: date) -> date:
        """The last working day before `d`."""
        return self.shift_workdays(d, -1)

    def shift_workdays(self, d: date, count: int) -> date:
        """The `count`-th working day after `d` (before it when negative); `d` itself is day 0, working or not."""
        step = ONE_DAY if count > 0 else -ONE_DAY
        for _ in range(abs(count)):
            d += step
            while not self.is_workday(d):
                d += step
        return d

    def before(self, d: date, workdays: int) -> date:
        """The last day on which notice given `workdays` working days before `d` (not counted itself) is in time (§0.3)."""
        return self.shift_workdays(d, -workdays)

    # -- hours

    def at(self, d: date, t: time) -> datetime:
        return datetime.combine(d, t, self.tz)

    def closing(self, d: date) -> datetime:
        """The end of work on `d`: 18:00 by default."""
        return self.at(d, self.closing_time)

    def local(self, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            raise ValueError("时刻要带时区 (an aware datetime is needed)")
        return moment.astimezone(self.tz)

    def _periods(self, d: date) -> list[tuple[datetime, datetime]]:
        return [(self.at(d, a), self.at(d, b)) for a, b in self.hours] if self.is_workday(d) else []

    def next_working_moment(self, moment: datetime) -> datetime:
        """`moment` itself within working time, else the beginning of the next working period."""
        moment = self.local(moment)
        day = moment.date()
        while True:
            for begin, end in self._periods(day):
                if moment < end:
                    return max(moment, begin)
            day += ONE_DAY

    def add_working(self, moment: datetime, hours: float | timedelta) -> datetime:
        """`hours` of working time after `moment`; ends at a closing time rather than at the next opening. Not for negative hours."""
        left = hours if isinstance(hours, timedelta) else timedelta(hours=hours)
        if left < timedelta(0):
            raise ValueError("只能往后加工作时间 (negative working hours)")
        moment = self.local(moment)
        while left > timedelta(0):
            moment = self.next_working_moment(moment)
            end = next(end for begin, end in self._periods(moment.date()) if begin <= moment < end)
            step = min(left, end - moment)
            moment, left = moment + step, left - step
        return moment

    def working_time_between(self, a: datetime, b: datetime) -> timedelta:
        """Working time from `a` to `b`; zero when `b` is not later."""
        a, b = self.local(a), self.local(b)
        total, day = timedelta(0), a.date()
        while day <= b.date():
            for begin, end in self._periods(day):
                total += max(timedelta(0), min(b, end) - max(a, begin))
            day += ONE_DAY
        return total


def _official(d: date) -> bool | None:
    """chinesecalendar's answer, None for a year that it has no data for. Imported late: reading the tables takes 10 ms."""
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(d))
    except NotImplementedError:
        return None


_DATE = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})[日号]?|(\d{2})(\d{2}))(?:[ T]+0?0:00(?::00)?)?")


def parse_date(text: str) -> date | None:
    """A day as people and Excel write it: 2026-06-30, 2026/6/30, 2026.6.30, 2026年6月30日, 20260630. None for anything else."""
    found = _DATE.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if not found:
        return None
    year, _, m1, d1, m2, d2, m3, d3 = found.groups()
    try:
        return date(int(year), int(m1 or m2 or m3), int(d1 or d2 or d3))
    except ValueError:
        return None


# -- durations: a closed grammar

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
        _period(text)  # raises what is wrong with it
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


# -- periods

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


def read_hours(text: str) -> Hours:
    """`09:00-12:00、13:00-18:00` as the hours of a working day. Raises DurationError."""
    found = [re.fullmatch(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})", part) for part in re.split(r"[、,;\s]+", re.sub(r"[—–~至到]", "-", unicodedata.normalize("NFKC", text.strip())))]
    hours = [tuple(map(int, m.groups())) for m in found if m]
    edges = [clock for h in hours for clock in (h[:2], h[2:])]
    if not hours or len(hours) != len(found) or edges != sorted(set(edges)) or any(h > 23 or m > 59 for h, m in edges):
        raise DurationError(f"工作时段“{text}”读不懂;写成 09:00-12:00、13:00-18:00,从早到晚,互不重叠")
    return [(a, b, c, d) for a, b, c, d in hours]


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
