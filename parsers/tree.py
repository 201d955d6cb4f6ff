"""The tree of MIME parts of a mail, found in its bytes without copying them.

Follows RFC 2046 with the tolerance of the standard library's `email`: a missing closing boundary ends with the part around it, a line that is no
header begins the body. Made for speed and for limits that hold before the work is done, which `email` has none of.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from functools import lru_cache

from . import headers
from .message import Limits, Problem
from .patterns import lazy

_BLANK_LINE = lazy(rb"\n\r?\n|\r\r(?!\n)")
_REST_OF_LINE = lazy(rb"[ \t]*(?:\r\n|\r|\n|\Z)")
_KNOWN = lazy(rb"(?im)^(?:From|To|Cc|Subject|Date|Received|Return-Path|Message-ID|MIME-Version|Content-Type|Content-Transfer-Encoding|Delivered-To|X-[\w-]+)[ \t]*:")
_ENCODING = lazy(rb"[A-Za-z0-9-]+")
_MAX_PIECES = 20_000
_MAX_UU_LINES = 1_000_000
_PADDING = lazy(rb"=[=\s]*")
_BASE64_MORE = lazy(rb"[A-Za-z0-9+/=\s]+\Z")


class Part:
    """One MIME part: its header fields, and where its body lies in the mail."""

    __slots__ = ("body_end", "body_start", "children", "depth", "fields", "params", "raw", "start", "type")

    def __init__(self, raw: bytes, start: int, depth: int) -> None:
        self.raw = raw
        self.start = start
        self.depth = depth
        self.fields: dict[bytes, list[bytes]] = {}
        self.body_start = start
        self.body_end = start
        self.type = "text/plain"
        self.params: dict[str, str] = {}
        self.children: list[Part] = []

    def first(self, name: bytes) -> bytes:
        """The first raw value of a field (name in lower case), b'' where there is none."""
        values = self.fields.get(name)
        return values[0] if values else b""

    def walk(self) -> Iterator[Part]:
        """This part and all below it, in the order of the mail."""
        stack = [self]
        while stack:
            part = stack.pop()
            yield part
            stack.extend(reversed(part.children))

    @property
    def body(self) -> bytes:
        return self.raw[self.body_start : self.body_end]

    @property
    def whole(self) -> bytes:
        return self.raw[self.start : self.body_end]

    def encoding(self) -> str:
        """The Content-Transfer-Encoding, in lower case and without the dirt that some clients add."""
        match = _ENCODING.search(self.first(b"content-transfer-encoding"))
        return match[0].decode("ascii").lower() if match else ""

    def data(self, problems: list[Problem] | None = None) -> bytes:
        """The body with its transfer encoding undone. Never raises."""
        encoding = self.encoding()
        if encoding == "base64":
            return _base64(self.body, problems)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(self.body)
        if encoding in ("x-uuencode", "uuencode", "uue", "x-uue"):
            return uudecode(self.body)
        return self.body


def parse(raw: bytes, limits: Limits, problems: list[Problem]) -> Part:
    """The tree of a whole mail. Beyond the limits parts stay unread leaves and a problem says so."""
    if b"\r\r\n" in raw[:4096]:
        raw = raw.replace(b"\r\r\n", b"\n")   # a gateway that translated line ends twice
    start = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    while raw[start : start + 1] in (b"\n", b"\r") and _KNOWN.match(raw, _next_line(raw, start)):
        start = _next_line(raw, start)
    budget = [limits.parts]
    return _part(raw, start, len(raw), 0, "text/plain", limits, budget, problems)


def _next_line(raw: bytes, at: int) -> int:
    match = _REST_OF_LINE.match(raw, at)
    return match.end() if match else at


def _part(raw: bytes, start: int, end: int, depth: int, default: str, limits: Limits, budget: list[int], problems: list[Problem]) -> Part:
    part = Part(raw, start, depth)
    part.body_end = end
    part.body_start = _read_fields(part, start, end, limits, problems)
    value = part.first(b"content-type")
    part.type, part.params = _content_type(value) if value else (default, {})
    budget[0] -= 1
    major = part.type.partition("/")[0]
    if major not in ("multipart", "message"):
        return part
    if depth >= limits.depth:
        _once(problems, "too-deep", f"parts are nested deeper than {limits.depth}")
        return part
    if major == "message":
        if part.type in ("message/rfc822", "message/global", "message/news"):
            if part.encoding() in ("base64", "quoted-printable"):   # against RFC 2046 §5.2.1, and common
                inner = part.data()
                part.children.append(_part(inner, 0, len(inner), depth + 1, "text/plain", limits, budget, problems))
            else:
                part.children.append(_part(raw, part.body_start, end, depth + 1, "text/plain", limits, budget, problems))
        return part
    boundary = part.params.get("boundary", "").rstrip()
    if not boundary:
        boundary = _guess_boundary(raw, part.body_start, end)
        if not boundary:
            _once(problems, "no-boundary", "a multipart says no boundary")
            return part
    default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
    for child_start, child_end in _split(raw, part.body_start, end, b"--" + boundary.encode("utf-8", "surrogateescape")):
        if budget[0] <= 0:
            _once(problems, "too-many-parts", f"more than {limits.parts} parts")
            break
        part.children.append(_part(raw, child_start, child_end, depth + 1, default, limits, budget, problems))
    if not part.children:
        _once(problems, "no-parts", "the boundary of a multipart is not in its body")
    return part


def _read_fields(part: Part, start: int, end: int, limits: Limits, problems: list[Problem]) -> int:
    """Fills the part's fields; returns where its body begins."""
    if part.raw[start : start + 1] in (b"\r", b"\n"):
        return min(_next_line(part.raw, start), end)
    blank = _BLANK_LINE.search(part.raw, start, end)
    stop, body = (blank.start(), blank.end()) if blank else (end, end)
    if stop - start > limits.header_bytes:
        _once(problems, "too-many-headers", f"a header block is larger than {limits.header_bytes} bytes")
        stop = start + limits.header_bytes
    fields = part.fields
    values: list[bytes] | None = None
    count = 0
    at = start
    for line in part.raw[start:stop].splitlines(keepends=True):
        first = line[:1]
        if first in (b" ", b"\t"):
            if values is not None:
                values[-1] += line
            at += len(line)
            continue
        name, colon, value = line.partition(b":")
        if name[-1:] == b" " and name[-2:-1] != b" ":
            name = name[:-1]   # `Subject : x` is a slip of programs; several blanks are columns of a text that has begun
        if not colon or not name or b" " in name or b"\t" in name or not name.isascii():
            if not line.strip() or (at == start and line.startswith((b"From ", b">From "))):
                values = None
            elif values is not None and part.depth == 0 and (line.startswith(b"=?") or not line.isascii()) and _KNOWN.search(part.raw, at, stop):
                values[-1] += b" " + line   # folded without the blank that RFC 5322 §2.2.3 asks for
            else:
                _once(problems, "bad-header", "a line among the header fields is none: the body begins there")
                return at   # as the standard library has it
            at += len(line)
            continue
        count += 1
        if count > limits.headers:
            _once(problems, "too-many-headers", f"more than {limits.headers} header fields")
            break
        key = name.lower()
        values = fields.get(key)
        if values is None:
            values = fields[key] = [value]
        else:
            values.append(value)
        at += len(line)
    return body


@lru_cache(maxsize=512)
def _content_type(value: bytes) -> tuple[str, dict[str, str]]:
    kind, params = headers.parameters(value)
    kind = kind.strip("\"' ")
    if kind.count("/") != 1 or kind.startswith("/") or kind.endswith("/"):
        kind = {"text": "text/plain", "html": "text/html"}.get(kind, "text/plain" if not params.get("boundary") else "multipart/mixed")
    return kind, params


def _split(raw: bytes, start: int, end: int, delimiter: bytes) -> Iterator[tuple[int, int]]:
    """Where the parts between delimiter lines begin and end (RFC 2046 §5.1.1)."""
    at = start
    begin = -1
    misses = 0
    exact: re.Pattern[bytes] | None = None
    while True:
        if exact is None:
            found = raw.find(delimiter, at, end)
        else:
            match = exact.search(raw, at, end)
            found = match.start() if match else -1
        if found < 0:
            break
        after = found + len(delimiter)
        closing = raw[after : after + 2] == b"--"
        line = _REST_OF_LINE.match(raw, after + 2 if closing else after, end)
        if line is None or (found > start and raw[found - 1] not in (10, 13)):
            at = after
            misses += 1
            if misses == 1000:   # nothing but look-alikes: slower in general, and quick to pass over these
                exact = re.compile(rb"(?<![^\r\n])" + re.escape(delimiter) + rb"(?:--)?[ \t]*(?:\r\n|\r|\n|\Z)")
            continue
        if begin >= 0:
            yield begin, _before_line_end(raw, found, begin)
        if closing:
            return
        begin = at = line.end()
        if begin >= end:
            break
    if begin >= 0 and begin < end:
        yield begin, end


def _before_line_end(raw: bytes, at: int, begin: int) -> int:
    """The line break before a delimiter belongs to the delimiter."""
    if at - 2 >= begin and raw[at - 2 : at] == b"\r\n":
        return at - 2
    return max(begin, at - 1)


_GUESS = lazy(rb"(?:^|[\r\n])--([^\r\n]{1,70}?)[ \t]*\r?\n(?:[ \t]*\r?\n)?Content-(?:Type|Transfer|Disposition)", re.IGNORECASE)


def _guess_boundary(raw: bytes, start: int, end: int) -> str:
    match = _GUESS.search(raw, max(0, start - 1), min(end, start + 65536))
    return match[1].decode("latin-1") if match and match[1].isascii() else ""


def _base64(body: bytes, problems: list[Problem] | None) -> bytes:
    blank = body.find(b"\n\r\n")
    if blank < 0:
        blank = body.find(b"\n\n")
    if blank >= 0 and not _BASE64_MORE.match(body, blank):
        body = body[:blank]   # a list manager put its footer below, as it is
    try:
        data = binascii.a2b_base64(body)
    except (binascii.Error, ValueError):
        if problems is not None:
            _once(problems, "bad-base64", "base64 is damaged or cut off")
        clean = re.sub(rb"[^A-Za-z0-9+/]", b"", body.partition(b"=")[0])
        if len(clean) % 4 == 1:
            clean = clean[:-1]
        data = binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
    # Python stops at the first padding. Pieces encoded one by one and put in a row are common from gateways.
    padding = _PADDING.search(body, max(0, body.find(b"=")))
    if padding and padding.end() < len(body):
        rest = body[padding.end() :]
        if _BASE64_MORE.match(rest) and len(rest.strip()) >= 4 and body.count(b"=") < _MAX_PIECES:
            data = b"".join(headers.base64(piece.decode("ascii")) for piece in re.split(rb"=+", re.sub(rb"[^A-Za-z0-9+/=]", b"", body)) if piece)
    return data


def uudecode(body: bytes) -> bytes:
    """The file between `begin` and `end`; lines that cannot be read are left out."""
    out = []
    inside = False
    for line in body.splitlines()[:_MAX_UU_LINES]:
        if not inside:
            inside = line.startswith(b"begin ")
            continue
        if line.strip() == b"end":
            break
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some encoders write trailing characters: read as many as the length says (as the standard library does).
            size = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
            try:
                out.append(binascii.a2b_uu(line[:size]))
            except binascii.Error:
                out.append(b"")
    return b"".join(out)


def _once(problems: list[Problem], code: str, text: str) -> None:
    if not any(problem.code == code for problem in problems):
        problems.append(Problem(code, text))
