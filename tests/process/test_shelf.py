"""What was read of the templates is kept for the next command, for the sets of folders that are in use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mailflow.process import shelf


def test_a_set_of_folders_in_use_is_kept_however_many_others_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    used = tmp_path / "used"
    shelf.keep([used], {}, "kept")
    for number in range(2 * shelf.MOST):
        for file in tmp_path.glob("mailflow/*.templates"):  # a day goes by
            os.utime(file, (file.stat().st_atime, file.stat().st_mtime - 86_400))
        assert shelf.take([used], {}) == ("kept", True)
        shelf.keep([tmp_path / str(number)], {}, number)
    assert shelf.take([used], {}) == ("kept", True)
    assert len([*tmp_path.glob("mailflow/*.templates")]) == shelf.MOST
