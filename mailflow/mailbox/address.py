"""Reads the `url` of a mail server (`imaps://user@host:port/FOLDER`, `smtp+starttls://…`) and insists on TLS."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

Security = Literal["tls", "starttls", "plain"]

_SCHEMES: dict[str, tuple[Security, int]] = {
    "imaps": ("tls", 993),
    "imap+starttls": ("starttls", 143),
    "imap": ("plain", 143),
    "smtps": ("tls", 465),
    "smtp+starttls": ("starttls", 587),
    "smtp": ("plain", 25),
}


class AddressError(ValueError):
    """The url cannot be used; the message is one Chinese line that says what to write instead."""


@dataclass(frozen=True)
class ServerAddress:
    """A mail server, how to reach it and as whom (`user` is empty when nobody logs in)."""

    host: str
    port: int
    security: Security
    user: str
    folder: str

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def read_address(url: str) -> ServerAddress:
    """Take a server url apart; raises AddressError. Percent signs are decoded, so `user%40corp.example@host` works as well."""
    try:
        parts = urlsplit(url)
        port, host, user, secret = parts.port, parts.hostname, parts.username, parts.password
    except ValueError as error:
        raise AddressError(f"地址“{url}”读不懂({error}),应写成 imaps://用户@服务器/INBOX 这样的形式") from error
    if secret is not None:
        raise AddressError("地址里不能写密码,请改用 password_file、password_env 或 oauth2")
    if parts.scheme not in _SCHEMES:
        raise AddressError(f"地址“{url}”的协议不认识,可用:maildir: {' '.join(f'{s}://' for s in _SCHEMES)}")
    if not host:
        raise AddressError(f"地址“{url}”里没有服务器名,应写成 {parts.scheme}://用户@服务器")
    security, default_port = _SCHEMES[parts.scheme]
    if security == "plain" and not is_loopback(host):
        safe = "imaps:// 或 imap+starttls://" if parts.scheme == "imap" else "smtps:// 或 smtp+starttls://"
        raise AddressError(f"{parts.scheme}:// 不加密,只能用于本机(127.0.0.1);连接 {host} 请改用 {safe}")
    return ServerAddress(host, port or default_port, security, unquote(user or ""), unquote(parts.path.lstrip("/")))


def is_loopback(host: str) -> bool:
    """True for this machine alone; a name other than localhost is never looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def tls_context() -> ssl.SSLContext:
    """Verifies certificates against the system's authorities; `SSL_CERT_FILE` adds an organisation's own."""
    return ssl.create_default_context()
