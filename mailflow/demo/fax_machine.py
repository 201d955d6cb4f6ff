"""The fax machine of the demonstration: a slip that is signed by hand, a form that is filled in; two tones, A4, as a machine sends it (ITU-T T.4)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

_DOTS = 204  # an inch
_MM = _DOTS / 25.4


def signed(pdf: bytes) -> bytes:
    """The slip on paper, signed by hand, sent at 204×98 dots an inch, not quite straight."""
    import pypdfium2
    from PIL import ImageDraw

    sheet = pypdfium2.PdfDocument(pdf)[0].render(scale=_DOTS / 72, grayscale=True).to_pil().convert("L")
    hand = ((64, 249), (72, 258), (70, 246), (76, 259), (80, 250), (88, 252), (84, 261), (90, 245), (95, 256), (104, 250), (112, 254))
    ImageDraw.Draw(sheet).line([(x * _MM, y * _MM) for x, y in hand], fill=0, width=6, joint="curve")
    return _sent(sheet, 98)


def filled_in(title: str, rows: tuple[tuple[str, str], ...]) -> bytes:
    """A form with its title and a row for each label and value, sent at 204×196 dots an inch."""
    import pylopdf_fonts_zh_cn
    from PIL import Image, ImageDraw, ImageFont

    file = str(Path(pylopdf_fonts_zh_cn.__file__ or "").parent / "NotoSansSC-Regular.otf")
    sheet = Image.new("L", (round(210 * _MM), round(297 * _MM)), 255)
    draw = ImageDraw.Draw(sheet)
    draw.text((sheet.width // 2, 30 * _MM), title, font=ImageFont.truetype(file, round(7 * _MM)), fill=0, anchor="mm")
    font = ImageFont.truetype(file, round(4.6 * _MM))
    for number, (label, value) in enumerate(rows):
        top, bottom = (45 + 12 * number) * _MM, (57 + 12 * number) * _MM
        draw.rectangle((20 * _MM, top, 58 * _MM, bottom), outline=0, width=3)
        draw.rectangle((58 * _MM, top, 190 * _MM, bottom), outline=0, width=3)
        draw.text((39 * _MM, (top + bottom) / 2), label, font=font, fill=0, anchor="mm")
        draw.text((62 * _MM, (top + bottom) / 2), value, font=font, fill=0, anchor="lm")
    return _sent(sheet, 196)


def _sent(sheet: Image, lines: int) -> bytes:
    """Laid in a little askew, scanned at so many lines an inch, as a TIFF."""
    from PIL import Image

    scanned = sheet.rotate(1.2, Image.Resampling.BICUBIC, fillcolor=255).resize((1728, round(297 / 25.4 * lines)))
    out = io.BytesIO()
    scanned.point([255 if v > 140 else 0 for v in range(256)]).convert("1", dither=Image.Dither.NONE).save(out, "TIFF", compression="group4", dpi=(_DOTS, lines))
    return out.getvalue()
