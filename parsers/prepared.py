"""A page prepared for reading: level, upright, its lines found. Needs the extra `ocr`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import fitting, levelling, lines
from .pages import Page

NARROW = 0.85     # strips are read so much narrower: the models read no worse, in so much less time
_TRIED = 5        # lines that are read both ways to tell which way is up
_UPRIGHT = 0.9    # how sure the model is on the average of what it reads the right way; the wrong way it is 0.3 to 0.7
_TRIED_WIDE = (120, 420)  # pixels: of a few characters, so that it costs little
_SLIVER = 24      # pixels: less holds no line of print
_EDGE = 0.04      # of the height: there a machine prints its own line, upright on a page that lies upside down


@dataclass(slots=True)
class Prepared:
    """Pictures of one size, level and upright: the page as it came, then without its dirt (of a photo: its shadows); `lines` are corners in both."""

    views: list[Any]
    lines: list[fitting.Line]


def prepared(page: Page) -> Prepared:
    """Done once a page. ImportError without the extra."""
    if page.prepared is None:
        page.prepared = _prepare(page)
    return page.prepared


def _prepare(page: Page) -> Prepared:
    import numpy

    raw = numpy.asarray(page.raw)
    if min(page.image.size) < _SLIVER:
        return Prepared([numpy.asarray(page.image)], [])
    size = page.image.size
    if levelling.two_tones(page):
        tidy = levelling.clean(raw)
    elif page.digital:
        tidy = raw
    else:
        raw = levelling.sheet(numpy.asarray(page.image))
        size, tidy = raw.shape[::-1], levelling.evened(raw)
    views = [raw] if tidy is raw else [raw, tidy]
    degrees = 0.0 if page.digital else levelling.skew(levelling.levelled(tidy, size, 0.0))
    ruled = views = [levelling.levelled(view, size, degrees) for view in views]
    views, rulings = _without_rulings(views)
    found = lines.find(views[-1])
    if _sideways(found):  # a photo or a scan of a sheet that lay across: print runs up or down
        views, rulings = _without_rulings([numpy.ascontiguousarray(numpy.rot90(view)) for view in ruled])
        found = lines.find(views[-1])
    found = fitting.fitted(views[-1], rulings, found)
    if _upside_down(views[-1], [line.corners for line in found]):
        views = [numpy.ascontiguousarray(view[::-1, ::-1]) for view in views]
        height, width = views[0].shape
        for line in found:
            line.corners = numpy.array([[width, height]], numpy.float32) - line.corners[[2, 3, 0, 1]]
    return Prepared(views, found)


def _without_rulings(views: list[Any]) -> tuple[list[Any], Any]:
    """The page as it came, and the tidy one without rulings, where there is one; and where upright ones were."""
    import numpy

    if len(views) < 2:
        return views, numpy.zeros((1, 1), numpy.uint8)
    plain, rulings = levelling.unruled(views[1])
    return [views[0], plain], rulings


def wide(corners: lines.Corners) -> float:
    return float(corners[1][0] - corners[0][0])


def _high(corners: lines.Corners) -> float:
    return float(corners[3][1] - corners[0][1])


def _sideways(found: list[lines.Corners]) -> bool:
    return sum(_high(c) > 1.5 * wide(c) for c in found) > 0.6 * len(found)


def _upside_down(view: Any, found: list[lines.Corners]) -> bool:
    """A few lines are read and, unless they are plain, read the other way too: the wrong way the model is sure of little."""
    height = view.shape[0]
    inside = [c for c in found if _EDGE * height < c[0][1] < (1 - _EDGE) * height and wide(c) > 2 * _high(c)]
    inside.sort(key=lambda c: (not _TRIED_WIDE[0] <= wide(c) <= _TRIED_WIDE[1], wide(c)))
    # among those of fit width the wide ones say more
    fit = [c for c in inside if _TRIED_WIDE[0] <= wide(c) <= _TRIED_WIDE[1]][-_TRIED:] or inside[:_TRIED]
    strips = [lines.cut(view, c, NARROW) for c in fit]
    upright = _certainty(strips)
    return upright < _UPRIGHT * len(fit) and _certainty([s[::-1, ::-1] for s in strips]) > upright


def _certainty(strips: Sequence[Any]) -> float:
    """How sure the model is of the characters of each, summed up."""
    readings = [lines.freely(chances) for chances in lines.read(strips)]
    return sum(sum(each[0][1] for each in reading.likely) / max(len(reading.likely), 1) for reading in readings)
