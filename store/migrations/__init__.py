"""The steps by which the tables came to be, run by Alembic without any ini file; `store.HEAD` names the newest.

A new step: a file in `versions/` with the next number, `HEAD` set to it, and `tests/store/test_migrations.py` says whether it agrees with
`store.tables`. A step that was released is never changed.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from store.errors import StoreError


def configuration(conn: sa.Connection | None = None) -> Config:
    """Alembic's configuration for these steps on this connection, whose transaction is the caller's."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = conn
    return config


def upgrade(conn: sa.Connection, revision: str) -> None:
    """Run the steps up to a revision inside the caller's transaction. Raises StoreError for a database that a newer version made."""
    try:
        command.upgrade(configuration(conn), revision)
    except CommandError as error:
        raise StoreError(f"数据库由别的版本的 mailflow 建立({error})。请升级本程序,或从备份恢复对应版本的数据库") from error
