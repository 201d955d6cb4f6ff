"""What may happen in a process, as rows for people: from which state, who, what, to which state. The table and the picture are made of these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .process.conditions import All, Any, Compare, Condition, Has, Not
from .process.model import Deadline, Document, Effects, Process, Start

START, ANYTIME = "开始", "任何状态"


@dataclass(slots=True)
class Move:
    """One thing that somebody may do, or that time does."""

    source: str  # a state, START or ANYTIME
    who: str
    what: str
    to: str = ""  # '' stays
    when: str = ""
    asks: str = ""
    letters: list[str] = field(default_factory=list)  # `信 → 谁`
    opens: list[str] = field(default_factory=list)  # titles of the processes that it begins
    kind: str = "action"  # action, late (a passed deadline does it), limit (a deadline, nothing moves)


def moves(process: Process, titles: dict[str, str] | None = None) -> list[Move]:
    """Everything that may happen, in the order of the cards. `titles`: process name → Chinese title, for the cases that are opened."""
    known = titles or {}
    found: list[Move] = []
    for start in process.starts:
        found += _ways(Move(START, _people(start.by), _how(start), when=say(start.when)), start.effects, process, known)
    for action in process.anytime.values():
        if action.by:
            found += _ways(Move(ANYTIME, _people(action.by), action.name, when=say(action.when), asks="、".join(action.asks)), action.effects, process, known)
    for state in process.states.values():
        for action in state.actions.values():
            move = Move(state.name, _people(action.by) or "(系统)", action.name, when=say(action.when), asks="、".join(action.asks))
            found += _ways(move, action.effects, process, known)
        for limit in state.deadlines:
            found.append(_deadline(state.name, limit))
            if limit.late is not None:
                found += _ways(Move(state.name, "(到点)", f"{limit.name} 逾期", kind="late"), limit.late, process, known)
    for limit in process.deadlines.values():
        if limit.late is not None:
            found += _ways(Move(ANYTIME, "(到点)", f"{limit.name} 逾期", kind="late"), limit.late, process, known)
    return found


def how_long(limit: Deadline | Document) -> str:
    """How much time a deadline or a document has, in a few words."""
    length = limit.length or (f"到 {limit.due}" if limit.due else "")
    return limit.name + (f":{length}" if length else "") + (f",从{limit.start}" if limit.start else "")


def _deadline(state: str, limit: Deadline) -> Move:
    who = _people(limit.who)
    return Move(state, f"催 {who}" if who else "(期限)", how_long(limit), when=say(limit.when), kind="limit")


def _how(start: Start) -> str:
    if start.subjects:
        return " 或 ".join(start.subjects[:2]) + (" 等" if len(start.subjects) > 2 else "")
    if start.forms:
        return f"《{start.forms[0]}》"
    return "别的单派生" if start.derived else f"台账“{start.register}”的行" if start.register else f"定时 {start.timed}" if start.timed else "客户来信"


def _ways(move: Move, effects: Effects, process: Process, titles: dict[str, str]) -> Iterator[Move]:
    """One row for each state that this may lead to; one that stays where nothing leads away."""
    letters, opens = _said(effects), [titles.get(c.process, c.process) for c in effects.children]
    ends = list(_ends(effects, []))
    if process.states.get(effects.to) and (enter := process.states[effects.to].enter) is not None:
        letters, opens = letters + _said(enter), opens + [titles.get(c.process, c.process) for c in enter.children]
    for inner in effects.also:
        letters, opens = letters + _said(inner), opens + [titles.get(c.process, c.process) for c in inner.children]
    for to, when, passed in ends or [("", "", [])]:
        conditions = " 且 ".join(t for t in (move.when, when) if t)
        more = [word for block in passed for word in _said(block)]
        others = [titles.get(c.process, c.process) for block in passed for c in block.children]
        yield Move(move.source, move.who, move.what, to, conditions, move.asks, letters + more, opens + others, move.kind)


def _ends(effects: Effects, path: list[str]) -> Iterator[tuple[str, str, list[Effects]]]:
    """(state, on what condition, the blocks passed on the way there)."""
    if effects.to:
        yield effects.to, " 且 ".join(path), []
    for inner in (*effects.branch, *effects.also):
        for to, conditions, more in _ends(inner, [*path, say(inner.when) or "否则"]):
            yield to, conditions, [inner, *more]


def _said(effects: Effects) -> list[str]:
    return [f"{order.letter} → {_people(order.to) or _people(order.cc)}" for order in effects.letters]


def _people(roles: tuple[str, ...]) -> str:
    return "、".join(dict.fromkeys(r.removeprefix("岗位 ") for r in roles))


def say(condition: Condition | None, inside: bool = False) -> str:
    """A condition as it is written."""
    match condition:
        case Has(name):
            return f"有 {name}"
        case Compare(name=name, operator=operator, other=other):
            return f"{name} {'≠' if operator == '!=' else operator} {other}"
        case Not(part):
            return f"非 {say(part, True)}"
        case All(parts):
            text = " 且 ".join(say(p, True) for p in parts)
        case Any(parts):
            text = " 或 ".join(say(p, True) for p in parts)
        case _:
            return ""
    return f"({text})" if inside and len(parts) > 1 else text
