"""Small facts that survive a restart."""

from __future__ import annotations

from datetime import date, timedelta

from store_rows import NOON, there

from store import Store, marks


def test_a_mark_is_what_was_last_set(fresh_store: Store) -> None:
    with fresh_store.begin() as conn:
        assert marks.get(conn, "digest") is None
        marks.set(conn, "digest", NOON)
        marks.set(conn, "digest", NOON + timedelta(days=1), "sent")
        assert dict(there(marks.get(conn, "digest"))) == {"name": "digest", "at": NOON + timedelta(days=1), "value": "sent"}


def test_a_proof_is_spent_once(fresh_store: Store) -> None:
    with fresh_store.begin() as conn:
        assert marks.spend(conn, "token", NOON)
        assert not marks.spend(conn, "token", NOON)
    with fresh_store.begin() as conn:
        assert not marks.spend(conn, "token", NOON)
        assert marks.spend(conn, "another", NOON)


def test_a_stranger_is_told_once_a_day(fresh_store: Store) -> None:
    day = date(2026, 11, 23)
    with fresh_store.begin() as conn:
        assert not marks.told(conn, "who@else.example", "转人工", day)
        assert marks.told(conn, "Who@Else.example", "转人工", day)
        assert not marks.told(conn, "who@else.example", "无权限", day)
        assert not marks.told(conn, "who@else.example", "转人工", day + timedelta(days=1))
        assert marks.told(conn, "who@else.example", "转人工", day)  # an old mail that is read late
