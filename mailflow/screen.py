"""Tables for people at a terminal: aligned with Chinese characters two columns wide, cut to the window's width, whole in a pipe."""

from __future__ import annotations

import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

ENDS = {
    "recorded": "已入单", "answered": "已答复", "automatic": "自动邮件", "duplicate": "重复", "sorting": "待分拣", "archived": "存档",
    "later": "稍后再办", "held": "搁置", "": "待办理",
}  # fmt: skip
STATUSES = {
    "waiting": "待发 waiting", "sent": "已发", "failed": "失败 failed", "uncertain": "不确定 uncertain",
    "running": "进行中", "paused": "暂停", "met": "已满足", "missed": "逾期", "cancelled": "取消",
    "candidate": "候选", "proposed": "已提出", "confirmed": "已确认", "waived": "免除", "disputed": "有异议", "reversed": "已冲销",
}  # fmt: skip
COLUMNS: dict[str, list[tuple[str, str]]] = {
    "inbox": [("id", "编号"), ("received_at", "收到"), ("from", "来信人"), ("subject", "标题"), ("end", "去向"), ("case", "单号"), ("reason", "说明")],
    "cases": [("number", "单号"), ("title", "事项"), ("state", "状态"), ("owner", "负责人"), ("opened_by", "开单人"), ("opened_at", "开单"), ("deadlines", "期限")],
    "projects": [
        ("project", "项目"), ("status", "状态"), ("sales", "责任销售"), ("presales_1", "第一售前"), ("presales_2", "第二售前"),
        ("improvement_requests", "改进申请"), ("net_dev_hours", "研发工时"), ("bonus_deduct", "扣奖金"),
    ],
    "tracking": [
        ("project", "项目"), ("table_of", "表主"), ("date", "日期"), ("person", "人员"), ("content", "内容"), ("result", "结果"),
        ("leftover", "遗留"), ("confirmed", "已确认"), ("case", "单号"),
    ],
    "ledger": [("at", "时间"), ("register", "台账"), ("code", "代码"), ("who", "谁"), ("points", "分值"), ("status", "状态"), ("project", "项目"), ("case", "单号")],
    "outbox": [("id", "编号"), ("due", "时间"), ("to", "收信人"), ("subject", "标题"), ("status", "状态"), ("attempts", "次数"), ("error", "说明")],
}  # fmt: skip
_EMPTY = {
    "inbox": "还没有收到信", "cases": "还没有单", "projects": "还没有项目", "tracking": "跟踪表还是空的", "ledger": "台账还是空的", "outbox": "还没有写过信",
}  # fmt: skip
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d[+-]\d\d:\d\d")
_AHEAD = 500  # rows that set the widths: a million rows are not held back for the widest


def draw(rows: Iterable[dict[str, Any]], table: str) -> Iterator[str]:
    """The lines of one of the tables of CONTRACT `--json rows`; its columns in the order people look for them."""
    columns = COLUMNS[table]
    lines = ([shown(row.get(key), key) for key, _ in columns] for row in rows)
    first = list(islice(lines, _AHEAD))
    if not first:
        yield _EMPTY[table]
        return
    yield from grid([head for _, head in columns], chain(first, lines), first)


def grid(head: Sequence[str], rows: Iterable[Sequence[str]], sample: Sequence[Sequence[str]] | None = None) -> Iterator[str]:
    """Any table: header, rule, rows. `sample` are the rows that set the widths."""
    if sample is None:
        sample = rows = [list(row) for row in rows]
    widths = [max([width(title), *(width(row[x]) for row in sample)]) for x, title in enumerate(head)]
    if (room := window()) is not None:
        widths = squeeze(widths, room - 2 * (len(widths) - 1))
    yield _line(head, widths)
    yield "  ".join("-" * w for w in widths)
    for row in rows:
        yield _line(row, widths)


def shown(value: Any, key: str = "") -> str:
    """A cell of a `--json` row in the words of people, on one line."""
    if key == "deadlines":
        return _nearest(value or [])
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(map(str, value))
    text = " ".join(str(value).split())
    if key == "end":
        return ENDS.get(text, text)
    if key == "status":
        return STATUSES.get(text, text)
    return _TIME.sub(r"\1 \2", text)


def _nearest(deadlines: list[dict[str, Any]]) -> str:
    """The running deadline that comes first, else the last one that was missed."""
    open_ = sorted((d for d in deadlines if d["status"] in ("running", "paused")), key=lambda d: d["due"])
    late = [d for d in deadlines if d["status"] == "missed"]
    found = open_[0] if open_ else late[-1] if late else None
    return f"{found['name']} {shown(found['due'])}" + (" 逾期" if not open_ else "") if found else ""


def draw_case(row: dict[str, Any]) -> list[str]:
    """Everything about one case (`show.one_case`), section by section."""
    lines = [f"{row['number']}  {row['title']}", ""]
    about = [("状态", row["state"] + ("" if row["open"] else "(已结束)")), ("项目", row["project"]), ("开单人", row["opened_by"]), ("负责人", row["owner"])]
    about += [("开单", shown(row["opened_at"])), ("上级单", row["parent"]), ("流程", row["process"])]
    lines += pairs([(k, shown(v)) for k, v in about if v])
    if row["fields"]:
        lines += ["", "内容", *pairs([(k, str(v)) for k, v in row["fields"].items() if v], "  ")]
    if row["deadlines"]:
        lines += ["", "期限"]
        lines += [f"  {line}" for line in grid(["名称", "到期", "状态", "怎样算"], [[d["name"], shown(d["due"]), shown(d["status"], "status"), d.get("how") or ""] for d in row["deadlines"]])]
    if row["documents"]:
        lines += ["", "文件"]
        lines += [f"  {line}" for line in grid(["名称", "应交", "收到"], [[d["name"], shown(d["due"]), shown(d["received_at"]) or "未交"] for d in row["documents"]])]
    lines += ["", "经过"]
    for h in row["history"]:
        moved = f"  {h['from'] or '开始'} → {h['to']}" if h["from"] != h["to"] else ""
        lines.append(f"  {shown(h['at'])}  {h['who']}  {h['action']}{moved}")
        lines += [f"      {line}" for line in str(h["note"] or "").splitlines()[:8]]
    return [_printable(line) for line in lines]


def pairs(rows: Sequence[tuple[str, str]], indent: str = "") -> list[str]:
    """Names on the left, values beside them, further lines of a value below its first."""
    widest = max((width(key) for key, _ in rows), default=0)
    lines = []
    for key, value in rows:
        first, *more = value.split("\n")
        lines.append(f"{indent}{pad(key, widest)}  {first}")
        lines += [f"{indent}{' ' * widest}  {line}" for line in more]
    return [_printable(line) for line in lines]


# -- widths ----------------------------------------------------------------------------------------------------------------


def width(text: str) -> int:
    """Columns on a terminal (UAX #11): wide and full-width characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, columns: int) -> str:
    """The text with blanks up to a width."""
    return text + " " * (columns - width(text))


def cut(text: str, columns: int) -> str:
    """The text, or as much of it as fits with an ellipsis."""
    if width(text) <= columns:
        return text
    kept, used = [], 1
    for c in text:
        used += width(c)
        if used > columns:
            break
        kept.append(c)
    return "".join(kept) + "…"


def squeeze(widths: list[int], room: int) -> list[int]:
    """Widths that fit into `room`: the widest give way first, none below ten."""
    widths = list(widths)
    while sum(widths) > room and max(widths) > 10:
        widest = widths.index(max(widths))
        second = max([w for i, w in enumerate(widths) if i != widest], default=10)
        widths[widest] = max(10, min(widths[widest] - 1, max(second, widths[widest] - (sum(widths) - room))))
    return widths


def window() -> int | None:
    """The terminal's width; None in a pipe or a file, where nothing is cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def coloured(text: str, colour: str) -> str:
    """ANSI colour on a terminal, unless NO_COLOR (no-color.org) or a dumb one says otherwise."""
    codes = {"red": "31", "green": "32", "yellow": "33", "bold": "1"}
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\033[{codes[colour]}m{text}\033[0m"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(pad(_printable(cut(cell, w)), w) for cell, w in zip(cells, widths, strict=True)).rstrip()


def _printable(text: str) -> str:
    """Control characters of a mail must not steer the terminal."""
    return "".join(c if c.isprintable() else "?" for c in text) if not text.isprintable() else text
