"""Paper that comes as a file: fax, scan, photo. Read in a process of its own within [limits], so that no file can stop or starve the service."""

from __future__ import annotations

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
class Reading:
    """What the papers of a mail hold; `problems` are Chinese sentences for the sender."""

    codes: list[Seen] = field(default_factory=list)
    pages: int = 0
    problems: list[str] = field(default_factory=list)
    words: list[tuple[list[Words], int, int]] = field(default_factory=list)  # of each page without a code: its lines, width, height


def of(attachments: Sequence[Attachment]) -> list[Attachment]:
    """Those that may be paper."""
    return [a for a in attachments if is_paper(a) and not (a.inline and a.content_id and len(a.data) < _SMALL)][:MOST_FILES]


def read(papers: Sequence[Attachment], seconds: int, memory_mb: int, first: int = 0, words: int = 0) -> Reading:
    """Reads them one after the other, all of them within `seconds` (wall clock) and each within `memory_mb`. `first`: of a PDF only so many pages.
    `words`: of so many pages the print too, where there is no code and the extra `ocr` is installed; five seconds each.
    """
    reading = Reading()
    end = time.monotonic() + (seconds if words else min(seconds, LONGEST))
    for paper in papers:
        left = end - time.monotonic()
        found = _one(paper, left, memory_mb, first, words) if left > 1 else None
        if found is None:
            reading.problems.append(f"附件《{paper.name or '附件'}》太复杂,在限定的时间和内存内读不完,没有读取;请用黑白 200 dpi 重新扫描,分次发来")
            continue
        reading.pages += found["pages"]
        reading.problems += [found["problem"]] if found["problem"] else []
        reading.words += [([Words(w["text"], tuple(w["box"]), w["sure"]) for w in page["lines"]], *page["size"]) for page in found["words"]]
        reading.codes += [Seen(c["text"], c["page"], c["signed"], c["digital"], paper.name) for c in found["codes"]]
    return reading


def _one(paper: Attachment, seconds: float, memory_mb: int, first: int, words: int) -> dict[str, Any] | None:
    wish = {"name": paper.name[:80], "seconds": max(1, int(seconds)), "memory_mb": memory_mb, "first": first, "words": words, "box": slips.SIGN_BOX, "side": slips.SIDE}
    try:
        child = subprocess.run(
            [sys.executable, "-m", "mailflow.paper_child"], input=json.dumps(wish).encode() + b"\n" + paper.data, capture_output=True, timeout=seconds, check=False
        )
        return json.loads(child.stdout) if child.returncode == 0 else None
    except (subprocess.TimeoutExpired, ValueError):
        return None
