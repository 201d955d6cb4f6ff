"""What the command line says of an error: one line, and the exit status."""

from __future__ import annotations

import errno

_SAID = {  # these carry a line for people; by name, so that nothing heavy is imported to say that something failed
    "StoreError", "RecordDamaged", "MailboxError", "AddressError", "TemplateError", "LetterError", "TransportAway", "TransportRefused",
    "TransportUncertain", "DemoServerError", "Occupied", "NotDone",
}  # fmt: skip
_WHY = {
    errno.ENOENT: "不存在", errno.EISDIR: "是文件夹,不是文件", errno.ENOTDIR: "路径中间有一段不是文件夹", errno.EACCES: "没有权限",
    errno.EPERM: "没有权限", errno.EROFS: "所在磁盘只读", errno.EEXIST: "已经存在", errno.ENAMETOOLONG: "文件名太长",
}  # fmt: skip


class UsageError(ValueError):
    """Bad arguments; the message says what to write instead."""


class ConfigError(Exception):
    """What is wrong with the configuration: one line in Chinese for the operator, with file, line, key and what to write instead."""


class Occupied(Exception):
    """Another mailflow works on the same store."""


def said(why: Exception) -> tuple[str, int]:
    """(one line in Chinese, exit status) for any exception: 2 for arguments and configuration, 1 for everything that failed."""
    if isinstance(why, UsageError | ConfigError):
        return str(why), 2
    if isinstance(why, OSError) and why.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"磁盘已满({why.filename or ''}):请腾出空间后重试;已收的信没有丢", 1
    if any(cls.__name__ in _SAID for cls in type(why).__mro__):
        return " ".join(str(why).split()), 1
    if isinstance(why, OSError) and why.filename:
        return f"{why.filename} {file_trouble(why)}:请检查路径和权限", 1
    detail = str(why).splitlines()[0][:300] if str(why) else ""
    return f"内部错误 {type(why).__name__}:{detail};设 MAILFLOW_DEBUG=1 重跑可看详情", 1


def file_trouble(why: OSError) -> str:
    """What is wrong with a file, in a few Chinese words."""
    return _WHY.get(why.errno or 0, f"不能用({why.strerror or why})")
