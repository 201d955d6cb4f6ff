"""Forms that come by fax: read off the page, opened where all that matters is sure; else put before a person with the picture of each doubtful cell.

Nothing doubtful is taken in silence (RULEBOOK B02 `ocr_confidence`), and nothing is lost: the mail ends `sorting` until somebody has answered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from parsers import Message
from parsers.fields import read_fields
from parsers.printed import SURE, Cell, Words, fields
from parsers.sheets import sheet
from parsers.subjects import clean
from store import cases, mails, marks

from . import papers
from .blank_forms import handed_in, whole_form
from .cell_pictures import picture
from .process import decide, forms
from .process.model import Field as FormField
from .process.model import Process
from .process.names import Names
from .process.slip_plans import SlipPlan
from .process.values import number as as_number
from .process.world import Case, Event, Outcome, Refused

if TYPE_CHECKING:
    from .intake import Intake
    from .mail_in_hand import End, Mail

SAME_WITHIN = timedelta(hours=24)
_TELLING = 6  # characters of a title that also says on a second page, or beside a form's, what the page is: 解决方案 is a heading as well
_MANY = 3  # labels of a form that make a page one whose title could not be read
_OPENING, _LIKE = 20, 0.6  # characters of a slip's opening, and how much alike they must be after faxing
_KNOWN_CASES = 200  # the newest of a process, whose values are known ones
_LONGEST_KNOWN = 40  # characters
_NUMBER = re.compile(r"\+?\d[\d\- ()]{5,18}\d")
_WHOLE_DAY = re.compile(r"\d{4}\s*[-年/.]\s*\d{1,2}\s*[-月/.]\s*\d{1,2}")
# What print and fax make of one another: both sides of a doubt read the same by this.
_ALIKE = str.maketrans({"O": "0", "D": "0", "Q": "0", "I": "1", "L": "1", "|": "1", "!": "1", "Z": "2", "S": "5", "B": "8", "G": "6", "H": "11"})


@dataclass(slots=True)
class Form:
    """One form of a fax: its title and page, and what stands in each field."""

    process: Process
    start: int
    title: str
    page: papers.Print
    parts: dict[str, str] = field(default_factory=dict)  # of the mail's subject
    cells: dict[str, Cell] = field(default_factory=dict)
    pages: dict[str, papers.Print] = field(default_factory=dict)  # field → the page that it stands on
    doubts: dict[str, str] = field(default_factory=dict)  # field → why it is not taken as it was read

    @property
    def read(self) -> dict[str, str]:
        return {name: cell.text for name, cell in self.cells.items()}


@dataclass(slots=True)
class Paper:
    """A document that is handed in: its title, and its pages in order."""

    title: str
    pages: list[papers.Print]


@dataclass(slots=True)
class Sorted:
    """The pages of a fax by what they are."""

    forms: list[Form] = field(default_factory=list)
    documents: list[Paper] = field(default_factory=list)
    slips: list[tuple[str, papers.Print]] = field(default_factory=list)  # a slip of ours whose code could not be read
    lost: list[papers.Print] = field(default_factory=list)  # a form, and nobody knows which


def pages_by_kind(intake: Intake, reading: papers.Reading) -> Sorted:
    """Forms and documents with their further pages, slips of ours, pages that nobody knows; cover pages are left out."""
    library = intake.know.library
    starts = {title: (process, index) for title, process, index in intake.router.forms}
    titles = [*starts, *library.slips]
    documents = handed_in(library) - {*starts}
    found = Sorted()
    last: Form | Paper | None = None
    for page in reading.prints:
        kind = sheet(page.lines, titles)
        document = sheet(page.lines, [*titles, *documents]).title
        if document in documents and (len(document) >= _TELLING or kind.part != "form" and (last is None or _numbered(page))) and not _ours(page, library.slips.get(document)):
            last = Paper(document, [page])
            found.documents.append(last)
        elif kind.title in library.slips and kind.title not in starts:
            found.slips.append((kind.title, page))
            last = None
        elif kind.part == "form":
            process, index = starts[kind.title]
            last = Form(process, index, kind.title, page)
            found.forms.append(last)
            _fill(intake, last, page)
        elif kind.part == "cover":
            continue
        elif isinstance(last, Paper):
            last.pages.append(page)
        elif last is not None:
            _fill(intake, last, page)
        elif any(_form_like(page.lines, process) for process, _ in starts.values()):
            found.lost.append(page)
    return found


def _numbered(page: papers.Print) -> bool:
    return any(printed_number(line.text) for line in page.lines)


def _ours(page: papers.Print, plan: SlipPlan | None) -> bool:
    """Whether a page with a slip's title is what we printed, and not the sender's own sheet of that name: its opening or its foot stands there."""
    if plan is None:
        return False
    lines = [_plain(line.text) for line in page.lines]
    opening = _plain(plan.opening)[:_OPENING]
    return any("二维码" in line or opening and SequenceMatcher(None, opening, line[:_OPENING]).ratio() > _LIKE for line in lines)


def _labels(process: Process) -> dict[str, str]:
    asked = {f.name for f in whole_form(process)}
    return {label: name for label, name in forms.labels(process).items() if name in asked}


def _form_like(lines: Sequence[Words], process: Process) -> bool:
    """Whether so many labels of its form stand there that the page is probably one."""
    heads = {re.split(r"[:：]", line.text)[0].replace(" ", "") for line in lines}
    return len(heads & set(_labels(process))) >= _MANY


def _fill(intake: Intake, form: Form, page: papers.Print) -> None:
    labels, expected = _labels(form.process), expected_values(intake, form.process)
    for label, cell in fields(page.lines, labels, {label: expected[name] for label, name in labels.items() if expected[name]}).items():
        name, before = labels[label], form.cells.get(labels[label])
        if before is not None and before.text != cell.text:
            form.doubts[name] = f"两处写得不一样:{before.text} / {cell.text}"
        if before is None or cell.sure > before.sure:
            form.cells[name], form.pages[name] = cell, page


def printed_number(text: str) -> str:
    """A case's number as print was read, with what only looks like a digit taken for one; '' where there is none."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper().replace("—", "-").replace("_", "-")
    found = re.search(r"MF-([A-Z0-9]{1,8})-([0-9OIL]{4})-([0-9OILSB]{4,7})", plain)
    digits = str.maketrans("OILSB", "01158")
    return f"MF-{found[1]}-{found[2].translate(digits)}-{found[3].translate(digits)}" if found else ""


# -- what is doubtful ------------------------------------------------------------------------------------------------------------


def expected_values(intake: Intake, process: Process) -> dict[str, list[str]]:
    """For each field what is likely to stand there: its options, master data with a column of its name."""
    know = intake.know
    tables = [table for name in know.master.tables if (table := know.master.table(name))]
    found = {}
    for declared in whole_form(process):
        values = dict.fromkeys((*declared.kind.options, *declared.kind.synonyms))
        for label in (declared.name, *declared.labels) if declared.kind.name == "文本" else ():
            values |= dict.fromkeys(v for table in tables for row in table if (v := row.get(label, "").strip()))
        found[declared.name] = list(values)
    return found


def known_values(intake: Intake, process: Process) -> dict[str, list[str]]:
    """The same with what earlier cases hold: more of the kind will come, so these are known and not expected."""
    found = expected_values(intake, process)
    for row in cases.find(intake.know.conn, process.name, limit=_KNOWN_CASES):
        for name, values in found.items():
            value = row["fields"].get(name, "")
            if process.fields[name].kind.name == "文本" and 0 < len(value) <= _LONGEST_KNOWN and value not in values:
                values.append(value)
    return found


def clear(intake: Intake) -> float:
    """How sure a cell must be (取定值 `fax.confidence`; RULEBOOK B02 `ocr_confidence`)."""
    wanted = as_number(intake.know.library.config("fax.confidence"))
    return SURE if wanted is None else wanted


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


def doubt(process: Process, name: str, cell: Cell, known: Sequence[str], enough: float) -> str:
    """Why what was read is not taken, '' where it is: being not quite sure does not matter in prose."""
    declared = process.fields[name]
    if other := confusable(cell.text, known):
        return f"与已知的“{other}”只差一两笔"
    if declared.kind.name in ("日期", "时间") and not _WHOLE_DAY.search(unicodedata.normalize("NFKC", cell.text)):
        return "没有写全年月日"  # in a mail today's is meant; on paper it is rather lost
    return "看不清" if cell.sure < enough and _matters(process, declared, cell.text) else ""


def _matters(process: Process, declared: FormField, text: str) -> bool:
    """What the case needs, what tells it from others, whatever is counted or looked up, and every number and type: words beside which little Chinese stands."""
    if declared.required is not False or declared.identifies or declared.kind.name != "文本" or f"<{declared.name}>" in process.subject:
        return True
    return 2 * len(re.findall(r"[0-9A-Za-z]", text)) > len(re.findall(r"\w", text))


def confusable(text: str, known: Sequence[str]) -> str:
    """A known value that the text is perhaps a misreading of: WII for WH, the letter O for a zero; '' where it is one itself, or like none.

    Another number of the same shape (GZ-…-0031, GZ-…-0032) is another number.
    """
    plain = _plain(text)
    shape = re.sub(r"\d", "0", plain)
    if len(plain) < 2 or any(shape == re.sub(r"\d", "0", _plain(k)) for k in known):
        return ""
    alike = re.sub(r"\d", "0", _folded(plain))
    return next((k for k in known if re.sub(r"\d", "0", _folded(_plain(k))) == alike or _one_character(plain, _plain(k))), "")


def _plain(text: str) -> str:
    return re.sub(r"[\s\-—_.,。:/()]+", "", unicodedata.normalize("NFKC", text)).upper()


def _folded(plain: str) -> str:
    return plain.translate(_ALIKE)


def _one_character(a: str, b: str) -> bool:
    """Words of five characters and more, one of them a Chinese one that is another."""
    differ = [(x, y) for x, y in zip(a, b, strict=False) if x != y]
    return len(a) == len(b) >= 5 and len(differ) == 1 and all(ord(c) > 0x2E80 for c in differ[0])


# -- who sent it -----------------------------------------------------------------------------------------------------------------


def fax_number(message: Message) -> str:
    """The number that a gateway says the fax came from, digits alone; '' where it says none."""
    for text in (message.subject, message.text[:2000], message.sender_name):
        if found := re.search(r"(?:from|来自|发自|主叫|号码|传真号)\D{0,12}(\+?\d[\d\- ()]{5,18}\d)", text, re.I):
            return re.sub(r"\D", "", found[1])
    return ""


def sender_of(intake: Intake, mail: Mail, form: Form) -> str:
    """Whose fax it is: by the gateway's subject, by number, by what stands on the form; else who usually sends it; '' where that is not one person."""
    know = intake.know
    for opening in intake.router.opening(mail.subject):
        if said := opening.parts.get("对象", ""):
            meant = know.person(said) or next((p.name for p in know.directory.people if p.active and p.unit == said), "")
            if meant:
                return meant
    if called := caller(intake, mail.message, form.page):
        return called
    roles = form.process.starts[form.start].by
    names = Names(form.process, decide.blank_case(form.process, Event(know.now)), Event(know.now), know)
    sure = {cell.text for cell in form.cells.values() if cell.sure >= clear(intake)}
    return written(intake, names.everyone(roles), sure) or next((holders[0] for role in roles if len(holders := names.people(role)) == 1), "")


def caller(intake: Intake, message: Message, page: papers.Print) -> str:
    """Whose number the gateway or the machine's line over the page says; '' where it is nobody's of ours."""
    people = [p for p in intake.know.directory.people if p.active]
    head = " ".join(line.text for line in page.lines if line.box[1] < 0.06 * page.height)
    numbers = {_tail(n) for text in (message.subject, message.text[:2000], head) for n in _NUMBER.findall(text)}
    return next((p.name for column in ("fax", "phone") for p in people if getattr(p, column) and _tail(getattr(p, column)) in numbers), "")


def written(intake: Intake, people: Sequence[str], texts: Collection[str]) -> str:
    """The first of these people whose name or unit stands there."""
    known = [(name, person) for name in people if (person := intake.know.whole_person(name))]
    return next((name for name, person in known if person.name in texts or person.unit and person.unit in texts), "")


def _tail(number: str) -> str:
    """The digits that tell a number, whatever stands before them: +86 20 …, 020-…"""
    return re.sub(r"\D", "", number)[-10:]


# -- the mail ------------------------------------------------------------------------------------------------------------------------


def taken(intake: Intake, mail: Mail, found: Sorted) -> list[End]:
    """What became of each form of a fax, or of a scan that somebody of ours mailed."""
    from .mail_in_hand import End

    if not found.forms:
        return []
    content = intake._content(mail)
    if twin := mails.find_content(intake.know.conn, mail.message.sender, content, mail.row["received_at"] - SAME_WITHIN):
        return [End("duplicate", twin["case_id"], "同样的传真一天之内已经收到过", content)]
    ends: list[End] = []
    for number, form in enumerate(found.forms):
        sender = mail.sender or sender_of(intake, mail, form)
        hints = _find_doubts(form, known_values(intake, form.process), clear(intake))
        again = as_mail(intake, mail.row, mail.message, form.process, form.title, form.read, sender, mail.proof)
        why = _not_yet(intake, again, form)
        if why or form.doubts:
            ends.append(_ask(intake, mail, number, form, sender, why))
        else:
            again.problems = [f"传真上“{name}”看不太清,读作“{form.cells[name].text}”;不对请直接回信说明" for name in hints]
            ends.append(begin(intake, again, form.process, form.start, form.parts))
        ends[-1].content = content
    return ends


def as_mail(intake: Intake, row: Any, original: Message, process: Process, title: str, values: dict[str, str], sender: str, proof: str) -> Mail:
    """The fax as if the form had come by mail from its sender."""
    from .mail_in_hand import Mail

    person = intake.know.whole_person(sender) if sender else None
    lines = "\n".join(f"{name}:{value}" for name, value in values.items())
    message = replace(
        original, subject=f"传真-{title}", text=lines, reply_text=lines, tables=[], sender=person.address if person else "", sender_name=sender,
    )  # fmt: skip
    means = "传真" if original.sender in intake.gateways else "来信"
    return Mail(row, message, clean(message.subject), sender, proof, read=dict(values), fax=fax_number(original), means=means)


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
        return "认不出是谁发来的,请写明“来信人:姓名”"
    if intake.trusted.commands == "authenticated" and not again.proof:
        return "不能证实这封信是传真网关发来的"
    done = _trial(intake, again, form.process, form.start, form.parts)[2]
    if isinstance(done, Refused):
        return f"{again.sender}:{done.says}"
    for problem in done.problems:
        form.doubts.setdefault(problem.field, problem.why if problem.field in form.cells else "没有读出" if problem.why == "没有填写" else problem.why)
    return ""


def begin(intake: Intake, again: Mail, process: Process, start: int, parts: dict[str, str]) -> End:
    """Opens the case."""
    case, event, _ = _trial(intake, again, process, start, parts)
    return intake._begin(again, process, start, case, event)


# -- asking a person -------------------------------------------------------------------------------------------------------------


def _ask(intake: Intake, mail: Mail, number: int, form: Form, sender: str, why: str) -> End:
    """One letter to the desk, one to whoever sent it (RULEBOOK B02: 请核对)."""
    from .mail_in_hand import End

    cells = [_cell(form, name) for name in (*form.doubts, *(n for n in form.cells if n not in form.doubts and form.cells[n].sure < clear(intake)))]
    sure = [[name, form.cells[name].text] for name in form.process.fields if name in form.cells and name not in {c["label"] for c in cells}]
    memory = {"form": form.process.name, "start": form.start, "title": form.title, "read": form.read, "sender": sender, "number": number, "parts": form.parts}
    unclear = "、".join(form.doubts)
    reason = ";".join(t for t in (f"请核对:{unclear}" if unclear else "", why) if t)
    said = f"收到传真《{form.title}》(第 {form.page.page} 页)" + (f",来自 {sender}" if sender else "") + "。"
    says = said + (f"{why}。" if why else "") + (f"这几栏要请您核对:{unclear}。" if unclear else "")
    answers = {"确认": "确认", "更正": "\n".join(f"{name}:" for name in form.doubts)} if form.doubts else {}
    if not sender:
        answers["来信人"] = "确认\n来信人:"
    desk = intake.know.with_role("系统管理员")[:3]
    for reader in desk:
        tell(intake, mail, reader, memory, cells, sure, answers, 说=says, 表单=form.title)
    if sender and not why and sender not in desk:
        tell(intake, mail, sender, memory, cells, sure, answers, 说=says + "已同时请我方人员核对,先答复的算。", 表单=form.title)
    return End("sorting", None, f"传真《{form.title}》{reason}"[:300])


def tell(intake: Intake, mail: Mail, reader: str, memory: dict[str, Any], cells: list[dict[str, Any]], facts: list[list[str]], answers: dict[str, str], **words: Any) -> None:
    """A letter that remembers what it asks about. `answers`: what may be answered, word → text."""
    from .mail_in_hand import buttons

    actions = buttons(mail.row["id"], memory["number"], **answers, 忽略="忽略")
    intake.desk.attach_next = [{"kind": "forwarded", "mail": mail.row["id"]}]
    intake.recorder.tell("fax", reader, intake._event(mail, None), 记住={"fax": memory, "cells": cells, "facts": facts, "actions": actions}, **words)


def _cell(form: Form, name: str) -> dict[str, Any]:
    cell = form.cells.get(name)
    shown = ""
    if cell is not None:
        page = form.pages[name]
        shown = picture(page.picture, cell.box, (page.width, page.height))
    return {"label": name, "read": cell.text if cell else "", "why": form.doubts.get(name, "看不太清"), "picture": shown}


def answered(intake: Intake, mail: Mail, memory: dict[str, Any], row: Any, original: Message) -> End | None:
    """What a person says of a form's doubtful cells: `确认`, or the corrected lines; None where it is neither."""
    from .mail_in_hand import End

    process = intake.know.library.processes.get(memory["form"])
    if process is None:
        return None
    labels = _labels(process)
    said = read_fields(mail.message.reply_text, [*labels, "来信人"])
    first = next((t.strip() for t in mail.message.reply_text.split("\n") if t.strip()), "")
    if not said and not re.match(r"(确认|无误|都对|属实)(?!\w)", first):
        return None
    event = intake._event(mail, None)
    sender = memory["sender"]
    if named := said.pop("来信人", "").strip():
        sender = intake.know.person(named)
        if not sender:
            intake.recorder.tell("says", event.who, event, 说=f"通讯录里没有“{named}”;请核对姓名后再回一次。", 事项="核对传真")
            return End("answered", None, "核对传真:没有这个人")
    values = memory["read"] | {labels[label]: value for label, value in said.items() if value}
    again = as_mail(intake, row, original, process, memory["title"], values, sender, mail.proof)
    form = Form(process, memory["start"], memory["title"], papers.Print(0, [], 0, 0, b"", ""), memory["parts"])
    why = _not_yet(intake, again, form)
    if why or form.doubts:
        gaps = "\n".join(f"- {name}:{text}" for name, text in form.doubts.items())
        intake.recorder.tell("says", event.who, event, 说=f"还不能开单。{why}\n{gaps}\n请补上后再回一次,已写的也请再写一遍。", 事项="核对传真")
        return End("answered", None, f"核对传真:还缺 {'、'.join(form.doubts) or why}"[:300])
    end = begin(intake, again, process, memory["start"], memory["parts"])
    settle(intake, row, memory, end.end, end.case_id, f"{event.who} 核对:{end.reason}")
    if event.who != sender:
        opened = cases.get(intake.know.conn, end.case_id) if end.case_id else None
        intake.recorder.tell("says", event.who, event, 说=f"已按《{memory['title']}》开单 {opened['number'] if opened else ''},收到时间按传真到的时间算。", 事项="核对传真")
    return End("answered", end.case_id, "核对传真:开单")


def waits(intake: Intake, row: Any, memory: dict[str, Any]) -> bool:
    """Whether nobody has answered yet."""
    return marks.get(intake.know.conn, f"fax/{row['id']}/{memory['number']}") is None and row["end"] == "sorting"


def settle(intake: Intake, row: Any, memory: dict[str, Any], end: str, case_id: int | None, reason: str) -> None:
    """One matter of a fax is settled; when all are, the mail is."""
    conn = intake.know.conn
    marks.set(conn, f"fax/{row['id']}/{memory['number']}", intake.know.now)
    asked = marks.get(conn, f"fax/{row['id']}")
    left = [n for n in (asked["value"].split() if asked else []) if marks.get(conn, f"fax/{row['id']}/{n}") is None]
    case_id = case_id or row["case_id"]
    mails.finish(conn, row["id"], end="sorting" if left else "recorded" if case_id else end, case_id=case_id, reason=reason[:300] if not left else row["reason"])


def together(intake: Intake, mail: Mail, ends: Sequence[End]) -> End:
    """The end of a mail with these matters, in the order of their numbers; notes which of them wait for a person."""
    if waiting := [n for n, end in enumerate(ends) if end.end == "sorting"]:
        marks.set(intake.know.conn, f"fax/{mail.row['id']}", intake.know.now, " ".join(map(str, waiting)))
    return one_of(ends)


def one_of(ends: Sequence[End]) -> End:
    """Of several ends the one that says most: what waits for a person before what is done; with a case where there is any."""
    first = next((end for end in ends if end.end == "sorting"), next((end for end in ends if end.case_id), ends[0]))
    first.case_id = first.case_id or next((end.case_id for end in ends if end.case_id), None)
    return first
