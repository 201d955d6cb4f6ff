"""A mutation run over the templates, by hand: each line of a process that says a rule is taken away, and the stories of that process are played until one breaks.

`python tests/journeys/mutate.py A05 [A06 …]` prints the lines that nobody would miss, `-n A05` only the actions that no story ever does.

The lines that a story takes away itself (`[[without]]`) are tried by test_traceability.py and not again here; everything under a line that nobody
misses goes unmissed with it and is not tried on its own. What each story reaches is noted once in the temporary folder, so that a line of a state is
tried on the stories alone that enter it, a line of an action on those in which somebody tries it, what it does on those in which it is done. A group
takes hours on a busy machine all the same; `-n` a minute or two.
"""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import play
from play import Stage

from mailflow.config import load as configuration
from mailflow.process import loader
from mailflow.process.library import Library, shipped, waiting
from mailflow.process.model import State
from mailflow.process.yamltext import TemplateError

STORIES = sorted((Path(__file__).parent / "stories").rglob("*.toml"))
# words whose absence changes what happens; the others change how it is said
RULES = ("变为", "谁", "当", "必填", "要求", "都要", "要写明", "要附", "凭证", "负责人", "时长", "到期", "到", "从", "提醒", "催", "抄", "给", "附", "逢", "唯一", "标识", "请补", "未立项", "任意回信", "填表", "来信", "可更正")
BLOCKS = ("记账", "销账", "开单", "带动", "项目", "记", "发信", "逾期", "校验", "分支", "另外", "停表", "走表", "重新计时", "收文件", "退文件", "验收文件", "进入")
DECLINED = "未办理:"  # how the history of a case tells of what was asked and not done
EFFECTS = tuple(set(BLOCKS) - {"校验", "逾期"}) + ("变为", "负责人")  # of an action: they matter where it is done, not where it is refused
NAMED = ("可以", "随时", "期限", "文件", "发信", "记", "记账", "开单", "项目")  # what stands under these is an action, a limit, a letter, … each by its name


@dataclass
class Line:
    """Something that may be taken away: its lines from `first` up to `end`, the state whose card it stands on, what must be done there for it to matter."""

    first: int
    end: int
    state: str
    doings: tuple[str, ...]


def lines_of(text: str) -> Iterator[Line]:
    """Every rule, block, action, limit and letter of a process."""
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
        if above[0][1] in ("角色", "取数"):
            continue
        named = above[0][1] != "字段" and (name in BLOCKS or parent in NAMED)  # a field may be called 项目 or 附件
        if name in RULES or named or words.startswith("- 当:"):
            names = [word for _, word in above]
            state = names[1] if names[0] == "状态" and len(names) > 2 else ""
            action = names[3] if state and names[2] == "可以" and len(names) > 3 else ""
            yield Line(number, end, state, (action,) if len(names) > 4 and names[4] in EFFECTS else (action, DECLINED) if action else ("",))


def without(text: str, line: Line) -> str:
    """The text with these lines empty: the others keep their numbers."""
    lines = text.split("\n")
    return "\n".join(lines[: line.first] + [""] * (line.end - line.first) + lines[line.end :])


def told(file: str, text: str) -> set[int]:
    """The lines of this file that a story takes away or changes itself."""
    found = set()
    for story in STORIES:
        for row in tomllib.loads(story.read_text(encoding="utf-8")).get("without", []):
            if row["file"] == file:
                lines, begin = text.split("\n"), 0
                after = row.get("after", [])
                for words in [after] if isinstance(after, str) else after:
                    begin = play._at(lines, words, begin, row) + 1
                found.add(play._at(lines, row["line"], begin, row))
    return found


class Stages:
    """Where stories are played: a department whose database is made already, under templates with one process in the place of its namesake."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base = play._shipped_library()
        self.open = play.open_library
        self.changed: loader.Process | None = None
        shutil.copytree(play.FIXTURES, folder / "fixtures")
        play.FIXTURES = folder / "fixtures"
        store = play.open_store(configuration(play.FIXTURES / "mailflow.toml").store.database, str(folder / "archive"))
        store.migrate()
        store.close()
        play._shipped_library = lambda: self._with_change(self.base)  # type: ignore[assignment]
        play.open_library = self._edited

    def _with_change(self, library: Library) -> Library:
        library = copy.copy(library)
        if self.changed is not None:
            library.processes = {**library.processes, self.changed.name: self.changed}
            library.waiting_for = waiting(library.processes)
        library.refresh = lambda: False  # type: ignore[method-assign]
        return library

    def _edited(self, config: Any) -> Library:
        """The templates of a story that changes a line itself."""
        library = self.open(config)
        library.refresh()
        return self._with_change(library)

    def play(self, file: Path) -> None:
        """To the last curtain. Raises whatever broke the story."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            stage = Stage(tomllib.loads(file.read_text(encoding="utf-8")), Path(folder), file.parent)
            try:
                stage.play()
            finally:
                stage.close()

    def reached(self, file: Path) -> list[list[str]]:
        """[process, state, action] of what was done in a story, and [process, state, ""] of every state its cases came through.

        Raises Broken where it does not hold in the first place."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            stage = Stage(tomllib.loads(file.read_text(encoding="utf-8")), Path(folder), file.parent)
            try:
                stage.play()
                found = {(row["process"], row["state"], "") for row in stage.rows("cases")}
                for row in stage.rows("history"):
                    action = DECLINED if row["action"].startswith(DECLINED) else row["action"]  # it is noted under the sender's own word
                    found |= {(row["process"], row[key] or "", "") for key in ("from", "to")} | {(row["process"], row["from"] or "", action)}
                return sorted(map(list, found))
            finally:
                stage.close()

    def breaks(self, changed: loader.Process, files: list[Path]) -> Path | None:
        """The first story that does not hold under these templates."""
        self.changed = changed
        try:
            for file in files:
                try:
                    self.play(file)
                except Exception:  # a story that breaks, or a crash: both are noticed
                    return file
            return None
        finally:
            self.changed = None


def coverage(stages: Stages) -> dict[Path, list[list[str]]]:
    """What each story reaches under the templates as they are; kept in the temporary folder until a story or a process changes."""
    rules = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(shipped().glob("processes/*/*.yaml")))).hexdigest()[:12]
    kept = Path(tempfile.gettempdir()) / f"mailflow-mutate-{rules}"
    kept.mkdir(exist_ok=True)
    found = {}
    for file in STORIES:
        note = kept / hashlib.sha256(file.read_bytes()).hexdigest()[:20]
        if not note.exists():
            try:
                seen = stages.reached(file)
            except play.Broken as why:  # nothing can be learned from it; test_stories.py complains
                print(f"LEFT ASIDE {file.name}: {str(why).splitlines()[0]}", flush=True)
                continue
            note.write_text(json.dumps(seen, ensure_ascii=False), encoding="utf-8")
        found[file] = json.loads(note.read_text(encoding="utf-8"))
    return found


def survivors(stages: Stages, id: str, reached: dict[Path, list[list[str]]]) -> tuple[int, list[str]]:
    """How many lines were tried, and those that nobody misses."""
    path = next(shipped().glob(f"processes/*/{id}-*.yaml"))
    text = path.read_text(encoding="utf-8")
    process = loader.load(path)
    mine = [f for f in reached if process.name in {p for p, _, _ in reached[f]} or re.search(rf"{process.title}|MF-{process.code}-", f.read_text(encoding="utf-8"))]
    mine.sort(key=lambda f: ("[[edit]]" in f.read_text(encoding="utf-8"), id.lower() not in f.stem))  # those that read templates of their own are slow
    known, gone, tried, unmissed = told(f"processes/{path.parent.name}/{path.name}", text), (0, 0), 0, []
    for line in sorted(lines_of(text), key=lambda line: not line.state):  # what holds in every state is the slowest to try
        if line.first in known or gone[0] <= line.first < gone[1]:
            continue
        try:
            changed = loader.load_text(without(text, line), path.name)
        except TemplateError:
            continue  # whoever takes it away is told so
        if replace(changed, source="", version="") == replace(process, source="", version=""):
            continue  # it says what holds anyhow
        tried += 1
        anywhere = not line.state or passed_through(process.states[line.state])
        files = [f for f in mine if anywhere or any([process.name, line.state, doing] in reached[f] for doing in line.doings)]
        by = stages.breaks(changed, files)
        if by is None:
            gone = (line.first, line.end)
            unmissed.append(f"{path.name}:{line.first + 1} [{line.state}] {text.split(chr(10))[line.first].strip()} ({len(files)} stories)")
            print(f"SURVIVED {unmissed[-1]}", flush=True)
        else:
            mine.remove(by)
            mine.insert(0, by)  # what broke last is likely to break next
    return tried, unmissed


def passed_through(state: State) -> bool:
    """Whether a case only comes through here on its way: the history does not tell of it."""
    return not state.actions and not state.final and not state.mend


def never_done(process: loader.Process, reached: dict[Path, list[list[str]]]) -> list[str]:
    """The states that no story enters and the actions that none does."""
    done = {(state, action) for rows in reached.values() for name, state, action in rows if name == process.name}
    found = [state.name for state in process.states.values() if (state.name, "") not in done and not passed_through(state)]
    found += [f"{state.name}.{name}" for state in process.states.values() for name in state.actions if (state.name, "") in done and (state.name, name) not in done]
    return found + [f"随时.{name}" for name in process.anytime if name not in {action for _, action in done}]


def main(arguments: list[str]) -> int:
    """Prints the survivors of each process; exit status 1 where there are any. `-n`: only what no story ever does, in a minute."""
    logging.disable(logging.CRITICAL)
    ids = [word for word in arguments if word != "-n"]
    all_told = 0
    with tempfile.TemporaryDirectory(prefix="mutate-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        stages = Stages(Path(folder))
        reached = coverage(stages)
        for id in ids:
            path = next(shipped().glob(f"processes/*/{id}-*.yaml"))
            print(f"{id}: never done: {'、'.join(never_done(loader.load(path), reached)) or 'nothing'}", flush=True)
            if "-n" in arguments:
                continue
            tried, unmissed = survivors(stages, id, reached)
            all_told += len(unmissed)
            print(f"{id}: {tried} tried, {len(unmissed)} survived", flush=True)
    return 1 if all_told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
