"""What decisions may ask: people, projects, contracts, registers, other cases. Reads master data and one store connection; changes nothing."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from store import cases

from .calendars import WorkCalendar
from .masterdata import MasterData
from .people import Directory, Person, Project, ProjectIndex
from .process import registers
from .process.checks import Vague
from .process.library import Library
from .process.model import Lookup, Process
from .process.names import Names
from .process.world import Case, Event, Look

PROJECT_COLUMNS = {"客户": "customer", "责任销售": "sales", "第一售前": "presales_1", "第二售前": "presales_2", "状态": "status", "地区": "region", "合同号": "contract"}
REGISTERED = ("立项", "实施", "验收", "售后")  # statuses of a project that was set up (RULEBOOK §5.2)


class Knowledge:
    """The world of one pass: master data in force, one connection, one `now`."""

    def __init__(
        self, library: Library, master: MasterData, directory: Directory, calendar: WorkCalendar, conn: sa.Connection, now: datetime,
        domains: Sequence[str] = (),
    ):  # fmt: skip
        self.domains = tuple(domains)  # [service] domains: whose addresses are ours
        self.library, self.master, self.directory, self.calendar = library, master, directory, calendar
        self.conn = conn
        self.now = now.astimezone(calendar.tz)
        self._projects: dict[str, Project] | None = None
        self._index: ProjectIndex | None = None
        self._vague: Vague | None = None
        self._away: set[str] | None = None
        self._left: dict[str, str] = {}  # people who left → who stands in for them, '' for nobody
        self.kept_versions: set[tuple[str, str]] = set()
        self._older: dict[tuple[str, str], Process] = {}

    # -- people --------------------------------------------------------------------------------------------------------

    def person(self, text: str) -> str:
        """The name in the directory that the words mean, '' where nobody or several are meant."""
        short = re.split(r"[(（<]", text.strip())[0].strip() or text.strip()
        found = self.directory.by_name(short) or (self.directory.by_name(text) if short != text.strip() else None)
        return found.name if found else ""

    def namesakes(self, text: str) -> list[str]:
        """How to write each of the people whom a name means that several have; [] where one or nobody is meant."""
        return [p.name for p in self.directory.namesakes(text)]

    def whole_person(self, name: str) -> Person | None:
        """The directory's row of a name."""
        return self.directory.by_name(name)

    def with_role(self, role: str) -> list[str]:
        """Everybody with a role, where all have left who stands in for them; `*` is every colleague (people of our own, no customers or carriers)."""
        if role == "*":
            outside = self.library.outside_roles()
            return [p.name for p in self.directory.people if p.active and not outside & set(p.roles)]
        return [p.name for p in self.directory.with_role(role) or self.directory.stand_ins(role)]

    def roles_of(self, name: str) -> Sequence[str]:
        """The roles of a name, each under its proper name beside the synonym that the table of people has."""
        found = self.directory.by_name(name)
        return tuple(dict.fromkeys((*map(self.directory.role, found.roles), *found.roles))) if found else ()

    def of_unit(self, unit: str) -> list[str]:
        """Everybody of a unit."""
        return [p.name for p in self.directory.people if p.active and p.unit == unit]

    def superior(self, name: str) -> str:
        """Whom a name reports to, '' at the top."""
        found = self.directory.by_name(name)
        above = self.directory.superior(found) if found else None
        return above.name if above else ""

    def acting(self, names: list[str], on: date) -> list[str]:
        """The names, and beside somebody who is away that day who acts for them (columns 休假至, 代理人 of people.csv); for who left, their superior."""
        if self._away is None:
            self._away = {p.name for p in self.directory.people if p.away_until and p.active}
            self._left = {p.name: s.name if (s := self.directory.successor(p)) else "" for p in self.directory.people if not p.active}
        if self._left and not self._left.keys().isdisjoint(names):
            names = [n for name in names if (n := self._left.get(name, name))]
        found = names
        if not self._away.isdisjoint(names):
            both = ((n, self.directory.acting(p, on).name) if n in self._away and (p := self.directory.by_name(n)) else (n,) for n in names)
            found = [n for pair in both for n in pair]
        return list(dict.fromkeys(n for n in found if n))

    # -- projects ------------------------------------------------------------------------------------------------------

    def all_projects(self) -> dict[str, Project]:
        """The projects of the CSV with what mail changed in them, and those that mail created (§8-21), by name."""
        if self._projects is None:
            found = {p.name: p for p in self.master.projects}
            for row in cases.projects(self.conn):
                found[row["name"]] = _overlaid(found.get(row["name"]), row["name"], row["data"])
            self._projects, self._index = found, ProjectIndex(found.values())
        return self._projects

    def forget_projects(self) -> None:
        """After a decision wrote a project."""
        self._projects = None

    def project(self, text: str) -> tuple[str, list[str]]:
        """(name, []) of the project that the words mean, or ('', near ones)."""
        self.all_projects()
        assert self._index is not None
        match = self._index.find(text)
        if match.project:
            return match.project.name, []
        return "", [p.name for p in match.candidates]

    def project_cell(self, project: str, column: str) -> str:
        """One cell of a project, '' where it is unknown."""
        found = self.all_projects().get(project)
        if found is None:
            return ""
        if column == "是否立项":
            return "是" if found.status in REGISTERED else "否"
        if column == "验收日期":
            return found.accept_date.isoformat() if found.accept_date else ""
        return str(getattr(found, PROJECT_COLUMNS[column])) if column in PROJECT_COLUMNS else found.extra.get(column, "")

    def contract(self, text: str) -> str:
        """The number as the contract table writes it, '' where it has none such."""
        known = (row.get("合同号", "").strip() for row in self.master.table("contracts"))
        return next((number for number in known if number.lower() == text.strip().lower()), "")

    # -- cases ---------------------------------------------------------------------------------------------------------

    def process_of(self, name: str, version: str) -> Process | None:
        """The process as a case knows it: the version it began with, from the store where the file has moved on."""
        from .process import loader

        current = self.library.processes.get(name)
        if current is not None and version_of(current) == version:
            return current
        if (name, version) not in self._older:
            source = cases.version_source(self.conn, name, version)
            if source is None:
                return current
            self._older[name, version] = loader.load_text(source, f"{name}@{version}", kept=True)
        return self._older[name, version]

    def load(self, row: Any) -> Case:
        """A case row as decisions see it."""
        case = Case(
            process=row["process"], version=row["version"], state=row["state"], opened_at=row["opened_at"].astimezone(self.calendar.tz),
            entered_at=row["entered_at"].astimezone(self.calendar.tz), id=row["id"], number=row["number"], open=row["open"], title=row["title"],
            project=row["project"], opened_by=row["opened_by"], owner=row["owner"], parent_id=row["parent_id"], entry_id=row["entry_id"],
            fields=dict(row["fields"]), memo=dict(row["memo"]), revision=row["revision"],
        )  # fmt: skip
        for document in cases.documents(self.conn, [row["id"]]):
            case.documents[document["name"]] = document["received_at"].astimezone(self.calendar.tz).isoformat() if document["received_at"] else ""
        if row["parent_id"]:
            parent = cases.get(self.conn, row["parent_id"])
            case.parent_number = parent["number"] if parent else ""
        return case

    def parent_people(self, case: Case, role: str) -> list[str]:
        """The people of a role of the parent case."""
        row = cases.get(self.conn, case.parent_id) if case.parent_id else None
        process = self.process_of(row["process"], row["version"]) if row else None
        if row is None or process is None:
            return []
        return Names(process, self.load(row), Event(self.now), self).people(role)

    def vague(self) -> Vague:
        """The table of empty sentences."""
        if self._vague is None:
            table = self.library.tables.get("笼统语句")
            self._vague = Vague(table.rows if table else ())
        return self._vague

    # -- lookups -------------------------------------------------------------------------------------------------------

    def lookup(self, lookup: Lookup, case: Case, event: Event, look: Look) -> str:
        """The value of a 取数 for this case now, as text; '' where there is none."""
        from .lookups import SOURCES  # late: a pass with nothing to decide needs none

        return SOURCES[lookup.source](self, lookup.args, case, event, look)

    def counted(self, register: registers.Register, who: str, moment: datetime) -> int:
        """How many rows count for a person: all of them, or where the register has a window those of the moment's month, quarter or year."""
        since, until = None, None
        if days := registers.span(self.library.config(register.window), moment.astimezone(self.calendar.tz).date()):
            since, until = (datetime.combine(day, time(), self.calendar.tz) for day in days)
        return cases.count_and_sum(self.conn, register.name, registers.COUNTED, who=who, since=since, until=until)[0]

    def higher_replaces(self) -> bool:
        """Whether a higher threshold takes the place of the lower ones that it includes (RULEBOOK §6-1)."""
        return self.library.config("penalty.overlap") == "permanent_only"

    def agreed(self, item: str, scope: str = "") -> str:
        """What the contract says instead of the rules (table 合同约定: 事项, 范围, 值), '' where it says nothing (RULEBOOK §2.0)."""
        rows = [r for r in self.master.table("合同约定") if r.get("事项", "").strip() == item]
        return next((r.get("值", "").strip() for r in rows if r.get("范围", "").strip() in ("", scope)), "")

    def ours(self, who: str) -> bool:
        """Whether a name's or an address's domain is one of ours."""
        person = self.directory.by_name(who) if "@" not in who else None
        address = person.address if person else who
        return any(address.lower().rpartition("@")[2] == d.lower() or address.lower().endswith("." + d.lower()) for d in self.domains)


def version_of(process: Process) -> str:
    """What tells one text of a process from another: its 版本 and a fingerprint, so that an edit without a new number is another version too."""
    return _fingerprint(process.version, process.source)


@lru_cache(maxsize=512)
def _fingerprint(version: str, source: str) -> str:
    return f"{version}-{hashlib.sha256(source.encode()).hexdigest()[:8]}"


def _overlaid(known: Project | None, name: str, data: Mapping[str, str]) -> Project:
    """A CSV project with what mail changed; a cell that the CSV changed since then wins (§8-21)."""
    was: dict[str, str] = json.loads(data.get("_csv", "{}"))
    values: dict[str, Any] = {}
    extra = dict(known.extra) if known else {}
    for column, text in data.items():
        if column.startswith("_"):
            continue
        if known is not None and (now := _cell(known, column)) and now != was.get(column, "") and now != text:
            continue
        if column in PROJECT_COLUMNS:
            values[PROJECT_COLUMNS[column]] = text
        elif column == "别名":
            values["aliases"] = tuple(w for w in text.split("、") if w)
        elif column == "验收日期":
            values["accept_date"] = datetime.fromisoformat(text[:10]).date() if text else None
        else:
            extra[column] = text
    from dataclasses import replace

    return replace(known or Project(name), **values, extra=extra)


def _cell(project: Project, column: str) -> str:
    if column == "验收日期":
        return project.accept_date.isoformat() if project.accept_date else ""
    return str(getattr(project, PROJECT_COLUMNS[column])) if column in PROJECT_COLUMNS else project.extra.get(column, "")


def csv_cells(project: Project | None, columns: Sequence[str]) -> str:
    """What the CSV says now of these columns, to be kept beside what mail writes."""
    return json.dumps({c: _cell(project, c) for c in columns} if project else {}, ensure_ascii=False)
