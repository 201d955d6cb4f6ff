"""The promises of a Maildir mailbox."""

from __future__ import annotations

import mailbox as stdlib_mailbox
import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Box

from mailflow.mailbox import Cursor, Envelope, Mailbox, MailboxError, open_mailbox
from mailflow.mailbox.maildir import delivered_at, uid_of

NOON = 1_795_406_400  # 2026-11-23 04:00 UTC


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for sub in ("tmp", "new", "cur"):
        (tmp_path / "box" / sub).mkdir(parents=True)
    return tmp_path / "box"


def put(folder: Path, name: str, data: bytes = b"Subject: x\n\nx\n", mtime: float = NOON) -> Path:
    path = folder / name
    path.write_bytes(data)
    os.utime(path, (mtime, mtime))
    return path


def opened(folder: Path, processed: str | None = None, max_size: int = 50_000_000) -> Mailbox:
    return open_mailbox(Box(f"maildir:{folder}", processed=processed), lambda: "", max_size=max_size)


class Keeper:
    """What the store does for a mailbox."""

    def __init__(self) -> None:
        self.rows: dict[int, bytes] = {}
        self.envelopes: list[Envelope] = []

    def take(self, mailbox: Mailbox, done: bool = True) -> list[bytes]:
        came = []
        for batch in mailbox.fetch(Cursor(), lambda uids: set(uids) & self.rows.keys()):
            for envelope, data in batch:
                assert envelope.uid not in self.rows, "a mail came twice"
                self.rows[envelope.uid] = data
                self.envelopes.append(envelope)
                came.append(data)
            if done:
                mailbox.done([envelope for envelope, _ in batch])
        return came


def test_mails_of_new_and_cur_come_oldest_first_and_no_file_is_renamed(folder: Path) -> None:
    put(folder, f"cur/{NOON + 2}.M5P1.host:2,S", b"two")
    put(folder, f"new/{NOON + 3}.M5P1.host", b"three")
    put(folder, f"new/{NOON + 1}.M5P1.host", b"one")
    before = sorted(folder.rglob("*"))
    assert Keeper().take(opened(folder)) == [b"one", b"two", b"three"]
    assert sorted(folder.rglob("*")) == before


def test_a_mail_stays_the_same_when_a_client_reads_and_flags_it_and_over_a_restart(folder: Path) -> None:
    path = put(folder, f"new/{NOON}.M5P1.host")
    keeper = Keeper()
    assert len(keeper.take(opened(folder))) == 1
    path.rename(folder / "cur" / f"{NOON}.M5P1.host:2,RS")
    assert keeper.take(opened(folder)) == []
    assert keeper.envelopes[0].uid == uid_of(f"{NOON}.M5P1.host:2,") < 2**63


def test_a_stop_between_keeping_and_done_doubles_nothing_and_the_processed_folder_catches_up(folder: Path) -> None:
    for n in range(70):
        put(folder, f"new/{NOON + n}.M1P1.host", str(n).encode())
    keeper = Keeper()
    assert len(keeper.take(opened(folder, "processed"), done=False)) == 70
    assert keeper.take(opened(folder, "processed")) == []
    assert len(list((folder / ".processed" / "cur").iterdir())) == 70
    assert list((folder / "new").iterdir()) == []


def test_the_processed_folder_is_one_that_other_programs_can_read_and_never_overwrites(folder: Path) -> None:
    (folder / ".processed" / "cur").mkdir(parents=True)
    put(folder, f".processed/cur/{NOON}.M1P1.host:2,", b"older")
    put(folder, f"new/{NOON}.M1P1.host", b"newer")
    Keeper().take(opened(folder, "processed"))
    box = stdlib_mailbox.Maildir(folder, create=False).get_folder("processed")
    assert sorted(m.as_string().strip() for m in box) == ["newer", "older"]


@pytest.mark.parametrize(
    ("name", "mtime", "expected"),
    [
        (f"{NOON}.M250000P1.host", NOON + 900, NOON + 0.25),  # copied later: the deliverer's number counts
        (f"{NOON}.host:2,S", NOON - 900, NOON - 900),  # moved between folders later: mtime was kept
        ("1.eml", NOON, NOON),
        ("20261123.eml", NOON, NOON),
        ("report-2026", NOON, NOON),
        (f"{NOON}.P1.host", 0, NOON),  # an archive that keeps no times
    ],
)
def test_time_of_receipt_is_the_time_of_delivery(name: str, mtime: float, expected: float) -> None:
    assert delivered_at(name, int(mtime * 10**9)) == datetime.fromtimestamp(expected, UTC)


def test_what_is_still_being_written_is_not_taken(folder: Path) -> None:
    put(folder, "tmp/half", b"Subject: ha")
    put(folder, "new/.hidden", b"Subject: ha")
    growing = put(folder, f"new/{NOON}.M1P1.host", b"Subject: gr")
    mailbox = opened(folder)
    keeper = Keeper()
    batches = mailbox.fetch(Cursor(), lambda _: set())
    original = Path.stat

    def grows_after_listing(path: Path, **how: bool) -> os.stat_result:
        status = original(path, **how)
        if path == growing and status.st_size == 11:
            growing.write_bytes(b"Subject: growing\n\nx\n")
        return status

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "stat", grows_after_listing)
        assert list(batches) == []
    assert "还在被写入" in mailbox.problems[0]
    assert keeper.take(mailbox) == [b"Subject: growing\n\nx\n"]


def test_empty_files_come_and_what_is_no_mail_is_reported(folder: Path) -> None:
    put(folder, f"new/{NOON}.M1P1.host", b"")
    (folder / "new" / "directory").mkdir()
    os.mkfifo(folder / "new" / "pipe")  # opening it would wait for ever
    (folder / "cur" / "dangling").symlink_to("nowhere")
    mailbox = opened(folder)
    assert Keeper().take(mailbox) == [b""]
    assert len(mailbox.problems) == 2
    assert "directory" in mailbox.problems[0] + mailbox.problems[1]


def test_a_file_that_cannot_be_read_is_reported_and_the_others_come(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = put(folder, f"new/{NOON}.M1P1.host")
    put(folder, f"new/{NOON}.M2P1.host", b"good")
    original = Path.open

    def broken(path: Path, *how: Any) -> object:
        if path == bad:
            raise PermissionError(13, "Permission denied")  # root may read everything, so chmod proves nothing here
        return original(path, *how)

    monkeypatch.setattr(Path, "open", broken)
    mailbox = opened(folder)
    assert Keeper().take(mailbox) == [b"good"]
    assert "Permission denied" in mailbox.problems[0]


def test_mails_that_vanish_or_arrive_while_we_read_disturb_nothing(folder: Path) -> None:
    for n in range(120):
        put(folder, f"new/{NOON + n}.M1P1.host", str(n).encode())
    mailbox, keeper = opened(folder), Keeper()
    batches = mailbox.fetch(Cursor(), lambda _: set())
    rows = next(batches)
    (folder / "new" / f"{NOON + 100}.M1P1.host").unlink()
    (folder / "new" / f"{NOON + 101}.M1P1.host").rename(folder / "cur" / f"{NOON + 101}.M1P1.host:2,S")
    put(folder, f"new/{NOON + 500}.M1P1.host", b"late")
    rows += [pair for batch in batches for pair in batch]
    keeper.rows = {envelope.uid: data for envelope, data in rows}
    assert [len(rows), mailbox.problems] == [118, []]
    assert keeper.take(mailbox) == [b"101", b"late"]


def test_a_mail_above_the_limit_comes_as_its_header(folder: Path) -> None:
    put(folder, f"new/{NOON}.M1P1.host", b"Subject: large\n\n" + b"x" * 5000)
    keeper = Keeper()
    assert keeper.take(opened(folder, max_size=1000)) == [b"Subject: large\n\n"]
    assert keeper.envelopes[0].truncated and keeper.envelopes[0].size == 5016


def test_deliveries_by_another_program_while_we_fetch_are_each_taken_once(folder: Path) -> None:
    box = stdlib_mailbox.Maildir(folder)

    def deliver() -> None:
        for n in range(300):
            box.add(f"Subject: {n}\n\n{n}\n".encode())

    thread = threading.Thread(target=deliver)
    thread.start()
    keeper, mailbox = Keeper(), opened(folder)
    while thread.is_alive():
        keeper.take(mailbox)
    thread.join()
    keeper.take(mailbox)
    assert sorted(int(data.split()[1]) for data in keeper.rows.values()) == list(range(300))


def test_wait_wakes_for_new_mail_and_for_nothing_else(folder: Path) -> None:
    mailbox, keeper = opened(folder), Keeper()
    assert keeper.take(mailbox) == []
    assert not mailbox.wait(0.05)
    put(folder, f"new/{NOON}.M1P1.host")
    assert mailbox.wait(0)
    assert len(keeper.take(mailbox)) == 1
    threading.Timer(0.1, put, [folder, f"new/{NOON}.M2P1.host"]).start()
    started = time.monotonic()
    assert mailbox.wait(10)
    assert time.monotonic() - started < 1.5


def test_ten_thousand_mails_are_listed_fast_and_known_ones_faster(folder: Path) -> None:
    for n in range(10_000):
        (folder / "new" / f"{NOON}.M{n:06d}P1.host").touch()
    mailbox = opened(folder)
    started = time.process_time()
    assert list(mailbox.fetch(Cursor(), lambda uids: set(uids))) == []
    first = time.process_time() - started
    started = time.process_time()
    assert list(mailbox.fetch(Cursor(), lambda uids: pytest.fail("asked again about what is known"))) == []
    assert first < 2 and time.process_time() - started < 1  # CPU seconds; a fifth of that on a quiet machine


@pytest.mark.parametrize(("path", "said"), [("nowhere", "不是 Maildir"), ("box/new", "不是 Maildir"), ("file", "打不开|不是 Maildir")])
def test_a_path_that_is_no_maildir_is_said_so(folder: Path, path: str, said: str) -> None:
    put(folder, "new/mail")
    (folder.parent / "file").touch()
    with pytest.raises(MailboxError, match=said) as caught:
        opened(folder.parent / path)
    assert not caught.value.temporary


def test_a_processed_folder_that_leads_elsewhere_is_refused(folder: Path) -> None:
    with pytest.raises(MailboxError, match="processed"):
        opened(folder, "../elsewhere")
