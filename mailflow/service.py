"""`mailflow run`: fetches as soon as mail arrives, works at every tick, sends beside it, until SIGTERM; what fails is tried again and starves nobody.

A thread for each mailbox waits (IDLE) and fetches, one sends, the main one reads, decides and rings at the tick of `schedule`. What is to
be done is always in rows, so a thread is only ever a pair of hands: it may die between two of them and nothing is lost.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType

import schedule

from store import StoreError

from . import logs
from .alone import alone, recover
from .errors import said
from .mailbox import Mailbox, MailboxError
from .passes import Done, Office

TICK = 10  # seconds between two looks at what falls due
LOOK_AGAIN = 300  # seconds after which a mailbox is looked at although it told of nothing
SLICE = 0.5  # seconds within which a waiting thread notices that the service ends
RETRY_FIRST, RETRY_LONGEST = 2.0, 300.0  # seconds
SAY_AGAIN = 3600.0  # seconds after which a trouble that lasts is logged once more
FINISH = 110.0  # seconds for what is in hand at the end; systemd kills after 120

log = logging.getLogger("mailflow")


def serve(office: Office) -> int:
    """Runs until SIGTERM or SIGINT, finishes what it holds, gives 0. Raises Occupied when another mailflow works on the store."""
    logs.set_up(logging.INFO)
    with alone(office.config):
        return _Service(office).run()


class _Trouble:
    """Says a lasting trouble once, again every hour, and when it is over; and how long to wait before the next try."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._said = ""
        self._said_at = 0.0
        self._failures = 0

    def again(self, line: str) -> float:
        """It failed: seconds until the next try."""
        now = time.monotonic()
        if line != self._said or now - self._said_at >= SAY_AGAIN:
            log.warning("%s:%s", self.what, line)
            self._said, self._said_at = line, now
        self._failures += 1
        return float(min(RETRY_LONGEST, RETRY_FIRST * 2 ** min(self._failures - 1, 10)))

    def over(self) -> None:
        """It went well."""
        if self._failures:
            log.info("%s:恢复正常", self.what)
        self._said, self._failures = "", 0


class _Service:
    def __init__(self, office: Office) -> None:
        self.office = office
        self.stop = threading.Event()
        self.work_now = threading.Event()
        self.send_now = threading.Event()
        self.told: dict[str, float] = {}  # troubles of a pass → when they were logged
        office.stopping = self.stop.is_set

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told_to_stop)
        office = self.office
        if line := recover(office.store):
            log.warning("%s", line)
        threads = [threading.Thread(target=self._guarded, args=(f"邮箱 {box.name}", self._watch, box), name=box.name, daemon=True) for box in office.mailboxes]
        threads.append(threading.Thread(target=self._guarded, args=("发信", self._sender), name="send", daemon=True))
        for thread in threads:
            thread.start()
        log.info("服务开始:%d 个邮箱,%d 个流程", len(office.mailboxes), self._processes())
        self._main()
        log.info("正在结束:办完手头的事")
        end = time.monotonic() + FINISH
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        if stuck := [t.name for t in threads if t.is_alive()]:
            log.warning("没等到 %s 结束;信和进度都在库里,下次接着办", "、".join(stuck))
        log.info("服务结束")
        return 0

    def _processes(self) -> int:
        self.office.refresh()
        for line in self.office.library.problems + self.office.master.problems:
            log.warning("%s", line)
        return len(self.office.library.processes)

    def _told_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stop.set()
        self.work_now.set()
        self.send_now.set()

    # -- reading, deciding, ringing: the main thread ---------------------------------------------------------------------------

    def _main(self) -> None:
        clock = schedule.Scheduler()
        self._every(clock, TICK, "办理", self._work)
        self._every(clock, TICK, "发信", self.send_now.set)  # letters whose next try has come
        clock.run_all()
        while not self.stop.is_set():
            self.work_now.wait(max(0.0, min(TICK, clock.idle_seconds or 0.0)))
            if self.work_now.is_set() and not self.stop.is_set():
                self.work_now.clear()
                clock.jobs[0].run()
            clock.run_pending()

    @staticmethod
    def _every(clock: schedule.Scheduler, seconds: int, what: str, job: Callable[[], None]) -> None:
        """A job that may fail without being dropped by `schedule`, and without the others noticing; it backs off while it fails."""
        trouble = _Trouble(what)
        not_before = 0.0

        def wrapped() -> None:
            nonlocal not_before
            if time.monotonic() < not_before:
                return
            try:
                job()
                trouble.over()
            except Exception as why:  # the machine is at fault (a full disk, a database away) or the code: said, and tried again
                not_before = time.monotonic() + trouble.again(said(why)[0])

        clock.every(seconds).seconds.do(wrapped)

    def _work(self) -> None:
        done = Done()
        self.office.refresh()
        self.office.work(datetime.now(UTC), done)
        if done.ends or done.rung:
            ends = " ".join(f"{name}={count}" for name, count in sorted(done.ends.items()))
            log.info("办理 %d 封 %s 到期 %d", sum(done.ends.values()), ends, done.rung)
            self.send_now.set()
        now = time.monotonic()
        self.told = {line: at for line, at in self.told.items() if now - at < SAY_AGAIN}
        for line in done.problems:
            if line not in self.told:
                log.warning("%s", line)
                self.told[line] = now

    # -- fetching: a thread for each mailbox -------------------------------------------------------------------------------------

    def _guarded(self, what: str, work: Callable[..., None], *args: object) -> None:
        """A thread that must not end before the service does."""
        trouble = _Trouble(what)
        while not self.stop.is_set():
            try:
                work(*args)
            except Exception as why:  # whatever it is, the mailbox is tried again
                self.stop.wait(trouble.again(said(why)[0]))

    def _watch(self, mailbox: Mailbox) -> None:
        trouble, lying = _Trouble(f"邮箱 {mailbox.name}"), _Trouble(f"邮箱 {mailbox.name}")
        while not self.stop.is_set():
            done = Done()
            try:
                reached = self.office.fetch(mailbox, None, done)
            except StoreError as why:
                reached, done.problems = False, [str(why)]
            if done.fetched:
                log.info("邮箱 %s:收信 %d", mailbox.name, done.fetched)
                self.work_now.set()
            if not reached:
                self.stop.wait(trouble.again(done.problems[-1]))
                continue
            trouble.over()
            if done.problems:  # mails that the server would not give; the others came
                self.stop.wait(lying.again(done.problems[-1]))
            try:
                self._until_mail(mailbox)
            except MailboxError as why:
                self.stop.wait(trouble.again(str(why)))
        mailbox.close()

    def _until_mail(self, mailbox: Mailbox) -> None:
        end = time.monotonic() + LOOK_AGAIN
        while not self.stop.is_set() and time.monotonic() < end:
            if mailbox.wait(SLICE):
                return

    # -- sending: a thread, since a server may take minutes to answer --------------------------------------------------------------

    def _sender(self) -> None:
        trouble = _Trouble("发信")
        while not self.stop.is_set():
            self.send_now.wait(TICK)
            self.send_now.clear()
            if self.stop.is_set():
                return
            done = Done()
            try:
                self.office.send(datetime.now(UTC), done)
            except StoreError as why:
                done.problems.append(str(why))
            if done.sent:
                log.info("发信 %d", done.sent)
            if not done.problems:
                trouble.over()
            elif not self.stop.is_set():
                self.stop.wait(trouble.again(done.problems[-1]))
