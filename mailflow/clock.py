"""Times given on the command line."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from .errors import UsageError


def read_now(text: str) -> datetime:
    """An ISO 8601 moment; without an offset it is Asia/Shanghai. Raises UsageError."""
    try:
        now = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--now {text} 不是时间;请写成 2026-11-23T09:00:00+08:00") from None
    return now if now.tzinfo else now.replace(tzinfo=ZoneInfo("Asia/Shanghai"))
