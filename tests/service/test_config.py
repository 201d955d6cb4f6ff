"""Promises of mailflow.config: one file, defaults for nearly everything, and one clear Chinese line for whatever is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mailflow.config import Config, Mailbox, OAuth2, Smtp, load
from mailflow.credentials import password
from mailflow.errors import ConfigError

FIXTURE = Path(__file__).resolve().parents[3] / "shared" / "fixtures" / "mailflow.toml"  # beside the project, where it is
MINIMAL = """\
[service]
address = "mailflow@corp.example"

[[mailbox]]
url = "maildir:inbox"

[smtp]
url = "maildir:outbox"
"""


def read(folder: Path, text: str | bytes) -> Config:
    file = folder / "mailflow.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(file)


def refused(folder: Path, text: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    said = str(caught.value)
    assert "\n" not in said, "one line"
    assert "mailflow.toml" in said, "names the file"
    return said


def test_three_keys_are_enough_and_the_rest_has_defaults(tmp_path: Path) -> None:
    config = read(tmp_path, MINIMAL)
    assert config.service.domains == ("corp.example",)
    assert str(config.service.timezone) == "Asia/Shanghai"
    assert config.store.database == f"sqlite:///{tmp_path}/mailflow.db"
    assert config.store.archive == f"{tmp_path}/archive"
    assert config.masterdata_folder == tmp_path / "masterdata"
    assert config.templates_folder is None
    assert [(m.name, m.url) for m in config.mailboxes] == [("main", f"maildir:{tmp_path}/inbox")]
    assert config.smtp == Smtp(f"maildir:{tmp_path}/outbox", 0)
    assert config.trust.commands == "token", "the strictest unless somebody chooses"
    assert config.base == tmp_path


@pytest.mark.skipif(not FIXTURE.exists(), reason="the shared fixture is not on this machine")
def test_the_complete_configuration_of_the_contract_loads() -> None:
    config = load(FIXTURE)
    assert config.service.name == "技术支持中心" and config.trust.commands == "directory"


def test_every_key_is_read(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        """
[service]
name = "技术支持中心"
address = "mailflow@corp.example"
domains = ["Corp.example", "corp2.example"]
timezone = "Asia/Urumqi"
admin = "admin@corp.example"
[store]
database = "postgresql://mailflow@db/mailflow"
archive = "s3://bucket/prefix"
[masterdata]
folder = "/srv/tables"
[templates]
folder = "own"
[[mailbox]]
name = "main"
url = "imaps://mailflow@corp.example@imap.corp.example:993/INBOX"
password_file = "secrets/imap"
processed = "已处理"
[[mailbox]]
name = "fax"
url = "imap://fax@127.0.0.1:1143/INBOX"
oauth2 = {command = ["bin/token", "--quiet"]}
[smtp]
url = "smtp+starttls://mailflow@smtp.corp.example"
password_env = "SMTP_PASSWORD"
rate = 20
[trust]
authserv_id = "mx.corp.example"
[fax]
gateways = ["fax@corp.example"]
reply = "{number}@fax.example"
[limits]
message_mb = 25
""",
    )
    assert config.service.domains == ("corp.example", "corp2.example")
    assert config.store.database == "postgresql+psycopg://mailflow@db/mailflow"
    assert config.store.archive == "s3://bucket/prefix"
    assert config.masterdata_folder == Path("/srv/tables") and config.templates_folder == tmp_path / "own"
    assert config.mailboxes[0].password_file == tmp_path / "secrets/imap" and config.mailboxes[0].processed == "已处理"
    assert config.mailboxes[1].oauth2 == OAuth2(command=(f"{tmp_path}/bin/token", "--quiet"))
    assert config.smtp.rate == 20 and config.smtp.password_env == "SMTP_PASSWORD"
    assert config.trust.commands == "authenticated"
    assert config.fax.gateways == ("fax@corp.example",) and config.limits.message_mb == 25


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///mailflow.db", "sqlite:///{base}/mailflow.db"),
        ("sqlite:///data/a.db?timeout=5", "sqlite:///{base}/data/a.db?timeout=5"),
        ("sqlite:////var/lib/a.db", "sqlite:////var/lib/a.db"),
    ],
)
def test_a_sqlite_path_is_relative_to_the_file(tmp_path: Path, url: str, expected: str) -> None:
    config = read(tmp_path, MINIMAL + f'[store]\ndatabase = "{url}"\n')
    assert config.store.database == expected.format(base=tmp_path)


def test_paths_do_not_depend_on_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mailflow.toml").write_text(MINIMAL)
    monkeypatch.chdir(tmp_path)
    config = load(Path("mailflow.toml"))
    assert config.base == tmp_path and config.mailboxes[0].url == f"maildir:{tmp_path}/inbox"


# -- the file itself


def test_a_missing_file_points_to_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="找不到.*none.toml.*mailflow init"):
        load(tmp_path / "none.toml")


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="是文件夹.*mailflow.toml"):
        load(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file(tmp_path: Path) -> None:
    file = tmp_path / "mailflow.toml"
    file.write_text(MINIMAL)
    file.chmod(0)
    with pytest.raises(ConfigError, match="读不了"):
        load(file)


def test_an_empty_file_and_one_that_is_not_utf8(tmp_path: Path) -> None:
    assert "是空的" in refused(tmp_path, " \n")
    said = refused(tmp_path, b"[service]\n" + 'name = "技术支持中心"\n'.encode("gb18030"))
    assert "第 2 行" in said and "UTF-8" in said


def test_a_bom_as_notepad_writes_it_does_no_harm(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode()).service.address == "mailflow@corp.example"


@pytest.mark.parametrize(
    ("text", "line", "advice"),
    [
        ('[service]\nname \uff1d "x"\n', 2, "全角的 \uff1d"),
        ("[service]\nname = \u201cx\u201d\n", 2, "全角的 \u201c"),
        ("[service]\nname = 技术支持中心\n", 2, "双引号"),
        ('[service]\nname = "a"\nname = "b"\n', 3, "两次"),
        ('[service]\nname = "a\n', 2, "双引号没有配对"),
        ('[masterdata]\nfolder = "C:\\masterdata"\n', 2, "反斜杠要写成 /"),
        ('[service\nname = "a"\n', 1, "TOML"),
    ],
)
def test_a_syntax_error_says_line_column_and_what_to_write(tmp_path: Path, text: str, line: int, advice: str) -> None:
    said = refused(tmp_path, text)
    assert f"第 {line} 行第 " in said and advice in said


# -- what stands in it


@pytest.mark.parametrize(
    ("wrong", "line", "words"),
    [
        (MINIMAL.replace("address", "adress"), 2, ["[service] adress", "没有这个键", "是不是 address"]),
        (MINIMAL.replace("[smtp]", "[smpt]"), 7, ["[smpt]", "没有这个表", "是不是 [smtp]"]),
        (MINIMAL + "[storage]\n", 9, ["没有这个表", "是不是 [store]"]),
        (MINIMAL.replace("[service]\n", "[service]\nrate = 5\n"), 2, ["rate", "属于 [smtp]"]),
        ("service.adress = 'a@b.example'\n" + MINIMAL.partition("\n\n")[2], 1, ["[service] adress", "是不是 address"]),
        (MINIMAL.replace("maildir:outbox", "smtps://u@host") + "oauth2 = {token_file = 5}\n", 9, ["oauth2", "token_file"]),
        ("address = 'a@b.example'\n" + MINIMAL, 1, ["address", "属于 [service]"]),
        (MINIMAL.replace("[[mailbox]]", "[mailbox]"), 4, ["[[mailbox]]"]),
        ("[service]\n" + MINIMAL.partition("\n\n")[2], 1, ["缺 address", "mailflow@corp.example"]),
        (MINIMAL.replace("mailflow@corp", "mailflow corp"), 2, ["address", "不是一个邮件地址"]),
        (MINIMAL.replace('"mailflow@corp.example"', "5"), 2, ["address", "引号"]),
        (MINIMAL.replace("[[mailbox]]", 'timezone = "Asia/Peking"\n[[mailbox]]'), 4, ["timezone", "Asia/Shanghai"]),
        (MINIMAL.replace("[[mailbox]]", "domains = [5]\n[[mailbox]]"), 4, ["domains", "corp.example"]),
        (MINIMAL + "rate = '5'\n", 9, ["[smtp] rate", "整数"]),
        (MINIMAL + "[limits]\nmessage_mb = 0\n", 10, ["message_mb", "不小于 1"]),
        (MINIMAL.replace("maildir:inbox", "pop3://user@host"), 5, ["[[mailbox]] url", "imaps://"]),
        (MINIMAL.replace("maildir:inbox", "imaps://host/INBOX"), 5, ["用户名"]),
        (MINIMAL.replace("maildir:inbox", "imaps:host"), 5, ["主机"]),
        (MINIMAL.replace("maildir:inbox", "imaps://u@host:port/INBOX"), 5, ["端口"]),
        (MINIMAL.replace("maildir:inbox", "maildir:"), 5, ["maildir:inbox"]),
        (MINIMAL.replace("maildir:inbox", "imap://u@mail.example/INBOX"), 5, ["不加密", "imaps://"]),
        (MINIMAL.replace("maildir:outbox", "smtp://mail.example"), 8, ["不加密", "smtps://"]),
        (MINIMAL.replace("maildir:inbox", "imaps://u@host/INBOX"), 4, ["密码从哪里来", "password_file"]),
        (MINIMAL + 'password_env = "X"\n', 9, ["用不着密码"]),
        (MINIMAL.replace("maildir:outbox", "smtps://u@host") + 'password_env = "p ass"\n', 9, ["环境变量的名字"]),
        (MINIMAL.replace("maildir:outbox", "smtps://u@host") + 'password_env = "X"\noauth2 = {}\n', 10, ["只能写一个"]),
        (MINIMAL.replace("maildir:outbox", "smtps://u@host") + "oauth2 = 'token'\n", 9, ["command"]),
        (MINIMAL + '[[mailbox]]\nname = "b"\nurl = "maildir:b"\n', 4, ["缺 name"]),
        (MINIMAL.replace("url", 'name = "b"\nurl', 1) + '[[mailbox]]\nname = "b"\nurl = "maildir:b"\n', 11, ["已有一个邮箱叫 b"]),
        (MINIMAL + '[store]\ndatabase = "mysql://host/db"\n', 10, ["SQLite", "PostgreSQL"]),
        (MINIMAL + '[store]\ndatabase = "sqlite://"\n', 10, ["丢信"]),
        (MINIMAL + '[store]\narchive = "ftp://host"\n', 10, ["s3://"]),
        (MINIMAL + '[trust]\ncommands = "anybody"\n', 10, ["directory", "token"]),
        (MINIMAL + '[trust]\ncommands = "authenticated"\n', 10, ["authserv_id"]),
        (MINIMAL + '[fax]\nreply = "fax@fax.example"\n', 10, ["{number}@fax.example"]),
    ],
)
def test_what_is_wrong_is_said_with_line_key_and_what_to_write_instead(tmp_path: Path, wrong: str, line: int, words: list[str]) -> None:
    said = refused(tmp_path, wrong)
    assert f"第 {line} 行" in said
    assert all(word in said for word in words), said


def test_without_a_mailbox_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert "imaps://" in refused(tmp_path, '[service]\naddress = "a@corp.example"\n')


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("url", MINIMAL.replace("maildir:inbox", "imaps://user:hunter2@host/INBOX")),
        ("url", MINIMAL.replace("maildir:outbox", "smtps://user:hunter2@host")),
        ("database", MINIMAL + '[store]\ndatabase = "postgresql+psycopg://user:hunter2@host/db"\n'),
        ("database", MINIMAL + '[store]\ndatabase = "postgresql://user@host/db?password=hunter2"\n'),
    ],
)
def test_a_password_inside_a_url_is_refused_with_advice_and_not_repeated(tmp_path: Path, key: str, text: str) -> None:
    said = refused(tmp_path, text)
    assert key in said and "不能写密码" in said and "hunter2" not in said


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1143", "[::1]:1143"])
def test_plain_imap_and_smtp_on_loopback(tmp_path: Path, host: str) -> None:
    text = MINIMAL.replace("maildir:inbox", f"imap://u@{host}/INBOX").replace("maildir:outbox", f"smtp://{host}")
    config = read(tmp_path, text.replace("[smtp]", 'password_env = "X"\n[smtp]'))
    assert config.smtp.url == f"smtp://{host}" and config.smtp.rate == 60


# -- secrets


def test_the_password_is_read_when_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    box = Mailbox("main", "imaps://u@host/INBOX", password_file=secret)
    secret.write_text("first\n")
    assert password(box) == "first"
    secret.write_text("密码 two ")
    assert password(box) == "密码 two "
    monkeypatch.setenv("MAILFLOW_TEST_PASSWORD", "from env")
    assert password(Smtp("smtps://u@host", 60, password_env="MAILFLOW_TEST_PASSWORD")) == "from env"
    assert password(Smtp("smtp://localhost", 60)) == ""


def test_a_token_comes_from_a_command_or_a_file(tmp_path: Path) -> None:
    prints = OAuth2(command=(sys.executable, "-c", "print('ya29.token')"))
    assert password(Mailbox("m", "imaps://u@host/INBOX", oauth2=prints)) == "ya29.token"
    (tmp_path / "token").write_text("abc\n")
    assert password(Mailbox("m", "imaps://u@host/INBOX", oauth2=OAuth2(token_file=tmp_path / "token"))) == "abc"


def test_a_secret_that_cannot_be_had_is_one_clear_line_and_an_oserror_as_mailboxes_expect(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "two").write_text("a\nb\n")
    boxes = [
        (Mailbox("m", "u", password_file=tmp_path / "none"), "不存在"),
        (Mailbox("m", "u", password_file=tmp_path), "读不了"),
        (Mailbox("m", "u", password_file=tmp_path / "empty"), "是空的"),
        (Mailbox("m", "u", password_file=tmp_path / "two"), "多行"),
        (Mailbox("m", "u", password_env="MAILFLOW_NOT_SET"), "MAILFLOW_NOT_SET"),
        (Mailbox("m", "u", oauth2=OAuth2(command=("/none/such",))), "没能执行"),
        (Mailbox("m", "u", oauth2=OAuth2(command=(sys.executable, "-c", "import sys; sys.exit('no grant')"))), "no grant"),
        (Mailbox("m", "u", oauth2=OAuth2(command=(sys.executable, "-c", ""))), "没有输出"),
    ]
    for box, words in boxes:
        with pytest.raises(ConfigError, match=words) as caught:
            password(box)
        assert isinstance(caught.value, OSError) and "\n" not in str(caught.value)


# -- speed


def test_loading_is_quick_and_imports_nothing_but_the_standard_library(tmp_path: Path) -> None:
    (tmp_path / "mailflow.toml").write_text(MINIMAL)
    load(tmp_path / "mailflow.toml")
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        load(tmp_path / "mailflow.toml")
        times.append(time.perf_counter() - begin)
    assert min(times) < 0.01
    code = (
        "import sys; before = set(sys.modules); import mailflow.config; "
        "new = {m.partition('.')[0] for m in set(sys.modules) - before if not m.startswith('_sysconfigdata')}; "
        "print(new - set(sys.stdlib_module_names) - {'mailflow'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
