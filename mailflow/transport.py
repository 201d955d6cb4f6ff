"""Hands letters to an SMTP server, or puts them into a Maildir, and says exactly what became of each."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from mailflow.smtp_session import SmtpSession, TransportAway, TransportError, TransportRefused, TransportUncertain

__all__ = ["Transport", "TransportAway", "TransportError", "TransportRefused", "TransportUncertain", "open_transport"]


class SmtpConfig(Protocol):
    """What is asked of the `[smtp]` table of mailflow.toml. `rate`: letters per minute, 0 or None for no limit."""

    @property
    def url(self) -> str: ...
    @property
    def rate(self) -> int | None: ...


class Transport(Protocol):
    """One way out of the house. Not for two threads at once."""

    def send(self, message: bytes, sender: str, recipients: list[str]) -> None:
        """Deliver one letter to all recipients; `sender` may be empty (RFC 5321 null reverse-path).

        Returns when the server has taken it. Raises TransportRefused, TransportAway or TransportUncertain; only the last leaves a doubt.
        """

    def pause(self) -> float:
        """Seconds until `rate` lets the next letter go, 0 for at once. `send` waits so long by itself; who has other work asks first."""

    def flush(self) -> None:
        """Everything sent so far is durable when this returns. To be called before `sent` is committed. Raises TransportUncertain."""

    def close(self) -> None:
        """Take leave. Never raises."""


def open_transport(
    config: SmtpConfig,
    password: Callable[[], str],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Transport:
    """The transport that `[smtp] url` names. Nothing is connected before the first letter.

    `clock` and `sleep` (seconds) serve `rate` alone. Raises `mailflow.mailbox.address.AddressError` on a url that cannot be used.
    """
    pace = Pace(config.rate or 0, clock, sleep)
    if config.url.startswith("maildir:"):
        return MaildirTransport(Path(config.url.removeprefix("maildir:")), pace)
    return SmtpTransport(SmtpSession(config.url, password, bool(getattr(config, "oauth2", None))), pace)


class Pace:
    """Lets through at most `rate` letters in any sixty seconds; the first ones at once, which a token bucket would let through twice."""

    def __init__(self, rate: int, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._rate, self._clock, self._sleep = rate, clock, sleep
        self._times: deque[float] = deque(maxlen=rate or 1)

    def wait(self) -> None:
        """Sleep until the next letter may go."""
        if (left := self.left()) > 0:
            self._sleep(left)
        if self._rate:
            self._times.append(self._clock())

    def left(self) -> float:
        """Seconds until then."""
        return max(0.0, self._times[0] + 60 - self._clock()) if self._rate and len(self._times) == self._rate else 0.0


class SmtpTransport:
    """Letters over one SMTP connection that is kept from letter to letter and made anew when the server has dropped it."""

    def __init__(self, session: SmtpSession, pace: Pace) -> None:
        self._session, self._pace = session, pace

    def send(self, message: bytes, sender: str, recipients: list[str]) -> None:
        """See `Transport.send`."""
        if not recipients:
            raise TransportRefused(550, "这封信没有收件人")
        self._pace.wait()
        self._session.send(message, sender, recipients)

    def pause(self) -> float:
        """See `Transport.pause`."""
        return self._pace.left()

    def flush(self) -> None:
        """An SMTP server that has answered 250 has the letter on its disk (RFC 5321 6.1)."""

    def close(self) -> None:
        """See `Transport.close`."""
        self._session.close()


class MaildirTransport:
    """Letters as files in a Maildir, for trial runs and for a deliverer that picks them up; name order is the order of writing."""

    def __init__(self, path: Path, pace: Pace) -> None:
        self._path, self._pace = path, pace
        self._host = re.sub(r"[^A-Za-z0-9.-]", "_", socket.gethostname()) or "localhost"
        self._last: int | None = None  # microseconds since 1970 in the newest name
        self._unsynced = False
        self._lock = threading.Lock()

    def send(self, message: bytes, sender: str, recipients: list[str]) -> None:
        """See `Transport.send`: tmp/, fsync, mtime, then renamed into new/. The folder itself is synced by `flush`."""
        self._pace.wait()
        try:
            with self._lock:
                self._write(message)
        except OSError as error:
            raise TransportAway(f"信写不进 {self._path}({error.strerror});请检查权限和磁盘空间,稍后自动重试") from error

    def pause(self) -> float:
        """See `Transport.pause`."""
        return self._pace.left()

    def flush(self) -> None:
        """See `Transport.flush`. Raises TransportUncertain: the letters lie there, and a power failure may still take them."""
        if not self._unsynced:
            return
        try:
            folder = os.open(self._path / "new", os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise TransportUncertain(f"目录 {self._path} 写不到磁盘上({error.strerror}),不知信是否保得住;请检查磁盘") from error
        self._unsynced = False

    def close(self) -> None:
        """See `Transport.close`."""
        try:
            self.flush()
        except TransportUncertain:
            pass  # the files are there; only a power failure in the next seconds could take them

    def _write(self, message: bytes) -> None:
        if self._last is None:
            self._last = self._newest()
        stamp = self._last = max(time.time_ns() // 1000, self._last + 1)
        name = f"{stamp // 1_000_000:010d}.M{stamp % 1_000_000:06d}P{os.getpid()}.{self._host}"
        draft = self._path / "tmp" / name
        try:
            with draft.open("xb") as stream:
                stream.write(message)
                stream.flush()
                os.utime(stream.fileno(), ns=(stamp * 1000, stamp * 1000))
                os.fsync(stream.fileno())
            draft.rename(self._path / "new" / name)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        self._unsynced = True

    def _newest(self) -> int:
        """Makes the folders; the stamp of the newest letter there, so that a clock set back does not disturb the order."""
        for sub in ("tmp", "new", "cur"):
            (self._path / sub).mkdir(parents=True, exist_ok=True)
        names = [entry.name for sub in ("new", "cur") for entry in os.scandir(self._path / sub)]
        stamps = [int(m[1]) * 1_000_000 + int(m[2]) for name in names if (m := re.match(r"(\d{10})\.M(\d{6})P", name))]
        return max(stamps, default=0)
