"""Photos of a sheet: seen from straight above where the sheet shows whole. Drawn by hand. With numpy and OpenCV of the extra `ocr` alone."""

from __future__ import annotations

from typing import Any

import pytest

numpy = pytest.importorskip("numpy")
cv2 = pytest.importorskip("cv2")

from parsers import levelling  # noqa: E402 - after the check that they can be imported

CORNERS = numpy.array([[260, 180], [1180, 300], [1100, 1640], [150, 1500]], numpy.float32)


def photo(table: int = 80) -> Any:
    """A sheet of A4 with a frame 100 pixels in from its edges and a bar in its upper left, on a table."""
    sheet = numpy.full((1414, 1000), 220, numpy.uint8)
    cv2.rectangle(sheet, (100, 100), (900, 1314), 0, 4)
    sheet[150:200, 150:400] = 0
    turn = cv2.getPerspectiveTransform(numpy.array([[0, 0], [1000, 0], [1000, 1414], [0, 1414]], numpy.float32), CORNERS)
    seen = cv2.warpPerspective(sheet, turn, (1400, 1800), borderValue=0)
    where = cv2.warpPerspective(numpy.ones_like(sheet), turn, (1400, 1800), borderValue=0)
    return numpy.where(where, seen, table).astype(numpy.uint8)


def test_a_sheet_that_lies_askew_is_seen_from_straight_above() -> None:
    straight = levelling.sheet(photo())
    height, width = straight.shape
    assert abs(width - 950) < 60 and abs(height - 1345) < 60
    for x, y in ((0.1, 0.5), (0.9, 0.5), (0.5, 100 / 1414), (0.5, 1314 / 1414)):  # its frame is where it was printed
        around = straight[round(y * height) - 14 : round(y * height) + 14, round(x * width) - 14 : round(x * width) + 14]
        assert around.min() < 100, (x, y)
    assert (straight[2:-2, 2:-2] > 150).mean() > 0.9, "nothing of the table is left"
    assert straight[round(175 / 1414 * height), round(275 / 1000 * width)] < 60, "the upper left is the upper left"


@pytest.mark.parametrize("table", [220, 215, 235])
def test_what_shows_no_sheet_stays_as_it_is(table: int) -> None:
    seen = photo(table)
    assert levelling.sheet(seen) is seen
    scan = photo(255)[300:1500, 300:1000]
    assert levelling.sheet(scan) is scan


def test_no_part_of_a_sheet_is_cut_off_where_the_light_fades_on_it() -> None:
    fading = (photo(40) * numpy.linspace(0.25, 1.1, 1400)[None, :]).clip(0, 255).astype(numpy.uint8)
    straight = levelling.sheet(fading)
    assert straight is fading or straight.shape[1] > 880
