"""Keeps a case's deadlines in step with its process: starts, stops, moves and cancels their rows, and says when each next rings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from store import cases

from .knowledge import Knowledge
from .process import deadlines
from .process.deadlines import Tick, Wanted
from .process.model import Deadline, Document, Process
from .process.names import Names
from .process.world import Case, Outcome


@dataclass(slots=True)
class Changes:
    """What the deadlines' new state causes."""

    late: list[tuple[int, Deadline | Document]] = field(default_factory=list)  # passed, though nobody rang: found out by a later word
    forgiven: list[int] = field(default_factory=list)  # register rows that a deadline caused which now was met (§8-23)


def declaration(process: Process, name: str, scope: str) -> Deadline | Document | None:
    """Where the process declares a deadline of this name."""
    if scope and scope in process.states:
        return next((d for d in process.states[scope].deadlines if d.name == name or d.each and name.startswith(d.name + " ")), None)
    each = next((d for d in process.deadlines.values() if d.each and name.startswith(d.name + " ")), None)
    return process.deadlines.get(name) or process.documents.get(name) or each


def ladder_of(know: Knowledge, declared: Deadline | Document | None) -> list[deadlines.Rung]:
    """The rungs of a deadline's ladder."""
    table = know.library.tables.get("提醒梯次")
    return deadlines.rungs(table.rows, declared.ladder) if table and declared and declared.ladder else []


def keep(know: Knowledge, process: Process, case: Case, names: Names, now: datetime, outcome: Outcome, new: bool = False) -> Changes:
    """Makes the rows agree with the case as it is now; a `new` case has none yet."""
    changes = Changes()
    for name in outcome.pause:
        case.memo.setdefault("pauses", {}).setdefault(name, []).append([now.isoformat(), None])
    for name in outcome.resume:
        for pause in case.memo.get("pauses", {}).get(name, []):
            pause[1] = pause[1] or now.isoformat()
    for name in outcome.restart:
        case.memo.setdefault("restarts", {})[name] = now.isoformat()
    rows = [] if new else cases.deadlines(know.conn, [case.id])
    wanted = deadlines.wanted(process, case, names, know.calendar)
    live = {(w.name, w.scope): w for w in wanted}
    seen = set()
    for row in rows:
        scope = row["memo"].get("scope", "")
        match = live.get((row["name"], scope))
        if scope and (match is None or abs((match.start - row["start"]).total_seconds()) >= 1):
            if row["stopped_at"] is None and row["status"] != "cancelled":
                _stop(know, row, now)  # the state was left
            continue
        if match is None:
            if not scope and row["stopped_at"] is None and row["status"] in ("running", "paused"):
                _stop(know, row, now, cancelled=True)
            continue
        if row["status"] == "cancelled" and match.cancelled:
            seen.add((row["name"], scope))
            continue
        seen.add((row["name"], scope))
        _agree(know, process, case, row, match, now, changes)
    for key, match in live.items():
        if key not in seen and not match.cancelled:
            _add(know, process, case, match, now, changes)
    return changes


def _add(know: Knowledge, process: Process, case: Case, match: Wanted, now: datetime, changes: Changes) -> None:
    row: dict[str, Any] = {
        "case_id": case.id, "name": match.name, "start": match.start, "due": match.due, "status": "running", "explained": match.explained,
        "memo": {"scope": match.scope},
    }  # fmt: skip
    if match.stopped_at is not None:
        row["stopped_at"], row["status"] = match.stopped_at, "met" if match.stopped_at <= match.due else "missed"
    else:
        row["next_at"] = _next(know, process, row, now)
    row["id"] = cases.add_deadline(know.conn, row)
    if row["status"] == "missed":
        _late(process, row, changes, know)
    if match.document:
        cases.set_document(know.conn, case.id, match.document, {"due": match.due})
        case.documents.setdefault(match.document, "")


def _agree(know: Knowledge, process: Process, case: Case, row: Any, match: Wanted, now: datetime, changes: Changes) -> None:
    values: dict[str, Any] = {}
    memo = dict(row["memo"])
    if match.cancelled:
        if match.void and row["memo"].get("entries"):
            changes.forgiven += row["memo"]["entries"]  # it is no limit of this case after all
        if row["stopped_at"] is None:
            _stop(know, row, now, cancelled=match.void or row["status"] != "missed")
        return
    if row["due"] != match.due or row["start"] != match.start:
        values |= {"due": match.due, "start": match.start, "explained": match.explained}
        memo = {key: value for key, value in memo.items() if key not in ("rang", "owed")}  # no letter of the old time waits
        if match.document:
            cases.set_document(know.conn, case.id, match.document, {"due": match.due})
    paused = any(end is None for _, end in case.memo.get("pauses", {}).get(row["name"], []))
    if match.stopped_at is not None:
        values |= {"stopped_at": match.stopped_at, "status": "met" if match.stopped_at <= match.due else "missed", "next_at": None}
    elif paused:
        values |= {"status": "paused", "paused_at": row["paused_at"] or now, "next_at": None}
    elif values or row["status"] in ("paused", "cancelled") or row["stopped_at"] is not None:
        if memo.get("late") and match.due > now:
            memo |= {"late": False, "number": 0}
        values |= {"status": "missed" if memo.get("late") else "running", "stopped_at": None, "paused_at": None}
    status = values.get("status", row["status"])
    if status in ("met", "running") and row["memo"].get("entries"):
        changes.forgiven += row["memo"]["entries"]
        memo["entries"] = []
    if status == "met":
        memo["late"] = False
    if stood := case.memo.get("pauses", {}).get(row["name"]):
        memo["pauses"] = {row["name"]: stood}  # a share of the time is reckoned without them
    merged = {**row, **values, "memo": memo}
    if values:
        values["memo"] = memo
        if merged["stopped_at"] is None and not paused:
            values["next_at"] = _next(know, process, merged, now)
        cases.change_deadline(know.conn, row["id"], values)
    if status == "missed" and not memo.get("late"):
        _late(process, {**merged, "id": row["id"]}, changes, know)


def _late(process: Process, row: Any, changes: Changes, know: Knowledge) -> None:
    declared = declaration(process, row["name"], row["memo"].get("scope", ""))
    cases.change_deadline(know.conn, row["id"], {"memo": {**row["memo"], "late": True}})
    if declared is not None and declared.late is not None:
        changes.late.append((row["id"], declared))


def _stop(know: Knowledge, row: Any, now: datetime, cancelled: bool = False) -> None:
    status = "cancelled" if cancelled else "met" if now <= row["due"] else "missed"
    cases.change_deadline(know.conn, row["id"], {"stopped_at": now, "status": status, "next_at": None})


def next_tick(know: Knowledge, process: Process, row: Any, after: datetime) -> Tick | None:
    """What happens next to a running deadline: the due moment exactly once, reminders only where they still lie ahead,
    overdue letters each once."""
    declared = declaration(process, row["name"], row["memo"].get("scope", ""))
    ladder = ladder_of(know, declared)
    late, number = bool(row["memo"].get("late")), int(row["memo"].get("number", 0))
    tz = know.calendar.tz
    for count, tick in enumerate(deadlines.ticks(ladder, row["start"].astimezone(tz), row["due"].astimezone(tz), know.calendar, deadlines.pauses(row["memo"], row["name"], know.calendar))):
        if count > 2000:
            return None
        if tick.kind == "remind" and not late and tick.at > after:
            return tick
        if tick.kind == "due" and (not late or row["memo"].get("owed")):  # owed: it passed at night, and its letter waits
            return tick
        if tick.kind == "overdue" and late and tick.number > number:
            return tick
    return None


def _next(know: Knowledge, process: Process, row: Any, now: datetime) -> datetime | None:
    tick = next_tick(know, process, row, now)
    return tick.at if tick else None
