"""Whose fax it is, and the mail that it stands for."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from parsers import Message
from parsers.subjects import clean

from . import papers
from .doubts import clear
from .fax_pages import Form
from .knowledge import Knowledge
from .process import decide
from .process.names import Names
from .process.world import Event

if TYPE_CHECKING:
    from .intake import Intake
    from .mail_in_hand import Mail

_NUMBER = re.compile(r"\+?\d[\d\- ()]{5,18}\d")


def number_of(message: Message) -> str:
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
    if called := caller(know, mail.message, form.page):
        return called
    roles = form.process.starts[form.start].by
    names = Names(form.process, decide.blank_case(form.process, Event(know.now)), Event(know.now), know)
    sure = {cell.text for cell in form.cells.values() if cell.sure >= clear(know)}
    return written(know, names.everyone(roles), sure) or next((holders[0] for role in roles if len(holders := names.people(role)) == 1), "")


def caller(know: Knowledge, message: Message, page: papers.Print) -> str:
    """Whose number the gateway or the machine's line over the page says; '' where it is nobody's of ours."""
    people = [p for p in know.directory.people if p.active]
    head = " ".join(line.text for line in page.lines if line.box[1] < 0.06 * page.height)
    numbers = {_tail(n) for text in (message.subject, message.text[:2000], head) for n in _NUMBER.findall(text)}
    return next((p.name for column in ("fax", "phone") for p in people if getattr(p, column) and _tail(getattr(p, column)) in numbers), "")


def written(know: Knowledge, people: Sequence[str], texts: Collection[str]) -> str:
    """The first of these people whose name or unit stands there."""
    known = [(name, person) for name in people if (person := know.whole_person(name))]
    return next((name for name, person in known if person.name in texts or person.unit and person.unit in texts), "")


def _tail(number: str) -> str:
    """The digits that tell a number, whatever stands before them: +86 20 …, 020-…"""
    return re.sub(r"\D", "", number)[-10:]


def as_mail(intake: Intake, row: Any, original: Message, title: str, said: Mapping[str, str], sender: str, proof: str) -> Mail:
    """The page as if what stands on it, label → text, had come by mail from its sender."""
    from .mail_in_hand import Mail

    person = intake.know.whole_person(sender) if sender else None
    lines = "\n".join(f"{label}:{text}" for label, text in said.items())
    message = replace(original, subject=f"传真-{title}", text=lines, reply_text=lines, tables=[], sender=person.address if person else "", sender_name=sender)
    means = "传真" if original.sender in intake.gateways else "来信"  # a scan that somebody mailed
    return Mail(row, message, clean(message.subject), sender, proof, read=dict(said), fax=number_of(original), means=means)
