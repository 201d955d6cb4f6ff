"""What the command line says of an error: one line, and the exit status."""

from __future__ import annotations

import errno


class UsageError(ValueError):
    """Bad arguments; the message says what to write instead."""


def said(why: Exception) -> tuple[str, int]:
    """(one line in Chinese, exit status) for any exception: 2 for arguments and configuration, 1 for everything that failed."""
    from .config import ConfigError

    if isinstance(why, UsageError | ConfigError):
        return str(why), 2
    if isinstance(why, OSError) and why.errno == errno.ENOSPC:
        return f"磁盘已满({why.filename or ''}):请腾出空间后重试;已收的信没有丢", 1
    if isinstance(why, OSError) and why.filename:
        return f"文件 {why.filename} 不能用:{why.strerror};请检查路径和权限", 1
    name = type(why).__name__
    if name in ("StoreError", "MailboxError", "TemplateError", "LetterError", "TransportAway", "TransportRefused", "RecordDamaged"):
        return str(why).replace("\n", " "), 1
    return f"内部错误 {name}:{str(why).splitlines()[0][:300] if str(why) else ''};设 MAILFLOW_DEBUG=1 重跑可看详情", 1
