"""The words on a faxed or scanned page with their places. Needs the extra `ocr`; what its fields hold is found in `cells`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import lines, shapes
from .cells import SURE, Box, Cell, Words, fields
from .chinese import simplified
from .pages import Page
from .prepared import NARROW, Prepared, prepared, wide

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["SURE", "Box", "Cell", "Words", "available", "fields", "read_words", "upright"]

_COMMA = re.compile("(?<=[\u4e00-\u9fff])[．.](?=[\u4e00-\u9fff])")  # a comma that lost its tail: between two characters no full stop is a dot
_SHORT = 650    # pixels: lines up to this are read from both views; longer ones are sentences, and cost much
_DIFFER = 0.6   # how sure a line may at most be whose readings differ
_OTHERS = 4     # other readings of a line that are told


def available() -> bool:
    """Whether the extra is installed."""
    from importlib.util import find_spec

    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


def upright(page: Page) -> Image:
    """The page as it is read: square pixels, turned upright, made level. What `Words.box` and `Cell.box` are pixels of. ImportError without the extra."""
    from PIL.Image import fromarray

    return fromarray(prepared(page).views[0])


def read_words(page: Page) -> list[Words]:
    """The page's lines from top to bottom, whichever way it lay. ImportError without the extra."""
    sheet = prepared(page)
    tidy = sheet.views[-1]
    first = [_said(chances) for chances in lines.read([lines.cut(tidy, line.corners, NARROW) for line in sheet.lines])]
    again = [n for n, line in enumerate(sheet.lines) if wide(line.corners) < _SHORT]
    second = _once_more(sheet, again, sheet.views[0], NARROW)
    apart = [n for n in again if _text(second[n].text) != _text(first[n].text)]
    third = _once_more(sheet, apart, _soft(tidy), 1.0) if apart else {}
    words = [_agreed(lines.around(line.corners), [said, *(more[n] for more in (second, third) if n in more)]) for n, (line, said) in enumerate(zip(sheet.lines, first, strict=True))]
    for line, word in zip(sheet.lines, words, strict=True):
        word.sure = word.sure if line.whole else min(word.sure, _DIFFER)
    return sorted((w for w in words if w.text), key=lambda w: (w.box[1], w.box[0]))


def _once_more(sheet: Prepared, which: Sequence[int], view: Any, narrow: float) -> dict[int, _Said]:
    strips = [lines.cut(view, sheet.lines[n].corners, narrow) for n in which]
    return {n: _said(chances) for n, chances in zip(which, lines.read(strips), strict=True)}


def _soft(view: Any) -> Any:
    """A third preparation, that errs otherwise: broken strokes run together."""
    import cv2

    return cv2.GaussianBlur(view, (0, 0), 1.2)


@dataclass(slots=True)
class _Said:
    """One reading of a line."""

    text: str
    sure: float
    others: tuple[str, ...]


def _said(chances: lines.Chances) -> _Said:
    reading = lines.freely(chances)
    reading.text = _COMMA.sub("，", simplified(reading.text))  # to the model 別 and 别 are two; on these forms they are not
    label, mark, _ = reading.text.replace("：", ":").partition(":")
    said = len(label) + 1 if mark and len(label) <= 12 and not label[-1:].isdigit() else 0  # 联系电话:020-38271165
    value = shapes.shaped(reading.text[said:], reading.sure, chances[reading.steps[said - 1] + 1 if said else 0 :])
    if value is None:
        sure = reading.sure
        if shapes.shape_of(reading.text[said:]):  # its space is part of the shape, and need not be seen
            sure = min(each[0][1] for each in reading.likely if each[0][0] != " ")
        return _Said(reading.text, sure, _others(reading))
    text = reading.text[:said] + value[0]
    return _Said(text, value[1], (reading.text,) if reading.text != text else ())


def _agreed(box: Box, readings: list[_Said]) -> Words:
    """What two preparations say alike is sure; where they differ a third one decides, and it stays doubtful."""
    # a space between letters is lost sooner than made up
    best = max(readings, key=lambda r: (sum(r2.sure for r2 in readings if _text(r2.text) == _text(r.text)), r.text.count(" ") if r.text.isascii() else 0, r.sure))
    apart = any(_text(r.text) != _text(best.text) for r in readings)
    others = dict.fromkeys(o for r in readings for o in (r.text, *r.others) if o != best.text)
    return Words(best.text, box, min(best.sure, _DIFFER) if apart else best.sure, tuple(others)[:_OTHERS])


def _text(text: str) -> str:
    """What counts when two readings are compared: not the spaces, nor the marks of prose."""
    return "".join(c for c in text if not c.isspace() and c not in lines.MARKS)


def _others(reading: lines.Reading) -> tuple[str, ...]:
    """With one character read otherwise, the likeliest first."""
    options = [(chance, place, other) for place, each in enumerate(reading.likely) for other, chance in each[1:] if chance > 0.02]
    return tuple(simplified(reading.text[:place] + other + reading.text[place + 1 :]) for _, place, other in sorted(options, reverse=True)[:_OTHERS])
