"""What becomes of a mail's row from the fetch to its end."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from store_rows import NOON, a_case, a_mail, there

from store import Store, mails
from store.tables import case


def test_keeping_the_same_uid_twice_makes_one_row(fresh_store: Store) -> None:
    with fresh_store.begin() as conn:
        assert mails.keep(conn, [a_mail(1), a_mail(2)]) == 2
        mails.finish(conn, 1, end="answered")
    with fresh_store.begin() as conn:
        assert mails.keep(conn, [a_mail(1), a_mail(2), a_mail(3)]) == 1
        assert [(row["uid"], row["end"]) for row in mails.inbox(conn)] == [(1, "answered"), (2, ""), (3, "")]


def test_a_uid_under_another_uidvalidity_or_in_another_mailbox_is_another_mail(fresh_store: Store) -> None:
    with fresh_store.begin() as conn:
        assert mails.keep(conn, [a_mail(1), a_mail(1, uidvalidity=2), a_mail(1, mailbox="fax")]) == 3
        assert mails.known(conn, "main", 2, [1, 2]) == {1}


def test_known_takes_any_number_of_uids(fresh_store: Store) -> None:
    with fresh_store.begin() as conn:
        mails.keep(conn, [a_mail(uid) for uid in (1, 600, 1700)])
        assert mails.known(conn, "main", 1, range(1, 2001)) == {1, 600, 1700}
        assert mails.known(conn, "main", 1, []) == set()


def test_nothing_kept_is_nothing_done(fresh_store: Store) -> None:
    with fresh_store.begin() as conn:
        assert mails.keep(conn, []) == 0


def test_the_cursor_is_what_was_last_set(fresh_store: Store) -> None:
    with fresh_store.begin() as conn:
        assert mails.cursor(conn, "main") is None
        mails.set_cursor(conn, "main", 7, 100)
        mails.set_cursor(conn, "main", 8, 3)
        assert dict(there(mails.cursor(conn, "main"))) == {"mailbox": "main", "uidvalidity": 8, "last_uid": 3}


def test_waiting_mails_come_in_order_of_receipt_with_those_put_off_until_now(fresh_store: Store) -> None:
    with fresh_store.begin() as conn:
        mails.keep(conn, [a_mail(uid, received_at=NOON + timedelta(minutes=minute)) for uid, minute in [(1, 9), (2, 3), (3, 5), (4, 3), (5, 1)]])
        mails.later(conn, 3, "台账服务不在", NOON + timedelta(hours=1))
        mails.finish(conn, 5, end="answered")
        assert [row["uid"] for row in mails.waiting(conn, NOON, 10)] == [2, 4, 1]
        assert [row["uid"] for row in mails.waiting(conn, NOON + timedelta(hours=1), 10)] == [2, 4, 3, 1]
        assert [row["uid"] for row in mails.waiting(conn, NOON + timedelta(hours=1), 3)] == [2, 4, 3]


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_two_readers_on_postgresql_never_hold_the_same_mail(fresh_store: Store) -> None:
    """On SQLite the second one waits for the first one's end."""
    with fresh_store.begin() as conn:
        mails.keep(conn, [a_mail(uid) for uid in range(1, 5)])
    with fresh_store.begin() as first, fresh_store.begin() as second:
        assert [row["uid"] for row in mails.waiting(first, NOON, 3)] == [1, 2, 3]
        assert [row["uid"] for row in mails.waiting(second, NOON, 3)] == [4]


def test_finishing_says_the_end_and_leaves_what_is_not_told(fresh_store: Store) -> None:
    with fresh_store.begin() as conn:
        conn.execute(sa.insert(case).values(a_case()))
        mails.keep(conn, [a_mail(1)])
        mails.finish(conn, 1, end="sorting", reason="认不出项目", message_id="<a@b>", sender="li@corp.example", subject="你好", content="c")
        mails.finish(conn, 1, end="recorded", case_id=1)
        row = next(mails.inbox(conn))
        assert (row["end"], row["reason"], row["case"]) == ("recorded", "", "MF-COMM-2026-0001")
        assert (row["message_id"], row["sender"], row["subject"], row["content"]) == ("<a@b>", "li@corp.example", "你好", "c")


def test_an_end_for_a_mail_that_is_none_is_an_error(fresh_store: Store) -> None:
    for tell in (
        lambda conn: mails.finish(conn, 9, end="answered"),
        lambda conn: mails.hold(conn, 9, "", ""),
        lambda conn: mails.later(conn, 9, "", NOON),
    ):
        with pytest.raises(LookupError), fresh_store.begin() as conn:
            tell(conn)


def test_replay_releases_held_and_put_off_mails_and_no_others(fresh_store: Store) -> None:
    with fresh_store.begin() as conn:
        mails.keep(conn, [a_mail(uid) for uid in (1, 2, 3)])
        mails.hold(conn, 1, "读信出错", "Traceback …")
        mails.later(conn, 2, "数据库不在", NOON + timedelta(days=1))
        mails.finish(conn, 3, end="answered")
        assert mails.release(conn, [1, 2, 3, 4]) == {1, 2}
        assert [(row["uid"], row["trace"], row["attempts"]) for row in mails.waiting(conn, NOON, 9)] == [(1, "", 1), (2, "", 1)]


def test_a_duplicate_is_known_by_its_message_id_or_its_bytes_and_only_the_later_one_is_it(fresh_store: Store) -> None:
    with fresh_store.begin() as conn:
        mails.keep(conn, [a_mail(1, message_id="<a@b>"), a_mail(2, message_id="<a@b>"), a_mail(3, digest=a_mail(1)["digest"]), a_mail(4), a_mail(5)])
        assert there(mails.find_duplicate(conn, "<a@b>", a_mail(2)["digest"], 2))["id"] == 1
        assert there(mails.find_duplicate(conn, "", a_mail(1)["digest"], 3))["id"] == 1
        assert mails.find_duplicate(conn, "<a@b>", a_mail(1)["digest"], 1) is None
        assert mails.find_duplicate(conn, "", a_mail(5)["digest"], 5) is None  # no Message-ID is nobody's


def test_a_message_id_finds_the_mail_that_a_case_holds(fresh_store: Store) -> None:
    with fresh_store.begin() as conn:
        conn.execute(sa.insert(case).values(a_case()))
        mails.keep(conn, [a_mail(1, message_id="<a@b>"), a_mail(2, message_id="<a@b>", case_id=1), a_mail(3)])
        assert there(mails.find_by_message_id(conn, "<a@b>"))["id"] == 2
        assert mails.find_by_message_id(conn, "<c@d>") is None
        assert mails.find_by_message_id(conn, "") is None


def test_the_same_content_is_found_for_its_sender_in_its_time_when_a_case_holds_it(fresh_store: Store) -> None:
    with fresh_store.begin() as conn:
        conn.execute(sa.insert(case).values(a_case()))
        mails.keep(
            conn,
            [
                a_mail(1, sender="li@corp.example", content="c", case_id=1),
                a_mail(2, sender="li@corp.example", content="d"),
                a_mail(3, sender="li@corp.example"),
            ],
        )
        assert there(mails.find_content(conn, "li@corp.example", "c", NOON))["id"] == 1
        assert mails.find_content(conn, "wang@corp.example", "c", NOON) is None
        assert mails.find_content(conn, "li@corp.example", "c", NOON + timedelta(hours=1)) is None
        assert mails.find_content(conn, "li@corp.example", "d", NOON) is None
        assert mails.find_content(conn, "li@corp.example", "", NOON) is None


def test_the_inbox_is_filtered_and_limited_to_the_newest(fresh_store: Store) -> None:
    with fresh_store.begin() as conn:
        conn.execute(sa.insert(case).values(a_case()))
        mails.keep(conn, [a_mail(1, case_id=1, end="recorded"), a_mail(2, sender="li@corp.example"), a_mail(3, mailbox="fax")])
    with fresh_store.read() as conn:

        def uids(**filters: object) -> list[int]:
            return [row["uid"] for row in mails.inbox(conn, filters)]

        assert uids() == [1, 2, 3]
        assert uids(limit=2) == [2, 3]
        assert uids(case="MF-COMM-2026-0001") == uids(end="recorded") == [1]
        assert uids(mailbox="fax") == [3]
        assert uids(sender="li@corp.example") == [2]
        assert uids(since=NOON + timedelta(minutes=2), until=NOON + timedelta(minutes=3)) == [2]
        with pytest.raises(ValueError, match="colour"):
            uids(colour="red")
