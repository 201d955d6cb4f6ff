"""The process of its own in which faxes, scans and photos are read: a file on stdin, what was found as JSON on stdout. Started by papers.py alone."""

from __future__ import annotations

import json
import resource
import sys
from typing import Any


def read(data: bytes, name: str, first: int, words: int, box: tuple[float, float, float, float], side: float) -> dict[str, Any]:
    """{codes: [{text, page, signed, digital}], pages, problem, words}; `words`: of so many pages, where no code is found and the extra `ocr` is there."""
    from parsers import printed
    from parsers.codes import read_codes, signed
    from parsers.pages import PageLimits, PagesError, pages

    found: list[dict[str, Any]] = []
    said: list[dict[str, Any]] = []
    words = words if words and printed.available() else 0
    count, problem = 0, ""
    try:
        for count, page in enumerate(pages(data, name, PageLimits(first=first)), 1):
            found += [{"text": c.text, "page": count, "signed": signed(page, c, box, side), "digital": page.digital} for c in read_codes(page)]
            if not found and count <= words:
                said.append({"size": page.image.size, "lines": [{"text": w.text, "box": w.box, "sure": w.sure} for w in printed.read_words(page)]})
    except PagesError as why:
        problem = str(why)
    return {"codes": found, "pages": count, "problem": problem, "words": [] if found else said}


def main() -> int:
    """Takes its limits from the first line, before anything of the file is looked at."""
    wish = json.loads(sys.stdin.buffer.readline())
    memory, seconds = wish["memory_mb"] * 2**20, wish["seconds"]
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it reads; it has nothing to write to a disk
    json.dump(read(sys.stdin.buffer.read(), wish["name"], wish["first"], wish["words"], tuple(wish["box"]), wish["side"]), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
