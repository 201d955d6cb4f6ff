"""The demonstration's mail server: mails go through it as through a real one, and nothing of it stays behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from conftest import Box

from mailflow.mailbox import Cursor, Envelope, Mailbox, MailboxError, open_mailbox
from mailflow.mailbox.demo_server import DemoServer
from mailflow.transport import open_transport

TO, CC = "mailflow@corp.example", "sales@corp.example"
LETTER = f"From: a@corp.example\r\nTo: {TO}\r\nCc: {CC}\r\nSubject: x\r\nMessage-ID: <1@corp.example>\r\n\r\nhello\r\n".encode()


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def fetched(mailbox: Mailbox) -> list[tuple[Envelope, bytes]]:
    """As the service does: a connection that broke is tried again. mail-devel's SMTP side wakes IDLE from a thread of its own, now and then
    before its IMAP side can give the whole mail; it then hangs up in the middle of FETCH."""
    for _ in range(20):
        try:
            return [mail for batch in mailbox.fetch(Cursor(), lambda _: set()) for mail in batch]
        except MailboxError as why:
            if not why.temporary:
                raise
            time.sleep(0.1)
    raise AssertionError("the demonstration's server gave no whole mail within two seconds")


def test_a_letter_sent_is_fetched_and_idle_wakes_and_all_is_gone_within_a_second() -> None:
    with DemoServer() as server:
        transport = open_transport(Box(server.smtp_url()), lambda: "")
        mailbox = open_mailbox(Box(server.imap_url(TO), processed="已处理"), lambda: server.password)
        assert list(mailbox.fetch(Cursor(), lambda _: set())) == []
        assert not mailbox.wait(0.1)
        threading.Timer(0.2, transport.send, [LETTER, "a@corp.example", [TO, CC]]).start()
        assert mailbox.wait(5)
        [(envelope, data)] = fetched(mailbox)
        assert b"Message-ID: <1@corp.example>" in data
        assert abs(envelope.received_at - datetime.now(UTC)) < timedelta(minutes=1)
        cursor = mailbox.done([envelope])
        assert list(mailbox.fetch(cursor, lambda _: set())) == []
        copy = open_mailbox(Box(server.imap_url(CC)), lambda: server.password)
        assert len([m for batch in copy.fetch(Cursor(), lambda _: set()) for m in batch]) == 1
        with pytest.raises(MailboxError, match="被拒绝"):
            open_mailbox(Box(server.imap_url(TO)), lambda: "guessed")
        transport.close()
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 1.5
    assert not listens(server.imap_port) and not listens(server.smtp_port)
    server.stop()  # twice is once


def test_it_ends_when_the_demonstration_is_killed() -> None:
    program = (
        "from mailflow.mailbox.demo_server import DemoServer; import time\n"
        "server = DemoServer(); server.start(); print(server.imap_port, flush=True); time.sleep(60)"
    )
    demo = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert demo.stdout is not None
    port = int(demo.stdout.readline())
    assert listens(port)
    os.kill(demo.pid, signal.SIGKILL)
    demo.wait()
    end = time.monotonic() + 5
    while listens(port) and time.monotonic() < end:
        time.sleep(0.05)
    assert not listens(port)
    demo.stdout.close()
