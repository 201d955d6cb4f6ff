"""A fax machine for tests: a page is printed, signed, stamped, laid in askew, scanned in two tones at 204×98 dots an inch; as often as wanted."""

from __future__ import annotations

import io
import random
from statistics import NormalDist

import pypdfium2
from PIL import Image, ImageChops, ImageDraw, ImageFilter

FINE, STANDARD = (204, 196), (204, 98)
_BELL = [round(min(255, max(0, NormalDist(128, 36).inv_cdf((v + 0.5) / 256)))) for v in range(256)]
A4 = (210 / 25.4, 297 / 25.4)  # inches


def printed(pdf: bytes, page: int = 0, dots: int = 204) -> Image.Image:
    return pypdfium2.PdfDocument(pdf)[page].render(scale=dots / 72, grayscale=True).to_pil().convert("L")


def sign(sheet: Image.Image, seed: int = 1, dots: int = 204) -> Image.Image:
    """A scrawl of two words with a pen of half a millimetre, somewhere in the box."""
    dice, sheet = random.Random(seed), sheet.copy()
    mm = dots / 25.4
    draw = ImageDraw.Draw(sheet)
    x, y = (65 + dice.random() * 40) * mm, sheet.height - (72 - 4 - 12 - 9 - dice.random() * 4) * mm
    for _ in range(2):
        for _ in range(5):
            points = [(x + dice.random() * 10 * mm, y + (dice.random() - 0.5) * 11 * mm) for _ in range(3)]
            draw.line(points, fill=30, width=round(0.5 * mm), joint="curve")
        x += 12 * mm
    return sheet


def stamp(sheet: Image.Image, dots: int = 204) -> Image.Image:
    """A round red stamp, grey to the machine, over the edge of the box."""
    mm = dots / 25.4
    layer = Image.new("L", sheet.size, 255)
    draw = ImageDraw.Draw(layer)
    x, y = 130 * mm, sheet.height - 42 * mm
    for r in (20, 19):
        draw.ellipse((x - r * mm, y - r * mm, x + r * mm, y + r * mm), outline=110, width=round(0.8 * mm))
    draw.text((x, y), "*", fill=110)
    return ImageChops.darker(sheet, layer)


def fax(sheet: Image.Image, seed: int, resolution: tuple[int, int] = STANDARD, skew: float = 2.0, noise: float = 0.004) -> Image.Image:
    """Through the machine once; two tones, `resolution` dots an inch, 1728 wide."""
    dice = random.Random(seed)
    sheet = sheet.convert("L").rotate(dice.uniform(-skew, skew), Image.Resampling.BICUBIC, fillcolor=255, translate=(dice.randint(-8, 8), dice.randint(-15, 15)))
    sheet = sheet.filter(ImageFilter.GaussianBlur(dice.uniform(0.5, 0.9)))
    scanned = sheet.resize((1728, round(A4[1] * resolution[1])), Image.Resampling.BOX)
    grain = _grain(scanned.size, seed)
    scanned = ImageChops.add(scanned, grain, 1, -128).point([255 if v > dice.randint(125, 150) else 0 for v in range(256)])
    pixels = scanned.load()
    assert pixels is not None
    for _ in range(round(noise * scanned.width * scanned.height)):
        pixels[dice.randrange(scanned.width), dice.randrange(scanned.height)] = dice.choice((0, 255))
    streak = dice.randrange(scanned.width)
    ImageDraw.Draw(scanned).line((streak, 0, streak, scanned.height), fill=0, width=1)
    return scanned


def _grain(size: tuple[int, int], seed: int) -> Image.Image:
    """The scanner's noise around 128. Not Image.effect_noise, which takes C's rand() and so what ran before in this process."""
    return Image.frombytes("L", size, random.Random(seed).randbytes(size[0] * size[1])).point(_BELL)


def on_paper(scanned: Image.Image, dots: int = 204) -> Image.Image:
    """What the other machine prints."""
    return scanned.resize((round(A4[0] * dots), round(A4[1] * dots)), Image.Resampling.NEAREST).convert("L")


def tiff(scanned: list[Image.Image], resolution: tuple[int, int] = STANDARD, compression: str = "group4") -> bytes:
    out = io.BytesIO()
    first, *rest = [s.convert("1") for s in scanned]
    first.save(out, "TIFF", compression=compression, dpi=resolution, save_all=True, append_images=rest)
    return out.getvalue()


def jpeg(sheet: Image.Image) -> bytes:
    out = io.BytesIO()
    sheet.convert("RGB").save(out, "JPEG", quality=70)
    return out.getvalue()
