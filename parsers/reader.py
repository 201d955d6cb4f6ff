"""Reads a mail: bytes in, `Message` out, whatever the bytes are.

The order: tree of parts, headers, bodies and attachments, new words, kind. Each stage is guarded on its own, so that one that fails
leaves the work of the others standing and a problem that names it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from typing import TypeVar

from . import addresses, bodies, headers, html, kinds, replies, tree
from .message import Limits, Message, Problem

T = TypeVar("T")

# Headers by which programs recognise their own letters; ours is X-Mailflow-Case (CONTRACT, Letters; RULEBOOK §0.4 names X-MF-Origin).
_LOOP_MARKS = {
    b"x-mailflow-case": "X-Mailflow-Case", b"x-mailflow-letter": "X-Mailflow-Letter", b"x-mf-origin": "X-MF-Origin", b"x-loop": "X-Loop",
    b"x-beenthere": "X-BeenThere", b"x-original-loop": "X-Original-Loop",
}
_DEFAULT = Limits()


def read(raw: bytes, limits: Limits = _DEFAULT) -> Message:
    """The mail in `raw`. Never raises: what could not be read, or lies beyond `limits`, is named in `Message.problems`."""
    message = Message()
    problems = message.problems
    if len(raw) > limits.size:
        problems.append(Problem("too-large", f"{len(raw)} bytes; the first {limits.size} were read"))
        raw = raw[: limits.size]
    root = _guarded(problems, "unreadable", lambda: tree.parse(raw, limits, problems), None)
    if root is None:
        message.text = raw[: limits.text].decode("utf-8", "replace")
        return message
    _guarded(problems, "bad-headers", lambda: _headers(message, root, limits), None)
    inner = _guarded(problems, "bad-body", lambda: bodies.read(message, root, limits), ("", ""))
    _guarded(problems, "bad-quotes", lambda: _new_words(message, limits), None)
    own = {message.sender, *(a.address for a in message.to[:50]), *(a.address for a in message.cc[:50])}
    kind = _guarded(problems, "bad-kind", lambda: kinds.decide(root, raw, message.sender, message.subject, message.text, own), None)
    if kind is not None:
        message.kind, message.failed_recipients, message.failed_message_id = kind.name, kind.failed, kind.failed_message_id
    if inner[1]:
        message.text = message.text.rstrip("\n") + "\n\n" + inner[0] if message.text.strip() else inner[0]
        message.quoted = message.quoted + "\n\n" + inner[1] if message.quoted else inner[1]
    return message


def _guarded(problems: list[Problem], code: str, work: Callable[[], T], otherwise: T) -> T:
    try:
        return work()
    except Exception as error:
        problems.append(Problem(code, f"{type(error).__name__}: {error}"[:300]))
        return otherwise


def _headers(message: Message, root: tree.Part, limits: Limits) -> None:
    message.raw_headers = root.fields
    message.subject = headers.decode(root.first(b"subject"))
    senders = addresses.read_list(root.first(b"from"), 20)
    if senders:
        first = next((a for a in senders if a.address), senders[0])
        message.sender, message.sender_name = first.address, first.name
    if len(root.fields.get(b"from", ())) > 1:
        message.problems.append(Problem("several-from", "more than one From field"))
    message.to = _list(message, root, b"to", limits)
    message.cc = _list(message, root, b"cc", limits)
    message.reply_to = _list(message, root, b"reply-to", limits)
    if b"date" in root.fields:
        message.date = headers.date(root.first(b"date"))
        if message.date is None:
            message.problems.append(Problem("bad-date", headers.unfold(root.first(b"date"))[:100]))
    message.message_id = next(iter(headers.message_ids(root.first(b"message-id"))), "")
    message.in_reply_to = next(iter(headers.message_ids(root.first(b"in-reply-to"))), "")
    message.references = headers.message_ids(b" ".join(root.fields.get(b"references", ())))[-200:]
    message.authentication_results = [headers.unfold(value) for value in root.fields.get(b"authentication-results", ())]
    message.auto_submitted = headers.unfold(root.first(b"auto-submitted")).lower()
    message.precedence = headers.unfold(root.first(b"precedence")).lower()
    message.loop_marks = [name for key, name in _LOOP_MARKS.items() if key in root.fields]


def _list(message: Message, root: tree.Part, name: bytes, limits: Limits) -> list[addresses.Address]:
    values = root.fields.get(name)
    if not values:
        return []
    raw = values[0] if len(values) == 1 else b", ".join(value.strip() for value in values)
    found = addresses.read_list(raw, limits.addresses + 1)
    if len(found) > limits.addresses:
        message.problems.append(Problem("too-many-addresses", f"more than {limits.addresses} in {name.decode()}"))
        del found[limits.addresses :]
    return [a for a in found if a.address]


def _new_words(message: Message, limits: Limits) -> None:
    message.reply_text, message.quoted = replies.split(message.text.replace("\x00", ""), "", message.sender_name)
    silent = bool(message.html) and not message.reply_text and bool(message.quoted)  # a plain part that holds the quote alone
    if not message.tables and not silent:
        return
    new = replies.split(html.read(message.html, limits.html)[0], "", message.sender_name)[0]
    message.tables = html.tables_in(message.tables, new)
    if silent:  # … never what stands in that quote, though the HTML marks it in a way of its own
        old = {line.strip() for line in message.quoted.split("\n")}
        message.reply_text = "\n".join(takewhile(lambda line: not line.strip() or line.strip() not in old, new.split("\n"))).strip()
