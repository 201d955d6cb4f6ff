"""Slips (单据): one page to sign, as PDF, with a code by which it finds its case when it comes back on paper."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

SIDE = 25.0  # mm: 25 modules, see _VERSION
MODULE = 1.0  # mm: what two faxings at 204×98 dots an inch leave readable (LIBRARIES, Forms, faxes, slips)
QUIET = 4  # modules around the code
LAYOUT = "版式.typ"
MOST_VALUE, MOST_ROWS, MOST_WORD = 240, 20, 24
MUCH, SHORTER = 1500, 80  # characters of all values, beyond which each is cut shorter: nobody signs six pages
CUT = "…(没有印全,全文见单子的来信)"
_CHECK = 8  # characters of base32: 40 bits, and every wrong guess is a mail
_VERSION = 2  # 25 modules hold 38 letters and digits: all that `read_code` takes

# The inside of the box to sign in, in mm from the code's upper left module: left, top, right, bottom. 版式.typ says where both stand; three
# millimetres are left away at each side, because a fax stretches and a phone tilts.
SIGN_BOX = (-105.0 + 3.0, 0.0 + 3.0, -13.0 - 3.0, 25.0 - 3.0)


class Code(NamedTuple):
    """What the code on a slip says."""

    number: str
    slip: str
    check: str


def payload(secret: bytes, number: str, slip: str, sealed: Sequence[str] = ()) -> str:
    """`MF-XXX-2026-0007/SL/CHECK`: in the alphabet that QR packs best; the check is ours alone, '' where there is no key (then it finds, and does nothing)."""
    return f"{number}/{slip}/{check(secret, number, slip, sealed)}"


def check(secret: bytes, number: str, slip: str, sealed: Sequence[str] = ()) -> str:
    """The proof that we printed it: bound to case, slip and what is signed for (`sealed`); a page that says something else than the case now proves nothing."""
    if not secret:
        return ""
    message = json.dumps(["mailflow-slip-1", number, slip, *sealed]).encode()
    return base64.b32encode(hmac.new(secret, message, hashlib.sha256).digest()).decode()[:_CHECK]


def genuine(secret: bytes, code: Code, sealed: Sequence[str] = ()) -> bool:
    """Whether the code is one of ours, for what the case says now."""
    return bool(secret) and hmac.compare_digest(check(secret, code.number, code.slip, sealed).encode(), code.check.encode())


def read_code(text: str) -> Code | None:
    """The parts of a code; None for a code of somebody else's, of which paper is full."""
    found = re.fullmatch(r"(MF-[A-Z0-9]{1,8}-\d{4}-\d{4,7})/([A-Z]{2,4})/([A-Z2-7]{0,8})", text.strip())
    return Code(found[1], found[2], found[3]) if found else None


def as_pdf(data: Mapping[str, Any], layout: Path) -> bytes:
    """The page. `data` as `correspondence` kept it: title, number, opening, rows, empty, sign, service, made, code."""
    import segno

    code = segno.make(str(data["code"]), version=_VERSION, error="m", boost_error=False)
    drawn = io.BytesIO()
    code.save(drawn, kind="svg", border=QUIET, xmldecl=False, svgns=True, unit=None)
    said = [(label, str(value).strip()) for label, value in data["rows"] if value][:MOST_ROWS]
    most = MOST_VALUE if sum(len(value[:MOST_VALUE]) for _, value in said) <= MUCH else SHORTER
    rows = [[label, _short(value, most)] for label, value in said]
    page = {
        "title": data["title"], "number": data["number"], "opening": data["opening"], "rows": rows, "empty": list(data["empty"]), "sign": data["sign"],
        "service": data["service"], "made": data["made"], "qr": drawn.getvalue().decode(), "qrmm": code.symbol_size(border=QUIET)[0] * MODULE,
        "foot": f"签好后发回本单整页即可,系统按右边的二维码认出单号 {data['number']};请不要遮挡或裁去二维码。",
    }  # fmt: skip
    done = _compiler().compile(input=layout.read_bytes(), sys_inputs={"data": json.dumps(page, ensure_ascii=False)}, format="pdf")
    assert isinstance(done, bytes)
    return done


@lru_cache(maxsize=1)
def _compiler() -> Any:
    """Kept: reading the fonts is nine tenths of the work. What a case says reaches the page as data, never as Typst's own words."""
    import pylopdf_fonts_zh_cn
    import typst

    return typst.Compiler(font_paths=[str(Path(pylopdf_fonts_zh_cn.__file__).parent)], ignore_system_fonts=True)


def _short(value: str, most: int) -> str:
    """As much as a page holds; where it is cut, the page says so. A word without blanks may break (zero width space), or it would run off the paper."""
    value = value if len(value) <= most else value[:most].rstrip() + CUT
    return re.sub(rf"[!-~]{{{MOST_WORD},}}", lambda m: "\u200b".join(re.findall(".{1,6}", m[0])), value)
