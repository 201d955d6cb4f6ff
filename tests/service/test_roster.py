"""Who is on duty at a moment (RULEBOOK C01, S1-L6)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from mailflow.process.tables import DecisionTable
from mailflow.roster import on_duty

TZ = ZoneInfo("Asia/Shanghai")
SHIFTS = DecisionTable("班次", ("班次", "从", "到"), [{"班次": "白班", "从": "08:00", "到": "20:00"}, {"班次": "夜班", "从": "20:00", "到": "08:00"}])


@pytest.mark.parametrize(
    ("rows", "at", "who"),
    [
        ([("2026-11-21", "夜班", "甲"), ("2026-11-22", "白班", "乙")], "2026-11-22 03:00", ["甲"]),  # a night goes on into the next morning
        ([("2026-11-21", "夜班", "甲"), ("2026-11-22", "白班", "乙")], "2026-11-22 08:00", ["乙"]),  # and ends where the day begins
        ([("2026-11-22", "18:00-09:00", "甲、乙")], "2026-11-23 08:59", ["甲", "乙"]),
        ([("2026/11/22", "", "甲")], "2026-11-22 23:59", ["甲"]),  # no shift is the whole day
        ([("2026-11-22", "特别班", "甲")], "2026-11-22 00:00", ["甲"]),  # so is one that nobody knows
        ([("2026-11-22", "夜班", "甲")], "2026-11-22 03:00", ["甲"]),  # nobody holds the moment: whoever is written for the day
        ([("2026-11-20", "全天", "甲"), ("下周", "全天", "乙"), ("2026-11-22", "全天", "")], "2026-11-22 03:00", []),
    ],
)
def test_on_duty(rows: list[tuple[str, str, str]], at: str, who: list[str]) -> None:
    """The shift that holds the moment, else the day; a row that says nothing is nobody."""
    table = [dict(zip(("日期", "班次", "当班人"), row, strict=True)) for row in rows]
    assert on_duty(table, datetime.fromisoformat(at).replace(tzinfo=TZ), SHIFTS) == who
