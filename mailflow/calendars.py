"""Working time in China: which days and hours count.

Pure: nothing here reads the clock, and the only data beside the arguments is chinesecalendar's table of official holidays.
Rules: RULEBOOK §0.3. Datetimes are aware, naive ones raise ValueError; what is given back is in the calendar's zone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from importlib.metadata import version
from zoneinfo import ZoneInfo

Hours = Sequence[tuple[int, int, int, int]]
HOURS = "09:00-12:00、13:00-18:00"  # RULEBOOK §0.3, where nobody says otherwise
ONE_DAY = timedelta(days=1)
WEEKDAYS = "一二三四五六日"

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

    def signature(self) -> str:
        """What tells this calendar from another: an organisation's own days, the hours, and which official data it knows."""
        return repr((sorted(self._own.items()), sorted(self._own_years), self.hours, version("chinesecalendar")))

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


def read_hours(text: str) -> Hours:
    """`09:00-12:00、13:00-18:00` as the hours of a working day. Raises DurationError."""
    found = [re.fullmatch(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})", part) for part in re.split(r"[、,;\s]+", re.sub(r"[—–~至到]", "-", unicodedata.normalize("NFKC", text.strip())))]
    hours = [tuple(map(int, m.groups())) for m in found if m]
    edges = [clock for h in hours for clock in (h[:2], h[2:])]
    if not hours or len(hours) != len(found) or edges != sorted(set(edges)) or any(h > 23 or m > 59 for h, m in edges):
        raise DurationError(f"工作时段“{text}”读不懂;写成 09:00-12:00、13:00-18:00,从早到晚,互不重叠")
    return [(a, b, c, d) for a, b, c, d in hours]
