"""What SQLAlchemy spells per database: INSERT with ON CONFLICT, and an advisory lock."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def insert(conn: sa.Connection, table: sa.Table) -> Any:
    """An INSERT of this connection's dialect, with `on_conflict_do_nothing`, `on_conflict_do_update` and a `rowcount` of the rows it touched."""
    if conn.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert  # late: SQLite users need not pay for its import

        return postgresql_insert(table).execution_options(preserve_rowcount=True)
    from sqlalchemy.dialects.sqlite import insert as sqlite_insert

    return sqlite_insert(table).execution_options(preserve_rowcount=True)


def lock(conn: sa.Connection, name: str) -> None:
    """Wait until no other transaction holds this name, and hold it until the end of this one. On SQLite every write transaction is alone anyway."""
    if conn.dialect.name == "postgresql":
        conn.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
