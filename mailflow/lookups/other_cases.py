"""取数 that ask other cases, or what a case went through: parents, children, cases alike, documents, history."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from store import cases

from ..process.dates import read_period
from ..process.documents import handed_in
from ..process.names import Names
from ..process.world import Args, Case, Event, Look

if TYPE_CHECKING:
    from ..knowledge import Knowledge


def cases_like(know: Knowledge, args: Args, case: Case, look: Look) -> list[Any]:
    same = {column: look(name or column) for column, _, name in (word.partition("=") for word in args["by"].split("、"))}
    project = same.pop("项目", None)
    states = [s for s in args.get("states", "").split("、") if s]

    def alike(row: Any) -> bool:
        return all(v == (have := str(row["fields"].get(k, ""))) or v and v in have.split("、") for k, v in same.items())

    rows = [r for r in cases.find(know.conn, args["process"], project=project, holding=same) if r["id"] != case.id and alike(r)]
    if args.get("later"):
        rows = [r for r in rows if r["opened_at"] > case.opened_at]
    if args.get("within") and (day := look(args["day"])[:10]):
        rows = [r for r in rows if within(know, str(r["fields"].get(args["period"], "")), r["opened_at"], date.fromisoformat(day), args["within"] == "期内")]
    return [r for r in rows if not states or r["open"] and "在办" in states or r["state"] in states or not args.get("now") and any(s in r["memo"].get("path", {}) for s in states)]


def within(know: Knowledge, period: str, said_at: datetime, day: date, begun: bool) -> bool:
    """Whether a day lies in a period as somebody wrote it (with `begun`, not before it either); words without days bound nothing."""
    first, last = read_period(period, said_at.astimezone(know.calendar.tz).date())
    return not (begun and first and day < first or last and day > last)


def from_cases(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    return "是" if cases_like(know, args, case, look) else "否"


def number_of_case(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    return next((str(r["number"]) for r in cases_like(know, args, case, look)), "")


def count_cases(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    return str(len(cases_like(know, args, case, look)))


def values_of_cases(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    """Each such case in a line, the oldest first: its number and what these fields say."""
    rows = reversed(cases_like(know, args, case, look))

    def said(row: Any) -> str:
        return "；".join(f"{c}:{v}" for c in args["columns"].split("、") if (v := str(row["fields"].get(c, "")).replace("\n", "、")))

    return "\n".join(f"{r['number']} {said(r)}" for r in rows)


def from_documents(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    if args["what"] == "来件":
        process = know.process_of(case.process, case.version)
        return "、".join(handed_in(Names(process, case, event, know))) if process else ""
    missing = [name for name, at in case.documents.items() if not at]
    return "、".join(missing) if args["what"] == "未交" else "否" if missing else "是"


def from_parent(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    """A name of the parent case, or of the one above where the parent does not know the name."""
    row = cases.get(know.conn, case.parent_id) if case.parent_id else None
    for _ in range(4):
        process = know.process_of(row["process"], row["version"]) if row else None
        if row is None or process is None:
            return ""
        if args["column"] == "流程":
            return str(row["process"])
        if args["column"] == "源流程":
            if row["parent_id"] and (above := cases.get(know.conn, row["parent_id"])):
                row = above
                continue
            return str(row["process"])
        try:
            return Names(process, know.load(row), event, know).look(args["column"])
        except KeyError:
            row = cases.get(know.conn, row["parent_id"]) if row["parent_id"] else None
    return ""


def not_done(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    day = event.at.date()
    first = {"本月": day.month, "本季": (day.month - 1) // 3 * 3 + 1, "本半年": 1 if day.month <= 6 else 7, "本年": 1}[args["within"]]
    since = day.replace(month=first, day=1).isoformat()
    rows = cases.find(know.conn, args["process"], limit=5000)
    wanted = [r.get(args["column"], "") for r in know.master.table(args["table"])] or [str(r["fields"].get(args["column"], "")) for r in rows]
    done = {str(r["fields"].get(args["column"], "")) for r in rows if since <= str(r["fields"].get(args["field"], ""))[:10] <= day.isoformat()}
    return "、".join(dict.fromkeys(w for w in wanted if w and w not in done))


def numbers_in_month(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    month = re.sub(r"\D", "", look(args["month"]))[:6]
    found = [
        str(r["number"])
        for process in args["processes"].split("、")
        for r in cases.find(know.conn, process, limit=5000)
        if month and any(re.sub(r"\D", "", str(r["fields"].get(f, "")))[:6] == month for f in args["field"].split("、"))
    ]
    said = event.text + event.sheets
    return "、".join(n for n in found if not args.get("missing") or n not in said)


def from_children(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    rows = cases.find(know.conn, parent_id=case.id) if case.id else []
    if args.get("process"):
        rows = [r for r in rows if r["process"] in args["process"].split("、")]
    if args["what"] == "未结":
        return "是" if any(r["open"] for r in rows) else "否"
    state = args["what"].removeprefix("状态 ")
    return "是" if any(r["state"] == state for r in rows) else "否"


def from_history(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    return str((cases.count_actions(know.conn, case.id, args["action"]) if case.id else 0) + bool(args.get("this")))
