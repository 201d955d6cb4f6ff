"""Fetches from an IMAP folder by UID without touching a flag, waits with IDLE, and moves what is done if asked to."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from .address import AddressError, read_address
from .envelope import MAX_MAIL_BYTES, Cursor, Envelope, Known, MailboxConfig, MailboxError, batches
from .imap_session import connect, hang_up, spoken

IDLE_SECONDS = 9 * 60  # RFC 2177 asks for less than 29 minutes; home routers forget a connection after ten
POLL_SECONDS = 30  # where the server knows no IDLE
SEARCH_WINDOW = 50_000  # messages a SEARCH answer may name: imaplib gives up on lines of a million bytes
SIZES_AT_ONCE = 500
HEADER_BYTES = 1_000_000  # a header that is larger is cut as well
BREAKS = 3  # a mail on which the connection broke this often is left lying and reported


class ImapMailbox:
    """One folder of one account. Connects by itself whenever it is used and not connected, also after an error."""

    def __init__(
        self, config: MailboxConfig, password: Callable[[], str], *, max_size: int = MAX_MAIL_BYTES, connect: bool = True
    ) -> None:
        self.name = config.name
        self.problems: list[str] = []
        self.uidvalidity = 0
        try:
            self._address = read_address(config.url)
        except AddressError as error:
            raise MailboxError(f"邮箱“{config.name}”:{error}", temporary=False) from error
        self._folder = self._address.folder or "INBOX"
        self._processed = config.processed or ""
        self._password = password
        self._oauth2 = bool(config.oauth2)
        self._max_size = max_size
        self._client: IMAPClient | None = None
        self._exists = 0  # messages in the selected folder, as last told
        self._selected = (0, 0)  # its UIDVALIDITY and UIDNEXT
        self._fetched = (0, 0)  # the same at the last fetch: something new is there when they differ
        self._listed_to = 0  # the highest uid that has been listed
        self._open: deque[int] = deque()  # listed, ascending; the first is not yet done
        self._settled: set[int] = set()  # done, or gone from the server, among `_open`
        self._broken: Counter[int] = Counter()  # uids in whose FETCH the connection broke
        self._idle_since: float | None = None
        self._polled_at = 0.0
        if connect:
            with self._session():
                self.uidvalidity = self._selected[0]

    # ── fetching ──────────────────────────────────────────────────────────────────────────────────────────────────

    def fetch(self, cursor: Cursor, known: Known) -> Iterator[list[tuple[Envelope, bytes]]]:
        """See `Mailbox.fetch`. What the server lists and will not hand out is a problem, and the cursor stays before it."""
        self.problems = []
        with self._session() as client:
            self._select(client)
            self._fetched = self._selected
            self.uidvalidity = self._selected[0]
            same = cursor.uidvalidity == self.uidvalidity
            after = cursor.last_uid if same else 0
            uids = self._search(client, after)
        have = known(uids) if same and uids else set()
        if have and self._processed:
            with self._same_folder() as client:
                self._move(client, sorted(have))  # we were stopped between keeping and moving
        self._listed_to = max([after, *uids])
        todo = [uid for uid in uids if uid not in have]
        self._open, self._settled = deque(todo), set()
        for start in range(0, len(todo), SIZES_AT_ONCE):
            yield from self._fetch_some(todo[start : start + SIZES_AT_ONCE])

    def _fetch_some(self, uids: list[int]) -> Iterator[list[tuple[Envelope, bytes]]]:
        with self._same_folder() as client:
            told = client.fetch(uids, ["RFC822.SIZE"])
        sizes = {uid: int(told[uid].get(b"RFC822.SIZE", 0)) for uid in uids if uid in told}
        self._forget(set(uids) - set(sizes))  # expunged since we searched
        for batch in self._careful_batches(sizes):
            try:
                with self._same_folder() as client:
                    mails = self._bodies(client, batch, sizes)
            except MailboxError:
                self._broken.update(batch)
                raise
            if mails:
                yield mails

    def _careful_batches(self, sizes: dict[int, int]) -> Iterator[list[int]]:
        """Batches of whole mails; those above the limit, and those on which the connection broke before, come alone."""
        for batch in batches((uid, min(size, self._max_size)) for uid, size in sizes.items()):
            alone = {uid for uid in batch if sizes[uid] > self._max_size or self._broken[uid]}
            together: list[int] = []
            for uid in batch:
                if uid not in alone:
                    together.append(uid)
                    continue
                if together:
                    yield together
                together = []
                if self._broken[uid] < BREAKS:
                    yield [uid]
                else:
                    self.problems.append(f"邮箱“{self.name}”:取第 {uid} 号邮件时连接断了 {BREAKS} 次,已跳过;请在邮件客户端查看或移走它")
            if together:
                yield together

    def _bodies(self, client: IMAPClient, uids: list[int], sizes: dict[int, int]) -> list[tuple[Envelope, bytes]]:
        truncated = sizes[uids[0]] > self._max_size  # such a mail is a batch of its own
        item = f"BODY.PEEK[HEADER]<0.{HEADER_BYTES}>" if truncated else "BODY.PEEK[]"
        answer = b"BODY[HEADER]<0>" if truncated else b"BODY[]"
        try:
            told = client.fetch(uids, ["INTERNALDATE", item])
        except IMAPClientAbortError:
            raise
        except (IMAPClientError, ValueError, IndexError, AssertionError) as error:
            if len(uids) > 1:  # one of them is at fault: the others are not held up by it
                return [mail for uid in uids for mail in self._bodies(client, [uid], sizes)]
            self.problems.append(f"邮箱“{self.name}”:服务器给不出第 {uids[0]} 号邮件({str(error)[:200]});请在邮件客户端查看或移走它")
            return []
        mails = []
        for uid in uids:
            if uid not in told:
                self._forget({uid})
                continue
            if answer not in told[uid]:
                self.problems.append(f"邮箱“{self.name}”:服务器没有给出第 {uid} 号邮件的内容;请在邮件客户端查看或移走它")
                continue
            received = told[uid].get(b"INTERNALDATE") or datetime.now(UTC)
            envelope = Envelope(self.name, self.uidvalidity, uid, received.astimezone(UTC), sizes[uid], truncated)
            mails.append((envelope, told[uid][answer] or b""))
            del self._broken[uid]
        return mails

    def _search(self, client: IMAPClient, after: int) -> list[int]:
        """The uids above `after`. `n:*` always names the last message, whatever its uid (RFC 3501 6.4.8): filtered.

        Large folders are searched window by window from the top: what is expunged meanwhile lets the rest slide down into a window
        that is still to come, never past one.
        """
        found: set[int] = set()
        top = self._exists
        while top > 0:
            low = max(1, top - SEARCH_WINDOW + 1)
            criteria = ["UID", f"{after + 1}:*"] if self._exists <= SEARCH_WINDOW else [f"{low}:{top}", "UID", f"{after + 1}:*"]
            hits = [uid for uid in client.search(criteria) if uid > after]
            found.update(hits)
            if not hits or self._exists <= SEARCH_WINDOW:
                break  # uids ascend with the sequence: nothing new further down
            top = low - 1
        return sorted(found)

    # ── done ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def done(self, envelopes: Iterable[Envelope]) -> Cursor:
        """See `Mailbox.done`."""
        uids = {envelope.uid for envelope in envelopes if envelope.uidvalidity == self.uidvalidity}
        if uids and self._processed:
            with self._same_folder() as client:
                self._move(client, sorted(uids))
        self._forget(uids)
        return Cursor(self.uidvalidity, self._open[0] - 1 if self._open else self._listed_to)

    def _forget(self, uids: set[int]) -> None:
        self._settled |= uids
        while self._open and self._open[0] in self._settled:
            self._settled.remove(self._open.popleft())

    def _move(self, client: IMAPClient, uids: list[int]) -> None:
        for start in range(0, len(uids), SIZES_AT_ONCE):
            some = uids[start : start + SIZES_AT_ONCE]
            try:
                self._move_some(client, some)
            except IMAPClientAbortError:
                raise
            except IMAPClientError:
                if client.folder_exists(self._processed):
                    raise
                client.create_folder(self._processed)
                self._move_some(client, some)

    def _move_some(self, client: IMAPClient, uids: list[int]) -> None:
        """MOVE (RFC 6851), else COPY, \\Deleted and EXPUNGE of these alone (RFC 4315 where the server knows it)."""
        if client.has_capability("MOVE"):
            client.move(uids, self._processed)
            return
        client.copy(uids, self._processed)
        client.delete_messages(uids, silent=True)
        if client.has_capability("UIDPLUS"):
            client.uid_expunge(uids)
        elif set(client.search(["DELETED"])) <= set(uids):
            client.expunge()  # it would take along what somebody else has marked: then ours stay, marked

    # ── waiting ───────────────────────────────────────────────────────────────────────────────────────────────────

    def wait(self, seconds: float) -> bool:
        """See `Mailbox.wait`. IDLE stays open from one call to the next; without IDLE the server is asked every POLL_SECONDS."""
        with self._session(idle=True) as client:
            if not client.has_capability("IDLE"):
                return self._poll(seconds)
            if self._idle_since is not None and time.monotonic() - self._idle_since >= IDLE_SECONDS:
                self._leave_idle(client)
            if self._idle_since is None:
                self._select(client)
                if self._selected != self._fetched or (not self._selected[1] and self._search(client, self._listed_to)):
                    return True
                client.idle()  # whatever came after SELECT is told now (RFC 2177): no gap
                self._idle_since = time.monotonic()
            started = time.monotonic()
            told = client.idle_check(timeout=max(0.0, seconds))
            if not told and time.monotonic() - started < seconds / 2:
                self._leave_idle(client)  # readable and nothing to read: raises when the connection is gone
            return self._news(told)

    def _poll(self, seconds: float) -> bool:
        rest = self._polled_at + POLL_SECONDS - time.monotonic()
        time.sleep(max(0.0, min(seconds, rest)))
        if seconds < rest:
            return False
        self._polled_at = time.monotonic()
        return True

    def _news(self, told: list[tuple[object, ...]]) -> bool:
        before = self._exists
        for line in told:
            if line[:1] == (b"BYE",):
                raise IMAPClientAbortError(f"BYE {line[1:]!r}")
            if len(line) > 1 and line[1] == b"EXPUNGE":
                self._exists -= 1
                before = min(before, self._exists)
            elif len(line) > 1 and line[1] == b"EXISTS" and isinstance(line[0], int):
                self._exists = line[0]  # some servers repeat it with nothing new
        return self._exists > before

    def _leave_idle(self, client: IMAPClient) -> None:
        self._idle_since = None
        client.idle_done()

    # ── the connection ────────────────────────────────────────────────────────────────────────────────────────────

    def close(self) -> None:
        """Leave the server. Never raises."""
        client, self._client, self._idle_since = self._client, None, None
        if client is not None:
            hang_up(client)

    @contextmanager
    def _session(self, idle: bool = False) -> Iterator[IMAPClient]:
        """The connected client, out of IDLE unless asked otherwise. After any error the connection is dropped and made anew next time."""
        try:
            if self._client is None:
                self._client = connect(self.name, self._address, self._password, self._oauth2)
                with spoken(self.name, self._address):
                    self._select(self._client)
            with spoken(self.name, self._address):
                if self._idle_since is not None and not idle:
                    self._leave_idle(self._client)
                yield self._client
        except BaseException:
            self.close()
            raise

    @contextmanager
    def _same_folder(self) -> Iterator[IMAPClient]:
        """A session in which the uids of the last `fetch` still mean what they meant."""
        with self._session() as client:
            if self._selected[0] != self.uidvalidity:
                raise MailboxError(f"邮箱“{self.name}”:文件夹在读取时被重建(UIDVALIDITY 变了),将重新读取", temporary=True)
            yield client

    def _select(self, client: IMAPClient) -> None:
        """Open the folder: read-only unless mails are moved, so that no flag can change."""
        try:
            told = client.select_folder(self._folder, readonly=not self._processed)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            if "unsafe login" in str(error).lower() or client.folder_exists(self._folder):
                raise
            names = "、".join(name for _flags, _delimiter, name in client.list_folders()[:20])
            text = f"邮箱“{self.name}”:服务器 {self._address} 上没有文件夹“{self._folder}”;有这些:{names}"
            raise MailboxError(text, temporary=False) from error
        self._exists = told.get(b"EXISTS", 0)
        self._selected = (told.get(b"UIDVALIDITY", 0) or 1, told.get(b"UIDNEXT", 0))
