"""Dates and times as people write them in Chinese mail, read against the moment of receipt."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta

_YMD = re.compile(r"(?P<y>20\d\d|\d\d(?=年))\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})\s*[日号]?")
_COMPACT = re.compile(r"(?<!\d)(?P<y>20\d\d)(?P<m>\d\d)(?P<d>\d\d)(?!\d)")
_MD = re.compile(r"(?<![\d.])(?P<m>\d{1,2})\s*(?:月\s*(?P<d>\d{1,2})\s*[日号]?|[-/.]\s*(?P<d2>\d{1,2})(?![\d:]))")
_DAY = re.compile(r"(?<!\d)(?P<d>\d{1,2})\s*[日号]")
_WORD = {"大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "今天": 0, "今日": 0, "当天": 0, "明天": 1, "明日": 1, "后天": 2, "大后天": 3}
_WEEK = re.compile(r"(?P<rel>下下|下|本|这|上)?(?:个)?(?:周|星期|礼拜)(?P<w>[一二三四五六日天])")
_TIME = re.compile(
    r"(?P<half>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|晚|早)?\s*(?P<h>\d{1,2})\s*"
    r"(?:[::]\s*(?P<mi>\d{1,2})(?:\s*[::]\s*\d{1,2})?|[点时]\s*(?:(?P<half2>半)|(?P<q>[一三])刻|(?P<mi2>\d{1,2})\s*分?)?)"
)


def find_date(text: str, today: date) -> tuple[date, tuple[int, int]] | None:
    """The first date in the text and where it stands; a day without a year lies nearest to `today`. None where there is none."""
    text = unicodedata.normalize("NFKC", text)
    for pattern in (_YMD, _COMPACT):
        if m := pattern.search(text):
            year = int(m["y"])
            made = _day(year if year > 99 else 2000 + year, int(m["m"]), int(m["d"]))
            return (made, m.span()) if made else None
    for word in sorted(_WORD, key=len, reverse=True):
        if (at := text.find(word)) >= 0:
            return today + timedelta(days=_WORD[word]), (at, at + len(word))
    if m := _WEEK.search(text):
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks={"下下": 2, "下": 1, "上": -1}.get(m["rel"] or "", 0))
        return monday + timedelta(days="一二三四五六日".index(m["w"].replace("天", "日"))), m.span()
    if m := _MD.search(text):
        near = [d for y in (today.year - 1, today.year, today.year + 1) if (d := _day(y, int(m["m"]), int(m["d"] or m["d2"])))]
        return (min(near, key=lambda d: abs(d - today)), m.span()) if near else None
    if m := _DAY.search(text):
        made = _day(today.year, today.month, int(m["d"]))
        return (made, m.span()) if made else None
    return None


def begins(text: str) -> bool:
    """Whether the text begins with a day or a time."""
    return any(found and found[1][0] == 0 for found in (find_date(text, date(2000, 1, 1)), find_time(text)))


def read_period(text: str, today: date) -> tuple[date | None, date | None]:
    """The first and the last day of the period that the text names (`11-28 至 11-29`, `11月23日-27日`, `12月5日前`, `下周`, `12月`); None is open.

    A single day is a period of one. Both are None where the text names no days of the calendar (`两周左右`).
    """
    text = unicodedata.normalize("NFKC", text)
    if (one := find_date(text, today)) is None:
        return _whole(text, today)
    first, (begin, end) = one
    before, rest = text[:begin], text[end:]
    if m := re.match(r"\s*(?:至|到|~|-|—)+\s*(\d{1,2})\s*[日号]?(?![\d:月.\-/])", rest):
        rest = f"{m[1]}日"  # 2026-11-23 到 27
    if m := re.match(r"\s*(?:起|开始)[,，、]?\s*(\d+|[一二两三四五六])个?\s*(天|日|周|星期)", rest):
        count = int(m[1]) if m[1].isdigit() else "一二三四五六".find(m[1].replace("两", "二")) + 1
        return first, first + timedelta(days=count * (1 if m[2] in "天日" else 7) - 1)
    from_today = re.search(r"周|星期|礼拜|[今明后]天|[明后]日", rest) is not None
    if other := find_date(rest, today if from_today else first):
        last = other[0]
        if last < first and not from_today and _MD.search(rest) is None and _YMD.search(rest) is None:  # 28日至3日: of the next month
            last = (last.replace(day=1) + timedelta(days=32)).replace(day=last.day)
        return (first, last) if first <= last else (last, first)
    if re.match(r"\s*(?:起|开始|以后|之后|后)", rest):
        return first, None
    if re.search(r"(?:至|到|截至|截止|不超过|~|-)[::]?\s*$", before) or re.match(r"\s*(?:止|为止|以前|之前|前|截止)", rest):
        return None, first
    return first, first


def _whole(text: str, today: date) -> tuple[date | None, date | None]:
    """A whole week, month or months."""
    if m := re.search(r"(本|这|下下|下)(?:个)?(周|星期|礼拜|月)", text):
        ahead = {"下": 1, "下下": 2}.get(m[1], 0)
        if m[2] != "月":
            monday = today - timedelta(days=today.weekday()) + timedelta(weeks=ahead)
            return monday, monday + timedelta(days=6)
        months = [(today.year, today.month + ahead)]
    else:
        months = [(int(m[1] or today.year), int(m[2])) for m in re.finditer(r"(?:(20\d\d)\s*[-/.年]\s*)?(?<!\d)(\d{1,2})\s*(?:月|(?<=\d-\d\d)(?!\d))", text) if 1 <= int(m[2]) <= 12]
    if not months:
        return None, None
    (year, month), (to_year, to_month) = months[0], months[-1]
    to_year += (to_year, to_month) < (year, month)
    first = date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
    after = date(to_year + to_month // 12, to_month % 12 + 1, 1)
    return first, after - timedelta(days=1)


def read_term(text: str, today: date) -> str:
    """The year, quarter or month that a report or meeting is for: `2026`, `2026Q4`, `202609`; '' where the text names none. Without a year it is this year's."""
    text = re.sub(r"[\s《》]", "", unicodedata.normalize("NFKC", text))
    m = re.fullmatch(r"(?:(20\d\d)[年.\-/]?)?(?:第?([1-4一二三四])季度?|[Qq]([1-4])季?度?)", text)
    if m and (quarter := m[2] or m[3]):
        return f"{m[1] or today.year}Q{quarter if quarter.isdigit() else '一二三四'.find(quarter) + 1}"
    if (m := re.fullmatch(r"(20\d\d)(?:[年.\-/]?([01]\d)|[年.\-/](\d))月?份?", text) or re.fullmatch(r"()(\d\d?)()月份?", text)) and 1 <= int(m[2] or m[3]) <= 12:
        return f"{m[1] or today.year}{int(m[2] or m[3]):02}"
    return m[1] if (m := re.fullmatch(r"(20\d\d)年?度?", text)) else ""


def find_time(text: str) -> tuple[time, tuple[int, int]] | None:
    """The first time of day in the text (`15:30`, `下午3点半`) and where it stands."""
    text = unicodedata.normalize("NFKC", text)
    for m in _TIME.finditer(text):
        hour, minute = int(m["h"]), int(m["mi"] or m["mi2"] or 0)
        minute = 30 if m["half2"] else {"一": 15, "三": 45}.get(m["q"] or "", minute)
        half = m["half"] or ""
        if half in ("下午", "傍晚", "晚上", "晚", "夜里") and hour < 12:
            hour += 12
        if half == "中午" and hour < 3:
            hour += 12
        if hour == 24 and minute == 0:
            return time(23, 59), m.span()
        if hour < 24 and minute < 60:
            return time(hour, minute), m.span()
    return None


def read_date(text: str, today: date) -> date | None:
    """The date that the text is about, None where it names none."""
    found = find_date(text, today)
    return found[0] if found else None


def read_moment(text: str, now: datetime) -> datetime | None:
    """Date and time of day in the zone of `now`; a time alone is today's; a date alone gives None (a moment needs both)."""
    local = unicodedata.normalize("NFKC", text)
    if m := re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d|Z)", local):
        return datetime.fromisoformat(m.group().replace("Z", "+00:00")).astimezone(now.tzinfo)
    day = find_date(local, now.date())
    rest = local[: day[1][0]] + " " + local[day[1][1] :] if day else local
    clock = find_time(rest)
    if clock is None:
        return None
    return datetime.combine(day[0] if day else now.date(), clock[0], now.tzinfo)


AHEAD = timedelta(minutes=30)  # what clocks that differ, and a word said in advance, may be ahead of the moment of receipt


def is_ahead(value: str, now: str) -> bool:
    """Whether a day or a moment, written as fields hold them, is still to come at `now`; clocks may differ by half an hour."""
    if len(value) <= 10:
        return value > now[:10]
    return datetime.fromisoformat(value) > datetime.fromisoformat(now) + AHEAD


def lately(text: str, now: datetime) -> datetime | None:
    """What has happened (`受理 23:55`, told ten minutes past midnight): as `read_moment`, but a time alone never lies ahead, it is yesterday's then."""
    moment = read_moment(text, now)
    if moment and moment > now + AHEAD and find_date(text, now.date()) is None:
        moment -= timedelta(days=1)
    return moment


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
