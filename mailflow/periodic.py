"""What comes by the calendar alone: processes that begin at a time (定时), and digests. Each duty is done once for each time that it falls."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from store import marks, savepoint

from .calendars import next_occurrence
from .process.world import Event
from .recorder import Recorder

if TYPE_CHECKING:
    from .passes import Done, Office


def run(office: Office, now: datetime, done: Done) -> None:
    """Begins the cases whose time has come since the last pass; after the first start from the next time on (§8-16), after a standstill once."""
    for process in list(office.library.processes.values()):
        for index, start in enumerate(process.starts):
            if not start.timed:
                continue
            with office.store.begin() as conn:
                know = office.knowledge(conn, now)
                name = f"timed/{process.name}/{index}"
                mark = marks.get(conn, name)
                if mark is None:
                    marks.set(conn, name, now)
                    continue
                last = mark["at"].astimezone(know.calendar.tz)
                due = next_occurrence(start.timed, last, know.calendar)
                if due > know.now:
                    continue
                while (later := next_occurrence(start.timed, due, know.calendar)) <= know.now:
                    due = later
                with savepoint(conn):
                    Recorder(know, office.desk(know)).open_child(process.name, {}, None, Event(due), 0, start=index)
                marks.set(conn, name, now)
                done.rung += 1
