"""`mailflow import`: old mail from .eml files, mbox files and Maildirs; the same mail twice is once. Archives; acts and answers when asked to."""

from __future__ import annotations

import hashlib
import mailbox
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

import parsers
from store import mails, savepoint
from store.tables import letter as letters
from store.tables import mail as mail_table

from .errors import file_trouble
from .mailbox.maildir import delivered_at

if TYPE_CHECKING:
    from .passes import Office

BATCH = 50
MAILBOX = "import"  # the mailbox that these rows name; their uid is made of the mail's bytes
UIDVALIDITY = 1
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

Found = tuple[bytes, datetime]


def run(office: Office, paths: list[Path], *, act: bool = False, send: bool = False) -> int:
    """Imports everything under the paths; 1 when some of it could not be read. Raises StoreError: what is told as imported is durable."""
    office.refresh()
    progress = _Progress(sum(_size(path) for path in paths))
    counts = {"new": 0, "known": 0}
    ends: dict[str, int] = {}
    queue = _all(paths, progress)
    while batch := list(islice(queue, BATCH)):
        _take(office, batch, counts, ends, act=act, send=send)
        progress.at(counts["new"] + counts["known"], sum(len(raw) for raw, _ in batch))
    progress.end()
    if send:
        from .passes import Done

        done = Done()
        office.send(datetime.now(UTC), done)
        progress.problems += done.problems
    for line in progress.problems:
        print(line, file=sys.stderr)
    said = "、".join(f"{name} {count}" for name, count in sorted(ends.items()))
    print(f"新收 {counts['new']} 封" + (f"({said})" if said else "") + f",早已收过 {counts['known']} 封" + (f",没读出 {len(progress.problems)} 处" if progress.problems else ""))
    return 1 if progress.problems else 0


def _take(office: Office, batch: list[Found], counts: dict[str, int], ends: dict[str, int], *, act: bool, send: bool) -> None:
    """One batch: bytes durable first, then rows, what follows from them and, unless `send`, no letters, all in one transaction."""
    fresh: dict[int, Found] = {}
    for raw, at in batch:
        fresh.setdefault(_uid(raw), (raw, at))
    with office.store.read() as conn:
        known = mails.known(conn, MAILBOX, UIDVALIDITY, list(fresh))
        known |= {uid for uid, (raw, _) in fresh.items() if mails.find_duplicate(conn, "", _digest(raw), 2**62)}  # fetched from a mailbox before
    todo = {uid: found for uid, found in fresh.items() if uid not in known}
    counts["known"] += len(batch) - len(todo)
    if not todo:
        return
    places = office.store.archive.append([raw for raw, _ in todo.values()])
    rows = [
        {
            "mailbox": MAILBOX, "uidvalidity": UIDVALIDITY, "uid": uid, "received_at": at, "segment": place.segment, "offset": place.offset,
            "length": place.length, "digest": _digest(raw),
        }
        for (uid, (raw, at)), place in zip(todo.items(), places, strict=True)
    ]  # fmt: skip
    with office.store.begin() as conn:
        before = conn.scalar(sa.select(sa.func.max(letters.c.id))) or 0
        mails.keep(conn, rows)
        this = sa.select(mail_table).where(mail_table.c.mailbox == MAILBOX, mail_table.c.uid.in_(list(todo)), mail_table.c.end == "")
        kept = list(conn.execute(this.order_by(mail_table.c.received_at, mail_table.c.id)).mappings())
        if act:
            from .passes import Done

            done = Done()
            office.handle(conn, kept, datetime.now(UTC), done)
            for end, count in done.ends.items():
                ends[end] = ends.get(end, 0) + count
            if not send:  # what old mail once asked for is not said today
                conn.execute(sa.delete(letters).where(letters.c.id > before))
        else:
            for row in kept:
                end = _archive(conn, row, todo[row["uid"]][0])
                ends[end] = ends.get(end, 0) + 1
        counts["new"] += len(kept)


def _archive(conn: sa.Connection, row: Any, raw: bytes) -> str:
    """Into the archive and the list, nothing more."""
    message = parsers.read(raw)
    twin = mails.find_duplicate(conn, message.message_id, row["digest"], row["id"])
    end = "duplicate" if twin else "archived"
    with savepoint(conn):
        mails.finish(
            conn, row["id"], end=end, case_id=twin["case_id"] if twin else None, reason="早已收过同一封信" if twin else "导入的旧邮件",
            message_id=message.message_id, sender=message.sender, subject=message.subject,
        )  # fmt: skip
    return end


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _uid(raw: bytes) -> int:
    """A positive 63-bit number that is the same whenever and from wherever these bytes come."""
    return int.from_bytes(hashlib.sha256(raw).digest()[:8]) >> 1 or 1


# -- where mail lies ---------------------------------------------------------------------------------------------------------


def _all(paths: list[Path], progress: _Progress) -> Iterator[Found]:
    for path in paths:
        yield from _under(path, progress)


def _under(path: Path, progress: _Progress) -> Iterator[Found]:
    """A Maildir, a folder of .eml files and further folders, an mbox or one .eml."""
    try:
        if not path.is_dir():
            yield from _file(path)
        elif (path / "cur").is_dir() and (path / "new").is_dir():
            for sub in ("cur", "new"):
                for file in sorted((path / sub).iterdir()):
                    if file.is_file():
                        yield file.read_bytes(), delivered_at(file.name, file.stat().st_mtime_ns)
            for folder in sorted(p for p in path.iterdir() if p.is_dir() and p.name not in ("cur", "new", "tmp")):
                yield from _under(folder, progress)  # Maildir++ folders
        else:
            for inner in sorted(path.iterdir()):
                if inner.is_dir() or inner.suffix.lower() in (".eml", ".mbox", ".mbx", ""):
                    yield from _under(inner, progress)
    except (OSError, ValueError) as why:
        progress.problems.append(f"{path} {file_trouble(why) if isinstance(why, OSError) else why}")


def _file(path: Path) -> Iterator[Found]:
    with path.open("rb") as file:
        first = file.read(5)
    if not first:
        raise ValueError("是空文件,里面没有邮件")
    if first != b"From ":
        raw = path.read_bytes()
        yield raw, _received(raw) or datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return
    box = mailbox.mbox(path, create=False)
    try:
        for key in box.iterkeys():
            raw = box.get_bytes(key).replace(b"\n>From ", b"\nFrom ")  # mboxrd and mboxo quote it
            line = box.get_bytes(key, from_=True).split(b"\n", 1)[0].decode("ascii", "replace")
            yield raw, _received(raw) or _from_line(line) or datetime.fromtimestamp(path.stat().st_mtime, UTC)
    finally:
        box.close()


def _received(raw: bytes) -> datetime | None:
    """When the last server took it: the topmost Received, else Date. For old mail nothing better is left (§8-15 is about new mail)."""
    head = re.search(rb"\r?\n\r?\n", raw[:1_000_000])
    message = parsers.read(raw[: head.end() if head else 200_000])
    top = message.header("received")
    for text in (top.rpartition(";")[2].strip() if top else "", message.header("date")):
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        try:
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        if _NEVER < at < datetime.now(UTC):
            return at
    return None


def _from_line(line: str) -> datetime | None:
    try:
        return datetime.strptime(" ".join(line.split()[-5:]), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return None


def _size(path: Path) -> int:
    """Bytes of everything under a path, for the progress bar alone."""
    try:
        return path.stat().st_size if path.is_file() else sum(p.stat().st_size for p in path.rglob("*") if p.is_file())
    except OSError:
        return 0


class _Progress:
    """On stderr: a bar that is written over on a terminal; in a log a line each thousand mails."""

    def __init__(self, total: int) -> None:
        self.problems: list[str] = []
        self._total, self._bytes, self._said = total, 0, 0
        self._tty = sys.stderr.isatty()

    def at(self, count: int, size: int) -> None:
        self._bytes += size
        part = min(1.0, self._bytes / self._total) if self._total else 1.0
        if self._tty:
            print(f"\r[{'#' * int(part * 40):<40}] {part:4.0%}  {count} 封", end="", file=sys.stderr, flush=True)
        elif count - self._said >= 1000:
            self._said = count
            print(f"{part:.0%}  {count} 封", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._tty:
            print(file=sys.stderr)
