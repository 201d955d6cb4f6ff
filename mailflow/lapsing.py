"""Forms that went back and that nobody mended lapse by themselves (RULEBOOK §8-17)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from store import cases

from . import taking_back
from .calendars import DurationError
from .durations import due, parse_duration
from .knowledge import Knowledge
from .process.world import RETURNED, Case, Event
from .recorder import Recorder

LIMIT = "returned.lapse"  # key of 取定值: how long a form may wait to be mended


def lapses_at(know: Knowledge, row: Any) -> datetime | None:
    """When a returned form lapses, counted from the last time that it went back; None where it does not (`不限` is no length)."""
    length = know.library.config(LIMIT)
    if row["state"] != RETURNED or not row["open"] or not length:
        return None
    try:
        return due(row["entered_at"].astimezone(know.calendar.tz), parse_duration(length), know.calendar)
    except DurationError:
        return None


def lapse(recorder: Recorder, row: Any, at: datetime) -> Case | None:
    """Ends the case on record and tells whoever sent the form."""
    length, event = recorder.know.library.config(LIMIT), Event(at)
    case = taking_back.close(recorder, row, event, f"退回后 {length}没有更正,自动作废")
    process = recorder.know.process_of(row["process"], row["version"])
    if case is not None and case.opened_by and process is not None:
        recorder.tell("says", case.opened_by, event, process, case, 说=f"这张表退回后 {length}没有更正,已自动作废。仍要办理的,请另发一封新信(不要回复本信)。")
    return case


def run(know: Knowledge, recorder: Recorder, now: datetime) -> int:
    """Every form whose time is over by `now`; how many."""
    over = [(at, row) for row in cases.find(know.conn, open=True, states=[RETURNED]) if (at := lapses_at(know, row)) and at <= now]
    for at, row in sorted(over, key=lambda found: found[0]):
        lapse(recorder, row, at)
    return len(over)
