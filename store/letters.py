"""Letters: written with the decision that caused them, claimed before SMTP hears of them, and never sent twice nor dropped in silence.

waiting → sending (claimed, committed) → sent, or waiting again (a failure that may pass), or failed (one that will not), or uncertain (we
died between SMTP's answer and our commit: a person or the Sent folder says which).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.tables import case as cases
from store.tables import letter as letters

_OPEN = ("sending", "uncertain")  # what can still be settled

# What every mail asks is built once: for so small statements, building costs more than running.
_WRITE = sa.insert(letters).returning(letters.c.id)
_TO = letters.c.reader == sa.bindparam("reader")
_ABOUT = {True: letters.c.case_id == sa.bindparam("case_id"), False: letters.c.case_id.is_(None)}  # whether it is about a case
_WAITING_FOR = {
    about: sa.select(letters)
    .where(condition, _TO, letters.c.status == "waiting", letters.c.attempts == 0)
    .order_by(letters.c.id.desc())
    .limit(1)
    .with_for_update()
    for about, condition in _ABOUT.items()
}
_LAST_TO = {
    about: sa.select(letters).where(condition, _TO, letters.c.status != "failed").order_by(letters.c.id.desc()).limit(1)
    for about, condition in _ABOUT.items()
}
# The letter that is the limit, seen from the newest: walks no further along its index than the limit reaches.
_REACHED = {
    about: sa.select(letters.c.written_at).where(condition, _TO).order_by(letters.c.written_at.desc()).limit(1).offset(sa.bindparam("behind"))
    for about, condition in {True: letters.c.case_id == sa.bindparam("case_id"), False: sa.true()}.items()
}
_THIS = sa.update(letters).where(letters.c.id == sa.bindparam("this"), letters.c.status.in_(_OPEN))
_SENT = _THIS.values(status="sent", sent_at=sa.bindparam("at"), error="")
_SENT_MANY = (
    sa.update(letters)
    .where(letters.c.id.in_(sa.bindparam("these", expanding=True)), letters.c.status.in_(_OPEN))
    .values(status="sent", sent_at=sa.bindparam("at"), error="")
)
_NOT_SENT = _THIS.values(
    status=sa.bindparam("new_status"),
    sent_at=None,
    error=sa.bindparam("new_error"),
    due=sa.func.coalesce(sa.bindparam("new_due", type_=letters.c.due.type), letters.c.due),
)


def write(conn: sa.Connection, row: Mapping[str, Any]) -> int:
    """Add a letter and give its id. Needed: reader, letter, subject, content, message_id (never used before), due, written_at."""
    return int(conn.execute(_WRITE, dict(row)).scalar_one())


def waiting_for(conn: sa.Connection, case_id: int | None, reader: str) -> sa.RowMapping | None:
    """The newest letter to this reader about this case (None: about none) that nobody tried to send yet: a further part may join it.

    In a `begin` transaction only: on PostgreSQL it keeps the letter from being claimed until the end.
    """
    return conn.execute(_WAITING_FOR[case_id is not None], {"case_id": case_id, "reader": reader}).mappings().first()


def append(conn: sa.Connection, id: int, *, content: Any, letter: str, cc: list[str] | None = None, subject: str | None = None) -> bool:
    """Give a letter its content and the names of its parts with a further one joined; what is None stays.

    False when it is no longer waiting for its first try: then write another letter.
    """
    values: dict[str, Any] = {"content": content, "letter": letter}
    values |= {key: value for key, value in {"cc": cc, "subject": subject}.items() if value is not None}
    statement = sa.update(letters).where(letters.c.id == id, letters.c.status == "waiting", letters.c.attempts == 0)
    return conn.execute(statement.values(values)).rowcount == 1


def untried(conn: sa.Connection) -> list[sa.RowMapping]:
    """The letters that nobody tried to send yet, in the order of writing. In a `begin` transaction only, as `waiting_for`."""
    query = sa.select(letters).where(letters.c.status == "waiting", letters.c.attempts == 0).order_by(letters.c.id).with_for_update(skip_locked=True)
    return list(conn.execute(query).mappings())


def redirect(conn: sa.Connection, id: int, *, reader: str, cc: list[str], content: Any, due: datetime) -> None:
    """Give a letter that nobody tried to send yet other readers and another time."""
    conn.execute(sa.update(letters).where(letters.c.id == id, letters.c.attempts == 0).values(reader=reader, cc=cc, content=content, due=due))


def withdraw(conn: sa.Connection, id: int) -> None:
    """Take back a letter that did not go out: another one says the same to the same people, or what it says is no longer so."""
    conn.execute(sa.delete(letters).where(letters.c.id == id, letters.c.status == "waiting"))


def claim(conn: sa.Connection, now: datetime, limit: int) -> list[sa.RowMapping]:
    """Take due letters to send, earliest first, marked `sending`, an attempt more and `sent_at` the moment of claiming.

    Commit before the first of them goes to SMTP. Two claimers never get the same letter.
    """
    due = sa.select(letters.c.id).where(letters.c.status == "waiting", letters.c.due <= now)
    due = due.order_by(letters.c.due, letters.c.id).limit(limit).with_for_update(skip_locked=True)
    ids = list(conn.scalars(due))
    if not ids:
        return []
    values = {"status": "sending", "attempts": letters.c.attempts + 1, "sent_at": now}
    rows = conn.execute(sa.update(letters).where(letters.c.id.in_(ids)).values(values).returning(letters)).mappings()
    return sorted(rows, key=lambda row: (row["due"], row["id"]))


def sent(conn: sa.Connection, id: int, at: datetime) -> None:
    """SMTP took it (or a person says so of an uncertain one). Raises LookupError when it was not being sent."""
    _settle(conn, _SENT, id, {"at": at})


def sent_many(conn: sa.Connection, ids: Collection[int], at: datetime) -> None:
    """The same for several letters in one statement. Raises LookupError when one of them was not being sent."""
    if ids and conn.execute(_SENT_MANY, {"these": list(ids), "at": at}).rowcount != len(ids):
        raise LookupError(f"of the letters {sorted(ids)} not all are being sent")


def failed(conn: sa.Connection, id: int, error: str, retry_at: datetime | None = None) -> None:
    """SMTP did not take it: tried again at `retry_at`, or given up when that is None. Raises LookupError when it was not being sent."""
    status = "failed" if retry_at is None else "waiting"
    _settle(conn, _NOT_SENT, id, {"new_status": status, "new_error": error, "new_due": retry_at})


def uncertain(conn: sa.Connection, id: int, error: str) -> None:
    """Nobody knows whether SMTP took it: the connection broke after the data. Raises LookupError when it was not being sent."""
    _settle(conn, _NOT_SENT, id, {"new_status": "uncertain", "new_error": error, "new_due": None})


def recover(conn: sa.Connection, before: datetime | None = None) -> list[int]:
    """Make `uncertain` what a crash left `sending` (the lease) and give the ids.

    `before`: only those claimed before then, for when other senders are at work; None at the start of a sole one.
    """
    statement = sa.update(letters).where(letters.c.status == "sending")
    if before is not None:
        statement = statement.where(letters.c.sent_at < before)
    values = {"status": "uncertain", "sent_at": None, "error": "发送途中服务中断,不知是否已发出"}
    return sorted(conn.scalars(statement.values(values).returning(letters.c.id)))


def outbox(conn: sa.Connection, filters: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Every letter in the order of writing, with its case's number as `case`, streamed; `status` may also be `sending`.

    Filters: `id`, `status`, `reader`, `case` (a number), `since` and `until` (of written_at, until excluded), and `limit` (the newest so
    many). Raises ValueError for another one.
    """
    query = sa.select(letters, cases.c.number.label("case")).outerjoin(cases, cases.c.id == letters.c.case_id)
    limit = None
    for name, value in (filters or {}).items():
        if name == "limit":
            limit = value
        elif name in _FILTERS:
            query = query.where(_FILTERS[name](value))
        else:
            raise ValueError(f"outbox knows no filter {name!r}; it knows {', '.join([*_FILTERS, 'limit'])}")
    if limit is not None:
        newest = conn.execute(query.order_by(letters.c.id.desc()).limit(limit)).mappings().all()
        yield from (dict(row) for row in reversed(newest))
        return
    for row in conn.execute(query.order_by(letters.c.id), execution_options={"yield_per": 500}).mappings():
        yield dict(row)


def by_message_id(conn: sa.Connection, ids: Collection[str]) -> list[sa.RowMapping]:
    """Which of our letters have these Message-IDs (id, message_id, case_id, mail_id, reader, letter, status), in the order of `ids`."""
    asked = list(dict.fromkeys(ids))[:500]  # no honest mail has more References
    if not asked:
        return []
    c = letters.c
    query = sa.select(c.id, c.message_id, c.case_id, c.mail_id, c.reader, c.letter, c.status).where(c.message_id.in_(asked))
    return sorted(conn.execute(query).mappings(), key=lambda row: asked.index(row["message_id"]))


def about_mail(conn: sa.Connection, mail_id: int, reader: str) -> list[sa.RowMapping]:
    """Our letters to this reader that a mail caused, newest first."""
    return list(conn.execute(sa.select(letters).where(letters.c.mail_id == mail_id, letters.c.reader == reader).order_by(letters.c.id.desc())).mappings())


def get(conn: sa.Connection, id: int) -> sa.RowMapping | None:
    """One letter, whole, its content too."""
    return conn.execute(sa.select(letters).where(letters.c.id == id)).mappings().first()


def last_to(conn: sa.Connection, case_id: int | None, reader: str) -> sa.RowMapping | None:
    """The last letter to this reader about this case, which the next one continues as a thread; one that failed reached nobody."""
    return conn.execute(_LAST_TO[case_id is not None], {"case_id": case_id, "reader": reader}).mappings().first()


def reached(conn: sa.Connection, reader: str, since: datetime, most: int, case_id: int | None = None) -> bool:
    """Whether so many letters were written to this reader since then, in all or about one case: the rate limit."""
    if most < 1:
        return True
    at = conn.execute(_REACHED[case_id is not None], {"reader": reader, "case_id": case_id, "behind": most - 1}).scalar_one_or_none()
    return at is not None and at >= since


_FILTERS: dict[str, Any] = {
    "id": lambda value: letters.c.id == value,
    "status": lambda value: letters.c.status == value,
    "reader": lambda value: letters.c.reader == value,
    "case": lambda value: cases.c.number == value,
    "since": lambda value: letters.c.written_at >= value,
    "until": lambda value: letters.c.written_at < value,
}


def _settle(conn: sa.Connection, statement: sa.Update, id: int, values: dict[str, Any]) -> None:
    if conn.execute(statement, {"this": id, **values}).rowcount != 1:
        raise LookupError(f"no letter {id} is being sent")
