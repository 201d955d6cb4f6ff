"""The walks over a Word document's XML, as Word writes it and as a converter of old Word does: its tables, its lines, within limits."""

from __future__ import annotations

import re

from .message import Limits

ELEMENTS = 1_500_000  # of a Word document: a table of 5,000 rows has half of it; each costs a microsecond


class TooMuch(Exception):
    """Larger than the limits allow."""


class Word:
    """The walk over word/document.xml: paragraphs and tables, with content controls and tracked insertions, without deletions."""

    SKIP = frozenset(("del", "moveFrom", "instrText", "delText", "Fallback", "rPr", "pPr", "sectPr", "sdtPr", "tblPr", "trPr", "delInstrText"))

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.skip = 0
        self.depth = 0
        self.count = 0
        self.in_text = False
        self.run: list[str] = []
        self.lines: list[str] = []                 # the text of the document
        self.prose: list[str] = []                 # what of it stands outside tables
        self.box: str | None = None                # a box to tick, as old forms have them, until its end
        self.rows: list[list[str]] = []
        self.tables: list[list[list[str]]] = []    # open rows of open tables
        self.cells: list[list[str]] = []           # lines of the open cells
        self.spans: list[int] = []
        self.size = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        self.depth += 1
        self.count += 1
        if self.depth > 2000 or self.count > ELEMENTS:
            raise TooMuch
        if self.skip or local in self.SKIP:
            self.skip += 1
            if local == "trPr":
                pass
            return
        if local == "t":
            self.in_text = True
        elif local in ("tab", "ptab"):
            self.run.append("\t")
        elif local in ("br", "cr"):
            self.run.append("\n")
        elif local == "noBreakHyphen":
            self.run.append("-")
        elif local == "sym":
            mark = next((value for key, value in attributes.items() if key.endswith("char")), "").upper()
            self.run.append(_SYMBOLS.get(mark.removeprefix("F0").removeprefix("00"), chr(int(mark, 16)) if re.fullmatch("2[0-9A-F]{3}", mark) else ""))
        elif local == "checkBox":
            self.box = "☐"
        elif local in ("default", "checked") and self.box is not None:
            value = next((value for key, value in attributes.items() if key.endswith("val")), "1")
            self.box = "☐" if value in ("0", "false", "off") else "☑"
        elif local == "tbl":
            self._paragraph()
            self.tables.append([])
        elif local == "tr" and self.tables:
            self.tables[-1].append([])
        elif local == "tc" and self.tables:
            self._paragraph()
            self.cells.append([])

    def end(self, name: str) -> None:
        local = name.rpartition(" ")[2]
        self.depth -= 1
        if self.skip:
            self.skip -= 1
            return
        if local == "t":
            self.in_text = False
        elif local == "checkBox" and self.box is not None:
            self.run.append(self.box)
            self.box = None
        elif local == "p":
            self._paragraph(True)
        elif local == "tc" and self.cells:
            self._paragraph()
            lines = self.cells.pop()
            text = "\n".join(lines).strip()
            if self.tables and self.tables[-1]:
                self.tables[-1][-1].append(text)
        elif local == "tbl" and self.tables:
            rows = [row for row in self.tables.pop() if any(row)]
            if self.cells:   # a table within a cell
                self.cells[-1].extend("\t".join(row) for row in rows)
            else:
                self.lines.extend("\t".join(cell.replace("\n", " ") for cell in row) for row in rows)
            self.rows.extend(rows)
            if len(self.rows) > self.limits.rows:
                raise TooMuch

    def characters(self, data: str) -> None:
        if self.in_text and not self.skip:
            self.size += len(data)
            if self.size > self.limits.text:
                raise TooMuch
            self.run.append(data)

    def _paragraph(self, empty_counts: bool = False) -> None:
        text = "".join(self.run)
        self.run = []
        if text or empty_counts:
            (self.cells[-1] if self.cells else self.lines).extend(text.split("\n"))
            if not self.cells:
                self.prose.extend(text.split("\n"))


# Wingdings and Wingdings 2 as Word writes them: a box ticked, crossed, empty
_SYMBOLS = {"FE": "☑", "FD": "☑", "52": "☑", "53": "☑", "54": "☑", "FC": "√", "50": "√", "A8": "□", "A3": "□", "6F": "□", "2A": "□"}


class DocBook:
    """The walk over what antiword makes of a Word 97 document: `para` outside tables, `row` and `entry` within."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.lines: list[str] = []
        self.prose: list[str] = []
        self.rows: list[list[str]] = []
        self.text: list[str] = []
        self.row: list[str] | None = None
        self.size = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in ("para", "title", "informaltable"):
            self._line()
        elif name == "row":
            self.row = []
        elif name == "entry":
            self.text = []

    def end(self, name: str) -> None:
        if name == "entry" and self.row is not None:
            self.row.append("\n".join(line.strip() for line in "".join(self.text).strip().split("\n")))
            self.text = []
        elif name == "row" and self.row is not None:
            if any(self.row):
                self.rows.append(self.row)
                self.lines.append("\t".join(cell.replace("\n", " ") for cell in self.row))
            self.row = None
            if len(self.rows) > self.limits.rows:
                raise TooMuch
        elif name in ("para", "title"):
            self._line()

    def characters(self, data: str) -> None:
        self.size += len(data)
        if self.size > self.limits.text:
            raise TooMuch
        self.text.append(data)

    def _line(self) -> None:
        if self.row is None:
            said = [line.strip() for line in "".join(self.text).split("\n") if line.strip()]
            self.lines += said
            self.prose += said
            self.text = []
