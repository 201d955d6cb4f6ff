"""What a case was before its last change: kept beside it, so that an operator can take the change back with all that it did elsewhere."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from store import cases

from . import ledger
from .process.model import CLOSED
from .process.world import Case, Event, Outcome, Step

KEPT = "before"  # in a case's memo
_COLUMNS = ("state", "open", "title", "project", "owner", "revision", "opened_by")


@dataclass
class Trace:
    """What one event did, case by case: of each what it opened, moved, entered and changed elsewhere."""

    cause: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    kept: set[int] = field(default_factory=set)
    deeds: dict[int, dict[str, list[Any]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))


def keep(conn: Any, case: Case, outcome: Outcome, event: Event, trace: Trace) -> None:
    """Remembers in the memo of `case` what its row says now; the first change of an event is what counts."""
    row = cases.get(conn, case.id)
    if row is None:
        return
    if case.id in trace.kept:
        case.memo[KEPT] = row["memo"].get(KEPT)
        return
    trace.kept.add(case.id)
    image: dict[str, Any] = {column: row[column] for column in _COLUMNS}
    image |= {
        "cause": trace.cause, "at": event.at.isoformat(), "action": outcome.steps[0].action if outcome.steps else "", "who": event.who,
        "entered_at": row["entered_at"].isoformat(), "fields": {k: row["fields"].get(k) for k in {**row["fields"], **case.fields} if row["fields"].get(k) != case.fields.get(k)},
        "memo": {k: v for k, v in row["memo"].items() if k != KEPT},
    }  # fmt: skip
    if outcome.received or outcome.sent_back or outcome.accepted:

        def moment(at: datetime | None) -> str | None:
            return at.isoformat() if at else None

        image["documents"] = {d["name"]: [moment(d["received_at"]), moment(d["accepted_at"])] for d in cases.documents(conn, [case.id])}
    case.memo[KEPT] = image


def complete(conn: Any, trace: Trace) -> None:
    """Adds to what was kept what the event did elsewhere."""
    for id, deeds in trace.deeds.items():
        row = cases.get(conn, id)
        if row is not None and (image := row["memo"].get(KEPT)) and any(deeds.values()):
            cases.update(conn, id, {"memo": {**row["memo"], KEPT: {**image, **{k: v for k, v in deeds.items() if v}}}})


def take_back(recorder: Any, row: Any, event: Event, why: str) -> tuple[dict[str, Any] | None, list[str]]:
    """Undoes the last change of a case. (what was undone, None where nothing is kept; the numbers of cases that had gone on since and stay).

    State, fields, documents, limits and register rows are as before; cases that the change opened are closed, those that it moved go back.
    """
    know = recorder.know
    image = row["memo"].get(KEPT)
    process = know.process_of(row["process"], row["version"])
    if not image or process is None:
        return None, []
    stay: list[str] = []
    case = know.load(row)
    left, case.state = case.state, image["state"]
    for column in _COLUMNS:
        setattr(case, column, image[column])
    case.entered_at = datetime.fromisoformat(image["entered_at"]).astimezone(know.calendar.tz)
    case.fields |= {k: v for k, v in image["fields"].items() if v is not None}
    for k in [k for k, v in image["fields"].items() if v is None]:
        case.fields.pop(k, None)
    case.memo = dict(image["memo"])
    for name, (received, accepted) in image.get("documents", {}).items():
        moments = [datetime.fromisoformat(at) if at else None for at in (received, accepted)]
        cases.set_document(know.conn, case.id, name, {"received_at": moments[0], "accepted_at": moments[1]})
        case.documents[name] = received or ""
    undone: list[Any] = []  # in the project: so that this can be taken back in its turn
    for name, cells in image.get("cells", []):
        now: dict[str, Any] = next((p["data"] for p in cases.projects(know.conn) if p["name"] == name), {})
        undone.append([name, {column: now.get(column) for column in cells}])
        cases.put_project(know.conn, name, cells, event.at)
        know.forget_projects()
    for deadline in cases.deadlines(know.conn, [case.id]):
        if left != case.state and deadline["memo"].get("scope") == left and deadline["stopped_at"] is None:
            cases.change_deadline(know.conn, deadline["id"], {"status": "cancelled", "stopped_at": event.at, "next_at": None})
    with recorder.tracing():
        after = recorder.record(process, Outcome(case, steps=[Step("撤回", left, case.state, f"{image['action']}({image['who'] or '系统'});{why}")]), event)
        _entries(recorder, image, after, event)
        recorder.trace.deeds[case.id]["cells"] += undone
        recorder.trace.deeds[case.id]["moved"] += [*image.get("opened", []), *image.get("moved", [])]
        for id in image.get("opened", []):
            void(recorder, id, event, f"派生它的 {case.number} 撤回了“{image['action']}”;{why}")
        for id in image.get("moved", []):
            other = cases.get(know.conn, id)
            if other is None or id == case.id:
                continue
            if (other["memo"].get(KEPT) or {}).get("cause") == image["cause"]:
                stay += take_back(recorder, other, event, why)[1]
            else:
                stay.append(other["number"])
    return image, stay


def _entries(recorder: Any, image: dict[str, Any], case: Case, event: Event) -> None:
    know = recorder.know
    for id, status in image.get("changed", []):
        rows = [dict(r) for r in cases.entries(know.conn, ids=[id])]
        recorder.note_changes(case, rows)
        recorder.consequences(ledger.change(know, rows, status, event.at, case, None), case, event)
    if added := image.get("entries", []):
        rows = [dict(r) for r in cases.entries(know.conn, ids=added)]
        recorder.note_changes(case, rows)
        recorder.consequences(ledger.change(know, rows, "reversed", event.at, case, None), case, event)


def void(recorder: Any, id: int, event: Event, why: str) -> None:
    """Closes a case that should not have come to be, and what it opened; its register rows are reversed."""
    know = recorder.know
    row = cases.get(know.conn, id)
    if row is None:
        return
    if row["open"]:
        close(recorder, row, event, why)
    rows = [dict(r) for r in cases.entries(know.conn, case_id=id) if r["status"] not in ("reversed", "waived")]
    case = know.load(row)
    recorder.note_changes(case, rows)
    recorder.consequences(ledger.change(know, rows, "reversed", event.at, case, None), case, event)
    for child in cases.find(know.conn, parent_id=id, open=True):
        void(recorder, child["id"], event, why)


def close(recorder: Any, row: Any, event: Event, why: str) -> Case | None:
    """Ends a case wherever it stands, on record. None where its process is gone."""
    process = recorder.know.process_of(row["process"], row["version"])
    if process is None:
        return None
    case = recorder.know.load(row)
    left, case.state, case.open, case.entered_at = case.state, CLOSED, False, event.at
    closed: Case = recorder.record(process, Outcome(case, steps=[Step("关闭", left, CLOSED, why)]), event)
    return closed
