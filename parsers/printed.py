"""The words on a faxed or scanned page with their places, and a form's fields by where its cells stand. Needs the extra `ocr`.

Nothing that is read here is sure: it is shown to a person, who says what is right.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .pages import Page

if TYPE_CHECKING:
    from PIL.Image import Image

SURE = 0.9  # at or above it a cell's value is practically never wrong; what is below is shown to a person beside its picture
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})(\d{2}:\d{2})(?!\d)")  # the reader loses the space between day and time
_LIKE = 0.78  # how near a misread label must be: 己采取措施 is 已采取措施

Box = tuple[float, float, float, float]


@dataclass(slots=True)
class Words:
    """One line of print; `box` is left, top, right, bottom in pixels of `upright`'s image, `sure` from 0 to 1, `others` what else it may be, likeliest first."""

    text: str
    box: Box
    sure: float
    others: tuple[str, ...] = ()

    @property
    def middle(self) -> float:
        return (self.box[1] + self.box[3]) / 2


@dataclass(slots=True)
class Cell:
    """What stands in a field: at or above SURE `sure` means that it may be taken; `box` is where, in pixels of `upright`'s image, for a picture of it."""

    text: str
    sure: float
    box: Box


def available() -> bool:
    """Whether the extra is installed."""
    from importlib.util import find_spec

    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


@lru_cache(maxsize=1)
def _engine() -> Any:
    import logging

    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    return RapidOCR(params={"Global.log_level": "critical"})


def upright(page: Page) -> Image:
    """The page as it is read: square pixels, turned upright, made level. What `Words.box` and `Cell.box` are pixels of."""
    return page.image


def read_words(page: Page) -> list[Words]:
    """The page's lines from top to bottom as it lies; the words of one upside down too (see `upside_down`). ImportError without the extra."""
    import numpy
    from PIL.ImageFilter import MedianFilter

    image = page.image
    extremes = sum(image.histogram()[:8]) + sum(image.histogram()[248:])
    if extremes > 0.9 * image.width * image.height and not page.digital:
        image = image.filter(MedianFilter(3))  # two tones: without its specks
    done = _engine()(numpy.asarray(image.convert("RGB")))
    if done.boxes is None:
        return []
    found, slopes = [], []
    for box, text, sure in zip(done.boxes, done.txts, done.scores, strict=True):
        found.append((box, str(text), float(sure)))
        if box[1][0] - box[0][0] > 150:
            slopes.append((box[1][1] - box[0][1]) / (box[1][0] - box[0][0]))
    slope = sorted(slopes)[len(slopes) // 2] if slopes else 0.0
    words = []
    for box, text, sure in found:
        lean = slope * (sum(p[0] for p in box) / 4)
        words.append(Words(text, (float(min(p[0] for p in box)), float(min(p[1] for p in box) - lean), float(max(p[0] for p in box)), float(max(p[1] for p in box) - lean)), sure))
    return sorted(words, key=lambda w: (w.box[1], w.box[0]))


def upside_down(words: Sequence[Words], width: int, height: int) -> list[Words]:
    """The same lines with the page turned: each line was read upright already."""
    return sorted((Words(w.text, (width - w.box[2], height - w.box[3], width - w.box[0], height - w.box[1]), w.sure) for w in words), key=lambda w: (w.box[1], w.box[0]))


def fields(words: Sequence[Words], labels: Iterable[str], known: Mapping[str, Sequence[str]] | None = None) -> dict[str, Cell]:
    """label → what stands right of it or, in a cell of several lines, nearest to it. `known`: for a label, values that are to be expected."""
    names = {_plain(label): label for label in labels}
    heads: list[tuple[Words, str]] = []
    rest: list[Words] = []
    values: dict[str, list[Words]] = {}
    for line in words:
        head, mark, inline = line.text.replace("：", ":").partition(":")
        name = _label(head, names) if len(head) <= 12 else None
        if name is None:
            rest.append(line)
            continue
        heads.append((line, name))
        if mark and inline.strip():
            values.setdefault(name, []).append(Words(inline.strip(), line.box, line.sure))
    for line in rest:
        tall = line.box[3] - line.box[1]
        near = [(abs(h.middle - line.middle) * 4 + (line.box[0] - h.box[2]), name) for h, name in heads if h.box[2] <= line.box[0] + tall / 2 and abs(h.middle - line.middle) < 1.3 * tall]
        if near:
            values.setdefault(min(near)[1], []).append(line)
    found = {}
    for name, lines in values.items():
        cell = _cell(lines)
        left, top, right, bottom = zip(*(w.box for w in cell), strict=True)
        found[name] = Cell(_MOMENT.sub(r"\1 \2", "".join(w.text for w in cell)), min(w.sure for w in cell), (min(left), min(top), max(right), max(bottom)))
    return found


def _cell(lines: list[Words]) -> list[Words]:
    """Of what stands right of a label, the cell beside it: what follows on the same line after a wide gap is another cell, perhaps of a label unknown."""
    kept: list[Words] = []
    for line in sorted(lines, key=lambda w: w.box[0]):
        beside = [w for w in kept if abs(w.middle - line.middle) < (line.box[3] - line.box[1]) / 2]
        if not beside or line.box[0] - max(w.box[2] for w in beside) < 2 * (line.box[3] - line.box[1]):
            kept.append(line)
    kept.sort(key=lambda w: w.middle)
    rows: list[list[Words]] = []
    for line in kept:
        if rows and abs(rows[-1][0].middle - line.middle) < (line.box[3] - line.box[1]) / 2:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [w for row in rows for w in sorted(row, key=lambda w: w.box[0])]


def _plain(text: str) -> str:
    return re.sub(r"[\s:：()（）]", "", text)


def _label(text: str, known: dict[str, str]) -> str | None:
    plain = _plain(text)
    if plain in known:
        return known[plain]
    near = difflib.get_close_matches(plain, [k for k in known if len(k) >= 4 and len(k) == len(plain)], 1, _LIKE)
    return known[near[0]] if near else None
