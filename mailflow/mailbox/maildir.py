"""Fetches from a Maildir without renaming a file: the unique part of a file's name is its identity."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

from .envelope import MAX_MAIL_BYTES, Cursor, Envelope, Known, MailboxError, batches

UIDVALIDITY = 1
HEADER_BYTES = 1_000_000
LOOK_SECONDS = 0.5
RACY_SECONDS = 2.0  # a folder's mtime says nothing about what was added within its own clock tick

_YEAR_2000 = 946_684_800
_DELIVERED = re.compile(r"(\d{9,10})(?:\.M(\d{1,6}))?(?:[.PQ_]|$)")


def unique_name(file_name: str) -> str:
    """What stays the same when a client sets flags or moves the file from new/ to cur/."""
    return file_name.partition(":")[0]


def uid_of(file_name: str) -> int:
    """A positive 63-bit number that is the same in every run; two names share one with a chance of 1 in 10^9 at 10^5 mails."""
    return int.from_bytes(blake2b(os.fsencode(unique_name(file_name)), digest_size=8).digest()) >> 1 or 1


def delivered_at(file_name: str, mtime_ns: int) -> datetime:
    """Time of delivery, UTC (RULEBOOK §8-15): the number the deliverer put first into the name, or the file's mtime, whichever is
    earlier. Copying a Maildir makes mtimes later, moving a mail between folders makes names later; neither makes one earlier."""
    times = [mtime_ns // 1000]
    if match := _DELIVERED.match(file_name):
        times.append(int(match[1]) * 1_000_000 + int(match[2] or 0))
    microseconds = min((t for t in times if t >= _YEAR_2000 * 1_000_000), default=times[0])
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).replace(microsecond=microseconds % 1_000_000)


@dataclass(frozen=True)
class _File:
    path: Path
    uid: int
    received_at: datetime
    size: int


class MaildirMailbox:
    """A Maildir on this machine. The cursor has no meaning here: `known` alone says what was taken."""

    uidvalidity = UIDVALIDITY

    def __init__(
        self, name: str, path: str | Path, *, processed: str | None = None, max_size: int = MAX_MAIL_BYTES, connect: bool = True
    ) -> None:
        self.name = name
        self.problems: list[str] = []
        self._path = Path(path)
        self._max_size = max_size
        self._taken: set[str] = set()  # unique names that are known to be kept: not looked at again
        self._where: dict[int, Path] = {}  # of what this fetch has handed out
        self._names: frozenset[str] = frozenset()
        self._stamps: tuple[int, ...] = ()
        if processed is not None and ("/" in processed or not processed.strip(".")):
            raise MailboxError(f"邮箱“{name}”:processed 应是一个文件夹名,不能是“{processed}”", temporary=False)
        # Maildir++ spells a folder with a leading dot
        self._processed = self._path / f".{processed.lstrip('.')}" if processed else None
        if connect:
            self._listing()

    def fetch(self, cursor: Cursor, known: Known) -> Iterator[list[tuple[Envelope, bytes]]]:
        """See `Mailbox.fetch`. The list is made once; what arrives later is for the next call."""
        self.problems = []
        self._where = {}
        self._stamps = self._stamp()
        listed = self._listing()
        self._names = frozenset(listed)
        self._taken &= listed.keys()
        new = {uid_of(name): path for name, path in listed.items() if name not in self._taken}
        kept = known(list(new)) if new else set()
        self._finish([new[uid] for uid in kept])
        files = [file for uid, path in new.items() if uid not in kept and (file := self._look(uid, path))]
        files.sort(key=lambda file: (file.received_at, file.path.name))
        by_uid = {file.uid: file for file in files}
        for batch in batches((file.uid, min(file.size, self._max_size)) for file in files):
            mails = [mail for uid in batch if (mail := self._read(by_uid[uid]))]
            if mails:
                yield mails

    def done(self, envelopes: Iterable[Envelope]) -> Cursor:
        """See `Mailbox.done`."""
        self._finish([self._where[envelope.uid] for envelope in envelopes if envelope.uid in self._where])
        return Cursor(UIDVALIDITY, 0)

    def wait(self, seconds: float) -> bool:
        """See `Mailbox.wait`; looks at the folders' mtimes twice a second."""
        end = time.monotonic() + seconds
        while True:
            stamps = self._stamp()
            if stamps != self._stamps:
                return True
            if time.time_ns() - max(stamps) < RACY_SECONDS * 1e9 and frozenset(self._listing()) != self._names:
                return True
            left = end - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(LOOK_SECONDS, left))

    def close(self) -> None:
        """Nothing is held open."""

    def _listing(self) -> dict[str, Path]:
        """Unique name → path, of everything in new/ and cur/. new/ first: a mail that moves between the two is seen, not missed."""
        found: dict[str, Path] = {}
        missing = 0
        for folder in (self._path / "new", self._path / "cur"):
            try:
                with os.scandir(folder) as entries:
                    found |= {unique_name(entry.name): Path(entry.path) for entry in entries if not entry.name.startswith(".")}
            except FileNotFoundError:
                missing += 1
            except OSError as error:
                text = f"邮箱“{self.name}”:目录 {folder} 打不开({error.strerror});请检查权限"
                raise MailboxError(text, temporary=False) from error
        if missing == 2 and not (self._path.is_dir() and not any(self._path.iterdir())):
            text = f"邮箱“{self.name}”:{self._path} 不是 Maildir(里面没有 new 和 cur);请核对 url"
            raise MailboxError(text, temporary=False)
        return found

    def _stamp(self) -> tuple[int, ...]:
        stamps = []
        for folder in ("new", "cur"):
            try:
                stamps.append((self._path / folder).stat().st_mtime_ns)
            except OSError:
                stamps.append(0)
        return tuple(stamps)

    def _look(self, uid: int, path: Path) -> _File | None:
        try:
            status = path.stat()
        except FileNotFoundError:
            return None  # renamed or removed since it was listed: the next fetch sees what became of it
        except OSError as error:
            self._problem(path, f"打不开({error.strerror});请检查权限")
            return None
        if not stat.S_ISREG(status.st_mode):
            self._problem(path, "不是普通文件(是目录、管道之类);邮件应是文件,请移走它")
            return None
        return _File(path, uid, delivered_at(path.name, status.st_mtime_ns), status.st_size)

    def _read(self, file: _File) -> tuple[Envelope, bytes] | None:
        truncated = file.size > self._max_size
        try:
            with file.path.open("rb") as stream:
                data = stream.read(HEADER_BYTES if truncated else -1)
                size = os.fstat(stream.fileno()).st_size
        except FileNotFoundError:
            return None  # as above
        except OSError as error:
            self._problem(file.path, f"读不出来({error.strerror});请检查权限和磁盘")
            return None
        if size != file.size:
            self._problem(file.path, "还在被写入,下次再取;投递程序应先写在 tmp 里再改名")
            return None
        self._where[file.uid] = file.path
        envelope = Envelope(self.name, UIDVALIDITY, file.uid, file.received_at, file.size, truncated)
        return envelope, _header(data) if truncated else data

    def _finish(self, paths: list[Path]) -> None:
        """These are kept for good: they need not be looked at again, and leave for the processed folder if there is one."""
        self._taken.update(unique_name(path.name) for path in paths)
        if self._processed is None or not paths:
            return
        try:
            for sub in ("tmp", "new", "cur"):
                (self._processed / sub).mkdir(parents=True, exist_ok=True)
            for path in paths:
                self._move(path, self._processed / "cur")
        except OSError as error:
            text = f"邮箱“{self.name}”:邮件移不到 {self._processed}({error.strerror});请检查权限和磁盘空间"
            raise MailboxError(text, temporary=True) from error

    @staticmethod
    def _move(path: Path, folder: Path) -> None:
        target = folder / (path.name if ":" in path.name else f"{path.name}:2,")
        if target.exists():  # never written over: a deliverer that reuses names is not ours to trust
            target = folder / f"{unique_name(path.name)}.{time.time_ns()}:2,"
        try:
            path.rename(target)
        except FileNotFoundError:
            pass  # somebody's mail client was quicker; it is kept all the same

    def _problem(self, path: Path, what: str) -> None:
        self.problems.append(f"邮箱“{self.name}”:{path} {what}")


def _header(data: bytes) -> bytes:
    """Everything up to and with the first empty line."""
    match = re.search(rb"\r?\n\r?\n", data)
    return data[: match.end()] if match else data
