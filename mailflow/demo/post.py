"""The post of the demonstration: sample mails out by SMTP, letters read from each person's mailbox by IMAP, buttons pressed."""

from __future__ import annotations

import csv
import html
import io
import re
import smtplib
import time
import zipfile
from datetime import datetime
from email.header import Header
from email.message import EmailMessage, Message
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import BytesParser
from email.policy import compat32, default
from email.utils import format_datetime, formataddr, make_msgid
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from imapclient import IMAPClient

from ..mailbox.demo_server import DemoServer, DemoServerError
from . import SERVICE, fax_machine
from .script import Scene

ARRIVE_SECONDS = 10.0


class NoSuchLetter(Exception):
    """The letter that a scene answers did not come: somebody changed the processes; the rest of the story goes on without it."""


class Post:
    """Knows everybody's address. `sent`: Message-ID → what is special about the mail; the mails lie in `mails/`."""

    def __init__(self, server: DemoServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.sent: dict[str, str] = {}
        with (folder / "masterdata" / "people.csv").open(encoding="utf-8-sig", newline="") as file:
            self.address = {row["姓名"]: row["邮箱"] for row in csv.DictReader(file)}
        (folder / "mails").mkdir()

    def deliver(self, scene: Scene, now: datetime) -> None:
        """Sends one mail to the service and waits until it lies in its mailbox."""
        message = self._message(scene, now)
        self.sent[str(message["Message-ID"])] = scene.what
        raw = message.as_bytes(policy=compat32.clone(linesep="\r\n"))
        name = re.sub(r"[^\w-]+", "", scene.what)[:24]
        (self.folder / "mails" / f"{len(self.sent):02d}-{name}.eml").write_bytes(raw)
        sender = self.address.get(scene.sender, scene.sender)
        with self._imap(SERVICE) as box:
            before = box.select_folder("INBOX", readonly=True)[b"EXISTS"]
            with smtplib.SMTP("127.0.0.1", self.server.smtp_port, timeout=10) as smtp:
                for _ in range(1 + scene.twice):
                    smtp.sendmail(sender, [SERVICE], raw)
            end = time.monotonic() + ARRIVE_SECONDS
            while box.select_folder("INBOX", readonly=True)[b"EXISTS"] < before + 1 + scene.twice:
                if time.monotonic() > end:
                    raise DemoServerError("演示的信没有送到;请再试一次")
                time.sleep(0.02)

    def keep_letters(self) -> list[Path]:
        """Every letter that somebody got, once, as .eml files in `letters/` in the order of writing."""
        found: dict[str, tuple[int, str, bytes]] = {}
        for name, address in self.address.items():
            for raw in self._letters(address):
                letter = BytesParser(policy=default).parsebytes(raw)
                id_ = re.search(r"\d+", str(letter["X-Mailflow-Letter"] or ""))
                if id_ and str(letter["To"]).find(address) >= 0:
                    found[str(letter["Message-ID"])] = (int(id_[0]), f"{name}-{letter['Subject']}", raw)
        folder = self.folder / "letters"
        folder.mkdir()
        kept = []
        for number, title, raw in sorted(found.values()):
            file = folder / (f"{number:02d}-" + re.sub(r"[^\w-]+", " ", re.sub(r"\[.*?\]", "", title)).strip()[:60] + ".eml")
            file.write_bytes(raw)
            kept.append(file)
        return kept

    # -- mails -----------------------------------------------------------------------------------------------------------------

    def _message(self, scene: Scene, now: datetime) -> Message:
        subject, text, headers = scene.subject, scene.text, dict(scene.headers)
        if scene.signs or scene.page:
            slips = [a.get_content() for a in self._newest(scene).iter_attachments() if str(a.get_filename()).endswith(".pdf")] if scene.signs else []
            whole = MIMEMultipart()
            whole.attach(MIMEText(text, "plain", scene.charset))
            part = MIMEApplication(fax_machine.signed(slips[0]) if slips else fax_machine.filled_in(*scene.page), "tiff", name="fax.tif")
            part.add_header("Content-Disposition", "attachment", filename="fax.tif")
            whole.attach(part)
        elif scene.about:
            letter = self._newest(scene)
            headers |= {"In-Reply-To": str(letter["Message-ID"]), "References": f"{letter['References'] or ''} {letter['Message-ID']}".strip()}
            subject = f"回复: {letter['Subject']}"
            if scene.press:
                subject, text = _pressed(letter, scene.press)
            body = letter.get_body(("plain",))
            quoted = body.get_content() if body is not None else ""
            text += f"\n\n------------------ 原始邮件 ------------------\n发件人: {SERVICE}\n主题: {letter['Subject']}\n\n{quoted}"
        message: Message = MIMEText(text, "plain", scene.charset)
        if scene.signs or scene.page:
            message = whole
        elif scene.form is not None:
            whole = MIMEMultipart()
            whole.attach(message)
            name, rows = scene.form
            part = MIMEApplication(_docx(rows), "vnd.openxmlformats-officedocument.wordprocessingml.document")
            part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))
            whole.attach(part)
            message = whole
        message["From"] = formataddr((Header(scene.sender, scene.charset).encode(), self.address[scene.sender])) if scene.sender in self.address else scene.sender
        message["To"] = SERVICE
        if scene.cc:
            message["Cc"] = ", ".join(self.address[name] for name in scene.cc)
        message["Subject"] = str(Header(subject, scene.charset).encode())
        message["Date"] = format_datetime(now)
        message["Message-ID"] = make_msgid(domain="demo.example")
        for name, value in headers.items():
            message[name] = value
        return message

    def _newest(self, scene: Scene) -> EmailMessage:
        """The newest letter to the sender about the matter, which has the button that is wanted."""
        for raw in reversed(self._letters(self.address[scene.signs or scene.sender])):
            letter = BytesParser(policy=default).parsebytes(raw)
            assert isinstance(letter, EmailMessage)
            body = letter.get_body(("plain",))
            said = f"{letter['Subject']}\n{body.get_content() if body is not None else ''}"
            if scene.about in said and (not scene.signs or any(True for _ in letter.iter_attachments())) and (not scene.press or _button(letter, scene.press)):
                return letter
        raise NoSuchLetter(f"{scene.what}:{scene.sender} 没有收到可以“{scene.press or '回复'}”的“{scene.about}”")

    def _letters(self, address: str) -> list[bytes]:
        with self._imap(address) as box:
            box.select_folder("INBOX", readonly=True)
            uids = box.search()
            told = box.fetch(uids, ["BODY.PEEK[]"]) if uids else {}
            return [told[uid][b"BODY[]"] for uid in sorted(told)]

    def _imap(self, address: str) -> IMAPClient:
        client = IMAPClient("127.0.0.1", self.server.imap_port, ssl=False, timeout=10)
        client.login(address, self.server.password)
        return client


def _button(letter: EmailMessage, word: str) -> str:
    """The `mailto:` link of a button in the letter's HTML, '' where it has none."""
    body = letter.get_body(("html",))
    links = re.findall(r'<a [^>]*href="(mailto:[^"]+)"[^>]*>([^<]+)</a>', body.get_content() if body is not None else "")
    return next((html.unescape(link) for link, text in links if html.unescape(text) == word), "")


def _pressed(letter: EmailMessage, word: str) -> tuple[str, str]:
    """(subject, text) that a mail client opens when the button is pressed (RFC 6068)."""
    query = parse_qs(urlsplit(_button(letter, word)).query.replace("+", "%2B"))
    return query["subject"][0], query["body"][0]


def _docx(rows: tuple[tuple[str, str], ...]) -> bytes:
    """A small Word document: a table of two columns."""
    names = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    cells = "".join("<w:tr>" + "".join(f"<w:tc><w:p><w:r><w:t>{html.escape(t)}</w:t></w:r></w:p></w:tc>" for t in row) + "</w:tr>" for row in rows)
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    files = {
        "[Content_Types].xml": f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="{word}"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f"<w:document {names}><w:body><w:tbl>{cells}</w:tbl></w:body></w:document>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            packed.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
    return out.getvalue()
