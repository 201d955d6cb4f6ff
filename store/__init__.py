"""Where mailflow keeps things: a database of rows and an archive of raw mail. It decides nothing and imports nothing of mailflow."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from store.archive import Archive, Place
from store.errors import RecordDamaged, StoreError, explain
from store.statements import lock as lock  # one of this package's public names

__all__ = ["Archive", "Place", "RecordDamaged", "Store", "StoreError", "lock", "open_store", "savepoint"]

HEAD = "0001"  # the newest migration, told here so that an up-to-date store opens without importing Alembic

_BUSY_SECONDS = 30  # how long a writer waits for another one


class Store:
    """An open database and its archive. Every error that is about the machine is raised as StoreError, wherever a statement runs."""

    def __init__(self, engine: sa.Engine, archive: Archive) -> None:
        self.engine = engine
        self.archive = archive
        reading: dict[str, Any] = {"mailflow_read": True}
        if engine.dialect.name == "postgresql":
            reading |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._reader = engine.execution_options(**reading)

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """One write transaction: committed at the end, rolled back by any exception. Raises StoreError.

        SQLite: BEGIN IMMEDIATE, so that what was read in it still holds when it writes; writers wait for each other for 30 seconds; never
        open one inside another. PostgreSQL: READ COMMITTED; where a count must be exact, take `lock` before counting.
        """
        with self.engine.begin() as conn:
            yield conn

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Read-only work on one snapshot, never waiting for a writer. Raises StoreError."""
        with self._reader.connect() as conn:
            yield conn

    def migrate(self) -> None:
        """Bring the tables to this version, creating them in a fresh database; a no-op of one query when they are there.

        Safe when several processes start at once. Raises StoreError, also when a newer mailflow made the tables.
        """
        with self.read() as conn:
            if _revision(conn) == HEAD:
                return
        from store.migrations import upgrade  # late: it imports Alembic

        with self.begin() as conn:
            lock(conn, "migrate")
            if _revision(conn) != HEAD:
                upgrade(conn, HEAD)

    def close(self) -> None:
        """Close every connection and leave the archive's segment to the next writer."""
        self.engine.dispose()
        self.archive.close()


def open_store(url: str, archive: str, *, synchronous: str = "FULL") -> Store:
    """Open a database (`sqlite:///path`, `postgresql+psycopg://…`) and an archive folder; call `Store.migrate` before the first use.

    `synchronous` is SQLite's pragma: FULL survives a power cut, NORMAL is faster and may lose the last commits in one. The archive folder
    is created with a fresh database only; one that is missing later is an error, since its mails are. Raises StoreError.
    """
    engine = _engine(url, synchronous)
    try:
        fresh = _is_fresh(engine)
        if fresh and "://" not in archive and not Path(archive).exists():
            try:
                Path(archive).mkdir(mode=0o700)
            except FileExistsError:
                pass  # another process was quicker
            except OSError as error:
                raise StoreError(f"归档文件夹建不了:{archive}({error.strerror})。请先建好它,或改 [store] archive") from error
        return Store(engine, Archive(archive))
    except BaseException:
        engine.dispose()
        raise


@contextmanager
def savepoint(conn: sa.Connection) -> Iterator[None]:
    """`with savepoint(conn):` an exception inside undoes what was done inside, and nothing else.

    Raises StoreError in its place when the database gave up the whole transaction (a full disk, a lost connection): let that one through.
    """
    conn.exec_driver_sql("SAVEPOINT step")  # by hand: half the time of begin_nested, of which every mail has one; names may nest
    try:
        yield
        conn.exec_driver_sql("RELEASE SAVEPOINT step")
    except BaseException as error:
        try:
            conn.exec_driver_sql("ROLLBACK TO SAVEPOINT step")
            conn.exec_driver_sql("RELEASE SAVEPOINT step")
        except (StoreError, sa.exc.SQLAlchemyError) as lost:
            if isinstance(error, StoreError):
                raise error from lost
            raise StoreError(f"数据库放弃了整个事务({' '.join(str(lost).split())[:200]})。本次未写入,稍后重试即可") from error
        raise


def _engine(url: str, synchronous: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise StoreError("数据库地址写错了。请把 [store] database 写成 sqlite:///文件 或 postgresql+psycopg://用户@主机/库") from error
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        if not parsed.database or parsed.database == ":memory:" or parsed.database.startswith("file:"):
            raise StoreError("SQLite 数据库要放在文件里。请把 [store] database 写成 sqlite:///文件")
        arguments: dict[str, Any] = {"timeout": _BUSY_SECONDS}
    elif kind == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        defaults = {"connect_timeout": 10, "application_name": "mailflow"}
        arguments = {key: value for key, value in defaults.items() if key not in parsed.query}
    else:
        raise StoreError(f"不支持这种数据库:{kind}。请把 [store] database 写成 sqlite:///文件 或 postgresql+psycopg://用户@主机/库")
    try:
        engine = sa.create_engine(parsed, connect_args=arguments, pool_pre_ping=kind == "postgresql", json_serializer=_dump_json)
    except ModuleNotFoundError as error:
        raise StoreError(f"缺少 PostgreSQL 驱动 {error.name}。请安装:pip install 'mailflow-desk[postgresql]'") from error
    if kind == "sqlite":
        _prepare_sqlite(engine, synchronous)
    _translate_errors(engine)
    return engine


def _prepare_sqlite(engine: sa.Engine, synchronous: str) -> None:
    if synchronous.upper() not in ("NORMAL", "FULL", "EXTRA"):
        raise StoreError(f"synchronous 只能是 NORMAL、FULL 或 EXTRA,不能是 {synchronous}")

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # sqlite3 begins nothing on its own: it would begin too late, and not IMMEDIATE
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -16384")  # KiB: the indexes' hot pages of a million mails

    @sa.event.listens_for(engine, "begin")
    def _begin(conn: sa.Connection) -> None:
        reading = conn.get_execution_options().get("mailflow_read", False)
        conn.exec_driver_sql(f"PRAGMA query_only = {int(reading)}")
        conn.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _translate_errors(engine: sa.Engine) -> None:
    where = engine.url.render_as_string(hide_password=True)

    @sa.event.listens_for(engine, "handle_error")
    def _handle(context: sa.ExceptionContext) -> None:
        if context.is_pre_ping:
            return  # the pool finds out by this that a connection died while it lay idle, and opens another
        line = explain(context.original_exception, where, isinstance(context.sqlalchemy_exception, sa.exc.OperationalError))
        if line:
            raise StoreError(line) from context.original_exception


def _is_fresh(engine: sa.Engine) -> bool:
    """Whether nothing was ever stored here; looks at a missing SQLite file without creating it. Raises StoreError if the place is unusable."""
    if engine.dialect.name == "sqlite":
        path = Path(engine.url.database or "")
        if path.is_dir():
            raise StoreError(f"数据库位置是一个文件夹,不是文件:{path}。请改 [store] database")
        if not path.parent.is_dir():
            raise StoreError(f"数据库所在文件夹不存在:{path.parent}。请先建好它,或改 [store] database")
        if not os.access(path.parent, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.R_OK | os.W_OK)):
            raise StoreError(f"不能写入:{path}。请检查文件和所在文件夹的属主与权限,以及磁盘是否只读挂载")
        if not path.exists():
            return True
    with engine.connect() as conn:
        return _revision(conn) is None


def _revision(conn: sa.Connection) -> str | None:
    """The migration that the tables are at; None in a fresh database."""
    if conn.dialect.name == "postgresql":
        there = conn.scalar(sa.text("SELECT to_regclass('alembic_version')"))
    else:
        there = conn.scalar(sa.text("SELECT name FROM sqlite_master WHERE name = 'alembic_version'"))
    return conn.scalar(sa.text("SELECT version_num FROM alembic_version")) if there else None


def _dump_json(value: Any) -> str:
    """Chinese as it is, for whoever looks with the database's own tools; escaped where it holds what UTF-8 cannot (lone surrogates)."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value)
    return text
