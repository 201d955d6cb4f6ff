"""Faxes, scans and photos to page images: TIFF, PDF, JPEG, PNG. Sizes, pages and pixels are read from the headers before anything is decoded.

Even so a decoder may be led astray: call this in a process of its own, with limits of time and memory.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .message import Attachment

if TYPE_CHECKING:
    from PIL.Image import Image

_IMAGES = ("TIFF", "JPEG", "PNG", "BMP", "GIF", "WEBP")
_NAMES = ("tif", "tiff", "pdf", "jpg", "jpeg", "png", "bmp", "gif", "webp", "heic", "heif")
_OTHERS = {b"heic": "HEIC", b"heix": "HEIC", b"hevc": "HEIC", b"heim": "HEIC", b"mif1": "HEIC", b"msf1": "HEIC", b"avif": "AVIF", b"jp2 ": "JPEG 2000"}  # pictures that are not read
_LONGEST = 2800  # pixels of a page's long side: A4 at 240 dots an inch
_DOTS = 200  # an inch: at this a PDF is drawn; faxes have 204


@dataclass(slots=True, frozen=True)
class PageLimits:
    """How much paper is looked at."""

    size: int = 40 * 2**20     # bytes
    pages: int = 50
    pixels: int = 120_000_000  # of one page: a phone's photo has 12 to 108 million, A4 at 600 dots an inch 35
    total: int = 600_000_000   # of all pages
    first: int = 0             # of a PDF only so many pages, however many it has: a manual that is attached is no fax; 0 for all


class PagesError(ValueError):
    """Why it is not read, in Chinese, with what the sender can do."""


@dataclass(slots=True)
class Page:
    """One page in shades of grey, with square pixels; `scale` is (x, y) of square to raw pixels."""

    image: Image
    raw: Image
    scale: tuple[float, float] = (1.0, 1.0)
    digital: bool = False  # a page with text of its own: it never was on paper
    prepared: Any = None   # of `prepared.prepared`, which makes it once


def is_paper(attachment: Attachment) -> bool:
    """Whether it is a picture or a PDF, by its first bytes or, where these say nothing, by its name."""
    return bool(_kind(attachment.data) or _unreadable(attachment.data)) or bool(re.search(rf"\.({'|'.join(_NAMES)})$", attachment.name.strip().lower()))


def _kind(data: bytes) -> str:
    head = data[:16]
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "TIFF"
    if b"%PDF-" in data[:1024]:
        return "PDF"
    if head.startswith(b"\xff\xd8\xff") or head.startswith(b"\x89PNG") or head[:4] in (b"GIF8",) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return "image"
    return "image" if head[:2] == b"BM" and len(data) > 26 else ""


def _unreadable(data: bytes) -> str:
    """The name of a kind of picture that phones and scanners make and nothing here opens; '' for any other file."""
    brand = data[20:24] if data[:12] == b"\0\0\0\x0cjP  \r\n\x87\n" else data[8:12] if data[4:8] == b"ftyp" else b""
    return _OTHERS.get(brand, "")


def pages(data: bytes, name: str = "", limits: PageLimits = PageLimits()) -> Iterator[Page]:
    """The pages, one at a time. Raises PagesError before anything is decoded where the headers say too much, and later where they lied."""
    name = name or "附件"
    if len(data) > limits.size:
        raise PagesError(f"附件《{name}》有 {len(data) // 2**20} MB,太大,没有读取;请只发需要的几页,用黑白 200 dpi 扫描")
    kind = _kind(data)
    if not kind and (other := _unreadable(data)):
        raise PagesError(f"附件《{name}》是 {other} 格式的图片,打不开;请存为 JPEG 后重发(苹果手机:设置-相机-格式-兼容性最佳)")
    if not kind:
        raise PagesError(f"附件《{name}》不是图片或 PDF(或已损坏);请重新扫描或传真")
    if kind == "PDF":
        yield from _pdf(data, name, limits)
        return
    if kind == "TIFF":
        _measure_tiff(data, name, limits)
    yield from _pictures(data, name, limits)


def _too_many(name: str, limits: PageLimits) -> PagesError:
    return PagesError(f"附件《{name}》超过 {limits.pages} 页,没有读取;请分成几次发,或只发需要的几页")


def _too_large(name: str, width: int, height: int, limits: PageLimits) -> PagesError:
    return PagesError(f"附件《{name}》有一页是 {width}×{height} 点,超过 {limits.pixels // 10**6} 百万点,没有读取;请用 200 dpi 扫描,或用手机普通拍照后重发")


def _measure_tiff(data: bytes, name: str, limits: PageLimits) -> None:
    """Walks the directories (TIFF 6.0 §2): how many pages, and how large each says it is."""
    order = "<" if data[:2] == b"II" else ">"
    broken = PagesError(f"附件《{name}》已损坏,打不开;请重新扫描或传真")
    if struct.unpack(order + "H", data[2:4])[0] != 42:
        raise PagesError(f"附件《{name}》是 BigTIFF,读不了;请存为普通 TIFF 或 PDF 后重发")
    seen: set[int] = set()
    total = 0
    try:
        at = struct.unpack_from(order + "I", data, 4)[0]
        while at:
            if at in seen:
                raise broken  # a circle
            seen.add(at)
            if len(seen) > limits.pages:
                raise _too_many(name, limits)
            count = struct.unpack_from(order + "H", data, at)[0]
            size = {256: 0, 257: 0}
            for n in range(count):
                tag, kind, _, value = struct.unpack_from(order + "HHI4s", data, at + 2 + 12 * n)
                if tag in size:
                    size[tag] = struct.unpack(order + ("H" if kind == 3 else "I"), value[: 2 if kind == 3 else 4])[0]
            total += size[256] * size[257]
            if size[256] * size[257] > limits.pixels or max(size.values()) > 65_000:
                raise _too_large(name, size[256], size[257], limits)
            if total > limits.total:
                raise _too_many(name, limits)
            at = struct.unpack_from(order + "I", data, at + 2 + 12 * count)[0]
    except struct.error:
        raise broken from None
    if not seen:
        raise broken


def _pictures(data: bytes, name: str, limits: PageLimits) -> Iterator[Page]:
    import PIL.Image

    try:
        picture = PIL.Image.open(io.BytesIO(data), formats=_IMAGES)
    except PIL.Image.DecompressionBombError:
        raise PagesError(f"附件《{name}》的点数超过 {limits.pixels // 10**6} 百万,没有读取;请用 200 dpi 扫描,或用手机普通拍照后重发") from None
    except Exception:
        raise PagesError(f"附件《{name}》已损坏,打不开;请重新扫描、拍照或传真") from None
    frames = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1  # of a moving picture the first is enough
    if frames > limits.pages:
        raise _too_many(name, limits)
    for number in range(frames):
        try:
            picture.seek(number)
            width, height = picture.size
            if width * height > limits.pixels:
                raise _too_large(name, width, height, limits)
            if picture.format == "JPEG":
                picture.draft("L", (2400, 2400))  # decoded smaller at once: a photo of 108 million pixels says no more
            grey = picture.convert("L")
        except PagesError:
            raise
        except Exception:
            if number:
                return  # a fax that broke off: what came is read
            raise PagesError(f"附件《{name}》已损坏,打不开;请重新扫描、拍照或传真") from None
        yield _square(grey, picture.info.get("dpi"))


def _square(grey: Image, dots: Any) -> Page:
    """Fax pixels are up to twice as high as they are wide (ITU-T T.4: 204×98 dots an inch)."""
    import PIL.Image

    width, height = grey.size
    if max(width, height) > _LONGEST:
        part = _LONGEST / max(width, height)
        grey = grey.resize((max(1, round(width * part)), max(1, round(height * part))), PIL.Image.Resampling.BOX)
        width, height = grey.size
    try:
        ratio = float(dots[0]) / float(dots[1])
    except (TypeError, ValueError, ZeroDivisionError, IndexError):
        ratio = 0.0
    if not 0.2 < ratio < 5:
        ratio = 2.08 if width in (1728, 2048, 2432) and height < width else 1.0  # a fax that does not say its dots
    if 0.97 < ratio < 1.03:
        return Page(grey, grey)
    sx, sy = (1.0, ratio) if ratio > 1 else (1 / ratio, 1.0)
    return Page(grey.resize((round(width * sx), round(height * sy)), PIL.Image.Resampling.BILINEAR), grey, (sx, sy))


def _pdf(data: bytes, name: str, limits: PageLimits) -> Iterator[Page]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
        count = len(document)
    except pypdfium2.PdfiumError as why:
        if "assword" in str(why) or "ecurity" in str(why):
            raise PagesError(f"附件《{name}》加了密码,打不开;请去掉密码后重发") from None
        raise PagesError(f"附件《{name}》已损坏,打不开;请重新扫描或重新生成 PDF") from None
    with document:
        if count > limits.pages and not limits.first:
            raise _too_many(name, limits)
        for number in range(min(count, limits.first or count)):
            try:
                page = document[number]
                width, height = page.get_size()  # points, 72 an inch
                scale = min(_DOTS / 72, (20_000_000 / max(width * height, 1)) ** 0.5, 8000 / max(width, height, 1))
                grey = page.render(scale=scale, grayscale=True, may_draw_forms=False).to_pil().convert("L")
                digital = page.get_textpage().count_chars() > 20
            except Exception:
                raise PagesError(f"附件《{name}》第 {number + 1} 页读不出来;请重新扫描或重新生成 PDF") from None
            found = _square(grey, None)
            found.digital = digital
            yield found
