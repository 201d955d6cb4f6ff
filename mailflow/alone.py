"""One worker at a time on one store: a lock beside the archive, gone with the process that holds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store import Store
from store import letters as letter_rows

from .config import Config
from .errors import Occupied


def lock_file(config: Config) -> Path:
    """Where the lock lies: every configuration that names the same archive finds the same file."""
    folder = Path(config.store.archive) if "://" not in config.store.archive else config.base
    return folder / "service.lock"


@contextmanager
def alone(config: Config) -> Iterator[None]:
    """Holds the lock. Raises Occupied when another process has it, OSError when the file cannot be written."""
    file = lock_file(config)
    fd = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(fd, 20).decode("ascii", "replace").strip()
            who = f"(进程 {holder})" if holder else ""
            raise Occupied(f"另一个 mailflow 正在用这个库{who}:等它结束再试,或先停下服务;锁文件 {file}") from None
        os.truncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield
        os.truncate(fd, 0)
    finally:
        os.close(fd)


def recover(store: Store) -> str:
    """For whoever is alone: letters that a crash left between SMTP and our commit become `uncertain`; a line for the operator, or ''."""
    with store.begin() as conn:
        doubtful = letter_rows.recover(conn)
    if not doubtful:
        return ""
    some = "、".join(map(str, doubtful[:20]))
    return f"上次中断时有 {len(doubtful)} 封信不知是否已发出(编号 {some}):执行 mailflow outbox 查看,向收件人核实"
