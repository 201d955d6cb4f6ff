"""Writes an outcome: case, history, register rows, documents, deadlines, children and waiting letters, all in the caller's transaction."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from store import cases

from . import ledger, taking_back, timekeeping
from .correspondence import Answered, Desk
from .knowledge import Knowledge, csv_cells, version_of
from .process import decide
from .process.documents import listed_documents
from .process.model import Deadline, Document, Process
from .process.names import Names
from .process.registers import STATUSES
from .process.world import Case, Event, LetterPlan, Outcome, Refused

DEEPEST = 8  # children of children, nudges of nudges: a circle in the processes stops here
REVERSE = next(word for word, status in STATUSES.items() if status == "reversed")  # the action that a reversed row does to the case deciding on it


_FROM = {"disputed": ("candidate", "proposed"), "candidate": ("disputed",)}  # a case's dispute touches what nobody has decided yet, and ends it


class Circle(RuntimeError):
    """流程之间互相派生,超过了 {DEEPEST} 层;请检查“开单”和“带动”"""


@dataclass
class Recorder:
    """Records outcomes of one pass on one connection."""

    know: Knowledge
    desk: Desk
    answered: Answered = field(default_factory=Answered)
    trace: taking_back.Trace | None = None  # of the event in hand: what an operator would have to take back

    @contextmanager
    def tracing(self) -> Iterator[None]:
        """What is recorded within belongs to one event."""
        if self.trace is not None:
            yield
            return
        self.trace = taking_back.Trace()
        try:
            yield
            taking_back.complete(self.know.conn, self.trace)
        finally:
            self.trace = None

    def record(self, process: Process, outcome: Outcome, event: Event, depth: int = 0) -> Case:
        """Writes everything that follows; gives the case as it is afterwards."""
        with self.tracing():
            return self._record(process, outcome, event, depth)

    def _did(self, case: Case | None, what: str, *things: Any) -> None:
        if self.trace is not None and case is not None:
            self.trace.deeds[case.id][what] += things

    def note_changes(self, case: Case, rows: Iterable[Any], status: str = "") -> None:
        """Register rows are about to get another status on account of `case`."""
        self._did(case, "changed", *([row["id"], row["status"]] for row in rows if row["status"] != status))

    def _record(self, process: Process, outcome: Outcome, event: Event, depth: int) -> Case:
        if depth > DEEPEST:
            raise Circle(Circle.__doc__)
        conn, case = self.know.conn, outcome.case
        new = not case.id
        written: dict[str, Any] | None = None
        if new:
            written = self._open(process, case)
            self.desk.fresh[case.id] = set()
            for document in process.documents.values():
                if not document.length and not document.due and document.when is None:
                    cases.set_document(conn, case.id, document.name, {})
                    case.documents.setdefault(document.name, "")
        elif self.trace is not None:
            taking_back.keep(conn, case, outcome, event, self.trace)
        for step in outcome.steps:
            cases.note(conn, case.id, event.at, event.who or "系统", step.action, step.from_state, step.to_state, step.note, event.mail_id)
        if outcome.project:
            self._project(outcome, case, event)
        self._documents(outcome, case, event)
        self._entries(outcome, case, event, depth)
        names = Names(process, case, event, self.know)
        self._expected(process, case, names)
        changes = timekeeping.keep(self.know, process, case, names, event.at, outcome, new)
        if written != _columns(case):
            self._save(case, event.at)
        for child in outcome.children:
            self.open_child(child.process, child.values, case, event, depth + 1)
        for nudge in outcome.nudges:
            self._nudge(nudge.process, nudge.action, nudge.same, nudge.values, case, event, depth + 1)
        if case.project and outcome.steps and outcome.steps[0].action in ("开单", "更正") and not outcome.problems:
            self._upon(process.name, case, event, depth + 1)
        names.forget()
        self.desk.write(outcome.letters, event, self.answered, process, case, names)
        self._forgive(changes.forgiven, case, event, depth)
        for deadline_id, declared in changes.late:
            case = self.late(process, case, deadline_id, declared, event, depth + 1)
        return case

    # -- the case itself -------------------------------------------------------------------------------------------------

    def _open(self, process: Process, case: Case) -> dict[str, Any]:
        """Inserts the case; what was written, so that it is written again only where something more changed it."""
        case.version = version_of(process)
        if (process.name, case.version) not in self.know.kept_versions:
            cases.keep_version(self.know.conn, process.name, case.version, process.source)
            self.know.kept_versions.add((process.name, case.version))
        local = case.opened_at.astimezone(self.know.calendar.tz)
        written = copy.deepcopy(_columns(case))
        case.id, case.number = cases.open_case(self.know.conn, {"code": process.code, "year": local.year, "process": process.name, **written})
        case.title = case.title.replace("<单号>", case.number)
        return written

    def _save(self, case: Case, at: datetime) -> None:
        values = _columns(case)
        values["closed_at"] = None if case.open else (row := cases.get(self.know.conn, case.id)) and row["closed_at"] or at  # what is done after the end moves it not
        cases.update(self.know.conn, case.id, values)

    def _project(self, outcome: Outcome, case: Case, event: Event) -> None:
        name = outcome.project.pop("项目", "") or case.project
        known, _ = self.know.project(name)
        name = known or name
        if not name:
            return
        master = next((p for p in self.know.master.projects if p.name == name), None)
        data = {**outcome.project, "_csv": csv_cells(master, list(outcome.project))}
        was: dict[str, Any] = next((p["data"] for p in cases.projects(self.know.conn) if p["name"] == name), {})
        self._did(case, "cells", [name, {column: was.get(column) for column in data}])
        cases.set_project(self.know.conn, name, data, case.id, event.at)
        self.know.forget_projects()
        case.project = name

    def _documents(self, outcome: Outcome, case: Case, event: Event) -> None:
        for name in outcome.received:
            before = next((d for d in cases.documents(self.know.conn, [case.id]) if d["name"] == name), None)
            version = (before["version"] if before else 0) + 1
            mail = before["mail_id"] if before and before["mail_id"] and not event.files else event.mail_id  # mended by words alone: its files are the ones that came before
            cases.set_document(self.know.conn, case.id, name, {"received_at": event.at, "version": version, "sender": event.who, "mail_id": mail})
            case.documents[name] = event.at.isoformat()
        for name in outcome.sent_back:
            cases.set_document(self.know.conn, case.id, name, {"received_at": None, "accepted_at": None})
        for name in outcome.accepted:
            cases.set_document(self.know.conn, case.id, name, {"accepted_at": event.at})

    def _expected(self, process: Process, case: Case, names: Names) -> None:
        """Documents without a time of their own that the case wants once their condition (当) holds, and those that a field lists (逐项文件)."""
        listed = listed_documents(process, case)
        kept = {d["name"] for d in cases.documents(self.know.conn, [case.id])} if listed else ()
        for name in listed:
            if name not in kept:
                cases.set_document(self.know.conn, case.id, name, {})
                case.documents.setdefault(name, "")
        for document in process.documents.values():
            if document.name not in case.documents and not document.length and not document.due and document.when is not None and document.when.holds(names.many):
                cases.set_document(self.know.conn, case.id, document.name, {})
                case.documents[document.name] = ""

    # -- registers -------------------------------------------------------------------------------------------------------

    def _entries(self, outcome: Outcome, case: Case, event: Event, depth: int) -> list[int]:
        written: list[ledger.Written] = []
        for register, status in outcome.changes:  # of the rows that stand; those of this outcome come after and are right as they are
            rows: list[Any]
            if register:
                rows = cases.entries(self.know.conn, register, case_id=case.id, statuses=_FROM.get(status, ("candidate", "proposed", "confirmed", "disputed")))
            else:
                rows = cases.entries(self.know.conn, ids=[case.entry_id]) if case.entry_id else []
            self.note_changes(case, rows, status)
            written.append(ledger.change(self.know, [dict(r) for r in rows], status, event.at, case, event.mail_id))
        for plan in outcome.entries:
            written += [ledger.add(self.know, case, each, event.at, event.mail_id) for each in ledger.listed(self.know, plan)]
        for done in written:
            self.consequences(done, case, event, depth)
        return [id for done in written for id in done.added]

    def consequences(self, done: ledger.Written, case: Case, event: Event, depth: int = 1) -> None:
        """Cases begin that decide on new rows, and those that decide on reversed ones end."""
        self._did(case, "entries", *done.added)
        for register, id in done.to_decide:
            row = cases.entries(self.know.conn, ids=[id])[0]
            values = {**{k: str(v) for k, v in row["data"].items()}, "代码": row["code"], register.who_column: row["who"], "分值": f"{row['points']:g}"}
            self.open_child(register.process, values, case, event, depth + 1, entry_id=id, register=register.name)
        for id in done.reversed:
            for row in cases.find(self.know.conn, entry_id=id, open=True):
                self._do(row, REVERSE, event, depth + 1, case)

    def _forgive(self, ids: list[int], case: Case, event: Event, depth: int) -> None:
        """A deadline that was missed is met after all: the candidates that it caused are taken back (§8-23)."""
        if not ids:
            return
        found = [dict(r) for r in cases.entries(self.know.conn, ids=ids) if r["status"] in ("candidate", "proposed", "disputed")]
        self.note_changes(case, found)
        self.consequences(ledger.change(self.know, found, "reversed", event.at, case, event.mail_id), case, event, depth)

    # -- other cases -------------------------------------------------------------------------------------------------------

    def open_child(
        self, name: str, values: dict[str, str], parent: Case | None, event: Event, depth: int, entry_id: int | None = None, register: str = "",
        start: int | None = None,
    ) -> Case | None:  # fmt: skip
        """Opens a case of another process with these fields, unless one that must be alone is open already (唯一)."""
        process = self.know.library.processes[name]
        index = start
        if index is None:
            index = next((i for i, s in enumerate(process.starts) if (s.register == register if register else s.derived)), 0)
        inner = Event(event.at, who=event.who, address=event.address, raw={k: v for k, v in values.items() if v}, subject=event.subject, text=event.text,
                      files=event.files, to=event.to, cc=event.cc, proof=event.proof, mail_id=event.mail_id)  # fmt: skip
        if process.unique:
            same = {c: values.get(c, parent.project if parent and c == "项目" else "") for c in process.unique}
            if twin := self.twin(process, same):
                cases.note(self.know.conn, twin["id"], event.at, event.who or "系统", "再次发生", twin["state"], twin["state"], parent.number if parent else "", event.mail_id)
                return self.know.load(twin)
        case = decide.blank_case(process, inner)
        if entry_id is not None:
            case.opened_by = ""  # the service's own: who caused the row has no part in what is decided on it
        case.project = values.get("项目", "") or (parent.project if parent else "")
        case.parent_id, case.parent_number, case.entry_id = (parent.id if parent else None), (parent.number if parent else ""), entry_id
        outcome = decide.begin(process, index, case, inner, self.know)
        if isinstance(outcome, Refused):
            return None
        opened = self.record(process, outcome, inner, depth)
        self._did(parent, "opened", opened.id)
        return opened

    def twin(self, process: Process, same: dict[str, str]) -> Any:
        """The row of the open case that has the same values where the process allows one alone (唯一), None where there is none."""
        project = same.get("项目")
        for row in cases.find(self.know.conn, process.name, open=True, project=project or None):
            if all(str(row["fields"].get(k, "")) == v for k, v in same.items() if k != "项目"):
                return row
        return None

    def _nudge(self, process: str, action: str, same: dict[str, str], values: dict[str, str], case: Case, event: Event, depth: int) -> None:
        if process == "父单":
            found = [row] if case.parent_id and (row := cases.get(self.know.conn, case.parent_id)) else []
        elif process == "本单":  # what depends on the rows that were just written
            found = [row] if (row := cases.get(self.know.conn, case.id)) else []
        elif process == "子单":
            found = cases.find(self.know.conn, parent_id=case.id, open=True)
        else:
            found = [
                row
                for row in self._able(process, action, same.get("项目"))
                if all(str(row["fields"].get(k, "")) == v for k, v in same.items() if k != "项目")
            ]
        for row in found:
            if row["open"] or process == "本单":
                self._do(row, action, event, depth, case, values)

    def _able(self, process: str, action: str, project: str | None) -> list[Any]:
        """The rows of the open cases of a process, in one project or in all, whose state allows the action; newest first."""
        resting = cases.resting_open(self.know.conn, process, project)
        cards = {(version, state) for _, version, state in resting}
        able = {(version, state) for version, state in cards if (p := self.know.process_of(process, version)) is not None and action in p.actions_in(state)}
        return [row for id, version, state in resting if (version, state) in able and (row := cases.get(self.know.conn, id)) is not None]

    def _upon(self, opened: str, case: Case, event: Event, depth: int) -> None:
        """Actions of other open cases of the project that wait for a case of this process (逢)."""
        for process, action in self.know.library.waiting_for.get(opened, ()):
            for row in self._able(process, action, case.project):
                self._do(row, action, event, depth, case)

    def _do(self, row: Any, action: str, event: Event, depth: int, by: Case, values: dict[str, str] | None = None) -> None:
        """Does an action of the service's own to another case on account of case `by`, where its state allows it."""
        process = self.know.process_of(row["process"], row["version"])
        if process is None:
            return
        declared = process.actions_in(row["state"]).get(action)
        if declared is None:
            return
        inner = Event(event.at, raw=values or {}, text=event.text, subject=event.subject, argument=event.argument, rest=event.rest, mail_id=event.mail_id, files=event.files)
        outcome = decide.act(process, self.know.load(row), declared, inner, self.know)
        if isinstance(outcome, Outcome):
            self.record(process, outcome, inner, depth)
            self._did(by, "moved", row["id"])

    # -- time ----------------------------------------------------------------------------------------------------------------

    def late(self, process: Process, case: Case, deadline_id: int, declared: Deadline | Document, event: Event, depth: int = 0) -> Case:
        """What a passed deadline causes; its register rows are remembered, so that they can be taken back."""
        with self.tracing():
            return self._late(process, case, deadline_id, declared, event, depth)

    def _late(self, process: Process, case: Case, deadline_id: int, declared: Deadline | Document, event: Event, depth: int) -> Case:
        assert declared.late is not None
        service = Event(event.at, mail_id=event.mail_id)
        outcome = decide.late(process, case, declared.late, service, self.know)
        outcome.steps[0].note = declared.name
        plans, outcome.entries = outcome.entries, []
        added: list[int] = []
        for plan in plans:
            done = ledger.add(self.know, outcome.case, plan, event.at, event.mail_id)
            added += done.added
            self.consequences(done, outcome.case, service, depth)
        row = next(d for d in cases.deadlines(self.know.conn, [case.id]) if d["id"] == deadline_id)
        cases.change_deadline(self.know.conn, deadline_id, {"memo": {**row["memo"], "late": True, "entries": [*row["memo"].get("entries", []), *added]}})
        return self.record(process, outcome, service, depth)

    def reckon(self, process: Process, case: Case, event: Event) -> Case:
        """The case's deadlines anew, by the calendar and tables in force; what that makes late or forgives follows."""
        with self.tracing():
            changes = timekeeping.keep(self.know, process, case, Names(process, case, event, self.know), event.at, Outcome(case))
            self._forgive(changes.forgiven, case, event, 0)
            for deadline_id, declared in changes.late:
                case = self.late(process, case, deadline_id, declared, event, 1)
        return case

    def tell(self, occasion: str, reader: str, event: Event, process: Process | None = None, case: Case | None = None, **facts: Any) -> None:
        """Writes one of the usual letters (table 通用信) to one reader."""
        letter = self.know.library.usual(occasion) or occasion
        names = Names(process, case, event, self.know) if process is not None and case is not None else None
        cc = facts.pop("抄送", [])
        self.desk.write([LetterPlan(letter, [reader], cc, facts=facts, says=facts.get("说", ""))], event, self.answered, process, case, names)

    def tell_with(self, occasion: str, reader: str, event: Event, attach: list[dict[str, Any]], **facts: Any) -> None:
        """The same about no case, with files and whatever else the letter must remember (`choices`)."""
        self.desk.attach_next = attach
        self.tell(occasion, reader, event, **facts)


def _columns(case: Case) -> dict[str, Any]:
    return {
        "version": case.version, "state": case.state, "open": case.open, "title": case.title, "project": case.project, "opened_by": case.opened_by,
        "owner": case.owner, "opened_at": case.opened_at, "entered_at": case.entered_at, "parent_id": case.parent_id, "entry_id": case.entry_id,
        "fields": case.fields, "memo": case.memo, "revision": case.revision,
    }  # fmt: skip
