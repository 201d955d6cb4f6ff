"""One SMTP connection: logs in, hands over a letter step by step, and knows at every step whether it can have gone."""

from __future__ import annotations

import base64
import re
import smtplib
import ssl
from collections.abc import Callable

from mailflow.mailbox.address import AddressError, read_address, tls_context

CONNECT_SECONDS = 20
COMMAND_SECONDS = 90
ANSWER_SECONDS = 600  # after the final dot, RFC 5321 4.5.3.2.6: who gives up earlier sends twice

_PLAIN_ADDRESS = re.compile(r"[^\s<>\x00-\x1f\x7f]+@[^\s<>@\x00-\x1f\x7f]+")


class TransportError(Exception):
    """One Chinese line for the outbox."""


class TransportRefused(TransportError):
    """The server said no for good (5xx): trying again is no use.

    `refused` has the server's code and words for each recipient that it refused. `sent_to` are those to whom the same letter went all
    the same. `code` and `text` are those of the first refusal.
    """

    def __init__(self, code: int, text: str, refused: dict[str, tuple[int, str]] | None = None, sent_to: list[str] | None = None) -> None:
        self.code, self.text = code, text
        self.refused = refused or {}
        self.sent_to = sent_to or []
        who = f"(收件人 {'、'.join(self.refused)})" if self.refused else ""
        also = f";已发给 {'、'.join(self.sent_to)}" if self.sent_to else ""
        super().__init__(f"邮件服务器拒收{who}:{code} {text}{also}")


class TransportAway(TransportError):
    """Nothing was sent and nobody got it: unreachable, 4xx, wrong password. To be tried again later."""


class TransportUncertain(TransportError):
    """The whole letter was handed over and no answer came: it may have gone. Only a person or the Sent folder can say."""


class SmtpSession:
    """Connects at the first letter and again when the server has gone away between two letters."""

    def __init__(self, url: str, password: Callable[[], str], oauth2: bool, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._address = read_address(url)
        if not url.startswith("smtp"):
            raise AddressError(f"[smtp] url 不能是“{url}”,可用 maildir:、smtps://、smtp+starttls://,本机可用 smtp://")
        self._password, self._oauth2 = password, oauth2
        self._answer_seconds = answer_seconds
        self._server: smtplib.SMTP | None = None

    def send(self, message: bytes, sender: str, recipients: list[str]) -> None:
        """One letter. Raises TransportRefused, TransportAway, TransportUncertain."""
        kept = self._server is not None
        try:
            self._send(message, sender, recipients)
        except _Gone as gone:
            self.close()
            if not kept:
                raise TransportAway(str(gone)) from gone
            try:  # servers drop a quiet connection after some minutes; nothing of this letter was handed over
                self._send(message, sender, recipients)
            except _Gone as again:
                self.close()
                raise TransportAway(str(again)) from again

    def probe(self) -> None:
        """Connects and logs in, for `check`; sends nothing. Raises TransportAway."""
        try:
            self._server = self._server or self._connect()
        except _Gone as gone:
            raise TransportAway(str(gone)) from gone

    def close(self) -> None:
        """Quit if the server still listens. Never raises."""
        server, self._server = self._server, None
        if server is None:
            return
        try:
            if server.sock is not None:
                server.sock.settimeout(2)
                server.quit()
        except (OSError, smtplib.SMTPException):
            server.close()

    # ── one letter ────────────────────────────────────────────────────────────────────────────────────────────────

    def _send(self, message: bytes, sender: str, recipients: list[str]) -> None:
        if self._server is None:
            self._server = self._connect()
        server = self._server
        try:
            wire = _on_the_wire(message)
            code, said = server.mail(_spelled(server, sender), _mail_options(server, wire, [sender, *recipients]))
            if code >= 400:
                self._sender_refused(code, _text(said), sender)
            accepted, refused = self._recipients(server, recipients)
            code, said = server.docmd("DATA")
            if code != 354:
                self._refused_whole(code, _text(said))
            assert server.sock is not None
            server.sock.sendall(wire)
        except _BadAddress as error:  # the sender's: recipients are looked at one by one
            raise TransportAway(f"不能以 {sender} 发信;请核对 [service] address:{error}") from error
        except OSError as error:  # also a timeout: the final dot was not sent, so the server must forget it (RFC 5321 4.1.1.4)
            raise _Gone(f"与邮件服务器 {self._address} 的连接断了,稍后自动重试({error})") from error
        self._finish(server)
        if refused:
            first = next(iter(refused.values()))
            raise TransportRefused(*first, refused, accepted)

    def _recipients(self, server: smtplib.SMTP, recipients: list[str]) -> tuple[list[str], dict[str, tuple[int, str]]]:
        """Names the recipients. One that is refused for a while stops the letter for all: it goes to nobody rather than twice to some."""
        accepted: list[str] = []
        refused: dict[str, tuple[int, str]] = {}
        for recipient in recipients:
            try:
                code, said = server.rcpt(_spelled(server, recipient))
            except _BadAddress as error:
                refused[recipient] = (553, str(error))
                continue
            if code < 400:
                accepted.append(recipient)
            elif code < 500:
                self._reset(code)
                raise TransportAway(f"收件人 {recipient} 暂时收不了信,稍后自动重试:{code} {_text(said)}")
            else:
                refused[recipient] = (code, _text(said))
        if not accepted:
            self._reset(0)
            code, text = next(iter(refused.values()))
            raise TransportRefused(code, text, refused)
        return accepted, refused

    def _finish(self, server: smtplib.SMTP) -> None:
        """The final dot and its answer: from here on a lost connection leaves a doubt."""
        assert server.sock is not None
        try:
            server.sock.settimeout(self._answer_seconds)
            server.sock.sendall(b".\r\n")
            code, said = server.getreply()
            server.sock.settimeout(COMMAND_SECONDS)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            text = f"信已交给邮件服务器 {self._address},没等到答复连接就断了,可能已发出;请在“已发送”或收件人处核实({error})"
            raise TransportUncertain(text) from error
        if code != 250:
            self._refused_whole(code, _text(said))

    def _sender_refused(self, code: int, text: str, sender: str) -> None:
        if code == 552:  # too large (RFC 1870): the letter is at fault
            self._refused_whole(code, text)
        if code == 421:  # it is closing, often after a quiet spell
            raise _Gone(f"邮件服务器 {self._address} 暂时不服务,稍后自动重试:{code} {text}")
        self._reset(code)
        if code < 500:
            raise TransportAway(f"邮件服务器 {self._address} 暂时不收信,稍后自动重试:{code} {text}")
        # a matter of the configuration: no letter may be given up because of it
        raise TransportAway(f"邮件服务器 {self._address} 不许以 {sender} 发信;请核对 [service] address 与登录用户是否一致:{code} {text}")

    def _refused_whole(self, code: int, text: str) -> None:
        self._reset(code)
        if code >= 500:
            raise TransportRefused(code, text)
        raise TransportAway(f"邮件服务器 {self._address} 暂时不收这封信,稍后自动重试:{code} {text}")

    def _reset(self, code: int) -> None:
        """Ready for the next letter; where that fails, or the server has said 421 (closing), the next letter connects anew."""
        if self._server is None:
            return
        try:
            if code == 421 or self._server.rset()[0] != 250:
                self.close()
        except (OSError, smtplib.SMTPException):
            self.close()

    # ── connecting ────────────────────────────────────────────────────────────────────────────────────────────────

    def _connect(self) -> smtplib.SMTP:
        address = self._address
        try:
            secret = self._password().rstrip("\r\n") if address.user else ""
        except OSError as error:
            raise TransportAway(f"读不到 SMTP 密码:{error}") from error
        server: smtplib.SMTP | None = None
        try:
            if address.security == "tls":
                server = smtplib.SMTP_SSL(address.host, address.port, timeout=CONNECT_SECONDS, context=tls_context())
            else:
                server = smtplib.SMTP(address.host, address.port, timeout=CONNECT_SECONDS)
            assert server.sock is not None
            server.sock.settimeout(COMMAND_SECONDS)
            server.ehlo_or_helo_if_needed()
            if address.security == "starttls":
                server.starttls(context=tls_context())
                server.ehlo_or_helo_if_needed()
            if address.user:
                self._login(server, address.user, secret)
        except BaseException as error:
            if server is not None:
                server.close()
            if isinstance(error, (OSError, smtplib.SMTPException)):  # SMTPException is an OSError; said for the reader
                raise _Gone(_explain(error, str(address), address.user)) from error
            raise
        return server

    def _login(self, server: smtplib.SMTP, user: str, secret: str) -> None:
        offered = server.esmtp_features.get("auth", "").upper().split()
        if self._oauth2:
            code, said = server.docmd("AUTH", "XOAUTH2 " + _base64(f"user={user}\1auth=Bearer {secret}\1\1"))
            if code == 334:  # the reason, in JSON; an empty line asks for the verdict
                code, said = server.docmd("")
        elif "PLAIN" in offered:  # by ourselves: smtplib knows ASCII passwords alone, RFC 4616 says UTF-8
            code, said = server.docmd("AUTH", "PLAIN " + _base64(f"\0{user}\0{secret}"))
        else:
            code, said = server.login(user, secret)
        if code not in (235, 503):
            raise smtplib.SMTPAuthenticationError(code, said)


class _Gone(Exception):
    """The connection failed before the letter was handed over."""


class _BadAddress(ValueError):
    """This address cannot be said to this server."""


def _explain(error: Exception, where: str, user: str) -> str:
    said = " ".join(str(error).split())[:300]
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"邮件服务器 {where} 的 TLS 证书不可信({error.verify_message});请核对服务器名,自签证书用环境变量 SSL_CERT_FILE 指定"
    if isinstance(error, ssl.SSLError):
        return f"与邮件服务器 {where} 的 TLS 握手失败({said});请核对端口与协议(smtps:// 用 465,smtp+starttls:// 用 587)"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"用户 {user} 登录邮件服务器 {where} 被拒绝;请核对用户名、密码或授权码({said})"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"邮件服务器 {where} 不支持所需的功能({said});STARTTLS 不行可改用 smtps://;服务器不要求登录时 url 里不写用户"
    return f"连不上邮件服务器 {where};请检查网络、端口和服务器,稍后自动重试({said})"


def _mail_options(server: smtplib.SMTP, message: bytes, addresses: list[str]) -> list[str]:
    options = []
    if server.has_extn("size"):
        options.append(f"SIZE={len(message)}")
    if not message.isascii() and server.has_extn("8bitmime"):
        options.append("BODY=8BITMIME")
    head = re.split(rb"\r?\n\r?\n", message, maxsplit=1)[0]
    if server.has_extn("smtputf8") and not (head.isascii() and "".join(addresses).isascii()):
        options.append("SMTPUTF8")  # RFC 6531
    return options


def _spelled(server: smtplib.SMTP, address: str) -> str:
    """The address as this server takes it; without SMTPUTF8 a Chinese domain goes as IDNA. Raises _BadAddress."""
    if not address:
        return address  # the null reverse-path
    if not _PLAIN_ADDRESS.fullmatch(address):
        raise _BadAddress(f"地址“{address}”不合法")
    if address.isascii():
        return address
    if server.has_extn("smtputf8"):
        server.command_encoding = "utf-8"
        return address
    local, _, domain = address.rpartition("@")
    try:
        return f"{local.encode('ascii').decode()}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise _BadAddress(f"邮件服务器不支持中文邮箱地址“{address}”(没有 SMTPUTF8)") from error


def _on_the_wire(message: bytes) -> bytes:
    """CRLF line ends, leading dots doubled (RFC 5321 4.5.2), ready for the final dot."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    lines = re.sub(rb"(?m)^\.", b"..", lines)
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _text(said: bytes) -> str:
    return " ".join(said.decode("utf-8", "replace").split())[:300]
