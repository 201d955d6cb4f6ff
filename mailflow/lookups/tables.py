"""取数 from registers, decision tables, settings, master data and contracts."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from store import cases

from ..process import registers
from ..process.tables import judge
from ..process.values import number
from ..process.world import Args, Case, Event, Look

if TYPE_CHECKING:
    from ..knowledge import Knowledge

MOST_KINDS = 12  # in one sentence of a letter
_NOTHING = ("", "-", "/", "无")


def from_register(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    register = know.library.registers[args["register"]]
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
        rows = [r for r in cases.entries(know.conn, register.name, **by, statuses=registers.COUNTED) if all(str(r["data"].get(k, "")) == v for k, v in matching.items())]
        if args["what"] == "最近":
            return str(max(rows, key=lambda r: (r["at"], r["id"]))["data"].get(args["column"], "")) if rows else ""
        count, total = len(rows), sum(r["points"] for r in rows)
    elif by.keys() == {"who"} and args["what"] == "次数":
        return str(know.counted(register, by["who"], case.opened_at))
    else:
        count, total = cases.count_and_sum(know.conn, register.name, registers.COUNTED, **by)
    return f"{count if args['what'] == '次数' else count + 1 if args['what'] == '第几次' else total:g}"


def thresholds_ahead(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    steps = registers.ahead(registers.tiers(know.library.registers[args["register"]], know.library.tables), int(number(look(args["count"])) or 0), know.higher_replaces())
    if args["what"] == "差":
        return str(steps[0][0]) if steps else ""
    return "；".join(f"再有 {more} 次，{step.says}" for more, step in steps)


def left_over(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    used = Counter(str(r["data"].get(args["by"], "")) for r in cases.entries(know.conn, args["register"], statuses=registers.COUNTED))
    left = {row[args["by"]]: (number(row.get(args["column"], "")) or 0) - used[row[args["by"]]] for row in know.library.tables[args["table"]].rows}
    return "、".join(f"{name} 剩 {n:g}" for name, n in left.items() if n > 0)


def differing(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    """What is of one kind and has more than one value, with where each stands; the newest row says what a place has, over the master data's table."""
    register = know.library.registers[args["register"]]
    by, place, column = args["by"].split("、"), args["places"], args["column"]
    entered = [r["data"] for r in sorted(cases.entries(know.conn, register.name, statuses=registers.COUNTED), key=lambda r: (r["at"], r["id"]))]
    now: dict[tuple[str, ...], dict[str, str]] = {}
    for row in (*know.master.table(register.code), *entered):
        if row.get(column) and row.get(by[0]):
            now.setdefault(tuple(str(row.get(c, "")) for c in by), {})[str(row.get(place, ""))] = str(row[column])
    first = look(args["first"]) if args.get("first") else ""
    kinds = {kind: held for kind, held in now.items() if not first or kind[0] == first} or now
    unlike = [f"{' '.join(k for k in kind if k not in _NOTHING)}:" + "、".join(f"{where} {value}".strip() for where, value in held.items()) for kind, held in kinds.items() if len({*held.values()}) > 1]
    return ";".join(unlike[:MOST_KINDS]) + (f" 等 {len(unlike)} 种" if len(unlike) > MOST_KINDS else "")


def from_table(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    return know.library.tables[args["table"]].first(look, args["column"])


def by_judgement(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    return judge(know.library.tables[args["table"]], look(args["by"]), args["column"])


def from_settings(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    return know.library.config(args["key"])


def from_master(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    column, _, name = args["by"].partition("=")
    wanted = look(name or column)
    return next((row.get(args["column"], "") for row in know.master.table(args["table"]) if row.get(column, "") == wanted), "")


def from_contract(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    return know.agreed(args["item"], look(args["scope"]) if args.get("scope") else "")
