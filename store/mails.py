"""Every mail that was ever fetched: kept before the server is told, waiting to be read, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.statements import insert
from store.tables import case as cases
from store.tables import cursor as cursors
from store.tables import mail as mails

_MOST_IDS = 500  # in one IN list

# What a kept mail need not tell; one shape for all rows, so that one compiled statement takes them all.
_BLANK: dict[str, Any] = {
    "truncated": False,
    "message_id": "",
    "content": "",
    "sender": "",
    "subject": "",
    "end": "",
    "case_id": None,
    "reason": "",
    "trace": "",
    "attempts": 0,
    "next_try": None,
}


# What every mail asks is built once: for so small statements, building costs more than running.


def _first(condition: sa.ColumnElement[bool], *order: Any) -> sa.Select[Any]:
    return sa.select(mails).where(condition).order_by(*order, mails.c.id).limit(1)


_CURSOR = sa.select(cursors).where(cursors.c.mailbox == sa.bindparam("mailbox"))
_BY_MESSAGE_ID = _first(mails.c.message_id == sa.bindparam("message_id"), mails.c.case_id.is_(None))
_SAME_MESSAGE_ID = _first(sa.and_(mails.c.message_id == sa.bindparam("message_id"), mails.c.id < sa.bindparam("before_id")))
_SAME_BYTES = _first(sa.and_(mails.c.digest == sa.bindparam("digest"), mails.c.id < sa.bindparam("before_id")))
_SAME_CONTENT = _first(
    sa.and_(
        mails.c.content == sa.bindparam("content"),
        mails.c.sender == sa.bindparam("sender"),
        mails.c.received_at >= sa.bindparam("since"),
        mails.c.case_id.is_not(None),
        mails.c.end != "duplicate",  # the day runs from the mail that counted, not from its repetitions
    )
)
_TOLD = ("case_id", "message_id", "sender", "subject", "content")
_THIS = sa.update(mails).where(mails.c.id == sa.bindparam("this"))
_FINISH = _THIS.values(
    end=sa.bindparam("new_end"),
    reason=sa.bindparam("new_reason"),
    trace="",
    next_try=None,
    **{name: sa.func.coalesce(sa.bindparam(f"new_{name}", type_=mails.c[name].type), mails.c[name]) for name in _TOLD},
)
_HOLD = _THIS.values(
    end="held", reason=sa.bindparam("new_reason"), trace=sa.bindparam("new_trace"), next_try=None, attempts=mails.c.attempts + 1
)
_LATER = _THIS.values(
    end="later", reason=sa.bindparam("new_reason"), next_try=sa.bindparam("new_next_try"), attempts=mails.c.attempts + 1
)


def known(conn: sa.Connection, mailbox: str, uidvalidity: int, uids: Collection[int]) -> set[int]:
    """Which of these UIDs are kept already."""
    asked = list(uids)
    found: set[int] = set()
    for start in range(0, len(asked), _MOST_IDS):
        chunk = asked[start : start + _MOST_IDS]
        query = sa.select(mails.c.uid).where(mails.c.mailbox == mailbox, mails.c.uidvalidity == uidvalidity, mails.c.uid.in_(chunk))
        found.update(conn.scalars(query))
    return found


def keep(conn: sa.Connection, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert a row a mail and say how many were new; one with the (mailbox, uidvalidity, uid) of a kept one is left as it is.

    Needed in each: mailbox, uidvalidity, uid, received_at, segment, offset, length, digest (SHA-256, hex). Waiting unless `end` is given.
    """
    full = [{**_BLANK, **row} for row in rows]
    if not full:
        return 0
    statement = insert(conn, mails).on_conflict_do_nothing(index_elements=["mailbox", "uidvalidity", "uid"])
    return conn.execute(statement, full).rowcount


def cursor(conn: sa.Connection, mailbox: str) -> sa.RowMapping | None:
    """How far a mailbox was read (uidvalidity, last_uid); None for one never read."""
    return conn.execute(_CURSOR, {"mailbox": mailbox}).mappings().first()


def set_cursor(conn: sa.Connection, mailbox: str, uidvalidity: int, last_uid: int) -> None:
    """Remember how far a mailbox was read; in the transaction that keeps its mails."""
    values = {"uidvalidity": uidvalidity, "last_uid": last_uid}
    statement = insert(conn, cursors).values(mailbox=mailbox, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["mailbox"], set_=values))


def waiting(conn: sa.Connection, now: datetime, limit: int) -> list[sa.RowMapping]:
    """The mails to read next, in order of receipt: those without an end, and those put off until now or before.

    In a `begin` transaction only: on PostgreSQL it holds these rows until the end and skips those that another reader holds.
    """
    order = (mails.c.received_at, mails.c.id)
    query = sa.select(mails).order_by(*order).limit(limit).with_for_update(skip_locked=True)
    # Two queries, each along its index: one with OR would sort the whole backlog for every batch.
    rows = list(conn.execute(query.where(mails.c.end == "")).mappings())
    rows += conn.execute(query.where(mails.c.end == "later", mails.c.next_try <= now)).mappings()
    return sorted(rows, key=lambda row: (row["received_at"], row["id"]))[:limit]


def finish(
    conn: sa.Connection,
    id: int,
    *,
    end: str,
    case_id: int | None = None,
    reason: str = "",
    message_id: str | None = None,
    sender: str | None = None,
    subject: str | None = None,
    content: str | None = None,
) -> None:
    """Say what became of a mail; what is None stays as it is. Raises LookupError when there is no such mail."""
    told = {"new_case_id": case_id, "new_message_id": message_id, "new_sender": sender, "new_subject": subject, "new_content": content}
    _update(conn, _FINISH, id, {"new_end": end, "new_reason": reason, **told})


def hold(conn: sa.Connection, id: int, reason: str, trace: str) -> None:
    """Keep a mail that broke something, with its traceback, for a person and `release`. Raises LookupError."""
    _update(conn, _HOLD, id, {"new_reason": reason, "new_trace": trace})


def later(conn: sa.Connection, id: int, reason: str, next_try: datetime) -> None:
    """Put a mail off, since something that it needs is away. Raises LookupError."""
    _update(conn, _LATER, id, {"new_reason": reason, "new_next_try": next_try})


def release(conn: sa.Connection, ids: Collection[int]) -> set[int]:
    """Make held and put-off mails wait again (replay) and say which; the others have an end that stands."""
    statement = (
        sa.update(mails)
        .where(mails.c.id.in_(list(ids)), mails.c.end.in_(("held", "later")))
        .values(end="", reason="", trace="", next_try=None)
        .returning(mails.c.id)
    )
    return set(conn.scalars(statement))


def find_by_message_id(conn: sa.Connection, message_id: str) -> sa.RowMapping | None:
    """The mail with this Message-ID; of several the first one that a case holds."""
    if not message_id:
        return None
    return conn.execute(_BY_MESSAGE_ID, {"message_id": message_id}).mappings().first()


def find_duplicate(conn: sa.Connection, message_id: str, digest: str, before_id: int) -> sa.RowMapping | None:
    """The first mail kept before this one with its Message-ID (RULEBOOK §0.4 防环) or its very bytes, whatever became of it."""
    # Two queries, each along its index: one with OR may use none.
    found = [conn.execute(_SAME_BYTES, {"digest": digest, "before_id": before_id}).mappings().first()]
    if message_id:
        found.append(conn.execute(_SAME_MESSAGE_ID, {"message_id": message_id, "before_id": before_id}).mappings().first())
    return min((row for row in found if row), key=lambda row: row["id"], default=None)


def find_content(conn: sa.Connection, sender: str, content: str, since: datetime) -> sa.RowMapping | None:
    """The first mail since then of this sender with this content that a case holds (RULEBOOK §0.4 防环, §8-19)."""
    if not content:
        return None
    return conn.execute(_SAME_CONTENT, {"sender": sender, "content": content, "since": since}).mappings().first()


def inbox(conn: sa.Connection, filters: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Every mail in order of receipt, with its case's number as `case`, streamed.

    Filters: `id`, `mailbox`, `end`, `sender`, `message_id`, `case` (a number), `since` and `until` (of received_at, until excluded), and
    `limit` (the newest so many). Raises ValueError for another one.
    """
    query = sa.select(mails, cases.c.number.label("case")).outerjoin(cases, cases.c.id == mails.c.case_id)
    limit = None
    for name, value in (filters or {}).items():
        if name == "limit":
            limit = value
        elif name in _FILTERS:
            query = query.where(_FILTERS[name](value))
        else:
            raise ValueError(f"inbox knows no filter {name!r}; it knows {', '.join([*_FILTERS, 'limit'])}")
    order = (mails.c.received_at, mails.c.id)
    if limit is not None:
        newest = query.order_by(*(column.desc() for column in order)).limit(limit)
        yield from (dict(row) for row in reversed(conn.execute(newest).mappings().all()))
        return
    for row in conn.execute(query.order_by(*order), execution_options={"yield_per": 500}).mappings():
        yield dict(row)


_FILTERS: dict[str, Any] = {
    "id": lambda value: mails.c.id == value,
    "mailbox": lambda value: mails.c.mailbox == value,
    "end": lambda value: mails.c.end == value,
    "sender": lambda value: mails.c.sender == value,
    "message_id": lambda value: mails.c.message_id == value,
    "case": lambda value: cases.c.number == value,
    "since": lambda value: mails.c.received_at >= value,
    "until": lambda value: mails.c.received_at < value,
}


def _update(conn: sa.Connection, statement: sa.Update, id: int, values: dict[str, Any]) -> None:
    if conn.execute(statement, {"this": id, **values}).rowcount != 1:
        raise LookupError(f"no mail {id}")


def get(conn: sa.Connection, id: int) -> sa.RowMapping | None:
    """One mail."""
    return conn.execute(sa.select(mails).where(mails.c.id == id)).mappings().first()


def message_ids(conn: sa.Connection, ids: Collection[int]) -> dict[int, str]:
    """The Message-IDs of mails."""
    asked, found = list(ids), dict[int, str]()
    for start in range(0, len(asked), _MOST_IDS):
        query = sa.select(mails.c.id, mails.c.message_id).where(mails.c.id.in_(asked[start : start + _MOST_IDS]))
        found |= {row.id: row.message_id for row in conn.execute(query)}
    return found
