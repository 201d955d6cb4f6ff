"""The archive keeps every mail that it gave a place for, whatever happens to the machine around it."""

from __future__ import annotations

import multiprocessing
import resource
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from store_rows import finish, start

from store import Archive, Place, RecordDamaged, StoreError

MAILS = [b"From: a\r\n\r\n\xb4\xf3", b"", b"x" * 5000]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "archive").mkdir()
    return tmp_path / "archive"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    (tmp_path / "disk").mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", tmp_path / "disk"], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root; the limit on the file size tests the same promise")
    yield tmp_path / "disk"
    subprocess.run(["umount", "-l", tmp_path / "disk"], check=True)


def whole(archive: Archive) -> list[bytes]:
    return [found.data for found in archive.scan() if found.data is not None]


def torn(archive: Archive) -> list[Place]:
    return [found.place for found in archive.scan() if found.data is None]


def test_what_was_appended_is_read_back_and_scanned_in_order(folder: Path) -> None:
    archive = Archive(folder)
    places = archive.append(MAILS) + archive.append([b"later"])
    assert [archive.read(place) for place in places] == [*MAILS, b"later"]
    assert [found.place for found in archive.scan()] == places
    assert archive.append([]) == []


def test_raw_mail_is_readable_by_its_owner_alone(folder: Path) -> None:
    (place,) = Archive(folder).append([b"x"])
    assert (folder / place.segment).stat().st_mode & 0o077 == 0


def test_a_segment_that_is_full_is_followed_by_another(folder: Path) -> None:
    archive = Archive(folder, segment_size=6000)
    places = [place for _ in range(4) for place in archive.append(MAILS)]
    assert [place.segment[:8].lstrip("0") for place in places] == ["1"] * 6 + ["2"] * 6
    assert [archive.read(place) for place in places] == MAILS * 4


def test_the_next_start_goes_on_in_the_last_segment(folder: Path) -> None:
    first = Archive(folder)
    first.append(MAILS)
    first.close()
    (place,) = Archive(folder).append([b"next"])
    assert place.segment == "00000001.seg"
    assert whole(Archive(folder)) == [*MAILS, b"next"]


@pytest.mark.parametrize("lost", ["cut", "zeroed"])
def test_a_tail_torn_at_any_byte_costs_no_other_mail_then_or_later(folder: Path, lost: str) -> None:
    """A power cut may leave any part of the last batch; it was promised to nobody. What came before and what comes after is whole."""
    first = Archive(folder)
    kept = first.append([b"one", b"two"])
    end = (folder / "00000001.seg").stat().st_size
    first.append([b"three", b"MFa1 four"])
    first.close()
    data = (folder / "00000001.seg").read_bytes()
    for cut in range(end, len(data)):
        shutil.rmtree(folder)
        folder.mkdir()
        (folder / "00000001.seg").write_bytes(data[:cut] + (bytes(len(data) - cut) if lost == "zeroed" else b""))
        archive = Archive(folder)
        after = archive.append([b"five"])
        assert [archive.read(place) for place in kept + after] == [b"one", b"two", b"five"], cut
        assert [mail for mail in whole(archive) if mail not in (b"three", b"MFa1 four")] == [b"one", b"two", b"five"], cut
        archive.close()


def test_damage_in_the_middle_is_told_and_costs_only_its_own_mail(folder: Path) -> None:
    archive = Archive(folder)
    places = archive.append([b"one", b"two", b"three"])
    for at in (places[1].offset, places[1].offset + 8, places[1].offset + 48):  # its magic, its length, its bytes
        path = folder / places[1].segment
        good = path.read_bytes()
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        with pytest.raises(RecordDamaged, match="损坏"):
            archive.read(places[1])
        assert whole(archive) == [b"one", b"three"]
        assert torn(archive) == [Place(path.name, places[1].offset, places[2].offset - places[1].offset)]
        assert archive.read(places[2]) == b"three"
        path.write_bytes(good)


def test_a_mail_that_holds_a_segment_is_one_mail(folder: Path) -> None:
    """Whoever mails us a segment plants nothing in the archive, not even when its record is damaged."""
    archive = Archive(folder)
    archive.append([b"planted"])
    (place,) = archive.append([b"see: " + (folder / "00000001.seg").read_bytes()])
    path = folder / place.segment
    data = bytearray(path.read_bytes())
    data[place.offset + 48] ^= 1
    path.write_bytes(data)
    assert whole(archive) == [b"planted"]


def test_a_wrong_place_is_damage_and_never_another_file(folder: Path) -> None:
    archive = Archive(folder)
    (place,) = archive.append([b"one"])
    (folder.parent / "00000001.seg").write_bytes((folder / place.segment).read_bytes())
    for wrong in (place._replace(offset=1), place._replace(length=2), place._replace(segment="00000009.seg"), place._replace(segment="../00000001.seg")):
        with pytest.raises(RecordDamaged):
            archive.read(wrong)


WRITER = """
import sys
from store import Archive
folder, name = sys.argv[1:]
archive = Archive(folder)
for number in range(40):
    for place in archive.append([f"{name} {number} {part}".encode() * 50 for part in range(5)]):
        print(*place)
"""


def test_two_processes_never_write_one_segment_at_a_time(folder: Path) -> None:
    outputs = [finish(process) for process in [start(WRITER, folder, name) for name in "ab"]]
    archive = Archive(folder)
    for name, output in zip("ab", outputs, strict=True):
        places = [Place(segment, int(offset), int(length)) for segment, offset, length in (line.split() for line in output.splitlines())]
        assert [archive.read(place) for place in places] == [f"{name} {number} {part}".encode() * 50 for number in range(40) for part in range(5)]
    assert len(whole(archive)) == 400
    assert torn(archive) == []


def test_a_forked_child_writes_a_segment_of_its_own(folder: Path) -> None:
    archive = Archive(folder)
    archive.append([b"parent"])
    child = multiprocessing.get_context("fork").Process(target=archive.append, args=([b"child"],))
    child.start()
    child.join()
    (place,) = archive.append([b"parent again"])
    assert place.segment == "00000001.seg"
    assert whole(archive) == [b"parent", b"parent again", b"child"]


def test_threads_share_an_archive(folder: Path) -> None:
    archive = Archive(folder, segment_size=20000)
    batches = [[b"%d %d" % (thread, number) * 20 for number in range(20)] for thread in range(20)]
    with ThreadPoolExecutor(4) as pool:
        placed = list(pool.map(archive.append, batches))
    assert [[archive.read(place) for place in places] for places in placed] == batches
    assert torn(archive) == []


def test_a_full_disk_is_said_and_costs_nothing_that_was_there(small_disk: Path) -> None:
    archive = Archive(small_disk)
    first = archive.append([b"first"])
    hog = small_disk / "hog"
    hog.write_bytes(bytes(150_000))
    with pytest.raises(StoreError, match="磁盘已满.*腾出空间"):
        archive.append([b"x" * 50_000, b"y" * 200_000])
    assert whole(archive) == [b"first"]
    assert torn(archive) == []
    hog.unlink()
    second = archive.append([b"y" * 100_000])
    assert [archive.read(place) for place in first + second] == [b"first", b"y" * 100_000]
    assert torn(archive) == []


def test_a_limit_on_the_file_size_leaves_nothing_half_written(folder: Path) -> None:
    """The same where no small disk can be mounted: the kernel takes a part of the batch and refuses the rest."""
    archive = Archive(folder)
    first = archive.append([b"first"])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(StoreError, match="归档读写出错.*文件大小"):
            archive.append([b"x" * 5_000, b"y" * 20_000])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (folder / "00000001.seg").stat().st_size == first[0].length + 48
    second = archive.append([b"second"])
    assert [archive.read(place) for place in first + second] == [b"first", b"second"]
    assert torn(archive) == []


def test_a_batch_larger_than_one_system_call_takes_is_whole(folder: Path) -> None:
    archive = Archive(folder)
    mails = [b"%d" % number for number in range(3000)]
    assert [archive.read(place) for place in archive.append(mails)] == mails


def test_a_folder_that_is_missing_or_a_file_or_elsewhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="归档文件夹不存在"):
        Archive(tmp_path / "missing")
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="是一个文件"):
        Archive(tmp_path / "file")
    with pytest.raises(StoreError, match="不支持 s3://"):
        Archive("s3://bucket/prefix")


def test_an_archive_that_goes_away_is_the_machines_trouble_and_no_single_mails(folder: Path) -> None:
    """StoreError: every mail waits. RecordDamaged would hold them one by one."""
    archive = Archive(folder)
    (place,) = archive.append([b"one"])
    folder.rename(folder.with_name("unmounted"))
    with pytest.raises(StoreError, match="归档文件夹不存在"):
        archive.read(place)
    archive.close()
    with pytest.raises(StoreError, match="归档文件夹不存在"):
        archive.append([b"two"])
    assert [path.name for path in folder.with_name("unmounted").iterdir()] == [place.segment]
