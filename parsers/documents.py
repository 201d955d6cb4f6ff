"""Attached documents to rows of text: Word (.docx; .doc by a converter that the caller gives), Excel and OpenDocument tables, CSV and plain text.

Archives are measured before they are opened, because no reader of them is safe against a bomb. What cannot be read is said in Chinese, for the
person who sent it.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.parsers import expat

from . import charsets
from .message import Attachment, Limits
from .word_walks import DocBook, TooMuch, Word

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORD = ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",)
_NAMES = frozenset(("docx", "docm", "dotx", "doc", "dot", "wps", "wpt", "xlsx", "xlsm", "xltx", "xlsb", "xls", "xlt", "et", "ett", "ods", "odt", "csv", "tsv", "txt", "rtf"))
_PACKED = ("zip", "rar", "7z")
_DEFAULT = Limits()


@dataclass(slots=True)
class Document:
    """What an attachment says: rows of tables (cell texts), all its text, and, in Chinese, why it could not be read ('' if it could)."""

    rows: list[list[str]] = field(default_factory=list)
    text: str = ""
    problem: str = ""
    prose: str = ""  # the text outside its tables
    foreign: bool = False  # a problem of ours alone: people can open it, such as RTF or old Word


Rows = list[list[str]]


def can_read(attachment: Attachment) -> bool:
    """Whether the name, or what the bytes are whatever the name, says that it is a document with rows, readable or not."""
    return _extension(attachment) in _NAMES or _extension(attachment) in _PACKED or _is_office(attachment.data)


def is_document(attachment: Attachment) -> bool:
    """Whether a file is a document and no mail: by its bytes, and where these are text, by its name."""
    return _is_office(attachment.data) or _extension(attachment) in ("csv", "tsv") or attachment.data.startswith((b"PK\x03\x04", _OLE, b"{\\rtf")) and _extension(attachment) in _NAMES


def _is_office(data: bytes) -> bool:
    if data.startswith(b"PK\x03\x04"):
        return any(member in data[-65536:] for member in (b"word/document", b"xl/workbook."))   # the directory stands at the end
    return data.startswith(_OLE) and any(name.encode("utf-16-le") in data for name in ("WordDocument", "Workbook", "EncryptedPackage"))


def read_rows(
    attachment: Attachment,
    limits: Limits = _DEFAULT,
    old_word: Callable[[bytes], bytes | None] | None = None,
    workbook: Callable[[bytes], Rows | None] | None = None,
) -> Document:
    """The rows and the text of a document. Never raises: `Document.problem` says in Chinese what the sender can do.

    `old_word` makes DocBook of a Word 97 document, or None where it cannot; `workbook` reads rows within limits of memory and time, or None where
    they do not do. Both start programs, which is no business of this package: without them old Word is not read, and workbooks are read here.
    """
    tables = workbook or (lambda data: workbook_rows(data, limits))
    name = attachment.name or "附件"
    kind = _extension(attachment)
    data = attachment.data
    try:
        if len(data) > limits.unpacked:
            return Document(problem=f"附件《{name}》太大,没有读取;请只保留表单内容后重发")
        if not data.strip(b"\x00 \r\n\t"):
            return Document(problem=f"附件《{name}》是空文件;请检查后重发")
        if kind in _PACKED and not _is_office(data):
            return Document(problem=f"附件《{name}》是压缩包,没有打开;请解压后把表单直接作为附件发来", foreign=True)
        if data.startswith(b"PK\x03\x04") or data.startswith(b"PK\x05\x06"):
            return _from_zip(data, name, limits, tables)
        if data.startswith(_OLE):
            return _from_ole(data, name, kind, limits, old_word, tables)
        if kind in ("csv", "tsv", "txt"):
            return _from_text(data, kind, limits)
        if data.startswith((b"{\\rtf", b"%PDF")):
            return Document(problem=f"附件《{name}》不是能读取的格式;请另存为 .docx 或 .xlsx 后重发,或把内容写在正文里", foreign=True)
        if data.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":   # systems that export HTML or XML under the name of .xls or .doc
            return _from_markup(data, name, limits)
        if kind in ("xls", "et") and b"\x00" not in data[:4096]:   # … or lines with tabs
            return _from_text(data, "tsv", limits)
        if kind in ("doc", "wps", "rtf", "pdf"):
            return Document(problem=f"附件《{name}》不是能读取的格式;请另存为 .docx 或 .xlsx 后重发,或把内容写在正文里", foreign=True)
        if kind in _NAMES:
            return Document(problem=f"附件《{name}》已损坏,打不开;请重新保存后再发")
        return Document(problem=f"附件《{name}》不是表单文件(可用 .docx、.xlsx、.csv、.txt)", foreign=True)
    except TooMuch:
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
            raise TooMuch
    if len(archive.infolist()) > 5000:
        raise TooMuch


def _member(archive: zipfile.ZipFile, name: str, limits: Limits) -> bytes:
    """A member, never more of it than the limit: the sizes in the directory may lie."""
    with archive.open(name) as file:
        data = file.read(limits.unpacked + 1)
    if len(data) > limits.unpacked:
        raise TooMuch
    return data


def _from_zip(data: bytes, name: str, limits: Limits, tables: Callable[[bytes], Rows | None]) -> Document:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile:
        return Document(problem=f"附件《{name}》已损坏,打不开;请重新保存后再发")
    with archive:
        _measure(archive, limits)
        names = set(archive.namelist())
        if any(info.flag_bits & 1 for info in archive.infolist()):
            return Document(problem=f"附件《{name}》加了密码,打不开;请去掉密码后重发")
        if main := next((member for member in sorted(names) if re.fullmatch(r"word/document\d?\.xml", member)), ""):  # some programs number it
            document = _docx(_member(archive, main, limits), limits)
            if not document.rows and not document.text and any(member.startswith("word/media/") for member in names):
                return Document(problem=f"附件《{name}》里没有文字,只有图片;请把内容填成文字,或把图片本身作为附件发来", foreign=True)
            return document
        if any(member.startswith("xl/") for member in names) or "mimetype" in names:
            if "mimetype" in names and b"text" in _member(archive, "mimetype", limits):
                return Document(problem=f"附件《{name}》是 OpenDocument 文档;请另存为 .docx 后重发", foreign=True)
            return _of_rows(tables(data))
    return Document(problem=f"附件《{name}》不是 Word 或 Excel 文件;请用 .docx 或 .xlsx,或把内容写在正文里", foreign=True)


def _from_ole(
    data: bytes, name: str, kind: str, limits: Limits, old_word: Callable[[bytes], bytes | None] | None, tables: Callable[[bytes], Rows | None]
) -> Document:
    locked = Document(problem=f"附件《{name}》加了密码,打不开;请去掉密码后重发")
    if "EncryptedPackage".encode("utf-16-le") in data[:65536] or "EncryptedPackage".encode("utf-16-le") in data[-65536:]:
        return locked
    if "WordDocument".encode("utf-16-le") in data:
        if _locked_word(data):
            return locked
        if old_word is not None and (made := old_word(data)) is not None:
            return _docbook(made, limits)
        return Document(problem=f"附件《{name}》是旧版 Word 格式,读不了;请另存为 .docx 后重发,或把内容写在正文里", foreign=True)
    if kind in ("doc", "wps"):
        return Document(problem=f"附件《{name}》不是能读取的格式;请另存为 .docx 后重发,或把内容写在正文里", foreign=True)
    return locked if _locked_excel(data) else _of_rows(tables(data))


def _locked_excel(data: bytes) -> bool:
    """Whether an old workbook has a password: a FILEPASS record behind its BOF (MS-XLS 2.1.7.20); calamine says only that it knows no such format."""
    for at in range(512, min(len(data) - 32, 2**22), 512):
        if data[at : at + 2] != b"\x09\x08":
            continue
        for _ in range(4):
            kind, size = data[at : at + 2], int.from_bytes(data[at + 2 : at + 4], "little")
            if kind == b"\x2f\x00":
                return True
            at += 4 + size
    return False


def _locked_word(data: bytes) -> bool:
    """Whether a Word 97 document has a password: bit 8 of the flags of its FIB, which begins a sector (MS-DOC 2.5.2)."""
    return any(data[at : at + 2] == b"\xec\xa5" and data[at + 11] & 1 for at in range(512, min(len(data) - 32, 2**22), 512))


def _of_rows(rows: Rows | None) -> Document:
    if rows is None:
        raise TooMuch
    return Document(rows, "\n".join("\t".join(row) for row in rows))


def workbook_rows(data: bytes, limits: Limits = _DEFAULT) -> Rows:
    """The rows of the visible sheets of a workbook, one sheet after the other. Raises TooMuch, and what calamine raises.

    Memory is bounded by nothing but the caller's: the reader makes a cell of every place between the first and the last.
    """
    from python_calamine import CalamineWorkbook

    rows: Rows = []
    size = 0
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    for meta in workbook.sheets_metadata[:20]:
        if "Visible" not in str(meta.visible) or "WorkSheet" not in str(meta.typ):
            continue
        sheet = workbook.get_sheet_by_name(meta.name)
        if sheet.height > 200_000 or sheet.width > 5000:
            raise TooMuch
        for row in sheet.to_python(skip_empty_area=True, nrows=limits.rows):
            cells = [_cell(value) for value in row[: limits.columns]]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                rows.append(cells)
                size += sum(map(len, cells))
            if size > limits.text:
                raise TooMuch
        if len(rows) >= limits.rows:
            break
    return rows[: limits.rows]


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
        return Document(rows[: limits.rows], text, prose=text)
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


def _walk(walker: Word | DocBook, data: bytes) -> Document:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = walker.start
    parser.EndElementHandler = walker.end
    parser.CharacterDataHandler = walker.characters

    def refuse(*_: object) -> None:
        raise TooMuch   # a document type with entities: only bombs have one

    parser.EntityDeclHandler = refuse
    parser.Parse(data, True)
    return Document(walker.rows, "\n".join(walker.lines).strip(), prose="\n".join(walker.prose).strip())


def _docx(data: bytes, limits: Limits) -> Document:
    return _walk(Word(limits), data)


def _docbook(data: bytes, limits: Limits) -> Document:
    return _walk(DocBook(limits), data)
