"""What the templates refer to, and every reference that leads nowhere: letters, registers, tables, ladders, processes, states, papers, times."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..calendars import parse_duration
from .conditions import ConditionError, parse
from .model import Action, Deadline, Effects, Process
from .sentences import nowhere
from .values import Kind
from .vocabulary import NO_LIMIT, SPECIAL

if TYPE_CHECKING:
    from .library import Library

WORDS = ("单号", "项目", "事项", "状态", "负责人", "申请人", "开单时间", "今天", "收到时间")  # what every slip may print
ANYWHERE = ("待更正", "在办")  # no process declares them: a form that went back; every case that is open


def dangling(library: Library) -> Iterator[str]:
    """One line in Chinese, with file and line, for each."""
    codes: dict[str, str] = {}
    for p in library.processes.values():
        if p.code in codes:
            yield f"{p.file}:短码“{p.code}”与 {codes[p.code]} 重复;单号会分不清,请改一个"
        codes[p.code] = p.file
        for part in (_sentences, _effects, _limits, _lookups, _states, _subjects):
            yield from (f"{p.file} 第 {line} 行:{what}" for line, what in part(p, library))
    yield from _tables_and_plans(library)


Found = Iterator[tuple[int, str]]


def _sentences(p: Process, library: Library) -> Found:
    for line, name in nowhere(p, all_effects(p)):
        yield line, f"句子里的“<{name}>”不是字段、角色或取数{_near(name, (*p.fields, *p.roles, *p.lookups))};读信的人会看到尖括号"


def _effects(p: Process, library: Library) -> Found:
    forms = {f.strip("《》") for other in library.processes.values() for f in (other.title, *(f for s in other.starts for f in s.forms))}
    forms |= {*library.forms, *library.slips}
    for start in p.starts:
        if start.register and start.register not in library.registers:
            yield start.line, f"没有“{start.register}”这本台账{_near(start.register, library.registers)}"
    for effects in all_effects(p):
        for order in effects.letters:
            if order.letter not in library.letters:
                yield order.line, f"没有“{order.letter}”这封信{_near(order.letter, library.letters)};请在 letters/ 里写好 {order.letter}.txt"
            for word in order.attach:
                if word.startswith("单据 "):
                    yield from ((order.line, what) for what in _slip(p, library, word.removeprefix("单据 ").strip("《》 ")))
                form = word.removeprefix("空白表 ").strip("《》 ")
                if word.startswith("空白表 ") and form not in forms and "<" not in form:
                    yield order.line, f"没有“{form}”这张表{_near(form, forms)};“空白表”后面写某个流程“表单”里的名称,或 forms/、slips/ 里的名称"
        for entry in effects.entries:
            if entry.register not in library.registers:
                yield entry.line, f"没有“{entry.register}”这本台账{_near(entry.register, library.registers)}"
                continue
            columns = library.registers[entry.register].columns
            if unknown := [c for c in entry.values if columns and c not in (*columns, "状态")]:
                yield entry.line, f"台账“{entry.register}”没有“{'、'.join(unknown)}”这一列{_near(unknown[0], columns)}"
        for change in effects.changes:
            if change.register and change.register not in library.registers:
                yield change.line, f"没有“{change.register}”这本台账{_near(change.register, library.registers)}"
        for child in effects.children:
            if child.process not in library.processes and not child.process.startswith("<"):
                yield child.line, f"没有“{child.process}”这个流程{_near(child.process, library.processes)}"
        for nudge in effects.nudges:
            if nudge.process not in (*library.processes, "父单", "子单", "本单"):
                yield nudge.line, f"没有“{nudge.process}”这个流程{_near(nudge.process, library.processes)}"
            elif nudge.process in library.processes and nudge.action not in library.processes[nudge.process].every_action():
                yield nudge.line, f"流程“{nudge.process}”里没有“{nudge.action}”这个动作"
        clocks = {limit.name for limit in all_deadlines(p)} | {*p.documents}
        for name in (*effects.pause, *effects.resume, *effects.restart):
            if name not in clocks:
                yield effects.line, f"停表、走表、重新计时里的“{name}”不是期限{_near(name, clocks)}"
    for action in p.every_action().values():
        for name in action.upon:
            if name not in library.processes:
                yield action.line, f"“逢”里没有“{name}”这个流程{_near(name, library.processes)}"


def _slip(p: Process, library: Library, name: str) -> Iterator[str]:
    """What a slip prints and does must be this process's."""
    slip = library.slips.get(name)
    if slip is None:
        yield f"没有“{name}”这张单据{_near(name, library.slips)};请在 slips/ 里写好 {name}.yaml"
        return
    known = {*p.fields, *p.roles, *p.lookups, *WORDS}
    for text in (slip.opening, *(value for _, value in slip.rows)):
        for used in re.findall(r"<([^<>]+)>", text) or ([text] if text != slip.opening else []):
            if used not in known:
                yield f"单据“{name}”里的“{used}”不是字段、角色或取数{_near(used, known)}({slip.file})"
    if slip.action and slip.action not in p.every_action():
        yield f"单据“{name}”签回后的动作“{slip.action}”流程里没有{_near(slip.action, p.every_action())}({slip.file} 第 {slip.line} 行)"
    for state in slip.states:
        if state not in p.states:
            yield f"单据“{name}”签回的“状态: {state}”流程里没有{_near(state, p.states)}({slip.file} 第 {slip.line} 行)"
    for used in slip.sealed:
        if used not in known:
            yield f"单据“{name}”签回所凭的“{used}”不是字段、角色或取数{_near(used, known)}({slip.file} 第 {slip.line} 行)"
    if slip.by and slip.by not in p.roles:
        yield f"单据“{name}”签回后的“谁: {slip.by}”不是角色{_near(slip.by, p.roles)}({slip.file} 第 {slip.line} 行)"


def _limits(p: Process, library: Library) -> Found:
    ladders = {row["梯次"] for row in library.tables["提醒梯次"].rows} if "提醒梯次" in library.tables else set()
    ends = {*p.fields, *p.documents, *p.states, *(action.name for _, action in all_actions(p))}
    for limit in all_deadlines(p):
        if limit.ladder and limit.ladder not in ladders:
            yield limit.line, f"提醒梯次表里没有“{limit.ladder}”{_near(limit.ladder, ladders)}"
        setting = p.lookups.get(limit.length)
        if setting and setting.source == "取定" and (value := library.config(setting.args["key"])) and value != NO_LIMIT:
            try:
                parse_duration(f"{value}小时" if value.replace(".", "", 1).isdigit() else value)
            except ValueError as why:
                yield limit.line, f"取定值表里“{setting.args['key']}”的值用作时长:{why}"
        for name in limit.until:
            if name not in ends:
                yield limit.line, f"期限“{limit.name}”的“到: {name}”不是字段、文件、动作或状态{_near(name, ends)}"


def _lookups(p: Process, library: Library) -> Found:
    for lookup in p.lookups.values():
        table, args = lookup.args.get("table"), lookup.args
        if lookup.source in ("决策表", "判定", "余额") and table not in library.tables:
            yield lookup.line, f"没有决策表“{table}”{_near(table or '', library.tables)}"
        elif lookup.source in ("决策表", "判定", "余额") and args["column"] not in library.tables[table or ""].columns:
            yield lookup.line, f"决策表“{table}”没有“{args['column']}”这一列"
        if lookup.source in ("台账", "档次", "余额") and args["register"] not in library.registers:
            yield lookup.line, f"没有“{args['register']}”这本台账{_near(args['register'], library.registers)}"
        if lookup.source in ("单", "单号", "单数", "单值"):
            other = library.processes.get(args["process"])
            if other is None:
                yield lookup.line, f"没有“{args['process']}”这个流程{_near(args['process'], library.processes)}"
                continue
            if args.get("period") and args["period"] not in other.fields:
                yield lookup.line, f"流程“{other.name}”没有“{args['period']}”这个字段{_near(args['period'], other.fields)}"
            for state in re.split("[、,，]", args.get("states", "")):
                if state and state not in (*other.states, *ANYWHERE):
                    yield lookup.line, f"流程“{other.name}”没有“{state}”这个状态{_near(state, other.states)}"
        if lookup.source == "取定" and not library.config(args["key"]):
            yield lookup.line, f"取定值表里没有“{args['key']}”"


def _states(p: Process, library: Library) -> Found:
    reached = {e.to for e in all_effects(p) if e.to}
    for state in p.states.values():
        if state.name not in reached:
            yield state.line, f"状态“{state.name}”没有任何动作能到达;请在某个“变为”里用到它,或删去"
        if not state.final and not state.actions and not state.deadlines and not state.enter and not p.anytime and not state.mend:
            yield state.line, f"状态“{state.name}”没有“可以”,又没有“结束: 是”,单子会停在这里"


def _subjects(p: Process, library: Library) -> Found:
    texts = [t for s in p.starts for t in s.subjects] + [t for _, action in all_actions(p) for t in action.subjects]
    placeholders = {word for text in texts for word in re.findall(r"<([^<>]+)>", text)}
    for field in p.fields.values():
        if field.from_subject and field.from_subject not in placeholders and any(s.subjects for s in p.starts):
            yield field.line, f"“{field.name}”来自标题,但“收到”的标题里没有 <{field.from_subject}>"


def _tables_and_plans(library: Library) -> Iterator[str]:
    shorts: dict[str, str] = {}
    for slip in library.slips.values():
        if slip.code in shorts:
            yield f"{slip.file}:短码“{slip.code}”与 {shorts[slip.code]} 重复;发回的单据会分不清,请改一个"
        shorts[slip.code] = slip.file
    opening = {f.strip("《》"): p.file for p in library.processes.values() for start in p.starts for f in start.forms}
    called: dict[str, str] = {}
    for plan in library.forms.values():
        if plan.name in opening:
            yield f"{plan.file}:《{plan.name}》是 {opening[plan.name]} 开单的表单,空白表由那里的字段做出;请删去这个文件"
        for word in (plan.name, *plan.labels):
            if word in called:
                yield f"{plan.file}:“{word}”在 {called[word]} 里已经有了;请改一个"
            called[word] = plan.file
    for register in library.registers.values():
        for table in (register.tiers_table, register.codes_table):
            if table and table not in library.tables:
                yield f"{register.file}:没有决策表“{table}”{_near(table, library.tables)}"
        if register.process and register.process not in library.processes:
            yield f"{register.file}:没有“{register.process}”这个流程{_near(register.process, library.processes)}"
    for digest in library.digests.values():
        for section in digest.sections:
            if section.register and section.register not in library.registers:
                yield f"{digest.file} 第 {section.line} 行:没有“{section.register}”这本台账{_near(section.register, library.registers)}"
            for name in section.processes:
                if name not in library.processes:
                    yield f"{digest.file} 第 {section.line} 行:没有“{name}”这个流程{_near(name, library.processes)}"
                elif section.when:
                    try:
                        parse(section.when, kinds(library.processes[name]))
                    except ConditionError as why:
                        yield f"{digest.file} 第 {section.line} 行:“当: {section.when}”的{why}"
            if section.source == "得分" and (scored := library.registers.get(section.register)) is not None:
                codes = library.tables.get(scored.codes_table)
                if lacking := [c for c in ("代码", "满分", section.by) if codes is None or c not in codes.columns]:
                    yield f"{digest.file} 第 {section.line} 行:“取: 得分”要“{section.register}”的代码表里有“{lacking[0] or '按'}”这一列"
            known = {name for p in section.processes if p in library.processes for name in kinds(library.processes[p])}
            for column in section.wanted if section.source == "新单" and known else ():
                if column not in known:
                    yield f"{digest.file} 第 {section.line} 行:“列”里的“{column}”不是字段、角色或取数{_near(column, known)}"
    for row in library.tables["通用信"].rows if "通用信" in library.tables else ():
        if row["信"] and row["信"] not in library.letters:
            yield f"通用信.csv:没有“{row['信']}”这封信"


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), 1, 0.4)
    return f",是不是“{near[0]}”?" if near else ""


# -- walks over a process


def kinds(process: Process) -> dict[str, Kind]:
    """Every name that a condition over a case of this process may use, and what kind of value it holds."""
    found = {name: Kind(kind) for name, kind in SPECIAL.items()} | {name: Kind("文本") for name in process.documents} | {name: Kind("人员") for name in process.roles}
    return found | {name: look.kind for name, look in process.lookups.items()} | {name: field.kind for name, field in process.fields.items()}


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
