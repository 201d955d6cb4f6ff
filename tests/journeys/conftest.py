"""Where a story is played: a folder in memory where there is room, since a story waits for a disk some hundred times."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")
ROOM = 200 * 1024 * 1024  # bytes; containers often have 64 MB


@pytest.fixture
def department(database_url: str, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """An empty folder and the URL of a database with its tables made, once of each kind."""
    quick = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    with tempfile.TemporaryDirectory(prefix="mailflow-journey-", dir=MEMORY if quick else tmp_path) as name:
        folder = Path(name)
        if database_url.startswith("sqlite"):
            shutil.move(tmp_path / "mailflow.db", folder / "mailflow.db")
            database_url = f"sqlite:///{folder}/mailflow.db"
        yield folder, database_url


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On SQLite the stories of core and engine are quick, on PostgreSQL none: two hundred stories take minutes. CI plays all of them on both."""
    for item in items:
        if item.path.name == "test_stories.py" and item.path.parent == Path(__file__).parent and not re.search(r"\[(?:sqlite-(?:core|engine)/|file)|there_are", item.name):
            item.add_marker(pytest.mark.slow)
