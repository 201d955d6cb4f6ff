"""A mail as one row of `mailflow parse --json` (CONTRACT, `--json` rows)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import fields, reader, subjects


def row(raw: bytes, file: str, patterns: Iterable[subjects.Pattern] = (), labels: Iterable[str] = ()) -> dict[str, Any]:
    """The row; `patterns` and `labels` are the standard subjects and field labels known to the caller. Never raises."""
    message = reader.read(raw)
    subject = subjects.clean(message.subject)
    form: dict[str, Any] = {}
    for pattern in patterns:
        parts = pattern.match(subject)
        if parts is not None:
            form = {"form": pattern.text, "parts": parts}
            break
    known = list(labels)
    found = fields.read_fields(message.reply_text, known, message.tables) if known else {}
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
        "attachments": [{"name": a.name, "type": a.type, "size": a.size} for a in message.attachments],
        "subject_form": form or None,
        "fields": dict(found),
        "problems": [problem.code for problem in message.problems],
    }
