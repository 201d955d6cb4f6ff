"""Internal documents that a colleague mails to somebody outside: nothing is passed on, the sender and those responsible are warned (S8-31, S8-39)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .knowledge import Knowledge

TABLE = "内部文件"  # columns 文件, 告知岗位, 依据


@dataclass(slots=True, frozen=True)
class Leak:
    """A document that must stay inside, and the recipients outside."""

    document: str
    outside: tuple[str, ...]
    tell: tuple[str, ...]  # roles to be warned beside the sender
    clause: str


def leak(know: Knowledge, sender: str, recipients: Iterable[str], subject: str, titles: Iterable[str]) -> Leak | None:
    """The internal document that this mail takes outside, None where it takes none.

    `sender` and `recipients` are addresses; `titles` are names of attachments and first lines of attached documents. Only what our own people
    send is a leak: what a customer quotes back is none.
    """
    table = know.library.tables.get(TABLE)
    if table is None or not know.ours(sender):
        return None
    outside = tuple(dict.fromkeys(a for a in recipients if not know.ours(a)))
    if not outside:
        return None
    head = re.sub(r"[《》“”\"\s]", "", subject)
    said = [re.sub(r"\s", "", t) for t in titles]
    for row in table.rows:
        name = row["文件"]
        if head.startswith(name) or any(name in t for t in said):
            return Leak(name, outside, tuple(r for r in row.get("告知岗位", "").split("、") if r), row.get("依据", ""))
    return None
