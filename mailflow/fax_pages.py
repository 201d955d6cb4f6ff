"""What the pages of a fax are: forms that open cases, documents that are handed in, slips of ours, pages that nobody knows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from parsers.printed import Cell, Words, fields
from parsers.sheets import sheet

from . import papers
from .blank_forms import handed_in, whole_form
from .doubts import bare, expected_values
from .process import forms
from .process.model import Process
from .process.slip_plans import SlipPlan

if TYPE_CHECKING:
    from .intake import Intake

_TELLING = 6  # characters of a title that also says on a second page, or beside a form's, what the page is: 解决方案 is a heading as well
_MANY = 3  # labels of a form that make a page one whose title could not be read
_OPENING, _LIKE = 20, 0.6  # characters of a slip's opening, and how much alike they must be after faxing


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
    lines = [bare(line.text) for line in page.lines]
    opening = bare(plan.opening)[:_OPENING]
    return any("二维码" in line or opening and SequenceMatcher(None, opening, line[:_OPENING]).ratio() > _LIKE for line in lines)


def labels_of(process: Process) -> dict[str, str]:
    """What stands printed on the form that opens a case → the field that it is."""
    asked = {f.name for f in whole_form(process)}
    return {label: name for label, name in forms.labels(process).items() if name in asked}


def _form_like(lines: Sequence[Words], process: Process) -> bool:
    """Whether so many labels of its form stand there that the page is probably one."""
    heads = {re.split(r"[:：]", line.text)[0].replace(" ", "") for line in lines}
    return len(heads & set(labels_of(process))) >= _MANY


def _fill(intake: Intake, form: Form, page: papers.Print) -> None:
    labels, expected = labels_of(form.process), expected_values(intake.know, form.process)
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
