"""QR codes on faxed, scanned and photographed pages, and whether the box beside such a code has been signed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .levelling import two_tones
from .pages import Page

if TYPE_CHECKING:
    from PIL.Image import Image

Point = tuple[float, float]
_WITHIN = 20.0       # mm: a square within a code of ours (25 mm), and mostly more than other things on a page
_DENSE = 0.42        # of it is dark: of codes half, after two faxings too; of a stamp 0.36, of print a quarter
_PER_MM = 6          # pixels of the box that is looked at
_AROUND = 6.0        # mm around the box, where its frame is sought
_INK = 0.006         # of the box: a short signature with a thin pen covers some 0.02, the dirt of two faxings 0.002


@dataclass(slots=True)
class Found:
    """A code: what it says, and its corners in the square-pixel image, from the one at its own upper left clockwise."""

    text: str
    corners: tuple[Point, Point, Point, Point]


def read_codes(page: Page) -> list[Found]:
    """The QR codes of a page: as it came, with square pixels, without specks, doubled; the first of these that shows any.
    Turned by any angle: zxing-cpp finds them as they lie."""
    import zxingcpp

    for image, sx, sy in _variants(page):
        found: dict[str, Found] = {}
        for code in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)):
            p = code.position
            a, b, c, d = ((corner.x * sx, corner.y * sy) for corner in (p.top_left, p.top_right, p.bottom_right, p.bottom_left))
            found.setdefault(code.text[:200], Found(code.text[:200], (a, b, c, d)))
        if found:
            return list(found.values())
    return []


def _variants(page: Page) -> Iterator[tuple[Image, float, float]]:
    """(image, x, y): factors from its pixels to those of the square image."""
    from PIL.Image import Resampling
    from PIL.ImageFilter import BoxBlur, MedianFilter

    square, raw = page.image, page.raw
    yield square, 1, 1
    if page.digital:
        return  # drawn, not scanned: what is not seen at once is not there
    if raw is not square:
        yield raw, page.scale[0], page.scale[1]
    if two_tones(page) and not _dense(square):
        return  # trying further costs a seventh of what a page may
    calm = square.filter(MedianFilter(3))
    yield calm, 1, 1
    yield square.filter(BoxBlur(1)), 1, 1
    if square.width * square.height <= 4_500_000:  # A4 at 204 dots an inch; more dots need no doubling
        large = (square.width * 2, square.height * 2)
        yield square.resize(large, Resampling.BICUBIC), 0.5, 0.5
        yield calm.resize(large, Resampling.BICUBIC), 0.5, 0.5
    if raw is not square:
        yield raw.filter(MedianFilter(3)), page.scale[0], page.scale[1]


def _dense(square: Image) -> bool:
    """Whether there is a place on an A4 page that may be a code."""
    from PIL.Image import Resampling
    from PIL.ImageFilter import BoxBlur

    small = square.resize((max(1, square.width // 8), max(1, square.height // 8)), Resampling.BOX)
    darkest = small.filter(BoxBlur(_WITHIN / 2 * small.width / 210)).getextrema()[0]
    return isinstance(darkest, int) and darkest < 255 * (1 - _DENSE)


def signed(page: Page, found: Found, box: tuple[float, float, float, float], side: float) -> bool | None:
    """Whether there is ink in a box beside the code; None where its place is not known.

    `box` is left, top, right, bottom in mm from the code's upper left corner, along the code's own sides, `side` the code's length in mm.
    """
    share = ink(page, found, box, side)
    return None if share is None else share > _INK


def ink(page: Page, found: Found, box: tuple[float, float, float, float], side: float) -> float | None:
    """The dark share of the box, its frame and specks left away."""
    cut = _cut(page, found, box, side)
    if cut is None:
        return None
    from PIL.ImageFilter import MedianFilter

    paper = max(1, _level(cut, 0.75))
    dark = cut.point([255 if v < paper * 0.72 else 0 for v in range(256)]).filter(MedianFilter(3))
    inside = dark.crop(_inside(dark))
    return inside.histogram()[255] / (inside.width * inside.height)


def _cut(page: Page, found: Found, box: tuple[float, float, float, float], side: float) -> Image | None:
    """The box and what is around it, turned upright, at _PER_MM pixels a mm."""
    from PIL.Image import Resampling, Transform

    a, b, c, d = found.corners
    # the sides of the code, each the mean of two: a step of one mm to the right and one down
    right = ((b[0] - a[0] + c[0] - d[0]) / 2 / side, (b[1] - a[1] + c[1] - d[1]) / 2 / side)
    down = ((d[0] - a[0] + c[0] - b[0]) / 2 / side, (d[1] - a[1] + c[1] - b[1]) / 2 / side)
    middle = (sum(p[0] for p in found.corners) / 4, sum(p[1] for p in found.corners) / 4)
    left, top = box[0] - _AROUND - side / 2, box[1] - _AROUND - side / 2  # from the middle of the code
    size = (round((box[2] - box[0] + 2 * _AROUND) * _PER_MM), round((box[3] - box[1] + 2 * _AROUND) * _PER_MM))
    origin = (middle[0] + left * right[0] + top * down[0], middle[1] + left * right[1] + top * down[1])
    data = (right[0] / _PER_MM, down[0] / _PER_MM, origin[0], right[1] / _PER_MM, down[1] / _PER_MM, origin[1])
    far = (origin[0] + size[0] * data[0] + size[1] * data[1], origin[1] + size[0] * data[3] + size[1] * data[4])
    if not all(-40 <= x <= page.image.width + 40 and -40 <= y <= page.image.height + 40 for x, y in (origin, far)):
        return None  # the paper was cut off there
    return page.image.transform(size, Transform.AFFINE, data, Resampling.BILINEAR, fillcolor=255)


def _level(image: Image, share: float) -> int:
    """The brightness below which this share of the pixels lies."""
    count = 0
    for value, n in enumerate(image.histogram()):
        count += n
        if count >= share * image.width * image.height:
            return value
    return 255


def _inside(dark: Image) -> tuple[int, int, int, int]:
    """Within the frame, where it is seen; else where it should be. The frame is the darkest line near each edge."""
    from PIL.Image import Resampling

    width, height = dark.size
    near = round((_AROUND + 3) * _PER_MM)
    apart = round(1.2 * _PER_MM)
    columns = dark.crop((0, near, width, height - near)).resize((width, 1), Resampling.BOX).tobytes()
    rows = dark.crop((near, 0, width - near, height)).resize((1, height), Resampling.BOX).tobytes()

    def first(line: bytes, default: int) -> int:
        best = max(range(near), key=lambda n: line[n])
        return best + apart if line[best] > 90 else default

    def last(line: bytes, default: int) -> int:
        best = max(range(len(line) - near, len(line)), key=lambda n: line[n])
        return best - apart if line[best] > 90 else len(line) - default

    usual = round(_AROUND * _PER_MM)
    return first(columns, usual), first(rows, usual), last(columns, usual), last(rows, usual)
