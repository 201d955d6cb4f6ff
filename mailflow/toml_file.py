"""A configuration file as TOML that knows its lines: tomllib keeps none, and who wrote a wrong line wants to hear which, and what to write instead."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from .errors import ConfigError


class TomlFile:
    """The file read: `data` as tomllib gives it; `lines`: (table, how many-eth of its name, key) → line, the key '' being the table's own line.

    Raises ConfigError, one line in Chinese, where it cannot be read or is no TOML.
    """

    def __init__(self, path: Path) -> None:
        text = _text(path)
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise _mistake(path, text, str(error)) from None
        except RecursionError:
            raise ConfigError(f"{path}:括号套得太深;配置只需要 [表] 和 键 = 值") from None
        self.lines = _lines_of(text)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"找不到配置文件 {path}:用 --config 指明,或先执行 mailflow init 文件夹 生成一份") from None
    except IsADirectoryError:
        raise ConfigError(f"{path} 是文件夹:--config 要指到其中的文件,例如 {path / 'mailflow.toml'}") from None
    except OSError as error:
        raise ConfigError(f"配置文件 {path} 读不了({error.strerror}):让运行 mailflow 的用户可读") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path} 第 {line} 行:不是 UTF-8 文字;请用编辑器另存为 UTF-8 编码") from None
    if not text.strip():
        raise ConfigError(f"配置文件 {path} 是空的:执行 mailflow init 文件夹 生成一份带说明的再改")
    return text


def _mistake(path: Path, text: str, said: str) -> ConfigError:
    """What is wrong with a text that tomllib refused, `said` being its words."""
    at = re.search(r"\(at line (\d+), column (\d+)\)", said)
    line = int(at[1]) if at else text.count("\n") + 1
    where = f"第 {at[1]} 行第 {at[2]} 列" if at else f"第 {line} 行(文件末尾)"
    content = (text.splitlines() or [""])[min(line, len(text.splitlines())) - 1]
    full_width = re.search("[\uff1d\u201c\u201d\u2018\u2019\uff3b\uff3d\u3010\u3011\uff0c\uff1a\u3000]", content.split("#")[0])
    if full_width:
        advice = f"这一行有全角的 {full_width[0]},改成半角"
    elif "Unescaped" in said or "escape sequence" in said:
        advice = "双引号里的反斜杠要写成 /,例如 C:/mailflow/masterdata"
    elif content.split("#")[0].count('"') % 2:
        advice = "双引号没有配对;值的前后各一个"
    elif "overwrite" in said or "twice" in said:
        advice = "同一个键或表写了两次,留一个"
    elif re.match(r"\s*[\w-]+\s*=\s*[^\s\"'\[{\d-]", content):
        advice = '文字要放在半角双引号里,例如 name = "技术支持中心"'
    else:
        advice = f'每行写成 键 = "值",表名写成 [表](原文:{said.split(" (at")[0]})'
    return ConfigError(f"{path} {where}:不是正确的 TOML;{advice}")


_TABLE_LINE = re.compile(r"\s*(\[\[?)\s*([\w\"'.-]+)\s*\]")
_KEY_LINE = re.compile(r"\s*([\w-]+|\"[^\"]*\"|'[^']*')\s*([.=])")


def _lines_of(text: str) -> dict[tuple[str, int, str], int]:
    """See `TomlFile.lines`. For messages only, so an odd spelling may be missed."""
    lines: dict[tuple[str, int, str], int] = {}
    table, index = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if found := _TABLE_LINE.match(line):
            table, _, key = found[2].replace('"', "").partition(".")
            if found[1] == "[[":
                index = sum(1 for t, _, k in lines if t == table and not k)
            elif not key:
                index = 0
            lines.setdefault((table, index, key), number)
        elif found := _KEY_LINE.match(line):
            key = found[1].strip("\"'")
            if not table and found[2] == ".":  # service.name = …
                rest = line[found.end() :].split("=")[0].strip()
                lines.setdefault((key, 0, ""), number)
                lines.setdefault((key, 0, rest), number)
            else:
                lines.setdefault((table, index, key), number)
    return lines
