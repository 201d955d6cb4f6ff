"""What comes by the calendar alone: processes that begin at a time (定时), and digests. Each duty is done once for each time that it falls."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from store import StoreError, cases, marks, savepoint

from . import lapsing
from .calendars import parse_date
from .durations import due, parse_duration
from .knowledge import Knowledge
from .periods import next_occurrence
from .process.digest_plans import Before, DigestPlan
from .process.model import Process
from .process.world import Event
from .recorder import Recorder

if TYPE_CHECKING:
    from .passes import Done, Office

log = logging.getLogger("mailflow")


def run(office: Office, now: datetime, done: Done) -> None:
    """Everything that the calendar asks for by now; a duty that breaks is told in `done.problems` and stops no other. Raises StoreError."""
    for process in list(office.library.processes.values()):
        for index, start in enumerate(process.starts):
            if start.rows:
                _guarded(f"{process.title}({start.rows})", done, _rows, office, now, done, process, index, start.rows)
            if start.timed:
                _guarded(f"{process.title}({start.timed})", done, _begin, office, now, done, process, index)
    _guarded("退回未更正的单", done, _lapse, office, now, done)
    for plan in office.library.digests.values():
        _guarded(f"{plan.name}({plan.when})", done, _digest, office, now, done, plan)


def _guarded(what: str, done: Done, duty: Callable[..., None], *args: Any) -> None:
    try:
        duty(*args)
    except StoreError:
        raise  # the machine is at fault: all of it is tried again
    except Exception as why:
        log.debug("duty %s failed", what, exc_info=True)
        done.problems.append(f"定时的“{what}”没有办成,下一趟再试:{type(why).__name__}: {why}")


def _lapse(office: Office, now: datetime, done: Done) -> None:
    with office.store.begin() as conn:
        know = office.knowledge(conn, now)
        with savepoint(conn):
            done.rung += lapsing.run(know, Recorder(know, office.desk(know)), now)


def _digest(office: Office, now: datetime, done: Done, plan: DigestPlan) -> None:
    with office.store.begin() as conn:
        know = office.knowledge(conn, now)
        times = [_due(know, f"digest/{plan.name}", plan.when), _due_before(know, f"digest/{plan.name}/另在", plan.before) if plan.before else None]
        if not (fell := [at for at in times if at is not None]):
            return
        from . import digests  # late: one is due once a day

        with savepoint(conn):
            digests.send(Recorder(know, office.desk(know)), plan, max(fell))
        done.rung += 1


def _due(know: Knowledge, name: str, when: str) -> datetime | None:
    """The last time that a duty fell since it was last done; it is marked as done. None where none fell, or at the very first start."""
    mark = marks.get(know.conn, name)
    marks_now = mark is None
    due = None
    if mark is not None:
        found = next_occurrence(when, mark["at"].astimezone(know.calendar.tz), know.calendar)
        while found <= know.now:
            due, found = found, next_occurrence(when, found, know.calendar)
    if marks_now or due is not None:
        marks.set(know.conn, name, know.now)
    return due


def _due_before(know: Knowledge, name: str, before: Before) -> datetime | None:
    """The last time since the last pass that fell so long before a date of an open case; None where none fell."""
    mark = marks.get(know.conn, name)
    found = [parse_date(row["fields"].get(before.length.base, "")[:10]) for row in cases.find(know.conn, before.process, open=True)] if mark else []
    moments = [due(day, before.length, know.calendar).replace(hour=before.hour, minute=before.minute) for day in found if day]
    fell = max((at for at in moments if mark and mark["at"] < at <= know.now), default=None)
    if mark is None or fell is not None or mark["at"].date() != know.now.astimezone(mark["at"].tzinfo).date():  # a date written too late asks for nothing
        marks.set(know.conn, name, know.now)
    return fell


_ROWS = re.compile(r"(\S+) (\S+)起每 ?(\S+?)(?: (\d{1,2}):(\d{2}))?")


def _rows(office: Office, now: datetime, done: Done, process: Process, index: int, spec: str) -> None:
    """Begins a case for each row of a table whose date has come round since the last pass (逐行)."""
    found = _ROWS.fullmatch(spec)
    with office.store.begin() as conn:
        know = office.knowledge(conn, now)
        name = f"rows/{process.name}/{index}"
        mark = marks.get(know.conn, name)
        if mark is None or mark["at"].astimezone(know.calendar.tz).date() != know.now.date():
            marks.set(know.conn, name, know.now)
        if mark is None or found is None:
            return
        table, column, every, hour, minute = found.groups()
        duration = parse_duration(know.library.config(every) or every)
        for row in know.master.table(table):
            day = parse_date(row.get(column, ""))
            for count in range(1, 200) if day else ():
                assert day is not None
                at = due(day, replace(duration, amount=duration.amount * count), know.calendar).replace(hour=int(hour or 9), minute=int(minute or 0))
                if at > know.now:
                    break
                if at > mark["at"]:
                    marks.set(know.conn, name, know.now)
                    with savepoint(conn):
                        Recorder(know, office.desk(know)).open_child(process.name, dict(row), None, Event(at), 0, start=index)
                    done.rung += 1


def _begin(office: Office, now: datetime, done: Done, process: Process, index: int) -> None:
    """Begins the case whose time has come since the last pass; after the first start from the next time on (§8-16), after a standstill once."""
    with office.store.begin() as conn:
        know = office.knowledge(conn, now)
        due = _due(know, f"timed/{process.name}/{index}", process.starts[index].timed)
        if due is None:
            return
        with savepoint(conn):
            Recorder(know, office.desk(know)).open_child(process.name, {}, None, Event(due), 0, start=index)
        done.rung += 1
