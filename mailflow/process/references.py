"""What the templates refer to, and every reference that leads nowhere: letters, registers, tables, ladders, processes, states, papers, times."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..durations import parse_duration
from .conditions import Condition, ConditionError, comparisons, parse
from .model import Action, Deadline, Effects, Process
from .registers import STATUSES, WINDOWS
from .sentences import nowhere
from .values import Kind
from .vocabulary import NO_LIMIT, SPECIAL

if TYPE_CHECKING:
    from .digest_plans import Section
    from .library import Library
    from .registers import Register

WORDS = ("单号", "项目", "事项", "状态", "负责人", "申请人", "开单时间", "今天", "收到时间")  # what every slip may print
PROJECT_CELLS = ("客户", "责任销售", "第一售前", "第二售前", "状态", "地区", "合同号")
ANYWHERE = ("待更正", "在办")  # no process declares them: a form that went back; every case that is open


def dangling(library: Library) -> Iterator[str]:
    """One line in Chinese, with file and line, for each."""
    taken: dict[tuple[str, str], str] = {}
    for p in library.processes.values():
        for word, value, why in (("短码", p.code, "单号会分不清"), ("编号", p.id, "说 {} 时会分不清")):
            if value and (word, value) in taken:
                yield f"{p.file} 第 {_line(p, word)} 行:{word}“{value}”与 {taken[word, value]} 重复;{why.format(value)},请改一个"
            taken[word, value] = p.file
        for part in (_sentences, _conditions, _names, _effects, _limits, _lookups, _states, _subjects):
            yield from (f"{p.file} 第 {line} 行:{what}" for line, what in part(p, library))
    yield from _tables_and_plans(library)


Found = Iterator[tuple[int, str]]


def _sentences(p: Process, library: Library) -> Found:
    yield from nowhere(p, all_effects(p))


def _line(p: Process, word: str) -> int:
    """The line of a word at the top of the file."""
    return next((n for n, line in enumerate(p.source.splitlines(), 1) if line.startswith(f"{word}:")), 1)


def _conditions(p: Process, library: Library) -> Found:
    """Constants that nothing ever equals: a state that the process has not, a role misspelt."""
    for line, condition in all_conditions(p):
        for compared in comparisons(condition):
            if compared.other_is_name or compared.operator not in ("=", "!=", "属于", "不属于"):
                continue
            fetched = p.lookups.get(compared.name)
            table = library.tables.get(fetched.args.get("table", "")) if fetched is not None and fetched.source in ("决策表", "判定") else None
            cells = {row.get(fetched.args["column"], "") for row in table.rows} if table is not None and fetched is not None else set()
            for word in compared.other.split("、"):
                if table is not None and word not in cells:
                    yield line, f"条件里的“{compared.name} {compared.operator} {word}”:{table.file} 的这一列里没有“{word}”{_near(word, cells)}"
                elif compared.name == "状态" and word not in (*p.states, *ANYWHERE):
                    yield line, f"条件里的“状态 {compared.operator} {word}”:没有这个状态{_near(word, p.states)}"
                elif compared.kind.name == "人员" and (near := difflib.get_close_matches(word, [*p.roles, *SPECIAL], 1, 0.5)):
                    yield line, f"条件里的“{compared.name} {compared.operator} {word}”:没有“{word}”这个角色,是不是“{near[0]}”?"


def _names(p: Process, library: Library) -> Found:
    """Names outside sentences: what is unique, who becomes the owner, what is carried to another case."""
    known = {*p.fields, *p.roles, *p.lookups, *SPECIAL}
    for name in p.unique:
        if name not in known:
            yield _line(p, "唯一"), f"“唯一”里的“{name}”不是字段{_near(name, p.fields)}"
    for document in p.documents.values():
        if document.start and document.start not in {*p.fields, *p.lookups, *p.states, *p.documents, "收到"}:
            yield document.line, f"文件“{document.name}”的“从: {document.start}”应是一个时间字段、一个状态,或 收到{_near(document.start, (*p.fields, *p.states))}"
    for effects in all_effects(p):
        if effects.owner and "<" not in effects.owner and effects.owner not in known and not effects.owner.startswith("岗位 "):
            yield effects.line, f"“负责人: {effects.owner}”不是角色{_near(effects.owner, known)}"
        for column in effects.project:
            if column not in PROJECT_CELLS and (near := difflib.get_close_matches(column, PROJECT_CELLS, 1, 0.6)):  # projects.csv may have columns of its own
                yield effects.line, f"“项目”里没有“{column}”这一列,是不是“{near[0]}”?"
        for child in effects.children:
            yield from ((child.line, what) for what in _carried(library, child.process, child.values, "开单"))
        for nudge in effects.nudges:
            yield from ((nudge.line, what) for what in _carried(library, nudge.process, nudge.values, "带动"))


def _carried(library: Library, name: str, values: Iterable[str], how: str) -> Iterator[str]:
    """Values for another process's case that has no such field."""
    other = library.processes.get(name)
    for label in values if other is not None else ():
        assert other is not None
        if label not in other.fields:
            yield f"“{how}”带给“{name}”的“{label}”不是那个流程的字段{_near(label, other.fields)}"


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
                if not re.fullmatch(r"来件|存档件|(?:空白表|单据|文件|表格) .+", word):
                    yield order.line, f"“附: {word}”读不懂;可以写:空白表 X、单据 X、文件 X、表格 X、来件、存档件"
                if word.startswith("单据 "):
                    yield from ((order.line, what) for what in _slip(p, library, word.removeprefix("单据 ").strip("《》 ")))
                if word.startswith("文件 ") and (name := word.removeprefix("文件 ")) not in p.documents:
                    yield order.line, f"没有“{name}”这份文件{_near(name, p.documents)};“附: 文件 X”写的是“文件”里的名称"
                if word.startswith("表格 ") and (name := word.split(" ")[1]) not in library.registers:
                    yield order.line, f"没有“{name}”这本台账{_near(name, library.registers)}"
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
        if lookup.source in ("台账", "档次", "余额", "不一致") and args["register"] not in library.registers:
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
        yield from (f"{register.file} 第 {register.lines.get(key, 1)} 行:{what}" for key, what in _register(register, library))
        yield from _tiers(register, library)
    for digest in library.digests.values():
        if before := digest.before:
            host, base = library.processes.get(before.process), before.length.base or ""
            if host is None:
                yield f"{digest.file}:“另在”:没有“{before.process}”这个流程{_near(before.process, library.processes)}"
            elif base not in host.fields:
                yield f"{digest.file}:“另在”:流程“{host.name}”没有“{base}”这个字段{_near(base, host.fields)}"
        for section in digest.sections:
            if section.register and section.register not in library.registers:
                yield f"{digest.file} 第 {section.line} 行:没有“{section.register}”这本台账{_near(section.register, library.registers)}"
            yield from (f"{digest.file} 第 {section.line} 行:{what}" for what in _section(section, library))
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
    for name in ("通用信", "提醒梯次"):
        for line, letter in zip(library.tables[name].lines, library.tables[name].rows, strict=True) if name in library.tables else ():
            if letter.get("信") and letter["信"] not in library.letters:
                yield f"{library.tables[name].file} 第 {line} 行:没有“{letter['信']}”这封信{_near(letter['信'], library.letters)};请在 letters/ 里写好 {letter['信']}.txt"


def _register(register: Register, library: Library) -> Iterator[tuple[str, str]]:
    """(word of the register's file, what leads nowhere)."""
    for key, table in (("档次", register.tiers_table), ("代码表", register.codes_table)):
        if table and table not in library.tables:
            yield key, f"没有决策表“{table}”{_near(table, library.tables)}"
    if register.process and register.process not in library.processes:
        yield "流程", f"没有“{register.process}”这个流程{_near(register.process, library.processes)}"
    if register.window and (value := library.config(register.window)) not in WINDOWS:
        lacks = f"取定值表里没有“{register.window}”;请在 tables/取定值.csv 里加一行" if not value else f"取定值表里“{register.window}”写的是“{value}”"
        yield "窗口", f"{lacks},可以写:{'、'.join(WINDOWS)}"
    if register.tiers_table and register.columns and register.who_column not in register.columns:
        yield "档次", f"“档次”按人列的“{register.who_column}”数次数,“列”里没有它;请写明“人列”"


def _tiers(register: Register, library: Library) -> Iterator[str]:
    """The rows of a table of thresholds that owe nothing to anybody."""
    if (table := library.tables.get(register.tiers_table)) is None:
        return
    for row, line in zip(table.rows, table.lines, strict=True):
        if not re.fullmatch("[1-9][0-9]*", row.get("每几次", "")):
            yield f"{table.file} 第 {line} 行:“每几次”要写数字,如 2;现在是“{row.get('每几次', '')}”"
        elif row.get("台账") not in library.registers:
            yield f"{table.file} 第 {line} 行:没有“{row.get('台账', '')}”这本台账{_near(row.get('台账', ''), library.registers)}"


def _section(section: Section, library: Library) -> Iterator[str]:
    """What a digest's section counts and shows must be in its register; the states it names, in one of its processes."""
    if section.source in ("台账", "台账计数", "得分", "缺登记") and not section.register:
        yield f"“取: {section.source}”要写明“台账”"
    register = library.registers.get(section.register)
    if register is not None and section.source in ("台账", "台账计数", "缺登记"):
        columns = {*register.columns, register.who_column, register.project_column}
        if section.by and section.by not in columns:
            yield f"“按: {section.by}”不是台账“{register.name}”的列{_near(section.by, columns)}"
        for status in section.statuses:
            if status not in STATUSES:
                yield f"台账的“状态: {status}”只能写:{'、'.join(STATUSES)}"
    elif section.statuses and section.processes and section.source in ("待办", "在办", "新单", "办结"):
        states = {state for name in section.processes if name in library.processes for state in library.processes[name].states} | {*ANYWHERE}
        for status in section.statuses:
            if len(states) > len(ANYWHERE) and status not in states:
                yield f"“状态: {status}”不是这些流程的状态{_near(status, states)}"


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


def all_conditions(process: Process) -> Iterator[tuple[int, Condition | None]]:
    """(line, condition) for every condition of a process."""
    yield _line(process, "匿名"), process.hides
    yield from ((field.line, field.required) for field in process.fields.values() if not isinstance(field.required, bool))
    yield from ((check.line, check.when) for check in process.checks)
    yield from ((start.line, start.when) for start in process.starts)
    for _, action in all_actions(process):
        yield action.line, action.when
        yield from ((check.line, check.when) for check in action.checks)
    yield from ((limit.line, limit.when) for limit in all_deadlines(process))
    yield from ((document.line, document.when) for document in process.documents.values())
    for effects in all_effects(process):
        yield effects.line, effects.when
        yield from ((letter.line, letter.when) for letter in effects.letters)
        yield from ((child.line, child.when) for child in effects.children)


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
