"""A mail, or a form as a file of its own, as one row of `mailflow parse --json` (CONTRACT, `--json` rows)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from . import documents, fields, reader, subjects
from .message import Attachment, Message


def row(
    raw: bytes, file: str, patterns: Iterable[subjects.Pattern] = (), labels: Iterable[str] = (), read: Callable[[Attachment], documents.Document] = documents.read_rows
) -> dict[str, Any]:
    """The row; `patterns` and `labels` are the standard subjects and field labels known to the caller, `read` its reader of documents. Never raises.

    What stands on attached forms is among `fields` where the mail itself does not say it.
    """
    alone = Attachment(file.rpartition("/")[2], "", len(raw), raw)
    message = Message(attachments=[alone]) if documents.is_document(alone) else reader.read(raw)
    subject = subjects.clean(message.subject)
    form: dict[str, Any] = {}
    for pattern in patterns:
        parts = pattern.match(subject)
        if parts is not None:
            form = {"form": pattern.text, "parts": parts}
            break
    known = list(labels)
    found = fields.read_fields(message.reply_text, known, message.tables) if known else fields.Fields()
    attached = []
    for a in message.attachments:
        shown: dict[str, Any] = {"name": a.name, "type": a.type, "size": a.size}
        if documents.can_read(a):
            document = read(a)
            if document.problem:
                shown["problem"] = document.problem
            for more in (fields.fields_from_rows(document.rows, known), fields.read_fields(document.prose, known)) if known else ():
                for label, value in more.items():
                    found.put(label, value)
        attached.append(shown)
    return {
        "file": file,
        "subject": message.subject,
        "from": message.sender,
        "from_name": message.sender_name,
        "to": [a.address for a in message.to],
        "cc": [a.address for a in message.cc],
        "date": message.date.isoformat() if message.date else None,
        "message_id": message.message_id,
        "references": message.references,
        "text": message.text,
        "html": message.html,
        "reply_text": message.reply_text,
        "kind": message.kind,
        "failed_recipients": [one.address for one in message.failed_recipients],
        "attachments": attached,
        "subject_form": form or None,
        "fields": dict(found),
        "problems": [problem.code for problem in message.problems],
    }
