"""A mail server of our own for the demonstration: mail-devel (IMAP and SMTP, all in memory) in a child process on loopback."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from types import TracebackType
from urllib.parse import quote

START_SECONDS = 20.0
STOP_SECONDS = 1.0
TRIES = 3  # a free port may be taken by somebody else before the child has it

# The child ends when its stdin does: at once when we close it, and also when we are killed. Nothing stays behind.
# Its SMTP side runs in a thread of its own and wakes an IDLE of the IMAP side without telling that side's event loop, so the loop is
# made to look around ten times a second.
_CHILD = """
import asyncio, os, sys, threading
import mail_devel.__main__ as service
def end_with_the_parent():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=end_with_the_parent, daemon=True).start()
async def look_around():
    while True:
        await asyncio.sleep(0.1)
service.sleep_forever = look_around
service.main()
"""


class DemoServerError(Exception):
    """The demonstration's mail server did not start; one Chinese line."""


class DemoServer:
    """`with DemoServer() as server:` every address has a mailbox; mails are put into those of To and Cc. Gone afterwards."""

    def __init__(self) -> None:
        self.imap_port = 0
        self.smtp_port = 0
        self.password = secrets.token_urlsafe(12)  # anybody on this machine may connect; only we may read
        self._child: subprocess.Popen[bytes] | None = None

    def imap_url(self, address: str) -> str:
        """The `[[mailbox]] url` of an address."""
        return f"imap://{quote(address, safe='')}@127.0.0.1:{self.imap_port}/INBOX"

    def smtp_url(self) -> str:
        """The `[smtp] url`; nobody has to log in."""
        return f"smtp://127.0.0.1:{self.smtp_port}"

    def start(self) -> None:
        """Ready for connections when this returns. Raises DemoServerError."""
        said = ""
        for _ in range(TRIES):
            with tempfile.TemporaryFile() as log:
                self.imap_port, self.smtp_port = _free_ports()
                self._child = self._spawn(log.fileno())
                if self._ready(self._child):
                    return
                self.stop()
                log.seek(0)
                said = log.read().decode("utf-8", "replace").strip().rpartition("\n")[2][:300]
        raise DemoServerError(f"演示用的邮件服务器起不来({said or '没有应答'});请确认已安装 mail-devel,且本机可以监听 127.0.0.1")

    def stop(self) -> None:
        """Within a second nothing runs any more; what was in the mailboxes is gone."""
        child, self._child = self._child, None
        if child is None:
            return
        assert child.stdin is not None
        child.stdin.close()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def __enter__(self) -> DemoServer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        ports = ["--imap-port", str(self.imap_port), "--smtp-port", str(self.smtp_port)]
        return subprocess.Popen(
            [sys.executable, "-c", _CHILD, "--host", "127.0.0.1", *ports, "--no-http", "--multi-user"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**os.environ, "MAIL_PASSWORD": self.password},  # not among the arguments, which everybody can list
            start_new_session=True,  # Ctrl-C is for the demonstration, which then stops us in order
        )

    def _ready(self, child: subprocess.Popen[bytes]) -> bool:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and child.poll() is None:
            if _greets(self.imap_port, b"* OK") and _greets(self.smtp_port, b"220"):
                return True
            time.sleep(0.02)
        return False


def _greets(port: int, greeting: bytes) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as probe:
            return probe.recv(64).startswith(greeting)
    except OSError:
        return False


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(two.getsockname()[1])
