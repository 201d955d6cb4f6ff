"""What a mail is once it has been read: plain data, and the limits within which it was read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True, frozen=True)
class Limits:
    """How much is looked at. What lies beyond is left unread and named in `Message.problems`; sizes in bytes, texts in characters."""

    size: int = 48 * 2**20          # of the whole mail
    parts: int = 400                # MIME parts in all
    depth: int = 24                 # of parts within parts
    headers: int = 2000             # header fields of one part
    header_bytes: int = 512 * 1024  # of one header block
    addresses: int = 2000           # in one header field
    text: int = 2_000_000           # of a body
    html: int = 1_500_000           # of an HTML body that is turned into text
    unpacked: int = 40 * 2**20      # of an office file, all its members together
    ratio: int = 150                # unpacked to packed, of one member of an office file
    rows: int = 5000                # of a table
    columns: int = 100


@dataclass(slots=True, frozen=True)
class Problem:
    """Something that was not as it should be; the mail was read all the same. `code` is stable, `text` is for people."""

    code: str
    text: str = ""


@dataclass(slots=True, frozen=True)
class Address:
    """One mailbox: the display name as written, the address in lower case."""

    name: str
    address: str


@dataclass(slots=True, frozen=True)
class FailedRecipient:
    """One recipient that a bounce complains of; `status` is an RFC 3463 code or ''."""

    address: str
    status: str = ""
    diagnosis: str = ""


@dataclass(slots=True)
class Attachment:
    """A part of the mail that is not its text."""

    name: str
    type: str
    size: int
    data: bytes = field(repr=False)
    content_id: str = ""
    inline: bool = False


@dataclass(slots=True)
class Message:
    """A mail as read from its bytes. Every text is str with `\\n` line ends; `date` is aware, or None where it cannot be read.

    `text` is all that the mail says, mails attached to it included, as it was sent, NUL characters too; `reply_text` the new words, without NUL; `tables`
    are those of the HTML body that stand among the new words.
    """

    subject: str = ""
    sender: str = ""
    sender_name: str = ""
    to: list[Address] = field(default_factory=list)
    cc: list[Address] = field(default_factory=list)
    reply_to: list[Address] = field(default_factory=list)
    date: datetime | None = None
    message_id: str = ""
    in_reply_to: str = ""
    references: list[str] = field(default_factory=list)
    text: str = ""
    html: str = ""
    tables: list[list[list[str]]] = field(default_factory=list)
    reply_text: str = ""
    quoted: str = ""
    kind: str = "normal"
    failed_recipients: list[FailedRecipient] = field(default_factory=list)
    failed_message_id: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    authentication_results: list[str] = field(default_factory=list)
    auto_submitted: str = ""
    precedence: str = ""
    loop_marks: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    raw_headers: dict[bytes, list[bytes]] = field(default_factory=dict, repr=False)

    def header(self, name: str) -> str:
        """The first value of a header field, decoded; '' where there is none. The name in any case."""
        from . import headers

        values = self.raw_headers.get(name.lower().encode("ascii", "replace"))
        return headers.decode(values[0]) if values else ""
