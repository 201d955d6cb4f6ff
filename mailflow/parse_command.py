"""`mailflow parse`: what the parsers see in a mail or in a form, with the shipped standard subjects and labels, no store and no network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import screen
from .errors import file_trouble

LARGEST = 200 * 2**20  # bytes; a file beyond that is no mail
_KINDS = {"normal": "普通", "bounce": "退信", "autoreply": "自动答复", "list": "群发"}


def run(files: list[str], as_json: bool, diagnose: bool) -> int:
    """Reads each file; 1 when one of them could not be read at all, the others are shown all the same."""
    from parsers import report

    from .office import read as read_document
    from .process import forms
    from .process.library import Library, shipped
    from .routing import Router

    library = Library([shipped()])
    library.refresh()
    router = Router(library.processes.values())
    patterns = [*(s[0] for s in router.starts), *(a[0] for a in router.actions)]
    labels = sorted({label for process in library.processes.values() for label in forms.labels(process)} | {name for form in library.forms.values() for name in form.fields})
    status = 0
    for number, file in enumerate(files):
        try:
            raw = _bytes(Path(file))
        except (OSError, ValueError) as why:
            trouble = file_trouble(why) if isinstance(why, OSError) else str(why)
            row: dict[str, Any] = {"file": file, "error": f"{file} {trouble}"}
            status = 1
        else:
            row = report.row(raw, file, patterns, labels, read_document)
            if diagnose:
                from parsers.diagnosis import diagnose as look

                row["diagnosis"] = look(raw)
        if as_json:
            print(json.dumps(row, ensure_ascii=False))
        else:
            print(*([""] if number else []), *_lines(row), sep="\n")
    return status


def _bytes(path: Path) -> bytes:
    """The file's bytes. Raises OSError, or ValueError with a Chinese reason for what is no mail."""
    if path.is_file() and path.stat().st_size > LARGEST:
        raise ValueError(f"有 {path.stat().st_size // 2**20} MB,不像一封邮件;请核对文件")
    raw = path.read_bytes()
    if not raw.strip():
        raise ValueError("是空文件,里面没有邮件;请重新导出")
    return raw


def _lines(row: dict[str, Any]) -> list[str]:
    """One mail for people."""
    if "error" in row:
        return [f"读不了:{row['error']}"]
    form = row["subject_form"]
    about = [
        ("文件", row["file"]), ("标题", row["subject"]), ("来信人", f"{row['from_name']} <{row['from']}>".strip()), ("收件人", "、".join(row["to"])),
        ("抄送", "、".join(row["cc"])), ("日期", row["date"] or ""), ("类别", _KINDS.get(row["kind"], row["kind"])),
        ("退回地址", "、".join(row["failed_recipients"])), ("标准标题", f"{form['form']}  {_parts(form['parts'])}" if form else "不是"),
        ("附件", "、".join(f"{a['name'] or '(无名)'}({a['type']},{a['size']} 字节)" for a in row["attachments"])),
        ("没有读取", "\n".join(a["problem"] for a in row["attachments"] if "problem" in a)),
        ("毛病", "、".join(row["problems"])),
    ]  # fmt: skip
    lines = screen.pairs([(k, v) for k, v in about if v])
    if row["fields"]:
        lines += ["认出的栏目", *screen.pairs(list(row["fields"].items()), "  ")]
    lines += ["新写的话", *(f"  {line}" for line in row["reply_text"].strip().splitlines()[:40])]
    if "diagnosis" in row:
        lines += ["一路经过", *_way(row["diagnosis"])]
    return lines


def _way(found: dict[str, Any]) -> list[str]:
    lines = [f"  {h['at']}  {h['from']} → {h['by']}  {h['with']}" + (f"  等了 {h['delay']:.0f} 秒" if h["delay"] else "") for h in found["hops"]]
    if found["seconds"] is not None:
        lines.append(f"  共 {found['seconds']:.0f} 秒")
    lines += [f"  毛病:{defect}" for defect in found["defects"]]
    return lines + ([f"  没能全部看懂:{found['error']}"] if found["error"] else []) or ["  信里没有记录"]


def _parts(parts: dict[str, str]) -> str:
    return " ".join(f"<{name}>={value}" for name, value in parts.items())
