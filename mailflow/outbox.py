"""Sends waiting letters: claimed and committed first, made into MIME then, marked by what SMTP said. Neither doubled nor dropped in silence."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.policy import compat32
from email.utils import format_datetime, formataddr
from typing import Any

from store import Store
from store import letters as rows

from . import letters
from .blank_forms import as_docx, as_xlsx, find
from .config import Config
from .process.library import Library
from .transport import Transport, TransportAway, TransportRefused, TransportUncertain

RETRY_FIRST, RETRY_LONGEST, GIVE_UP_AFTER = timedelta(minutes=1), timedelta(hours=1), 60  # attempts: about two days


def send(store: Store, config: Config, library: Library, transport: Transport, now: datetime, limit: int = 50, stopping: Callable[[], bool] = lambda: False) -> tuple[int, str]:
    """Sends what waits and is due. (how many went, '' or why sending stopped, in Chinese). `stopping` is asked before each letter."""
    sent = 0
    while True:
        with store.begin() as conn:
            claimed = rows.claim(conn, now, limit)
        if not claimed:
            return sent, ""
        stopped = ""
        results: list[tuple[int, str, str]] = []
        for row in claimed:
            if stopped := stopped or ("服务正在结束,下次再发" if stopping() else ""):
                results.append((row["id"], "again", stopped))
                continue
            try:
                message = as_mime(row, config, library, store, now)
                recipients = [row["reader"], *row["cc"]]
                transport.send(message.as_bytes(policy=compat32.clone(linesep="\r\n")), config.service.address, recipients)
                results.append((row["id"], "sent", ""))
                sent += 1
            except TransportRefused as why:
                results.append((row["id"], "failed", str(why)))
            except TransportUncertain as why:
                results.append((row["id"], "uncertain", str(why)))
                stopped = str(why)
            except TransportAway as why:
                results.append((row["id"], "again", str(why)))
                stopped = str(why)
            except Exception as why:
                results.append((row["id"], "failed", f"信做不出来:{type(why).__name__}: {why}"))
        try:
            transport.flush()
        except TransportUncertain as why:
            stopped = stopped or str(why)
            results = [(id, "uncertain" if what == "sent" else what, error or str(why)) for id, what, error in results]
        except TransportAway as why:
            stopped = stopped or str(why)
            results = [(id, "again" if what == "sent" else what, error or str(why)) for id, what, error in results]
        attempts = {row["id"]: row["attempts"] for row in claimed}
        with store.begin() as conn:
            rows.sent_many(conn, [id for id, what, _ in results if what == "sent"], now)
            for id, what, error in results:
                if what == "sent":
                    continue
                if what == "uncertain":
                    rows.uncertain(conn, id, error)
                elif what == "failed" or attempts[id] >= GIVE_UP_AFTER:
                    rows.failed(conn, id, error)
                else:
                    rows.failed(conn, id, error, now + min(RETRY_LONGEST, RETRY_FIRST * 2 ** min(attempts[id] - 1, 6)))
        if stopped:
            return sent, stopped


def as_mime(row: Any, config: Config, library: Library, store: Store, now: datetime) -> Message:
    """The letter as it goes out (CONTRACT `Letters`). Built with email.mime, a third of the time of EmailMessage."""
    content = row["content"]
    body = MIMEMultipart("alternative")
    body.attach(_text(letters.plain(content), "plain"))
    body.attach(_text(letters.rich(content, config.service.address), "html"))
    files = [file for what in content.get("attach", []) for file in _files(what, library, store)]
    m: Message = body
    if shown := [(n, c["label"], base64.b64decode(c["picture"])) for n, c in enumerate(content.get("cells", [])[: letters.MOST_FACTS]) if c["picture"]]:
        m = MIMEMultipart("related")  # beside what was read, and once more as files, for clients that show no HTML
        m.attach(body)
        for number, _, data in shown:
            m.attach(_inline(letters.cell_id(content, number), data))
        files = [(f"{label}.png".replace("/", "-"), data, "image/png") for _, label, data in shown] + files
        body = m
    if files:
        m = MIMEMultipart("mixed")
        m.attach(body)
        for name, data, kind in files:
            m.attach(_file(name, data, kind))
    m["From"] = _named(config.service.name, config.service.address)
    m["To"] = _named(content["reader"] if "@" not in content["reader"] else "", row["reader"])
    if row["cc"]:
        m["Cc"] = ", ".join(row["cc"])
    m["Subject"] = Header(row["subject"], "utf-8" if not row["subject"].isascii() else "us-ascii", maxlinelen=76, header_name="Subject").encode()
    m["Date"] = format_datetime(now.astimezone(config.service.timezone))
    m["Message-ID"] = row["message_id"]
    if row["in_reply_to"]:
        m["In-Reply-To"] = row["in_reply_to"]
        m["References"] = row["references"].replace(" ", "\r\n ")
    m["Auto-Submitted"] = "auto-replied" if row["in_reply_to"] else "auto-generated"  # RFC 3834 §5
    if content.get("number"):
        m["X-Mailflow-Case"] = content["number"]
    m["X-Mailflow-Letter"] = str(row["id"])
    m["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    return m


def _text(text: str, kind: str) -> Message:
    part = Message()
    part["Content-Type"] = f'text/{kind}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "base64"
    part.set_payload(base64.encodebytes(text.replace("\n", "\r\n").encode("utf-8", "replace")).decode("ascii"))
    return part


def _file(name: str, data: bytes, kind: str) -> Message:
    part = Message()
    part.add_header("Content-Type", kind)
    part["Content-Transfer-Encoding"] = "base64"
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name) if not name.isascii() else name)
    part.set_payload(base64.encodebytes(data).decode("ascii"))
    return part


def _inline(id: str, data: bytes) -> Message:
    part = Message()
    part["Content-Type"] = "image/png"
    part["Content-Transfer-Encoding"] = "base64"
    part["Content-ID"] = f"<{id}>"
    part["Content-Disposition"] = "inline"
    part.set_payload(base64.encodebytes(data).decode("ascii"))
    return part


def _named(name: str, address: str) -> str:
    """`名字 <address>`, encoded; of a name no line end can reach the header."""
    return formataddr((re.sub(r"[\r\n]+", " ", name), address)) if name else address


def _files(what: dict[str, Any], library: Library, store: Store) -> list[tuple[str, bytes, str]]:
    import parsers
    from store.archive import Place
    from store.tables import mail as mails

    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    if what["kind"] == "blank":
        blank = find(library, what["form"])
        return [(f"{blank.name}.docx", as_docx(blank.fields, blank.name), word), (f"{blank.name}.xlsx", as_xlsx(blank.fields, blank.name), sheet)] if blank else []
    if what["kind"] in ("archived", "forwarded") and what.get("mail"):
        with store.read() as conn:
            row = conn.execute(mails.select().where(mails.c.id == what["mail"])).mappings().first()
        if row is None:
            return []
        raw = store.archive.read(Place(row["segment"], row["offset"], row["length"]))
        if what["kind"] == "archived":
            return [(what["name"].replace("/", "-"), raw, "application/octet-stream")]
        return [(a.name or "附件", a.data, "application/octet-stream") for a in parsers.read(raw).attachments]
    if what["kind"] == "slip":
        from .slips import LAYOUT, as_pdf

        layout = next(f for folder in reversed(library.folders) if (f := folder / "slips" / LAYOUT).is_file())
        return [(what["name"], as_pdf(what["page"], layout), "application/pdf")]
    if what["kind"] == "workbook":
        from .workbooks import workbook

        # a letter that waited since 0.1.0 holds one sheet alone
        return [(what["name"], workbook(what["sheets"] if "sheets" in what else [(what["title"], what["rows"])]), sheet)]
    return []
