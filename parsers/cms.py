"""The content of an opaque S/MIME signature (RFC 5652 SignedData), so that a signed mail can be read; nothing is verified."""

from __future__ import annotations

_SIGNED_DATA = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
_DATA = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
_MAX_PIECES = 100_000


def signed_content(data: bytes) -> bytes | None:
    """The mail part inside a SignedData, in DER or in BER with pieces; None where it is something else, encrypted for instance."""
    at = data.find(_SIGNED_DATA, 0, 64)
    if at < 0:
        return None
    inner = data.find(_DATA, at + len(_SIGNED_DATA), at + 4096)
    if inner < 0:
        return None
    at = inner + len(_DATA)
    if data[at : at + 1] != b"\xa0":   # no content: a detached signature
        return None
    _, at, _ = _head(data, at)
    return _octets(data, at)


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """(tag, where the value begins, its length or -1 for an indefinite one)."""
    if at + 2 > len(data):
        return 0, at, 0
    tag, length = data[at], data[at + 1]
    at += 2
    if length < 0x80:
        return tag, at, length
    if length == 0x80:
        return tag, at, -1
    size = length & 0x7F
    if size > 8:
        return 0, at, 0
    return tag, at + size, int.from_bytes(data[at : at + size], "big")


def _octets(data: bytes, at: int) -> bytes | None:
    tag, start, length = _head(data, at)
    if tag == 0x04 and length >= 0:
        return data[start : start + length]
    if tag != 0x24:
        return None
    out: list[bytes] = []
    end = start + length if length >= 0 else len(data)
    while start < end and len(out) < _MAX_PIECES:
        tag, begin, size = _head(data, start)
        if tag != 0x04 or size < 0:
            break   # the end of an indefinite value
        out.append(data[begin : begin + size])
        start = begin + size
    return b"".join(out)
