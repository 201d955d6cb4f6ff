"""What decisions may ask: people, projects, contracts, registers, other cases. Reads master data and one store connection; changes nothing."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from store import cases

from . import roster
from .calendars import WorkCalendar
from .masterdata import MasterData
from .people import Directory, Person, Project, ProjectIndex, customers_projects, spoken_of
from .plain_lookups import PlainLookups
from .process import registers
from .process.checks import Vague
from .process.dates import read_period
from .process.decide import handed_in
from .process.library import Library
from .process.model import Lookup, Process
from .process.names import Names
from .process.tables import judge
from .process.values import number
from .process.world import Case, Event, Look
from .register_lookups import RegisterLookups

PROJECT_COLUMNS = {"客户": "customer", "责任销售": "sales", "第一售前": "presales_1", "第二售前": "presales_2", "状态": "status", "地区": "region", "合同号": "contract"}
REGISTERED = ("立项", "实施", "验收", "售后")  # statuses of a project that was set up (RULEBOOK §5.2)


class Knowledge(PlainLookups, RegisterLookups):
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
        return getattr(self, f"_{_METHODS[lookup.source]}")(lookup.args, case, event, look)

    def _from_project(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        name = case.project or case.fields.get("项目", "")
        return self.project_cell(self.project(name)[0] or name, args["column"]) or ("否" if args["column"] == "是否立项" else "")

    def _from_register(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        register = self.library.registers[args["register"]]
        by: dict[str, Any] = {}
        matching: dict[str, str] = {}
        for word in args["by"].split("、"):
            column, _, source = word.partition("=")
            value = look(source or column)
            if column == register.project_column:
                by["project"] = value
            elif column == register.who_column or column in ("谁", "人员"):
                by["who"] = value
            else:
                matching[column] = value
        if args.get("days"):
            by["since"] = event.at - timedelta(days=int(args["days"]))
        if args.get("code"):
            by["code"] = args["code"]
        if args["what"] == "最近" or matching:
            rows = [r for r in cases.entries(self.conn, register.name, **by, statuses=registers.COUNTED) if all(str(r["data"].get(k, "")) == v for k, v in matching.items())]
            if args["what"] == "最近":
                return str(max(rows, key=lambda r: (r["at"], r["id"]))["data"].get(args["column"], "")) if rows else ""
            count, total = len(rows), sum(r["points"] for r in rows)
        elif by.keys() == {"who"} and args["what"] == "次数":
            return str(self.counted(register, by["who"], case.opened_at))
        else:
            count, total = cases.count_and_sum(self.conn, register.name, registers.COUNTED, **by)
        return f"{count if args['what'] == '次数' else count + 1 if args['what'] == '第几次' else total:g}"

    def counted(self, register: registers.Register, who: str, moment: datetime) -> int:
        """How many rows count for a person: all of them, or where the register has a window those of the moment's month, quarter or year."""
        since, until = None, None
        if days := registers.span(self.library.config(register.window), moment.astimezone(self.calendar.tz).date()):
            since, until = (datetime.combine(day, time(), self.calendar.tz) for day in days)
        return cases.count_and_sum(self.conn, register.name, registers.COUNTED, who=who, since=since, until=until)[0]

    def higher_replaces(self) -> bool:
        """Whether a higher threshold takes the place of the lower ones that it includes (RULEBOOK §6-1)."""
        return self.library.config("penalty.overlap") == "permanent_only"

    def _thresholds_ahead(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        steps = registers.ahead(registers.tiers(self.library.registers[args["register"]], self.library.tables), int(number(look(args["count"])) or 0), self.higher_replaces())
        if args["what"] == "差":
            return str(steps[0][0]) if steps else ""
        return "；".join(f"再有 {more} 次，{step.says}" for more, step in steps)

    def _from_table(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        return self.library.tables[args["table"]].first(look, args["column"])

    def _left_over(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        used = Counter(str(r["data"].get(args["by"], "")) for r in cases.entries(self.conn, args["register"], statuses=registers.COUNTED))
        left = {row[args["by"]]: (number(row.get(args["column"], "")) or 0) - used[row[args["by"]]] for row in self.library.tables[args["table"]].rows}
        return "、".join(f"{name} 剩 {n:g}" for name, n in left.items() if n > 0)

    def _by_judgement(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        return judge(self.library.tables[args["table"]], look(args["by"]), args["column"])

    def _cases_like(self, args: dict[str, str], case: Case, look: Look) -> list[Any]:
        same = {column: look(name or column) for column, _, name in (word.partition("=") for word in args["by"].split("、"))}
        project = same.pop("项目", None)
        states = [s for s in args.get("states", "").split("、") if s]

        def alike(row: Any) -> bool:
            return all(v == (have := str(row["fields"].get(k, ""))) or v and v in have.split("、") for k, v in same.items())

        rows = [r for r in cases.find(self.conn, args["process"], project=project, holding=same) if r["id"] != case.id and alike(r)]
        if args.get("later"):
            rows = [r for r in rows if r["opened_at"] > case.opened_at]
        if args.get("within") and (day := look(args["day"])[:10]):
            rows = [r for r in rows if self._within(str(r["fields"].get(args["period"], "")), r["opened_at"], date.fromisoformat(day), args["within"] == "期内")]
        return [r for r in rows if not states or r["open"] and "在办" in states or r["state"] in states or not args.get("now") and any(s in r["memo"].get("path", {}) for s in states)]

    def _within(self, period: str, said_at: datetime, day: date, begun: bool) -> bool:
        """Whether a day lies in a period as somebody wrote it (with `begun`, not before it either); words without days bound nothing."""
        first, last = read_period(period, said_at.astimezone(self.calendar.tz).date())
        return not (begun and first and day < first or last and day > last)

    def _from_cases(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        return "是" if self._cases_like(args, case, look) else "否"

    def _number_of_case(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        return next((str(r["number"]) for r in self._cases_like(args, case, look)), "")

    def _count_cases(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        return str(len(self._cases_like(args, case, look)))

    def _values_of_cases(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        """Each such case in a line, the oldest first: its number and what these fields say."""
        rows = reversed(self._cases_like(args, case, look))

        def said(row: Any) -> str:
            return "；".join(f"{c}:{v}" for c in args["columns"].split("、") if (v := str(row["fields"].get(c, "")).replace("\n", "、")))

        return "\n".join(f"{r['number']} {said(r)}" for r in rows)

    def _from_settings(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        return self.library.config(args["key"])

    def _from_master(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        column, _, name = args["by"].partition("=")
        wanted = look(name or column)
        return next((row.get(args["column"], "") for row in self.master.table(args["table"]) if row.get(column, "") == wanted), "")

    def _on_duty(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        return "、".join(roster.on_duty(self.master.table(args["table"]), event.at.astimezone(self.calendar.tz), self.library.tables.get("班次")))

    def _from_documents(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        if args["what"] == "来件":
            process = self.process_of(case.process, case.version)
            return "、".join(handed_in(Names(process, case, event, self))) if process else ""
        missing = [name for name, at in case.documents.items() if not at]
        return "、".join(missing) if args["what"] == "未交" else "否" if missing else "是"

    def _from_parent(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        """A name of the parent case, or of the one above where the parent does not know the name."""
        row = cases.get(self.conn, case.parent_id) if case.parent_id else None
        for _ in range(4):
            process = self.process_of(row["process"], row["version"]) if row else None
            if row is None or process is None:
                return ""
            if args["column"] == "流程":
                return str(row["process"])
            if args["column"] == "源流程":
                if row["parent_id"] and (above := cases.get(self.conn, row["parent_id"])):
                    row = above
                    continue
                return str(row["process"])
            try:
                return Names(process, self.load(row), event, self).look(args["column"])
            except KeyError:
                row = cases.get(self.conn, row["parent_id"]) if row["parent_id"] else None
        return ""

    def _not_done(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        day = event.at.date()
        first = {"本月": day.month, "本季": (day.month - 1) // 3 * 3 + 1, "本半年": 1 if day.month <= 6 else 7, "本年": 1}[args["within"]]
        since = day.replace(month=first, day=1).isoformat()
        rows = cases.find(self.conn, args["process"], limit=5000)
        wanted = [r.get(args["column"], "") for r in self.master.table(args["table"])] or [str(r["fields"].get(args["column"], "")) for r in rows]
        done = {str(r["fields"].get(args["column"], "")) for r in rows if since <= str(r["fields"].get(args["field"], ""))[:10] <= day.isoformat()}
        return "、".join(dict.fromkeys(w for w in wanted if w and w not in done))

    def _numbers_in_month(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        month = re.sub(r"\D", "", look(args["month"]))[:6]
        found = [
            str(r["number"])
            for process in args["processes"].split("、")
            for r in cases.find(self.conn, process, limit=5000)
            if month and any(re.sub(r"\D", "", str(r["fields"].get(f, "")))[:6] == month for f in args["field"].split("、"))
        ]
        said = event.text + event.sheets
        return "、".join(n for n in found if not args.get("missing") or n not in said)

    def agreed(self, item: str, scope: str = "") -> str:
        """What the contract says instead of the rules (table 合同约定: 事项, 范围, 值), '' where it says nothing (RULEBOOK §2.0)."""
        rows = [r for r in self.master.table("合同约定") if r.get("事项", "").strip() == item]
        return next((r.get("值", "").strip() for r in rows if r.get("范围", "").strip() in ("", scope)), "")

    def _from_contract(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        return self.agreed(args["item"], look(args["scope"]) if args.get("scope") else "")

    def _from_children(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        rows = cases.find(self.conn, parent_id=case.id) if case.id else []
        if args.get("process"):
            rows = [r for r in rows if r["process"] in args["process"].split("、")]
        if args["what"] == "未结":
            return "是" if any(r["open"] for r in rows) else "否"
        state = args["what"].removeprefix("状态 ")
        return "是" if any(r["state"] == state for r in rows) else "否"

    def _missing_recipient(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        return "否" if any(args["role"] in self.roles_of(name) for name in (*event.to, *event.cc)) else "是"

    def _not_written_to(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        wanted = self.with_role(args["role"]) if args["role"] else [n for role in args["names"].split("、") for n in look(role).split("、") if n]
        return "、".join(name for name in dict.fromkeys(wanted) if name not in (*event.to, *event.cc, event.who))

    def _recipients(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        return "、".join(name for name in dict.fromkeys((*event.to, *event.cc)) if args["role"] in self.roles_of(name))

    def _from_history(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        return str((cases.count_actions(self.conn, case.id, args["action"]) if case.id else 0) + bool(args.get("this")))

    def _outside(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        """Recipients of the mail whose address is in none of our domains ([service] domains)."""
        return "、".join(dict.fromkeys(name for name in (*event.to, *event.cc) if not self.ours(name)))

    def ours(self, who: str) -> bool:
        """Whether a name's or an address's domain is one of ours."""
        person = self.directory.by_name(who) if "@" not in who else None
        address = person.address if person else who
        return any(address.lower().rpartition("@")[2] == d.lower() or address.lower().endswith("." + d.lower()) for d in self.domains)

    def _holders(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        people = self.with_role(args["role"])
        if args.get("place"):
            place = re.sub(r"(?:市区|市|县|区)$", "", look(args["place"]))
            people = [n for n in people if place and any(place in where or where[:2] in place for where in (self._unit_of(n), n) if where)]
        return "、".join(people)

    def _unit_of(self, name: str) -> str:
        found = self.directory.by_name(name)
        return found.unit if found else ""

    def _still_here(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        process = self.process_of(case.process, case.version) or self.library.processes.get(case.process)
        role = args["name"]  # those who are named for it: who stands in for them is no answer here
        people = Names(process, case, event, self).holders(role) if process is not None and role in process.roles else look(role).split("、")
        return "、".join(n for n in people if (p := self.directory.by_name(n)) and p.active)

    def _people_meant(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        """The people that words mean: names, units, posts, everybody; without those of another name."""
        found: list[str] = []
        units = {p.unit for p in self.directory.people if p.unit}
        for word in re.split(r"[、,，;；\n]|\s+", look(args["name"])):
            word = word.strip(" 。.")
            bare = re.sub(r"全体|所有|全部|人员|员工|同事", "", word)
            if name := self.person(word) if word else "":
                found.append(name)
            elif bare in units:
                found += self.of_unit(bare)
            elif bare and (holders := self.with_role(bare)):
                found += holders
            elif re.match(r"全体|全公司|全员|所有", word):
                found += self.with_role("*")
        but = look(args["but"]).split("、") if args.get("but") else []
        return "、".join(n for n in dict.fromkeys(found) if n not in but)

    def _projects_of_customer(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        """The one project with such a status of the customer who writes, '' where that is not clear; 全部: all of them; 本单: whether the case's is theirs.
        A mail that speaks of another project of theirs means that one."""
        theirs = customers_projects(self.directory, self.all_projects().values(), event.who)
        if args.get("what") == "本单":
            return "是" if any(p.name == case.project for p in theirs) else "否"
        found = [p.name for p in spoken_of(theirs, event.subject + "\n" + event.text) or theirs if p.status in args["states"].split("、")]
        return "、".join(found) if args.get("what") == "全部" else found[0] if len(found) == 1 else ""


_METHODS = {
    "项目": "from_project", "台账": "from_register", "决策表": "from_table", "判定": "by_judgement", "余额": "left_over", "不一致": "differing", "单": "from_cases", "单号": "number_of_case", "单数": "count_cases", "单值": "values_of_cases", "未到": "not_written_to",
    "取定": "from_settings", "期日": "days_from", "主数据": "from_master", "当班": "on_duty", "文件": "from_documents",
    "子单": "from_children", "收件": "missing_recipient", "起止": "end_of_period", "到时": "moment_after", "头一个": "first_left", "所指": "meant", "档次": "thresholds_ahead", "收件人": "recipients", "历史": "from_history", "时段": "in_office_hours",
    "外部收件": "outside", "缺项": "gaps", "在职": "still_here", "岗位": "holders", "名单": "people_meant", "客户项目": "projects_of_customer",
    "父单": "from_parent", "期间": "period", "先有": "first_filled", "约定": "from_contract", "未办": "not_done", "加减": "arithmetic", "有单": "numbers_in_month",
}  # fmt: skip


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
