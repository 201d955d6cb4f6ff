"""The picture of a cell of a faxed page, cut out for a letter: who checks what was read sees what stands there."""

from __future__ import annotations

import base64
import io

Box = tuple[float, float, float, float]
_AROUND = 0.5  # of the cell's height, on each side
_WIDEST = 1100  # pixels


def picture(page: bytes, box: Box, size: tuple[int, int]) -> str:
    """A PNG in base64. `page`: as papers.py keeps it, `box` in its pixels."""
    from PIL import Image

    image: Image.Image = Image.open(io.BytesIO(page), formats=("PNG", "JPEG"))  # our own child's, of a size that it measured
    image = image.convert("L")
    left, top, right, bottom = box
    pad = max(12.0, min(60.0, (bottom - top) * _AROUND))
    width, height = size
    cut = image.crop((int(max(0, left - pad)), int(max(0, top - pad)), int(min(width, right + pad)), int(min(height, bottom + pad))))
    if cut.width > _WIDEST:
        cut = cut.resize((_WIDEST, max(1, cut.height * _WIDEST // cut.width)), Image.Resampling.BOX)
    out = io.BytesIO()
    cut.quantize(16).save(out, "PNG", optimize=True)
    return base64.b64encode(out.getvalue()).decode("ascii")
