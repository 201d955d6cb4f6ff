"""templates/README.md explains every word of the language, and its examples are read by the loader that reads the processes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from small_world import BODY, HEAD, a_process

from mailflow.process import checks, digest_plans, form_plans, lookups, registers, slip_plans, values, vocabulary
from mailflow.process.library import Library, shipped

PAGE = (shipped() / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
SHOWN = set(re.findall(r"[\u4e00-\u9fff]+", " ".join(re.findall(r"`[^`\n]+`", PAGE) + BLOCKS)))

WORDS = {
    **{name: getattr(vocabulary, name) for name in ("TOP", "FIELD", "EFFECT", "START", "STATE", "ACTION", "DEADLINE", "DOCUMENT", "CHECK", "LETTER", "BLOCK", "SPECIAL")},
    "KINDS": values.KINDS,
    "NAMED": checks.NAMED,
    "REGISTER": registers.WORDS,
    "STATUSES": registers.STATUSES,
    "DIGEST": (*digest_plans.TOP, *digest_plans.SECTION, *digest_plans.SOURCES),
    "FORM": form_plans.TOP,
    "SLIP": (*slip_plans.TOP, *slip_plans.BACK),
    "LOOKUPS": [re.match(r"\S+", line)[0] for line in lookups.FORMS],  # type: ignore[index]
}


@pytest.mark.parametrize("kind", WORDS)
def test_every_word_is_explained(kind: str) -> None:
    assert [word for word in WORDS[kind] if word not in SHOWN] == []


def test_the_first_example_is_a_whole_process(tmp_path: Path) -> None:
    process = a_process(BLOCKS[0])
    assert (process.name, list(process.states)) == ("car-request", ["待派车", "已派车", "已结束"])


def test_it_fits_together_with_the_shipped_letters_and_tables(tmp_path: Path) -> None:
    (tmp_path / "processes").mkdir()
    (tmp_path / "processes" / "X01-用车申请.yaml").write_text(BLOCKS[0], encoding="utf-8")
    library = Library([shipped(), tmp_path])
    library.refresh()
    assert [p for p in library.problems if "X01" in p] == []


@pytest.mark.parametrize("sentence", ["全角冒号", "不认识“便为”,是不是“变为”?", "没有这个状态,是不是", "没有“主任”这个角色", "写了两次", "没有任何动作能到达"])
def test_the_mistakes_shown_are_those_that_are_told(sentence: str) -> None:
    """Each is told by the loader or the library in these words (test_loader_mistakes.py)."""
    told = Path(__file__).with_name("test_loader_mistakes.py").read_text(encoding="utf-8")
    assert sentence in PAGE and sentence.rstrip("?") in told


@pytest.mark.parametrize("length", re.findall(r"`([^`]+)`", next(line for line in PAGE.splitlines() if line.startswith("| `时长`")))[1:])
def test_the_lengths_shown_are_read(length: str) -> None:
    process = a_process(HEAD.replace("  原因: {}", "  计划日:\n    类型: 日期\n  原因: {}") + BODY.replace("    可以:", f"    期限:\n      批:\n        时长: {length}\n    可以:"))
    assert process.states["待批"].deadlines[0].length == length


@pytest.mark.parametrize("check", [c for c in re.findall(r"`([^`]+)`", PAGE[PAGE.index("`要求` 有:") : PAGE.index("后来的动作才写的字段")])[1:] if "/" not in c])
def test_the_demands_shown_are_known(check: str) -> None:
    text = check.replace("某字段", "原因").replace("某角色", "经理")
    process = a_process(HEAD.replace("    类型: 整数", f"    类型: 整数\n    要求: {text}") + BODY)
    assert process.fields["天数"].checks == (text,)
