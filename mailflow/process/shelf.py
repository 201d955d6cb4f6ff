"""Keeps what was read of the templates from one command to the next: reading seventy processes takes half a second, taking them from here a twentieth.

Only ever a copy: whatever is missing, old, damaged or not ours to trust is read anew. The files lie in the user's own cache folder.
"""

from __future__ import annotations

import gc
import hashlib
import os
import pickle
import stat
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MOST = 8  # files: one for each set of template folders that was used of late

Stamps = dict[Path, tuple[int, int]]


def take(folders: Iterable[Path], stamps: Stamps) -> tuple[Any, bool] | None:
    """(what was kept, whether the files are still as they were then), read by this very code; None where there is nothing.

    What was read of older files is the last good version of each.
    """
    file = _file(folders)
    if file is None:
        return None
    collecting = gc.isenabled()
    gc.disable()  # a hundred thousand objects are made at once: the collector would look through them again and again
    try:
        with file.open("rb") as stream:
            about = os.fstat(stream.fileno())
            if about.st_uid != os.getuid() or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return None  # a pickle is code: nobody else's is run
            code, files = pickle.load(stream)
            if code != _code():
                return None
            value = pickle.load(stream)
        os.utime(file)  # used of late, see MOST
        return value, files == _files(stamps)
    except Exception:  # whatever a damaged copy makes of itself, the files themselves are there
        return None
    finally:
        if collecting:
            gc.enable()


def keep(folders: Iterable[Path], stamps: Stamps, value: Any) -> None:
    """Keeps it for the next command, if it can."""
    file = _file(folders)
    if file is None:
        return
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as draft:
            pickle.dump((_code(), _files(stamps)), draft, protocol=5)
            pickle.dump(value, draft, protocol=5)
        Path(draft.name).replace(file)
        kept = sorted(file.parent.glob("*.templates"), key=lambda p: p.stat().st_mtime, reverse=True)
        for old in kept[MOST:]:
            old.unlink(missing_ok=True)
    except OSError:
        pass  # a full or read-only disk: then every command reads the files


def _file(folders: Iterable[Path]) -> Path | None:
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None  # a user without a home
    name = hashlib.sha256("\n".join(str(f.resolve()) for f in folders).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return home / "mailflow" / f"{name}.templates"


def _code() -> tuple[Any, ...]:
    here = Path(__file__).parent
    return sys.version_info[:3], sorted((p.name, s.st_mtime_ns, s.st_size) for p in [*here.glob("*.py"), *here.parent.glob("letter*.py")] if (s := p.stat()))


def _files(stamps: Stamps) -> list[tuple[Any, ...]]:
    return sorted((str(path), *stamp) for path, stamp in stamps.items())
