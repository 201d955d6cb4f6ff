"""Word 97 documents (.doc, .wps) by antiword, where it is installed: in a process of its own with limits of time, memory and output, and never trusted."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = "antiword"
SECONDS, MEMORY_MB, OUTPUT_MB = 10, 256, 32


def as_docbook(data: bytes) -> bytes | None:
    """The document as DocBook, in UTF-8; None where there is no converter, or it does not get through."""
    program = shutil.which(PROGRAM)
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="mailflow-") as folder:
        file, made = Path(folder) / "a.doc", Path(folder) / "a.xml"
        file.write_bytes(data)
        with made.open("wb") as out:
            try:
                done = subprocess.run(
                    [sys.executable, "-I", __file__, program, "-m", "UTF-8", "-x", "db", str(file)],
                    stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL, timeout=SECONDS + 5, check=False, cwd=folder,
                    env={"PATH": os.environ.get("PATH", ""), "HOME": folder, "LC_ALL": "C.UTF-8"},
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                return None
        return made.read_bytes() if done.returncode == 0 else None


def main(command: list[str]) -> None:
    """In the child: takes its limits, then becomes the converter."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MB * 2**20, MEMORY_MB * 2**20))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_MB * 2**20, OUTPUT_MB * 2**20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
