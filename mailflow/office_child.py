"""The process of its own in which office files are read. Started by office.py alone: a workbook on stdin, its rows as JSON on stdout; or, with
arguments, the converter that it becomes. Its limits are taken before anything of the file is looked at.
"""

from __future__ import annotations

import json
import os
import resource
import sys

SECONDS, MEMORY_MB, OUTPUT_MB = 10, 512, 32


def main(command: list[str]) -> int:
    """Takes its limits, then reads the workbook or becomes the converter."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MB * 2**20, MEMORY_MB * 2**20))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_MB * 2**20, OUTPUT_MB * 2**20))  # of a file; a pipe is no file
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if command:
        os.execv(command[0], command)
    from parsers.documents import workbook_rows
    from parsers.word_walks import TooMuch

    data = sys.stdin.buffer.read()
    try:
        said: dict[str, object] = {"rows": workbook_rows(data)}
    except (TooMuch, MemoryError):
        return 1
    except Exception as error:
        said = {"error": type(error).__name__}
    json.dump(said, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
