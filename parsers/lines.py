"""Lines of print on a page, and what they say: the two models that rapidocr brings, run on one thread. Needs the extra `ocr`.

The models are run without rapidocr around them: importing it takes half a second, a fifth of what a page may cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_FIND_AT = 896    # pixels of the long side at which lines are sought: at 2000 it costs five times as much and finds no more
_GRID = 32        # its model takes sides of a multiple of this
_BAND, _INK = 16, 4.0         # rows that together hold so many dark pixels, at that size, bear print: a full stop has some 4, a speck 1
_CORE, _LINE, _THINNEST = 0.3, 0.5, 3  # a pixel of a line, the mean of a line, its height: as the model was taught
_LET_OUT = 1.6
_HIGH = 48        # pixels of a line as the model reads it
_STEP = 32        # widths are rounded up to this, so that lines of about one length are read together
_NARROWEST = 96   # a strip is filled up to this
_LIKELY = 4       # characters that are remembered for each place
_TOGETHER = 6     # lines at once: more needs memory and gains nothing on one thread
_LONG = 400       # pixels: from here on several at once take a fifth longer than one by one
_CLEAR = 0.98     # a character so sure has no others

MARKS = "，,、。；;"  # of prose: whether a comma is wide or narrow, or a full stop, makes no reading doubtful

Chances = Any     # steps × characters, probabilities: numpy, float32
Corners = Any     # four points (x, y), clockwise from the upper left: numpy, float32


@dataclass(slots=True)
class Reading:
    """What a line says; `sure` is the probability of its least sure character. `likely`: for each what it may be, likeliest first; `steps`: where in Chances."""

    text: str
    sure: float
    likely: list[list[tuple[str, float]]]
    steps: list[int]


def around(corners: Corners) -> tuple[float, float, float, float]:
    """The upright box around a line: left, top, right, bottom."""
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


@lru_cache(maxsize=2)
def _model(task: str) -> Any:
    """`det` finds lines, `rec` reads them."""
    from importlib.resources import files

    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # with more, the waiting ones spin, and processor time is what a page costs
    options.enable_cpu_mem_arena = False  # of pages of ever other sizes it would keep far more than is in use
    [file] = [f for f in files("rapidocr").joinpath("models").iterdir() if f"_{task}_" in f.name and f.name.endswith(".onnx")]
    return InferenceSession(file.read_bytes(), options, providers=["CPUExecutionProvider"])


def _run(task: str, batch: Any) -> Any:
    model = _model(task)
    return model.run(None, {model.get_inputs()[0].name: batch})[0]


def find(grey: Any) -> list[Corners]:
    """Where lines of print stand. Of the page only what bears print is looked at: the empty half of a form costs as much as the other."""
    import cv2
    import numpy

    part = min(1.0, _FIND_AT / max(grey.shape))
    small = cv2.resize(grey, None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
    first, last = _printed(small)
    if first >= last:
        return []
    high, wide = (-(-side // _GRID) * _GRID for side in (last - first, small.shape[1]))
    paper = numpy.ones((high, wide), numpy.float32)
    paper[: last - first, : small.shape[1]] = small[first:last].astype(numpy.float32) / 127.5 - 1
    heat = _run("det", numpy.stack([paper] * 3)[None])[0, 0]
    return [(corners + (0, first)).astype("float32") / part for corners in _boxes(heat)]


def _printed(small: Any) -> tuple[int, int]:
    """The rows between which there is print."""
    import numpy

    ink = numpy.convolve((255.0 - small).sum(axis=1) / 255, numpy.ones(_BAND), "same")
    rows = numpy.flatnonzero(ink > _INK)
    return (max(0, int(rows[0]) - _BAND), min(len(ink), int(rows[-1]) + _BAND + 1)) if len(rows) else (0, 0)


def _boxes(heat: Any) -> list[Corners]:
    """The lines in the finder's answer, from 0 to 1 for each pixel: it is sure of a line's core alone, which is then let out (Liao et al. 2020,
    Real-time scene text detection with differentiable binarization, §3.3)."""
    import cv2
    import numpy

    core = cv2.dilate((heat > _CORE).astype(numpy.uint8), numpy.ones((2, 2), numpy.uint8))
    found = []
    for contour in cv2.findContours(core, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)[0]:
        middle, (a, b), turned = cv2.minAreaRect(contour)
        if min(a, b) < _THINNEST:
            continue
        inside = numpy.zeros(heat.shape, numpy.uint8)
        cv2.fillPoly(inside, [cv2.boxPoints((middle, (a, b), turned)).astype(numpy.int32)], 1)
        if cv2.mean(heat, mask=inside)[0] < _LINE:
            continue
        out = 2 * _LET_OUT * a * b / (2 * (a + b))
        found.append(_clockwise(cv2.boxPoints((middle, (a + out, b + out), turned)), heat.shape))
    return sorted(found, key=lambda corners: (float(corners[0][1]), float(corners[0][0])))


def _clockwise(points: Any, shape: tuple[int, int]) -> Corners:
    """From the upper left one, and within the page."""
    import numpy

    left, right = numpy.split(points[points[:, 0].argsort()], 2)
    left, right = left[left[:, 1].argsort()], right[right[:, 1].argsort()]
    return numpy.clip(numpy.array([left[0], right[0], right[1], left[1]]), 0, (shape[1] - 1, shape[0] - 1))


def cut(grey: Any, corners: Corners, narrow: float = 1.0) -> Any:
    """The line as a picture of _HIGH pixels, level; `narrow` makes it so much shorter."""
    import cv2
    import numpy

    top, right, bottom, left = (float(numpy.linalg.norm(corners[n] - corners[n - 1])) for n in (1, 2, 3, 0))
    wide, high = max(top, bottom), max(left, right, 1.0)
    width = max(8, round(wide * narrow * _HIGH / high))
    target = numpy.array([[0, 0], [width, 0], [width, _HIGH], [0, _HIGH]], numpy.float32)
    return cv2.warpPerspective(grey, cv2.getPerspectiveTransform(corners, target), (width, _HIGH), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def read(strips: Sequence[Any]) -> list[Chances]:
    """For each strip (see `cut`): how likely each character is at each step."""
    import numpy

    order = sorted(range(len(strips)), key=lambda n: strips[n].shape[1])
    found: list[Chances] = [None] * len(strips)
    while order:
        least = strips[order[0]].shape[1]
        some = [n for n in order[: _TOGETHER if least < _LONG else 1] if strips[n].shape[1] <= least * 1.15 + _STEP]
        order = order[len(some) :]
        width = max(_NARROWEST, -(-strips[some[-1]].shape[1] // _STEP) * _STEP)
        batch = numpy.zeros((len(some), 3, _HIGH, width), numpy.float32)  # zero is what the model was taught to see beside a line
        for row, n in enumerate(some):
            batch[row, :, :, : strips[n].shape[1]] = strips[n].astype(numpy.float32) / 127.5 - 1
        for n, chances in zip(some, _run("rec", batch), strict=True):
            found[n] = chances
    return found


@lru_cache(maxsize=1)
def characters() -> list[str]:
    """What the columns of Chances stand for; the first is the gap between two characters."""
    return ["", *_model("rec").get_modelmeta().custom_metadata_map["character"].splitlines(), " "]


def freely(chances: Chances) -> Reading:
    """The likeliest text (CTC: of each run of one character its likeliest step; gaps stand between)."""
    import numpy

    names = characters()
    best = chances.argmax(axis=1)
    likely: list[list[tuple[str, float]]] = []
    steps: list[int] = []
    peak, before = 0.0, 0
    for step, name in enumerate(best):
        if name and (name != before or chances[step][name] > peak):
            top = numpy.argpartition(chances[step], -_LIKELY)[-_LIKELY:] if chances[step][name] < _CLEAR else [name]
            each = sorted(((names[n] if n else "", float(chances[step][n])) for n in top), key=lambda c: -c[1])
            if name != before:
                likely.append(each)
                steps.append(step)
            else:
                likely[-1], steps[-1] = each, step
            peak = float(chances[step][name])
        before = name
    return Reading("".join(each[0][0] for each in likely), min((each[0][1] for each in likely if each[0][0] not in MARKS), default=0.0), likely, steps)
