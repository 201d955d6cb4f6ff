"""The readers are a room of their own: pure, cheap to import, and nothing of ours is imported."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import parsers

ROOM = Path(parsers.__file__).parent
HEAVY = ("flanker", "inscriptis", "nh3", "lxml", "python_calamine", "tnefparse", "mailparser", "flufl", "email.policy", "sqlalchemy", "mailflow", "store")
IMPURE = {"os", "socket", "subprocess", "threading", "time", "pathlib", "shutil", "tempfile", "urllib", "http", "sqlite3", "random", "secrets"}


def test_nothing_of_ours_and_nothing_impure_is_imported() -> None:
    """DESIGN, rooms: no database, network, disk or clock; nothing of `mailflow` or `store`."""
    for path in sorted(ROOM.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            for name in names:
                assert name.split(".")[0] not in IMPURE | {"mailflow", "store"}, f"{path.name} imports {name}"


def test_reading_an_ordinary_mail_imports_nothing_heavy() -> None:
    """The heavy libraries come with the mails that need them."""
    code = f"import sys, parsers, parsers.report\nparsers.read(b'From: a@x.cn\\r\\nSubject: x\\r\\n\\r\\nbody')\nprint([m for m in {HEAVY!r} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_every_module_says_what_it_is_for_and_is_short() -> None:
    """House rule: one sentence at the top, readable in one sitting."""
    for path in ROOM.glob("*.py"):
        source = path.read_text("utf-8")
        assert ast.get_docstring(ast.parse(source)), path.name
        assert source.count("\n") < 450, path.name
