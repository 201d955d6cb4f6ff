"""Passwords and access tokens, read at the time of use so that a renewed one is seen: from a file, the environment or a command (CONTRACT, Configuration)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from .config import Mailbox, Smtp
from .errors import ConfigError

TOKEN_WITHIN = 30  # seconds for the command that gives a token


class SecretError(ConfigError, OSError):
    """A password or token that cannot be had now. An OSError too: mailboxes and transports expect one from their password callback."""


def password(source: Mailbox | Smtp) -> str:
    """The secret of a mailbox or of SMTP; '' where none is configured.

    With oauth2 it is the access token. Raises SecretError.
    """
    if source.password_env:
        value = os.environ.get(source.password_env, "")
        if not value:
            raise SecretError(f"环境变量 {source.password_env} 没有设置或是空的:在启动 mailflow 之前设好密码(password_env)")
        return value
    if source.password_file:
        return _secret_file(source.password_file, "password_file")
    if source.oauth2 and source.oauth2.token_file:
        return _secret_file(source.oauth2.token_file, "oauth2.token_file")
    return _token_from(source.oauth2.command) if source.oauth2 else ""


def _secret_file(path: Path, key: str) -> str:
    try:
        secret = path.read_text("utf-8-sig").strip("\r\n")
    except FileNotFoundError:
        raise SecretError(f"{key}:密码文件 {path} 不存在;建一个只含密码的文件,权限 600") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(f"{key}:密码文件 {path} 读不了({error});它应是只含密码的文本文件,运行 mailflow 的用户可读") from None
    if not secret.strip() or "\n" in secret:
        raise SecretError(f"{key}:密码文件 {path} 应当只有一行密码,现在{'有多行' if secret.strip() else '是空的'}")
    return secret


def _token_from(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TOKEN_WITHIN, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        raise SecretError(f"oauth2.command:命令 {command[0]} 没能执行({error});它应在 {TOKEN_WITHIN} 秒内把访问令牌打印到标准输出") from None
    token = done.stdout.strip()
    if done.returncode or not token or "\n" in token:
        why = (done.stderr.strip().splitlines() or ["没有输出" if not token else "输出不止一行"])[-1]
        raise SecretError(f"oauth2.command:命令 {command[0]} 没有给出令牌(返回 {done.returncode}:{why[:200]});它应只打印访问令牌")
    return token
