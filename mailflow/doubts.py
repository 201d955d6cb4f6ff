"""What was read off a page and is not to be taken as it was read: values that are not sure, or that a known one may have been misread for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from parsers.printed import SURE, Cell
from store import cases

from .blank_forms import whole_form
from .knowledge import Knowledge
from .process.model import Field, Process
from .process.values import number

_KNOWN_CASES = 200  # the newest of a process, whose values are known ones
_LONGEST_KNOWN = 40  # characters
_WHOLE_DAY = re.compile(r"\d{4}\s*[-年/.]\s*\d{1,2}\s*[-月/.]\s*\d{1,2}")
# What print and fax make of one another: both sides of a doubt read the same by this.
_ALIKE = str.maketrans({"O": "0", "D": "0", "Q": "0", "I": "1", "L": "1", "|": "1", "!": "1", "Z": "2", "S": "5", "B": "8", "G": "6", "H": "11"})


def expected_values(know: Knowledge, process: Process) -> dict[str, list[str]]:
    """For each field what is likely to stand there: its options, master data with a column of its name."""
    tables = [table for name in know.master.tables if (table := know.master.table(name))]
    found = {}
    for declared in whole_form(process):
        values = dict.fromkeys((*declared.kind.options, *declared.kind.synonyms))
        for label in (declared.name, *declared.labels) if declared.kind.name == "文本" else ():
            values |= dict.fromkeys(v for table in tables for row in table if (v := row.get(label, "").strip()))
        found[declared.name] = list(values)
    return found


def known_values(know: Knowledge, process: Process) -> dict[str, list[str]]:
    """The same with what earlier cases hold: more of the kind will come, so these are known and not expected."""
    found = expected_values(know, process)
    for row in cases.find(know.conn, process.name, limit=_KNOWN_CASES):
        for name, values in found.items():
            value = row["fields"].get(name, "")
            if process.fields[name].kind.name == "文本" and 0 < len(value) <= _LONGEST_KNOWN and value not in values:
                values.append(value)
    return found


def clear(know: Knowledge) -> float:
    """How sure a cell must be (取定值 `fax.confidence`; RULEBOOK B02 `ocr_confidence`)."""
    wanted = number(know.library.config("fax.confidence"))
    return SURE if wanted is None else wanted


def doubt(process: Process, name: str, cell: Cell, known: Sequence[str], enough: float) -> str:
    """Why what was read is not taken, '' where it is: being not quite sure does not matter in prose."""
    declared = process.fields[name]
    if other := confusable(cell.text, known):
        return f"与已知的“{other}”只差一两笔"
    if declared.kind.name in ("日期", "时间") and not _WHOLE_DAY.search(unicodedata.normalize("NFKC", cell.text)):
        return "没有写全年月日"  # in a mail today's is meant; on paper it is rather lost
    return "看不清" if cell.sure < enough and _matters(process, declared, cell.text) else ""


def _matters(process: Process, declared: Field, text: str) -> bool:
    """What the case needs, what tells it from others, whatever is counted or looked up, and every number and type: words beside which little Chinese stands."""
    if declared.required is not False or declared.identifies or declared.kind.name != "文本" or f"<{declared.name}>" in process.subject:
        return True
    return 2 * len(re.findall(r"[0-9A-Za-z]", text)) > len(re.findall(r"\w", text))


def confusable(text: str, known: Sequence[str]) -> str:
    """A known value that the text is perhaps a misreading of: WII for WH, the letter O for a zero; '' where it is one itself, or like none.

    Another number of the same shape (GZ-…-0031, GZ-…-0032) is another number.
    """
    plain = bare(text)
    shape = re.sub(r"\d", "0", plain)
    if len(plain) < 2 or any(shape == re.sub(r"\d", "0", bare(k)) for k in known):
        return ""
    alike = re.sub(r"\d", "0", _folded(plain))
    return next((k for k in known if re.sub(r"\d", "0", _folded(bare(k))) == alike or _one_character(plain, bare(k))), "")


def bare(text: str) -> str:
    """A text without width, blanks and punctuation, in capitals: what of it two readings can be compared by."""
    return re.sub(r"[\s\-—_.,。:/()]+", "", unicodedata.normalize("NFKC", text)).upper()


def _folded(plain: str) -> str:
    return plain.translate(_ALIKE)


def _one_character(a: str, b: str) -> bool:
    """Words of five characters and more, one of them a Chinese one that is another."""
    differ = [(x, y) for x, y in zip(a, b, strict=False) if x != y]
    return len(a) == len(b) >= 5 and len(differ) == 1 and all(ord(c) > 0x2E80 for c in differ[0])
