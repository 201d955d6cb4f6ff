"""Questions by mail that open no case: 查询, 我的待办, 表单, 帮助. Each asker sees only what is theirs to see."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from store import cases

from . import letters, register_query
from .anonymity import hidden_opener
from .blank_forms import every, find, handed_in_by, hint, near
from .blank_forms import fields_of as form_fields
from .knowledge import Knowledge
from .process.library import Library
from .process.names import Names
from .process.registers import Register
from .process.world import Event

if TYPE_CHECKING:
    from .mail_in_hand import End, Handler, Mail

WORDS = ("我的待办", "查询", "表单", "帮助")
_NUMBER = re.compile(r"MF-[A-Z0-9]+-\d{4}-\d+", re.I)


def answer(intake: Handler, mail: Mail, row: Any = None) -> End | None:
    """The answer to a question in the subject or in the first line; None where there is none."""
    from .mail_in_hand import End

    subject = mail.subject.text if row is None else ""
    # the subject of an answer is the question before: what is written now comes first
    texts = (mail.first_line, subject) if mail.subject.prefixes else (subject, mail.first_line)
    said = [q for q in (_asked_of(intake.know, text) for text in texts) if q[0]]
    if not said:
        return None
    word, rest = next((q for q in said if q[1]), said[0])  # a bare 查询 in the subject leaves it to the text
    event = intake._event(mail, None)
    if not event.who:
        return None
    if word == "查询":
        _query(intake, event, rest, row)
    elif word == "我的待办":
        _todo(intake, event)
    elif word == "表单":
        _form(intake, event, rest)
    else:
        _help(intake, event)
    return End("answered", row["id"] if row is not None else None, f"{word} {rest}".strip()[:100])


def _asked_of(know: Knowledge, text: str) -> tuple[str, str]:
    """The question word that a text begins with and what follows it; empty where it asks nothing. What is known may follow at once: 查询MF-…, 表单立项单."""
    word = next((w for w in WORDS if text.startswith(w)), "")
    rest = text[len(word) :].strip(" :：-《》。!")
    if not word or (word == "帮助" and rest):
        return "", ""
    apart = not rest or re.match(r"[ :：\-\u3000。《!]", text[len(word) :])
    if apart or (word == "查询" and (_NUMBER.match(rest) or know.project(rest)[0] or _register(know, rest))) or (word == "表单" and find(know.library, rest)):
        return word, rest
    return "", ""


def _register(know: Knowledge, rest: str) -> Register | None:
    return next((r for r in know.library.registers.values() if rest.startswith(r.name)), None)


def may_see(intake: Handler, event: Event, row: Any) -> bool:
    """Whether somebody may look at a case: who opened or owns it, who may act in it, whose project it is, their superiors, our own managers."""
    know = intake.know
    process = know.process_of(row["process"], row["version"])
    if process is None:
        return False
    case = know.load(row)
    names = Names(process, case, event, know)
    involved = {case.opened_by, *case.owner.split("、"), *names.parties()}

    def unit(name: str) -> str:
        return p.unit if (p := know.whole_person(name)) else ""

    if unit(event.who) and unit(event.who) == unit(case.opened_by) and event.who not in know.with_role("*"):
        return True  # the same customer
    hidden = hidden_opener(process, case, names)  # whose superior must not learn of the case by this way
    superiors = {s for n in involved if n and n != hidden and (s := know.superior(n))}
    return event.who in involved | superiors or "系统管理员" in know.roles_of(event.who)


def _query(intake: Handler, event: Event, rest: str, row: Any) -> None:
    know, tell = intake.know, intake.recorder.tell
    found = _NUMBER.search(rest)
    if found or (not rest and row is not None):
        case_row = cases.by_number(know.conn, found[0].upper()) if found else row
        if case_row is None:
            return tell("says", event.who, event, 说=f"没有单号 {found[0] if found else ''};请核对。", 事项="查询结果")
        if not may_see(intake, event, case_row):
            return tell("says", event.who, event, 说=f"{case_row['number']} 与您无关,不能查看:无权限。", 事项="查询结果")
        process = know.process_of(case_row["process"], case_row["version"])
        assert process is not None
        tz = know.calendar.tz
        story = [f"{letters.say_time(h['at'].astimezone(tz))} {h['who']} {h['action']}" + (f":{h['note'][:60]}" if h["note"] else "") for h in cases.story(know.conn, case_row["id"])]
        case = know.load(case_row)
        owner = case.owner or "、".join(Names(process, case, event, know).everyone(process.states[case.state].waits)) if case.state in process.states else case.opened_by
        head = f"{case.number} 的状态:{case.state}" + (f",负责:{owner}" if owner and case.open else "")
        return tell("says", event.who, event, process, case, 说=head + "\n经过:\n" + "\n".join(story[-20:]))
    register = _register(know, rest)
    if register is not None:
        if know.library.outside_roles() & set(know.roles_of(event.who)):
            return tell("says", event.who, event, 说=f"台账“{register.name}”只供内部查看:无权限。", 事项="查询结果")
        asked = register_query.understand(know, rest[len(register.name) :], event.who, event.at.astimezone(know.calendar.tz).date())
        rows = register_query.rows_for(know, register, event.who, asked)
        title = f"{register.name} {asked}".strip()
        if len(rows) > 1:
            return _table(intake, event, title, rows)
        near = [n for w in asked.unknown for n in know.project(w)[1]]
        unknown = f"项目库和通讯录里没有“{'、'.join(asked.unknown)}”" + (f",相近的有:{'、'.join(near)}" if near else ";请写项目名、姓名,月份写成 2026-11 的样子") + "。" if asked.unknown else ""
        return tell("says", event.who, event, 说=f"“{title}”:没有您能看到的行。{unknown}", 事项="查询结果")
    project = know.project(rest)[0] if rest and rest not in ("我的", "全部") else ""
    opened = [r for r in cases.find(know.conn, open=True, project=project or None, limit=500) if may_see(intake, event, r)]
    if not project and rest:
        opened = [r for r in opened if rest in ("我的", "全部") or rest in r["title"]]
        if not opened and not know.library.outside_roles() & set(know.roles_of(event.who)):  # what is done and closed stands in registers: a policy by its name
            for kept in know.library.registers.values():
                rows = register_query.rows_for(know, kept, event.who, register_query.Asked(words=[rest]))
                if len(rows) > 1:
                    return _table(intake, event, f"{kept.name} {rest}", rows)
    alike = know.project(rest)[1] if not opened and rest and not know.library.outside_roles() & set(know.roles_of(event.who)) else []
    _cases(intake, event, f"查询 {rest}".strip(), opened, f"相近的项目有:{'、'.join(alike)}。" if alike else "")


def _cases(intake: Handler, event: Event, title: str, found: list[Any], more: str = "") -> None:
    know = intake.know
    if not found:
        return intake.recorder.tell("says", event.who, event, 说=f"“{title}”:没有您能看到的在办单。{more}", 事项="查询结果")
    head = ["单号", "流程", "事项", "状态", "负责人", "截止", "下一步"]
    rows: list[list[str]] = [head]
    shown = found[:200]
    due: dict[int, Any] = {}
    for d in cases.deadlines(know.conn, [r["id"] for r in shown]):  # the first that nobody has met yet
        if d["status"] in ("running", "missed") and d["stopped_at"] is None and (d["case_id"] not in due or d["due"] < due[d["case_id"]]):
            due[d["case_id"]] = d["due"]
    for r in shown:
        process = know.process_of(r["process"], r["version"])
        if process is None:
            continue
        case = know.load(r)
        until = letters.say_time(due[r["id"]].astimezone(know.calendar.tz)) if r["id"] in due and r["open"] else ""
        rows.append([r["number"], process.title, r["title"], r["state"], r["owner"], until, intake.desk.next_step(process, case, Names(process, case, event, know))])
    _table(intake, event, title, rows)


def _todo(intake: Handler, event: Event) -> None:
    """The open cases in which the asker may do something now."""
    know = intake.know
    mine = []
    for r in cases.find(know.conn, open=True, limit=2000):
        process = know.process_of(r["process"], r["version"])
        if process is None:
            continue
        case = know.load(r)
        card = process.states.get(case.state)
        names = Names(process, case, event, know)
        waiting = (names.everyone(card.waits) if card and card.waits else names.everyone(role for a in card.actions.values() for role in a.by)) if card else [case.opened_by]
        if event.who in waiting:
            mine.append(r)
    _cases(intake, event, "我的待办", mine)


def _table(intake: Handler, event: Event, title: str, rows: list[list[Any]]) -> None:
    """Rows as text in the letter, and all of them as a workbook beside it."""
    shown = [" | ".join(str(c).replace("\n", "；")[:60] or "-" for c in row) for row in rows[:31]]
    text = f"{title}:共 {len(rows) - 1} 行" + (",前 30 行如下,全部见附件" if len(rows) > 31 else ",附件为表格") + "\n" + "\n".join(shown)
    attach = {"kind": "workbook", "name": f"{title}.xlsx", "sheets": [[title, rows]]}
    intake.recorder.tell_with("says", event.who, event, [attach], 说=text, 事项=title)


def _form(intake: Handler, event: Event, name: str) -> None:
    library = intake.know.library
    blank = find(library, name)
    if blank is None:
        meant = f"是不是:{'、'.join(close)}?" if name and (close := near(library, name)) else ""
        no = f"没有叫“{name}”的表单。{meant}" if name else "请写明要哪张表,例如“表单 技术支持立项单”。"
        return intake.recorder.tell("says", event.who, event, 说=f"{no}\n现有:{'、'.join(every(library))}", 事项="表单")
    form, service = blank.name, intake.desk.service.address
    if blank.process is not None:
        lines = "\n".join(f"{f.name}:{hint(f)}" for f in form_fields(blank.process))
        subjects = " 或 ".join(s for start in blank.process.starts for s in start.subjects)
        says = f"附件是《{form}》空白表。填好后作为附件发到 {service}" + (f",标题:{subjects}" if subjects else "") + f"。也可以直接在正文里按下面填写:\n{lines}"
    else:
        says = f"附件是《{form}》空白表(Word 和 Excel,填一种即可)。" + (f"{blank.about}。" if blank.about else "") + _where_to(library, form)
    intake.recorder.tell_with("says", event.who, event, [{"kind": "blank", "form": form}], 说=says, 事项=f"空白表《{form}》")


def _where_to(library: Library, form: str) -> str:
    """How a filled document is handed in: by answering a letter about the case that it belongs to."""
    cases_of = handed_in_by(library, form)
    if form in library.slips and not cases_of:
        return "平时由系统填好印在单据上随信寄出;签好的单据整页传真或拍照发回即可。手填的请签字后作为附件,回复该单的来信。"
    if not cases_of:
        return "填好后作为附件,回复该单的来信(标题带单号),并在第一行写明交的是什么。"
    ways = [f"“{title}”的单" + (f",第一行写“{words[0]} {form}”" if words else "") for title, words in ((p.title, w) for p, w in cases_of)]
    signed = "要签字的,也可以签在随信寄来的单据上,整页传真或拍照发回。" if form in library.slips else ""
    return f"填好后作为附件,回复该单的来信(标题带单号):{'；'.join(ways)}。来信里另写了词的,以来信为准。{signed}"


def _help(intake: Handler, event: Event) -> None:
    """What this person may begin, with the subject to write."""
    lines = []
    for process in intake.know.library.processes.values():
        for start in process.starts:
            if not start.subjects:
                continue
            roles = [r.removeprefix("岗位 ") for r in start.by]
            sources = [s for r in start.by for s in process.roles.get(r, ())]
            mine = set(intake.know.roles_of(event.who))
            # whose project it is, the subject alone will say; a customer or supplier is never its sales or presales, and need not hear how we work inside
            of_project = [s for s in sources if s.startswith("项目 ") and (not mine <= intake.know.library.outside_roles() or s == "项目 客户")]
            if not start.by or mine & {*roles, *(s.removeprefix("岗位 ") for s in sources)} or of_project:
                lines.append(f"{process.title}:{start.subjects[0]}")
    lines = list(dict.fromkeys(lines))  # several beginnings may share a subject
    says = "把下面的标题照抄、换成您的内容,发到本邮箱即可:\n" + "\n".join(lines[:50]) + "\n\n另可发:查询 单号或项目 / 我的待办 / 表单 表名"
    intake.recorder.tell("says", event.who, event, 说=says, 事项="帮助")
