"""Who is on duty at a moment, by the roster that the organisation keeps (排班表: 日期, 班次, 当班人). Pure; RULEBOOK C01, S1-L6."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from .calendars import parse_date
from .process.tables import DecisionTable

Row = Mapping[str, str]
_SPAN = re.compile(r"(\d{1,2})[:：](\d{2})\s*[-—–~～至到]+\s*(\d{1,2})[:：](\d{2})")


def on_duty(rows: Sequence[Row], at: datetime, shifts: DecisionTable | None = None) -> list[str]:
    """The names on duty at `at` (aware, in the service's zone); [] where nobody is written.

    A shift is written as `20:00-08:00`, or as a name that the table 班次 (班次, 从, 到) knows; an empty or unknown one is the whole
    day. One that ends before it begins goes on into the next morning. Where no shift holds the moment, whoever is written for the day.
    """
    today, covering = [], []
    for row in rows:
        day = parse_date(row.get("日期", ""))
        names = [n.strip() for n in re.split(r"[、,，/;；]", row.get("当班人", "")) if n.strip()]
        if day is None or not names:
            continue
        begin, end = _span(row.get("班次", ""), day, at, shifts)
        if begin <= at < end:
            covering += names
        if day == at.date():
            today += names
    return list(dict.fromkeys(covering or today))


def _span(shift: str, day: date, at: datetime, shifts: DecisionTable | None) -> tuple[datetime, datetime]:
    said = shift.strip()
    if shifts is not None and not _SPAN.search(said):
        known = shifts.find(班次=said)
        said = f"{known['从']}-{known['到']}" if known else ""
    found = _SPAN.search(said)
    midnight = datetime.combine(day, time(0), at.tzinfo)
    if found is None:
        return midnight, midnight + timedelta(days=1)
    first, last = (timedelta(hours=int(found[i]), minutes=int(found[i + 1])) for i in (1, 3))
    return midnight + first, midnight + last + (timedelta(days=1) if last <= first else timedelta(0))
