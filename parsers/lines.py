"""Lines of print on a page, and what they say: the two models that rapidocr brings, run on one thread. Needs the extra `ocr`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_FIND_AT = 896    # pixels of the long side at which lines are sought: at 2000 it costs five times as much and finds no more
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


@lru_cache(maxsize=1)
def _engine() -> Any:
    import logging

    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    # one thread: with more, the waiting ones spin, and processor time is what a page costs
    threads = {"EngineConfig.onnxruntime.intra_op_num_threads": 1, "EngineConfig.onnxruntime.inter_op_num_threads": 1}
    return RapidOCR(params={"Global.log_level": "critical", "Det.limit_type": "max", "Det.limit_side_len": _FIND_AT, **threads})


@lru_cache(maxsize=1)
def _finder() -> Any:
    return _engine()._load_det_model()


@lru_cache(maxsize=1)
def _reader() -> tuple[Any, list[str]]:
    model = _engine()._load_rec_model()
    return model.session, model.postprocess_op.character


def find(grey: Any) -> list[Corners]:
    """Where lines of print stand."""
    import cv2

    part = min(1.0, _FIND_AT / max(grey.shape))
    small = cv2.resize(grey, None, fx=part, fy=part, interpolation=cv2.INTER_AREA)
    done = _finder()(cv2.cvtColor(small, cv2.COLOR_GRAY2BGR))
    return [] if done.boxes is None else [box.astype("float32") / part for box in done.boxes]


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
    session, _ = _reader()
    while order:
        least = strips[order[0]].shape[1]
        some = [n for n in order[: _TOGETHER if least < _LONG else 1] if strips[n].shape[1] <= least * 1.15 + _STEP]
        order = order[len(some) :]
        width = max(_NARROWEST, -(-strips[some[-1]].shape[1] // _STEP) * _STEP)
        batch = numpy.zeros((len(some), 3, _HIGH, width), numpy.float32)  # zero is what the model was taught to see beside a line
        for row, n in enumerate(some):
            batch[row, :, :, : strips[n].shape[1]] = strips[n].astype(numpy.float32) / 127.5 - 1
        for n, chances in zip(some, session(batch), strict=True):
            found[n] = chances
    return found


def characters() -> list[str]:
    """What the columns of Chances stand for; the first is the gap between two characters."""
    return _reader()[1]


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
