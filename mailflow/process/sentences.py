"""Sentences of a process with <names> in them, and the names that lead nowhere: a reader would get the bracket instead of the value."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from .model import Effects, Process
from .names import Names
from .vocabulary import SPECIAL
from .world import Case, Event

_NAME = re.compile(r"<([^<>\n]{1,30})>")
_WIDE = re.compile(r"[＜〈]([^＜＞〈〉<>]{1,30})[＞〉]")
_OPEN = re.compile(r"<([^<>]*)(?=<|$)")


def nowhere(process: Process, blocks: Iterator[Effects]) -> Iterator[tuple[int, str]]:
    """(line, what is wrong) of every <name> in a sentence that is no field, role, lookup, document or word that every process knows, or no <name> at all."""
    declared = {*process.fields, *process.roles, *process.lookups, *process.documents, "逐项"}
    began = datetime(2026, 1, 1, tzinfo=UTC)
    world: Any = None  # only names that nobody declared are looked up, and those ask nothing of the world
    plain = Names(process, Case(process.name, process.version, "", began, began), Event(began), world)
    for line, text in _sentences(process, blocks):
        if wide := _WIDE.search(text):
            yield line, f"句子里的“{wide[0]}”用了全角尖括号;请写成 <{wide[1]}>"
        for tail in _OPEN.findall(text):
            if name := next((name for name in sorted({*declared, *SPECIAL}, key=len, reverse=True) if tail.startswith(name)), ""):
                yield line, f"句子里的“<{name}”缺右尖括号;请写成 <{name}>"
        for name in _NAME.findall(text):
            if name not in declared:
                try:
                    plain.look(name)
                except KeyError:
                    near = difflib.get_close_matches(name, declared, 1, 0.4)
                    yield line, f"句子里的“<{name}>”不是字段、角色或取数" + (f",是不是“{near[0]}”?" if near else "") + ";读信的人会看到尖括号"


def _sentences(process: Process, blocks: Iterator[Effects]) -> Iterator[tuple[int, str]]:
    yield 1, process.subject
    actions = (*process.anytime.values(), *(a for s in process.states.values() for a in s.actions.values()))
    for check in (*process.checks, *(c for action in actions for c in action.checks)):
        yield check.line, check.says
    for start in process.starts:
        yield start.line, start.otherwise
    for action in actions:
        yield action.line, action.otherwise
    for limit in (*process.deadlines.values(), *(d for s in process.states.values() for d in s.deadlines)):
        yield limit.line, limit.says
    for effects in blocks:
        for order in effects.letters:
            yield order.line, order.says
        for entry in effects.entries:
            yield from ((entry.line, text) for text in (entry.code, *entry.values.values()))
        for child in effects.children:
            yield from ((child.line, text) for text in child.values.values())
        yield from ((effects.line, text) for text in (*effects.sets.values(), *effects.project.values()))
