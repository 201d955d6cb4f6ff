"""What a transaction of the store promises, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from store_rows import NOON, a_case, a_mail, finish, start, there

from store import Store, StoreError, lock, mails, marks, open_store, savepoint
from store.tables import case, mail


def test_an_exception_undoes_the_whole_transaction(fresh_store: Store) -> None:
    with pytest.raises(ZeroDivisionError), fresh_store.begin() as conn:
        marks.set(conn, "digest", NOON)
        raise ZeroDivisionError
    with fresh_store.read() as conn:
        assert marks.get(conn, "digest") is None


def test_a_savepoint_that_fails_leaves_the_others(fresh_store: Store) -> None:
    """Fifty mails a commit, each in its savepoint: the one that breaks takes only its own rows with it."""
    with fresh_store.begin() as conn:
        for uid in range(1, 6):
            try:
                with savepoint(conn):
                    mails.keep(conn, [a_mail(uid)])
                    if uid == 2:
                        raise ValueError("a reader broke")
                    if uid == 4:
                        conn.execute(sa.insert(mail).values(a_mail(1)))  # the database itself refuses
            except (ValueError, sa.exc.IntegrityError):
                marks.set(conn, f"held {uid}", NOON)
    with fresh_store.read() as conn:
        assert mails.known(conn, "main", 1, range(10)) == {1, 3, 5}
        assert marks.get(conn, "held 2") is not None
        assert marks.get(conn, "held 4") is not None


def test_a_savepoint_whose_transaction_is_gone_says_so_instead_of_the_readers_error(fresh_store: Store) -> None:
    """A full disk makes SQLite give up everything; who then held one mail and went on would commit the rest piece by piece."""
    with pytest.raises(StoreError, match="放弃了整个事务"), fresh_store.begin() as conn:
        mails.keep(conn, [a_mail(1)])
        with savepoint(conn):
            conn.exec_driver_sql("ROLLBACK")
            raise ValueError("a reader broke")
    with fresh_store.read() as conn:
        assert mails.known(conn, "main", 1, [1]) == set()


def test_savepoints_nest(fresh_store: Store) -> None:
    with fresh_store.begin() as conn, savepoint(conn):
        mails.keep(conn, [a_mail(1)])
        with pytest.raises(ValueError, match="inner"), savepoint(conn):
            mails.keep(conn, [a_mail(2)])
            with savepoint(conn):
                mails.keep(conn, [a_mail(3)])
            raise ValueError("inner")
        mails.keep(conn, [a_mail(4)])
    with fresh_store.read() as conn:
        assert mails.known(conn, "main", 1, range(9)) == {1, 4}


COUNT = """
import sys
from datetime import UTC, datetime
from store import lock, marks, open_store
url, archive, times = sys.argv[1:]
store = open_store(url, archive)
for _ in range(int(times)):
    with store.begin() as conn:
        lock(conn, "count")
        mark = marks.get(conn, "count")
        marks.set(conn, "count", datetime(2026, 11, 23, tzinfo=UTC), str(int(mark["value"]) + 1))
"""


def test_two_processes_that_read_and_then_write_lose_no_update(fresh_store: Store, database_url: str) -> None:
    with fresh_store.begin() as conn:
        marks.set(conn, "count", NOON, "0")
    for process in [start(COUNT, database_url, fresh_store.archive.folder, 60) for _ in range(2)]:
        finish(process)
    with fresh_store.read() as conn:
        assert there(marks.get(conn, "count"))["value"] == "120"


def test_reading_sees_one_snapshot_and_waits_for_no_writer(fresh_store: Store) -> None:
    with fresh_store.begin() as conn:
        marks.set(conn, "a", NOON, "old")
    with fresh_store.read() as reader:
        assert there(marks.get(reader, "a"))["value"] == "old"
        with fresh_store.begin() as writer:
            marks.set(writer, "a", NOON, "new")
            assert there(marks.get(reader, "a"))["value"] == "old"
        assert there(marks.get(reader, "a"))["value"] == "old"
    with fresh_store.read() as reader:
        assert there(marks.get(reader, "a"))["value"] == "new"


def test_a_write_in_a_reading_transaction_is_refused_not_forgotten(fresh_store: Store) -> None:
    with pytest.raises(StoreError), fresh_store.read() as conn:
        marks.set(conn, "a", NOON)
    with fresh_store.begin() as conn:  # the connection is good for writing again
        marks.set(conn, "a", NOON)


def test_a_reference_to_a_case_that_is_none_is_refused(fresh_store: Store) -> None:
    with pytest.raises(sa.exc.IntegrityError), fresh_store.begin() as conn:
        mails.keep(conn, [a_mail(1, case_id=99)])


def test_a_moment_without_a_time_zone_is_refused_and_others_come_back_in_utc(fresh_store: Store) -> None:
    with fresh_store.begin() as conn:
        marks.set(conn, "a", datetime.fromisoformat("2026-11-23T12:00:00.000001+08:00"))
        found = there(marks.get(conn, "a"))["at"]
        assert found.isoformat() == "2026-11-23T04:00:00.000001+00:00"
    with pytest.raises(sa.exc.StatementError, match="time zone"), fresh_store.begin() as conn:
        marks.set(conn, "a", datetime(2026, 11, 23))


def test_text_that_no_database_holds_is_stored_with_marks_in_its_place(fresh_store: Store) -> None:
    """A held mail's traceback may quote anything; holding it must never fail."""
    with fresh_store.begin() as conn:
        mails.keep(conn, [a_mail(1)])
        mails.hold(conn, 1, "坏\0信", "可能\ud83d\udfff含有")
        row = next(mails.inbox(conn))
        assert (row["reason"], row["trace"]) == ("坏\ufffd信", "可能\ufffd\ufffd含有")


def test_fields_keep_their_order_and_whatever_they_hold(fresh_store: Store) -> None:
    fields = {"项目名称": "福彩", "合同号": "甲\0乙", "备注": "\ud800", "a": "😀"}
    with fresh_store.begin() as conn:
        conn.execute(sa.insert(case).values(a_case(fields=fields)))
        assert list(conn.execute(sa.select(case.c.fields)).scalar_one().items()) == list(fields.items())


def test_a_writer_who_waits_too_long_is_told_who_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store._BUSY_SECONDS", 0.05)
    store = open_store(f"sqlite:///{tmp_path}/mailflow.db", str(tmp_path / "archive"))
    store.migrate()
    with store.begin(), pytest.raises(StoreError, match="数据库正忙"), store.begin():
        pass
    store.close()


@pytest.mark.postgresql
def test_a_lock_keeps_the_second_one_waiting_until_the_first_one_ends(postgresql_tables: sa.URL, tmp_path: Path) -> None:
    url = postgresql_tables.render_as_string(hide_password=False)
    (tmp_path / "archive").mkdir()
    store = open_store(url, str(tmp_path / "archive"))
    with store.begin() as first, store.begin() as second:
        lock(first, "number COMM")
        lock(second, "number TASK")
        second.execute(sa.text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(StoreError, match="锁等得太久"), savepoint(second):
            lock(second, "number COMM")
        first.commit()
        lock(second, "number COMM")
    store.close()
