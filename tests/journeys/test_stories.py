"""Every story under stories/ holds, on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from play import play

STORIES = Path(__file__).parent / "stories"
FILES = sorted(STORIES.rglob("*.toml"))


def test_there_are_stories() -> None:
    """A folder moved away must not look like a run without failures."""
    assert len([f for f in FILES if f.parent.name == "core"]) >= 8


@pytest.mark.parametrize("file", FILES, ids=[f.relative_to(STORIES).with_suffix("").as_posix() for f in FILES])
def test_story(file: Path, department: tuple[Path, str]) -> None:
    """The story's own expectations, and what must hold after any story: one row a mail, none held, letters well-formed, a second pass changes nothing."""
    play(file, *department)
