"""Documents that come in a case's thread without a word of what they are: an answer with the report alone, or with a scan of it.

What is named or headed as a document that this person may hand in now is taken as handed in. Of a scan the print is read. What says nothing is asked for.
"""

from __future__ import annotations

from typing import Any

from . import fax_pages, fax_questions, faxed_documents, papers
from .blank_forms import received
from .mail_in_hand import End, Mail
from .process.model import Action, Process
from .process.names import Names
from .process.world import Case, Event

_CLIENTS_OWN = (".gif", ".ics", ".vcf", ".p7s", ".asc", ".dat", ".eml")  # what clients add of their own


def taken(intake: Any, mail: Mail, process: Process, case: Case, event: Event) -> End | None:
    """What became of an answer that brings documents and says nothing of them; None where it brings none that is due."""
    ready = _ready(intake, process, case, event) if case.open and event.who and event.files else {}
    if not ready:
        return None
    told = " ".join([*event.files, *mail.titles])
    if named := [name for name in ready if any(word.strip("《》") in told for word in (name, *process.documents[name].labels))]:
        event.files = (*event.files, *named)  # the heading within a file names it as well as the file's own name
        return intake._act(mail, process, case, ready[named[0]], event)
    if (pages := papers.of(mail.message.attachments)) and not any(event.raw.values()):
        found = fax_pages.pages_by_kind(intake, intake.read_papers(papers.NotRead(mail.row["id"], pages, True)))
        if documents := [d for d in found.documents if faxed_documents.is_of(process, d.title)]:
            return fax_questions.together(intake, mail, faxed_documents.taken(intake, mail, documents, 0, case.number))
    return None


def unnamed(intake: Any, mail: Mail, process: Process, case: Case, event: Event) -> str:
    """What to tell whoever sent files of which nothing says what they are, while something is due from them; '' where there is nothing to tell."""
    if not case.open or not event.who or not any(not name.lower().endswith(_CLIENTS_OWN) for name in _files(mail)):
        return ""
    ready = _ready(intake, process, case, event)
    word = next((action.words[0] if action.words else action.name for action in ready.values()), "")
    return f"收到附件 {'、'.join(_files(mail))[:120]},没有写明交的是哪份文件,还没有登记。要交的请回“{word} 文件名”并随信附上;等您交的:{'、'.join(ready)}" if ready else ""


def _files(mail: Mail) -> list[str]:
    return [a.name for a in mail.message.attachments if a.name and not (a.inline and a.content_id)]


def _ready(intake: Any, process: Process, case: Case, event: Event) -> dict[str, Action]:
    """The documents that are due and that this person may hand in now, each with the action that takes it, the one made for it first."""
    names = Names(process, case, event, intake.know)
    mine = [a for a in process.actions_in(case.state).values() if a.by and event.who in names.everyone(a.by)]
    found: dict[str, Action] = {}
    for name, at in case.documents.items():
        if at or name not in process.documents or event.who not in names.everyone(process.documents[name].by):
            continue
        fitting = sorted((a for a in mine if {name, "来件"} & {*received(a.effects)}), key=lambda a: name not in received(a.effects))
        if fitting:
            found[name] = fitting[0]
    return found
