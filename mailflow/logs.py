"""Logging: one line an event to stderr, no personal content, no traceback (a held mail keeps its own in the store)."""

from __future__ import annotations

import logging
import sys
from typing import TextIO


class OneLine(logging.Formatter):
    """`2026-11-23 09:00:01 INFO …`; of an exception its type alone, since its words may quote a mail."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        bare = logging.makeLogRecord({**record.__dict__, "exc_info": None, "exc_text": None, "stack_info": None})
        line = " ".join(super().format(bare).split())
        return f"{line} ({kind})" if kind else line


def set_up(level: int = logging.WARNING, stream: TextIO | None = None) -> None:
    """For the whole process. Libraries are heard from WARNING on; ours from `level` on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(OneLine())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("mailflow").setLevel(level)
    for noisy in ("imapclient", "mailparser", "alembic", "flanker", "schedule"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
