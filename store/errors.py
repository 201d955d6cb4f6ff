"""What can be wrong with the place where mailflow keeps things, each in one Chinese line that says what to do."""

from __future__ import annotations

import errno
from pathlib import Path


class StoreError(Exception):
    """The database or the archive cannot be used now; the message is one line for an operator. Nothing of the transaction was kept."""


class RecordDamaged(Exception):
    """One record of the archive is gone or not what was written. Not a StoreError: it is about one mail, and the next ones can be read."""


_FULL = "磁盘已满:{where}。请腾出空间,服务会自己接着做"
_READ_ONLY = "不能写入:{where}。请检查文件和所在文件夹的属主与权限,以及磁盘是否只读挂载"

# SQLite's primary result codes, https://sqlite.org/rescode.html
_SQLITE = {
    3: _READ_ONLY,  # PERM
    5: "数据库正忙:{where} 被另一个进程占用太久。请确认没有别的程序长时间打开它,然后重试",  # BUSY
    6: "数据库正忙:{where} 被另一个连接锁住。请稍后重试",  # LOCKED
    8: _READ_ONLY,  # READONLY
    10: "磁盘读写出错:{where}({detail})。请检查磁盘是否已满或损坏、文件大小是否受限",  # IOERR
    11: "数据库文件已损坏:{where}({detail})。请停止服务,从备份恢复",  # CORRUPT
    13: _FULL,  # FULL
    14: "数据库文件打不开:{where}。请检查文件夹是否存在、是否有读写权限",  # CANTOPEN
    26: "不是数据库文件:{where}。请检查 [store] database 是否写错了路径",  # NOTADB
}

_UNREACHABLE = "数据库连不上:{where}({detail})。请检查数据库服务是否启动、主机名和端口是否正确"
_PASSWORD = "数据库拒绝登录:{where}。请检查用户名和密码"
_NO_DATABASE = "数据库不存在:{where}。请先建库(createdb),或检查库名"

# PostgreSQL's SQLSTATE, the whole code or its class, https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL = {
    "08": _UNREACHABLE,
    "28": _PASSWORD,
    "3D": _NO_DATABASE,
    "40": "数据库有冲突:{where}({detail})。本次未写入,重试即可",
    "53": "数据库资源不足:{where}({detail})。请检查连接数上限和内存",
    "53100": "数据库服务器磁盘已满:{where}。请腾出空间,服务会自己接着做",
    "55P03": "数据库正忙:{where} 里的锁等得太久。请稍后重试",
    "57P": _UNREACHABLE,
    "58": "数据库服务器读写出错:{where}({detail})。请看数据库日志",
    "25006": _READ_ONLY,
    "42501": "数据库权限不足:{where}({detail})。请给该用户建表和读写的权限",
}


def explain(error: BaseException, where: str, operational: bool) -> str | None:
    """The line for a driver's error that is about the machine; None for one that is about the statement (a bug, which must be seen as it is).

    `where` names the database without its password. `operational`: the driver called it an OperationalError.
    """
    detail = " ".join(str(error).split())[:200]
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        line = _SQLITE.get(code & 0xFF)
    elif state := getattr(error, "sqlstate", None):
        line = next((_POSTGRESQL[key] for key in (state, state[:3], state[:2]) if key in _POSTGRESQL), None)
    elif not operational or type(error).__module__.startswith("sqlite3"):
        line = None
    elif any(words in detail for words in ("password", "authentication", "认证")):  # libpq gives no SQLSTATE when connecting fails
        line = _PASSWORD
    elif 'database "' in detail and ("does not exist" in detail or "不存在" in detail):
        line = _NO_DATABASE
    else:
        line = _UNREACHABLE
    return line.format(where=where, detail=detail) if line else None


def explain_file(error: OSError, path: Path) -> StoreError:
    """The StoreError for what went wrong with a file or a folder of the archive."""
    detail = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(_FULL.format(where=path))
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreError(_READ_ONLY.format(where=path))
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return StoreError(f"归档文件夹不存在:{path}。请检查 [store] archive 和磁盘是否已挂载;确要从新开始就先建好它")
    return StoreError(f"归档读写出错:{path}({detail})。请检查磁盘是否已满或损坏、文件大小是否受限")
