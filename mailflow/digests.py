"""Digests (RULEBOOK §0.7): each on its own calendar, each reader their own, what needs them first; nothing to say, nothing sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from store import cases, mails

from . import anonymity, letters
from .calendars import parse_date
from .knowledge import Knowledge
from .process import registers
from .process.conditions import parse
from .process.digest_plans import DigestPlan, Section
from .process.model import Process
from .process.names import Names
from .process.references import kinds
from .process.world import Case, Event
from .recorder import Recorder

MOST_LINES = 12  # of a section in the letter; the workbook holds them all


@dataclass(slots=True)
class Open:
    """An open case, with who may act in it and who has to do with it."""

    row: Any
    process: Process
    case: Case
    title: str
    waiting: list[str]
    shown: list[str]  # the same as anybody may read it
    involved: set[str]
    next_step: str


def send(recorder: Recorder, plan: DigestPlan, at: datetime) -> int:
    """Writes one digest to each of its readers; how many letters."""
    know = recorder.know
    event = Event(at.astimezone(know.calendar.tz))
    opened = _open_cases(recorder, event)
    readers = list(dict.fromkeys(n for role in plan.roles for n in know.with_role(role.removeprefix("岗位 "))))
    written = 0
    for reader in readers:
        parts: list[tuple[str, list[list[Any]]]] = []
        for section in plan.sections:
            rows = _rows(recorder, plan, section, reader, opened, event)
            if len(rows) > 1:
                parts.append((section.title, rows))
        if not parts:
            continue
        lines = [plan.opening] if plan.opening else []
        for title, rows in parts:
            lines.append(f"◆ {title}({len(rows) - 1})")
            lines += ["  " + "  ".join(str(c).replace("\n", "；")[:60] for c in row if str(c)) for row in rows[1 : MOST_LINES + 1]]
            if len(rows) - 1 > MOST_LINES:
                lines.append(f"  …其余 {len(rows) - 1 - MOST_LINES} 行见附件")
            lines.append("")
        attach = [{"kind": "workbook", "name": f"{plan.name}-{event.at:%Y%m%d}-{title}.xlsx", "title": title, "rows": rows} for title, rows in parts if len(rows) > 4]
        copies = [n for role in plan.cc for n in know.with_role(role.removeprefix("岗位 ")) if n != reader]
        recorder.tell_with("digest", reader, event, attach, 汇总=plan.name, 日期=event.at.date().isoformat(), 正文行="\n".join(lines), 抄送=copies)
        written += 1
    return written


def _open_cases(recorder: Recorder, event: Event) -> list[Open]:
    know, found = recorder.know, []
    for row in cases.find(know.conn, open=True):
        process = know.process_of(row["process"], row["version"])
        if process is None:
            continue
        case = know.load(row)
        names = Names(process, case, event, know)
        card = process.states.get(case.state)
        waiting = [case.opened_by] if card is None else names.everyone(card.waits) or list(dict.fromkeys(n for a in card.actions.values() for n in names.everyone(a.by)))
        involved = {case.opened_by, *case.owner.split("、"), *waiting, *names.parties()}
        hidden = anonymity.hidden_opener(process, case, names)
        shown = [anonymity.NOBODY if n == hidden else n for n in waiting]
        found.append(Open(row, process, case, process.title, waiting, shown, involved, recorder.desk.next_step(process, case, names)))
    return found


def _rows(recorder: Recorder, plan: DigestPlan, section: Section, reader: str, opened: list[Open], event: Event) -> list[list[Any]]:
    know = recorder.know
    mine = [o for o in opened if not plan.own or reader in o.involved]
    if section.processes:
        mine = [o for o in mine if o.row["process"] in section.processes]
    if section.statuses and section.source in ("在办", "待办"):
        mine = [o for o in mine if o.case.state in section.statuses]
    if section.when:
        mine = [o for o in mine if parse(section.when, kinds(o.process)).holds(Names(o.process, o.case, event, know).many)]
    head = ["单号", "流程", "事项", "状态", "下一步"]
    match section.source:
        case "待办":
            return [head, *([o.case.number, o.title, o.case.title, o.case.state, o.next_step] for o in mine if reader in o.waiting)]
        case "在办":
            return [head, *([o.case.number, o.title, o.case.title, o.case.state, o.next_step] for o in mine)]
        case "逾期" | "今日到期":
            return _due(know, section.source, mine, event)
        case "办结":
            since, until = _period(section.period, event.at.date())
            closed = [r for r in cases.listing(know.conn) if not r["open"] and r["closed_at"] and _within(know, r["closed_at"], since, until)]
            closed = [r for r in closed if not section.processes or r["process"] in section.processes]
            closed = [r for r in closed if not section.statuses or r["state"] in section.statuses]
            return [["单号", "事项", "状态", "负责人"], *([r["number"], r["title"], r["state"], r["owner"]] for r in closed)]
        case "台账" | "台账计数":
            return _register(know, plan, section, reader, event)
        case "缺登记":  # kinds that neither the register nor the master-data table of its code holds
            register = know.library.registers[section.register]
            held = {str(r["data"].get(section.by, "")) for r in cases.entries(know.conn, register.name, statuses=registers.COUNTED)}
            held |= {row.get(section.by, "") for row in know.master.table(register.code)}
            return [[section.by, "情况"], *([kind, "还没有登记"] for kind in section.wanted if kind not in held)]
        case "分拣" | "搁置":
            end = "sorting" if section.source == "分拣" else "held"
            return [["编号", "来信地址", "标题", "收到", "原因"], *([r["id"], r["sender"], r["subject"], letters.say_time(r["received_at"].astimezone(know.calendar.tz)), r["reason"]] for r in mails.inbox(know.conn, {"end": end}))]
        case "排班":
            days = {event.at.date(), event.at.date() + timedelta(days=1)}
            rows = [[day.isoformat(), row.get("班次", ""), row.get("当班人", "")] for row in know.master.table("roster") if (day := parse_date(row.get("日期", ""))) in days and day]
            return [["日期", "班次", "当班人"], *sorted(rows)]
        case _:
            return [["问题"], *([p] for p in [*know.library.problems, *know.master.problems])]


def _due(know: Knowledge, source: str, mine: list[Open], event: Event) -> list[list[Any]]:
    by_id = {o.case.id: o for o in mine}
    rows: list[list[Any]] = [["单号", "事项", "时限", "到期", "责任"]]
    for d in cases.deadlines(know.conn, list(by_id)):
        due = d["due"].astimezone(know.calendar.tz)
        late = d["status"] == "missed" and d["stopped_at"] is None
        if late if source == "逾期" else d["status"] == "running" and due.date() == event.at.date():
            o = by_id[d["case_id"]]
            rows.append([o.case.number, o.case.title, d["name"], letters.say_due(due), "、".join(o.shown[:3])])
    return rows


def _register(know: Knowledge, plan: DigestPlan, section: Section, reader: str, event: Event) -> list[list[Any]]:
    register = know.library.registers[section.register]
    since, until = _period(section.period, event.at.date())
    statuses = tuple(registers.STATUSES.get(s, s) for s in section.statuses) or registers.COUNTED
    found = [r for r in cases.entries(know.conn, register.name, statuses=statuses) if _within(know, r["at"], since, until)]
    if plan.own:
        projects = {p.name for p in know.all_projects().values() if reader in (p.sales, p.presales_1, p.presales_2)}
        found = [r for r in found if reader in (r["who"], *map(str, r["data"].values())) or r["project"] in projects]
    if section.source == "台账计数":
        by = section.by or register.who_column
        counts = Counter(r["who"] if by == register.who_column else r["project"] if by == register.project_column else str(r["data"].get(by, "")) for r in found)
        steps = registers.tiers(register, know.library.tables)
        return [[by, "次数", "距下一档"], *([name, n, min((t.every - n % t.every for t in steps), default="")] for name, n in counts.most_common())]
    back = {status: word for word, status in registers.STATUSES.items()}
    columns = list(register.columns)
    rows: list[list[Any]] = [[*columns, "代码", "分值", "状态"]] if register.codes_table else [[*columns, "状态"]]
    for r in found:
        data = {**r["data"], register.project_column: r["project"], register.who_column: r["who"]}
        line = [data.get(c, "") for c in columns]
        rows.append([*line, *([r["code"], r["points"]] if register.codes_table else []), back.get(r["status"], r["status"])])
    return rows


def _period(word: str, today: date) -> tuple[date, date]:
    """(first day, day after the last) of `上月` and its like."""
    first = today.replace(day=1)
    match word:
        case "昨天":
            return today - timedelta(days=1), today
        case "上周":
            monday = today - timedelta(days=today.weekday())
            return monday - timedelta(days=7), monday
        case "本月":
            return first, (first + timedelta(days=32)).replace(day=1)
        case "上月":
            return (first - timedelta(days=1)).replace(day=1), first
        case "上季度":
            this = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
            before = this - timedelta(days=1)
            return date(before.year, 3 * ((before.month - 1) // 3) + 1, 1), this
    return date(1970, 1, 1), date(9999, 1, 1)


def _within(know: Knowledge, at: datetime, since: date, until: date) -> bool:
    tz = know.calendar.tz
    return datetime.combine(since, time(), tz) <= at < datetime.combine(until, time(), tz) if until.year < 9999 else True
