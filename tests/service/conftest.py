"""Real mail servers on loopback for the tests of this folder: a private Dovecot (IMAP, IMAPS, LMTP) and aiosmtpd."""

from __future__ import annotations

import base64
import os
import pwd
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from imapclient import IMAPClient

PASSWORD = "secret-密码"
TOKEN = "ya29.token"
_users = count(1)


@dataclass(frozen=True)
class Box:
    """What mailflow.toml says about a mailbox or about SMTP, as far as these tests care."""

    url: str
    name: str = "main"
    processed: str | None = None
    oauth2: object = None
    rate: int = 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def missing(what: str) -> None:
    """Skip here, fail in CI: there a test that does not run is a promise that nobody checks."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}, and CI=true: install it")
    pytest.skip(what)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority, and its key."""
    if not shutil.which("openssl"):
        missing("openssl is not installed")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout {key} -out {cert}"
    subprocess.run([*command.split(), "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"], check=True, capture_output=True)
    return cert, key


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@dataclass
class Dovecot:
    """One private Dovecot. Every user exists, with PASSWORD."""

    root: Path
    cert: Path
    imap: int = field(default_factory=free_port)
    imaps: int = field(default_factory=free_port)
    lmtp: int = field(default_factory=free_port)

    def start(self) -> None:
        with (self.root / "start.log").open("wb") as log:  # a pipe would be held open by the daemon
            done = subprocess.run(["dovecot", "-c", str(self.root / "dovecot.conf")], stdout=log, stderr=log)
        assert done.returncode == 0, (self.root / "start.log").read_text()
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.imap), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError((self.root / "dovecot.log").read_text())

    def stop(self) -> None:
        """As when the power fails: the master and all its children (they share its process group) at once, without BYE."""
        pid_file = self.root / "run" / "master.pid"
        if not pid_file.exists():
            return
        pid = int(pid_file.read_text())
        group = os.getpgid(pid)
        assert group != os.getpgid(0)
        os.killpg(group, signal.SIGKILL)
        pid_file.unlink()

    def url(self, user: str, folder: str = "INBOX", scheme: str = "imap") -> str:
        return f"{scheme}://{user}@127.0.0.1:{self.imaps if scheme == 'imaps' else self.imap}/{folder}"

    @contextmanager
    def client(self, user: str, folder: str | None = "INBOX") -> Iterator[IMAPClient]:
        with IMAPClient("127.0.0.1", self.imap, ssl=False, timeout=20) as client:
            client.sasl_login("PLAIN", lambda _: f"\0{user}\0{PASSWORD}".encode())
            client.normalise_times = False
            if folder:
                client.select_folder(folder)
            yield client

    def append(self, user: str, mails: list[bytes], folder: str = "INBOX", at: datetime | None = None) -> None:
        with self.client(user, None) as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            for mail in mails:
                client.append(folder, mail, msg_time=at)

    def deliver(self, user: str, mail: bytes) -> None:
        with smtplib.LMTP("127.0.0.1", self.lmtp) as lmtp:
            lmtp.sendmail("sender@corp.example", [user], mail)


_DOVECOT_CONF = """
base_dir = {root}/run
state_dir = {root}/run
log_path = {root}/dovecot.log
listen = 127.0.0.1
protocols = imap lmtp
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
mail_location = maildir:{root}/mail/%u/Maildir
mail_uid = {owner}
mail_gid = {owner}
first_valid_uid = 1
auth_failure_delay = 0
mail_fsync = never
mail_max_userip_connections = 50
passdb {{
  driver = static
  args = password={password}
}}
passdb {{
  driver = static
  args = password={token}
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner} home={root}/mail/%u allow_all_users=yes
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
namespace inbox {{
  inbox = yes
}}
"""


@contextmanager
def dovecot_server() -> Iterator[Dovecot]:
    if not (shutil.which("dovecot") and shutil.which("doveadm")):
        missing("Dovecot is not installed (apt-get install dovecot-imapd dovecot-lmtpd)")
    if os.geteuid() != 0:
        missing("a private Dovecot drops privileges and so has to be started by root")
    # not tmp_path: Dovecot's own users must be able to enter, and its socket names have a limit of 108 bytes
    root = Path(tempfile.mkdtemp(prefix="mf-dovecot-"))
    try:
        root.chmod(0o755)
        cert, key = make_certificate(root)
        server = Dovecot(root, cert)
        owner = pwd.getpwnam("nobody")
        (root / "mail").mkdir()
        os.chown(root / "mail", owner.pw_uid, owner.pw_gid)
        ports = {"imap": server.imap, "imaps": server.imaps, "lmtp": server.lmtp}
        (root / "dovecot.conf").write_text(_DOVECOT_CONF.format(root=root, cert=cert, key=key, password=PASSWORD, token=TOKEN, owner=owner.pw_uid, **ports))
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    with dovecot_server() as server:
        yield server


@pytest.fixture
def own_dovecot() -> Iterator[Dovecot]:
    """One that the test may stop."""
    with dovecot_server() as server:
        yield server


@pytest.fixture
def user() -> str:
    """A mail account that no other test uses."""
    return f"user{os.getpid()}x{next(_users)}@corp.example"


class SmtpHandler:
    """Keeps what it is given; `say` maps a verb, a recipient or "DATA" to the answer instead, `drop` names a verb at which it hangs up."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, list[str], bytes]] = []
        self.options: list[list[str]] = []
        self.logins: list[tuple[str, str]] = []
        self.connections = 0
        self.say: dict[str, str] = {}
        self.drop = ""

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.drop == "MAIL":
            self.drop = ""
            server.transport.abort()
        if "MAIL" in self.say:
            return self.say["MAIL"]
        envelope.mail_from = address
        self.options.append(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.say:
            return self.say[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.letters.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        if self.drop == "answer":
            server.transport.abort()
        return self.say.get("DATA", "250 OK")

    async def auth_XOAUTH2(self, server, args):
        said = base64.b64decode(args[1]).decode()
        self.logins.append(("XOAUTH2", said))
        if f"auth=Bearer {TOKEN}\1\1" in said:
            return AuthResult(success=True)
        await server.push("334 " + base64.b64encode(b'{"status":"400"}').decode())
        assert await server._reader.readline() == b"\r\n"
        return AuthResult(success=False, handled=False)

    def login(self, server, session, envelope, mechanism, data):
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password.decode() == PASSWORD, handled=False)


@dataclass
class SmtpServer:
    handler: SmtpHandler
    port: int

    def box(self, scheme: str = "smtp", user: str = "", rate: int = 0) -> Box:
        return Box(f"{scheme}://{user}{'@' if user else ''}127.0.0.1:{self.port}", rate=rate)


@pytest.fixture
def smtp_server(certificate: tuple[Path, Path]) -> Iterator[Callable[..., SmtpServer]]:
    """Starts aiosmtpd: `smtp_server(tls="none"|"starttls"|"tls", auth=False)`."""
    running: list[Controller] = []

    def start(tls: str = "none", auth: bool = False, utf8: bool = True) -> SmtpServer:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        handler = SmtpHandler()
        controller = Controller(
            handler,
            hostname="127.0.0.1",
            port=free_port(),
            ssl_context=context if tls == "tls" else None,
            tls_context=context if tls == "starttls" else None,
            require_starttls=tls == "starttls",
            authenticator=handler.login,
            auth_required=auth,
            auth_require_tls=False,  # loopback
            enable_SMTPUTF8=utf8,
        )
        controller.start()
        running.append(controller)
        return SmtpServer(handler, controller.port)

    yield start
    for controller in running:
        controller.stop(no_assert=True)
