"""Which way imports may point, what a pure module may touch, how long a module may be, and that no process is named in code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from mailflow.process import digest_plans, registers, vocabulary
from mailflow.process.library import Library, shipped

TOP = Path(__file__).resolve().parent.parent
OURS = ("parsers", "store", "mailflow")
MODULES = sorted(path for room in OURS for path in (TOP / room).rglob("*.py"))
PURE = ("routing", "calendars", "durations", "periods", "people", "letters", "trust", "lookups/plain", "process/*")  # they take `now` and what they need as arguments
OUTSIDE = {
    "sqlalchemy", "alembic", "psycopg", "sqlite3", "store", "socket", "ssl", "smtplib", "imaplib", "imapclient", "http", "urllib.request", "asyncio", "subprocess",
    "aiosmtpd", "pymap",
}  # fmt: skip
LONGEST = 500  # lines; longer is not read in one sitting

# word that is a state or letter somewhere in templates/ → what else it is, so that code may say it
SAID = "what people read for a deadline's, a row's or a mail's status (CONTRACT, --json), whatever a process calls its states"
ENGINE_WORDS = {
    **dict.fromkeys(("进行中", "已结束", "已确认", "有异议", "重复", "已答复"), SAID),
    "退件": "the step in the history of a form that went back (RULEBOOK §0.4 通用退件)",
    "暂定": "a column of code tables: this value was assumed (RULEBOOK §6)",
    "内部文件外发": "the line in the history when an internal paper went outside",
    "EXTRA": "SQLite's PRAGMA synchronous",
}


def name_of(path: Path) -> str:
    return path.relative_to(TOP).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, relative ones by their full name; those for type checking alone too."""
    package = name_of(path).removesuffix(".py").split("/")[:-1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("room", ["parsers", "store"])
def test_parsers_and_store_know_nothing_of_ours(room: str) -> None:
    others = set(OURS) - {room}
    wrong = [(name_of(p), m) for p in MODULES if name_of(p).startswith(f"{room}/") for m in imported(p) if m.split(".")[0] in others]
    assert wrong == []


def test_parsers_read_and_do_nothing_else() -> None:
    """Bytes → facts: no database, network, disk, child process or clock."""
    never = OUTSIDE | {"pathlib", "os", "shutil", "tempfile", "time", "threading"}
    wrong = [(name_of(p), m) for p in MODULES if name_of(p).startswith("parsers/") for m in imported(p) if m in never or m.split(".")[0] in never]
    assert [(p, m) for p, m in wrong if not (m.startswith("pathlib") or m == "os.environ")] == [], wrong


def pure_modules() -> list[Path]:
    return [p for p in MODULES if any(p.relative_to(TOP / "mailflow").match(f"{pattern}.py") for pattern in PURE if p.is_relative_to(TOP / "mailflow"))]


@pytest.mark.parametrize("path", pure_modules(), ids=name_of)
def test_pure_modules_touch_neither_store_nor_network_nor_clock(path: Path) -> None:
    assert [m for m in imported(path) if m in OUTSIDE or m.split(".")[0] in OUTSIDE] == []
    clocks = [
        f"line {node.lineno}: {ast.unparse(node.func)}()"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("now", "today", "utcnow", "time", "monotonic")
        and isinstance(node.func.value, ast.Name) and node.func.value.id in ("datetime", "date", "time")
    ]  # fmt: skip
    assert clocks == [], "a pure module takes `now` as an argument"


def test_every_pure_module_is_there() -> None:
    """A module that was renamed must not escape the tests above."""
    assert {name_of(p) for p in pure_modules()} >= {f"mailflow/{n}.py" for n in PURE if "*" not in n}
    assert len([p for p in pure_modules() if "/process/" in name_of(p)]) > 10


def test_what_starts_the_command_line_imports_nothing_heavy() -> None:
    """`mailflow --help` in a moment: what a command needs is imported when it runs."""
    heavy = [m for node in tree(TOP / "mailflow" / "__main__.py").body if isinstance(node, ast.Import | ast.ImportFrom) for m in [getattr(node, "module", None)] if m]
    assert set(heavy) <= {"__future__", "collections.abc", "contextlib", "pathlib", "typing", "datetime"}, heavy


def test_a_module_can_be_read_in_one_sitting() -> None:
    long = {name_of(p): n for p in MODULES if (n := p.read_text(encoding="utf-8").count("\n")) > LONGEST}
    assert long == {}, "split it by what it is for"


def test_a_module_says_what_it_is_for() -> None:
    silent = [name_of(p) for p in MODULES if p.read_text(encoding="utf-8").strip() and not ast.get_docstring(tree(p))]
    assert silent == []
    assert [name_of(p) for p in MODULES if p.stem in ("utils", "helpers", "common", "misc")] == [], "modules are named for the domain"


# -- processes are data


@cache
def library() -> Library:
    found = Library([shipped()])
    found.refresh()
    return found


def words_of_the_templates() -> dict[str, str]:
    """Every id, name, short code, state and letter of templates/ → what it is."""
    found: dict[str, str] = {}
    for process in library().processes.values():
        found |= {process.id: "编号", process.name: "名称", process.code: "短码", **{state: f"状态 of {process.name}" for state in process.states}}
    return found | {letter: "信" for letter in library().letters}


def words_of_the_language() -> set[str]:
    """What the loaders know: letters may be called like a word of theirs (说明, 提醒)."""
    tables = [v for m in (vocabulary, registers, digest_plans) for n, v in vars(m).items() if n.isupper() and isinstance(v, list | tuple | dict)]
    return {word for table in tables for word in table}


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Every text in the code, those of docstrings left out."""
    docs = {id(n.body[0].value) for n in ast.walk(tree(path)) if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef) and n.body and isinstance(n.body[0], ast.Expr)}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", [p for p in MODULES if "/demo/" not in name_of(p)], ids=name_of)  # the demo tells of its own sample mails
def test_code_names_no_process_state_or_letter(path: Path) -> None:
    """DESIGN: ids, states and letters of a process never occur in .py; a rule that the language cannot say becomes a new word of it."""
    words = {w: what for w, what in words_of_the_templates().items() if w not in ENGINE_WORDS and w not in words_of_the_language()}
    named = [(line, text, words[text]) for line, text in strings(path) if text in words]
    inside = re.compile(r"(?<![\w-])(" + "|".join(re.escape(p.name) for p in library().processes.values() if "-" in p.name) + r")(?![\w-])")
    named += [(line, text[:60], "名称") for line, text in strings(path) if inside.search(text) and text not in words]
    assert named == []


def test_the_reasons_given_above_are_still_needed() -> None:
    said = {text for path in MODULES for _, text in strings(path)}
    assert [w for w in ENGINE_WORDS if w not in said] == []
