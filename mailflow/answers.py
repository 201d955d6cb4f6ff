"""Answers by mail that open no case: 查询, 我的待办, 表单, 帮助, and the choice among candidates. Each asker sees only what is theirs to see."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from store import cases
from store import letters as sent_letters
from store import mails as stored_mails

from . import faxed_documents, faxes, letters, register_query, returned_slips
from .anonymity import hidden_opener
from .blank_forms import every, find, handed_in_by, hint, near
from .blank_forms import fields_of as form_fields
from .process.library import Library
from .process.names import Names
from .process.world import Event

if TYPE_CHECKING:
    from .intake import Intake
    from .mail_in_hand import End, Handler, Mail

WORDS = ("我的待办", "查询", "表单", "帮助")
_NUMBER = re.compile(r"MF-[A-Z0-9]+-\d{4}-\d+", re.I)


def answer(intake: Handler, mail: Mail, row: Any = None) -> End | None:
    """The answer to a question in the subject or in the first line; None where there is none."""
    from .mail_in_hand import End

    line = next((text.strip() for text in mail.message.reply_text.split("\n") if text.strip()), "")
    questions = [q for q in ((mail.subject.text if row is None else ""), line) if q.startswith(WORDS)]
    asked = next((q for q in questions if q not in WORDS), next(iter(questions), ""))  # a bare 查询 in the subject leaves it to the text
    word = next((w for w in WORDS if asked.startswith(w)), "")
    if not word or (word == "帮助" and asked.strip(" 。!") != "帮助"):
        return None
    rest = asked[len(word) :].strip(" :：-《》。")
    if asked[len(word) : len(word) + 1] not in ("", " ", ":", "：", "-", "\u3000", "。", "《"):
        return None
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
    return End("answered", row["id"] if row is not None else None, asked[:100])


def choice(intake: Intake, mail: Mail) -> End | None:
    """`2` in answer to the letter that offered candidates: the mail it was about, again, under the subject that was chosen."""
    first = next((text.strip() for text in mail.message.reply_text.split("\n") if text.strip()), "")
    number = re.match(r"^(?:选|第)?\s*([1-9])(?:\s*[个项号.、。]|\s*$)", first)
    if number is None:
        return None
    letter = _answered(intake, mail)
    whole = sent_letters.get(intake.know.conn, letter["id"]) if letter is not None and letter["reader"] == mail.message.sender else None
    offered = whole["content"].get("choices", []) if whole is not None else []
    if letter is None or int(number[1]) > len(offered):
        return None
    original = intake.original(letter["mail_id"])
    if original is None:
        return None
    message = replace(original, subject=offered[int(number[1]) - 1])
    again = mail.anew(message)
    return intake._fresh(again)


def which_one(intake: Intake, mail: Mail) -> End | None:
    """A command in answer to a letter that sums up several cases, without saying which: asked back."""
    from .mail_in_hand import End

    letter = _answered(intake, mail)
    if letter is None or letter["case_id"] or letter["letter"] != intake.know.library.usual("standstill") or not mail.sender:
        return None
    whole = sent_letters.get(intake.know.conn, letter["id"])
    shown = [f"{c['number']} {c['title']}" for c in whole["content"].get("cases", [])] if whole is not None else []
    event = intake._event(mail, None)
    says = f"那封信里有几张单,不知道您说的是哪一张。请再回一次,第一行先写单号,后面写要做的事,如“{shown[0].split()[0]} …”。几张单是:\n" if shown else ""
    intake.recorder.tell("says", event.who, event, 说=says + "\n".join(shown), 事项="请写明单号")
    return End("answered", None, "回的是合并信,已请来信人写明单号")


def sorted_by(intake: Intake, mail: Mail) -> End | None:
    """What a person answers to a letter that asked where a mail belongs: `归入 MF-…`, `按 <标准标题>`, `忽略`."""
    from .mail_in_hand import End

    letter = _answered(intake, mail) if mail.answers else _asked(intake, mail)
    asking = (intake.know.library.usual("sorting"), intake.know.library.usual("fax"))
    if letter is None or letter["case_id"] or not letter["mail_id"] or letter["letter"] not in asking:
        return None
    whole = sent_letters.get(intake.know.conn, letter["id"])
    memory = whole["content"].get("fax") if whole is not None else None  # what was read off a page, and is asked about
    event = intake._event(mail, None)
    if letter["reader"] != mail.message.sender and "系统管理员" not in intake.know.roles_of(event.who):
        return None
    first = next((text.strip() for text in mail.message.reply_text.split("\n") if text.strip()), "")
    found = _NUMBER.search(first)
    row = stored_mails.get(intake.know.conn, letter["mail_id"])
    original = intake.original(letter["mail_id"])
    if row is None or original is None or row["end"] != "sorting" or (memory and not faxes.waits(intake, row, memory)):
        intake.recorder.tell("says", event.who, event, 说="这封信已经有人处理过了。", 事项="分拣")
        return End("answered", None, "分拣:已处理过")
    if memory:
        asker = faxes if "form" in memory else faxed_documents if "document" in memory else returned_slips
        if done := asker.answered(intake, mail, memory, row, original):
            return done
    finish = lambda end, case_id, reason: (  # noqa: E731 - one of two functions of the same arguments
        faxes.settle(intake, row, memory, end, case_id, reason) if memory else stored_mails.finish(intake.know.conn, row["id"], end=end, case_id=case_id, reason=reason)
    )
    if first.startswith("忽略"):
        finish("answered", None, f"{event.who} 分拣:忽略")
        intake.recorder.tell("says", event.who, event, 说=f"已忽略《{original.subject}》。", 事项="分拣")
        return End("answered", None, "分拣:忽略")
    if first.startswith("归入") and found:
        case = cases.by_number(intake.know.conn, found[0].upper())
        if case is None:
            intake.recorder.tell("says", event.who, event, 说=f"没有单号 {found[0]};请核对后再回一次。", 事项="分拣")
            return End("answered", None, "分拣:单号不存在")
        cases.note(intake.know.conn, case["id"], event.at, event.who, "归入来信", case["state"], case["state"], f"{original.sender}《{original.subject}》\n{original.reply_text[:800]}", row["id"])
        finish("recorded", case["id"], f"{event.who} 分拣归入")
        intake.recorder.tell("says", event.who, event, 说=f"已把《{original.subject}》归入 {case['number']}。", 事项="分拣")
        return End("recorded", case["id"], "分拣:归入")
    if first.startswith("按") and len(first) > 2:
        subject = first[1:].strip(" :：")
        person = intake.know.directory.by_address(original.sender)
        message = replace(original, subject=subject)
        below = mail.message.reply_text.strip().partition("\n")[2]
        if given := re.search(r"(?m)^[ \t]*来信人[ \t]*[:：][ \t]*(\S+)[ \t]*$", below):  # a fax, or somebody's other address: whose it is, and what stands on it
            person = intake.know.whole_person(given[1])
            if person is None:
                intake.recorder.tell("says", event.who, event, 说=f"通讯录里没有“{given[1]}”;请核对姓名后再回一次。", 事项="分拣")
                return End("answered", None, "分拣:没有这个人")
            said = below.replace(given[0], "").strip()
            words = said if original.sender in intake.gateways else f"{said}\n{original.reply_text}".strip()
            message = replace(message, sender=person.address, sender_name=person.name, reply_text=words)
        again = mail.anew(message, row=row, sender=person.name if person else "")
        end = intake._fresh(again)
        finish(end.end, end.case_id, f"{event.who} 分拣:{end.reason}"[:300])
        intake.recorder.tell("says", event.who, event, 说=f"已按“{subject}”办理:{end.reason or end.end}。", 事项="分拣")
        return End("answered", end.case_id, "分拣:按标题办理")
    says = "没有看懂。第一行请写其中一种:" + ("确认 / 栏目:正确的内容 / " if memory else "") + "归入 单号 / 按 标准标题 / 忽略"
    intake.recorder.tell("says", event.who, event, 说=says, 事项="分拣")
    return End("answered", None, "分拣:没有看懂")


def _answered(intake: Intake, mail: Mail) -> Any:
    """The letter of ours that it answers, None where it answers none."""
    return next(iter(sent_letters.by_message_id(intake.know.conn, mail.answers)), None) if mail.answers else None


def _asked(intake: Intake, mail: Mail) -> Any:
    """The question whose button was pressed: the new mail's subject says which mail it was about."""
    found = re.search(r"<q-(\d{1,12})-(\d{1,3})>", mail.message.subject)
    for letter in sent_letters.about_mail(intake.know.conn, int(found[1]), mail.message.sender) if found else ():
        if any(action.get("token") == found[0] for action in letter["content"].get("actions", [])):  # type: ignore[index]
            return letter
    return None


def may_see(intake: Handler, event: Event, row: Any) -> bool:
    """Whether somebody may look at a case: who opened or owns it, who may act in it, whose project it is, their superiors, our own managers."""
    know = intake.know
    process = know.process_of(row["process"], row["version"])
    if process is None:
        return False
    case = know.load(row)
    names = Names(process, case, event, know)
    involved = {case.opened_by, *case.owner.split("、"), *names.parties()}
    unit = lambda name: p.unit if (p := know.whole_person(name)) else ""  # noqa: E731 - one expression, used twice
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
    register = next((r for r in know.library.registers.values() if rest.startswith(r.name)), None)
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
    _cases(intake, event, f"查询 {rest}".strip(), opened)


def _cases(intake: Handler, event: Event, title: str, found: list[Any]) -> None:
    know = intake.know
    if not found:
        return intake.recorder.tell("says", event.who, event, 说=f"“{title}”:没有您能看到的在办单。", 事项="查询结果")
    head = ["单号", "流程", "事项", "状态", "负责人", "下一步"]
    rows: list[list[str]] = [head]
    for r in found[:200]:
        process = know.process_of(r["process"], r["version"])
        if process is None:
            continue
        case = know.load(r)
        rows.append([r["number"], process.title, r["title"], r["state"], r["owner"], intake.desk.next_step(process, case, Names(process, case, event, know))])
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
    attach = {"kind": "workbook", "name": f"{title}.xlsx", "title": title, "rows": rows}
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
    says = "把下面的标题照抄、换成您的内容,发到本邮箱即可:\n" + "\n".join(lines[:50]) + "\n\n另可发:查询 单号或项目 / 我的待办 / 表单 表名"
    intake.recorder.tell("says", event.who, event, 说=says, 事项="帮助")
