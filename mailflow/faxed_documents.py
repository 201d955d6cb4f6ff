"""Documents to hand in that come by fax (处理情况表, 服务报告 …): found by their title, their case by its number on the page; taken as if their sender had mailed them.

What is not sure — whose case it is, a value that is needed — a person is asked, with its picture; no page is filed on a case by guessing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from parsers import Message
from parsers.fields import read_fields
from parsers.printed import Cell, Words, fields
from store import cases

from . import fax_questions, fax_senders, papers
from .blank_forms import find, handed_in_by, received
from .doubts import clear, doubt
from .fax_pages import Paper, printed_number
from .faxed_forms import SENDER
from .mail_in_hand import End, Mail
from .process import decide, forms
from .process.model import Action, Document, Process
from .process.names import Names
from .process.world import Case, Event, Refused

if TYPE_CHECKING:
    from .intake import Intake

NUMBER = "单号"
_SURE = 0.9  # at least, before a page is filed on a case
_ALIKE = 0.5  # how much alike what the page and the case say of the same thing must be, where a number says that it is this case


@dataclass(slots=True)
class _Place:
    """An open case that can take the document now."""

    row: Any
    process: Process
    case: Case
    document: Document
    actions: list[Action]  # that take it, the one made for it first
    waits: bool  # it is due, or the state has an action for it alone


@dataclass(slots=True)
class _Read:
    """What stands on the pages of a document."""

    paper: Paper
    cells: dict[str, Cell] = field(default_factory=dict)  # label as printed → what stands there
    pages: dict[str, papers.Print] = field(default_factory=dict)
    number: str = ""
    number_at: tuple[Words, papers.Print] | None = None


@dataclass(slots=True)
class _Found:
    """Which case is meant; `why` it is not certain, '' where it is."""

    place: _Place | None = None
    why: str = ""


def taken(intake: Intake, mail: Mail, documents: Sequence[Paper], first: int, thread: str = "") -> list[End]:
    """What became of each; `first`: the number of the first among the matters of the fax. `thread`: the case that the mail answers."""
    if not documents:
        return []
    content = intake._content(mail)
    if repeated := intake._repeated(mail, content, "传真"):
        return [repeated]
    ends = [_one(intake, mail, paper, number, thread) for number, paper in enumerate(documents, first)]
    for end in ends:
        end.content = content
    return ends


def _one(intake: Intake, mail: Mail, paper: Paper, number: int, thread: str) -> End:
    places = _places(intake, paper.title)
    read = _read(intake, paper, places)
    sender = mail.sender or fax_senders.caller(intake.know, mail.message, paper.pages[0])
    found = _find(intake, read, places, sender, thread)
    if found.place is None:
        return _ask(intake, mail, number, read, found, sender, {})
    sender = sender or _sender(intake, read, found.place)
    action, doubts, hints = _check(intake, read, found.place, sender)
    said = {label: cell.text for label, cell in read.cells.items()}
    again = fax_senders.as_mail(intake, mail.row, mail.message, paper.title, said, sender, mail.proof)
    found.why = found.why or _not_yet(intake, again, found.place, action, paper.title, doubts)
    if found.why or doubts or action is None:
        return _ask(intake, mail, number, read, found, sender, doubts)
    return _hand_in(intake, again, found.place, action, paper.title, [f"传真上“{n}”看不太清,读作“{t}”;不对请直接回信说明" for n, t in hints.items()])


def is_of(process: Process, title: str) -> bool:
    """Whether a document of the process has this title."""
    return any(title in {w.strip("《》") for w in (d.name, *d.labels)} for d in process.documents.values())


# -- what stands there ----------------------------------------------------------------------------------------------------------------


def _places(intake: Intake, title: str) -> list[_Place]:
    """Every open case that can take the document now, newest first."""
    know, found = intake.know, []
    for known, _ in handed_in_by(know.library, title):
        for row in cases.find(know.conn, known.name, open=True, limit=500):
            if place := _place(intake, row, title):
                found.append(place)
    return found


def _place(intake: Intake, row: Any, title: str) -> _Place | None:
    process = intake.know.process_of(row["process"], row["version"])
    document = next((d for d in process.documents.values() if title in {w.strip("《》") for w in (d.name, *d.labels)}), None) if process is not None else None
    if process is None or document is None or not row["open"]:
        return None
    actions = [a for a in process.actions_in(row["state"]).values() if a.by and {document.name, "来件"} & {*received(a.effects)}]
    actions.sort(key=lambda a: document.name not in received(a.effects))
    case = intake.know.load(row)
    waits = not case.documents.get(document.name) and (document.name in case.documents or any(document.name in received(a.effects) for a in actions))
    return _Place(row, process, case, document, actions, waits) if actions else None


def _read(intake: Intake, paper: Paper, places: Sequence[_Place]) -> _Read:
    """By the labels of the form and of every process that has such a document: a label that is not known would end up in another's value."""
    read = _Read(paper)
    blank = find(intake.know.library, paper.title)
    labels = {NUMBER, *(f.name for f in (blank.fields if blank else ()))}
    labels |= {label for process, _ in handed_in_by(intake.know.library, paper.title) for label in forms.labels(process)}
    for page in paper.pages:
        for label, cell in fields(page.lines, labels, _telling(places)).items():
            if label not in read.cells or cell.sure > read.cells[label].sure:
                read.cells[label], read.pages[label] = cell, page
        if not read.number and (line := next((line for line in page.lines if printed_number(line.text)), None)):
            read.number, read.number_at = printed_number(line.text), (line, page)
    return read


def _telling(places: Sequence[_Place]) -> dict[str, list[str]]:
    """label → what stands there on the cases that wait: the reporters' own numbers, which need not be of the day of the document."""
    found: dict[str, list[str]] = {}
    for place in places:
        for label, name in forms.labels(place.process).items():
            if place.process.fields[name].identifies and (value := place.case.fields.get(name, "")) and value not in found.setdefault(label, []):
                found[label].append(value)
    return {label: values for label, values in found.items() if values}


# -- whose it is ----------------------------------------------------------------------------------------------------------------------


def _find(intake: Intake, read: _Read, places: Sequence[_Place], sender: str, thread: str = "") -> _Found:
    """By our number; by the thread; by a value that identifies a case (标识); by being the only one that waits for it from this sender."""
    enough = max(_SURE, clear(intake.know))  # a wrong case is worse than a wrong word
    if read.number and read.number_at:
        place = next((p for p in places if p.row["number"] == read.number), None)
        if place is None:  # where only the letters differ it is perhaps that one, and for a person to say
            alike = [p for p in places if p.row["number"].split("-")[2:] == read.number.split("-")[2:] and (not sender or sender in _entitled(intake, p))]
            return _Found(alike[0] if len(alike) == 1 and not _contradiction(read, alike[0], alike=1.0) else None, f"没有等这份文件的单号 {read.number}")
        unsure = "" if read.number_at[0].sure >= enough else f"单号 {read.number} 看不清"
        return _Found(place, unsure or _contradiction(read, place))
    if place := next((p for p in places if p.row["number"] == thread), None):
        return _Found(place, _contradiction(read, place))
    told = NUMBER in read.cells
    hits: dict[int, tuple[_Place, float]] = {}
    for place in places:
        telling = [(label, name) for label, name in forms.labels(place.process).items() if place.process.fields[name].identifies]
        for label, name in (*telling, *((NUMBER, name) for _, name in telling)):  # whose number it is, is not always said
            cell = read.cells.get(label)
            if cell is None:
                continue
            told = True
            if (value := place.case.fields.get(name, "")) and _plain(value) == _plain(cell.text):
                hits[place.row["id"]] = (place, cell.sure)
    if len(hits) == 1:
        [(place, sure)] = hits.values()
        return _Found(place, "是哪张单看不清" if sure < clear(intake.know) else _contradiction(read, place))  # long, and exactly what the case holds
    waiting = [p for p in places if p.waits and (not sender or sender in _entitled(intake, p))]
    only = waiting[0] if len(waiting) == 1 else None
    if told or hits:
        return _Found(only if not hits else None, "表上的编号没有对上在办的单" if not hits else "表上的编号对上了几张单")
    if only is None:
        return _Found(None, "表上没有单号," + ("等这份文件的单不止一张" if waiting else "没有等这份文件的单"))
    return _Found(only, "认不出是谁发来的" if not sender and not _sender(intake, read, only, alone=False) else _contradiction(read, only, alike=1.0))


def _contradiction(read: _Read, place: _Place, alike: float = _ALIKE) -> str:
    """What the page says otherwise than the case of what the case is about (事项): of less than so much alike."""
    for label, name in forms.labels(place.process).items():
        cell, value = read.cells.get(label), place.case.fields.get(name, "")
        declared = place.process.fields[name]
        if cell is None or not value or declared.kind.name not in ("文本", "项目") or f"<{name}>" not in place.process.subject:
            continue
        page, case = _plain(cell.text), _plain(value)
        if page and page not in case and case not in page and SequenceMatcher(None, page, case).ratio() < alike:
            return f"表上“{label}”是“{cell.text}”,{place.row['number']} 是“{value}”"
    return ""


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).upper()


def _entitled(intake: Intake, place: _Place) -> list[str]:
    event = Event(intake.know.now)
    names = Names(place.process, place.case, event, intake.know)
    return list(dict.fromkeys(n for action in place.actions for n in names.everyone(action.by)))


def _sender(intake: Intake, read: _Read, place: _Place, alone: bool = True) -> str:
    """Who of those that may hand it in stands on the page; with `alone` else the only one whose document it is."""
    entitled = _entitled(intake, place)
    sure = {cell.text for cell in read.cells.values() if cell.sure >= clear(intake.know)}
    if told := fax_senders.written(intake.know, entitled, sure):
        return told
    owners = Names(place.process, place.case, Event(intake.know.now), intake.know).everyone(place.document.by)
    return owners[0] if alone and len(owners) == 1 and owners[0] in entitled else ""


# -- whether it can be taken ---------------------------------------------------------------------------------------------------------------


def _check(intake: Intake, read: _Read, place: _Place, sender: str) -> tuple[Action | None, dict[str, str], dict[str, str]]:
    """The action by which this sender hands it in; what of its values is doubtful, field → why; what is not quite sure and matters less, field → text."""
    action = _action(intake, place, sender)
    doubts: dict[str, str] = {}
    hints: dict[str, str] = {}
    if action is None:
        return None, doubts, hints
    blank = find(intake.know.library, read.paper.title)
    enough, printed = clear(intake.know), {f.name for f in (blank.fields if blank else ())}
    for name in _wanted(place, action):
        labels = (name, *place.process.fields[name].labels)
        cell = next((read.cells[label] for label in labels if label in read.cells), None)
        if cell is None:
            if name in (*action.asks, place.document.signed) and (printed & set(labels) or not place.process.fields[name].default):
                doubts[name] = "没有读出"  # in a mail the time of receipt would stand in; on paper it is rather lost
        elif why := doubt(place.process, name, cell, (), enough):
            doubts[name] = why
        elif cell.sure < enough:
            hints[name] = cell.text
    return action, doubts, hints


def _wanted(place: _Place, action: Action) -> list[str]:
    return list(dict.fromkeys(n for n in (*action.asks, *action.may_say, place.document.signed) if n))


def _action(intake: Intake, place: _Place, sender: str) -> Action | None:
    names = Names(place.process, place.case, Event(intake.know.now), intake.know)
    return next((a for a in place.actions if sender and sender in names.everyone(a.by)), None)


def _event(intake: Intake, again: Mail, place: _Place, action: Action, title: str) -> Event:
    """As if the document had been attached under its name, and named behind the command where the command may mean several."""
    event = intake._event(again, place.process)
    wanted = {label for name in _wanted(place, action) for label in (name, *place.process.fields[name].labels)}
    event.raw = {label: text for label, text in event.raw.items() if label in wanted}
    event.files = (*event.files, title)
    if place.document.name not in received(action.effects):
        event.argument = place.document.name
    return event


def _not_yet(intake: Intake, again: Mail, place: _Place, action: Action | None, title: str, doubts: dict[str, str]) -> str:
    """Why it cannot be taken, but for what its values lack, which is added to the doubts."""
    if not again.sender:
        return f"认不出是谁发来的,请写明“{SENDER}:姓名”"
    if action is None:
        return f"{again.sender} 现在不能交《{title}》({place.case.state})"
    if (intake.trusted.commands == "authenticated" or intake._needs_proof(place.case, action)) and not again.proof:
        return "不能证实这封信是传真网关发来的"
    done = decide.act(place.process, place.case, action, _event(intake, again, place, action, title), intake.know)
    if not isinstance(done, Refused):
        return ""
    for problem in done.problems:
        doubts.setdefault(problem.field, problem.why)
    return "" if done.problems else done.says


def _hand_in(intake: Intake, again: Mail, place: _Place, action: Action, title: str, hints: Sequence[str]) -> End:
    event = _event(intake, again, place, action, title)
    end = intake._act(again, place.process, place.case, action, event)
    end.reason = f"传真《{title}》:{end.reason}"
    if hints:
        intake.recorder.tell("says", again.sender, event, place.process, intake.know.load(cases.get(intake.know.conn, place.case.id)), 说="；".join(hints))
    return end


# -- asking a person -----------------------------------------------------------------------------------------------------------------------


def _ask(intake: Intake, mail: Mail, number: int, read: _Read, found: _Found, sender: str, doubts: Mapping[str, str]) -> End:
    """One letter to the desk; to whoever sent it as well, where only values are doubtful."""
    place, title = found.place, read.paper.title
    cells: list[dict[str, Any]] = []
    if read.number_at:
        line, sheet = read.number_at
        cells.append(fax_questions.cell(NUMBER, read.number, found.why or "请核对", sheet, line.box))
    for name, why in doubts.items():
        label = next((label for label in ((name, *place.process.fields[name].labels) if place else ()) if label in read.cells), "")
        cell = read.cells.get(label)
        cells.append(fax_questions.cell(label, cell.text, why, read.pages.get(label), cell.box) if cell else fax_questions.cell(name, "", why))
    told = {c["label"] for c in cells}
    facts = [[f"{NUMBER}(待核对)", f"{place.row['number']} {place.row['title']}"]] if place else [[p.row["number"], p.row["title"]] for p in _places(intake, title)[:8]]
    facts += [[label, cell.text] for label, cell in read.cells.items() if label not in told]
    unclear = "、".join(str(c["label"]) for c in cells if c["label"] != NUMBER)
    page_numbers = "、".join(str(page.page) for page in read.paper.pages)
    says = f"收到传真《{title}》(第 {page_numbers} 页)" + (f",来自 {sender}" if sender else "") + (f",应是 {place.row['number']} 的" if place else "") + "。"
    says += (f"{found.why}。" if found.why else "") + (f"这几栏要请您核对:{unclear}。" if unclear else "") + ("" if place else f"请写明是哪张单:“{NUMBER}:MF-…”,要办的单见下。")
    memory = {"about": "document", "title": title, "case": place.row["number"] if place else "", "read": {label: cell.text for label, cell in read.cells.items()}, "sender": sender, "number": number}
    missing = [c["label"] for c in cells if c["label"] != NUMBER] + ([] if sender else [SENDER])
    answers = ({"确认": "确认"} if place and not any(not c["read"] for c in cells) and sender else {}) | ({"更正": "\n".join(f"{n}:" for n in missing)} if missing else {}) | {NUMBER: f"{NUMBER}:MF-"}
    fax_questions.ask(intake, mail, memory, cells, facts, answers, says, title, sender if place and not found.why else "")
    reason = ";".join(t for t in (f"请核对:{unclear}" if unclear else "", found.why) if t)
    return End("sorting", None, f"传真《{title}》{reason}"[:300])


def answered(intake: Intake, mail: Mail, memory: dict[str, Any], row: Any, original: Message) -> End | None:
    """What a person says of a document: `确认`, the case's number, corrected lines; None where it is none of them."""
    title, event, first = memory["title"], intake._event(mail, None), mail.first_line
    known = {label for process, _ in handed_in_by(intake.know.library, title) for label in forms.labels(process)}
    asked = [*known, *memory["read"], NUMBER, SENDER]
    said = fax_questions.corrected(mail.message.reply_text, asked) | read_fields(mail.message.reply_text, asked)
    number = printed_number(said.pop(NUMBER, "")) or ("" if first.startswith("归入") else printed_number(first))
    if not said and not number and not fax_questions.agrees(first):
        return None
    sender = memory["sender"]
    if named := said.pop(SENDER, "").strip():
        sender = intake.know.person(named)
        if not sender:
            return fax_questions.reply(intake, event, f"通讯录里没有“{named}”;请核对姓名后再回一次。", "没有这个人")
    number = number or memory["case"]
    wanted = cases.by_number(intake.know.conn, number) if number else None
    place = _place(intake, wanted, title) if wanted is not None else None
    if place is None:
        says = f"{number or '没有写单号'}:没有等《{title}》的这张单;请写明“{NUMBER}:MF-…”后再回一次。"
        return fax_questions.reply(intake, event, says, "单号不对")
    values = memory["read"] | {label: value for label, value in said.items() if value}
    read = _Read(Paper(title, []), {label: Cell(text, 1.0, (0, 0, 0, 0)) for label, text in values.items()})
    sender = sender or _sender(intake, read, place)
    action, doubts, _ = _check(intake, read, place, sender)
    again = fax_senders.as_mail(intake, row, original, title, values, sender, mail.proof)
    why = _not_yet(intake, again, place, action, title, doubts)
    if why or doubts or action is None:
        gaps = "\n".join(f"- {forms.said(place.process.fields[name])}:{text}" for name, text in doubts.items())
        says = f"还不能办。{why}\n{gaps}\n请补上后再回一次,已写的也请再写一遍。"
        return fax_questions.reply(intake, event, says, f"还缺 {'、'.join(doubts) or why}")
    end = _hand_in(intake, again, place, action, title, ())
    fax_questions.settle(intake, row, memory, end.end, end.case_id, f"{event.who} 核对:{end.reason}")
    if event.who == sender:
        return fax_questions.answered(end.reason, end.case_id)
    says = f"{place.row['number']}:《{title}》已按 {sender} 交来办理,时间按传真到的时间算。"
    return fax_questions.reply(intake, event, says, end.reason, end.case_id)
