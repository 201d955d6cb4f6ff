"""Attached documents to rows of text: Word (.docx), Excel and OpenDocument tables, CSV and plain text.

Archives are measured before they are opened, because no reader of them is safe against a bomb. What cannot be read is said in Chinese, for the
person who sent it.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.parsers import expat

from . import charsets
from .message import Attachment, Limits

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORD = ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",)
_DEFAULT = Limits()


@dataclass(slots=True)
class Document:
    """What an attachment says: rows of tables (cell texts), all its text, and, in Chinese, why it could not be read ('' if it could)."""

    rows: list[list[str]] = field(default_factory=list)
    text: str = ""
    problem: str = ""


class _TooMuch(Exception):
    """Larger than the limits allow."""


def can_read(attachment: Attachment) -> bool:
    """Whether the name says that it is a document with rows, readable or not."""
    return _extension(attachment) in ("docx", "doc", "wps", "xlsx", "xlsm", "xls", "et", "ods", "odt", "csv", "tsv", "txt", "rtf")


def read_rows(attachment: Attachment, limits: Limits = _DEFAULT) -> Document:
    """The rows and the text of a document. Never raises: `Document.problem` says in Chinese what the sender can do."""
    name = attachment.name or "附件"
    kind = _extension(attachment)
    data = attachment.data
    try:
        if len(data) > limits.unpacked:
            return Document(problem=f"附件《{name}》太大,没有读取;请只保留表单内容后重发")
        if not data.strip(b"\x00 \r\n\t"):
            return Document(problem=f"附件《{name}》是空文件;请检查后重发")
        if kind in ("csv", "tsv", "txt") and not data.startswith((b"PK\x03\x04", _OLE)):
            return _from_text(data, kind, limits)
        if data.startswith(b"PK\x03\x04") or data.startswith(b"PK\x05\x06"):
            return _from_zip(data, name, limits)
        if data.startswith(_OLE):
            return _from_ole(data, name, kind, limits)
        if kind in ("doc", "wps", "rtf", "pdf") or data.startswith((b"{\\rtf", b"%PDF")):
            return Document(problem=f"附件《{name}》不是能读取的格式;请另存为 .docx 或 .xlsx 后重发,或把内容写在正文里")
        if kind in ("docx", "xlsx", "xls", "et", "ods"):
            if data.lstrip()[:1] == b"<":   # systems that export HTML or XML under the name of .xls
                return _from_markup(data, name, limits)
            return Document(problem=f"附件《{name}》已损坏,打不开;请重新保存后再发")
        return Document(problem=f"附件《{name}》不是表单文件(可用 .docx、.xlsx、.csv、.txt)")
    except _TooMuch:
        return Document(problem=f"附件《{name}》展开后太大,没有读取;请只保留表单内容后重发")
    except Exception as error:
        return Document(problem=f"附件《{name}》读不出来({type(error).__name__});请重新保存后再发,或把内容写在正文里")


def _extension(attachment: Attachment) -> str:
    match = re.search(r"\.([A-Za-z0-9]{2,5})\s*$", attachment.name)
    if match:
        return match[1].lower()
    if attachment.type in _WORD:
        return "docx"
    return {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx", "application/vnd.ms-excel": "xls", "text/csv": "csv", "text/plain": "txt",
            "application/msword": "doc", "application/vnd.oasis.opendocument.spreadsheet": "ods"}.get(attachment.type, "")


def _measure(archive: zipfile.ZipFile, limits: Limits) -> None:
    total = 0
    for info in archive.infolist():
        total += info.file_size
        if total > limits.unpacked or (info.file_size > 2**20 and info.file_size > limits.ratio * max(info.compress_size, 1)):
            raise _TooMuch
    if len(archive.infolist()) > 5000:
        raise _TooMuch


def _member(archive: zipfile.ZipFile, name: str, limits: Limits) -> bytes:
    """A member, never more of it than the limit: the sizes in the directory may lie."""
    with archive.open(name) as file:
        data = file.read(limits.unpacked + 1)
    if len(data) > limits.unpacked:
        raise _TooMuch
    return data


def _from_zip(data: bytes, name: str, limits: Limits) -> Document:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile:
        return Document(problem=f"附件《{name}》已损坏,打不开;请重新保存后再发")
    with archive:
        _measure(archive, limits)
        names = set(archive.namelist())
        if any(info.flag_bits & 1 for info in archive.infolist()):
            return Document(problem=f"附件《{name}》加了密码,打不开;请去掉密码后重发")
        if "word/document.xml" in names:
            return _docx(_member(archive, "word/document.xml", limits), limits)
        if any(member.startswith("xl/") for member in names) or "mimetype" in names:
            if "mimetype" in names and b"text" in _member(archive, "mimetype", limits):
                return Document(problem=f"附件《{name}》是 OpenDocument 文档;请另存为 .docx 后重发")
            return _calamine(data, limits)
    return Document(problem=f"附件《{name}》不是 Word 或 Excel 文件;请用 .docx 或 .xlsx,或把内容写在正文里")


def _from_ole(data: bytes, name: str, kind: str, limits: Limits) -> Document:
    if "EncryptedPackage".encode("utf-16-le") in data[:65536] or "EncryptedPackage".encode("utf-16-le") in data[-65536:]:
        return Document(problem=f"附件《{name}》加了密码,打不开;请去掉密码后重发")
    if "WordDocument".encode("utf-16-le") in data or kind in ("doc", "wps"):
        return Document(problem=f"附件《{name}》是旧版 Word 格式,读不了;请另存为 .docx 后重发,或把内容写在正文里")
    try:
        return _calamine(data, limits)
    except Exception as error:
        if "password" in str(error).lower() or "encrypt" in str(error).lower():
            return Document(problem=f"附件《{name}》加了密码,打不开;请去掉密码后重发")
        raise


def _calamine(data: bytes, limits: Limits) -> Document:
    from python_calamine import CalamineWorkbook

    rows: list[list[str]] = []
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    for meta in workbook.sheets_metadata[:20]:
        if "Visible" not in str(meta.visible) or "WorkSheet" not in str(meta.typ):
            continue
        sheet = workbook.get_sheet_by_name(meta.name)
        if sheet.height > 200_000 or sheet.width > 5000:
            raise _TooMuch
        for row in sheet.to_python(skip_empty_area=True, nrows=limits.rows):
            cells = [_cell(value) for value in row[: limits.columns]]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                rows.append(cells)
        if len(rows) >= limits.rows:
            break
    rows = rows[: limits.rows]
    return Document(rows, "\n".join("\t".join(row) for row in rows))


def _cell(value: Any) -> str:
    """A cell as people see it: a telephone number is no float, a day has no midnight."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        if (value.hour, value.minute, value.second) == (0, 0, 0):
            return value.date().isoformat()
        return value.strftime("%Y-%m-%d %H:%M" if not value.second else "%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M" if not value.second else "%H:%M:%S")
    if isinstance(value, timedelta):
        return str(value)
    return str(value).strip()


def _from_text(data: bytes, kind: str, limits: Limits) -> Document:
    text = charsets.sniff(data.removeprefix(b"\xef\xbb\xbf")) if not data.startswith((b"\xff\xfe", b"\xfe\xff")) else data.decode("utf-16", "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")[: limits.text]
    if kind == "txt":
        rows = [[cell.strip() for cell in line.split("\t")] for line in text.split("\n") if "\t" in line.strip()]
        return Document(rows[: limits.rows], text)
    head = text[:4096]
    delimiter = "\t" if kind == "tsv" or head.count("\t") > head.count(",") else (";" if head.count(";") > head.count(",") else ("，" if "," not in head and "，" in head else ","))
    rows = []
    for row in csv.reader(io.StringIO(text), delimiter=delimiter):
        cells = [cell.strip().removeprefix("=").strip('"') if cell.startswith('="') else cell.strip() for cell in row[: limits.columns]]
        if any(cells):
            rows.append(cells)
        if len(rows) >= limits.rows:
            break
    return Document(rows, text)


def _from_markup(data: bytes, name: str, limits: Limits) -> Document:
    from . import html

    text, tables = html.read(charsets.sniff(data), limits.html)
    rows = [row for table in tables for row in table][: limits.rows]
    return Document(rows, text) if rows else Document(problem=f"附件《{name}》不是真正的 Excel 文件;请另存为 .xlsx 后重发")


class _Word:
    """The walk over word/document.xml: paragraphs and tables, with content controls and tracked insertions, without deletions."""

    SKIP = frozenset(("del", "moveFrom", "instrText", "delText", "Fallback", "rPr", "pPr", "sectPr", "sdtPr", "tblPr", "trPr", "delInstrText"))

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.skip = 0
        self.depth = 0
        self.in_text = False
        self.run: list[str] = []
        self.lines: list[str] = []                 # the text of the document
        self.rows: list[list[str]] = []
        self.tables: list[list[list[str]]] = []    # open rows of open tables
        self.cells: list[list[str]] = []           # lines of the open cells
        self.spans: list[int] = []
        self.size = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        self.depth += 1
        if self.depth > 2000:
            raise _TooMuch
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
        elif local == "checked" or local == "sym":
            mark = next((value for key, value in attributes.items() if key.endswith("char")), "")
            self.run.append({"00FE": "☑", "F0FE": "☑", "0052": "☑", "F052": "☑", "F0A8": "□", "00A8": "□"}.get(mark.upper(), ""))
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
                raise _TooMuch

    def characters(self, data: str) -> None:
        if self.in_text and not self.skip:
            self.size += len(data)
            if self.size > self.limits.text:
                raise _TooMuch
            self.run.append(data)

    def _paragraph(self, empty_counts: bool = False) -> None:
        text = "".join(self.run)
        self.run = []
        if text or empty_counts:
            (self.cells[-1] if self.cells else self.lines).extend(text.split("\n"))


def _docx(data: bytes, limits: Limits) -> Document:
    walker = _Word(limits)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = walker.start
    parser.EndElementHandler = walker.end
    parser.CharacterDataHandler = walker.characters

    def refuse(*_: object) -> None:
        raise _TooMuch   # a document type with entities: only bombs have one

    parser.EntityDeclHandler = refuse
    parser.Parse(data, True)
    return Document(walker.rows, "\n".join(walker.lines).strip())
