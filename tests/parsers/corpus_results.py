"""Writes the rows that `corpus/score.py` scores: `python tests/parsers/corpus_results.py ../shared/corpus > results.jsonl`."""

from __future__ import annotations

import email
import email.policy
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from parsers.report import row


def files(corpus: Path) -> Iterator[tuple[str, bytes]]:
    """(name as score.py has it, bytes) of every mail of every source."""
    for expect in sorted(corpus.glob("*/expect.jsonl")):
        lines = [json.loads(line) for line in expect.read_text("utf-8").splitlines() if line.strip()]
        if lines and lines[0].get("task", "mail") == "mail":
            for line in lines:
                path = expect.parent / line["file"]
                if path.exists():
                    yield f"{expect.parent.name}/{line['file']}", path.read_bytes()


def ours(raw: bytes, name: str) -> dict[str, Any]:
    return row(raw, name)


def stdlib(raw: bytes, name: str) -> dict[str, Any]:
    """The standard library with `policy.default`: what we must at least be."""
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    sender = mail["from"]
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    return {
        "file": name, "subject": str(mail["subject"] or ""), "kind": "normal",
        "from": sender.addresses[0].addr_spec if sender and sender.addresses else "", "from_name": sender.addresses[0].display_name if sender and sender.addresses else "",
        "to": [address.addr_spec for field in mail.get_all("to", []) for address in field.addresses],
        "text": plain.get_content() if plain else "", "html": html.get_content() if html else "", "reply_text": plain.get_content() if plain else "",
        "attachments": [{"name": part.get_filename() or ""} for part in mail.iter_attachments()] if mail.is_multipart() else [],
    }


def mail_parser(raw: bytes, name: str) -> dict[str, Any]:
    """mail-parser: what we must at least be, too."""
    import mailparser

    mail = mailparser.parse_from_bytes(raw)
    return {
        "file": name, "subject": mail.subject or "", "kind": "normal", "from": mail.from_[0][1] if mail.from_ else "", "from_name": mail.from_[0][0] if mail.from_ else "",
        "to": [address for _, address in mail.to or []], "text": "\n".join(mail.text_plain), "html": "\n".join(mail.text_html), "reply_text": "\n".join(mail.text_plain),
        "attachments": [{"name": attachment["filename"]} for attachment in mail.attachments],
    }


READERS: dict[str, Callable[[bytes, str], dict[str, Any]]] = {"ours": ours, "stdlib": stdlib, "mail-parser": mail_parser}


def write(corpus: Path, out: Any, reader: str = "ours") -> None:
    """One JSON line a mail; a reader that raises gets `error`."""
    for name, raw in files(corpus):
        try:
            result = json.dumps(READERS[reader](raw, name), ensure_ascii=False)
            result.encode("utf-8")
        except Exception as error:  # the others do raise; ours is asserted not to in the test
            result = json.dumps({"file": name, "error": repr(error)})
        out.write(result + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.stdout, *sys.argv[2:3])
