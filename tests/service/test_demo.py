"""`mailflow demo`: with nothing configured, through a real server of its own; a story, a folder that can be used, nothing left running."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import time
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # a quarter of a minute


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str], float]:
    """The folder, what was said, and the seconds that it takes on a machine that does nothing else."""
    folder = tmp_path_factory.mktemp("demo")
    started, before = time.monotonic(), _computed()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAILFLOW")}
    done = subprocess.run([sys.executable, "-m", "mailflow", "demo"], cwd=folder, capture_output=True, text=True, timeout=300, env=environment)
    wall, cpu = time.monotonic() - started, _computed() - before
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))  # others' work makes everything take so much longer
    return folder, done, max(cpu, wall / busy)


def _computed() -> float:
    """Processor seconds of this process's ended children and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_it_ends_by_itself_in_under_a_minute_and_leaves_nothing_running(played: tuple[Path, subprocess.CompletedProcess[str], float]) -> None:
    _, done, seconds = played
    assert done.returncode == 0, done.stderr
    assert seconds < 60
    assert "Traceback" not in done.stderr
    assert not [command for command in commands() if b"mail_devel" in command], "the server is gone"


def commands() -> list[bytes]:
    """What runs on this machine on behalf of this test's demonstrations: their servers' parents are gone, so all are looked at."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == 1:  # orphans alone: others may run their own demonstration now
                found.append((folder / "cmdline").read_bytes())
        except OSError:
            continue  # it ended meanwhile
    return found


def test_every_kind_of_mail_and_what_became_of_it_is_told(played: tuple[Path, subprocess.CompletedProcess[str], float]) -> None:
    _, done, _ = played
    told = done.stdout
    for word in ("退件", "重复", "自动邮件", "待分拣", "已答复", "投诉累计 2 次", "GBK", "Word", "点一下按钮", "到点", "传真回来", "认出表上的字"):
        assert word in told, word
    assert re.search(r"20 封来信都有去向;开了 \d+ 张单", told)
    assert "搁置" not in told and "走不下去" not in done.stderr


def test_the_commands_that_it_suggests_work_on_what_it_left(played: tuple[Path, subprocess.CompletedProcess[str], float]) -> None:
    folder, done, _ = played
    suggested = [line.split("   #")[0].strip() for line in done.stdout.splitlines() if line.strip().startswith("mailflow --config")]
    assert len(suggested) >= 5
    for line in suggested:
        again = subprocess.run([sys.executable, "-m", *line.split()], cwd=folder, capture_output=True, text=True, timeout=60)
        assert again.returncode == 0, (line, again.stderr)
        assert again.stdout
    config = next(folder.glob("*/mailflow.toml")).read_text()
    assert "imap" not in config and "password" not in config.lower(), "the stopped server and its secret are not mentioned any more"


def test_letters_lie_as_eml_files_with_chinese_text_and_buttons(played: tuple[Path, subprocess.CompletedProcess[str], float]) -> None:
    folder, _, _ = played
    letters = [BytesParser(policy=policy.default).parsebytes(f.read_bytes()) for f in sorted(folder.glob("*/letters/*.eml"))]
    assert len(letters) > 20
    assert len({m["Message-ID"] for m in letters}) == len(letters)
    assert any("mailto:mailflow@demo.example" in m.get_body(("html",)).get_content() for m in letters)
    assert len(list(folder.glob("*/mails/*.eml"))) >= 10


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    done = subprocess.run([sys.executable, "-m", "mailflow", "demo", str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "不覆盖" in done.stderr and [p.name for p in tmp_path.iterdir()] == ["mine"]
