"""Boxes of print fitted to the page: a label and its value that were found as one are parted where the form's ruling runs between them, and a line of
which the end was not found is let out to where its print ends. Needs the extra `ocr`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .lines import Corners, around

_SPECK = 8        # dark pixels: less is dirt; a full stop has 9 or more
_CROSSES = 0.7    # of a box's height: an upright ruling runs at least so far through it
_DARK = 128
_REACH = 15       # of a box's height: a line is let out no further
_APART = 0.7      # of a box's height: print that follows within this is of the same line: after a comma half a character is empty
_BESIDE = 0.15    # of a box's height: so much paper is left at the end of a line
_LEAST = 0.25     # of a box's height: a part that is narrower holds nothing
_TILTED = 0.2     # of its width a line may rise or fall on a level page: what lies more askew is of a round stamp
_LONG = 1.4       # of its height: a box that is shorter may be turned anyhow


@dataclass(slots=True)
class Line:
    """A line of print; `whole` is false where something dark follows that is no print of its own, such as the rim of a stamp: there may be more below it."""

    corners: Corners
    whole: bool = True


def fitted(view: Any, rulings: Any, found: list[Corners]) -> list[Line]:
    """`view` is level and without rulings, `rulings` 1 where upright ones were (or of one pixel, where none were looked for)."""
    import numpy

    parts = [part for corners in found if not _askew(corners) for part in _parted(corners, rulings)]
    if not parts:
        return []
    boxes = numpy.array([around(corners) for corners in parts])
    page = _Page(view, rulings, _pieces(view))
    return [_let_out(corners, n, boxes, page) for n, corners in enumerate(parts)]


def _askew(corners: Corners) -> bool:
    across, down = corners[1] - corners[0], corners[3] - corners[0]
    return bool(abs(across[0]) > _LONG * abs(down[1]) and abs(across[1]) > _TILTED * abs(across[0]))


@dataclass(slots=True)
class _Page:
    view: Any
    rulings: Any
    pieces: Any  # of connected ink, from left to right: left, top, right, bottom


def _pieces(view: Any) -> Any:
    import cv2
    import numpy

    _, _, stats, _ = cv2.connectedComponentsWithStats((view < _DARK).astype(numpy.uint8), connectivity=8)
    stats = stats[1:][stats[1:, cv2.CC_STAT_AREA] >= _SPECK].astype(float)
    pieces = numpy.stack([stats[:, 0], stats[:, 1], stats[:, 0] + stats[:, 2], stats[:, 1] + stats[:, 3]], axis=1)
    return pieces[pieces[:, 0].argsort()]


def _ruled(rulings: Any, box: tuple[float, float, float, float]) -> Any:
    """The columns, counted from its left, in which an upright ruling runs through a box."""
    import numpy

    left, top, right, bottom = box
    third = (bottom - top) / 6
    part = rulings[max(0, int(top + third)) : int(bottom - third), max(0, int(left)) : max(0, int(right))]
    return numpy.flatnonzero(part.mean(axis=0) > _CROSSES) if part.size else numpy.empty(0, int)


def _parted(corners: Corners, rulings: Any) -> list[Corners]:
    import numpy

    left, top, right, bottom = box = around(corners)
    columns = _ruled(rulings, box)
    if not len(columns):
        return [corners]
    groups = numpy.split(columns, numpy.flatnonzero(numpy.diff(columns) > 2) + 1)
    ends = [left, *(x for group in groups for x in (left + group[0] - 1, left + group[-1] + 2)), right]
    return [_between(corners, a, b) for a, b in zip(ends[::2], ends[1::2], strict=True) if b - a > _LEAST * (bottom - top)]


def _between(corners: Corners, left: float, right: float) -> Corners:
    """The same line from x to x."""
    import numpy

    def at(a: Any, b: Any, x: float) -> Any:
        return a + (b - a) * ((x - a[0]) / max(float(b[0] - a[0]), 1.0))

    one, two, three, four = corners
    return numpy.array([at(one, two, left), at(one, two, right), at(four, three, right), at(four, three, left)], numpy.float32)


def _let_out(corners: Corners, number: int, boxes: Any, page: _Page) -> Line:
    """To where the print of the line ends, but not over another line, nor over a ruling."""
    left, top, right, bottom = boxes[number]
    high = bottom - top
    if right - left < high / 2:
        return Line(corners)
    beside = boxes[(boxes[:, 1] < bottom - high / 4) & (boxes[:, 3] > top + high / 4)]
    least = max(left - _REACH * high, *beside[:, 2][beside[:, 2] <= left], 0.0)
    most = min(right + _REACH * high, *beside[:, 0][beside[:, 0] >= right], float(page.view.shape[1]))
    if len(ruled := _ruled(page.rulings, (least, top, left, bottom))):
        least += float(ruled[-1]) + 3
    if len(ruled := _ruled(page.rulings, (right, top, most, bottom))):
        most = right + float(ruled[0]) - 2
    own = page.pieces[(page.pieces[:, 1] > top - high / 10) & (page.pieces[:, 3] < bottom + high / 10)]
    first, last = left, right
    for piece in own[(own[:, 2] > right) & (own[:, 2] <= most)]:
        if piece[0] - last > _APART * high:
            break
        last = max(last, piece[2])
    for piece in own[(own[:, 0] < left) & (own[:, 0] >= least)][::-1]:
        if first - piece[2] > _APART * high:
            break
        first = min(first, piece[0])

    def dark(a: float, b: float) -> bool:
        part = page.view[max(0, int(top + high / 5)) : int(bottom - high / 5), int(a) + 1 : int(b)]
        return bool(part.size) and int((part < _DARK).sum()) > _SPECK

    whole = not dark(max(least, first - _APART * high), first) and not dark(last, min(most, last + _APART * high))
    if first == left and last == right:
        return Line(corners, whole)
    return Line(_between(corners, first - _BESIDE * high * (first < left), last + _BESIDE * high * (last > right)), whole)
