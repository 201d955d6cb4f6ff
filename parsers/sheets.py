"""What a faxed page is: which known form by its title, a cover page, or the continuation of the page before."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from .printed import Words

_COVER = re.compile(r"传真(?:封面|首页|函)|(?i:fax\s*cover|cover\s*sheet)")
_COVER_LABELS = ("发件人", "收件人", "页数", "收件单位", "发件单位", "传真号码", "主题", "抄送")
_LIKE = 0.8   # of a title's characters so many must stand in their order: 上报厂家的疑难政障清况表 has two of twelve wrong
_FIRST, _TITLE_IN = 5, 0.35  # lines, or the share of the page's height: further down a form is only spoken of


@dataclass(slots=True, frozen=True)
class Sheet:
    """`title` is one of those asked for, '' where the page bears none."""

    part: Literal["form", "cover", "continuation"]
    title: str = ""


def sheet(words: Sequence[Words], titles: Iterable[str]) -> Sheet:
    """What the page with these lines is; of several titles that are alike the nearest."""
    height = max((w.box[3] for w in words), default=0.0)
    top = [_plain(w.text) for n, w in enumerate(words) if n < _FIRST or w.box[1] <= height * _TITLE_IN]
    best, bears = 0.0, ""
    for title in titles:
        plain = _plain(title)
        for line in top:
            # a title stands alone, perhaps between brackets: a sentence that names it is longer
            if plain and len(line) <= len(plain) + 4 and (like := _like(plain, line)) > best:
                best, bears = like, title
    labels = {label for label in _COVER_LABELS for w in words if _plain(w.text).startswith(label)}
    if best >= _LIKE:
        return Sheet("form", bears)
    return Sheet("cover") if len(labels) >= 3 or any(_COVER.search(line) for line in top) else Sheet("continuation")


def _like(title: str, line: str) -> float:
    same = sum(block.size for block in difflib.SequenceMatcher(None, title, line, autojunk=False).get_matching_blocks())
    return same / len(title) - 0.02 * abs(len(line) - len(title))


def _plain(text: str) -> str:
    return re.sub(r"[\s:：()（）《》〈〉<>「」.·,，。\-—_]", "", text)
