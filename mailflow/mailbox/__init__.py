"""Fetching mail: one interface over IMAP servers and Maildir folders, with a cursor that the caller keeps."""

from __future__ import annotations

from collections.abc import Callable

from .envelope import MAX_MAIL_BYTES, Cursor, Envelope, Known, Mailbox, MailboxConfig, MailboxError
from .maildir import MaildirMailbox

__all__ = ["Cursor", "Envelope", "Known", "Mailbox", "MailboxError", "MaildirMailbox", "open_mailbox"]


def open_mailbox(config: MailboxConfig, password: Callable[[], str], *, max_size: int = MAX_MAIL_BYTES, connect: bool = True) -> Mailbox:
    """Open the mailbox a `[[mailbox]]` table names: IMAP is connected and logged in, a Maildir must exist; raises MailboxError.

    `password` is asked at every connect (with `oauth2` it hands out an access token). `max_size` in bytes. Without `connect` the server
    is first spoken to by `fetch` or `wait`, so that a service starts while one of its mailboxes is away; only a bad url raises here.
    """
    if config.url.startswith("maildir:"):
        path = config.url.removeprefix("maildir:")
        return MaildirMailbox(config.name, path, processed=config.processed, max_size=max_size, connect=connect)
    from .imap import ImapMailbox  # late: imapclient takes its time, and a folder needs none of it

    return ImapMailbox(config, password, max_size=max_size, connect=connect)
