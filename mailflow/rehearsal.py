"""`mailflow try PROCESS FILE`: what would become of a mail; the real store is asked and then left as it was, nothing is sent."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from . import screen
from .clock import read_now
from .errors import UsageError
from .process_command import find

if TYPE_CHECKING:
    from parsers import Message

    from .passes import Office
    from .process.model import Process


class _TakenBack(Exception):
    """Ends the transaction without a trace."""


def run(config: Path, process: str, file: Path, now: str | None) -> int:
    """Tells it. Raises UsageError, ConfigError, StoreError, OSError."""
    import parsers

    from . import logs

    logs.set_up()
    clock = read_now(now) if now else datetime.now(UTC)
    raw = file.read_bytes()
    if not raw.strip():
        raise UsageError(f"{file} 是空文件,里面没有邮件;请换一个 .eml 文件")
    message = parsers.read(raw)
    message.message_id = f"<{uuid.uuid4().hex}@try>"  # a mail that was handled already may be tried all the same
    with _office(config, message, process) as office:
        office.refresh()
        chosen = find(office.library, process)
        try:
            with office.store.begin() as conn:
                for line in _rehearse(office, conn, chosen, message, raw, clock):
                    print(line)
                raise _TakenBack
        except _TakenBack:
            pass
    print("\n以上只是试算,没有存,也没有发信。")
    return 0


def _rehearse(office: Office, conn: sa.Connection, process: Process, message: Message, raw: bytes, now: datetime) -> Iterator[str]:
    from parsers.subjects import clean
    from store import mails
    from store.tables import letter, mail

    from .mail_in_hand import Mail
    from .routing import Opening, Router

    before = conn.scalar(sa.select(sa.func.max(letter.c.id))) or 0
    mails.keep(conn, [{
        "mailbox": "try", "uidvalidity": 1, "uid": uuid.uuid4().int >> 66, "received_at": now, "segment": "", "offset": 0, "length": len(raw), "digest": uuid.uuid4().hex,
    }])  # fmt: skip
    row = conn.execute(sa.select(mail).order_by(mail.c.id.desc()).limit(1)).mappings().one()
    intake = office.intake(conn, now)
    intake._content = lambda mail: row["digest"]  # type: ignore[method-assign]  # the same words may be tried twice a day
    intake.router = Router([process])
    yield f"流程 {process.id} {process.title};来信《{message.subject}》;按 {now.astimezone(office.config.service.timezone):%Y-%m-%d %H:%M} 收到算"
    end = intake.handle(row, raw, message)
    if end.case_id is None and end.end == "sorting" and (start := _first_start(process)) is not None:
        subjects = [text for begun in process.starts for text in begun.subjects]
        yield f"标题对不上这个流程的“收到”:{' / '.join(subjects) or '(没有标题)'};实际会转人工。下面当作标题对了来试:"
        conn.execute(sa.delete(letter).where(letter.c.id > before))
        event_mail = Mail(row, message, clean(message.subject), _name(intake, message))
        end = intake._open(event_mail, Opening(process, start))
    yield ""
    yield f"去向:{screen.ENDS.get(end.end, end.end)}" + (f"({end.reason})" if end.reason else "")
    yield from _results(office, conn, row["id"], before, now)


def _name(intake: Any, message: Message) -> str:
    person = intake.know.directory.by_address(message.sender)
    return person.name if person else ""


def _first_start(process: Process) -> int | None:
    return next((i for i, s in enumerate(process.starts) if s.subjects or s.forms or s.free), None)


def _results(office: Office, conn: sa.Connection, mail_id: int, before: int, now: datetime) -> Iterator[str]:
    """What the transaction holds that was not there before."""
    from store.tables import case, entry, history, letter

    from . import letters, show

    know = office.knowledge(conn, now)
    touched = conn.scalars(sa.select(case.c.number).join(history, history.c.case_id == case.c.id).where(history.c.mail_id == mail_id).distinct())
    for number in sorted(touched):
        shown = show.one_case(know, number)
        if shown is not None:
            shown["number"] = f"{number}(试算的号)"
            yield ""
            yield from screen.draw_case(shown)
    entries = conn.execute(sa.select(entry).where(entry.c.mail_id == mail_id).order_by(entry.c.id)).mappings().all()
    if entries:
        yield "\n台账"
        for e in entries:
            data = "、".join(f"{k}:{v}" for k, v in e["data"].items() if v)
            yield f"  {e['register']} {e['code']} {e['who']} {screen.STATUSES.get(e['status'], e['status'])}  {' '.join(data.split())}"
    written = conn.execute(sa.select(letter).where(letter.c.id > before).order_by(letter.c.id)).mappings().all()
    yield f"\n会发 {len(written)} 封信"
    for one in written:
        yield f"\n── 给 {one['reader']}" + (f",抄送 {'、'.join(one['cc'])}" if one["cc"] else "") + f":{one['subject']}"
        yield from (f"   {line}".rstrip() for line in letters.plain(one["content"]).rstrip().splitlines())


# -- without a configuration -----------------------------------------------------------------------------------------------


@contextmanager
def _office(config: Path, message: Message, process: str) -> Iterator[Office]:
    """The office of the configuration; where the default file does not exist, one with sample people in a folder that vanishes."""
    from .wiring import open_office

    if config.exists() or config != Path("mailflow.toml"):
        office = open_office(config)
        try:
            yield office
        finally:
            office.close()
        return
    with tempfile.TemporaryDirectory(prefix="mailflow-try-") as name:
        office = open_office(_sample(Path(name), message, process))
        try:
            yield office
        finally:
            office.close()


def _sample(folder: Path, message: Message, process: str) -> Path:
    """A configuration with the demonstration's people, and the sender as one who may begin this process."""
    import csv

    from .process_command import templates

    shutil.copytree(Path(__file__).parent / "demo" / "masterdata", folder / "masterdata")
    people = folder / "masterdata" / "people.csv"
    with people.open(encoding="utf-8-sig", newline="") as file:
        known = {row["邮箱"].lower() for row in csv.DictReader(file)}
    if message.sender and message.sender not in known:
        chosen = find(templates(Path("mailflow.toml")), process)
        roles = {r.removeprefix("岗位 ") for s in chosen.starts for role in s.by for r in (role, *chosen.roles.get(role, ())) if r.startswith("岗位 ")}
        name = "".join(c for c in message.sender_name if c not in ',"、\n') or "来信人"
        with people.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow([name, message.sender, "、".join(sorted(roles)) or "售前", "", "", "", ""])
        print(f"没有配置文件:用演示的人员和项目,把 {message.sender} 当作有权开始的人({'、'.join(sorted(roles)) or '售前'})")
    config = folder / "mailflow.toml"
    config.write_text(
        '[service]\naddress = "mailflow@demo.example"\n[masterdata]\nfolder = "masterdata"\n[[mailbox]]\nurl = "maildir:inbox"\n[smtp]\nurl = "maildir:outbox"\n[trust]\ncommands = "directory"\n',
        encoding="utf-8",
    )
    return config
