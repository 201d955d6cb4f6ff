"""Keeps who opened a case from everybody else, where its process promises that (匿名; RULEBOOK F04). The command line still shows the operator."""

from __future__ import annotations

from typing import Any

from .knowledge import Knowledge
from .process.model import Process
from .process.names import Names
from .process.world import Case, Event

NOBODY = "匿名来信人"


def hidden_opener(process: Process | None, case: Case | None, names: Names | None) -> str:
    """The name that letters about the case must not hold, '' where there is nothing to hide."""
    if process is None or case is None or names is None or process.hides is None or not case.opened_by:
        return ""
    return case.opened_by if process.hides.holds(names.many) else ""


def words(know: Knowledge, opener: str, event: Event) -> list[str]:
    """What would tell who it is: the name and every address, the longest first."""
    person = know.whole_person(opener)
    found = {opener, *(person.addresses if person else ()), *([event.address] if event.who == opener else [])}
    return sorted((w for w in found if w), key=len, reverse=True)


def masked(value: Any, secret: list[str]) -> Any:
    """The same content of a letter without those words, wherever they stand."""
    if isinstance(value, str):
        for word in secret:
            value = value.replace(word, NOBODY)
        return value
    if isinstance(value, dict):
        return {key: masked(inner, secret) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(inner, secret) for inner in value]
    return value
