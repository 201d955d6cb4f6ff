"""Forms that come by fax: where all that matters is sure the case is opened; else a person is asked, with the picture of each doubtful cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from parsers import Message
from parsers.fields import read_fields
from store import cases

from . import fax_questions, fax_senders, papers
from .doubts import clear, doubt, known_values
from .fax_pages import Form, labels_of
from .mail_in_hand import End, Mail
from .process import decide
from .process.model import Process
from .process.world import Case, Event, Outcome, Refused

if TYPE_CHECKING:
    from .intake import Intake

SENDER = "来信人"  # the line by which whoever answers says whose page it is

def taken(intake: Intake, mail: Mail, found: Sequence[Form]) -> list[End]:
    """What became of each form of a fax, or of a scan that somebody of ours mailed."""
    if not found:
        return []
    content = intake._content(mail)
    if repeated := intake._repeated(mail, content, "传真"):
        return [repeated]
    ends: list[End] = []
    for number, form in enumerate(found):
        sender = mail.sender or fax_senders.sender_of(intake, mail, form)
        hints = _find_doubts(form, known_values(intake.know, form.process), clear(intake.know))
        again = fax_senders.as_mail(intake, mail.row, mail.message, form.title, form.read, sender, mail.proof)
        why = _not_yet(intake, again, form)
        if why or form.doubts:
            ends.append(_ask(intake, mail, number, form, sender, why))
        else:
            again.problems = [f"传真上“{name}”看不太清,读作“{form.cells[name].text}”;不对请直接回信说明" for name in hints]
            ends.append(_begin(intake, again, form.process, form.start, form.parts))
        ends[-1].content = content
    return ends


def _find_doubts(form: Form, known: Mapping[str, Sequence[str]], enough: float) -> list[str]:
    """Fills `doubts`; gives what is not quite sure and does not matter so much: it is pointed out to the sender."""
    beside = []
    for name, cell in form.cells.items():
        if name in form.doubts:
            continue
        if why := doubt(form.process, name, cell, known.get(name, ()), enough):
            form.doubts[name] = why
        elif cell.sure < enough:
            beside.append(name)
    return beside


def _trial(intake: Intake, again: Mail, process: Process, start: int, parts: dict[str, str]) -> tuple[Case, Event, Outcome | Refused]:
    event = intake._event(again, process, parts)
    case = decide.blank_case(process, event)
    case.memo["form_mail"] = again.row["id"]
    if again.fax:
        case.memo["fax"] = again.fax
    return case, event, decide.begin(process, start, case, event, intake.know)


def _not_yet(intake: Intake, again: Mail, form: Form) -> str:
    """Why no case can begin from this, but for what its fields lack, which is added to the doubts."""
    if not again.sender:
        return f"认不出是谁发来的,请写明“{SENDER}:姓名”"
    if intake.trusted.commands == "authenticated" and not again.proof:
        return "不能证实这封信是传真网关发来的"
    done = _trial(intake, again, form.process, form.start, form.parts)[2]
    if isinstance(done, Refused):
        return f"{again.sender}:{done.says}"
    for problem in done.problems:
        form.doubts.setdefault(problem.field, problem.why if problem.field in form.cells else "没有读出" if problem.why == "没有填写" else problem.why)
    return ""


def _begin(intake: Intake, again: Mail, process: Process, start: int, parts: dict[str, str]) -> End:
    """Opens the case."""
    case, event, _ = _trial(intake, again, process, start, parts)
    return intake._begin(again, process, start, case, event)


# -- asking a person -------------------------------------------------------------------------------------------------------------


def _ask(intake: Intake, mail: Mail, number: int, form: Form, sender: str, why: str) -> End:
    """One letter to the desk, one to whoever sent it (RULEBOOK B02: 请核对)."""
    cells = [_cell(form, name) for name in (*form.doubts, *(n for n in form.cells if n not in form.doubts and form.cells[n].sure < clear(intake.know)))]
    sure = [[name, form.cells[name].text] for name in form.process.fields if name in form.cells and name not in {c["label"] for c in cells}]
    memory = {"about": "form", "process": form.process.name, "start": form.start, "title": form.title, "read": form.read, "sender": sender, "number": number, "parts": form.parts}
    unclear = "、".join(form.doubts)
    reason = ";".join(t for t in (f"请核对:{unclear}" if unclear else "", why) if t)
    said = f"收到传真《{form.title}》(第 {form.page.page} 页)" + (f",来自 {sender}" if sender else "") + "。"
    says = said + (f"{why}。" if why else "") + (f"这几栏要请您核对:{unclear}。" if unclear else "")
    answers = {"确认": "确认", "更正": "\n".join(f"{name}:" for name in form.doubts)} if form.doubts else {}
    if not sender:
        answers[SENDER] = f"确认\n{SENDER}:"
    fax_questions.ask(intake, mail, memory, cells, sure, answers, says, form.title, "" if why else sender)
    return End("sorting", None, f"传真《{form.title}》{reason}"[:300])


def _cell(form: Form, name: str) -> dict[str, Any]:
    cell, why = form.cells.get(name), form.doubts.get(name, "看不太清")
    return fax_questions.cell(name, cell.text, why, form.pages[name], cell.box) if cell else fax_questions.cell(name, "", why)


def answered(intake: Intake, mail: Mail, memory: dict[str, Any], row: Any, original: Message) -> End | None:
    """What a person says of a form's doubtful cells: `确认`, or the corrected lines; None where it is neither."""
    process = intake.know.library.processes.get(memory["process"])
    if process is None:
        return None
    labels, title = labels_of(process), memory["title"]
    said = fax_questions.corrected(mail.message.reply_text, labels) | read_fields(mail.message.reply_text, [*labels, SENDER])
    if not said and not fax_questions.agrees(mail.first_line):
        return None
    event = intake._event(mail, None)
    sender = memory["sender"]
    if named := said.pop(SENDER, "").strip():
        sender = intake.know.person(named)
        if not sender:
            return fax_questions.reply(intake, event, f"通讯录里没有“{named}”;请核对姓名后再回一次。", "没有这个人")
    values = memory["read"] | {labels[label]: value for label, value in said.items() if value}
    again = fax_senders.as_mail(intake, row, original, title, values, sender, mail.proof)
    form = Form(process, memory["start"], title, papers.Print(0, [], 0, 0, b"", ""), memory["parts"])
    why = _not_yet(intake, again, form)
    if why or form.doubts:
        gaps = "\n".join(f"- {name}:{text}" for name, text in form.doubts.items())
        says = f"还不能开单。{why}\n{gaps}\n请补上后再回一次,已写的也请再写一遍。"
        return fax_questions.reply(intake, event, says, f"还缺 {'、'.join(form.doubts) or why}")
    end = _begin(intake, again, process, memory["start"], memory["parts"])
    fax_questions.settle(intake, row, memory, end.end, end.case_id, f"{event.who} 核对:{end.reason}")
    if event.who == sender:
        return fax_questions.answered("开单", end.case_id)  # the case's own receipt tells them
    opened = cases.get(intake.know.conn, end.case_id) if end.case_id else None
    return fax_questions.reply(intake, event, f"已按《{title}》开单 {opened['number'] if opened else ''},收到时间按传真到的时间算。", "开单", end.case_id)
