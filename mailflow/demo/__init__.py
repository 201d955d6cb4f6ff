"""`mailflow demo`: a day of a department that does not exist, played through a mail server of its own on loopback, told as a story."""

from __future__ import annotations

import os
import shutil
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from ..passes import Office
    from .post import Post

SERVICE = "mailflow@demo.example"
_SECRET = "MAILFLOW_DEMO_PASSWORD"
_CONFIG = """\
# 演示留下的配置:邮箱和发信都是文件夹,没有服务器,可以接着玩。
# 把一封 .eml 放进 inbox/new,执行 mailflow --config 本文件 once,回信在 outbox/new。
[service]
name     = "技术支持中心"
address  = "{service}"
domains  = ["demo.example"]
timezone = "Asia/Shanghai"

[store]
database = "sqlite:///mailflow.db"
archive  = "archive"

[masterdata]
folder = "masterdata"

[[mailbox]]
name = "{name}"
{mailbox}

[smtp]
url  = "{smtp}"
rate = 0      # 每分钟最多发几封,0 是不限

[trust]
commands = "directory"

[fax]
gateways = ["fax@demo.example"]
"""


def run(folder: Path | None) -> int:
    """Plays, tells, leaves its folder, stops its server. Raises UsageError for a folder that holds something, DemoServerError, OSError."""
    from .. import logs
    from ..mailbox.demo_server import DemoServer
    from . import tale
    from .post import Post

    logs.set_up()
    started = time.monotonic()
    folder = _fresh(folder)
    shutil.copytree(Path(__file__).parent / "masterdata", folder / "masterdata")
    print("正在起一台只有本机能连的邮件服务器,收发一天的信……", file=sys.stderr, flush=True)
    with DemoServer() as server:
        os.environ[_SECRET] = server.password
        config = folder / "mailflow.toml"
        live = f'url = "{server.imap_url(SERVICE)}"\npassword_env = "{_SECRET}"'
        config.write_text(_CONFIG.format(service=SERVICE, name="demo", mailbox=live, smtp=server.smtp_url()), encoding="utf-8")
        post = Post(server, folder)
        try:
            office = _open(config)
            try:
                passes = _play(office, post)
            finally:
                office.close()
            letters = post.keep_letters()
        finally:
            del os.environ[_SECRET]
    for box in ("inbox", "outbox"):
        for part in ("tmp", "new", "cur"):
            (folder / box / part).mkdir(parents=True)
    config.write_text(_CONFIG.format(service=SERVICE, name="main", mailbox='url = "maildir:inbox"', smtp="maildir:outbox"), encoding="utf-8")
    for line in tale.tell(config, passes, letters, post.sent, time.monotonic() - started):
        print(line)
    return 0


def _fresh(folder: Path | None) -> Path:
    """The folder that was asked for, if it holds nothing; else the first free `demo-1`, `demo-2` … of the working folder."""
    if folder is not None:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder} 已经有东西了,演示不覆盖;请另给一个文件夹名")
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    for number in range(1, 1000):
        candidate = Path(f"demo-{number}")
        try:
            candidate.mkdir()
            return candidate
        except FileExistsError:
            continue
    raise UsageError("demo-1 到 demo-999 都有了;请给一个文件夹名,例如 mailflow demo /tmp/demo")


def _open(config: Path) -> Office:
    from ..wiring import open_office

    return open_office(config, mailboxes=True)


def _play(office: Office, post: Post) -> list[datetime]:
    """Delivers each act's mails by SMTP, lets them arrive, makes a pass with the story's clock."""
    from .post import NoSuchLetter
    from .script import ACTS

    clocks = []
    for act in ACTS:
        now = datetime.fromisoformat(act.at)
        for scene in act.scenes:
            try:
                post.deliver(scene, now)
            except NoSuchLetter as why:
                print(why, file=sys.stderr)
        done = office.once(now)
        for line in done.problems:
            print(line, file=sys.stderr)
        clocks.append(now)
    return clocks
