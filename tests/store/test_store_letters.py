"""A letter is sent once: claimed by one, settled by that one, and in doubt it says so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from store_rows import NOON, a_case, a_letter, there

from store import Store, letters
from store.tables import case

LATER = NOON + timedelta(hours=1)


def written(store: Store, *rows: dict) -> list[int]:
    with store.begin() as conn:
        conn.execute(sa.insert(case).values(a_case()))
        return [letters.write(conn, row) for row in rows]


def statuses(store: Store) -> list[str]:
    with store.read() as conn:
        return [row["status"] for row in letters.outbox(conn)]


def test_claims_are_disjoint_and_complete(fresh_store: Store) -> None:
    ids = written(fresh_store, *(a_letter(number) for number in range(30)))

    def claim_all() -> list[int]:
        mine: list[int] = []
        while True:
            with fresh_store.begin() as conn:
                rows = letters.claim(conn, NOON, 3)
            if not rows:
                return mine
            mine += [row["id"] for row in rows]

    with ThreadPoolExecutor(4) as pool:
        claimed = [id for future in [pool.submit(claim_all) for _ in range(4)] for id in future.result()]
    assert sorted(claimed) == ids


def test_a_claim_takes_what_is_due_earliest_first_and_counts_the_attempt(fresh_store: Store) -> None:
    written(fresh_store, a_letter(1), a_letter(2, due=NOON - timedelta(hours=1)), a_letter(3, due=LATER))
    with fresh_store.begin() as conn:
        rows = letters.claim(conn, NOON, 10)
        assert [(row["message_id"][1], row["status"], row["attempts"]) for row in rows] == [("2", "sending", 1), ("1", "sending", 1)]
        assert letters.claim(conn, NOON, 10) == []


def test_a_failure_that_may_pass_is_tried_again_when_told_and_one_that_will_not_never(fresh_store: Store) -> None:
    written(fresh_store, a_letter(1), a_letter(2))
    with fresh_store.begin() as conn:
        letters.claim(conn, NOON, 10)
        letters.failed(conn, 1, "451 try later", LATER)
        letters.failed(conn, 2, "550 no such user")
        assert letters.claim(conn, NOON, 10) == []
        assert [(row["id"], row["attempts"]) for row in letters.claim(conn, LATER, 10)] == [(1, 2)]
    assert statuses(fresh_store) == ["sending", "failed"]


def test_a_crash_while_sending_leaves_the_letter_uncertain_until_somebody_says(fresh_store: Store) -> None:
    written(fresh_store, a_letter(1), a_letter(2), a_letter(3))
    with fresh_store.begin() as conn:
        letters.claim(conn, NOON, 2)
    with fresh_store.begin() as conn:
        assert letters.recover(conn) == [1, 2]
        assert letters.recover(conn) == []
    assert statuses(fresh_store) == ["uncertain", "uncertain", "waiting"]
    with fresh_store.begin() as conn:
        letters.sent(conn, 1, LATER)
        letters.failed(conn, 2, "没有发出", LATER)
    assert statuses(fresh_store) == ["sent", "waiting", "waiting"]


def test_recovery_beside_other_senders_takes_only_leases_that_ran_out(fresh_store: Store) -> None:
    written(fresh_store, a_letter(1), a_letter(2, due=LATER))
    with fresh_store.begin() as conn:
        letters.claim(conn, NOON, 1)
        letters.claim(conn, LATER, 1)
        assert letters.recover(conn, before=LATER) == [1]
    assert statuses(fresh_store) == ["uncertain", "sending"]


def test_only_a_letter_that_is_being_sent_can_be_settled(fresh_store: Store) -> None:
    """A slow sender whose letter somebody else settled must hear of it, not overwrite it."""
    written(fresh_store, a_letter(1))
    for settle in (
        lambda conn: letters.sent(conn, 1, NOON),
        lambda conn: letters.failed(conn, 1, ""),
        lambda conn: letters.uncertain(conn, 1, ""),
    ):
        with pytest.raises(LookupError), fresh_store.begin() as conn:
            settle(conn)
    assert statuses(fresh_store) == ["waiting"]


def test_a_further_part_joins_a_letter_that_nobody_tried_to_send(fresh_store: Store) -> None:
    (id,) = written(fresh_store, a_letter(1, case_id=1))
    with fresh_store.begin() as conn:
        assert letters.waiting_for(conn, 1, "li@corp.example") is None
        assert letters.waiting_for(conn, None, "zhang@corp.example") is None
        assert there(letters.waiting_for(conn, 1, "zhang@corp.example"))["id"] == id
        content = {"parts": ["受理回执", "请审批"]}
        assert letters.append(conn, id, content=content, letter="受理回执 请审批", cc=["li@corp.example"])
        row = next(letters.outbox(conn))
        assert (row["content"], row["letter"], row["cc"], row["subject"]) == (content, "受理回执 请审批", ["li@corp.example"], "已受理")
        letters.claim(conn, NOON, 1)
        assert letters.waiting_for(conn, 1, "zhang@corp.example") is None
        assert not letters.append(conn, id, content={}, letter="")
        letters.failed(conn, id, "451", LATER)  # who knows who got it: what was tried once stays as it is
        assert letters.waiting_for(conn, 1, "zhang@corp.example") is None


def test_letters_without_a_case_join_each_other_alone(fresh_store: Store) -> None:
    written(fresh_store, a_letter(1), a_letter(2, case_id=1))
    with fresh_store.begin() as conn:
        assert there(letters.waiting_for(conn, None, "zhang@corp.example"))["id"] == 1
        assert there(letters.last_to(conn, None, "zhang@corp.example"))["id"] == 1


def test_a_reply_finds_the_letters_that_it_answers_in_the_order_asked(fresh_store: Store) -> None:
    written(fresh_store, a_letter(1, case_id=1), a_letter(2), a_letter(3))
    with fresh_store.read() as conn:
        rows = letters.by_message_id(conn, ["<3@mailflow.example>", "<x@y>", "<1@mailflow.example>"])
        assert [(row["id"], row["case_id"], row["reader"]) for row in rows] == [(3, None, "zhang@corp.example"), (1, 1, "zhang@corp.example")]
        assert letters.by_message_id(conn, []) == []


def test_a_thread_goes_on_from_the_last_letter_that_did_not_fail(fresh_store: Store) -> None:
    written(fresh_store, a_letter(1, case_id=1), a_letter(2, case_id=1), a_letter(3, case_id=1, reader="li@corp.example"))
    with fresh_store.begin() as conn:
        assert there(letters.last_to(conn, 1, "zhang@corp.example"))["id"] == 2
        letters.claim(conn, NOON, 10)
        letters.failed(conn, 2, "550")
        assert there(letters.last_to(conn, 1, "zhang@corp.example"))["id"] == 1


def test_letters_to_a_reader_are_counted_for_all_or_for_one_case(fresh_store: Store) -> None:
    written(fresh_store, a_letter(1, case_id=1), a_letter(2), a_letter(3, written_at=NOON - timedelta(days=1)))
    with fresh_store.read() as conn:
        assert letters.reached(conn, "zhang@corp.example", NOON, 2)
        assert not letters.reached(conn, "zhang@corp.example", NOON, 3)
        assert letters.reached(conn, "zhang@corp.example", NOON, 1, case_id=1)
        assert not letters.reached(conn, "zhang@corp.example", NOON, 2, case_id=1)
        assert not letters.reached(conn, "li@corp.example", NOON, 1)


def test_a_message_id_is_never_used_twice(fresh_store: Store) -> None:
    written(fresh_store, a_letter(1))
    with pytest.raises(sa.exc.IntegrityError), fresh_store.begin() as conn:
        letters.write(conn, a_letter(1))


def test_the_outbox_is_filtered_and_limited_to_the_newest(fresh_store: Store) -> None:
    written(fresh_store, a_letter(1, case_id=1), a_letter(2, reader="li@corp.example"), a_letter(3, written_at=LATER))
    with fresh_store.read() as conn:

        def ids(**filters: object) -> list[int]:
            return [row["id"] for row in letters.outbox(conn, filters)]

        assert ids() == ids(status="waiting") == [1, 2, 3]
        assert ids(limit=2) == [2, 3]
        assert ids(case="MF-COMM-2026-0001") == [1]
        assert ids(reader="li@corp.example") == [2]
        assert ids(since=LATER) == [3]
        assert ids(until=LATER) == [1, 2]
        with pytest.raises(ValueError, match="colour"):
            ids(colour="red")
