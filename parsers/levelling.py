"""A page made ready for reading: specks and streaks taken off, square pixels, level. Needs the extra `ocr` (numpy, OpenCV)."""

from __future__ import annotations

import math
from typing import Any

from .pages import Page

_STEEPEST = 5.0  # degrees of skew that are looked for: more is no page laid in by hand
_SEEN = 700      # pixels of the long side at which the skew is measured
_PAPER, _WHOLE = 0.3, 0.97  # of a photo: a smaller light spot is no sheet; more, and there is nothing but the sheet
_LEVELS = (1.0, 0.85, 1.15, 0.7, 1.3)  # of the brightness between paper and table
_BULGE = 0.05    # of its area, which it may have more or less than a figure of four corners
_STEP, _EDGE = 9, 10  # pixels in from an edge of the sheet and out, and how much darker it is there at least
_BENT = 0.02     # of its outline, by which a side of a sheet may bulge
_MOST_DOTS = 2   # pixels of a speck at 204 dots an inch: a full stop has 9 or more
_RULING = 90     # pixels: longer than any stroke of print below 30 points, and most words
_UPRIGHT = 64    # likewise from top to bottom, where below 20 points nothing joins on: the cells of a form are 80 high and more
_LOST = 5        # rows that a fax machine may drop of a ruling
_STREAK = 0.4    # of the page's height: a dark column is dirt on the scanner's glass; the rulings of a form are seldom that long and level


def two_tones(page: Page) -> bool:
    """Whether it came from a fax machine: black and white alone."""
    image = page.image
    extremes = sum(image.histogram()[:8]) + sum(image.histogram()[248:])
    return not page.digital and extremes > 0.9 * image.width * image.height


def clean(raw: Any) -> Any:
    """Black and white as scanned, before pixels are made square: afterwards a speck is a grey spot and cannot be told from print."""
    import cv2
    import numpy

    dark = (raw < 128).astype(numpy.uint8)
    share = dark.mean(axis=0)
    for x in numpy.flatnonzero(share > _STREAK):
        left, right = max(0, x - 1), min(dark.shape[1] - 1, x + 1)
        if min(share[left], share[right]) < share[x] / 3:  # thin: what crosses it stays where both sides are dark
            dark[:, x] = dark[:, left] & dark[:, right]
    count, names, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    small = stats[:, cv2.CC_STAT_AREA] <= _MOST_DOTS
    small[0] = False
    dark[small[names]] = 0
    holes, names, stats, _ = cv2.connectedComponentsWithStats(1 - dark, connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] <= 1
    small[0] = False
    dark[small[names]] = 1
    return ((1 - dark) * 255).astype(numpy.uint8)


def unruled(level: Any) -> tuple[Any, Any]:
    """A level picture without the rulings of its form, which else are read as dashes and bars where they touch a cell's print; and where the upright
    ones are (1, else 0)."""
    import cv2
    import numpy

    dark = (level < 160).astype(numpy.uint8)
    across = cv2.morphologyEx(dark, cv2.MORPH_OPEN, numpy.ones((1, _RULING), numpy.uint8))
    joined = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, numpy.ones((_LOST, 1), numpy.uint8))
    down = cv2.dilate(cv2.morphologyEx(joined, cv2.MORPH_OPEN, numpy.ones((_UPRIGHT, 1), numpy.uint8)), numpy.ones((1, 3), numpy.uint8))
    rulings = cv2.bitwise_or(cv2.dilate(across, numpy.ones((3, 1), numpy.uint8)), down)
    return numpy.where(rulings, 255, level).astype(numpy.uint8), down


def levelled(picture: Any, size: tuple[int, int], degrees: float) -> Any:
    """The picture with square pixels, turned by so much (clockwise), in one step: each step blurs. So much higher that its first line stays on it."""
    import cv2
    import numpy

    (width, height), x, y = size, size[0] / picture.shape[1], size[1] / picture.shape[0]
    more = math.ceil(width / 2 * math.sin(math.radians(abs(degrees))))  # at each end: there a machine prints its own line, level when the page is not
    turn = numpy.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1), [0, 0, 1]])
    turn[1, 2] += more
    square = numpy.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
    return cv2.warpAffine(picture, (turn @ square)[:2], (width, height + 2 * more), flags=cv2.INTER_LINEAR, borderValue=255)


def evened(grey: Any) -> Any:
    """A photo without the shadows on it: each spot as a share of the paper's brightness around it."""
    import cv2
    import numpy

    paper = cv2.resize(grey, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
    paper = cv2.resize(cv2.medianBlur(cv2.dilate(paper, numpy.ones((5, 5), numpy.uint8)), 9), grey.shape[::-1])
    return numpy.clip(grey.astype(numpy.float32) * 245 / numpy.maximum(paper, 40), 0, 255).astype(numpy.uint8)


def sheet(grey: Any) -> Any:
    """Of a photo the sheet of paper that lies on it, as if seen from straight above; the photo itself where it shows no sheet whole, or nothing else."""
    import cv2
    import numpy

    part = _SEEN / max(grey.shape)
    small = cv2.GaussianBlur(cv2.resize(grey, None, fx=part, fy=part, interpolation=cv2.INTER_AREA), (0, 0), 2)
    middling = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0]
    outlines = (_outline(small > middling * level) for level in _LEVELS)  # the light falls from one side, and the table is seldom of one colour
    outline = next((found for found in outlines if found is not None and _edged(small, found)), None)
    if outline is None:
        return grey
    corners = outline.astype(numpy.float32) / part
    first = int((corners[:, 0] + corners[:, 1]).argmin())  # the upper left one
    corners = numpy.roll(corners, -first, axis=0)
    if corners[1][1] - corners[0][1] > corners[1][0] - corners[0][0]:
        corners = corners[[0, 3, 2, 1]]  # clockwise
    sides = [float(numpy.linalg.norm(corners[n] - corners[n - 1])) for n in (1, 3, 2, 0)]
    width, height = round(max(sides[:2])), round(max(sides[2:]))
    target = numpy.array([[0, 0], [width, 0], [width, height], [0, height]], numpy.float32)
    return cv2.warpPerspective(grey, cv2.getPerspectiveTransform(corners, target), (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _outline(light: Any) -> Any:
    """The corners of a sheet of paper among what is light; None where there is none."""
    import cv2
    import numpy

    whole = cv2.morphologyEx(light.astype(numpy.uint8), cv2.MORPH_OPEN, numpy.ones((9, 9), numpy.uint8))
    whole = cv2.morphologyEx(whole, cv2.MORPH_CLOSE, numpy.ones((15, 15), numpy.uint8))  # print and its frame are of the paper
    found = cv2.findContours(whole, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    if not found:
        return None
    outline = cv2.convexHull(max(found, key=cv2.contourArea))
    area = cv2.contourArea(outline)
    corners = cv2.approxPolyDP(outline, _BENT * cv2.arcLength(outline, True), True)[:, 0]
    if not _PAPER < area / light.size < _WHOLE or len(corners) != 4 or abs(cv2.contourArea(corners) / area - 1) > _BULGE:
        return None
    return corners


def _edged(small: Any, corners: Any) -> bool:
    """Whether it is darker beyond each side: else the side runs where the light fades on the paper, and there is more of it."""
    import numpy

    middle = corners.mean(axis=0)
    height, width = small.shape
    for one, other in zip(corners, numpy.roll(corners, -1, axis=0), strict=True):
        along = one + (other - one) * numpy.linspace(0.1, 0.9, 40)[:, None]
        outwards = along - middle
        outwards *= _STEP / numpy.linalg.norm(outwards, axis=1)[:, None]
        inside, outside = (along - outwards).astype(int), (along + outwards).astype(int)
        there = ((outside >= 0) & (outside < (width, height)) & (inside >= 0) & (inside < (width, height))).all(axis=1)
        if not there.any():
            continue  # the sheet goes on to the edge of the photo
        inside, outside = inside[there], outside[there]
        steps = small[inside[:, 1], inside[:, 0]].astype(int) - small[outside[:, 1], outside[:, 0]]
        if numpy.median(steps) < _EDGE:
            return False
    return True


def skew(square: Any) -> float:
    """Degrees (counter-clockwise) by which the page was laid in askew. Turned back by them its lines are level, and the sums of its rows differ most."""
    import cv2
    import numpy

    part = _SEEN / max(square.shape)
    small = 255 - cv2.resize(square, None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
    small = numpy.clip(small.astype(numpy.float32) - 60, 0, None)
    height, width = small.shape
    across = numpy.arange(width) - width / 2

    def sharp(degrees: float) -> float:
        # a shear is near enough to a turn for so small angles, and its row sums are a weighted histogram
        rows, columns = numpy.nonzero(small)
        lands = numpy.round(rows - across[columns] * numpy.tan(numpy.radians(-degrees)) + height * 0.1).astype(numpy.int64)
        sums = numpy.bincount(numpy.clip(lands, 0, int(height * 1.2)), small[rows, columns], int(height * 1.2) + 1)
        return float(numpy.square(numpy.diff(sums)).sum())

    best = max(numpy.arange(-_STEEPEST, _STEEPEST + 0.1, 0.5), key=sharp)
    best = max(numpy.arange(best - 0.4, best + 0.41, 0.1), key=sharp)
    return float(best)
