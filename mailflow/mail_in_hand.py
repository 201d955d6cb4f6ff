"""A mail being handled: what was read of it, who sent it, and what every handler of mails needs."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import parsers
from parsers import Message
from parsers.documents import can_read
from parsers.fields import fields_from_rows, read_fields
from parsers.replies import first_line
from parsers.subjects import Subject, clean
from store import mails

from . import office
from .correspondence import Desk
from .knowledge import Knowledge
from .papers import NotRead, Reading
from .process import commands, forms
from .process.model import Process
from .process.world import Case, Event
from .recorder import Recorder
from .routing import Router

SAME_WITHIN = timedelta(hours=24)  # the same words again open no second case
MOST_DOCUMENTS = 12  # of one mail
LONGEST = 30  # seconds for all of them


@dataclass(slots=True)
class End:
    """What became of a mail."""

    end: str
    case_id: int | None = None
    reason: str = ""
    content: str = ""


@dataclass
class Mail:
    """A mail being handled: what was read of it and who sent it."""

    row: Any
    message: Message
    subject: Subject
    sender: str  # the person's name, '' for a stranger
    proof: str = ""
    titles: list[str] = field(default_factory=list)  # of attached documents
    rows: list[list[str]] = field(default_factory=list)
    prose: str = ""  # the text of attached documents outside their tables
    papers: list[str] = field(default_factory=list)  # the text of attached documents
    problems: list[str] = field(default_factory=list)  # what could not be read, in Chinese for the sender
    opened: bool = False  # whether its attached documents have been read
    broken: list[str] = field(default_factory=list)  # those of them that nobody can open as they are: locked, damaged, far too large
    read: dict[str, str] | None = None  # field → value as read off a page, in place of the mail's words
    fax: str = ""  # the number that the page came from
    means: str = "来信"  # what its sender calls it: 来信, 传真

    @property
    def first_line(self) -> str:
        """The first line of the new words that says something: commands and answers stand there."""
        return first_line(self.message.reply_text)

    @property
    def answers(self) -> list[str]:
        """The Message-IDs of what it answers, the nearest first (RFC 5322 §3.6.4)."""
        return [i for i in (self.message.in_reply_to, *reversed(self.message.references)) if i]

    def anew(self, message: Message, **more: Any) -> Mail:
        """The same mail to be handled under other words: nothing that was read of its attachments is kept."""
        return replace(self, message=message, subject=clean(message.subject), titles=[], rows=[], prose="", papers=[], problems=[], broken=[], opened=False, **more)


def buttons(mail_id: int, number: int, **words: str) -> list[dict[str, Any]]:
    """What the reader of a question about a mail may answer: word → what its button writes. Such a letter is about no case, so the subject says which mail is meant."""
    return [{"word": word, "show": text.replace("\n", " "), "body": text, "token": f"<q-{mail_id}-{number}>", "negative": word == "忽略"} for word, text in words.items()]


def sorting(mail_id: int) -> dict[str, Any]:
    """The buttons of a letter that asks where a mail belongs."""
    return {"actions": buttons(mail_id, 0, 归入="归入 MF-", 按="按 标准标题", 忽略="忽略")}


class Handler:
    """What every handler of mails shares: the world of the transaction, and how a mail becomes an event."""

    def __init__(
        self, know: Knowledge, desk: Desk, router: Router, trusted: Any, gateways: tuple[str, ...] = (),
        fetch_raw: Callable[[int], bytes | None] = lambda id: None, read_papers: Callable[[NotRead], Reading] = lambda unread: Reading(),
    ):  # fmt: skip
        self.fetch_raw, self.read_papers = fetch_raw, read_papers
        self.know, self.desk, self.router, self.trusted, self.gateways = know, desk, router, trusted, gateways
        self.recorder = Recorder(know, desk)
        self.synonyms = know.library.command_synonyms()
        self._words: dict[str, dict[str, str]] = {}

    def _event(self, mail: Mail, process: Process | None, parts: dict[str, str] | None = None, form: bool = False) -> Event:
        """The mail as the process reads it. `form`: it may be a form that is filled in, so that lines of attached text count as well as tables; a
        report that is handed in is full of such lines, and they mean nothing.
        """
        message = mail.message

        def name(address: str) -> str:
            return p.name if (p := self.know.directory.by_address(address)) else address

        raw: dict[str, str] = {}
        sheets = ""
        if process is not None:
            labels = forms.labels(process)
            found: Mapping[str, str] = read_fields(message.reply_text, labels, message.tables) if mail.read is None else mail.read
            raw = dict(found)
            self._open_documents(mail)
            sheets = "\n".join([*(" ".join(row) for row in mail.rows), *mail.papers])
            for attached in (fields_from_rows(mail.rows, labels), read_fields(mail.prose if form else "", labels)) if mail.rows or mail.prose else ():
                for label, value in attached.items():
                    if not raw.get(label):
                        raw[label] = value
        return Event(
            at=mail.row["received_at"].astimezone(self.know.calendar.tz), who=mail.sender, address=message.sender, raw=raw, parts=parts or {},
            subject=mail.subject.text or message.subject, text=message.reply_text, sheets=sheets, rows=mail.rows, files=tuple(a.name for a in message.attachments if not a.inline or a.name),
            to=tuple(name(a.address) for a in message.to), cc=tuple(name(a.address) for a in message.cc), proof=mail.proof, mail_id=mail.row["id"], means=mail.means,
        )  # fmt: skip

    def _open_documents(self, mail: Mail) -> None:
        """Reads attached forms, once a mail."""
        if mail.opened:
            return
        mail.opened = True
        documents = [a for a in mail.message.attachments if can_read(a)]
        end = time.monotonic() + LONGEST
        for number, attachment in enumerate(documents):
            if number >= MOST_DOCUMENTS or time.monotonic() > end:
                mail.problems.append(f"附件里的文档太多或太复杂,只读了前 {number} 个;要办的表单请分几封发来")
                mail.titles += [a.name for a in documents[number:]]
                break
            document = office.read(attachment)
            if document.problem:
                mail.problems.append(document.problem)
                if not document.foreign:
                    mail.broken.append(document.problem)
            mail.titles.append(attachment.name)
            head = next((line.strip() for line in document.text.split("\n") if line.strip()), "")
            if 2 < len(head) <= 40:
                mail.titles.append(head)
            mail.rows += document.rows
            mail.prose = "\n".join(t for t in (mail.prose, document.prose[:20_000]) if t)
            mail.papers.append(document.text[:20_000])

    def _vocabulary(self, process: Process) -> dict[str, str]:
        key = f"{process.name}@{process.version}@{id(process)}"
        if key not in self._words:
            self._words[key] = commands.vocabulary(process, self.synonyms)
        return self._words[key]

    def _all_words(self) -> set[str]:
        if "" not in self._words:
            every = {word: word for name, others in self.synonyms.items() for word in (name, *others)}
            self._words[""] = every
        return set(self._words[""])

    def _content(self, mail: Mail) -> str:
        """What makes two mails the same in substance: subject, words and attachments (§8-19)."""
        digest = hashlib.sha256()
        digest.update(re.sub(r"\s+", "", mail.subject.text + "\n" + mail.message.text).encode())
        for attachment in mail.message.attachments:
            digest.update(hashlib.sha256(attachment.data).digest())
        return digest.hexdigest()

    def _repeated(self, mail: Mail, content: str, what: str) -> End | None:
        """The end of a mail whose sender wrote the same in substance a short while ago (RULEBOOK §0.4 防环, §8-19)."""
        twin = mails.find_content(self.know.conn, mail.message.sender, content, mail.row["received_at"] - SAME_WITHIN)
        return End("duplicate", twin["case_id"], f"同样的{what}一天之内已经收到过", content) if twin else None

    def _say_broken(self, mail: Mail, process: Process | None = None, case: Case | None = None) -> None:
        """What nobody can open as it is, where no other letter has said so."""
        if mail.broken and mail.sender:
            says = "您的信已收到,但有的没有读取:\n" + "\n".join(f"- {p}" for p in mail.broken)
            self.recorder.tell("says", mail.sender, self._event(mail, None), process, case, 说=says, **({} if case else {"事项": "信没有读全"}))
        mail.broken.clear()

    def original(self, mail_id: int | None) -> Message | None:
        """An earlier mail, read again."""
        raw = self.fetch_raw(mail_id) if mail_id else None
        return parsers.read(raw) if raw is not None else None

    def _sort(self, mail: Mail, why: str, also: list[str] | None = None) -> End:
        """A person must say where it belongs; `also`: who else is told."""
        event = self._event(mail, None)
        summary = "\n".join([*mail.message.reply_text.strip().split("\n")[:8], *mail.broken])[:600]
        for desk in dict.fromkeys([*(also or []), *self.know.acting(self.know.with_role("系统管理员")[:3], event.at.date())]):
            self.recorder.tell("sorting", desk, event, 说=why, 摘要=summary, 记住=sorting(mail.row["id"]))
        return End("sorting", None, why)

    def _own(self, message: Message) -> bool:
        return message.sender == self.desk.service.address.lower() or "X-Mailflow-Letter" in message.loop_marks
