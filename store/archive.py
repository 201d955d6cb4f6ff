"""The archive of raw mail: append-only segments, every record with its length and SHA-256, durable before anybody hears of it.

A segment is a row of records: a header (magic, length of the mail, its SHA-256, a CRC-32 of the header) and the mail's bytes. One process
at a time writes a segment (flock). What a crash or a full disk left half-written was never promised to anybody: a live writer cuts it off
again, a later one leaves such a segment alone and begins the next, and `scan` steps over it. Nothing here ever cuts what it did not write.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import re
import struct
import threading
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from store.errors import RecordDamaged, StoreError, explain_file

SEGMENT_SIZE = 256 * 1024 * 1024  # bytes after which a new segment is begun

_MAGIC = b"MFa1"
_HEADER = struct.Struct(">4sQ32sI")
_NAME = re.compile(r"\d{8}\.seg")
_MOST_BUFFERS = 512  # of one pwritev; the kernel takes 1024
_sync = getattr(os, "fdatasync", os.fsync)


class Place(NamedTuple):
    """Where a mail lies: `offset` is that of its header in the segment, `length` the bytes of the mail itself."""

    segment: str
    offset: int
    length: int


class Found(NamedTuple):
    """What `scan` met: a mail, or (`data` is None) a stretch that is none, `place.length` bytes from `place.offset` on."""

    place: Place
    data: bytes | None


def _header(data: bytes) -> bytes:
    front = _HEADER.pack(_MAGIC, len(data), hashlib.sha256(data).digest(), 0)[:-4]
    return front + struct.pack(">I", zlib.crc32(front))


def _parse_header(header: bytes) -> tuple[int, bytes] | None:
    """Length and digest, or None if these bytes are no header."""
    if len(header) != _HEADER.size:
        return None
    magic, length, digest, check = _HEADER.unpack(header)
    return (length, digest) if magic == _MAGIC and check == zlib.crc32(header[:-4]) else None


class Archive:
    """Raw mail in a folder that is there already. Safe among threads; of several processes each writes a segment of its own."""

    def __init__(self, folder: Path | str, segment_size: int = SEGMENT_SIZE) -> None:
        """Raises StoreError when the folder is missing or is a file, or for `s3://`."""
        if "://" in str(folder):
            raise StoreError(f"归档目前只能放在文件夹里,不支持 {str(folder).split('://')[0]}://。请把 [store] archive 写成文件夹路径")
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise StoreError(f"归档位置是一个文件,不是文件夹:{self.folder}。请改 [store] archive")
        if not self.folder.is_dir():
            raise explain_file(FileNotFoundError(2, ""), self.folder)
        self._size = segment_size
        self._mutex = threading.Lock()
        self._fd = -1
        self._name = ""
        self._end = 0
        self._pid = 0

    def append(self, mails: Sequence[bytes]) -> list[Place]:
        """Store the mails with one fdatasync and say where each lies; after a StoreError none of them is stored."""
        if not mails:
            return []
        with self._mutex:
            try:
                if self._pid != os.getpid() or self._end >= self._size:
                    self._leave()
                    self._enter()
                places = []
                buffers = []
                end = self._end
                for data in mails:
                    places.append(Place(self._name, end, len(data)))
                    buffers += [_header(data), data]
                    end += _HEADER.size + len(data)
                self._write(buffers)
                _sync(self._fd)
            except OSError as error:
                self._abandon()
                raise explain_file(error, self.folder) from error
            self._end = end
            return places

    def read(self, place: Place) -> bytes:
        """The mail at a place, verified. Raises RecordDamaged when it is not there or not what was written."""
        if not _NAME.fullmatch(place.segment):
            raise RecordDamaged(f"归档里没有这样的分段:{place.segment!r}")
        try:
            fd = os.open(f"{self.folder}/{place.segment}", os.O_RDONLY | os.O_CLOEXEC)
            try:
                header = os.pread(fd, _HEADER.size, place.offset)
                data = os.pread(fd, place.length, place.offset + _HEADER.size)
            finally:
                os.close(fd)
        except FileNotFoundError as error:
            if not self.folder.is_dir():  # the whole archive is away, not one mail of it
                raise explain_file(error, self.folder) from error
            raise RecordDamaged(f"归档分段不见了:{self.folder / place.segment}。请从备份恢复") from error
        except OSError as error:
            raise RecordDamaged(f"归档分段读不出:{self.folder / place.segment}({error.strerror})") from error
        if _parse_header(header) != (place.length, hashlib.sha256(data).digest()):
            raise RecordDamaged(f"归档里的原文已损坏:{self.folder / place.segment},位置 {place.offset}。请从备份恢复")
        return data

    def scan(self) -> Iterator[Found]:
        """Everything in the archive, oldest segment first; stretches that are no mail (torn, damaged, being written now) are told, not raised."""
        for name in self._segments():
            with (self.folder / name).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size:
                    with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as view:
                        yield from _scan_segment(name, view)

    def close(self) -> None:
        """Leave the segment to the next writer."""
        with self._mutex:
            self._leave()

    def _segments(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if _NAME.fullmatch(path.name))

    def _enter(self) -> None:
        """Take the newest segment that is free, sound and not full; else begin one."""
        names = self._segments()
        for name in reversed(names[-8:]):  # that many processes at most share a folder; older ones are full or torn
            if self._take(name, os.O_RDWR):
                return
        number = int(names[-1][:8]) if names else 0
        while True:
            number += 1
            try:
                if self._take(f"{number:08d}.seg", os.O_RDWR | os.O_CREAT | os.O_EXCL):
                    return
            except FileExistsError:
                continue  # another process began that one meanwhile

    def _take(self, name: str, flags: int) -> bool:
        fd = os.open(self.folder / name, flags | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            end = _sound_end(fd)
            if end is None or end >= self._size:
                os.close(fd)
                return False
            self._sync_folder()
        except BlockingIOError:
            os.close(fd)
            return False
        except BaseException:
            os.close(fd)
            raise
        self._fd, self._name, self._end, self._pid = fd, name, end, os.getpid()
        return True

    def _sync_folder(self) -> None:
        fd = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def _write(self, buffers: list[bytes]) -> None:
        at = self._end
        left = [memoryview(buffer) for buffer in buffers if buffer]
        while left:
            done = os.pwritev(self._fd, left[:_MOST_BUFFERS], at)
            at += done
            gone = 0
            while gone < len(left) and done >= len(left[gone]):
                done -= len(left[gone])
                gone += 1
            del left[:gone]
            if done:
                left[0] = left[0][done:]

    def _abandon(self) -> None:
        """Cut off what was half-written and let go of the segment: after a failed fdatasync the kernel's copy of it is not to be trusted."""
        if self._pid == os.getpid():
            try:
                os.ftruncate(self._fd, self._end)
                _sync(self._fd)
            except OSError:
                pass  # then the next writer finds it torn and begins another one
        self._leave()

    def _leave(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)  # in a forked child this closes its copy alone, the lock stays with the parent
        self._fd, self._name, self._end, self._pid = -1, "", 0, 0


def _sound_end(fd: int) -> int | None:
    """Where to go on writing: the file's end if the chain of headers reaches it exactly and the last mail is whole, else None."""
    size = os.fstat(fd).st_size
    at = 0
    while at < size:
        found = _parse_header(os.pread(fd, _HEADER.size, at))
        if found is None:
            return None
        length, digest = found
        after = at + _HEADER.size + length
        if after > size or (after == size and hashlib.sha256(os.pread(fd, length, at + _HEADER.size)).digest() != digest):
            return None
        at = after
    return at


def _scan_segment(name: str, view: mmap.mmap) -> Iterator[Found]:
    at = 0
    while at < len(view):
        found = _parse_header(view[at : at + _HEADER.size])
        if found is None:
            after = _next_header(view, at + 1)
            yield Found(Place(name, at, after - at), None)
        else:
            length, digest = found
            start = at + _HEADER.size
            after = min(start + length, len(view))
            data = view[start:after]
            if hashlib.sha256(data).digest() == digest:
                yield Found(Place(name, at, length), data)
            else:
                yield Found(Place(name, at, after - at), None)
        at = after


def _next_header(view: mmap.mmap, at: int) -> int:
    while (at := view.find(_MAGIC, at)) >= 0:
        if _parse_header(view[at : at + _HEADER.size]) is not None:
            return at
        at += 1
    return len(view)
