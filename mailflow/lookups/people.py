"""取数 about people and projects: who holds a role, who got the mail, whom words mean, what a project is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .. import roster
from ..people import customers_projects, spoken_of
from ..process.names import Names
from ..process.world import Args, Case, Event, Look

if TYPE_CHECKING:
    from ..knowledge import Knowledge


def from_project(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    name = case.project or case.fields.get("项目", "")
    return know.project_cell(know.project(name)[0] or name, args["column"]) or ("否" if args["column"] == "是否立项" else "")


def missing_recipient(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    return "否" if any(args["role"] in know.roles_of(name) for name in (*event.to, *event.cc)) else "是"


def not_written_to(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    wanted = know.with_role(args["role"]) if args["role"] else [n for role in args["names"].split("、") for n in look(role).split("、") if n]
    return "、".join(name for name in dict.fromkeys(wanted) if name not in (*event.to, *event.cc, event.who))


def recipients(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    return "、".join(name for name in dict.fromkeys((*event.to, *event.cc)) if args["role"] in know.roles_of(name))


def outside(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    """Recipients of the mail whose address is in none of our domains ([service] domains)."""
    return "、".join(dict.fromkeys(name for name in (*event.to, *event.cc) if not know.ours(name)))


def holders(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    people = know.with_role(args["role"])
    if args.get("place"):
        place = re.sub(r"(?:市区|市|县|区)$", "", look(args["place"]))
        people = [n for n in people if place and any(place in where or where[:2] in place for where in (unit_of(know, n), n) if where)]
    return "、".join(people)


def unit_of(know: Knowledge, name: str) -> str:
    found = know.directory.by_name(name)
    return found.unit if found else ""


def still_here(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    process = know.process_of(case.process, case.version) or know.library.processes.get(case.process)
    role = args["name"]  # those who are named for it: who stands in for them is no answer here
    people = Names(process, case, event, know).holders(role) if process is not None and role in process.roles else look(role).split("、")
    return "、".join(n for n in people if (p := know.directory.by_name(n)) and p.active)


def people_meant(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    """The people that words mean: names, units, posts, everybody; without those of another name."""
    found: list[str] = []
    units = {p.unit for p in know.directory.people if p.unit}
    for word in re.split(r"[、,，;；\n]|\s+", look(args["name"])):
        word = word.strip(" 。.")
        bare = re.sub(r"全体|所有|全部|人员|员工|同事", "", word)
        if name := know.person(word) if word else "":
            found.append(name)
        elif bare in units:
            found += know.of_unit(bare)
        elif bare and (holders := know.with_role(bare)):
            found += holders
        elif re.match(r"全体|全公司|全员|所有", word):
            found += know.with_role("*")
    but = look(args["but"]).split("、") if args.get("but") else []
    return "、".join(n for n in dict.fromkeys(found) if n not in but)


def on_duty(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    return "、".join(roster.on_duty(know.master.table(args["table"]), event.at.astimezone(know.calendar.tz), know.library.tables.get("班次")))


def projects_of_customer(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    """The one project with such a status of the customer who writes, '' where that is not clear; 全部: all of them; 本单: whether the case's is theirs.
    A mail that speaks of another project of theirs means that one."""
    theirs = customers_projects(know.directory, know.all_projects().values(), event.who)
    if args.get("what") == "本单":
        return "是" if any(p.name == case.project for p in theirs) else "否"
    found = [p.name for p in spoken_of(theirs, event.subject + "\n" + event.text) or theirs if p.status in args["states"].split("、")]
    return "、".join(found) if args.get("what") == "全部" else found[0] if len(found) == 1 else ""
