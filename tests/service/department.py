"""A department to run commands in: the demonstration's people and projects, mail and letters as folders."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import mailflow

SERVICE = "mailflow@demo.example"
REPORT = """沟通结果:成功
项目名称:滨江医院信息化
沟通人:吴主任
沟通方式:现场
沟通的具体问题:演示了两台核心交换机的双机热备切换
遗留的问题描述:无
沟通日期:2024-05-17
"""
_CONFIG = """
[service]
name = "技术支持中心"
address = "{service}"
[masterdata]
folder = "masterdata"
{mailboxes}
[smtp]
{smtp}
[trust]
commands = "directory"
"""
MAILDIR = '[[mailbox]]\nname = "main"\nurl = "maildir:inbox"'


@dataclass
class Done:
    """What a command said and how it ended."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Department:
    """One folder with its mailflow.toml."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "mailflow.toml"

    def configure(self, mailboxes: str = MAILDIR, smtp: str = 'url = "maildir:outbox"') -> None:
        self.config.write_text(_CONFIG.format(service=SERVICE, mailboxes=mailboxes, smtp=smtp), encoding="utf-8")

    def put(self, raw: bytes, name: str = "1764000000.M000001P1.test", box: str = "inbox") -> None:
        """Delivers as a deliverer does: written in tmp, then renamed."""
        draft = self.folder / box / "tmp" / name
        draft.write_bytes(raw)
        draft.rename(self.folder / box / "new" / name)

    def letters(self) -> list[EmailMessage]:
        """What went out, in order."""
        out = self.folder / "outbox" / "new"
        files = sorted(out.iterdir()) if out.is_dir() else []
        return [BytesParser(policy=policy.default).parsebytes(file.read_bytes()) for file in files]  # type: ignore[misc]

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "mailflow", "--config", str(self.config), *arguments]

    def run(self, *arguments: str) -> Done:
        """A command as its user starts it, in this process: the same code without half a second of start."""
        from mailflow.__main__ import main as run_main

        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                status = run_main(["--config", str(self.config), *arguments])
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else 1
        return Done(status, out.getvalue(), err.getvalue())

    def start(self, *arguments: str, **more: object) -> Done:
        """The same in a process of its own, with other limits (`preexec_fn`) or another environment (`env`)."""
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=60, **more)  # type: ignore[call-overload]
        return Done(done.returncode, done.stdout, done.stderr)


def make(folder: Path) -> Department:
    shutil.copytree(Path(mailflow.__file__ or "").parent / "demo" / "masterdata", folder / "masterdata")
    for part in ("tmp", "new", "cur"):
        (folder / "inbox" / part).mkdir(parents=True)
    department = Department(folder)
    department.configure()
    return department


def mail(subject: str = "客户沟通-滨江医院信息化项目-周强", text: str = REPORT, sender: str = "zhouqiang@demo.example", id: str = "1@demo.example") -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"], message["Message-ID"] = sender, SERVICE, subject, f"<{id}>"
    message.set_content(text)
    return message.as_bytes()
