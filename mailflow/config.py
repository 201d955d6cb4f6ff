"""The one configuration file, mailflow.toml: read, checked and turned into frozen dataclasses (CONTRACT, Configuration).

Every key has a default or an error in Chinese that names file, line and key and says what to write instead. Nothing heavy is imported, and what is
needed for errors alone is imported there: every command waits for this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from .errors import ConfigError
from .toml_file import TomlFile


@dataclass(frozen=True, slots=True)
class OAuth2:
    """Where an access token comes from at the time of use: the output of a command, or a file that something else renews."""

    command: tuple[str, ...] = ()
    token_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    address: str
    domains: tuple[str, ...]
    timezone: ZoneInfo
    admin: str | None  # None: whoever has the role 系统管理员


@dataclass(frozen=True, slots=True)
class StoreConfig:
    database: str  # SQLAlchemy URL, a SQLite path made absolute
    archive: str  # absolute folder, or s3://bucket/prefix


@dataclass(frozen=True, slots=True)
class Mailbox:
    name: str
    url: str  # maildir:ABSOLUTE, imaps://user@host:port/FOLDER, imap+starttls://…, imap://… on loopback
    password_file: Path | None = None
    password_env: str | None = None
    oauth2: OAuth2 | None = None
    processed: str | None = None  # folder that mails are moved to when done; None leaves them where they are


@dataclass(frozen=True, slots=True)
class Smtp:
    url: str
    rate: int  # letters a minute; 0 is no limit
    password_file: Path | None = None
    password_env: str | None = None
    oauth2: OAuth2 | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    authserv_id: str | None
    commands: str  # directory, authenticated or token


@dataclass(frozen=True, slots=True)
class Fax:
    gateways: tuple[str, ...]
    reply: str | None  # pattern with {number}


@dataclass(frozen=True, slots=True)
class Limits:
    message_mb: int  # a larger mail is held, its attachments unread
    reader_seconds: int  # for a child process that reads a Word file or a fax
    reader_memory_mb: int  # OCR needs more than 1024
    letters_per_person_hour: int
    letters_per_case_hour: int


@dataclass(frozen=True, slots=True)
class Config:
    service: Service
    store: StoreConfig
    masterdata_folder: Path
    templates_folder: Path | None
    mailboxes: tuple[Mailbox, ...]
    smtp: Smtp
    trust: Trust
    fax: Fax
    limits: Limits
    base: Path  # the folder of the file; relative paths are relative to it
    file: Path


_SECRET = ("password_file", "password_env", "oauth2")
_KEYS: dict[str, tuple[str, ...]] = {
    "service": ("name", "address", "domains", "timezone", "admin"),
    "store": ("database", "archive"),
    "masterdata": ("folder",),
    "templates": ("folder",),
    "mailbox": ("name", "url", "processed", *_SECRET),
    "smtp": ("url", "rate", *_SECRET),
    "trust": ("authserv_id", "commands"),
    "fax": ("gateways", "reply"),
    "limits": ("message_mb", "reader_seconds", "reader_memory_mb", "letters_per_person_hour", "letters_per_case_hour"),
}
_MAILBOX_URLS = 'url = "imaps://用户名@主机/INBOX"(或 imap+starttls://…、maildir:目录)'
_SMTP_URLS = 'url = "smtps://用户名@主机"(或 smtp+starttls://…、maildir:目录)'
_PART = r"[^\s@<>,;:\"()\[\]\\\u3001\uff0c\uff1b]"  # \u3001…: Chinese separators of lists
_ADDRESS = re.compile(rf"{_PART}+@(?:(?!\.){_PART})+(?:\.(?:(?!\.){_PART})+)*")


def is_address(text: str) -> bool:
    """Whether a text is one bare mail address, without display name."""
    return len(text) <= 254 and bool(_ADDRESS.fullmatch(text))


def load(path: Path) -> Config:
    """Read one mailflow.toml. Raises ConfigError, one line in Chinese."""
    return _Reader(path).config()


class _Reader:
    """One reading of one file; every error points at its own line."""

    def __init__(self, path: Path) -> None:
        self.path, self.base = path, path.resolve().parent
        file = TomlFile(path)
        self.data, self.lines = file.data, file.lines
        self.table = ""
        self.row: dict[str, Any] = {}
        self.index = 0

    # -- errors and single values

    def fail(self, key: str, message: str) -> NoReturn:
        line = self.lines.get((self.table, self.index, key)) or self.lines.get((self.table, self.index, ""))
        where = f" 第 {line} 行" if line else ""
        name = f"[[{self.table}]]" if self.table == "mailbox" else f"[{self.table}]"
        raise ConfigError(f"{self.path}{where} {name}{' ' + key if key else ''}:{message}")

    def enter(self, table: str, index: int = 0) -> None:
        self.table, self.index = table, index
        found = self.data.get(table, {})
        self.row = found[index] if isinstance(found, list) else found
        for key in self.row:
            if key not in _KEYS[table]:
                self.fail(key, f"没有这个键;{_nearest(key, table)}")

    def string(self, key: str, default: str | None, example: str, required: bool = False) -> str | None:
        value = self.row.get(key)
        if value is None:
            if required:
                self.fail("", f"缺 {key};请写 {example}")
            return default
        if not isinstance(value, str) or not value.strip():
            self.fail(key, f"应是引号里的文字,不能空;例如 {example}")
        return value.strip()

    def strings(self, key: str, example: str, valid: Callable[[str], bool]) -> tuple[str, ...]:
        value = self.row.get(key, [])
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list):
            self.fail(key, f"应是一个列表;例如 {example}")
        for item in items:
            if not isinstance(item, str) or not valid(item.strip()):
                self.fail(key, f"读不懂 {item!r};例如 {example}")
        return tuple(item.strip().lower() for item in items)

    def integer(self, key: str, default: int, least: int = 1) -> int:
        value = self.row.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self.fail(key, f"应是不小于 {least} 的整数,不加引号;例如 {key} = {default or 60}")
        return value

    def resolve(self, text: str) -> Path:
        return self.base / Path(text).expanduser()

    # -- tables

    def config(self) -> Config:
        for name, value in self.data.items():
            self.table, self.index = name, 0
            if name not in _KEYS:
                if isinstance(value, dict | list):
                    self.fail("", f"没有这个表;{_nearest(name, None)}")
                raise ConfigError(f"{self.path} 第 {self.lines.get(('', 0, name), 1)} 行 {name}:键要写在某个表之下;{_nearest(name, '')}")
            if name == "mailbox" and not (isinstance(value, list) and all(isinstance(row, dict) for row in value)):
                self.fail("", "邮箱可以有几个,表名写成双方括号 [[mailbox]]")
            if name != "mailbox" and not isinstance(value, dict):
                self.fail("", f"这个表只能有一个,写成 [{name}]")
        return Config(
            service=self.service(),
            store=self.store(),
            masterdata_folder=self.folder("masterdata") or self.resolve("masterdata"),
            templates_folder=self.folder("templates"),
            mailboxes=self.mailboxes(),
            smtp=self.smtp(),
            trust=self.trust(),
            fax=self.fax(),
            limits=self.limits(),
            base=self.base,
            file=self.path,
        )

    def service(self) -> Service:
        self.enter("service")
        address = self.string("address", None, 'address = "mailflow@corp.example"(大家写信到的地址)', required=True) or ""
        if not is_address(address):
            self.fail("address", f'“{address}”不是一个邮件地址;例如 address = "mailflow@corp.example"')
        domains = self.strings("domains", 'domains = ["corp.example"]', lambda d: bool(re.fullmatch(r"[^\s@/]+", d)))
        zone = self.string("timezone", "Asia/Shanghai", 'timezone = "Asia/Shanghai"') or ""
        try:
            timezone = ZoneInfo(zone)
        except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
            self.fail("timezone", f'没有时区“{zone}”;例如 timezone = "Asia/Shanghai"(系统缺时区数据时安装 tzdata)')
        admin = self.string("admin", None, 'admin = "admin@corp.example"')
        if admin and "@" in admin and not is_address(admin):
            self.fail("admin", f'“{admin}”不是一个邮件地址;例如 admin = "admin@corp.example"')
        name = self.string("name", "技术支持中心", 'name = "技术支持中心"') or ""
        return Service(name, address, domains or (address.rpartition("@")[2].lower(),), timezone, admin)

    def store(self) -> StoreConfig:
        self.enter("store")
        url = self.string("database", "sqlite:///mailflow.db", 'database = "sqlite:///mailflow.db"') or ""
        archive = self.string("archive", "archive", 'archive = "archive"(文件夹),或 "s3://桶/前缀"') or ""
        if "://" not in archive:
            archive = str(self.resolve(archive))
        elif not re.fullmatch(r"s3://[^/\s]+(/\S*)?", archive):
            self.fail("archive", '只能是文件夹或 s3://桶/前缀;例如 archive = "archive"')
        return StoreConfig(self.database(url), archive)

    def database(self, url: str) -> str:
        scheme, separator, rest = url.partition("://")
        if separator and scheme in ("sqlite", "sqlite+pysqlite"):
            file, mark, options = rest.removeprefix("/").partition("?")
            if not file or file == ":memory:" or not rest.startswith("/"):
                self.fail("database", '内存数据库一停就丢信;写文件,例如 database = "sqlite:///mailflow.db"')
            return f"sqlite:///{self.resolve(file)}{mark}{options}"
        if separator and scheme in ("postgresql", "postgresql+psycopg"):
            if "@" in rest and ":" in rest.partition("/")[0].rpartition("@")[0] or re.search(r"[?&]password=", rest):
                self.fail("database", "地址里不能写密码;去掉它,把密码放进 ~/.pgpass,或由环境变量 PGPASSWORD、PGPASSFILE 给出")
            return f"postgresql+psycopg://{rest}"
        self.fail("database", '只支持 SQLite 和 PostgreSQL:database = "sqlite:///mailflow.db" 或 "postgresql+psycopg://用户@主机/库"')

    def folder(self, table: str) -> Path | None:
        self.enter(table)
        value = self.string("folder", None, f'folder = "{table}"')
        return self.resolve(value) if value else None

    def mailboxes(self) -> tuple[Mailbox, ...]:
        found: list[Mailbox] = []
        if not self.data.get("mailbox"):
            raise ConfigError(f"{self.path}:没有 [[mailbox]];加上要读的邮箱:[[mailbox]] 之下写 {_MAILBOX_URLS}")
        for index in range(len(self.data["mailbox"])):
            self.enter("mailbox", index)
            name = self.string("name", "main" if len(self.data["mailbox"]) == 1 else None, 'name = "main"', len(self.data["mailbox"]) > 1)
            if any(other.name == name for other in found):
                self.fail("name", f"已有一个邮箱叫 {name};每个邮箱要有自己的名字,起了就不要改(收过的信按它记)")
            url = self.url(self.string("url", None, _MAILBOX_URLS, required=True) or "", "imap", _MAILBOX_URLS)
            processed = self.string("processed", None, 'processed = "已处理"')
            found.append(Mailbox(name or "main", url, *self.secret(url), processed))
        return tuple(found)

    def smtp(self) -> Smtp:
        self.enter("smtp")
        url = self.url(self.string("url", None, _SMTP_URLS, required=True) or "", "smtp", _SMTP_URLS)
        rate = self.integer("rate", 0 if url.startswith("maildir:") else 60, least=0)
        return Smtp(url, rate, *self.secret(url))

    def url(self, url: str, protocol: str, examples: str) -> str:
        """A mailbox's or SMTP's URL, checked; the path of a maildir made absolute."""
        scheme, _, rest = url.partition(":")
        if scheme == "maildir":
            if not rest.strip("/"):
                self.fail("url", 'maildir: 之后写目录;例如 url = "maildir:inbox"')
            return f"maildir:{self.resolve(rest.removeprefix('//'))}"
        if scheme not in (protocol, f"{protocol}s", f"{protocol}+starttls"):
            self.fail("url", f"不认得“{scheme}:”;请写 {examples}")
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname, parts.port
        except ValueError:
            self.fail("url", f"主机或端口读不懂;请写 {examples}")
        if not rest.startswith("//") or not host:
            self.fail("url", f"缺主机名;请写 {examples}")
        if parts.password is not None:
            self.fail("url", '地址里不能写密码;去掉它,另写 password_file = "secrets/mail"(或 password_env、oauth2)')
        if scheme == protocol and not _loopback(host):
            self.fail("url", f"{protocol}:// 不加密,只许用于本机;改成 {protocol}s:// 或 {protocol}+starttls://")
        if protocol == "imap" and not parts.username:
            self.fail("url", f"缺登录用户名;请写 {examples}")
        return url

    def secret(self, url: str) -> tuple[Path | None, str | None, OAuth2 | None]:
        given = [key for key in _SECRET if key in self.row]
        user = not url.startswith("maildir:") and urlsplit(url).username
        if len(given) > 1:
            self.fail(given[1], f"{'、'.join(given)} 只能写一个")
        if given and not user:
            self.fail(given[0], "这个 url 不登录,用不着密码;去掉这一行,或在 url 里写上用户名")
        if user and not given:
            self.fail("", f'{user} 的密码从哪里来?写 password_file = "secrets/mail",或 password_env = "变量名",或 oauth2')
        file = self.string("password_file", None, 'password_file = "secrets/mail"')
        env = self.string("password_env", None, 'password_env = "MAILFLOW_PASSWORD"')
        if env and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", env):
            self.fail("password_env", '这里写环境变量的名字,不是密码本身;例如 password_env = "MAILFLOW_PASSWORD"')
        return self.resolve(file) if file else None, env, self.oauth2() if "oauth2" in given else None

    def oauth2(self) -> OAuth2:
        value = self.row["oauth2"]
        example = 'oauth2 = {command = ["取令牌的程序", "参数"]} 或 {token_file = "secrets/token"}'
        if not isinstance(value, dict) or len(value) != 1 or not set(value) <= {"command", "token_file"}:
            self.fail("oauth2", f"请写 {example}")
        if "token_file" in value:
            if not isinstance(value["token_file"], str) or not value["token_file"]:
                self.fail("oauth2", f"请写 {example}")
            return OAuth2(token_file=self.resolve(value["token_file"]))
        command = value["command"]
        if isinstance(command, str):
            import shlex

            try:
                command = shlex.split(command)
            except ValueError:
                self.fail("oauth2", f"command 里的引号不成对;请写 {example}")
        if not isinstance(command, list) or not command or not all(isinstance(word, str) for word in command):
            self.fail("oauth2", f"请写 {example}")
        program = str(self.resolve(command[0])) if "/" in command[0] else command[0]
        return OAuth2(command=(program, *command[1:]))

    def trust(self) -> Trust:
        self.enter("trust")
        server = self.string("authserv_id", None, 'authserv_id = "mx.corp.example"')
        commands = self.string("commands", "authenticated" if server else "token", 'commands = "token"') or ""
        if commands not in ("directory", "authenticated", "token"):
            self.fail("commands", f"“{commands}”不是其中之一:directory(认通讯录)、authenticated(认邮件服务器的验证)、token(认信中的一次性口令)")
        if commands == "authenticated" and not server:
            self.fail("commands", 'authenticated 还要写明信谁的验证结果;加 authserv_id = "mx.corp.example"(邮件头 Authentication-Results 的第一个词)')
        return Trust(server, commands)

    def fax(self) -> Fax:
        self.enter("fax")
        reply = self.string("reply", None, 'reply = "{number}@fax.example"')
        if reply and (reply.count("{number}") != 1 or not is_address(reply.replace("{number}", "0"))):
            self.fail("reply", '应是含 {number} 的地址;例如 reply = "{number}@fax.example"')
        return Fax(self.strings("gateways", 'gateways = ["fax@corp.example"]', is_address), reply)

    def limits(self) -> Limits:
        self.enter("limits")
        defaults = {"message_mb": 50, "reader_seconds": 120, "reader_memory_mb": 2048, "letters_per_person_hour": 60, "letters_per_case_hour": 60}
        return Limits(**{key: self.integer(key, default) for key, default in defaults.items()})


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _nearest(word: str, table: str | None) -> str:
    """What the writer of an unknown word probably meant: the nearest key of the table, its own table, or all there are."""
    from difflib import get_close_matches

    if table is None:
        near = get_close_matches(word.lower(), _KEYS, 1, 0.5)
        return f"是不是 [{near[0]}]?" if near else f"有的表:{'、'.join(_KEYS)}"
    others = [f"[{name}]" for name, keys in _KEYS.items() if word in keys]
    if others:
        return f"{word} 属于 {' 或 '.join(others)}"
    if not table:
        return f"有的表:{'、'.join(_KEYS)}"
    near = get_close_matches(word.lower(), _KEYS[table], 1, 0.5)
    return f"是不是 {near[0]}?" if near else f"这里可以写:{'、'.join(_KEYS[table])}"
