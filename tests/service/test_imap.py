"""The promises of an IMAP mailbox, kept against a real Dovecot."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from conftest import PASSWORD, TOKEN, Box, Dovecot, free_port
from imapclient import IMAPClient

from mailflow.mailbox import Cursor, Envelope, Mailbox, MailboxError, imap, open_mailbox

pytestmark = pytest.mark.dovecot


def mail(number: int, size: int = 0) -> bytes:
    return f"Message-ID: <{number}@corp.example>\r\nSubject: {number}\r\n\r\n".encode() + b"x" * size + b"\r\n"


def password() -> str:
    return PASSWORD + "\n"  # as it stands in a password file


def opened(dovecot: Dovecot, user: str, folder: str = "INBOX", processed: str | None = None, max_size: int = 50_000_000) -> Mailbox:
    return open_mailbox(Box(dovecot.url(user, folder), processed=processed), password, max_size=max_size)


class Keeper:
    """What the store does for a mailbox: rows and a cursor."""

    def __init__(self) -> None:
        self.rows: dict[tuple[int, int], bytes] = {}
        self.envelopes: list[Envelope] = []
        self.cursor = Cursor()

    def take(self, mailbox: Mailbox, stop_before_done: bool = False, batches: int = 10**9) -> int:
        """One pass, or the beginning of one; returns how many mails came."""
        taken = 0
        iterator = mailbox.fetch(self.cursor, lambda uids: {u for u in uids if (mailbox.uidvalidity, u) in self.rows})
        for number, batch in enumerate(iterator, 1):
            for envelope, data in batch:
                assert (envelope.uidvalidity, envelope.uid) not in self.rows, "a mail came twice"
                self.rows[envelope.uidvalidity, envelope.uid] = data
                self.envelopes.append(envelope)
            taken += len(batch)
            if stop_before_done:
                return taken
            self.cursor = mailbox.done([envelope for envelope, _ in batch])
            if number >= batches:
                return taken
        return taken


def flags(dovecot: Dovecot, user: str, folder: str = "INBOX") -> Iterator[tuple[bytes, ...]]:
    with dovecot.client(user, folder) as client:
        for told in client.fetch(client.search(), ["FLAGS"]).values():
            yield told[b"FLAGS"]


def test_all_mails_come_once_in_order_with_their_bytes_and_leave_no_flag(dovecot: Dovecot, user: str) -> None:
    mails = [mail(n, size=n * 7) for n in range(120)]
    dovecot.append(user, mails)
    keeper, mailbox = Keeper(), opened(dovecot, user)
    assert keeper.take(mailbox) == 120
    assert list(keeper.rows.values()) == mails
    assert [envelope.size for envelope in keeper.envelopes] == [len(m) for m in mails]
    assert list(mailbox.fetch(keeper.cursor, lambda _: set())) == [], "`n:*` names the last mail again; it must not come again"
    mailbox.close()
    assert not any(b"\\Seen" in f for f in flags(dovecot, user))


def test_time_of_receipt_is_internaldate_in_utc(dovecot: Dovecot, user: str) -> None:
    at = datetime(2026, 11, 23, 9, 30, tzinfo=timezone(timedelta(hours=8)))
    dovecot.append(user, [b"Date: Mon, 01 Jan 2001 00:00:00 +0000\r\n\r\nx\r\n"], at=at)
    keeper = Keeper()
    keeper.take(opened(dovecot, user))
    assert keeper.envelopes[0].received_at == at
    assert keeper.envelopes[0].received_at.tzinfo is UTC


@pytest.mark.parametrize("processed", [None, "已处理"])
def test_a_stop_at_any_point_loses_nothing_and_doubles_nothing(dovecot: Dovecot, user: str, processed: str | None) -> None:
    dovecot.append(user, [mail(n) for n in range(130)])
    keeper = Keeper()
    for stop_before_done in (False, True, False, True, False):  # each a new process that ends after one batch
        mailbox = opened(dovecot, user, processed=processed)
        keeper.take(mailbox, stop_before_done, batches=1)
        mailbox.close()
    assert keeper.take(opened(dovecot, user, processed=processed)) == 0
    assert len(set(keeper.rows.values())) == len(keeper.rows) == 130
    if processed:
        with dovecot.client(user, processed) as client:
            assert len(client.search()) == 130, "also those that were kept and not yet moved when we stopped"
        with dovecot.client(user) as client:
            assert client.search() == []


def test_the_cursor_never_passes_a_mail_that_is_not_done(dovecot: Dovecot, user: str) -> None:
    dovecot.append(user, [mail(n) for n in range(5)])
    mailbox = opened(dovecot, user)
    [batch] = mailbox.fetch(Cursor(), lambda _: set())
    envelopes = [envelope for envelope, _ in batch]
    assert mailbox.done(envelopes[2:]).last_uid == 0
    assert mailbox.done(envelopes[:1]).last_uid == 1
    assert mailbox.done(envelopes[1:2]).last_uid == 5


@pytest.mark.parametrize("sizes_at_once", [50, 500])
def test_uids_with_gaps_and_mails_that_vanish_between_two_batches_hold_nothing_up(
    dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch, sizes_at_once: int
) -> None:
    monkeypatch.setattr(imap, "SIZES_AT_ONCE", sizes_at_once)  # they vanish before or after their size was told
    dovecot.append(user, [mail(n) for n in range(1, 121)])
    with dovecot.client(user) as client:
        client.delete_messages([3, 4, 120])
        client.expunge()
    keeper, mailbox = Keeper(), opened(dovecot, user)
    batches = mailbox.fetch(keeper.cursor, lambda _: set())
    first = next(batches)
    with dovecot.client(user) as client:
        client.delete_messages([110, 119])
        client.expunge()
    rest = [pair for batch in batches for pair in batch]
    assert [e.uid for e, _ in first + rest] == [n for n in range(1, 119) if n not in (3, 4, 110)]
    assert mailbox.done([e for e, _ in first + rest]) == Cursor(mailbox.uidvalidity, 119)
    assert mailbox.problems == []


@pytest.mark.slow
def test_after_a_change_of_uidvalidity_all_mails_come_again(dovecot: Dovecot, user: str) -> None:
    dovecot.append(user, [mail(1), mail(2)], "工单")
    keeper = Keeper()
    mailbox = opened(dovecot, user, "工单")
    assert keeper.take(mailbox) == 2
    before = keeper.cursor
    with dovecot.client(user) as client:
        client.delete_folder("工单")
    time.sleep(1.1)  # Dovecot makes UIDVALIDITY from the second
    dovecot.append(user, [mail(3), mail(1), mail(2)], "工单")
    mailbox.close()
    mailbox = opened(dovecot, user, "工单")
    assert keeper.take(mailbox) == 3
    assert keeper.cursor.uidvalidity == mailbox.uidvalidity != before.uidvalidity
    assert keeper.take(mailbox) == 0


@pytest.mark.slow
def test_a_mail_of_60_mb_comes_whole_or_as_its_header(dovecot: Dovecot, user: str) -> None:
    huge = mail(2, 60_000_000)
    dovecot.append(user, [mail(1), huge, mail(3)])
    whole = opened(dovecot, user, max_size=100_000_000)
    assert [len(batch) for batch in whole.fetch(Cursor(), lambda _: set())] == [1, 1, 1], "a batch is bounded in bytes too"
    [batch] = [b for b in whole.fetch(Cursor(), lambda _: set()) if b[0][0].uid == 2]
    assert batch[0][1] == huge and not batch[0][0].truncated
    keeper = Keeper()
    keeper.take(opened(dovecot, user))
    assert [e.truncated for e in keeper.envelopes] == [False, True, False]
    assert [e.size for e in keeper.envelopes] == [len(mail(1)), len(huge), len(mail(3))]
    assert list(keeper.rows.values())[1] == huge.split(b"x" * 9)[0]


@pytest.mark.slow
def test_mails_that_arrive_while_we_fetch_are_taken_then_or_next_time(dovecot: Dovecot, user: str) -> None:
    dovecot.append(user, [mail(n) for n in range(60)])
    stop = threading.Event()
    sent: list[int] = []

    def deliver() -> None:
        while not stop.is_set() and len(sent) < 300:
            dovecot.deliver(user, mail(1000 + len(sent)))
            sent.append(1)

    thread = threading.Thread(target=deliver)
    thread.start()
    keeper, mailbox = Keeper(), opened(dovecot, user)
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        keeper.take(mailbox)
    stop.set()
    thread.join()
    keeper.take(mailbox)
    assert len(sent) > 3
    subjects = sorted(int(data.split(b"Subject: ")[1].split(b"\r\n")[0]) for data in keeper.rows.values())
    assert subjects == [*range(60), *range(1000, 1000 + len(sent))]


def test_idle_wakes_within_two_seconds_and_is_cheap_to_call_in_slices(dovecot: Dovecot, user: str) -> None:
    dovecot.append(user, [mail(1)])
    keeper, mailbox = Keeper(), opened(dovecot, user)
    keeper.take(mailbox)
    assert not mailbox.wait(0.1)
    assert not mailbox.wait(0.1)
    timer = threading.Timer(0.2, dovecot.deliver, [user, mail(2)])
    started = time.monotonic()
    timer.start()
    assert mailbox.wait(10)
    assert time.monotonic() - started < 2
    assert keeper.take(mailbox) == 1


def test_what_arrives_between_fetch_and_wait_is_noticed_at_once(dovecot: Dovecot, user: str) -> None:
    dovecot.append(user, [mail(1)])
    keeper, mailbox = Keeper(), opened(dovecot, user)
    keeper.take(mailbox)
    dovecot.deliver(user, mail(2))
    assert mailbox.wait(0)
    assert keeper.take(mailbox) == 1
    assert not mailbox.wait(0.1)


def test_idle_is_issued_again_in_time_and_still_wakes(dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "IDLE_SECONDS", 0.2)
    issued = 0
    original = IMAPClient.idle

    def counted(client: IMAPClient) -> None:
        nonlocal issued
        issued += 1
        original(client)

    monkeypatch.setattr(IMAPClient, "idle", counted)
    keeper, mailbox = Keeper(), opened(dovecot, user)
    keeper.take(mailbox)
    for _ in range(4):
        assert not mailbox.wait(0.25)
    assert issued == 4
    dovecot.deliver(user, mail(1))
    assert mailbox.wait(3)


def test_without_idle_the_server_is_asked_every_half_minute(dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    original = IMAPClient.has_capability
    monkeypatch.setattr(IMAPClient, "has_capability", lambda client, name: name != "IDLE" and original(client, name))
    mailbox = opened(dovecot, user)
    assert mailbox.wait(0.05), "at first at once"
    assert not mailbox.wait(0.05)
    monkeypatch.setattr(imap, "POLL_SECONDS", 0.1)
    assert mailbox.wait(0.2)


def test_a_wrong_password_is_permanent_and_says_what_to_check(dovecot: Dovecot, user: str) -> None:
    with pytest.raises(MailboxError, match="main.*被拒绝.*授权码") as caught:
        open_mailbox(Box(dovecot.url(user)), lambda: "wrong")
    assert not caught.value.temporary
    assert "wrong" not in str(caught.value)


def test_a_missing_folder_is_permanent_and_names_those_there_are(dovecot: Dovecot, user: str) -> None:
    dovecot.append(user, [mail(1)], "工单")
    with pytest.raises(MailboxError, match="没有文件夹“没有这个”.*工单") as caught:
        opened(dovecot, user, "没有这个")
    assert not caught.value.temporary


def test_a_server_that_goes_away_is_a_temporary_error_and_the_same_object_goes_on_when_it_is_back(own_dovecot: Dovecot, user: str) -> None:
    own_dovecot.append(user, [mail(1), mail(2)])
    keeper, mailbox = Keeper(), opened(own_dovecot, user)
    keeper.take(mailbox)
    assert not mailbox.wait(0.1)
    own_dovecot.stop()
    for attempt in (lambda: mailbox.wait(5), lambda: keeper.take(mailbox), lambda: opened(own_dovecot, user)):
        with pytest.raises(MailboxError, match="自动重试") as caught:
            attempt()
        assert caught.value.temporary
    own_dovecot.start()
    own_dovecot.append(user, [mail(3)])
    assert keeper.take(mailbox) == 1
    assert list(keeper.rows.values()) == [mail(1), mail(2), mail(3)]


def test_nobody_listening_is_temporary(user: str) -> None:
    with pytest.raises(MailboxError, match="拒绝连接") as caught:
        open_mailbox(Box(f"imap://{user}@127.0.0.1:{free_port()}/INBOX"), password)
    assert caught.value.temporary


@pytest.mark.parametrize("scheme", ["imaps", "imap+starttls"])
def test_tls_works_with_a_trusted_certificate_and_is_refused_with_an_unknown_one(
    dovecot: Dovecot, user: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Box(dovecot.url(user, scheme=scheme))
    with pytest.raises(MailboxError, match="证书不可信.*SSL_CERT_FILE") as caught:
        open_mailbox(box, password)
    assert not caught.value.temporary
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.cert))
    dovecot.append(user, [mail(1)])
    keeper = Keeper()
    assert keeper.take(open_mailbox(box, password)) == 1


def test_tls_on_a_plain_port_says_that_port_and_protocol_do_not_match(dovecot: Dovecot, user: str) -> None:
    with pytest.raises(MailboxError, match="核对端口与协议"):
        open_mailbox(Box(f"imaps://{user}@127.0.0.1:{dovecot.imap}/INBOX"), password)


@pytest.mark.parametrize("denied", [{"MOVE"}, {"MOVE", "UIDPLUS"}])
def test_done_mails_move_without_move_too(dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch, denied: set[str]) -> None:
    original = IMAPClient.has_capability
    monkeypatch.setattr(IMAPClient, "has_capability", lambda client, name: name not in denied and original(client, name))
    dovecot.append(user, [mail(1), mail(2)])
    keeper = Keeper()
    keeper.take(opened(dovecot, user, processed="已处理"))
    with dovecot.client(user, "已处理") as client:
        assert len(client.search()) == 2
    with dovecot.client(user) as client:
        assert client.search() == []


def test_a_mail_that_somebody_else_marked_as_deleted_is_not_expunged_with_ours(
    dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = IMAPClient.has_capability
    monkeypatch.setattr(IMAPClient, "has_capability", lambda client, name: name not in {"MOVE", "UIDPLUS"} and original(client, name))
    dovecot.append(user, [mail(1)])
    keeper, mailbox = Keeper(), opened(dovecot, user, processed="已处理")
    [batch] = mailbox.fetch(keeper.cursor, lambda _: set())
    dovecot.append(user, [mail(2)])
    with dovecot.client(user) as client:
        client.delete_messages([2])
    keeper.cursor = mailbox.done([envelope for envelope, _ in batch])
    assert keeper.take(mailbox) == 1, "the mail marked by somebody else was not taken yet: it must still be there"


def test_a_large_folder_is_searched_in_windows(dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "SEARCH_WINDOW", 10)
    dovecot.append(user, [mail(n) for n in range(35)])
    keeper, mailbox = Keeper(), opened(dovecot, user)
    assert keeper.take(mailbox) == 35
    dovecot.append(user, [mail(n) for n in range(35, 60)])
    assert keeper.take(mailbox) == 25


def test_a_mail_on_which_the_connection_breaks_every_time_does_not_stop_the_others(
    dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.append(user, [mail(n) for n in range(1, 6)])
    original = IMAPClient.fetch

    def poisoned(client: IMAPClient, messages: list[int], data: list[str], modifiers: object = None) -> object:
        if 3 in messages and "BODY.PEEK[]" in data:
            client.shutdown()
        return original(client, messages, data, modifiers)

    monkeypatch.setattr(IMAPClient, "fetch", poisoned)
    keeper, mailbox = Keeper(), opened(dovecot, user)
    for _ in range(3):
        with pytest.raises(MailboxError):
            keeper.take(mailbox)
    keeper.take(mailbox)
    assert [uid for _, uid in keeper.rows] == [1, 2, 4, 5]
    assert keeper.cursor.last_uid == 2, "the cursor stays before what was not taken"
    assert "第 3 号" in mailbox.problems[0]
    monkeypatch.setattr(IMAPClient, "fetch", original)
    assert keeper.take(opened(dovecot, user)) == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("imap://me@mail.corp.example/INBOX", "只能用于本机.*imaps://"),
        ("imaps://me:secret@mail.corp.example/INBOX", "不能写密码"),
        ("pop3://me@mail.corp.example", "协议不认识"),
        ("imaps:///INBOX", "没有服务器名"),
        ("imaps://me@mail.corp.example:port/", "读不懂"),
    ],
)
def test_an_address_that_cannot_be_used_says_what_to_write_instead(url: str, said: str) -> None:
    with pytest.raises(MailboxError, match=said) as caught:
        open_mailbox(Box(url), password)
    assert not caught.value.temporary
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("oauth2", [False, True])
def test_a_password_that_cannot_be_read_says_why(dovecot: Dovecot, user: str, oauth2: bool) -> None:
    def unreadable() -> str:
        raise FileNotFoundError("密码文件不存在")

    with pytest.raises(MailboxError, match="main.*密码文件不存在") as caught:
        open_mailbox(Box(dovecot.url(user), oauth2=oauth2), unreadable)
    assert caught.value.temporary == oauth2, "a token is renewed by others; a password file is the operator's"


def test_a_token_logs_in_with_xoauth2_and_an_expired_one_is_temporary(dovecot: Dovecot, user: str) -> None:
    box = Box(dovecot.url(user), oauth2=("token", "command"))
    open_mailbox(box, lambda: TOKEN).close()
    with pytest.raises(MailboxError, match="被拒绝") as caught:
        open_mailbox(box, lambda: "expired")
    assert caught.value.temporary


def test_a_service_can_start_while_the_server_is_away(own_dovecot: Dovecot, user: str) -> None:
    own_dovecot.append(user, [mail(1)])
    own_dovecot.stop()
    keeper, mailbox = Keeper(), open_mailbox(Box(own_dovecot.url(user)), password, connect=False)
    with pytest.raises(MailboxError, match="自动重试"):
        keeper.take(mailbox)
    own_dovecot.start()
    assert keeper.take(mailbox) == 1


def test_an_error_of_the_store_is_not_taken_for_one_of_the_server(dovecot: Dovecot, user: str) -> None:
    dovecot.append(user, [mail(1)])

    def broken(uids: list[int]) -> set[int]:
        raise OSError("the database is away")

    mailbox = opened(dovecot, user)
    with pytest.raises(OSError, match="the database is away"):
        list(mailbox.fetch(Cursor(mailbox.uidvalidity, 0), broken))
