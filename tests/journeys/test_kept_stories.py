"""tests/stories_passed.txt only grows: a story of the department that passed once must not be lost in silence."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
LIST = TOP / "tests" / "stories_passed.txt"
KEPT = [line.strip() for line in LIST.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]


def test_no_story_was_ever_taken_from_the_list() -> None:
    if not (TOP / ".git").exists():
        pytest.skip("no history here: this is not a clone")
    told = subprocess.run(["git", "log", "-p", "--format=", "--", LIST], cwd=TOP, capture_output=True, text=True, check=True).stdout
    ever = {line[1:].strip() for line in told.splitlines() if line.startswith(("+", "-")) and line.endswith(".toml")}
    assert ever - set(KEPT) == set()


def test_every_story_of_the_list_is_there_and_named_once() -> None:
    assert len(KEPT) == len(set(KEPT))
    scenarios = TOP.parent / "shared" / "scenarios"
    if scenarios.is_dir():
        assert [name for name in KEPT if not (scenarios / name).is_file()] == []
