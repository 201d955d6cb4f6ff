"""Paper that comes as a file: fax, scan, photo. Read in a process of its own within [limits], so that no file can stop or starve the service."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from parsers import Attachment
from parsers.pages import is_paper
from parsers.printed import Words

from . import slips

FIRST = 3  # pages of a PDF in an ordinary mail that may be a signed slip; of a fax all may
PRINT = 12  # pages of a fax whose print is read

MOST_FILES = 8  # of one mail
LONGEST = 30  # seconds for all files of a mail, where [limits] reader_seconds is no less: codes take one; only OCR takes longer
_SMALL = 8_000  # bytes: pictures of signatures and buttons within a mail are no paper


@dataclass(slots=True)
class Seen:
    """A code on a page."""

    text: str
    page: int
    signed: bool | None  # None: the box could not be seen
    digital: bool
    file: str


@dataclass(slots=True)
class Print:
    """A page without a code of ours: its lines of print, in pixels of its picture (PNG or JPEG)."""

    page: int
    lines: list[Words]
    width: int
    height: int
    picture: bytes
    file: str


@dataclass(slots=True)
class Reading:
    """What the papers of a mail hold; `problems` are Chinese sentences for the sender."""

    codes: list[Seen] = field(default_factory=list)
    pages: int = 0
    problems: list[str] = field(default_factory=list)
    prints: list[Print] = field(default_factory=list)
    unread: int = 0  # pages whose print was to be read and was not: too many, or no time or memory left


class NotRead(Exception):
    """The papers of a mail are to be read before its transaction, since reading takes seconds. Carries what `read` wants."""

    def __init__(self, mail_id: int, papers: Sequence[Attachment], fax: bool) -> None:
        super().__init__(f"the papers of mail {mail_id} have not been read")
        self.mail_id, self.papers, self.fax = mail_id, papers, fax


def of(attachments: Sequence[Attachment]) -> list[Attachment]:
    """Those that may be paper."""
    return [a for a in attachments if is_paper(a) and not (a.inline and a.content_id and len(a.data) < _SMALL)]


def read(papers: Sequence[Attachment], seconds: int, memory_mb: int, fax: bool = False) -> Reading:
    """Reads them one after the other, all of them within `seconds` (wall clock) and each within `memory_mb`. Of a fax every page is looked at, and where
    there is no code of ours and the extra `ocr` is installed its print too; of a PDF in an ordinary mail the first pages, for codes."""
    reading = Reading()
    end = time.monotonic() + (seconds if fax else min(seconds, LONGEST))
    if fax and len(papers) > MOST_FILES:
        reading.problems.append(f"图片和 PDF 附件有 {len(papers)} 个,只读了前 {MOST_FILES} 个;请把其余的分几封发来")
    for paper in papers[:MOST_FILES]:
        wish = {"name": paper.name[:80], "memory_mb": memory_mb, "first": 0 if fax else FIRST, "words": max(0, PRINT - len(reading.prints)) if fax else 0}
        found = _one(paper, wish, end)
        if found is None and fax:  # print takes the most of both: the codes alone
            found = _one(paper, wish | {"words": 0}, max(end, time.monotonic() + LONGEST / 2))
            if found is not None:
                found["unread"] = found["pages"]
        if found is None:
            reading.problems.append(f"附件《{paper.name or '附件'}》太复杂,在限定的时间和内存内读不完,没有读取;请用黑白 200 dpi 重新扫描,分次发来")
            continue
        reading.pages += found["pages"]
        reading.unread += found["unread"]
        reading.problems += [found["problem"]] if found["problem"] else []
        for page in found["prints"]:
            lines = [Words(w["text"], tuple(w["box"]), w["sure"], tuple(w["others"])) for w in page["lines"]]
            width, height = page["size"]
            reading.prints.append(Print(page["page"], lines, width, height, base64.b64decode(page["picture"]), paper.name))
        reading.codes += [Seen(c["text"], c["page"], c["signed"], c["digital"], paper.name) for c in found["codes"]]
    return reading


def _one(paper: Attachment, wish: dict[str, Any], end: float) -> dict[str, Any] | None:
    """What the child says, or None where it broke a limit. `end`: by the monotonic clock."""
    left = end - time.monotonic()
    if left <= 1:
        return None
    wish = wish | {"seconds": max(1, int(left)), "box": slips.SIGN_BOX, "side": slips.SIDE}
    try:
        child = subprocess.run(
            [sys.executable, "-m", "mailflow.paper_child"], input=json.dumps(wish).encode() + b"\n" + paper.data, capture_output=True, timeout=left, check=False
        )
        return json.loads(child.stdout) if child.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError, OSError):
        return None
