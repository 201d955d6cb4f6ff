"""Files of old Office made by hand, for tests: an OLE compound file, a Word 97 document with a table, encrypted ones."""

from __future__ import annotations

import struct
from collections.abc import Sequence

_END, _FAT, _FREE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF


def compound(streams: dict[str, bytes]) -> bytes:
    """An OLE compound file (MS-CFB, version 3) with these streams; each is filled up to a whole number of sectors, eight at least."""
    padded = {name: data + bytes(max(4096, -(-len(data) // 512) * 512) - len(data)) for name, data in streams.items()}
    entries = -(-(len(streams) + 1) // 4)
    fat: list[int] = [*range(1, entries), _END]  # the directory comes first
    starts = {}
    for name, data in padded.items():
        starts[name] = len(fat)
        count = len(data) // 512
        fat += [*range(len(fat) + 1, len(fat) + count), _END]
    fats = 1
    while len(fat) + fats > fats * 128:
        fats += 1
    first = len(fat)
    fat += [_FAT] * fats
    fat += [_FREE] * (fats * 128 - len(fat))

    def entry(name: str, kind: int, child: int, right: int, start: int, size: int) -> bytes:
        raw = name.encode("utf-16-le") + b"\0\0"
        return struct.pack("<64sHBBIII16sIQQIQ", raw, len(raw), kind, 1, _FREE, right, child, bytes(16), 0, 0, 0, start, size)

    directory = entry("Root Entry", 5, 1, _FREE, _END, 0)
    for n, (name, data) in enumerate(padded.items(), 1):
        directory += entry(name, 2, _FREE, n + 1 if n < len(padded) else _FREE, starts[name], len(data))
    directory += bytes(entries * 512 - len(directory))
    head = struct.pack("<8s16sHHHHH6sIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", bytes(16), 0x3E, 3, 0xFFFE, 9, 6, bytes(6), 0, fats, 0, 0, 4096, _END, 0, _END, 0)
    difat = struct.pack("<109I", *[first + n for n in range(fats)], *[_FREE] * (109 - fats))
    return head + difat + directory + b"".join(padded.values()) + struct.pack(f"<{len(fat)}I", *fat)


def word97(title: str, rows: Sequence[Sequence[str]], encrypted: bool = False) -> bytes:
    """A Word 97 document: a title, then a table (MS-DOC: FIB, piece table, paragraph properties)."""
    in_table, row_end = struct.pack("<HB", 0x2416, 1), struct.pack("<HB", 0x2417, 1)
    paragraphs: list[tuple[str, bytes]] = [(title + "\r", b"")]
    for row in rows:
        for cell in row:
            *above, below = cell.split("\n")
            paragraphs += [*((line + "\r", in_table) for line in above), (below + "\x07", in_table)]
        edges = struct.pack(f"<{len(row) + 1}h", *[4500 * n for n in range(len(row) + 1)])
        cells = bytes(20 * len(row))
        widths = struct.pack("<HHB", 0xD608, 2 + len(edges) + len(cells), len(row)) + edges + cells
        paragraphs.append(("\x07", in_table + row_end + widths))
    paragraphs.append(("\r", b""))
    start, text = 2048, "".join(p for p, _ in paragraphs)
    offsets, at = [start], start
    for paragraph, _ in paragraphs:
        at += 2 * len(paragraph)
        offsets.append(at)
    pages, runs, page = [], [], 512
    firsts = [start]

    def close() -> None:
        nonlocal runs, page
        heads, body = b"", bytearray(512)
        spot = 511
        for _, properties in runs:
            packed = struct.pack("<H", 0) + properties
            packed += b"\0" if len(packed) % 2 == 0 else b""  # cb words less one byte hold it
            size = len(packed) + 1
            spot = (spot - size) & ~1
            body[spot : spot + size] = bytes([(size) // 2]) + packed
            heads += bytes([spot // 2]) + bytes(12)
        fcs = struct.pack(f"<{len(runs) + 1}I", *[fc for fc, _ in runs], firsts[-1])
        body[: len(fcs)] = fcs
        body[len(fcs) : len(fcs) + len(heads)] = heads
        body[511] = len(runs)
        pages.append(bytes(body))
        runs = []

    room = 0
    for (_, properties), fc, after in zip(paragraphs, offsets, offsets[1:], strict=False):
        need = 17 + 6 + len(properties)
        if runs and room + need > 480:
            firsts.append(fc)
            close()
            room = 0
        runs.append((fc, properties))
        room += need
        last = after
    firsts.append(last)
    close()
    stream = bytearray(start) + text.encode("utf-16-le")
    stream += bytes(-len(stream) % 512)
    page = len(stream) // 512
    stream += b"".join(pages)
    clx = b"\x02" + struct.pack("<I", 4 + 4 + 8) + struct.pack("<II", 0, len(text)) + struct.pack("<HIH", 0, start, 0)
    bte = struct.pack(f"<{len(pages) + 1}I", *firsts) + struct.pack(f"<{len(pages)}I", *range(page, page + len(pages)))
    styles = struct.pack("<HHH", 18, 0, 10) + bytes(58)  # none; without it antiword reads what is not there
    table = clx + bte + styles
    struct.pack_into("<HHHHHHHI", stream, 0, 0xA5EC, 0xC1, 0, 0x0804, 0, 0x1200 | (0x0100 if encrypted else 0), 0xBF, 0)
    struct.pack_into("<II", stream, 0x18, start, start + 2 * len(text))
    struct.pack_into("<H", stream, 0x20, 14)
    struct.pack_into("<H", stream, 0x3E, 22)
    struct.pack_into("<I", stream, 0x40, len(stream))
    struct.pack_into("<I", stream, 0x4C, len(text))
    struct.pack_into("<H", stream, 0x98, 0x5D)
    struct.pack_into("<II", stream, 0x1A2, 0, len(clx))
    struct.pack_into("<II", stream, 0x102, len(clx), len(bte))
    struct.pack_into("<II", stream, 0xA2, len(clx) + len(bte), len(styles))
    return compound({"WordDocument": bytes(stream), "1Table": table})
