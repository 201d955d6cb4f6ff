"""Mails that others test with: every field of every source at least as good as the standard library and mail-parser; skipped where they are not."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from corpus_results import write

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not (CORPUS / "score.py").exists(), reason="the corpus is not here")


def scores(folder: Path, reader: str) -> dict[str, dict]:
    path = folder / f"{reader}.jsonl"
    with path.open("w", encoding="utf-8") as out:
        write(CORPUS, out, reader)
    done = subprocess.run([sys.executable, str(CORPUS / "score.py"), str(path), "--heldout", str(CORPUS), "--json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def all_scores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict]]:
    folder = tmp_path_factory.mktemp("scores")
    logging.disable(logging.CRITICAL)
    try:
        return {reader: scores(folder, reader) for reader in ("ours", "stdlib", "mail-parser")}
    finally:
        logging.disable(logging.NOTSET)


def test_no_mail_crashes_the_reader(all_scores: dict[str, dict[str, dict]]) -> None:
    """A row for each, an error for none."""
    assert (all_scores["ours"]["TOTAL"]["missing"], all_scores["ours"]["TOTAL"]["crashed"]) == (0, 0)


def test_every_field_of_every_source_is_at_least_as_good(all_scores: dict[str, dict[str, dict]]) -> None:
    """Issue 3: no source and no field in which another reader is better."""
    worse = []
    for source, result in all_scores["ours"].items():
        for field, (right, total) in result["fields"].items():
            best = max(all_scores[other][source]["fields"][field][0] for other in ("stdlib", "mail-parser"))
            if right < best:
                worse.append(f"{source} {field}: {right} of {total}, another has {best}")
    assert worse == []


def test_chinese_mail_is_complete(all_scores: dict[str, dict[str, dict]]) -> None:
    """All fields of all Chinese mails."""
    assert [field for field, (right, total) in all_scores["ours"]["chinese_mail"]["fields"].items() if right < total] == []
