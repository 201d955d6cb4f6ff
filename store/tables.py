"""What mailflow keeps: one table a subject, every time in UTC, every text as it was decoded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware moment: stored in UTC, given back aware (UTC). A naive one is refused, since nobody knows what it meant."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a time zone cannot be stored: {value!r}")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(sa.types.TypeDecorator[str]):
    """Text from outside: what no database holds (U+0000 in PostgreSQL, lone surrogates in both) becomes U+FFFD; the bytes are in the archive."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        if value is None:
            return None
        if "\0" in value:
            value = value.replace("\0", "\ufffd")
        try:
            value.encode()
        except UnicodeEncodeError:
            value = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in value)
        return value


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Json = sa.JSON()
Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite autoincrements INTEGER PRIMARY KEY alone


def _id() -> sa.Column[Any]:
    return sa.Column("id", Key, primary_key=True, autoincrement=True)


# One row for every mail that was ever fetched; `end` says what became of it ('' while it waits to be read).
mail = sa.Table(
    "mail",
    metadata,
    _id(),
    sa.Column("mailbox", Words, nullable=False),
    sa.Column("uidvalidity", sa.BigInteger, nullable=False),
    sa.Column("uid", sa.BigInteger, nullable=False),
    sa.Column("received_at", Moment, nullable=False),  # the server's time of receipt (RULEBOOK §8-15)
    sa.Column("segment", Words, nullable=False),  # where the bytes lie in the archive
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("length", sa.BigInteger, nullable=False),
    sa.Column("digest", Words, nullable=False),  # SHA-256 of the bytes: the same bytes twice are one mail
    sa.Column("truncated", sa.Boolean, nullable=False, default=False),
    sa.Column("message_id", Words, nullable=False, default=""),
    sa.Column("content", Words, nullable=False, default=""),  # hash of subject, words and attachments (RULEBOOK §8-19)
    sa.Column("sender", Words, nullable=False, default=""),
    sa.Column("subject", Words, nullable=False, default=""),
    sa.Column("end", Words, nullable=False, default=""),  # '', recorded, answered, automatic, duplicate, sorting, archived, later, held
    sa.Column("case_id", Key, sa.ForeignKey("case.id")),
    sa.Column("reason", Words, nullable=False, default=""),
    sa.Column("trace", Words, nullable=False, default=""),  # the traceback of a held mail, for the operator alone
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("next_try", Moment),  # of a mail that ended `later`
    sa.UniqueConstraint("mailbox", "uidvalidity", "uid"),
    sa.Index(None, "message_id"),
    sa.Index(None, "digest"),
    sa.Index(None, "end", "received_at", "id"),
    sa.Index(None, "content"),
    sa.Index(None, "case_id"),
)

cursor = sa.Table(
    "cursor",
    metadata,
    sa.Column("mailbox", Words, primary_key=True),
    sa.Column("uidvalidity", sa.BigInteger, nullable=False),
    sa.Column("last_uid", sa.BigInteger, nullable=False),
)

case = sa.Table(
    "case",
    metadata,
    _id(),
    sa.Column("number", Words, nullable=False, unique=True),  # MF-XXX-2026-0007
    sa.Column("code", Words, nullable=False),  # XXX, the short code of its process
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),  # 7: the next is the greatest plus one, so no counter can run away
    sa.Column("process", Words, nullable=False),
    sa.Column("version", Words, nullable=False),  # a case ends by the version it began with
    sa.Column("state", Words, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False, default=True),
    sa.Column("title", Words, nullable=False, default=""),
    sa.Column("project", Words, nullable=False, default=""),
    sa.Column("opened_by", Words, nullable=False, default=""),  # a person's name
    sa.Column("owner", Words, nullable=False, default=""),
    sa.Column("opened_at", Moment, nullable=False),
    sa.Column("entered_at", Moment, nullable=False),  # when the present state began
    sa.Column("closed_at", Moment),
    sa.Column("parent_id", Key, sa.ForeignKey("case.id")),
    sa.Column("entry_id", Key),  # the register row that this case decides on, if it is such a case
    sa.Column("fields", Json, nullable=False, default=dict),  # by Chinese label, as text
    sa.Column("memo", Json, nullable=False, default=dict),  # what the engine remembers: confirmations, pauses, who asked
    sa.Column("revision", sa.Integer, nullable=False, default=1),  # of the form: a mended one is the next (RULEBOOK §0.4 更正)
    sa.UniqueConstraint("code", "year", "seq"),
    sa.Index(None, "process", "open"),
    sa.Index(None, "project", "process"),
    sa.Index(None, "parent_id"),
    sa.Index(None, "entry_id"),
)

history = sa.Table(
    "history",
    metadata,
    _id(),
    sa.Column("case_id", Key, sa.ForeignKey("case.id"), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("who", Words, nullable=False, default=""),
    sa.Column("mail_id", Key, sa.ForeignKey("mail.id")),
    sa.Column("action", Words, nullable=False),
    sa.Column("from_state", Words, nullable=False, default=""),
    sa.Column("to_state", Words, nullable=False, default=""),
    sa.Column("note", Words, nullable=False, default=""),
    sa.Index(None, "case_id"),
)

deadline = sa.Table(
    "deadline",
    metadata,
    _id(),
    sa.Column("case_id", Key, sa.ForeignKey("case.id"), nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("start", Moment, nullable=False),
    sa.Column("due", Moment, nullable=False),
    sa.Column("status", Words, nullable=False),  # running, paused, met, missed, cancelled
    sa.Column("explained", Words, nullable=False, default=""),  # how it was computed, in one line
    sa.Column("stopped_at", Moment),
    sa.Column("paused_at", Moment),
    sa.Column("next_at", Moment),  # when the next reminder, the due moment or the next overdue letter falls
    sa.Column("step", sa.Integer, nullable=False, default=0),  # how many steps of its ladder are behind it
    sa.Column("memo", Json, nullable=False, default=dict),
    sa.UniqueConstraint("case_id", "name", "start"),
    sa.Index(None, "next_at"),
)

document = sa.Table(
    "document",
    metadata,
    _id(),
    sa.Column("case_id", Key, sa.ForeignKey("case.id"), nullable=False),
    sa.Column("name", Words, nullable=False),
    sa.Column("due", Moment),
    sa.Column("received_at", Moment),
    sa.Column("accepted_at", Moment),
    sa.Column("version", sa.Integer, nullable=False, default=0),
    sa.Column("sender", Words, nullable=False, default=""),
    sa.Column("mail_id", Key, sa.ForeignKey("mail.id")),
    sa.UniqueConstraint("case_id", "name"),
)

# The rows of every register (台账): complaints, tracking rows, hours, quotas, scores are all events of one shape.
entry = sa.Table(
    "entry",
    metadata,
    _id(),
    sa.Column("register", Words, nullable=False),
    sa.Column("code", Words, nullable=False),
    sa.Column("case_id", Key, sa.ForeignKey("case.id")),
    sa.Column("mail_id", Key, sa.ForeignKey("mail.id")),
    sa.Column("project", Words, nullable=False, default=""),
    sa.Column("who", Words, nullable=False, default=""),
    sa.Column("points", sa.Float, nullable=False, default=0.0),  # points, hours, days: what the register sums
    sa.Column("status", Words, nullable=False, default=""),
    sa.Column("at", Moment, nullable=False),
    sa.Column("key", Words, nullable=False, default=""),  # the same event twice has the same key and counts once
    sa.Column("data", Json, nullable=False, default=dict),
    sa.Index(None, "register", "who"),
    sa.Index(None, "register", "project"),
    sa.Index(None, "register", "key"),
    sa.Index(None, "case_id"),
)

# A letter is written with the decision that caused it and becomes MIME when it is sent.
letter = sa.Table(
    "letter",
    metadata,
    _id(),
    sa.Column("case_id", Key, sa.ForeignKey("case.id")),
    sa.Column("mail_id", Key, sa.ForeignKey("mail.id")),  # what it answers
    sa.Column("reader", Words, nullable=False),  # the address it is for: one reader, one case, one pass, one letter
    sa.Column("cc", Json, nullable=False, default=list),
    sa.Column("letter", Words, nullable=False),  # names of its parts, the first one leading
    sa.Column("subject", Words, nullable=False),
    sa.Column("content", Json, nullable=False),  # parts, facts, actions: what the frame needs
    sa.Column("message_id", Words, nullable=False, unique=True),
    sa.Column("in_reply_to", Words, nullable=False, default=""),
    sa.Column("references", Words, nullable=False, default=""),
    sa.Column("status", Words, nullable=False, default="waiting"),  # waiting, sending, sent, failed, uncertain
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("error", Words, nullable=False, default=""),
    sa.Column("due", Moment, nullable=False),  # not before
    sa.Column("written_at", Moment, nullable=False),
    sa.Column("sent_at", Moment),
    sa.Index(None, "status", "due"),
    sa.Index(None, "case_id", "reader"),
    sa.Index(None, "reader", "written_at"),
)

# Projects that mail created, and what mail changed in those of the CSV (RULEBOOK §8-21).
project = sa.Table(
    "project",
    metadata,
    sa.Column("name", Words, primary_key=True),
    sa.Column("data", Json, nullable=False, default=dict),  # by the headers of projects.csv
    sa.Column("case_id", Key, sa.ForeignKey("case.id")),
    sa.Column("changed_at", Moment, nullable=False),
)

# The text of every process version under which a case ever began.
process_version = sa.Table(
    "process_version",
    metadata,
    sa.Column("name", Words, primary_key=True),
    sa.Column("version", Words, primary_key=True),
    sa.Column("source", Words, nullable=False),
)

# When each periodic duty was last done, and small facts that must survive a restart.
mark = sa.Table(
    "mark",
    metadata,
    sa.Column("name", Words, primary_key=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("value", Words, nullable=False, default=""),
)

# Single-use proofs that were spent.
spent = sa.Table(
    "spent",
    metadata,
    sa.Column("token", Words, primary_key=True),
    sa.Column("at", Moment, nullable=False),
)
