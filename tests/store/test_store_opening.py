"""Opening a store: what is wrong is said in one Chinese line with what to do, and what is right is quick."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa
from store_rows import NOON, a_mail, finish, start

from store import Store, StoreError, mails, marks, open_store, savepoint


def refused(url: str, archive: Path | str) -> str:
    with pytest.raises(StoreError) as caught:
        open_store(url, str(archive)).migrate()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_fresh_store_makes_its_archive_folder_and_opens_again(tmp_path: Path) -> None:
    for _ in range(2):
        store = open_store(f"sqlite:///{tmp_path}/mailflow.db", str(tmp_path / "archive"))
        store.migrate()
        store.close()
    assert (tmp_path / "archive").stat().st_mode & 0o077 == 0


def test_looking_at_a_store_that_is_not_there_makes_no_database(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/mailflow.db", str(tmp_path / "archive")).close()
    assert not (tmp_path / "mailflow.db").exists()


def test_an_archive_that_went_missing_is_not_begun_anew(fresh_store: Store, database_url: str) -> None:
    shutil.rmtree(fresh_store.archive.folder)
    assert "归档文件夹不存在" in refused(database_url, fresh_store.archive.folder)
    assert not fresh_store.archive.folder.exists()


def test_an_archive_below_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert "归档文件夹建不了" in refused(f"sqlite:///{tmp_path}/mailflow.db", tmp_path / "mnt" / "archive")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mailflow.db", "数据库地址写错了"),
        ("mysql://u@h/d", "不支持这种数据库:mysql"),
        ("sqlite://", "SQLite 数据库要放在文件里"),
        ("sqlite:///{tmp_path}/missing/mailflow.db", "数据库所在文件夹不存在"),
        ("sqlite:///{tmp_path}", "是一个文件夹"),
        ("sqlite:///{tmp_path}/letter.txt", "不是数据库文件"),
        ("postgresql://mailflow:secret@127.0.0.1:9/mailflow", "数据库连不上:postgresql+psycopg://mailflow:***@127.0.0.1:9/mailflow"),
        ("postgresql+psycopg://mailflow:secret@nowhere.invalid/mailflow", "数据库连不上"),
    ],
)
def test_a_database_that_is_none_is_said(url: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("这不是数据库。" * 200)
    line = refused(url.replace("{tmp_path}", str(tmp_path)), tmp_path / "archive")
    assert said in line
    assert "secret" not in line


def test_a_word_for_synchronous_that_sqlite_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="synchronous 只能是"):
        open_store(f"sqlite:///{tmp_path}/mailflow.db", str(tmp_path / "archive"), synchronous="OFF")


def mount(folder: Path, options: str) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], capture_output=True, check=False).returncode:
        pytest.skip("mounting a disk needs root")


def test_a_read_only_disk_is_said(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    mount(tmp_path / "disk", "ro")
    try:
        assert "不能写入" in refused(f"sqlite:///{tmp_path}/disk/mailflow.db", tmp_path / "archive")
    finally:
        subprocess.run(["umount", "-l", tmp_path / "disk"], check=True)


def test_a_database_on_a_full_disk_says_so_keeps_what_was_committed_and_goes_on_later(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount(disk, "size=2m")
    try:
        store = open_store(f"sqlite:///{disk}/mailflow.db", str(tmp_path / "archive"))
        store.migrate()
        with store.begin() as conn:
            mails.keep(conn, [a_mail(1)])
        hog = disk / "hog"
        hog.write_bytes(bytes(4096 * (shutil.disk_usage(disk).free // 4096)))
        with pytest.raises(StoreError, match="磁盘已满.*腾出空间"), store.begin() as conn, savepoint(conn):
            mails.keep(conn, [a_mail(uid, subject="长" * 1000) for uid in range(2, 400)])
        hog.unlink()
        with store.begin() as conn:
            assert mails.known(conn, "main", 1, range(400)) == {1}
            mails.keep(conn, [a_mail(2)])
        store.close()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


@pytest.mark.postgresql
def test_a_postgresql_database_that_is_not_there(postgresql_server: sa.URL, tmp_path: Path) -> None:
    assert "数据库不存在" in refused(postgresql_server.set(database="none").render_as_string(hide_password=False), tmp_path / "archive")


@pytest.mark.postgresql
@pytest.mark.skipif("MAILFLOW_TEST_POSTGRESQL" in os.environ, reason="whether a server that is not ours asks for passwords is not for us to say")
def test_a_wrong_password(postgresql_server: sa.URL, tmp_path: Path) -> None:
    admin = sa.create_engine(postgresql_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as conn:
        rules = Path(conn.scalar(sa.text("SHOW hba_file")))
        conn.execute(sa.text("CREATE ROLE locked LOGIN PASSWORD 'right'"))
        rules.write_text("local all locked scram-sha-256\n" + rules.read_text())
        conn.execute(sa.text("SELECT pg_reload_conf()"))
    line = refused(postgresql_server.set(username="locked", password="wrong").render_as_string(hide_password=False), tmp_path / "archive")
    assert "数据库拒绝登录" in line
    assert "wrong" not in line


@pytest.mark.postgresql
def test_a_connection_that_died_in_the_pool_is_replaced_and_one_that_dies_at_work_is_said(postgresql_tables: sa.URL, tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    store = open_store(postgresql_tables.render_as_string(hide_password=False), str(tmp_path / "archive"))
    kill = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    admin = sa.create_engine(postgresql_tables, poolclass=sa.NullPool)
    with store.begin() as conn:
        marks.get(conn, "x")
    with admin.connect() as operator:
        operator.execute(kill).all()
    with store.begin() as conn:
        marks.get(conn, "x")
    with pytest.raises(StoreError, match="数据库连不上"), store.begin() as conn:
        marks.set(conn, "x", NOON)
        with admin.connect() as operator:
            operator.execute(kill).all()
        marks.get(conn, "x")
    with store.read() as conn:
        assert marks.get(conn, "x") is None
    store.close()


QUICK = """
import sys
from store import open_store
store = open_store(*sys.argv[1:])
store.migrate()
with store.read():
    pass
print(*(name for name in ("alembic", "sqlalchemy.orm", "mailflow", "parsers") if name in sys.modules))
"""


def test_opening_a_store_that_is_up_to_date_imports_neither_alembic_nor_the_orm(fresh_store: Store, database_url: str) -> None:
    assert finish(start(QUICK, database_url, fresh_store.archive.folder)).strip() == ""
