"""One pass of the service: fetch and keep, then mails and due times in the order of time, then send (RULEBOOK §8-16)."""

from __future__ import annotations

import hashlib
import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from store import Store, StoreError, cases, mails, marks, savepoint
from store.archive import Place

from . import outbox, periodic, reckoning, reminders, standstill
from .calendars import HOURS, WorkCalendar, read_hours
from .config import Config
from .correspondence import Desk
from .knowledge import Knowledge
from .mailbox import Cursor, Mailbox, MailboxError
from .masterdata import MasterData
from .people import Directory
from .process.library import Library
from .process.world import Event
from .recorder import Recorder
from .transport import Transport

if TYPE_CHECKING:
    from . import papers
    from .intake import Intake
    from .routing import Router

BATCH = 50
log = logging.getLogger("mailflow")


@dataclass
class Done:
    """What a pass did."""

    fetched: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    rung: int = 0
    sent: int = 0
    problems: list[str] = field(default_factory=list)  # what failed, one Chinese line each


@dataclass
class Office:
    """Everything that a pass needs, built by `wiring`."""

    config: Config
    store: Store
    library: Library
    master: MasterData
    mailboxes: list[Mailbox]
    open_transport: Callable[[], Transport]
    secret: bytes = b""
    stopping: Callable[[], bool] = lambda: False  # asked between batches: a service that must end finishes the one it holds
    _readings: dict[tuple[int, bool], papers.Reading] = field(default_factory=dict)  # (mail, as a fax) → its papers, read before its transaction
    _transport: Transport | None = None
    _router: Router | None = None
    _directory: Directory | None = None
    _calendar: WorkCalendar | None = None
    _reckoned: bool = False  # by the calendar and tables in force
    _stood_still: bool = True  # letters may wait that should be summed up: the pass before may have been cut short

    def refresh(self) -> None:
        """Takes edited templates and master data into force."""
        if self.library.refresh():
            self._router = self._directory = None  # the calendar is built with it: working hours are a setting
        if self.master.refresh() or self._directory is None:
            table = self.library.tables.get("角色同义词")
            self._directory = Directory(self.master.people, {w: row["角色"] for row in table.rows for w in row["同义词"].split("、") if w} if table else {})
            self._calendar = WorkCalendar(self.master.holidays, self.config.service.timezone, read_hours(self.library.config("work.hours") or HOURS))
            self._reckoned = False

    def knowledge(self, conn: sa.Connection, now: datetime) -> Knowledge:
        """The world as one transaction sees it."""
        if self._directory is None or self._calendar is None:
            self.refresh()
        assert self._directory is not None and self._calendar is not None
        return Knowledge(self.library, self.master, self._directory, self._calendar, conn, now, self.config.service.domains)

    def desk(self, know: Knowledge) -> Desk:
        """Who writes letters in that transaction."""
        return Desk(know, self.config.service, self.config.limits, self.secret, self.config.fax.reply)

    def intake(self, conn: sa.Connection, now: datetime, ahead: bool = False) -> Intake:
        """Who handles mails in that transaction. `ahead`: papers have been read before it, or NotRead is raised; else they are read within it."""
        from .intake import Intake  # late: most passes have no mail
        from .routing import Router

        know = self.knowledge(conn, now)
        if self._router is None:  # built for the first mail: nothing else needs it
            self._router = Router(self.library.processes.values())
        return Intake(know, self.desk(know), self._router, self.config.trust, self.config.fax.gateways, lambda id: self.raw(conn, id), self._held if ahead else self._read)

    def _read(self, unread: papers.NotRead) -> papers.Reading:
        from . import papers

        limits = self.config.limits
        return papers.read(unread.papers, limits.reader_seconds, limits.reader_memory_mb, unread.fax)

    def _held(self, unread: papers.NotRead) -> papers.Reading:
        if (unread.mail_id, unread.fax) not in self._readings:
            raise unread
        return self._readings[unread.mail_id, unread.fax]

    def raw(self, conn: sa.Connection, mail_id: int) -> bytes | None:
        """The bytes of a kept mail."""
        row = mails.get(conn, mail_id)
        return self.store.archive.read(Place(row["segment"], row["offset"], row["length"])) if row else None

    # -- a pass --------------------------------------------------------------------------------------------------------------

    def once(self, now: datetime | None = None) -> Done:
        """Fetch, work, send. `now` given: it is the clock for all of it, the time of receipt included (§8-15)."""
        self.refresh()
        done = Done()
        for mailbox in self.mailboxes:
            self.fetch(mailbox, now, done)
        clock = now or datetime.now(UTC)
        self.work(clock, done)
        self.send(now or datetime.now(UTC), done)
        return done

    def fetch(self, mailbox: Mailbox, now: datetime | None, done: Done) -> bool:
        """Keeps what is new in a mailbox: bytes and row durable first, only then is the server told. False when the mailbox is away."""
        try:
            with self.store.read() as conn:
                kept = mails.cursor(conn, mailbox.name)
            cursor = Cursor(kept["uidvalidity"], kept["last_uid"]) if kept else Cursor(0, 0)

            def known(uids: list[int]) -> set[int]:
                with self.store.read() as conn:
                    return mails.known(conn, mailbox.name, mailbox.uidvalidity, uids)

            for batch in mailbox.fetch(cursor, known):
                places = self.store.archive.append([raw for _, raw in batch])
                rows = []
                for (envelope, raw), place in zip(batch, places, strict=True):
                    rows.append({
                        "mailbox": envelope.mailbox, "uidvalidity": envelope.uidvalidity, "uid": envelope.uid, "received_at": now or envelope.received_at,
                        "segment": place.segment, "offset": place.offset, "length": place.length, "digest": hashlib.sha256(raw).hexdigest(),
                        "truncated": envelope.truncated,
                    })  # fmt: skip
                with self.store.begin() as conn:
                    done.fetched += mails.keep(conn, rows)
                after = mailbox.done([envelope for envelope, _ in batch])
                with self.store.begin() as conn:
                    mails.set_cursor(conn, mailbox.name, after.uidvalidity, after.last_uid)
                if self.stopping():
                    break
            done.problems += mailbox.problems
        except MailboxError as why:
            done.problems.append(str(why))
            return False
        return True

    def work(self, now: datetime, done: Done) -> None:
        """Mails and due times up to `now`, in the order of time."""
        self._reckon(now)
        while not self.stopping() and self._batch(now, done):
            pass
        while self._ring(now, done):
            pass
        periodic.run(self, now, done)
        while self._ring(now, done):
            pass
        if self._stood_still:
            with self.store.begin() as conn:
                standstill.sum_up(self.desk(self.knowledge(conn, now)), now)
            self._stood_still = False
        self._tell_held(now)
        self._tell_problems(now)

    def _reckon(self, now: datetime) -> None:
        """Deadlines follow a corrected calendar or table, before anything rings by the old one."""
        if self._reckoned:
            return
        with self.store.begin() as conn:
            know = self.knowledge(conn, now)
            reckoning.run(Recorder(know, self.desk(know)), reckoning.signature(know.calendar, self.library))
        self._reckoned = True

    def _batch(self, now: datetime, done: Done) -> bool:
        with self.store.begin() as conn:
            rows = mails.waiting(conn, now, BATCH)
            if not rows:
                return False
            unread = self.handle(conn, rows, now, done, ahead=True)
        if unread is not None:  # outside: a page takes seconds, and others write to the database meanwhile
            self._readings[unread.mail_id, unread.fax] = self._read(unread)
        return True

    def handle(self, conn: sa.Connection, rows: Sequence[Any], now: datetime, done: Done, ahead: bool = False) -> papers.NotRead | None:
        """Handles kept mails in the order given, and what falls due before each. With `ahead` it stops at a mail whose papers are to be read first, and says so."""
        from .papers import NotRead

        intake = self.intake(conn, now, ahead)
        for row in rows:
            self._ring_until(intake.recorder, row["received_at"] - timedelta(microseconds=1), now, done)  # what falls due at the very moment is still in time
            try:
                self._one(conn, intake, row, done)
            except NotRead as unread:
                return unread
            for fax in (True, False):
                self._readings.pop((row["id"], fax), None)
        return None

    def _one(self, conn: sa.Connection, intake: Intake, row: Any, done: Done) -> None:
        """One mail in its savepoint: what breaks is kept whole with its traceback, and the next one is not stopped by it."""
        import parsers

        from .papers import NotRead

        message = None
        try:
            raw = self.store.archive.read(Place(row["segment"], row["offset"], row["length"]))
            message = parsers.read(raw)
            with savepoint(conn):
                intake.know.now = row["received_at"].astimezone(intake.know.calendar.tz)
                end = intake.handle(row, raw, message)
                mails.finish(
                    conn, row["id"], end=end.end, case_id=end.case_id, reason=end.reason, content=end.content, message_id=message.message_id,
                    sender=message.sender, subject=message.subject,
                )  # fmt: skip
            done.ends[end.end] = done.ends.get(end.end, 0) + 1
        except (StoreError, NotRead):
            raise  # the machine is at fault, not this mail: the whole batch is tried again; or it waits for its papers
        except Exception as why:
            log.exception("mail %s is held", row["id"])
            intake.know.forget_projects()  # what the savepoint took back may be remembered
            intake.know.kept_versions.clear()
            intake.desk.fresh.clear()
            if message is not None:
                mails.finish(conn, row["id"], end="held", message_id=message.message_id, sender=message.sender, subject=message.subject)
            mails.hold(conn, row["id"], f"{type(why).__name__}: {why}"[:300], traceback.format_exc())
            done.ends["held"] = done.ends.get("held", 0) + 1

    def _ring(self, now: datetime, done: Done) -> bool:
        with self.store.begin() as conn:
            know = self.knowledge(conn, now)
            return self._ring_until(Recorder(know, self.desk(know)), now, now, done)

    def _ring_until(self, recorder: Recorder, until: datetime, clock: datetime, done: Done) -> bool:
        """Rings what falls due by then, earliest first; `clock` is the time of the pass. True when anything rang."""
        conn, rang = recorder.know.conn, False
        for _ in range(10_000):
            row = next(iter(cases.falling(conn, until, 1)), None)
            if row is None:
                return rang
            try:
                with savepoint(conn):
                    reminders.ring(recorder, row, until, clock)
                done.rung += 1
                self._stood_still |= standstill.behind(row, clock)
            except StoreError:
                raise
            except Exception as why:
                log.exception("deadline %s of case %s failed", row["name"], row["case_id"])
                cases.change_deadline(conn, row["id"], {"next_at": until + timedelta(hours=1)})
                done.problems.append(f"期限“{row['name']}”处理失败,一小时后再试:{type(why).__name__}: {why}")
            rang = True
        return rang

    def _tell_problems(self, now: datetime) -> None:
        """An administrator is told of what is wrong with templates and master data: each line once, as long as it stands."""
        problems = [*self.library.problems, *self.master.problems]
        with self.store.begin() as conn:
            mark = marks.get(conn, "problems")
            known = mark["value"].split("\n") if mark and mark["value"] else []
            if known == problems or (mark is None and not problems):
                return
            marks.set(conn, "problems", now, "\n".join(problems))
            fresh = [p for p in problems if p not in known]
            if not fresh:
                return
            know = self.knowledge(conn, now)
            says = "模板或主数据里有写错的地方,改好之前仍按上一个好的版本办:\n" + "\n".join(f"· {p}" for p in fresh[:20])
            says += (f"\n…另有 {len(fresh) - 20} 处" if len(fresh) > 20 else "") + "\n改好以后执行 mailflow check 看一看;不是您改的,请转给改的人。"
            for reader in self._administrators(know):
                Recorder(know, self.desk(know)).tell("says", reader, Event(know.now), 说=says, 事项="模板或主数据有误")

    def _administrators(self, know: Knowledge) -> list[str]:
        return [self.config.service.admin] if self.config.service.admin else know.acting(know.with_role("系统管理员"), know.now.date())

    def _tell_held(self, now: datetime) -> None:
        """An administrator is told once of each held mail."""
        with self.store.begin() as conn:
            rows = [r for r in mails.inbox(conn, {"end": "held"}) if marks.get(conn, f"held/{r['id']}") is None]
            if not rows:
                return
            know = self.knowledge(conn, now)
            for row in rows:
                marks.set(conn, f"held/{row['id']}", now)
            for reader in self._administrators(know):
                Recorder(know, self.desk(know)).tell("held", reader, Event(know.now), 数=len(rows), 信们=rows[:30])

    def send(self, now: datetime, done: Done) -> None:
        """Sends what waits."""
        from .transport import TransportAway

        try:
            if self._transport is None:
                self._transport = self.open_transport()
            sent, why = outbox.send(self.store, self.config, self.library, self._transport, now, stopping=self.stopping)
            done.sent += sent
            if why:
                done.problems.append(why)
        except TransportAway as why:
            done.problems.append(str(why))

    def close(self) -> None:
        """Lets go of mailboxes, transport and store."""
        for mailbox in self.mailboxes:
            mailbox.close()
        if self._transport is not None:
            self._transport.close()
        self.store.close()
