"""Nothing is lost when the process dies: the server was told nothing that is not durable, and the mail comes again."""

from __future__ import annotations

import hashlib
import signal

from store_rows import NOON, a_mail, finish, start

from store import Place, Store, mails

FETCH = """
import hashlib, os, signal, sys
from datetime import UTC, datetime
from store import mails, open_store
url, archive, die = sys.argv[1:]
store = open_store(url, archive)
raw = [b"From: a@b\\r\\n\\r\\nmail %d" % uid for uid in (1, 2, 3)]
places = store.archive.append(raw)
if die == "between archive and commit":
    os.kill(os.getpid(), signal.SIGKILL)
with store.begin() as conn:
    rows = [
        dict(mailbox="main", uidvalidity=1, uid=uid, received_at=datetime(2026, 11, 23, 4, tzinfo=UTC), digest=hashlib.sha256(data).hexdigest(),
             segment=place.segment, offset=place.offset, length=place.length)
        for uid, data, place in zip((1, 2, 3), raw, places)
    ]
    mails.keep(conn, rows)
    mails.set_cursor(conn, "main", 1, 3)
    if die == "before commit":
        os.kill(os.getpid(), signal.SIGKILL)
if die == "after commit":
    os.kill(os.getpid(), signal.SIGKILL)
"""


def readable(store: Store) -> list[bytes]:
    with store.begin() as conn:
        rows = mails.waiting(conn, NOON, 10)
    data = [store.archive.read(Place(row["segment"], row["offset"], row["length"])) for row in rows]
    assert [hashlib.sha256(one).hexdigest() for one in data] == [row["digest"] for row in rows]
    return data


def test_a_death_anywhere_between_fetch_and_commit_loses_nothing_and_doubles_nothing(fresh_store: Store, database_url: str) -> None:
    folder = fresh_store.archive.folder
    for die in ("between archive and commit", "before commit"):
        finish(start(FETCH, database_url, folder, die), code=-signal.SIGKILL)
        with fresh_store.read() as conn:  # so the poller asks the server for them again
            assert mails.known(conn, "main", 1, [1, 2, 3]) == set()
            assert mails.cursor(conn, "main") is None
    finish(start(FETCH, database_url, folder, "after commit"), code=-signal.SIGKILL)
    expected = [b"From: a@b\r\n\r\nmail %d" % uid for uid in (1, 2, 3)]
    assert readable(fresh_store) == expected
    finish(start(FETCH, database_url, folder, "never"))  # the server gives them once more
    assert readable(fresh_store) == expected
    assert all(found.data is not None for found in fresh_store.archive.scan())


def test_a_reader_that_dies_leaves_its_mails_waiting(fresh_store: Store, database_url: str) -> None:
    program = """
import os, signal, sys
from datetime import UTC, datetime
from store import mails, open_store
store = open_store(*sys.argv[1:])
with store.begin() as conn:
    for row in mails.waiting(conn, datetime(2026, 11, 23, 5, tzinfo=UTC), 10):
        mails.finish(conn, row["id"], end="answered")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    with fresh_store.begin() as conn:
        mails.keep(conn, [a_mail(1), a_mail(2)])
    finish(start(program, database_url, fresh_store.archive.folder), code=-signal.SIGKILL)
    with fresh_store.begin() as conn:
        assert [row["uid"] for row in mails.waiting(conn, NOON, 10)] == [1, 2]
