"""Writes register rows: de-duplication, points by code, thresholds, decisions on rows and their reversal. Rows are counted anew each time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from parsers.fields import rows_under
from store import cases

from .knowledge import Knowledge
from .process import registers
from .process.registers import Register
from .process.world import Case, EntryPlan

MOST_LISTED = 2000  # rows of one list that is handed in


@dataclass(slots=True)
class Written:
    """What a change of registers caused: rows that want a case of their own, and rows that were taken back."""

    added: list[int] = field(default_factory=list)
    to_decide: list[tuple[Register, int]] = field(default_factory=list)
    reversed: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def listed(know: Knowledge, plan: EntryPlan) -> list[EntryPlan]:
    """The plan itself, or one for each row of the attached list (逐行) under a head that names the register's columns."""
    if plan.rows is None:
        return [plan]
    register = know.library.registers[plan.register]
    columns = {word: column for column in register.columns for word in (column, *register.aliases.get(column, ()))}
    return [EntryPlan(plan.register, plan.code, {**row, **plan.values}) for row in rows_under(plan.rows, columns)[:MOST_LISTED]]


def add(know: Knowledge, case: Case, plan: EntryPlan, at: datetime, mail_id: int | None) -> Written:
    """Adds one row. The same event twice (去重) is one row."""
    register = know.library.registers[plan.register]
    values = {k: v for k, v in plan.values.items() if v}
    code = plan.code or register.code or register.name
    done = Written()
    project = values.get(register.project_column, case.project)
    who = values.get(register.who_column, "")
    parts = [values.get(c, case.project if c == register.project_column else "") for c in register.key]
    key = "|".join([code, *parts]) if any(parts) else ""  # what fills none of the columns is an event of its own
    if any(c in plan.values and not plan.values[c] for c in register.key):
        key = ""  # what leaves its date or person open cannot be told to be the same event
    if key and (twin := cases.entries(know.conn, register.name, key=key, statuses=registers.COUNTED)):
        done.notes.append(f"同一事项已记过(台账“{register.name}”第 {twin[0]['id']} 行),不重复计")
        return done
    points = 0.0
    if register.codes_table:
        row = know.library.tables[register.codes_table].find(代码=code)
        points = float(know.agreed(code) or row.get("分值") or 0)
        for column in ("事由", "单位", "暂定"):
            if row.get(column):
                values.setdefault(column, row[column])
    if register.sum_column and values.get(register.sum_column):
        from .process.values import work_hours

        points = work_hours(values[register.sum_column]) or 0.0
    moment = at
    if register.at_column and (text := values.get(register.at_column)):
        moment = datetime.fromisoformat(text).replace(tzinfo=know.calendar.tz)
    status = registers.STATUSES.get(values.pop("状态", ""), register.initial)
    if status == "confirmed" != register.initial:
        values["确认于"] = at.astimezone(know.calendar.tz).isoformat()
    new = cases.add_entry(
        know.conn,
        {
            "register": register.name, "code": code, "case_id": case.id, "mail_id": mail_id, "project": project, "who": who,
            "points": points, "status": status, "at": moment, "key": key, "data": values,
        },
    )  # fmt: skip
    done.added.append(new)
    if register.process:
        done.to_decide.append((register, new))
    _reckon(know, register, who, case, moment, at, mail_id, done)
    return done


def change(know: Knowledge, rows: list[dict[str, Any]], status: str, at: datetime, case: Case, mail_id: int | None) -> Written:
    """Sets the status of rows (confirm, waive, dispute, reverse) and reckons their thresholds anew."""
    done = Written()
    for row in rows:
        if row["status"] == status:
            continue
        values: dict[str, Any] = {"status": status}
        if status == "confirmed":  # whoever reports by the month must not lose what was confirmed after the report
            values["data"] = {**row["data"], "确认于": at.astimezone(know.calendar.tz).isoformat()}
        cases.change_entry(know.conn, row["id"], values)
        if status == "reversed":
            done.reversed.append(row["id"])
        _reckon(know, know.library.registers[row["register"]], row["who"], case, row["at"], at, mail_id, done)
    return done


def _reckon(know: Knowledge, register: Register, who: str, case: Case, moment: datetime, at: datetime, mail_id: int | None, done: Written) -> None:
    """Makes the rows that thresholds owe for a person agree with the count (S8-14): too few are added, too many reversed, newest first.

    `moment` is that of the event that came or fell: its month is docked, and where the register has a window, that is counted; `at` is now.
    """
    steps = registers.tiers(register, know.library.tables)
    if not steps or not who:
        return
    month = f"{moment.astimezone(know.calendar.tz):%Y-%m}"
    days = registers.span(know.library.config(register.window), moment.astimezone(know.calendar.tz).date())
    count = know.counted(register, who, moment)
    for tier, owed in zip(steps, registers.owed(steps, count, know.higher_replaces()), strict=True):
        # what a manager has waived stays decided: the next row does not bring it back
        have = [r for r in cases.entries(know.conn, tier.register, code=tier.code, who=who, statuses=(*registers.COUNTED, "waived"))]
        if days:
            have = [r for r in have if f"{days[0]:%Y-%m}" <= str(r["data"].get("月份")) < f"{days[1]:%Y-%m}"]
        target = know.library.registers[tier.register]
        for _ in range(owed - len(have)):
            values = {target.who_column: who, "次数": str(count), "说明": tier.says, "月份": month}
            new = cases.add_entry(
                know.conn,
                {
                    "register": target.name, "code": tier.code, "case_id": case.id, "mail_id": mail_id, "project": case.project, "who": who,
                    "points": 0.0, "status": target.initial, "at": at, "key": "", "data": values,
                },
            )  # fmt: skip
            done.added.append(new)
            if target.process:
                done.to_decide.append((target, new))
        for extra in reversed(have[owed:] if owed < len(have) else []):
            cases.change_entry(know.conn, extra["id"], {"status": "reversed"})
            done.reversed.append(extra["id"])
