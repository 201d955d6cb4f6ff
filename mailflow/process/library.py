"""Everything an organisation edits, read together: processes, letters, decision tables, registers. A broken edit leaves the last good version in force."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import loader
from .digest_plans import DigestPlan, read_digest
from .lookups import LookupError_
from .model import Action, Deadline, Effects, Process
from .registers import Register, read_register
from .sentences import nowhere
from .tables import DecisionTable, read_table
from .yamltext import TemplateError


def shipped() -> Path:
    """The templates that come with mailflow: beside the package in a wheel, at the repository's top in an editable install."""
    here = Path(__file__).resolve().parent.parent
    inside = here / "templates"
    return inside if inside.is_dir() else here.parent / "templates"


@dataclass(slots=True)
class _Loaded:
    stamp: tuple[int, int]
    value: Any = None


@dataclass
class Library:
    """The templates in force. `problems` says in Chinese what is wrong with files whose last good version stays in force."""

    folders: list[Path]
    processes: dict[str, Process] = field(default_factory=dict)
    registers: dict[str, Register] = field(default_factory=dict)
    tables: dict[str, DecisionTable] = field(default_factory=dict)
    letters: dict[str, Path] = field(default_factory=dict)
    digests: dict[str, DigestPlan] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    _seen: dict[Path, _Loaded] = field(default_factory=dict)

    def refresh(self) -> bool:
        """Reads what changed since the last time; True when anything did. An organisation's file of the same name takes the shipped one's place."""
        chosen: dict[str, Path] = {}
        for folder in self.folders:
            for kind, pattern in (("processes", "**/*.yaml"), ("registers", "*.yaml"), ("digests", "*.yaml"), ("tables", "*.csv"), ("letters", "*.txt")):
                for path in sorted((folder / kind).glob(pattern)):
                    chosen[f"{kind}/{path.name}"] = path
        stamps = {path: (s.st_mtime_ns, s.st_size) for path in chosen.values() if (s := path.stat())}
        if stamps == {path: loaded.stamp for path, loaded in self._seen.items()}:
            return False
        problems: list[str] = []
        processes, registers, tables, letters, digests = {}, {}, {}, {}, {}
        for key, path in chosen.items():
            kind = key.partition("/")[0]
            if kind == "letters":
                letters[path.stem] = path
                self._seen[path] = _Loaded(stamps[path])
                continue
            before = self._seen.get(path)
            value = before.value if before else None
            if before is None or before.stamp != stamps[path]:
                try:
                    value = {"processes": loader.load, "registers": read_register, "tables": read_table, "digests": read_digest}[kind](path)
                except (TemplateError, LookupError_, OSError) as why:
                    problems.append(str(why))
                self._seen[path] = _Loaded(stamps[path], value)
            if value is None:
                continue
            into: dict[str, Any] = {"processes": processes, "registers": registers, "tables": tables, "digests": digests}[kind]
            name = path.stem if kind == "tables" else value.name
            if name in into and kind == "processes":
                problems.append(f"{path.name}:名称“{name}”与 {into[name].file} 重复;请改一个")
                continue
            into[name] = value
        for path in set(self._seen) - set(stamps):
            del self._seen[path]
        self.processes, self.registers, self.tables, self.letters, self.digests = processes, registers, tables, letters, digests
        self.problems = problems + list(self._dangling())
        return True

    # -- small questions -----------------------------------------------------------------------------------------------

    def config(self, key: str) -> str:
        """A value of 取定值 (RULEBOOK §6), '' where there is none."""
        table = self.tables.get("取定值")
        return table.find(键=key).get("值", "") if table else ""

    def usual(self, occasion: str) -> str:
        """The letter for an occasion that every process has (table 通用信): receipt, returned form, refusal, reminder …"""
        table = self.tables.get("通用信")
        return table.find(场合=occasion).get("信", "") if table else ""

    def command_synonyms(self) -> dict[str, list[str]]:
        """Canonical command word → its synonyms."""
        table = self.tables.get("命令词")
        return {row["命令"]: [w for w in row["同义词"].split("、") if w] for row in table.rows} if table else {}

    # -- what does not fit together ------------------------------------------------------------------------------------

    def _dangling(self) -> Iterator[str]:
        """Every name that leads nowhere: letters, registers, tables, ladders, processes, states, role words."""
        ladders = {row["梯次"] for row in self.tables["提醒梯次"].rows} if "提醒梯次" in self.tables else set()
        codes: dict[str, str] = {}
        for p in self.processes.values():
            if p.code in codes:
                yield f"{p.file}:短码“{p.code}”与 {codes[p.code]} 重复;单号会分不清,请改一个"
            codes[p.code] = p.file

            def at(line: int, what: str, p: Process = p) -> str:
                return f"{p.file} 第 {line} 行:{what}"

            for line, name in nowhere(p, all_effects(p)):
                yield at(line, f"句子里的“<{name}>”不是字段、角色或取数{_near(name, (*p.fields, *p.roles, *p.lookups))};读信的人会看到尖括号")
            for effects in all_effects(p):
                for order in effects.letters:
                    if order.letter not in self.letters:
                        yield at(order.line, f"没有“{order.letter}”这封信{_near(order.letter, self.letters)};请在 letters/ 里写好 {order.letter}.txt")
                for entry in effects.entries:
                    if entry.register not in self.registers:
                        yield at(entry.line, f"没有“{entry.register}”这本台账{_near(entry.register, self.registers)}")
                    elif unknown := [c for c in entry.values if self.registers[entry.register].columns and c not in (*self.registers[entry.register].columns, "状态")]:
                        yield at(entry.line, f"台账“{entry.register}”没有“{'、'.join(unknown)}”这一列{_near(unknown[0], self.registers[entry.register].columns)}")
                for child in effects.children:
                    if child.process not in self.processes and not child.process.startswith("<"):
                        yield at(child.line, f"没有“{child.process}”这个流程{_near(child.process, self.processes)}")
                for nudge in effects.nudges:
                    if nudge.process not in (*self.processes, "父单", "子单", "本单"):
                        yield at(nudge.line, f"没有“{nudge.process}”这个流程{_near(nudge.process, self.processes)}")
                    elif nudge.process in self.processes and nudge.action not in self.processes[nudge.process].every_action():
                        yield at(nudge.line, f"流程“{nudge.process}”里没有“{nudge.action}”这个动作")
            for limit in all_deadlines(p):
                if limit.ladder and limit.ladder not in ladders:
                    yield at(limit.line, f"提醒梯次表里没有“{limit.ladder}”{_near(limit.ladder, ladders)}")
            for action in p.every_action().values():
                for name in action.upon:
                    if name not in self.processes:
                        yield at(action.line, f"“逢”里没有“{name}”这个流程{_near(name, self.processes)}")
            for lookup in p.lookups.values():
                table = lookup.args.get("table")
                if lookup.source in ("决策表", "判定") and table not in self.tables:
                    yield at(lookup.line, f"没有决策表“{table}”{_near(table or '', self.tables)}")
                elif lookup.source in ("决策表", "判定") and lookup.args["column"] not in self.tables[table or ""].columns:
                    yield at(lookup.line, f"决策表“{table}”没有“{lookup.args['column']}”这一列")
                if lookup.source == "台账" and lookup.args["register"] not in self.registers:
                    yield at(lookup.line, f"没有“{lookup.args['register']}”这本台账{_near(lookup.args['register'], self.registers)}")
                if lookup.source in ("单", "单号", "单数") and lookup.args["process"] not in self.processes:
                    yield at(lookup.line, f"没有“{lookup.args['process']}”这个流程{_near(lookup.args['process'], self.processes)}")
                if lookup.source == "取定" and not self.config(lookup.args["key"]):
                    yield at(lookup.line, f"取定值表里没有“{lookup.args['key']}”")
            reached = {e.to for e in all_effects(p) if e.to}
            for state in p.states.values():
                if state.name not in reached:
                    yield at(state.line, f"状态“{state.name}”没有任何动作能到达;请在某个“变为”里用到它,或删去")
                if not state.final and not state.actions and not state.deadlines and not state.enter and not p.anytime and not state.mend:
                    yield at(state.line, f"状态“{state.name}”没有“可以”,又没有“结束: 是”,单子会停在这里")
            for field_ in p.fields.values():
                if field_.from_subject:
                    placeholders = {w for s in p.starts for t in s.subjects for w in _placeholders(t)}
                    placeholders |= {w for a in p.every_action().values() for t in a.subjects for w in _placeholders(t)}
                    if field_.from_subject not in placeholders and any(s.subjects for s in p.starts):
                        yield at(field_.line, f"“{field_.name}”来自标题,但“收到”的标题里没有 <{field_.from_subject}>")
        for register in self.registers.values():
            for table in (register.tiers_table, register.codes_table):
                if table and table not in self.tables:
                    yield f"{register.file}:没有决策表“{table}”{_near(table, self.tables)}"
            if register.process and register.process not in self.processes:
                yield f"{register.file}:没有“{register.process}”这个流程{_near(register.process, self.processes)}"
        for plan in self.digests.values():
            for section in plan.sections:
                if section.register and section.register not in self.registers:
                    yield f"{plan.file} 第 {section.line} 行:没有“{section.register}”这本台账{_near(section.register, self.registers)}"
                for name in section.processes:
                    if name not in self.processes:
                        yield f"{plan.file} 第 {section.line} 行:没有“{name}”这个流程{_near(name, self.processes)}"
        for row in self.tables["通用信"].rows if "通用信" in self.tables else ():
            if row["信"] and row["信"] not in self.letters:
                yield f"通用信.csv:没有“{row['信']}”这封信"


def _placeholders(pattern: str) -> list[str]:
    import re

    return re.findall(r"<([^<>]+)>", pattern)


def all_effects(process: Process) -> Iterator[Effects]:
    """Every block of effects in a process."""

    def walk(effects: Effects | None) -> Iterator[Effects]:
        if effects is not None:
            yield effects
            for inner in (*effects.branch, *effects.also):
                yield from walk(inner)

    for start in process.starts:
        yield from walk(start.effects)
    for action in process.anytime.values():
        yield from walk(action.effects)
    for state in process.states.values():
        yield from walk(state.enter)
        for action in state.actions.values():
            yield from walk(action.effects)
    for limit in all_deadlines(process):
        yield from walk(limit.late)
    for document in process.documents.values():
        yield from walk(document.late)


def all_deadlines(process: Process) -> Iterator[Deadline]:
    """Every deadline of a process, those of its states too."""
    yield from process.deadlines.values()
    for state in process.states.values():
        yield from state.deadlines


def all_actions(process: Process) -> Iterator[tuple[str, Action]]:
    """(state, action) for everything that may be done; '' is any state."""
    for action in process.anytime.values():
        yield "", action
    for state in process.states.values():
        for action in state.actions.values():
            yield state.name, action


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), 1, 0.4)
    return f",是不是“{near[0]}”?" if near else ""
