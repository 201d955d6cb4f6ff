"""The promises of the transports, kept against a real SMTP server and a real folder."""

from __future__ import annotations

import dataclasses
import mailbox as stdlib_mailbox
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import PASSWORD, TOKEN, Box, SmtpServer, free_port

from mailflow.mailbox.address import AddressError
from mailflow.transport import Transport, TransportAway, TransportRefused, TransportUncertain, open_transport

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # loopback

Start = Callable[..., SmtpServer]
LETTER = "From: 技术支持中心 <a@corp.example>\nSubject: x\n\n第一行\n.开头的点\n\n末行".encode()
ON_THE_WIRE = LETTER.replace(b"\n", b"\r\n") + b"\r\n"
ME, YOU, HER = "mailflow@corp.example", "you@corp.example", "her@corp.example"


def opened(box: Box) -> Transport:
    return open_transport(box, lambda: PASSWORD + "\n")


def test_letters_arrive_byte_for_byte_over_one_connection(smtp_server: Start) -> None:
    server = smtp_server()
    transport = opened(server.box())
    for _ in range(3):
        transport.send(LETTER, ME, [YOU, HER])
    transport.send(LETTER, "", [YOU])
    transport.flush()
    transport.close()
    assert server.handler.letters == [(ME, [YOU, HER], ON_THE_WIRE)] * 3 + [("<>", [YOU], ON_THE_WIRE)]
    assert server.handler.connections == 1


@pytest.mark.parametrize("tls", ["none", "starttls", "tls"])
def test_login_with_a_chinese_password_works_over_every_kind_of_connection(
    smtp_server: Start, tls: str, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = smtp_server(tls=tls, auth=True)
    box = server.box({"none": "smtp", "starttls": "smtp+starttls", "tls": "smtps"}[tls], user="me@corp.example")
    if tls != "none":
        with pytest.raises(TransportAway, match="证书不可信.*SSL_CERT_FILE"):
            opened(box).send(LETTER, ME, [YOU])
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    opened(box).send(LETTER, ME, [YOU])
    assert server.handler.logins == [("me@corp.example", PASSWORD)]
    assert len(server.handler.letters) == 1


def test_a_wrong_password_is_no_fault_of_the_letter(smtp_server: Start) -> None:
    server = smtp_server(auth=True)
    with pytest.raises(TransportAway, match="被拒绝.*授权码") as caught:
        open_transport(server.box(user="me"), lambda: "wrong!").send(LETTER, ME, [YOU])
    assert "wrong!" not in str(caught.value)


def test_nobody_listening_means_try_again_later() -> None:
    with pytest.raises(TransportAway, match="连不上.*自动重试"):
        opened(Box(f"smtp://127.0.0.1:{free_port()}")).send(LETTER, ME, [YOU])


def test_a_recipient_refused_for_good_is_named_and_the_others_get_the_letter_once(smtp_server: Start) -> None:
    server = smtp_server()
    server.handler.say[HER] = "550 5.1.1 no such user"
    transport = opened(server.box())
    with pytest.raises(TransportRefused, match=f"{HER}.*已发给 {YOU}") as caught:
        transport.send(LETTER, ME, [YOU, HER])
    assert (caught.value.code, caught.value.text) == (550, "5.1.1 no such user")
    assert caught.value.refused == {HER: (550, "5.1.1 no such user")}
    assert caught.value.sent_to == [YOU]
    assert server.handler.letters == [(ME, [YOU], ON_THE_WIRE)]
    with pytest.raises(TransportRefused) as caught:
        transport.send(LETTER, ME, [HER])
    assert caught.value.sent_to == []
    transport.send(LETTER, ME, [YOU])
    assert server.handler.connections == 1, "the connection outlives a refusal"


@pytest.mark.parametrize("where", ["MAIL", HER, "DATA"])
def test_a_temporary_no_at_any_step_sends_to_nobody_and_the_next_letter_goes(smtp_server: Start, where: str) -> None:
    server = smtp_server()
    server.handler.say[where] = "451 4.3.0 try later"
    transport = opened(server.box())
    with pytest.raises(TransportAway, match="451 4.3.0 try later"):
        transport.send(LETTER, ME, [YOU, HER])
    server.handler.letters.clear()
    server.handler.say.clear()
    transport.send(LETTER, ME, [YOU, HER])
    assert server.handler.letters == [(ME, [YOU, HER], ON_THE_WIRE)]


def test_a_letter_refused_for_its_content_is_refused_and_one_refused_for_its_sender_waits_for_the_operator(smtp_server: Start) -> None:
    server = smtp_server()
    transport = opened(server.box())
    server.handler.say["DATA"] = "554 5.7.1 spam"
    with pytest.raises(TransportRefused) as caught:
        transport.send(LETTER, ME, [YOU])
    assert (caught.value.code, caught.value.sent_to) == (554, [])
    server.handler.say = {"MAIL": "553 not your address"}
    with pytest.raises(TransportAway, match="service.*address"):
        transport.send(LETTER, ME, [YOU])


def test_a_connection_lost_after_the_whole_letter_was_handed_over_is_uncertain_and_never_tried_again(smtp_server: Start) -> None:
    server = smtp_server()
    server.handler.drop = "answer"
    transport = opened(server.box())
    with pytest.raises(TransportUncertain, match="可能已发出"):
        transport.send(LETTER, ME, [YOU])
    assert len(server.handler.letters) == 1, "it did go"
    server.handler.drop = ""
    transport.send(LETTER, ME, [YOU])


@pytest.mark.parametrize("how", ["421", "drop"])
def test_a_connection_that_the_server_dropped_between_two_letters_is_made_anew_in_silence(smtp_server: Start, how: str) -> None:
    server = smtp_server()
    transport = opened(server.box())
    transport.send(LETTER, ME, [YOU])
    if how == "drop":
        server.handler.drop = "MAIL"
        transport.send(LETTER, ME, [YOU])
        assert len(server.handler.letters) == 2
    else:
        server.handler.say["MAIL"] = "421 4.4.2 timeout"
        with pytest.raises(TransportAway, match="421"):
            transport.send(LETTER, ME, [YOU])
    assert server.handler.connections == 2


def test_chinese_addresses_use_smtputf8_or_idna_or_are_refused_by_name(smtp_server: Start) -> None:
    server = smtp_server()
    opened(server.box()).send(LETTER, ME, ["李四@公司.example"])
    assert server.handler.letters[0][1] == ["李四@公司.example"]
    assert "SMTPUTF8" in server.handler.options[0]
    old = smtp_server(utf8=False)
    with pytest.raises(TransportRefused, match="李四@公司.example.*SMTPUTF8"):
        opened(old.box()).send(LETTER.split("技".encode())[0] + b"\n\nx", ME, ["li@公司.example", "李四@公司.example"])
    assert old.handler.letters[0][1] == ["li@xn--55qx5d.example"]


@pytest.mark.parametrize("address", ["no-at-sign", "a b@corp.example", "a@corp.example>\r\nRCPT TO:<b@corp.example", ""])
def test_an_address_that_is_none_is_refused_before_the_server_hears_it(smtp_server: Start, address: str) -> None:
    server = smtp_server()
    with pytest.raises(TransportRefused):
        opened(server.box()).send(LETTER, ME, [address] if address else [])
    assert server.handler.letters == []


def test_rate_holds_in_any_sixty_seconds_and_lets_the_first_letters_go_at_once(smtp_server: Start) -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    transport = open_transport(smtp_server().box(rate=3), lambda: "", clock=lambda: now[0], sleep=sleep)
    went = []
    for _ in range(8):
        transport.send(LETTER, ME, [YOU])
        went.append(now[0])
        now[0] += 5
    assert went == [0, 5, 10, 60, 65, 70, 120, 125]
    assert slept == [45, 45]
    assert transport.pause() == 0
    transport.send(LETTER, ME, [YOU])
    assert transport.pause() == 50


@pytest.mark.parametrize(
    ("url", "said"),
    [("smtp://mail.corp.example", "只能用于本机.*smtps://"), ("imaps://me@mail.corp.example", "不能是"), ("smtps://me:pw@host", "不能写密码")],
)
def test_a_url_that_cannot_be_used_says_what_to_write(url: str, said: str) -> None:
    with pytest.raises(AddressError, match=said):
        opened(Box(url))


def test_letters_in_a_maildir_are_whole_and_in_the_order_of_writing_even_when_the_clock_goes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter([2 * 10**18] * 50 + [10**18] * 50)
    monkeypatch.setattr("mailflow.transport.time.time_ns", lambda: next(ticks))
    for start in (0, 75):  # a restart in between
        transport = opened(Box(f"maildir:{tmp_path / 'out'}"))
        for n in range(start, start + (75 if start == 0 else 25)):
            transport.send(f"Subject: {n}\n\n{n}".encode(), ME, [YOU])
        transport.flush()
        transport.close()
    files = list((tmp_path / "out" / "new").iterdir())
    by_name = [int(f.read_bytes().split()[1]) for f in sorted(files)]
    by_time = [int(f.read_bytes().split()[1]) for f in sorted(files, key=lambda f: f.stat().st_mtime_ns)]
    assert by_name == by_time == list(range(100))
    assert len({f.stat().st_mtime_ns for f in files}) == 100
    assert len(stdlib_mailbox.Maildir(tmp_path / "out", create=False)) == 100
    assert all(re.fullmatch(r"\d{10}\.M\d{6}P\d+\.[\w.-]+", f.name) for f in files)
    assert list((tmp_path / "out" / "tmp").iterdir()) == []


def test_a_maildir_that_cannot_be_written_means_try_again_later(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TransportAway, match="写不进"):
        opened(Box(f"maildir:{tmp_path / 'file'}")).send(LETTER, ME, [YOU])


def test_a_token_logs_in_with_xoauth2(smtp_server: Start) -> None:
    server = smtp_server(auth=True)
    box = dataclasses.replace(server.box(user="me@corp.example"), oauth2=("token", "command"))
    open_transport(box, lambda: TOKEN).send(LETTER, ME, [YOU])
    assert server.handler.logins == [("XOAUTH2", f"user=me@corp.example\1auth=Bearer {TOKEN}\1\1")]
    with pytest.raises(TransportAway, match="被拒绝"):
        open_transport(box, lambda: "expired").send(LETTER, ME, [YOU])
