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
from .vacancies import vacancies


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
    headed = {section.title for section in plan.sections if section.source in ("台账", "台账计数", "得分", "新单")}  # figures and names alone say nothing
    readers = know.acting([n for role in plan.roles for n in know.with_role(role.removeprefix("岗位 "))], event.at.date())
    written = 0
    for reader in readers:
        parts: list[tuple[str, list[list[Any]]]] = []
        for section in plan.sections:
            rows = _rows(recorder, plan, section, reader, opened, event)
            if len(rows) > 1:
                parts.append((section.title, rows))
        if not parts:
            continue
        tables = [{"title": title, "rows": rows[: letters.MOST_LINES + 1], "left": len(rows) - 1 - letters.MOST_LINES, "headed": title in headed} for title, rows in parts]
        attach = [{"kind": "workbook", "name": f"{plan.name}-{event.at:%Y%m%d}.xlsx", "sheets": parts}]
        copies = [n for role in plan.cc for n in know.with_role(role.removeprefix("岗位 ")) if n != reader]
        recorder.tell_with("digest", reader, event, attach, 汇总=plan.name, 日期=event.at.date().isoformat(), 正文行=plan.opening, 记住={"tables": tables}, 抄送=copies)
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
    mine = opened if plan.scope == "全部" else [o for o in opened if reader in o.involved or plan.scope == "部门" and any(_reports_to(know, n, reader) for n in o.involved)]
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
        case "新单":
            return _opened(know, plan, section, reader, event)
        case "办结":
            since, until = _period(section.period, event.at.date(), know)
            closed = [r for r in cases.listing(know.conn) if not r["open"] and r["closed_at"] and _within(know, r["closed_at"], since, until)]
            closed = [r for r in closed if not section.processes or r["process"] in section.processes]
            closed = [r for r in closed if not section.statuses or r["state"] in section.statuses]
            return [["单号", "事项", "状态", "负责人"], *([r["number"], r["title"], r["state"], r["owner"]] for r in closed)]
        case "台账" | "台账计数":
            return _register(know, plan, section, reader, event)
        case "得分":
            return _score(know, section, event)
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
            return [["问题"], *([p] for p in [*know.library.problems, *know.master.problems, *vacancies(know)])]


def _reports_to(know: Knowledge, name: str, chief: str) -> bool:
    """Whether `chief` is somebody's superior, or their superior's, and so on."""
    seen: set[str] = set()
    while name and name not in seen:
        seen.add(name)
        if (name := know.superior(name)) == chief:
            return True
    return False


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


def _opened(know: Knowledge, plan: DigestPlan, section: Section, reader: str, event: Event) -> list[list[Any]]:
    """Cases opened in the period, closed since or not, with the fields of 列; of one's own, those of one's projects and those that one opened."""
    since, until = _period(section.period, event.at.date(), know)
    rows: list[list[Any]] = [["单号", "事项", *section.wanted, "状态"]]
    for r in reversed(cases.find(know.conn, opened_since=datetime.combine(since, time(), know.calendar.tz))):
        process = know.process_of(r["process"], r["version"])
        if process is None or section.processes and r["process"] not in section.processes or section.statuses and r["state"] not in section.statuses or not _within(know, r["opened_at"], since, until):
            continue
        project = know.all_projects().get(r["project"])
        if plan.own and reader not in (r["opened_by"], *((project.sales, project.presales_1, project.presales_2) if project else ())):
            continue
        names = Names(process, know.load(r), event, know)
        rows.append([r["number"], r["title"], *(names.value(column) for column in section.wanted), r["state"]])
    return rows


def _register(know: Knowledge, plan: DigestPlan, section: Section, reader: str, event: Event) -> list[list[Any]]:
    register = know.library.registers[section.register]
    since, until = _period(section.period, event.at.date(), know)
    statuses = tuple(registers.STATUSES.get(s, s) for s in section.statuses) or registers.COUNTED

    def cell(row: Any, column: str) -> str:
        return str(row["who"] if column == register.who_column else row["project"] if column == register.project_column else row["data"].get(column, ""))

    found = [r for r in cases.entries(know.conn, register.name, statuses=statuses) if _within(know, r["at"], since, until) or statuses == ("confirmed",) and _late(r, since, event.at)]
    if plan.own:
        projects = {p.name for p in know.all_projects().values() if reader in (p.sales, p.presales_1, p.presales_2)}
        if section.by and section.source == "台账":
            found = [r for r in found if reader == cell(r, section.by)]
        else:
            found = [r for r in found if reader in (r["who"], *map(str, r["data"].values())) or r["project"] in projects]
    if section.source == "台账计数":
        by = section.by or register.who_column
        counts = Counter(cell(r, by) for r in found)
        steps = registers.tiers(register, know.library.tables) if by == register.who_column else []
        rows: list[list[Any]] = [[by, "次数", *(["累计", "下一档"] if steps else [])]]
        for name, n in counts.most_common():
            total = know.counted(register, name, event.at)
            next_one = "；".join(f"再有 {more} 次，{step.says}" for more, step in registers.ahead(steps, total, know.higher_replaces()))
            rows.append([name, n, *([total, next_one] if steps else [])])
        return rows
    if section.by:
        found.sort(key=lambda r: cell(r, section.by))
    back = {status: word for word, status in registers.STATUSES.items()}
    columns = list(register.columns)
    rows = [[*columns, "代码", "分值", "状态"]] if register.codes_table else [[*columns, "状态"]]
    for r in found:
        data = {**r["data"], register.project_column: r["project"], register.who_column: r["who"]}
        line = [data.get(c, "") for c in columns]
        rows.append([*line, *([r["code"], r["points"]] if register.codes_table else []), back.get(r["status"], r["status"])])
    return rows


def _score(know: Knowledge, section: Section, event: Event) -> list[list[Any]]:
    """Of each group (按: a column of the table of codes) that lost or won points: what is confirmed, what is open, and the score where 满分 is known, never below nought."""
    register = know.library.registers[section.register]
    codes = know.library.tables[register.codes_table].rows
    group = {row["代码"]: row.get(section.by, "") for row in codes}
    full = {row.get(section.by, ""): row["满分"] for row in codes if row.get("满分")}
    since, until = _period(section.period, event.at.date(), know)
    found = [r for r in cases.entries(know.conn, register.name, statuses=registers.COUNTED) if _within(know, r["at"], since, until)]
    rows: list[list[Any]] = [[section.by, "满分", "已确认", "未定", "得分"]]
    for name in dict.fromkeys(group[r["code"]] for r in found if r["code"] in group):
        theirs = [r for r in found if group.get(r["code"]) == name]
        settled = sum(r["points"] for r in theirs if r["status"] == "confirmed")
        score = f"{max(0.0, float(full[name]) + settled):g}" if name in full else "没有满分,不算得分"
        rows.append([name, full.get(name, "—"), f"{settled:g}", f"{sum(r['points'] for r in theirs) - settled:g}", score])
    return rows


def _late(row: Any, since: date, at: datetime) -> bool:
    """Whether a row of an earlier period was confirmed only after that period's digest, and so stands in none yet."""
    confirmed = row["data"].get("确认于", "")
    before = datetime.combine(since, at.timetz().replace(tzinfo=None), at.tzinfo)  # when the digest before this one was due
    return bool(confirmed) and row["at"].astimezone(at.tzinfo).date() < since and before <= datetime.fromisoformat(confirmed) < at


def _period(word: str, today: date, know: Knowledge) -> tuple[date, date]:
    """(first day, day after the last) of `上月` and its like."""
    first = today.replace(day=1)
    match word:
        case "昨天":
            return today - timedelta(days=1), today
        case "上个工作日起":  # what came over a weekend stands in Monday's
            return know.calendar.previous_workday(today), today
        case "上周":
            monday = today - timedelta(days=today.weekday())
            return monday - timedelta(days=7), monday
        case "本月" | "本季" | "本年":
            return registers.span({"本月": "month", "本季": "quarter", "本年": "year"}[word], today) or (today, today)
        case "上月":
            return (first - timedelta(days=1)).replace(day=1), first
        case "上季度":
            this = today.replace(day=1, month=(today.month - 1) // 3 * 3 + 1)
            return registers.span("quarter", this - timedelta(days=1)) or (this, this)
    return date(1970, 1, 1), date(9999, 1, 1)


def _within(know: Knowledge, at: datetime, since: date, until: date) -> bool:
    tz = know.calendar.tz
    return datetime.combine(since, time(), tz) <= at < datetime.combine(until, time(), tz) if until.year < 9999 else True
