"""Conditions: one line such as `项目性质 = 工程项目 且 金额(万元) > 5`, typed by the names in it. No functions, no arithmetic, no loops."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from .values import Kind, comparable

_NARROW = str.maketrans("＝＞＜！", "=><!")  # as a Chinese keyboard writes them
Names = Mapping[str, Kind]  # every name that a condition may use, and what kind of value it holds
Look = Callable[[str], "str | Iterable[str]"]  # name → its value as text, '' when there is none; a role gives several names

OPERATORS = ("不属于", "不包含", "属于", "包含", "不等于", "等于", ">=", "<=", "!=", "≠", "≥", "≤", "=", ">", "<")
_JOINED = re.compile(r" (并且|而且|同时|以及|或者|&&?|\|\|?|and|or) ", re.IGNORECASE)  # what somebody may write for 且 and 或; a value would swallow it
_SAME = {"≥": ">=", "≤": "<=", "≠": "!=", "不等于": "!=", "等于": "="}


class ConditionError(ValueError):
    """条件第 {column} 列:{what}"""

    def __init__(self, what: str, column: int):
        self.what, self.column = what, column
        super().__init__(f"条件第 {column} 列:{what}")


@dataclass(slots=True, frozen=True)
class Has:
    name: str

    def holds(self, look: Look) -> bool:
        return bool(_words(look(self.name)))


@dataclass(slots=True, frozen=True)
class Compare:
    name: str
    operator: str
    other: str
    other_is_name: bool
    kind: Kind

    def holds(self, look: Look) -> bool:
        left = _words(look(self.name))
        right = _words(look(self.other)) if self.other_is_name else [w for w in self.other.split("、")] if self.operator in ("属于", "不属于") else [self.other]
        if self.operator in ("=", "属于"):
            return any(comparable(a, self.kind) == comparable(b, self.kind) for a in left for b in right)
        if self.operator in ("!=", "不属于"):
            return not any(comparable(a, self.kind) == comparable(b, self.kind) for a in left for b in right)
        if self.operator == "包含":
            return any(b and b in a for a in left for b in right)
        if self.operator == "不包含":
            return not any(b and b in a for a in left for b in right)
        for a in left:
            for b in right:
                x, y = comparable(a, self.kind), comparable(b, self.kind)
                if type(x) is type(y):
                    return {">": x > y, "<": x < y, ">=": x >= y, "<=": x <= y}[self.operator]  # type: ignore[operator]  # of one type each, which mypy does not infer from type()
        return False  # what is not there is neither more nor less


@dataclass(slots=True, frozen=True)
class Not:
    part: Condition

    def holds(self, look: Look) -> bool:
        return not self.part.holds(look)


@dataclass(slots=True, frozen=True)
class All:
    parts: tuple[Condition, ...]

    def holds(self, look: Look) -> bool:
        return all(p.holds(look) for p in self.parts)


@dataclass(slots=True, frozen=True)
class Any:
    parts: tuple[Condition, ...]

    def holds(self, look: Look) -> bool:
        return any(p.holds(look) for p in self.parts)


Condition = Has | Compare | Not | All | Any


def names_in(condition: Condition) -> Iterable[str]:
    """Every name that the condition looks at."""
    match condition:
        case Has(name):
            yield name
        case Compare(name=name, other=other, other_is_name=is_name):
            yield name
            if is_name:
                yield other
        case Not(part):
            yield from names_in(part)
        case All(parts) | Any(parts):
            for part in parts:
                yield from names_in(part)


def comparisons(condition: Condition | None) -> Iterable[Compare]:
    """Every comparison in the condition."""
    match condition:
        case Compare():
            yield condition
        case Not(part):
            yield from comparisons(part)
        case All(parts) | Any(parts):
            for part in parts:
                yield from comparisons(part)


def _words(value: str | Iterable[str]) -> list[str]:
    return [w for w in ([value] if isinstance(value, str) else value) if w]


def parse(text: str, names: Names) -> Condition:
    """Raises ConditionError, in Chinese, with the column (from 1) where reading stopped."""
    return _Parser(text, names).whole()


class _Parser:
    def __init__(self, text: str, names: Names):
        self.text = text.translate(_NARROW)
        self.at = 0
        self.names = names
        self.by_length = sorted(names, key=len, reverse=True)  # `金额(万元)` before `金额`

    def whole(self) -> Condition:
        condition = self.either()
        self.blanks()
        if self.at < len(self.text):
            raise self.error(f"“{self.text[self.at:][:10]}”多余,或前面缺“且”“或”")
        return condition

    def error(self, what: str) -> ConditionError:
        return ConditionError(what, self.at + 1)

    def blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " 　":
            self.at += 1

    def takes(self, *words: str) -> str:
        self.blanks()
        for word in words:
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return word
        return ""

    def takes_word(self, word: str) -> bool:
        """且, 或, 非, 有, 无 stand alone: with a blank or a bracket behind them, so that a name may begin with one."""
        self.blanks()
        end = self.at + len(word)
        if self.text.startswith(word, self.at) and (self.text[end : end + 1] in " 　(（" or end >= len(self.text)):
            self.at = end
            return True
        return False

    def either(self) -> Condition:
        parts = [self.both()]
        while self.takes_word("或"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def both(self) -> Condition:
        parts = [self.single()]
        while self.takes_word("且"):
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def single(self) -> Condition:
        if self.takes_word("非"):
            return Not(self.single())
        if self.takes("(", "（"):
            inner = self.either()
            if not self.takes(")", "）"):
                raise self.error("缺右括号“)”")
            return inner
        if self.takes_word("有"):
            return Has(self.name())
        if self.takes_word("无"):
            return Not(Has(self.name()))
        name = self.name()
        operator = self.takes(*OPERATORS)
        if not operator:
            raise self.error(f"“{name}”后面缺比较:= ≠ > < >= <= 属于 不属于 包含 不包含")
        operator = _SAME.get(operator, operator)
        self.blanks()
        start, value = self.at, self.value()
        if not value:
            raise self.error("比较的后面缺值")
        if swallowed := _JOINED.search(f" {value} "):
            self.at = start + swallowed.start()
            raise self.error(f"“{swallowed[1]}”连不起两个条件;只能写 且、或,前后各空一格")
        kind = self.names[name]
        quoted = self.text[start : start + 1] in "“「\"'"  # “…” is the words themselves, even where something is called so
        is_name = value in self.names and not kind.is_option(value) and not quoted
        if not is_name:
            for word in value.split("、") if operator in ("属于", "不属于") else [value]:
                if operator not in ("包含", "不包含") and (why := kind.unfit(word)):
                    self.at = start
                    raise self.error(f"“{name}”{why},不能和“{word}”比")
        return Compare(name, operator, value, is_name, kind)

    def name(self) -> str:
        self.blanks()
        for name in self.by_length:
            if self.text.startswith(name, self.at):
                self.at += len(name)
                return name
        rest = self.text[self.at :].split(" ")[0][:12]
        near = [n for n in self.names if n and rest and (n[0] == rest[0] or n in rest or rest in n)][:5]
        raise self.error(f"不认识“{rest}”" + (f",是不是:{'、'.join(near)}?" if near else ",它不是本流程的字段、角色或取数"))

    def value(self) -> str:
        start = self.at
        depth = 0
        while self.at < len(self.text):
            c = self.text[self.at]
            if c in "(（":
                depth += 1
            elif c in ")）":
                if depth == 0:
                    break
                depth -= 1
            elif c in " 　":
                rest = self.text[self.at :].lstrip(" 　")
                if rest[:1] in "且或" and (rest[1:2] in " 　(（" or len(rest) == 1):
                    break
            self.at += 1
        return self.text[start : self.at].strip(" 　「」“”\"'")
