"""Boxes of print fitted to the page. Pages drawn by hand: bars stand for print. With numpy and OpenCV of the extra `ocr` alone."""

from __future__ import annotations

from typing import Any

import pytest

numpy = pytest.importorskip("numpy")
pytest.importorskip("cv2")

from parsers import fitting, levelling  # noqa: E402 - after the check that they can be imported


def page(*marks: tuple[int, int, int, int]) -> Any:
    sheet = numpy.full((400, 1000), 255, numpy.uint8)
    for left, top, right, bottom in marks:
        sheet[top:bottom, left:right] = 0
    return sheet


def box(left: int, top: int, right: int, bottom: int, rise: int = 0) -> Any:
    return numpy.array([[left, top], [right, top - rise], [right, bottom - rise], [left, bottom]], numpy.float32)


def word(left: int, count: int, top: int = 110) -> list[tuple[int, int, int, int]]:
    """So many characters of 24 pixels, 6 apart."""
    return [(left + 30 * n, top, left + 30 * n + 24, top + 28) for n in range(count)]


def spans(found: list[fitting.Line]) -> list[tuple[int, int, bool]]:
    return [(round(float(line.corners[0][0])), round(float(line.corners[1][0])), line.whole) for line in found]


CELLS = [(50, 60, 53, 200), (250, 60, 253, 200), (700, 60, 703, 200), (50, 60, 703, 63), (50, 197, 703, 200)]


def test_a_label_and_its_value_found_as_one_line_are_parted_at_the_ruling() -> None:
    """设备型号|SoftX3000 was read as one word, and the cell was empty."""
    view, rulings = levelling.unruled(page(*CELLS, *word(100, 4), *word(270, 5)))
    (_, label_ends, label_whole), (value_begins, _, value_whole) = spans(fitting.fitted(view, rulings, [box(95, 100, 425, 148)]))
    assert label_ends <= 250 and value_begins >= 253 and label_whole and value_whole


def test_a_ruling_that_lost_a_row_in_the_fax_still_parts() -> None:
    sheet = page(*CELLS, *word(100, 4), *word(270, 5))
    sheet[90:92] = 255
    view, rulings = levelling.unruled(sheet)
    assert len(fitting.fitted(view, rulings, [box(95, 100, 425, 148)])) == 2
    assert (view[100:190, 249:255] == 255).all(), "and is taken off the page"


def test_a_line_of_which_the_end_was_not_found_is_let_out_to_its_end() -> None:
    """CQ-2026092 of CQ-20260923-0861 was taken for sure; 一级 became 级."""
    view, rulings = levelling.unruled(page(*CELLS, *word(270, 9)))
    [(left, right, whole)] = spans(fitting.fitted(view, rulings, [box(325, 100, 430, 148)]))
    assert 260 <= left <= 270 and 534 <= right <= 545 and whole


def test_it_is_let_out_over_no_other_line_and_no_ruling() -> None:
    view, rulings = levelling.unruled(page(*CELLS, *word(225 - 30 * 3, 3), *word(270, 9), *word(720, 2)))
    found = [box(265, 100, 416, 148), box(418, 100, 545, 148)]
    assert spans(fitting.fitted(view, rulings, found)) == [(265, 416, True), (418, 545, True)]


def test_what_ends_in_the_rim_of_a_stamp_is_not_whole() -> None:
    sheet = page(*word(270, 4))
    for n in range(200):
        sheet[40 + n : 44 + n, 395 + n // 4 : 403 + n // 4] = 0
    [line] = fitting.fitted(sheet, numpy.zeros((1, 1), numpy.uint8), [box(265, 100, 390, 148)])
    assert not line.whole


def test_what_lies_askew_on_a_level_page_is_of_a_stamp() -> None:
    assert fitting.fitted(page(*word(270, 4)), numpy.zeros((1, 1), numpy.uint8), [box(265, 100, 390, 148, rise=40)]) == []
