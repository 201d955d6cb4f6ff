"""Plays a story against mailflow: mails go into the mailbox, the clock moves on, letters come out and are looked at (README.md says how to write one).

Everything is real but the clock: a Maildir to fetch from, a Maildir to send to, a database, the shipped templates. It runs in one
process so that a hundred stories take seconds. As a command: `python tests/journeys/play.py [-v] STORY.toml …`
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import shutil
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, getaddresses
from functools import cache
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from mailflow import show
from mailflow.config import Config, load
from mailflow.letter_sense import letter_problems
from mailflow.mailbox import open_mailbox
from mailflow.masterdata import MasterData
from mailflow.passes import Done, Office
from mailflow.process.library import Library, shipped
from mailflow.process.references import dangling
from mailflow.transport import open_transport
from mailflow.wiring import open_library
from store import open_store

FIXTURES = Path(__file__).parent / "fixtures"
SERVICE = "mailflow@corp.example"



def _history(know: Any) -> Iterator[dict[str, Any]]:
    """What `mailflow case NUMBER --json` tells of each case, line by line."""
    for row in show.all_cases(know):
        shown = show.one_case(know, row["number"]) or {"history": []}
        for line in shown["history"]:
            yield {"number": row["number"], "process": row["process"], **line}


TABLES: dict[str, Callable[[Any], Iterable[dict[str, Any]]]] = {
    "cases": show.all_cases, "tracking": show.tracking, "ledger": show.ledger, "inbox": show.inbox, "projects": show.projects, "outbox": show.outbox,
    "history": _history,
}  # fmt: skip
STEP = {"at", "mail", "expect", "files", *TABLES}
MAIL = {"from", "to", "cc", "subject", "text", "html", "charset", "headers", "times", "message_id", "attach", "raw"}
MAIL |= {"replying_to", "received_by", "press", "number_from"}
WITHOUT = {"rows", "rule", "file", "after", "line", "put"}
EXPECT = {"to", "cc", "anyone", "contains", "without", "count", "attachment"}
NO_TEMPLATE = re.compile(r"{{|}}|{%|%}|Traceback \(|\b(?:None|NaN|undefined|nan)\b|<\w[\w.]* object|\bdatetime\.")
NUMBER = re.compile(r"MF-[A-Z0-9]+-\d{4}-\d{4,}")
LINES, CHARACTERS = 80, 4000  # CONTRACT, Letters: what somebody reads


class Broken(AssertionError):
    """A story does not hold: which step, and what was there instead."""


@dataclass
class Letter:
    """One letter that went out."""

    message: EmailMessage
    to: set[str]
    cc: set[str]
    plain: str
    rich: str
    subject: str  # this and the next two are read once: the library parses a header anew each time it is asked for
    id: str
    case: str

    @classmethod
    def read(cls, data: bytes) -> Letter:
        """The letter of a file, as a client would read it."""
        message = message_from_bytes(data, policy=policy.default)
        assert isinstance(message, EmailMessage)
        part = {kind: p.get_content() if (p := message.get_body((kind,))) is not None else "" for kind in ("plain", "html")}
        people = {name: {a for _, a in getaddresses([str(h) for h in message.get_all(name, [])])} for name in ("To", "Cc")}
        once = (str(message[name] or "") for name in ("Subject", "Message-ID", "X-Mailflow-Case"))
        return cls(message, people["To"], people["Cc"], part["plain"], part["html"], *once)

    def says(self, text: str) -> bool:
        """`a|b`: either stands in the subject or the plain text."""
        return any(option in self.subject or option in self.plain for option in text.split("|"))

    def malformed(self) -> Iterator[str]:
        """What must hold for every letter that ever goes out (CONTRACT, Letters)."""
        for name in ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Mailflow-Letter"):
            if not self.message[name]:
                yield f"no {name}"
        if self.message.defects:
            yield f"defects: {self.message.defects}"
        if not self.plain.strip() or not self.rich.strip():
            yield "no plain text, or no HTML beside it"
        visible = unescape(re.sub(r"<style.*?</style>|<[^>]*>", " ", self.rich, flags=re.S))
        for text in (self.subject, self.plain, visible):
            if found := NO_TEMPLATE.search(text):
                yield f"{found[0]!r} is left of a template"
        if number := self.case:
            if not self.subject.startswith(f"[{number}] "):
                yield f"the subject does not begin with [{number}]"
            if self.plain.count("\n") > LINES or len(self.plain) > CHARACTERS:
                yield f"{self.plain.count(chr(10))} lines, {len(self.plain)} characters: nobody reads that"

    def buttons(self) -> dict[str, tuple[str, str]]:
        """What each mailto link of the HTML would send: its words → (subject, body)."""
        found = {}
        for link, words in re.findall(r'<a[^>]*href="(mailto:[^"]+)"[^>]*>(.*?)</a>', self.rich, re.S):
            query = parse_qs(urlsplit(unescape(link)).query)
            found[unescape(re.sub(r"<[^>]*>", "", words)).strip()] = (unquote(query["subject"][0]), query.get("body", [""])[0])
        return found


class Stage:
    """A fresh department in a folder, with its mail so far."""

    def __init__(self, story: dict[str, Any], folder: Path, beside: Path, database: str = "", verbose: bool = False, without: dict[str, Any] | None = None):
        self.story, self.folder, self.beside, self.verbose = story, folder, beside, verbose
        shutil.copytree(FIXTURES, folder, dirs_exist_ok=True)
        for box in ("inbox", "outbox"):
            for sub in ("tmp", "new", "cur"):
                (folder / box / sub).mkdir(parents=True)
        (folder / "archive").mkdir()
        self.put_files(story.get("files", {}))
        with (folder / "masterdata" / "people.csv").open(encoding="utf-8-sig", newline="") as file:
            self.people = {row["姓名"]: row["邮箱"].split("、")[0] for row in csv.DictReader(file)}
        self.letters: list[Letter] = []
        self.new: list[Letter] = []
        self.delivered = 0
        self._seen: set[str] = set()
        self._numbers = count(1)
        config = load(folder / "mailflow.toml")
        for edit in story.get("edit", []):  # a manager changed one line: the story plays under templates of its own
            config = replace(config, templates_folder=lessened(edit, config.templates_folder, folder / "edited"))
        if database:  # a test database's URL may hold what a configuration must not, such as a password
            config = replace(config, store=replace(config.store, database=database))
        if without is not None:
            config = replace(config, templates_folder=lessened(without, config.templates_folder, folder / "lessened"))
        self.office = _office(config)
        if without is not None or story.get("edit"):
            self.office.refresh()
            if wrong := set(self.office.library.problems) - {*dangling(self.office.library), *letter_problems(self.office.library)}:  # what leads nowhere now is in force all the same
                raise ValueError(f"the templates so changed cannot be read, so the story would tell nothing: {wrong}")

    def put_files(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def address(self, who: str) -> str:
        if "@" not in who and who not in self.people:
            raise Broken(f"nobody is called {who}: a name of people.csv, or an address")
        return who if "@" in who else self.people[who]

    # -- mail in -----------------------------------------------------------------------------------------------------------

    def deliver(self, spec: dict[str, Any], at: datetime) -> None:
        """Puts one mail of the story into the mailbox."""
        raw = self.as_written(spec) if "raw" in spec else self.compose(spec, at).as_bytes()
        for _ in range(spec.get("times", 1)):
            number = next(self._numbers)
            name = f"{int(at.timestamp())}.M{number:06d}P1.client"
            (self.folder / "inbox" / "tmp" / name).write_bytes(raw)
            (self.folder / "inbox" / "tmp" / name).rename(self.folder / "inbox" / "new" / name)
            self.delivered += 1

    def as_written(self, spec: dict[str, Any]) -> bytes:
        """A whole mail; {message_id} in it is that of the letter that `replying_to` and `received_by` point at."""
        text = spec["raw"].strip() + "\n"
        if "replying_to" in spec:
            text = text.replace("{message_id}", self.letter_for(spec, spec["replying_to"]).id)
        return text.replace("\n", "\r\n").encode(spec.get("charset", "utf-8"))

    def compose(self, spec: dict[str, Any], at: datetime) -> EmailMessage:
        """The mail as a client would build it."""
        mail = EmailMessage(policy=policy.SMTP)
        subject, text, thread = spec.get("subject", ""), spec.get("text", ""), None
        if "replying_to" in spec:
            thread = self.letter_for(spec, spec["replying_to"])
            if "press" in spec:
                pressed = thread.buttons()
                if spec["press"] not in pressed:
                    raise Broken(f"the letter has no button {spec['press']!r}, only {list(pressed)}")
                subject, text = pressed[spec["press"]]  # a mailto link begins a new mail: no thread, no quotation
                thread = None
            else:
                subject = subject or f"回复: {thread.subject}"
        elif "number_from" in spec:
            found = NUMBER.search(self.letter_for(spec, spec["number_from"]).subject)
            if not found:
                raise Broken(f"the letter {spec['number_from']!r} has no case number in its subject")
            subject, text = subject.replace("{case}", found[0]), text.replace("{case}", found[0])
        to, cc = ([self.address(w) for w in spec.get(k, [])] for k in ("to", "cc"))
        if SERVICE not in to + cc:
            (cc if to else to).append(SERVICE)
        mail["From"] = spec["from"] if "@" in spec["from"] else formataddr((spec["from"], self.address(spec["from"])))
        mail["To"], mail["Date"] = ", ".join(to), format_datetime(at)
        if cc:
            mail["Cc"] = ", ".join(cc)
        mail["Message-ID"] = spec.get("message_id") or f"<{next(self._numbers)}.{self.folder.name}@client.example>"
        mail["Subject"] = subject
        if thread is not None:
            mail["In-Reply-To"] = thread.id
            mail["References"] = f"{thread.message['References'] or ''} {thread.message['Message-ID']}".strip()
            quoted = "\n".join(f"> {line}" for line in thread.plain.splitlines())
            text += f"\n\n在 {thread.message['Date']},{thread.message['From']} 写道:\n{quoted}\n"
        for name, value in spec.get("headers", {}).items():
            del mail[name]
            if value:
                mail[name] = value
        charset = spec.get("charset", "utf-8")
        if "html" in spec and not spec.get("text"):
            mail.set_content(spec["html"], subtype="html", charset=charset)
        else:
            mail.set_content(text, charset=charset)
            if "html" in spec:
                mail.add_alternative(spec["html"], subtype="html", charset=charset)
        for file in spec.get("attach", []):
            mail.add_attachment(self.attachment(file), maintype="application", subtype="octet-stream", filename=file["name"])
        return mail

    def attachment(self, file: dict[str, Any]) -> bytes:
        if "path" in file:
            return (self.beside / file["path"]).read_bytes()
        if "rows" not in file:
            return str(file.get("text", "附件")).encode()
        return word_document(file["rows"]) if file["name"].endswith(".docx") else workbook(file["rows"])

    def letter_for(self, spec: dict[str, Any], words: str | list[str]) -> Letter:
        """The newest letter to this person that holds all the words; one about a case before a digest."""
        reader = self.address(spec.get("received_by") or spec["from"])
        wanted = [words] if isinstance(words, str) else words
        held = [x for x in self.letters if reader in x.to | x.cc and all(map(x.says, wanted))]
        about = [x for x in held if x.case]
        if not held:
            theirs = [x.subject for x in self.letters if reader in x.to | x.cc]
            raise Broken(f"no letter to {reader} says {wanted}; their letters: {theirs}")
        return (about or held)[-1]

    # -- a pass --------------------------------------------------------------------------------------------------------------

    def pass_at(self, at: datetime) -> Done:
        """One pass of the service at that moment, and a look at every letter it sent."""
        done = self.office.once(at)
        if done.problems:
            raise Broken(f"the pass reported: {done.problems}")
        self.new = []
        for path in sorted((self.folder / "outbox" / "new").iterdir()):
            if path.name not in self._seen:
                self._seen.add(path.name)
                self.new.append(Letter.read(path.read_bytes()))
        ids = {x.id for x in self.letters}
        for letter in self.new:
            for why in letter.malformed():
                raise Broken(f"a letter to {letter.to} is malformed, {why}: {letter.subject!r}\n{letter.plain}")
            if letter.id in ids:
                raise Broken(f"two letters have one Message-ID: {letter.subject!r}")
            ids.add(letter.id)
        pairs = [(x.case, frozenset(x.to)) for x in self.new if x.case]
        if twice := {pair for pair in pairs if pairs.count(pair) > 1}:
            raise Broken(f"one person, one case, one pass, one letter (CONTRACT): {twice}")
        self.letters += self.new
        if self.verbose:
            print(f"  {at:%m-%d %H:%M} {done.ends} 到期 {done.rung}")
            for letter in self.new:
                print(f"    -> {', '.join(letter.to)}{' cc ' + ', '.join(letter.cc) if letter.cc else ''}: {letter.subject}")
        return done

    def rows(self, table: str) -> list[dict[str, Any]]:
        """What `mailflow TABLE --json` prints."""
        with self.office.store.read() as conn:
            rows = [dict(r) for r in TABLES[table](self.office.knowledge(conn, datetime.now().astimezone()))]
        return [json.loads(json.dumps(r, ensure_ascii=False)) for r in rows]

    # -- expectations ----------------------------------------------------------------------------------------------------------

    def expect_letter(self, want: dict[str, Any]) -> None:
        found = [x for x in self.new if self._is(x, want)]
        sent = "".join(f"\n    {', '.join(x.to)} cc {', '.join(x.cc)}: {x.subject}" for x in self.new) or "\n    nothing was sent"
        if "count" in want and len(found) != want["count"]:
            raise Broken(f"{want['count']} letters wanted, {len(found)} found: {want}{sent}")
        if want.get("count") != 0 and not found:
            close = [x for x in self.new if self._is(x, {k: v for k, v in want.items() if k in ("to", "cc", "anyone")})]
            shown = "".join(f"\n--- {x.subject}\n{x.plain}" for x in close[:2])
            raise Broken(f"no such letter: {want}{sent}{shown}")
        if pattern := want.get("attachment"):
            names = [a.get_filename() or "" for x in found for a in x.message.iter_attachments()]
            if not any(re.search(pattern, name) for name in names):
                raise Broken(f"no attachment like {pattern!r}, only {names}")

    def _is(self, letter: Letter, want: dict[str, Any]) -> bool:
        places = {"to": letter.to, "cc": letter.cc, "anyone": letter.to | letter.cc}
        return (
            all(self.address(want[key]) in people for key, people in places.items() if key in want)
            and all(map(letter.says, want.get("contains", [])))
            and not any(map(letter.says, want.get("without", [])))
        )

    def expect_row(self, table: str, want: dict[str, Any]) -> None:
        rows = self.rows(table)
        found = [row for row in rows if agrees(row, {k: v for k, v in want.items() if k != "count"})]
        if ("count" in want and len(found) != want["count"]) or ("count" not in want and not found):
            listed = "\n    ".join(json.dumps(row, ensure_ascii=False)[:600] for row in rows[:12])
            raise Broken(f"{table}: {len(found)} rows where {want.get('count', 'some')} were wanted: {want}\n    {listed}")

    # -- the whole story -------------------------------------------------------------------------------------------------------

    def play(self) -> None:
        """Every step, then what must hold after any story. Raises Broken."""
        at = None
        for number, step in enumerate(self.story["step"], 1):
            try:
                known(step, STEP, "a step")
                at = datetime.fromisoformat(step["at"])
                self.put_files(step.get("files", {}))
                for spec in step.get("mail", []):
                    known(spec, MAIL, "a mail")
                    self.deliver(spec, at)
                self.pass_at(at)
                for want in step.get("expect", []):
                    known(want, EXPECT, "an expected letter")
                    self.expect_letter(want)
                for table in TABLES:
                    for want in step.get(table, []):
                        self.expect_row(table, want)
            except Broken as why:
                raise Broken(f"step {number} ({step.get('at')}): {why}") from None
        assert at is not None, "a story without steps"
        self.afterwards(at)

    def afterwards(self, at: datetime) -> None:
        """Each mail has one row and none is held; a pass more at the same moment changes nothing and sends nothing."""
        rows = self.rows("inbox")
        if len(rows) != self.delivered:
            raise Broken(f"{self.delivered} mails were delivered, {len(rows)} have a row in inbox")
        if [r for r in rows if not r["end"]]:
            raise Broken(f"mails without an end: {[r for r in rows if not r['end']]}")
        if not self.story.get("may_hold") and (held := [r for r in rows if r["end"] == "held"]):
            raise Broken(f"a mail was held: {held}")
        if failed := [r for r in self.rows("outbox") if r["status"] not in ("sent", "waiting")]:
            raise Broken(f"a letter did not go out: {failed}")
        looked_at = [table for table in TABLES if table != "history"]  # a line of history comes with a change of these
        before = {table: self.rows(table) for table in looked_at}
        self.pass_at(at)
        if self.new or {table: self.rows(table) for table in looked_at} != before:
            raise Broken(f"a second pass at {at} changed something, or sent {[x.subject for x in self.new]}")

    def close(self) -> None:
        self.office.close()


@cache
def _shipped_library() -> Library:
    library = Library([shipped()])
    library.refresh()  # what is wrong with them is told by tests/process
    return library


def _office(config: Config) -> Office:
    """The service as `wiring` builds it, but that a hundred stories read the shipped templates once."""
    library = _shipped_library() if config.templates_folder is None else open_library(config)
    store = open_store(config.store.database, config.store.archive)
    store.migrate()
    boxes = [open_mailbox(box, lambda: "") for box in config.mailboxes]
    return Office(config, store, library, MasterData(config.masterdata_folder), boxes, lambda: open_transport(config.smtp, lambda: ""), b"a secret of the stories alone, 32.")


def lessened(without: dict[str, Any], own: Path | None, into: Path) -> Path:
    """A copy of the story's own templates (or an empty folder) in which one file of the shipped ones lacks a rule's line, or says `put` instead.

    A line of a process goes with what is indented under it. `after` names a line before it, where the same line stands in several places.
    """
    known(without, WITHOUT, "a [[without]] or an [[edit]]")
    if own is not None and own != into:
        shutil.copytree(own, into)
    target = into / without["file"]
    lines = (target if target.exists() else shipped() / without["file"]).read_text(encoding="utf-8-sig").split("\n")
    begin = 0
    after = without.get("after", [])
    for words in [after] if isinstance(after, str) else after:
        begin = _at(lines, words, begin, without) + 1
    at = _at(lines, without["line"], begin, without)
    depth = len(lines[at]) - len(lines[at].lstrip())
    end = at + 1
    if target.suffix == ".yaml":
        while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) > depth):
            end += 1
    lines[at:end] = [lines[at][:depth] + without["put"]] if "put" in without else []
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(lines), encoding="utf-8")
    return into


def _at(lines: list[str], words: str, begin: int, without: dict[str, Any]) -> int:
    for number in range(begin, len(lines)):
        if lines[number].strip() == words.strip():
            return number
    raise ValueError(f"{without['file']} has no line {words!r} after line {begin}")


def known(table: dict[str, Any], words: Iterable[str], where: str) -> None:
    """A misspelt word in a story would otherwise be a promise that nobody checks."""
    if odd := set(table) - set(words):
        raise Broken(f"{where} has no {', '.join(sorted(odd))}; it may hold {', '.join(sorted(words))}")


def agrees(row: Any, want: Any) -> bool:
    """Whether a value is the wanted one: tables look at the keys they name, a list holds if one item does, `~` begins a pattern, moments compare as moments."""
    if isinstance(want, dict):
        return any(isinstance(r, dict) and all(agrees(r.get(k), v) for k, v in want.items()) for r in (row if isinstance(row, list) else [row]))
    if isinstance(want, str) and want.startswith("~"):
        return re.search(want[1:], "" if row is None else str(row)) is not None
    if isinstance(want, str) and (a := _moment(want)) and (b := _moment(str(row))):
        return a == b
    return row == want or (not isinstance(want, bool) and not isinstance(row, bool) and str(row) == str(want))


def _moment(text: str) -> datetime | None:
    if "T" not in text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def word_document(rows: list[list[str]]) -> bytes:
    """The smallest .docx that Word opens: one table."""
    cells = "".join("<w:tr>" + "".join(f"<w:tc><w:p><w:r><w:t>{escape(c)}</w:t></w:r></w:p></w:tc>" for c in row) + "</w:tr>" for row in rows)
    office, relations = "application/vnd.openxmlformats-officedocument.wordprocessingml", "http://schemas.openxmlformats.org"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{relations}/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{office}.document.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{relations}/package/2006/relationships"><Relationship Id="d" Target="word/document.xml" '
        f'Type="{relations}/officeDocument/2006/relationships/officeDocument"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{relations}/wordprocessingml/2006/main"><w:body><w:tbl>{cells}</w:tbl><w:p/></w:body></w:document>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(name, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{text}')
    return out.getvalue()


def workbook(rows: list[list[str]]) -> bytes:
    """An .xlsx with one sheet of text."""
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return out.getvalue()


def play(file: Path, folder: Path, database: str = "", verbose: bool = False, without: dict[str, Any] | None = None) -> None:
    """Plays one file in an empty folder; with `without` under templates that lack that line. Raises Broken."""
    story = tomllib.loads(file.read_text(encoding="utf-8"))
    if verbose:
        print(f"{file.stem}: {story['title']}")
    stage = Stage(story, folder, file.parent, database, verbose, without)
    try:
        stage.play()
    finally:
        stage.close()


def main() -> int:
    """Plays the files named on the command line on SQLite; exit status 1 where one is broken."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("-v", "--verbose", action="store_true", help="show every pass and letter")
    arguments.add_argument("-w", "--without", action="store_true", help="also take each rule's line of [[without]] away: the story must break each time")
    arguments.add_argument("file", nargs="+", type=Path)
    given = arguments.parse_args()
    broken = 0
    for file in given.file:
        with tempfile.TemporaryDirectory(prefix="journey-") as folder:
            try:
                play(file, Path(folder), verbose=given.verbose)
                print(f"ok      {file.stem}")
            except Broken as why:
                broken += 1
                print(f"BROKEN  {file.stem}: {why}")
        for without in tomllib.loads(file.read_text(encoding="utf-8")).get("without", []) if given.without else []:
            with tempfile.TemporaryDirectory(prefix="journey-") as folder:
                try:
                    play(file, Path(folder), without=without)
                    broken += 1
                    print(f"HOLDS ALL THE SAME  {file.stem} without {without['file']}: {without['line']}")
                except Broken as why:
                    print(f"breaks as it must  {file.stem} {without['rows']} without {without['line']}: {str(why).splitlines()[0][:160]}")
    print(f"{len(given.file)} stories, {broken} failed")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
