"""What can be wrong around mailflow: each gets one clear line that says what to do, nothing is lost, the rest goes on."""

from __future__ import annotations

import json
import resource
import signal
from pathlib import Path

import pytest
from conftest import Dovecot, free_port
from department import Department, mail, make


@pytest.fixture
def department(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Department:
    monkeypatch.setenv("MAIL_SECRET", "guessed")
    return make(tmp_path)


def line_of(stderr: str) -> str:
    """What was said besides what templates in the making have to say: one line, no traceback."""
    lines = [line for line in stderr.splitlines() if ".yaml" not in line and ".csv 第" not in line]
    assert "Traceback" not in stderr
    assert len(lines) == 1, stderr
    return lines[0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("address", "adress"), ["第 4 行", "adress", "address"]),
        (('"maildir:outbox"', "maildir:outbox"), ["第 11 行", "引号"]),
        (("[service]", "[service"), ["第 2 行"]),
        (('url = "maildir:inbox"', 'url = "imap://a:b@imap.corp.example/INBOX"'), ["密码"]),
        (('folder = "masterdata"', 'folder = "nowhere"'), ["nowhere", "mailflow init"]),
    ],
)
def test_a_broken_configuration_names_the_place_and_what_to_write(department: Department, change: tuple[str, str], says: list[str]) -> None:
    department.config.write_text(department.config.read_text().replace(*change, 1))
    done = department.run("once")
    assert done.returncode == 2
    for word in says:
        assert word in line_of(done.stderr)


def test_no_configuration_at_all(tmp_path: Path) -> None:
    done = Department(tmp_path).run("cases")
    assert done.returncode == 2
    assert "mailflow init" in line_of(done.stderr)


def test_a_folder_given_as_the_configuration(department: Department) -> None:
    done = Department(department.folder).run("once", "--now", "2024-05-20T09:00:00")
    assert done.returncode == 0
    department.config.rename(department.folder / "other.toml")
    department.config.mkdir()
    done = department.run("once")
    assert done.returncode == 2
    assert "文件夹" in line_of(done.stderr)


def test_an_unreachable_server_is_said_and_the_other_mailbox_is_read(department: Department) -> None:
    port = free_port()
    away = f'[[mailbox]]\nname = "away"\nurl = "imap://a@127.0.0.1:{port}/INBOX"\npassword_env = "MAIL_SECRET"\n[[mailbox]]\nname = "main"\nurl = "maildir:inbox"'
    department.configure(away)
    department.put(mail())
    done = department.run("once")
    assert done.returncode == 1
    assert "拒绝连接" in line_of(done.stderr) and "away" in line_of(done.stderr)
    assert "收信 1" in done.stdout
    assert len(department.letters()) >= 2


def test_an_unreachable_smtp_server_leaves_the_letters_waiting(department: Department) -> None:
    department.configure(smtp=f'url = "smtp://127.0.0.1:{free_port()}"')
    department.put(mail())
    done = department.run("once")
    assert done.returncode == 1
    assert "连不上邮件服务器" in line_of(done.stderr)
    rows = [json.loads(line) for line in department.run("outbox", "--json").stdout.splitlines()]
    assert rows and {row["status"] for row in rows} == {"waiting"}
    department.configure()
    assert department.run("once", "--now", "2099-01-05T09:00:00").returncode == 0
    assert len(department.letters()) >= len(rows)


@pytest.mark.dovecot
def test_a_wrong_password_says_what_to_check(department: Department, dovecot: Dovecot, user: str) -> None:
    department.configure(f'[[mailbox]]\nurl = "{dovecot.url(user)}"\npassword_env = "MAIL_SECRET"')
    done = department.run("once")
    assert done.returncode == 1
    assert "密码或授权码" in line_of(done.stderr) and "guessed" not in done.stderr
    done = department.run("check")
    assert done.returncode == 1
    assert any("收信" in line and "有误" in line and "密码或授权码" in line for line in done.stdout.splitlines())


@pytest.mark.dovecot
def test_a_password_file_that_is_not_there(department: Department, dovecot: Dovecot, user: str) -> None:
    department.configure(f'[[mailbox]]\nurl = "{dovecot.url(user)}"\npassword_file = "secrets/none"')
    done = department.run("once")
    assert done.returncode == 1
    assert "secrets/none" in line_of(done.stderr) and "权限 600" in line_of(done.stderr)


def full(size: int) -> object:
    """No file may grow beyond `size` bytes: what a full disk is to a writer (write gives EFBIG in ENOSPC's place)."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.parametrize("size", [40_000, 230_000])
def test_on_a_full_disk_nothing_is_lost_and_the_next_pass_takes_it_up(department: Department, size: int) -> None:
    assert department.run("once").returncode == 0
    for number in range(4):
        department.put(mail(id=f"{number}@demo.example", text=f"沟通结果:成功 {number}\n" + "无线控制器的漫游切换。" * 2000), f"17640000{number:02d}.M1P1.test")
    done = department.start("once", preexec_fn=full(size))
    assert done.returncode == 1
    assert "磁盘" in line_of(done.stderr)
    assert department.run("once").returncode == 0
    rows = [json.loads(line) for line in department.run("inbox", "--json").stdout.splitlines()]
    assert sorted(row["message_id"] for row in rows) == [f"<{n}@demo.example>" for n in range(4)] or len(rows) == 4
    assert all(row["end"] for row in rows)


def test_a_mail_of_60_mb_is_kept_by_its_header_and_the_next_one_goes_on(department: Department) -> None:
    department.put(mail(id="big@demo.example", text="x\n") + b"y" * 76 + b"\r\n" * 1 + (b"z" * 76 + b"\r\n") * 800_000, "1764000000.M1P1.big")
    department.put(mail(), "1764000001.M1P1.small")
    done = department.run("once")
    assert done.returncode == 0
    rows = {row["message_id"]: row for row in map(json.loads, department.run("inbox", "--json").stdout.splitlines())}
    big = next(row for id, row in rows.items() if "big" in id)
    assert big["end"] == "sorting" and "太大" in big["reason"]
    assert next(row for id, row in rows.items() if "1@" in id)["end"] == "recorded"
    assert (department.folder / "archive" / "00000001.seg").stat().st_size < 2_000_000


def test_an_empty_file_and_a_folder_in_the_mailbox_hold_nobody_up(department: Department) -> None:
    department.put(b"", "1764000000.M1P1.empty")
    (department.folder / "inbox" / "new" / "1764000001.M1P1.folder").mkdir()
    department.put(mail(), "1764000002.M1P1.good")
    done = department.run("once")
    assert done.returncode == 1, "what could not be taken is said"
    assert "不是普通文件" in line_of(done.stderr)
    rows = [json.loads(line) for line in department.run("inbox", "--json").stdout.splitlines()]
    assert len(rows) == 2
    assert [row["end"] for row in rows if "1@" in row["message_id"]] == ["recorded"]
    assert all(row["end"] not in ("", "held") for row in rows)


def test_a_maildir_that_is_not_one(department: Department) -> None:
    department.configure('[[mailbox]]\nurl = "maildir:masterdata"')
    done = department.run("once")
    assert done.returncode == 1
    assert "Maildir" in line_of(done.stderr)


@pytest.mark.parametrize("name", ["mailflow.db", "archive"])
def test_a_folder_where_the_database_should_be_or_a_file_where_the_archive_should(department: Department, name: str) -> None:
    if name == "archive":
        (department.folder / name).write_text("x")
    else:
        (department.folder / name).mkdir()
    done = department.run("once")
    assert done.returncode == 1
    assert name in line_of(done.stderr)
    assert "[store]" in line_of(done.stderr)


def test_people_csv_broken_at_the_start(department: Department) -> None:
    (department.folder / "masterdata" / "people.csv").write_text("")
    done = department.run("once")
    assert done.returncode == 2
    assert "people.csv" in line_of(done.stderr)


def test_a_time_that_is_none(department: Department) -> None:
    done = department.run("once", "--now", "tomorrow")
    assert done.returncode == 2
    assert "2026-11-23T09:00:00+08:00" in line_of(done.stderr)


@pytest.mark.parametrize("kind", ["empty", "folder", "missing"])
def test_files_that_are_no_mail(department: Department, kind: str) -> None:
    file = department.folder / "a.eml"
    if kind == "empty":
        file.touch()
    elif kind == "folder":
        file.mkdir()
    for command in (["parse", str(file)], ["try", "A05", str(file)], *([["import", str(file)]] if kind != "folder" else [])):
        done = department.run(*command)
        assert done.returncode in (1, 2), command
        said = done.stdout + done.stderr
        assert "Traceback" not in said and "内部错误" not in said
        assert str(file) in said
    row = json.loads(department.run("parse", "--json", str(file)).stdout)
    assert set(row) == {"file", "error"} and str(file) in row["error"]


def test_a_process_whose_subject_cannot_be_one_is_told_and_stops_nobody(department: Department) -> None:
    folder = department.folder / "templates" / "processes"
    folder.mkdir(parents=True)
    text = "流程: 小事\n名称: small-matter\n短码: SMALL\n版本: 1\n字段:\n  事: {}\n开始:\n  - 收到: 小事-<事>-<事>\n    变为: 已办\n状态:\n  已办:\n    结束: 是\n"
    (folder / "小事.yaml").write_text(text, encoding="utf-8")
    with department.config.open("a") as file:
        file.write('[templates]\nfolder = "templates"\n')
    department.put(mail())
    done = department.run("once")
    assert done.returncode == 0
    assert "小事.yaml 第 8 行" in done.stderr
    assert [row["end"] for row in map(json.loads, department.run("inbox", "--json").stdout.splitlines())] == ["recorded"]
