"""Who left and still stands somewhere: their open cases, their projects, and who answers for them until somebody else is named."""

from __future__ import annotations

import re

from store import cases

from .knowledge import Knowledge

MOST = 6  # of what a line names


def vacancies(know: Knowledge) -> list[str]:
    """One Chinese line for each person of people.csv with 在职 否 on whom something still hangs."""
    left = {p.name: p for p in know.directory.people if not p.active}
    if not left:
        return []
    holds: dict[str, list[str]] = {name: [] for name in left}
    for project in know.all_projects().values():
        for column, name in (("责任销售", project.sales), ("第一售前", project.presales_1), ("第二售前", project.presales_2)):
            for one in re.split(r"[、,，]", name):
                if one in left:
                    holds[one].append(f"{project.name} 的{column}")
    for row in cases.find(know.conn, open=True):
        process = know.process_of(row["process"], row["version"])
        named = [("负责人", row["owner"]), ("开单人", row["opened_by"])]
        if process is not None:
            named += [(f.name, row["fields"].get(f.name, "")) for f in process.fields.values() if f.kind.name == "人员"]
        for one in left:
            if parts := [what for what, value in named if one in str(value).split("、")]:
                holds[one].append(f"{row['number']}({'、'.join(parts)})")
    found = []
    for name, things in holds.items():
        if not things:
            continue
        stands_in = know.directory.successor(left[name])
        now = f"现由上级 {stands_in.name} 代办代收" if stands_in else "没有上级可代,信没有人收"
        more = f"等 {len(things)} 处" if len(things) > MOST else ""
        found.append(f"{name} 已不在职,还有 {'、'.join(things[:MOST])}{more}:{now};请改 projects.csv,或执行 mailflow reassign 单号 姓名 --why …")
    return found
