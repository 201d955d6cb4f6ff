"""Small facts that must survive a restart: when a duty was last done, which proofs were spent, who was told what today."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import sqlalchemy as sa

from store.statements import insert
from store.tables import mark as marks
from store.tables import spent

_GET = sa.select(marks).where(marks.c.name == sa.bindparam("name"))


def get(conn: sa.Connection, name: str) -> sa.RowMapping | None:
    """The mark of this name (`at`, `value`), or None."""
    return conn.execute(_GET, {"name": name}).mappings().first()


def set(conn: sa.Connection, name: str, at: datetime, value: str = "") -> None:
    """Set the mark of this name, in place of an earlier one."""
    values = {"at": at, "value": value}
    conn.execute(insert(conn, marks).values(name=name, **values).on_conflict_do_update(index_elements=["name"], set_=values))


def spend(conn: sa.Connection, token: str, at: datetime) -> bool:
    """Spend a single-use proof: True for the one transaction that does so, False when it is spent already."""
    return conn.execute(insert(conn, spent).values(token=token, at=at).on_conflict_do_nothing()).rowcount == 1


def told(conn: sa.Connection, address: str, what: str, day: date) -> bool:
    """Whether this address was told this on this day (or a later one) already; if not, it is noted as told now: False once a day.

    `day` is the local calendar day of whoever asks; nobody but this function reads the mark's `at`.
    """
    values = {"at": datetime.combine(day, time.min, UTC), "value": day.isoformat()}
    statement = insert(conn, marks).values(name=f"told {what} {address.lower()}", **values)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_=values, where=marks.c.value < values["value"])
    return conn.execute(statement).rowcount == 0
