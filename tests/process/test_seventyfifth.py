"""The promise of templates/README.md: somebody who cannot program writes a new process from it alone. `seal-use/` was (WISH.md says what was wished)."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent / "seal-use"
sys.path.insert(0, str(Path(__file__).parents[1] / "journeys"))

from play import Stage  # noqa: E402 - the player lies beside the stories

KINDS = ("processes", "registers", "digests", "slips")
OWN = {f"templates/{kind}/{path.name}": path.read_text(encoding="utf-8") for kind in KINDS for path in (HERE / kind).iterdir()}



def test_a_process_written_from_the_readme_alone_does_what_was_wished(tmp_path: Path) -> None:
    story = tomllib.loads((HERE / "story.toml").read_text(encoding="utf-8"))
    story["files"] |= OWN
    stage = Stage(story, tmp_path, HERE)
    try:
        assert stage.office.library.problems == []
        stage.play()
    finally:
        stage.close()
