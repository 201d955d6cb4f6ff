"""The clauses of S8 that A01–A12 carry out are each told by a story and named by the process that keeps them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from mailflow.process.library import Library, shipped

STORIES = Path(__file__).parent / "stories" / "a"
CLAUSES = {
    "A01": ["S8-4", "S8-9", "S8-10"], "A02": ["S8-5", "S8-6", "S8-7"], "A03": ["S8-4"], "A04": ["S8-9", "S8-11"], "A05": ["S8-12", "S8-15", "S8-16"],
    "A06": ["S8-13", "S8-14"], "A07": ["S8-14"], "A08": ["S8-10", "S8-16"], "A09": ["S8-17", "S8-18", "S8-19"], "A10": ["S8-8", "S8-44"],
    "A11": ["S8-21", "S8-22"], "A12": ["S8-20", "S8-32", "S8-40"],
}  # fmt: skip


@pytest.fixture(scope="module")
def library() -> Library:
    found = Library([shipped()])
    found.refresh()
    return found


@pytest.mark.parametrize("clause", sorted({c for clauses in CLAUSES.values() for c in clauses}))
def test_each_clause_has_a_story(clause: str) -> None:
    """A clause that no story tells may be dropped without anybody noticing."""
    told = {rule for file in STORIES.glob("*.toml") for rule in tomllib.loads(file.read_text(encoding="utf-8"))["rules"]}
    assert clause in told


@pytest.mark.parametrize("id", sorted(CLAUSES))
def test_each_process_names_its_clauses(library: Library, id: str) -> None:
    """依据 leads from a rule to the text that keeps it."""
    process = next(p for p in library.processes.values() if p.id == id)
    assert set(CLAUSES[id]) <= set(process.clauses)


def test_nothing_in_them_leads_nowhere(library: Library) -> None:
    """No letter, register, ladder, state or process that one of them names is missing."""
    assert [p for p in library.problems if p.startswith(tuple(CLAUSES))] == []


@pytest.mark.parametrize("id", sorted(CLAUSES))
def test_whoever_must_act_is_told_how(library: Library, id: str) -> None:
    """Each state that is not the end offers something to a person, or is one that another case moves on."""
    process = next(p for p in library.processes.values() if p.id == id)
    for state in process.states.values():
        actions = process.actions_in(state.name)
        assert state.final or state.mend or actions, state.name
        for action in actions.values():
            for name in action.asks:
                assert process.fields[name].missing or process.fields[name].default or action.form or action.free, f"{state.name}/{action.name}: {name} 缺了不知道怎么说"
