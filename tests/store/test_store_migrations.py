"""The migrations make what `store.tables` says, and nobody but they makes tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from store_rows import finish, start

from store import HEAD, Store, StoreError, open_store
from store.migrations import configuration
from store.tables import metadata


def shape(engine: sa.Engine) -> dict[str, Any]:
    """Everything that the database itself tells about its tables."""
    inspector = sa.inspect(engine)
    return {
        table: {
            "columns": {column["name"]: (str(column["type"]), column["nullable"], column["default"]) for column in inspector.get_columns(table)},
            "primary": inspector.get_pk_constraint(table),
            "foreign": sorted(inspector.get_foreign_keys(table), key=str),
            "unique": sorted(inspector.get_unique_constraints(table), key=str),
            "indexes": sorted(inspector.get_indexes(table), key=str),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def test_migrations_and_tables_agree(empty_database_url: str, tmp_path: Path) -> None:
    store = open_store(empty_database_url, str(tmp_path / "archive"))
    store.migrate()
    with store.begin() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    migrated = shape(store.engine)
    with store.begin() as conn:
        conn.execute(sa.text("DROP TABLE alembic_version"))
        metadata.drop_all(conn)
        metadata.create_all(conn)
    assert migrated == shape(store.engine)
    store.close()


def test_the_constant_is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(configuration()).get_heads() == [HEAD]


def test_several_processes_that_start_at_once_migrate_once(empty_database_url: str, tmp_path: Path) -> None:
    program = "import sys; from store import open_store; open_store(*sys.argv[1:]).migrate()"
    for process in [start(program, empty_database_url, tmp_path / "archive") for _ in range(2)]:
        finish(process)


def test_a_migration_that_fails_leaves_nothing_behind(empty_database_url: str, tmp_path: Path) -> None:
    store = open_store(empty_database_url, str(tmp_path / "archive"))
    with store.begin() as conn:
        conn.execute(sa.text("CREATE TABLE spent (other INTEGER)"))  # in the way of the step's last tables
    with pytest.raises(sa.exc.DBAPIError):
        store.migrate()
    assert sa.inspect(store.engine).get_table_names() == ["spent"]
    store.close()


def test_a_database_of_a_newer_version_is_left_alone(fresh_store: Store) -> None:
    with fresh_store.begin() as conn:
        conn.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        with pytest.raises(StoreError, match="别的版本"):
            fresh_store.migrate()
    finally:
        with fresh_store.begin() as conn:
            conn.execute(sa.text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD})
