"""`mailflow run`: answers at once, survives what goes wrong around it, ends in order; and nobody works beside it on the same store."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import schedule
from conftest import PASSWORD, Dovecot, free_port
from department import MAILDIR, Department, mail, make

from mailflow.service import _Service
from store import StoreError, open_store
from store import letters as letter_rows


@pytest.fixture
def department(tmp_path: Path) -> Department:
    return make(tmp_path)


@contextmanager
def running(department: Department) -> Iterator[subprocess.Popen[str]]:
    """The service in a process of its own; its log goes to service.log."""
    with (department.folder / "service.log").open("w") as log:
        child = subprocess.Popen(department.command("run"), stderr=log, stdout=log, text=True, env={**os.environ, "MAIL_SECRET": PASSWORD})
    try:
        until(lambda: "服务开始" in said(department) or child.poll() is not None)
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()


def said(department: Department) -> str:
    return (department.folder / "service.log").read_text()


def until(done: Callable[[], object], seconds: float = 15) -> float:
    """Waits for it; the seconds that it took."""
    started = time.monotonic()
    while not done():
        assert time.monotonic() - started < seconds, "it did not happen"
        time.sleep(0.02)
    return time.monotonic() - started


def test_mail_in_a_maildir_is_answered_at_once_and_sigterm_ends_with_0(department: Department) -> None:
    with running(department) as child:
        department.put(mail())
        until(lambda: len(department.letters()) >= 2)
        child.send_signal(signal.SIGTERM)
        assert child.wait(5) == 0
    assert "服务结束" in said(department)


@pytest.mark.slow
def test_the_log_has_a_line_an_event_and_nothing_personal(department: Department) -> None:
    with running(department) as child:
        department.put(mail())
        department.put(b"From: \xff\xfe\r\nSubject: x\r\n\r\n", "1764000001.M1P1.test")
        until(lambda: len(department.letters()) >= 2)
        child.send_signal(signal.SIGINT)
        assert child.wait(5) == 0
    for line in said(department).splitlines():
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (INFO|WARNING|ERROR) ", line), line
    assert not re.search("zhouqiang|周强|滨江|Traceback", said(department))


def test_two_workers_on_one_store_exclude_each_other_and_looking_is_always_allowed(department: Department) -> None:
    with running(department) as child:
        for command in ("once", "run"):
            second = department.run(command)
            assert (second.returncode, second.stdout) == (1, "")
            assert f"进程 {child.pid}" in second.stderr and second.stderr.count("\n") == 1
        assert department.run("cases").returncode == 0
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert department.run("once").returncode == 0, "the lock is gone with whoever held it, however he ended"


@pytest.mark.parametrize("command", ["run", "once"])
def test_a_letter_that_a_crash_left_between_smtp_and_commit_is_uncertain_and_not_sent_again(department: Department, command: str) -> None:
    department.put(mail())
    assert department.run("once").returncode == 0
    before = len(department.letters())
    store = open_store(f"sqlite:///{department.folder}/mailflow.db", str(department.folder / "archive"))
    now = datetime.now(UTC)
    row = {"reader": "linxiao@demo.example", "letter": "说明", "subject": "x", "content": {"reader": "x", "parts": []}, "message_id": "<c@demo>", "due": now, "written_at": now}
    with store.begin() as conn:
        letter_rows.write(conn, {**row, "in_reply_to": "", "references": "", "cc": []})
        assert letter_rows.claim(conn, now, 9)
    store.close()
    if command == "once":
        assert "不知是否已发出" in department.run("once").stderr
    else:
        with running(department) as child:
            until(lambda: "不知是否已发出" in said(department))
            child.send_signal(signal.SIGTERM)
            assert child.wait(5) == 0
    assert len(department.letters()) == before
    assert "uncertain" in department.run("outbox").stdout


@pytest.mark.slow
def test_a_mailbox_that_is_away_keeps_neither_the_service_nor_the_other_mailbox_from_working(department: Department) -> None:
    away = f'[[mailbox]]\nname = "away"\nurl = "imap://a@127.0.0.1:{free_port()}/INBOX"\npassword_env = "MAIL_SECRET"\n'
    department.configure(away + MAILDIR)
    with running(department) as child:
        department.put(mail())
        until(lambda: len(department.letters()) >= 2)
        child.send_signal(signal.SIGTERM)
        assert child.wait(5) == 0
    assert said(department).count("拒绝连接") == 1, "a lasting trouble is said once"


@pytest.mark.slow
def test_a_job_that_fails_is_tried_again_and_starves_nobody() -> None:
    clock = schedule.Scheduler()
    calls: list[str] = []

    def broken() -> None:
        calls.append("broken")
        if calls.count("broken") == 1:
            raise StoreError("磁盘已满:/x。请腾出空间,服务会自己接着做")

    _Service._every(clock, 1, "办理", broken)
    _Service._every(clock, 1, "发信", lambda: calls.append("fine"))
    clock.run_all()
    assert calls == ["broken", "fine"]
    assert len(clock.jobs) == 2
    end = time.monotonic() + 6
    while calls.count("broken") < 2 and time.monotonic() < end:
        clock.run_pending()
        time.sleep(0.05)
    assert calls.count("broken") == 2 and calls.count("fine") >= 2


def imap(dovecot: Dovecot, user: str) -> str:
    return f'[[mailbox]]\nname = "main"\nurl = "{dovecot.url(user)}"\npassword_env = "MAIL_SECRET"\n'


@pytest.mark.slow
@pytest.mark.dovecot
def test_mail_on_an_imap_server_is_answered_within_a_second_of_being_told(department: Department, dovecot: Dovecot, user: str) -> None:
    department.configure(imap(dovecot, user))
    with running(department) as child:
        time.sleep(1.0)  # it has looked, and waits now
        for number in range(3):
            had = len(department.letters())
            dovecot.append(user, [mail(id=f"{number}@demo.example", text=f"沟通结果:成功 {number}")])
            assert until(lambda: len(department.letters()) > had) < 1.5, "Dovecot itself takes up to half a second"  # noqa: B023
        child.send_signal(signal.SIGTERM)
        assert child.wait(5) == 0


@pytest.mark.slow
@pytest.mark.dovecot
def test_after_the_server_has_been_away_mail_is_fetched_once(department: Department, own_dovecot: Dovecot, user: str) -> None:
    department.configure(imap(own_dovecot, user))
    with running(department) as child:
        own_dovecot.append(user, [mail()])
        until(lambda: len(department.letters()) >= 2)
        own_dovecot.stop()
        until(lambda: "WARNING" in said(department))
        own_dovecot.start()
        own_dovecot.append(user, [mail(id="2@demo.example", subject="查询 滨江医院信息化", text="")])
        until(lambda: len(department.letters()) >= 3)
        child.send_signal(signal.SIGTERM)
        assert child.wait(5) == 0
    inbox = department.run("inbox", "--json").stdout.splitlines()
    assert len(inbox) == 2
    assert "恢复正常" in said(department)
