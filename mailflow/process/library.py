"""Everything an organisation edits, read together: processes, letters, decision tables, registers. A broken edit leaves the last good version in force."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..letters import LetterError, Source
from ..letters import read as read_letter
from . import loader, shelf
from .digest_plans import DigestPlan, read_digest
from .files import like_shipped, overlooked
from .form_plans import FormPlan, read_form
from .lookups import LookupError_
from .model import Process
from .references import dangling
from .registers import Register, read_register
from .slip_plans import SlipPlan, read_slip
from .table_sense import cells_sense, ladder_sense, settings_sense
from .tables import DecisionTable, read_table
from .yamltext import TemplateError


def shipped() -> Path:
    """The templates that come with mailflow: beside the package in a wheel, at the repository's top in an editable install."""
    here = Path(__file__).resolve().parent.parent
    inside = here / "templates"
    return inside if inside.is_dir() else here.parent / "templates"


_READERS: dict[str, Callable[[Path], Any]] = {
    "processes": loader.load, "registers": read_register, "tables": read_table, "digests": read_digest, "slips": read_slip, "forms": read_form,
    "letters": read_letter,
}  # fmt: skip


def _table_like(own: DecisionTable, shipped: DecisionTable | None) -> None:
    """Whether a table has the columns of the shipped one and cells of its kinds. Raises TemplateError for the first that is not."""
    if shipped is not None:
        like_shipped(own.columns, shipped.columns, own.file)
    if own.name not in ("提醒梯次", "取定值"):  # told row by row
        for line, why in cells_sense(own, shipped):
            raise TemplateError(why, own.file, line)


def waiting(processes: dict[str, Process]) -> dict[str, list[tuple[str, str]]]:
    """What waits (逢) for a case of a process to be opened: process opened → (process, action)."""
    found: dict[str, list[tuple[str, str]]] = {}
    for process in processes.values():
        actions = [*process.anytime.values(), *(a for state in process.states.values() for a in state.actions.values())]
        for opened, name in sorted({(opened, action.name) for action in actions for opened in action.upon}):
            found.setdefault(opened, []).append((process.name, name))
    return found


@dataclass(slots=True)
class _Loaded:
    stamp: tuple[int, int]
    value: Any = None
    problem: str = ""  # why the file as it is now is not in force


@dataclass
class Library:
    """The templates in force. `problems` says in Chinese what is wrong with files whose last good version stays in force."""

    folders: list[Path]
    processes: dict[str, Process] = field(default_factory=dict)
    registers: dict[str, Register] = field(default_factory=dict)
    tables: dict[str, DecisionTable] = field(default_factory=dict)
    letters: dict[str, Source] = field(default_factory=dict)
    digests: dict[str, DigestPlan] = field(default_factory=dict)
    slips: dict[str, SlipPlan] = field(default_factory=dict)
    forms: dict[str, FormPlan] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    shipped_settings: DecisionTable | None = None  # 取定值 of the first folder, where another's takes its place
    waiting_for: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # process opened → (process, action) that wait for it (逢)
    _seen: dict[Path, _Loaded] = field(default_factory=dict)

    def refresh(self) -> bool:
        """Reads what changed since the last time; True when anything did. An organisation's file of the same name takes the shipped one's place."""
        chosen: dict[str, Path] = {}
        behind: dict[str, Path] = {}  # the shipped file whose place an organisation's own one takes
        for folder in self.folders:
            for kind, pattern in (("processes", "**/*.yaml"), ("registers", "*.yaml"), ("digests", "*.yaml"), ("tables", "*.csv"), ("letters", "*.txt"), ("slips", "*.yaml"), ("forms", "*.yaml")):
                for path in sorted((folder / kind).glob(pattern)):
                    if (key := f"{kind}/{path.name}") in chosen:
                        behind[key] = chosen[key]
                    chosen[key] = path
        stamps = {path: (s.st_mtime_ns, s.st_size) for path in chosen.values() if (s := path.stat())}
        if stamps == {path: loaded.stamp for path, loaded in self._seen.items()}:
            return False
        if not self._seen and (kept := shelf.take(self.folders, stamps)) is not None:
            if kept[1]:
                vars(self).update(kept[0])
                return True
            self._seen = kept[0]["_seen"]  # a file that was broken while no service ran: its last good version holds
        from ..letter_sense import letter_problems  # late: letters know processes

        problems: list[str] = []
        processes: dict[str, Process] = {}
        registers: dict[str, Register] = {}
        tables: dict[str, DecisionTable] = {}
        written: dict[str, Source] = {}
        digests: dict[str, DigestPlan] = {}
        slips: dict[str, SlipPlan] = {}
        forms: dict[str, FormPlan] = {}
        for key, path in chosen.items():
            kind = key.partition("/")[0]
            before = self._seen.get(path)
            value = before.value if before else None
            if before is None or before.stamp != stamps[path]:
                problem = ""
                try:
                    value = _READERS[kind](path)
                    if kind == "tables":
                        _table_like(value, read_table(behind[key]) if key in behind else None)
                except (TemplateError, LookupError_, LetterError, OSError) as why:
                    value = before.value if before else None
                    if value is None and key in behind:  # never was a good one of their own: the shipped one holds until then
                        value = _READERS[kind](behind[key])
                        why = TemplateError(f"{why};改好之前按自带的办")
                    problem = str(why)
                self._seen[path] = _Loaded(stamps[path], value, problem)
            if self._seen[path].problem:  # until it is mended, whatever else was edited since
                problems.append(self._seen[path].problem)
            if value is None:
                continue
            kinds: dict[str, dict[str, Any]] = {"processes": processes, "registers": registers, "tables": tables, "digests": digests, "slips": slips, "forms": forms, "letters": written}
            into = kinds[kind]
            name = path.stem if kind == "tables" else value.name
            if name in into and kind == "processes":
                problems.append(f"{path.name}:名称“{name}”与 {into[name].file} 重复;请改一个")
                continue
            into[name] = value
        for path in set(self._seen) - set(stamps):
            del self._seen[path]
        self.processes, self.registers, self.tables, self.letters, self.digests = processes, registers, tables, written, digests
        self.slips, self.forms = slips, forms
        self.waiting_for = waiting(processes)
        settings = self.folders[0] / "tables" / "取定值.csv"
        self.shipped_settings = read_table(settings) if settings not in stamps and settings.is_file() else None
        if self.shipped_settings is not None and (own := tables.get("取定值")) is not None:
            used = {look.args["key"] for p in processes.values() for look in p.lookups.values() if look.source == "取定"}
            used |= {r.window for r in registers.values()} | {key for table in tables.values() for row in table.rows for cell in row.values() for key in re.findall("<(.+?)>", cell)}
            tables["取定值"], wrong = settings_sense(own, self.shipped_settings, used)
            problems += wrong
        tables.update({name: table.filled(self.config) for name, table in tables.items() if name != "取定值"})
        if "提醒梯次" in tables:
            problems += ladder_sense(tables["提醒梯次"])
        overseen = [line for folder in self.folders[1:] or self.folders for line in overlooked(folder)]
        self.problems = problems + overseen + list(dangling(self)) + list(letter_problems(self))
        shelf.keep(self.folders, stamps, {name: value for name, value in vars(self).items() if name != "folders"})
        return True

    # -- small questions -----------------------------------------------------------------------------------------------

    def config(self, key: str) -> str:
        """A value of 取定值 (RULEBOOK §6), '' where there is none. A key that an organisation's own table leaves out has the shipped value:
        their copy may be older than the key, or hold the one line that they changed."""
        found = (table.find(键=key).get("值", "") for table in (self.tables.get("取定值"), self.shipped_settings) if table)
        return next((value for value in found if value), "")

    def usual(self, occasion: str) -> str:
        """The letter for an occasion that every process has (table 通用信): receipt, returned form, refusal, reminder …"""
        table = self.tables.get("通用信")
        return table.find(场合=occasion).get("信", "") if table else ""

    def negative_words(self) -> set[str]:
        """Commands that refuse (column 语气 of 命令词): their buttons look so."""
        table = self.tables.get("命令词")
        return {row["命令"] for row in table.rows if row.get("语气") == "否"} if table else set()

    def outside_roles(self) -> set[str]:
        """The roles of people who are not colleagues (table 外部岗位)."""
        table = self.tables.get("外部岗位")
        return {row["岗位"] for row in table.rows} if table else set()

    def command_synonyms(self) -> dict[str, list[str]]:
        """Canonical command word → its synonyms."""
        table = self.tables.get("命令词")
        return {row["命令"]: [w for w in row["同义词"].split("、") if w] for row in table.rows} if table else {}
