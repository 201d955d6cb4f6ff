"""A letter as it goes out: RFC 5322 headers, plain text and HTML, pictures and files; ASCII but for an
address that is not, in lines that end in CRLF (CONTRACT `Letters`).

Written out here: the standard library's generator takes five times as long, and of its choices a letter needs none.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from datetime import datetime
from email.header import Header
from email.utils import encode_rfc2231, format_datetime, formataddr
from typing import Any

import parsers
from store import Place, Store, mails

from . import letters
from .blank_forms import as_docx, as_xlsx, find
from .config import Service
from .process.library import Library

Headers = dict[str, str]


def letter(row: Any, service: Service, library: Library, store: Store, now: datetime) -> bytes:
    """The letter of a row of the outbox; `now` is its Date, written in the service's zone."""
    content = row["content"]
    body = _together("alternative", [_part(f'text/{kind}; charset="utf-8"', _lines(text)) for kind, text in (
        ("plain", letters.plain(content)), ("html", letters.rich(content, service.address)),
    )])  # fmt: skip
    files = list(dict.fromkeys(file for what in content.get("attach", []) for file in _files(what, library, store)))  # several documents of one mail: each file once
    if shown := [(n, c["label"], base64.b64decode(c["picture"])) for n, c in enumerate(content.get("cells", [])[: letters.MOST_FACTS]) if c["picture"]]:
        inline = [_part("image/png", data, {"Content-ID": f"<{letters.cell_id(content, number)}>", "Content-Disposition": "inline"}) for number, _, data in shown]
        body = _together("related", [body, *inline])
        files = [(f"{label}.png".replace("/", "-"), data, "image/png") for _, label, data in shown] + files  # once more, for clients that show no HTML
    if files:
        body = _together("mixed", [body, *(_part(kind, data, {"Content-Disposition": f"attachment; {_file_name(name)}"}) for name, data, kind in files)])
    return _headers(_envelope(row, service, now)) + body


def _envelope(row: Any, service: Service, now: datetime) -> Headers:
    content = row["content"]
    found = {
        "From": _named(service.name, service.address),
        "To": _named(content["reader"] if "@" not in content["reader"] else "", row["reader"]),
        "Cc": ",\r\n ".join(map(_one_line, row["cc"])),
        "Subject": _words(row["subject"], "Subject"),
        "Date": format_datetime(now.astimezone(service.timezone)),
        "Message-ID": row["message_id"],
        "In-Reply-To": row["in_reply_to"],
        "References": row["references"].replace(" ", "\r\n ") if row["in_reply_to"] else "",
        "Auto-Submitted": "auto-replied" if row["in_reply_to"] else "auto-generated",  # RFC 3834 §5
        "X-Mailflow-Case": content.get("number", ""),
        "X-Mailflow-Letter": str(row["id"]),
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "MIME-Version": "1.0",
    }
    return {name: value for name, value in found.items() if value}


# -- parts -------------------------------------------------------------------------------------------------------------------


def _headers(headers: Headers) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("utf-8", "replace")


def _part(kind: str, data: bytes, more: Headers | None = None) -> bytes:
    headers = {"Content-Type": kind, "Content-Transfer-Encoding": "base64", **(more or {})}
    return _headers(headers) + b"\r\n" + base64.encodebytes(data).replace(b"\n", b"\r\n")


def _together(kind: str, parts: Iterable[bytes]) -> bytes:
    """A multipart; every part is base64, in which no `_` occurs, so that no part can hold the boundary."""
    boundary = f"=_{kind}"
    between = f"--{boundary}\r\n".encode()
    return _headers({"Content-Type": f'multipart/{kind}; boundary="{boundary}"'}) + b"\r\n" + b"".join(between + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()


def _lines(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("utf-8", "replace")


def _one_line(text: str) -> str:
    """Of what comes from outside no line end can reach a header."""
    return re.sub(r"[\r\n]+", " ", text)


def _words(text: str, name: str) -> str:
    return Header(_one_line(text), "us-ascii" if text.isascii() else "utf-8", maxlinelen=76, header_name=name).encode(linesep="\r\n")


def _named(name: str, address: str) -> str:
    """`名字 <address>`, encoded."""
    return formataddr((_one_line(name), _one_line(address))) if name else _one_line(address)


def _file_name(name: str) -> str:
    """RFC 2231 where the name is not ASCII; no more of it than a header's line can hold (998 octets), its ending kept."""
    name = _one_line(name)[-80:]
    return 'filename="' + re.sub(r'([\\"])', r"\\\1", name) + '"' if name.isascii() else f"filename*={encode_rfc2231(name, 'utf-8')}"


# -- files -------------------------------------------------------------------------------------------------------------------


def _files(what: dict[str, Any], library: Library, store: Store) -> list[tuple[str, bytes, str]]:
    """(name, bytes, media type) of what a letter refers to: files are made, or taken from the archive, when it is sent."""
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    if what["kind"] == "blank":
        blank = find(library, what["form"])
        return [(f"{blank.name}.docx", as_docx(blank.fields, blank.name), word), (f"{blank.name}.xlsx", as_xlsx(blank.fields, blank.name), sheet)] if blank else []
    if what["kind"] in ("archived", "forwarded") and what.get("mail"):
        with store.read() as conn:
            row = mails.get(conn, what["mail"])
        if row is None:
            return []
        raw = store.archive.read(Place(row["segment"], row["offset"], row["length"]))
        if what["kind"] == "archived":
            return [(what["name"].replace("/", "-"), raw, "application/octet-stream")]
        brought = parsers.read(raw).attachments
        wanted = [a for a in brought if what.get("name") and what["name"] in a.name] or brought  # 文件 X: that document, where its name tells it from the others
        return [(a.name or "附件", a.data, "application/octet-stream") for a in wanted]
    if what["kind"] == "slip":
        from .slips import LAYOUT, as_pdf

        layout = next(f for folder in reversed(library.folders) if (f := folder / "slips" / LAYOUT).is_file())
        return [(what["name"], as_pdf(what["page"], layout), "application/pdf")]
    if what["kind"] == "workbook":
        from .workbooks import workbook

        # a letter that waited since 0.1.0 holds one sheet alone
        return [(what["name"], workbook(what["sheets"] if "sheets" in what else [(what["title"], what["rows"])]), sheet)]
    return []
