"""The shape every mailbox has: envelopes, the cursor, and the one exception that a poller has to understand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

BATCH_MAILS = 50
BATCH_BYTES = 20_000_000
MAX_MAIL_BYTES = 50_000_000
"""Above this a mail is taken by its header alone (`Envelope.truncated`). Chinese providers stop at 50 MB themselves."""

Known = Callable[[list[int]], set[int]]
"""Which of these uids (of this mailbox and its present UIDVALIDITY) are already kept."""


@dataclass(frozen=True)
class Envelope:
    """Where a mail lies and when it came; enough to make every later step repeatable."""

    mailbox: str
    uidvalidity: int
    uid: int  # up to 63 bits: Maildir uids are hashes
    received_at: datetime  # aware, UTC; INTERNALDATE or time of delivery (RULEBOOK §8-15), never `Date:`
    size: int  # bytes, of the whole mail even when it is truncated
    truncated: bool = False


@dataclass(frozen=True)
class Cursor:
    """How far a mailbox is done: all uids up to `last_uid` under `uidvalidity`. The zero cursor is the beginning."""

    uidvalidity: int = 0
    last_uid: int = 0


class MailboxError(Exception):
    """One Chinese line for the operator: what, which mailbox, what to do. `temporary` means: try again later."""

    def __init__(self, message: str, *, temporary: bool) -> None:
        super().__init__(message)
        self.temporary = temporary


class MailboxConfig(Protocol):
    """What is asked of a `[[mailbox]]` table of mailflow.toml."""

    @property
    def name(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def processed(self) -> str | None: ...
    @property
    def oauth2(self) -> object: ...


class Mailbox(Protocol):
    """A place mails are fetched from. One object has one user at a time; after a temporary error it may be used again."""

    name: str
    problems: list[str]
    """What the last `fetch` had to leave lying, one Chinese line each; never fatal."""

    @property
    def uidvalidity(self) -> int:
        """The present UIDVALIDITY (IMAP: as of the last `fetch`, 0 before the first connection; Maildir: always 1)."""

    def fetch(self, cursor: Cursor, known: Known) -> Iterator[list[tuple[Envelope, bytes]]]:
        """Batches of mails after the cursor, oldest first, without those that `known` names.

        A batch holds at most BATCH_MAILS mails and about BATCH_BYTES. A mail above the size limit comes as its header alone, with
        `truncated`. With another UIDVALIDITY than the cursor's all mails come again and `known` is not asked. Raises MailboxError.
        """

    def done(self, envelopes: Iterable[Envelope]) -> Cursor:
        """To be called once bytes and rows are durable; moves the mails to the processed folder, if any. Raises MailboxError.

        The cursor that comes back never passes a mail that was listed and is not yet done.
        """

    def wait(self, seconds: float) -> bool:
        """Wait up to so many seconds; True as soon as there may be new mail. Cheap to call in short slices. Raises MailboxError."""

    def close(self) -> None:
        """Leave the server. Never raises."""


def batches(sizes: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    """Group (uid, bytes) into lists within BATCH_MAILS and BATCH_BYTES; a mail larger than a batch is one of its own."""
    batch: list[int] = []
    total = 0
    for uid, size in sizes:
        if batch and (len(batch) == BATCH_MAILS or total + size > BATCH_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(uid)
        total += size
    if batch:
        yield batch
