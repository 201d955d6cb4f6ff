"""What the store's tests share: a mail's row, a letter's row, and a program in another process."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)  # 12:00 in Shanghai


def a_mail(uid: int, **more: Any) -> dict[str, Any]:
    data = b"mail %d" % uid
    row = {
        "mailbox": "main",
        "uidvalidity": 1,
        "uid": uid,
        "received_at": NOON + timedelta(minutes=uid),
        "segment": "00000001.seg",
        "offset": uid * 100,
        "length": len(data),
        "digest": hashlib.sha256(data).hexdigest(),
    }
    return row | more


def a_letter(number: int, **more: Any) -> dict[str, Any]:
    row = {
        "reader": "zhang@corp.example",
        "letter": "受理回执",
        "subject": "已受理",
        "content": {"parts": ["受理回执"]},
        "message_id": f"<{number}@mailflow.example>",
        "due": NOON,
        "written_at": NOON,
    }
    return row | more


def a_case(number: str = "MF-COMM-2026-0001", **more: Any) -> dict[str, Any]:
    row = {
        "number": number,
        "code": "COMM",
        "year": 2026,
        "seq": int(number[-4:]),
        "process": "comm-report",
        "version": "1",
        "state": "已记录",
        "opened_at": NOON,
        "entered_at": NOON,
    }
    return row | more


def there(row: sa.RowMapping | None) -> sa.RowMapping:
    """The row that must be there."""
    assert row is not None
    return row


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    """Run a Python program in a process of its own; `program` reads its arguments from `sys.argv[1:]`."""
    command = [sys.executable, "-c", program, *(str(argument) for argument in arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str], code: int = 0) -> str:
    """Wait for it, and give what it printed."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    return out
