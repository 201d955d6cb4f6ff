"""The process of its own in which faxes, scans and photos are read: a file on stdin, what was found as JSON on stdout. Started by papers.py alone."""

from __future__ import annotations

import base64
import io
import json
import resource
import sys
import time
from typing import TYPE_CHECKING, Any

from .slips import read_code

if TYPE_CHECKING:
    from PIL.Image import Image

_ENOUGH = 0.75  # of the seconds: then no further page's print is begun, so that what was found comes back at all


def read(data: bytes, wish: dict[str, Any]) -> dict[str, Any]:
    """{codes: [{text, page, signed, digital}], pages, problem, prints: [{page, size, lines, picture}], unread}.

    `words` of the wish: of so many pages the print is read where no code of ours is found, if the extra `ocr` is there; `unread` are those left over.
    """
    from parsers import printed
    from parsers.codes import read_codes, signed
    from parsers.pages import PageLimits, PagesError, pages

    enough = time.monotonic() + _ENOUGH * wish["seconds"]
    found: list[dict[str, Any]] = []
    prints: list[dict[str, Any]] = []
    count, unread, problem = 0, 0, ""
    reads = wish["words"] > 0 and printed.available()
    try:
        for count, page in enumerate(pages(data, wish["name"], PageLimits(first=wish["first"])), 1):
            codes = read_codes(page)
            found += [{"text": c.text, "page": count, "signed": signed(page, c, tuple(wish["box"]), wish["side"]), "digital": page.digital} for c in codes]
            if not reads or any(read_code(c.text) for c in codes):
                continue
            if len(prints) >= wish["words"] or time.monotonic() > enough:
                unread += 1
                continue
            image = printed.upright(page)
            lines = [{"text": w.text, "box": w.box, "sure": w.sure, "others": w.others} for w in printed.read_words(page)]
            prints.append({"page": count, "size": image.size, "lines": lines, "picture": base64.b64encode(_small(image)).decode("ascii")})
    except PagesError as why:
        problem = str(why)
    return {"codes": found, "pages": count, "problem": problem, "prints": prints, "unread": unread}


def _small(image: Image) -> bytes:
    """The page as few bytes: of two tones as a PNG, else as a JPEG."""
    out = io.BytesIO()
    histogram = image.histogram()
    if sum(histogram[:64]) + sum(histogram[192:]) > 0.9 * image.width * image.height:
        image.point([255 if grey > 127 else 0 for grey in range(256)]).convert("1").save(out, "PNG")
    else:
        image.save(out, "JPEG", quality=60)
    return out.getvalue()


def main() -> int:
    """Takes its limits from the first line, before anything of the file is looked at."""
    wish = json.loads(sys.stdin.buffer.readline())
    memory, seconds = wish["memory_mb"] * 2**20, wish["seconds"]
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (4 * seconds, 4 * seconds + 1))  # several cores add up; papers.py looks at the clock
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it reads; it has nothing to write to a disk
    json.dump(read(sys.stdin.buffer.read(), wish), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
