"""Connects to an IMAP server and logs in, and turns whatever goes wrong into one Chinese line that says what to do."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError, IMAPClientAbortError, IMAPClientError, LoginError, ProtocolError

from .address import ServerAddress, tls_context
from .envelope import MailboxError

CONNECT_SECONDS = 20
READ_SECONDS = 90
_KEEPALIVE = {"TCP_KEEPIDLE": 120, "TCP_KEEPINTVL": 30, "TCP_KEEPCNT": 4}

# RFC 5530 response codes that a later try may not meet again, and the words of servers that know none.
_PASSING = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|OVERQUOTA)\]|try again|temporar|too many|system busy|frequen", re.I)


def connect(name: str, address: ServerAddress, password: Callable[[], str], oauth2: bool) -> IMAPClient:
    """A client that is logged in and has said who it is. Raises MailboxError.

    ID (RFC 2971) comes after the login because NetEase (163, 126, yeah.net) answers SELECT with `Unsafe Login` without it.
    """
    try:
        secret = password().rstrip("\r\n")
    except OSError as error:
        raise MailboxError(f"邮箱“{name}”:读不到密码:{error}", temporary=oauth2) from error  # a token may be renewed by then
    with spoken(name, address, oauth2):
        client = IMAPClient(
            address.host,
            address.port,
            ssl=address.security == "tls",
            ssl_context=tls_context() if address.security == "tls" else None,
            timeout=SocketTimeout(CONNECT_SECONDS, READ_SECONDS),
        )
        try:
            client.normalise_times = False
            _keep_alive(client.socket())
            if address.security == "starttls":
                client.starttls(tls_context())
            _login(client, address.user, secret, oauth2)
            if client.has_capability("ID"):
                client.id_({"name": "mailflow", "version": _version(), "vendor": "mailflow"})
        except BaseException:
            hang_up(client)
            raise
        return client


def hang_up(client: IMAPClient) -> None:
    """Close the connection without a word; what goes wrong now has no consequence."""
    try:
        client.shutdown()
    except (OSError, IMAPClientError):
        pass  # it was closed already


def _login(client: IMAPClient, user: str, secret: str, oauth2: bool) -> None:
    if oauth2:
        client.oauth2_login(user, secret)
    elif not (user + secret).isascii() or client.has_capability("LOGINDISABLED"):
        # LOGIN carries ASCII alone in imaplib; SASL PLAIN is UTF-8 by definition (RFC 4616)
        client.sasl_login("PLAIN", lambda _challenge: f"\0{user}\0{secret}".encode())
    else:
        client.login(user, secret)


def _keep_alive(sock: socket.socket) -> None:
    """A firewall that forgets a quiet IDLE connection must be noticed in minutes, not at the next renewal."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE.items():
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _version() -> str:
    try:
        return version("mailflow-desk")
    except PackageNotFoundError:
        return "0"


@contextmanager
def spoken(name: str, address: ServerAddress, oauth2: bool = False) -> Iterator[None]:
    """Whatever the network or the server does inside becomes a MailboxError. With `oauth2` a refused login may pass: tokens expire."""
    try:
        yield
    except MailboxError:
        raise
    except (OSError, IMAPClientError, ValueError, IndexError, AssertionError) as error:
        # the last three are what imapclient's parser raises on an answer that is not IMAP
        text, temporary = _explain(error, address)
        temporary = temporary or (oauth2 and isinstance(error, LoginError))
        raise MailboxError(f"邮箱“{name}”:{text}", temporary=temporary) from error


def _explain(error: Exception, address: ServerAddress) -> tuple[str, bool]:
    said = " ".join(str(error).split())[:300]
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"服务器 {address} 的 TLS 证书不可信({error.verify_message});请核对服务器名,自签证书用环境变量 SSL_CERT_FILE 指定", False
    if isinstance(error, ssl.SSLError) and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return f"与服务器 {address} 的 TLS 握手失败({said});请核对端口与协议(imaps:// 用 993,imap+starttls:// 用 143)", False
    if isinstance(error, socket.gaierror):
        return f"找不到服务器 {address.host}({error.strerror});请核对服务器名和 DNS,稍后自动重试", True
    if isinstance(error, TimeoutError):
        return f"服务器 {address} 没有应答(超时);请检查网络和防火墙,稍后自动重试", True
    if isinstance(error, ConnectionRefusedError):
        return f"服务器 {address} 拒绝连接;请确认邮件服务已启动、端口正确,稍后自动重试", True
    if "unsafe login" in said.lower():
        return f"网易邮箱拒绝登录(Unsafe Login);请在网页邮箱中开启 IMAP 并改用客户端授权码({said})", False
    if isinstance(error, LoginError) and not isinstance(error.__context__, IMAPClientAbortError):
        if _PASSING.search(said):
            return f"服务器 {address} 暂时不让登录,稍后自动重试({said})", True
        return f"用户 {address.user} 登录 {address} 被拒绝;请核对用户名、密码或授权码,并确认已开启 IMAP({said})", False
    if isinstance(error, CapabilityError):
        return f"服务器 {address} 不支持所需的功能({said});若是 STARTTLS,请改用 imaps://", False
    if isinstance(error, (IMAPClientAbortError, LoginError, OSError)):
        return f"与服务器 {address} 的连接断了,稍后自动重试({said})", True
    if isinstance(error, IMAPClientError) and not isinstance(error, ProtocolError):
        return f"服务器 {address} 不肯执行命令({said})", bool(_PASSING.search(said))
    return f"服务器 {address} 的应答读不懂,稍后自动重试({said})", True
