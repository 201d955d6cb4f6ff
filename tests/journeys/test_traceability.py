"""Every row of the rulebook's table of clauses is told by a story that breaks when the rule's line is taken out of the templates."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path
from typing import Any

import pytest
from play import Broken, play

from mailflow.process.library import Library, shipped

HERE = Path(__file__).parent
STORIES = sorted((HERE / "stories").rglob("*.toml"))
QUESTIONS = "desk-query"  # C07: answered by mailflow/enquiries.py, a process of no card


def told() -> list[tuple[Path, dict[str, Any], list[str]]]:
    """Each [[without]] of each story, with the clauses that the story names."""
    found = []
    for file in STORIES:
        story = tomllib.loads(file.read_text(encoding="utf-8"))
        found += [(file, without, story["rules"]) for without in story.get("without", [])]
    return found


TOLD = told()


@pytest.fixture(scope="module")
def rows() -> dict[int, tuple[str, str]]:
    """Row of RULEBOOK §4 → its clause and process."""
    with (HERE / "traceability.csv").open(encoding="utf-8", newline="") as file:
        return {int(row["行"]): (row["条款"], row["流程"]) for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def groups() -> dict[str, str]:
    """Process → A … H."""
    library = Library([shipped()])
    library.refresh()
    return {process.name: process.id[0] for process in library.processes.values()} | {QUESTIONS: "C"}


def test_every_row_is_told(rows: dict[int, tuple[str, str]], groups: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """The report: of each group, how many rows have a story that breaks without the rule. All of them."""
    has = {row for _, without, _ in TOLD for row in without["rows"]}
    missing = {}
    with capsys.disabled():
        print()
        for group in sorted(set(groups.values())):
            of_group = [n for n, (_, process) in rows.items() if groups[process] == group]
            missing[group] = [n for n in of_group if n not in has]
            print(f"traceability {group}: {len(of_group) - len(missing[group])} of {len(of_group)} rows have a story that breaks without the rule")
    assert {group: numbers for group, numbers in missing.items() if numbers} == {}


def test_a_story_names_the_clauses_that_it_tells(rows: dict[int, tuple[str, str]]) -> None:
    """One grep for a clause finds the story."""
    wrong = [(file.stem, row, rows[row][0]) for file, without, rules in TOLD for row in without["rows"] if rows[row][0] not in rules]
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize(("file", "without"), [(f, w) for f, w, _ in TOLD], ids=[f"{f.stem}-{'-'.join(map(str, w['rows']))}-{n}" for n, (f, w, _) in enumerate(TOLD)])
def test_without_the_rule_the_story_breaks(file: Path, without: dict[str, Any], tmp_path: Path) -> None:
    """A rule that can be taken away unnoticed is told by nobody."""
    with pytest.raises(Broken):
        play(file, tmp_path / "department", without=without)
