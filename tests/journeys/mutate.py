"""A mutation run over the templates, by hand: each line of a process that says a rule is taken away, and the stories of that process are played until one breaks.

`python tests/journeys/mutate.py A05 [A06 …]` prints the lines that nobody would miss. The rows of the rulebook's table have their own
`[[without]]` in the stories and are tried by test_traceability.py; this looks at everything else, and takes an hour for a group.
"""

from __future__ import annotations

import copy
import logging
import re
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import play
from play import Stage

from mailflow.process import loader
from mailflow.process.library import Library, shipped
from mailflow.process.yamltext import TemplateError

STORIES = sorted((Path(__file__).parent / "stories").rglob("*.toml"))
# words whose absence changes what happens; the others change how it is said
RULES = ("变为", "谁", "当", "必填", "要求", "都要", "要写明", "要附", "凭证", "负责人", "时长", "到期", "到", "从", "提醒", "催", "抄", "给", "附", "逢", "唯一", "标识", "请补", "未立项", "任意回信", "填表", "来信", "可更正")
BLOCKS = ("记账", "销账", "开单", "带动", "项目", "记", "发信", "逾期", "校验", "分支", "另外", "停表", "走表", "重新计时", "收文件", "退文件", "验收文件", "进入")


def mutants(text: str) -> Iterator[tuple[int, int]]:
    """(first line, line after the last) of everything that may be taken away: rules, blocks, and each action, deadline and letter by its name."""
    lines = text.split("\n")
    depth = [len(line) - len(line.lstrip()) for line in lines]
    above: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        words = line.strip()
        if not words or words.startswith("#"):
            continue
        while above and above[-1][0] >= depth[number]:
            above.pop()
        key = re.match(r"(?:- )?([^:：]+):", words)
        name = key[1] if key else words
        parent = above[-1][1] if above else ""
        above.append((depth[number], name))
        end = number + 1
        while end < len(lines) and (not lines[end].strip() or depth[end] > depth[number]):
            end += 1
        if name in RULES or name in BLOCKS or parent in ("可以", "随时", "期限", "文件", "发信", "记", "记账", "开单", "项目") or words.startswith("- 当:"):
            yield number, end


def with_process(base: Library, changed: loader.Process) -> Library:
    """The shipped templates with one process in the place of its namesake."""
    library = copy.copy(base)
    library.processes = {**base.processes, changed.name: changed}
    library.refresh = lambda: False  # type: ignore[method-assign]
    return library


def breaks(library: Library, files: list[Path]) -> Path | None:
    """The first story that does not hold under these templates."""
    play._shipped_library = lambda: library  # type: ignore[assignment]
    for file in files:
        with tempfile.TemporaryDirectory(prefix="mutate-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
            stage = Stage(tomllib.loads(file.read_text(encoding="utf-8")), Path(folder), file.parent)
            try:
                stage.play()
            except Exception:  # a story that breaks, or a crash: both are noticed
                return file
            finally:
                stage.close()
    return None


def main(ids: list[str]) -> int:
    """Prints the survivors of each process; exit status 1 where there are any."""
    logging.disable(logging.CRITICAL)
    base = play._shipped_library()
    survived = tried = 0
    for id in ids:
        path = next(shipped().glob(f"processes/*/{id}-*.yaml"))
        process = next(p for p in base.processes.values() if p.id == id)
        text = path.read_text(encoding="utf-8")
        files = [f for f in STORIES if re.search(rf"{id}-|{process.name}|{process.title}|MF-{process.code}-", f.read_text(encoding="utf-8")) or id.lower() in f.stem]
        files = files or STORIES
        for first, end in mutants(text):
            lines = text.split("\n")
            with tempfile.TemporaryDirectory() as folder:
                lessened = Path(folder) / path.name
                lessened.write_text("\n".join(lines[:first] + lines[end:]), encoding="utf-8")
                try:
                    changed = loader.load(lessened)
                except TemplateError:
                    continue  # whoever takes it away is told so
            tried += 1
            by = breaks(with_process(base, changed), files)
            if by is None:
                survived += 1
                print(f"SURVIVED {path.name}:{first + 1} {lines[first].strip()}", flush=True)
            else:
                files = [by, *(f for f in files if f != by)]  # what broke last is likely to break next
        print(f"{id}: {tried} tried, {survived} survived so far; {len(files)} stories", flush=True)
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
