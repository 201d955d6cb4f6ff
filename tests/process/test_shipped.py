"""The shipped processes: they load, fit together, and each says where it comes from."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from mailflow.process.library import Library, shipped
from mailflow.process.loader import load
from mailflow.process.references import all_deadlines

FILES = sorted((shipped() / "processes").rglob("*.yaml"))
ON_PAPER = ["A07", "B01", "B05", "B20", "H05"]  # written out before there was a loader, until they read well


@cache
def library() -> Library:
    found = Library([shipped()])
    found.refresh()
    return found


def test_nothing_in_the_shipped_templates_leads_nowhere() -> None:
    assert library().problems == []


@pytest.mark.parametrize("id", ON_PAPER)
def test_the_five_that_the_language_was_made_with_are_shipped_and_load(id: str) -> None:
    [file] = [f for f in FILES if f.name.startswith(f"{id}-")]
    process = load(file)
    assert process.id == id
    assert any(state.final for state in process.states.values()) and process.starts


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_process_says_what_it_is_and_where_its_rules_come_from(file: Path) -> None:
    process = load(file)
    assert file.name.startswith(f"{process.id}-") and file.parent.name == process.id[0], "编号, file and folder agree"
    assert process.clauses and all(re.match(r"S\d|§", clause) for clause in process.clauses), "依据 names the clauses"
    assert process.subject, "事项: what a case of it is called in letters"


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_state_that_is_over_promises_nothing(file: Path) -> None:
    """What may be done there would never be offered."""
    process = load(file)
    assert [state.name for state in process.states.values() if state.final and (state.actions or state.deadlines)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_one_word_of_one_role_means_one_action_in_a_state(file: Path) -> None:
    """A customer's 确认 may be another thing than a salesman's."""
    process = load(file)
    clashes = []
    for state in process.states.values():
        seen: dict[tuple[str, str], str] = {}
        for action in process.actions_in(state.name).values():
            for key in ((word, role) for word in (action.name, *action.words) for role in action.by):
                if seen.setdefault(key, action.name) != action.name:
                    clashes.append((state.name, *key, seen[key], action.name))
    assert clashes == []


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_every_limit_that_reminds_has_somebody_to_remind(file: Path) -> None:
    process = load(file)
    for limit in all_deadlines(process):
        if not limit.ladder or limit.ladder == "不催":
            continue
        waits = process.states[limit.state].waits if limit.state else ()
        assert limit.who or waits or limit.state == "" and any(s.waits for s in process.states.values()), f"“{limit.name}” reminds nobody"
