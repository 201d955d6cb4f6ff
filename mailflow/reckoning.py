"""Deadlines anew where the calendar or a decision table was corrected: a correction holds at once, for what is in hand too (RULEBOOK §0.3)."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

from store import StoreError, cases, marks, savepoint

from .calendars import WorkCalendar
from .process.library import Library
from .process.model import Process
from .process.world import Event
from .recorder import Recorder

MARK = "deadlines reckoned by"
log = logging.getLogger("mailflow")


def signature(calendar: WorkCalendar, library: Library) -> str:
    """What tells one state of the calendar and the tables from another."""
    tables = sorted((name, table.rows) for name, table in library.tables.items())
    return hashlib.sha256(repr((calendar.signature(), tables)).encode()).hexdigest()[:16]


def run(recorder: Recorder, by: str) -> int:
    """Reckons the deadlines of every open case, where `by` is not what they were reckoned by; how many cases had one that moved."""
    know = recorder.know
    mark = marks.get(know.conn, MARK)
    if mark is not None and mark["value"] == by:
        return 0
    marks.set(know.conn, MARK, know.now, by)
    return sum(_again(recorder, row) for row in cases.find(know.conn, open=True)) if mark is not None else 0


def _again(recorder: Recorder, row: Any) -> bool:
    process = recorder.know.process_of(row["process"], row["version"])
    if process is None:
        return False
    try:
        with savepoint(recorder.know.conn):
            return _moved(recorder, process, row)
    except StoreError:
        raise
    except Exception:
        log.exception("deadlines of %s stay as they were", row["number"])
        return False


def _moved(recorder: Recorder, process: Process, row: Any) -> bool:
    know = recorder.know
    due = lambda: {d["name"]: d["due"] for d in cases.deadlines(know.conn, [row["id"]]) if d["stopped_at"] is None}  # noqa: E731 - asked twice
    before, case, event = due(), know.load(row), Event(know.now)
    case = recorder.reckon(process, case, event)
    moved = [f"{name} {at.astimezone(know.calendar.tz):%Y-%m-%d %H:%M}" for name, at in due().items() if before.get(name, at) != at]
    if moved:
        cases.note(know.conn, case.id, know.now, "系统", "改算期限", case.state, case.state, "放假安排、工作时间或决策表有更正:" + "；".join(moved), None)
    return bool(moved)
