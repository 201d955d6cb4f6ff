"""Registers (台账): declared tables of events with key, window, thresholds, de-duplication and reversal.

Complaints, tracking rows, development hours, quotas and scores are one mechanism. Rows are counted, never incremented.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from .tables import Tables
from .yamltext import Items, Table, TemplateError, Text, read_file

WORDS = ["台账", "说明", "列", "名", "去重", "初始", "项目列", "人列", "数列", "时间列", "窗口", "档次", "代码表", "流程", "凭证", "全看", "项目的人可看", "输出", "输出列", "列的别名"]


@dataclass(slots=True)
class Register:
    """One register as its file declares it."""

    name: str
    columns: tuple[str, ...] = ()
    key: tuple[str, ...] = ()  # 去重
    initial: str = "confirmed"  # 初始: the status of a new row
    code: str = ""  # 名: the code of rows that name none
    project_column: str = "项目"
    who_column: str = "谁"
    sum_column: str = ""
    at_column: str = ""
    codes_table: str = ""  # 代码表: decision table of codes with points
    tiers_table: str = ""  # 档次: decision table of thresholds
    window: str = ""  # 窗口: a key of 取定值, whose value is one of WINDOWS
    process: str = ""  # 流程: the process that decides on each row
    proof: bool = False  # 凭证: only a proved person may confirm
    seen_by: tuple[str, ...] = ()  # 全看: the posts that may see all of it; the others see what concerns them. Empty: every colleague
    project_sees: bool = False  # 项目的人可看: the sales and presales of its project may see a row
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)  # 列的别名: how lists that are handed in may head a column
    output: str = ""  # 输出: the command that shows it
    output_columns: dict[str, str] = field(default_factory=dict)  # JSON key → column or word
    file: str = ""
    lines: dict[str, int] = field(default_factory=dict)  # of each word of the file


OUTPUTS = ("ledger", "tracking", "projects")
WINDOWS = ("cumulative", "month", "quarter", "year")
STATUSES = {"候选": "candidate", "提出": "proposed", "确认": "confirmed", "免除": "waived", "异议": "disputed", "冲销": "reversed"}
COUNTED = ("candidate", "proposed", "confirmed", "disputed")  # a waived or reversed row counts no more


def read_register(path: Path) -> Register:
    """The register of one file. Raises TemplateError."""
    table, _ = read_file(path)
    for key, line in table.lines.items():
        if key not in WORDS:
            near = difflib.get_close_matches(key, WORDS, 1, 0.4)
            raise TemplateError(f"台账里不认识“{key}”" + (f",是不是“{near[0]}”?" if near else ""), path.name, line)

    def text(key: str, default: str = "") -> str:
        node = table.get(key)
        return node.value if isinstance(node, Text) else default

    def words(key: str) -> tuple[str, ...]:
        node = table.get(key)
        if isinstance(node, Items):
            return tuple(i.value for i in node.items if isinstance(i, Text))
        return (node.value,) if isinstance(node, Text) and node.value else ()

    output, aliases = table.get("输出列"), table.get("列的别名")
    initial = text("初始", "确认")
    if initial not in STATUSES:
        raise TemplateError(f"“初始: {initial}”只能写:{'、'.join(STATUSES)}", path.name, table.lines.get("初始", 1))
    columns = words("列")
    for key in ("去重", "人列", "数列", "时间列"):
        if odd := next((c for c in words(key) if columns and c not in columns), ""):
            near = difflib.get_close_matches(odd, columns, 1, 0.4)
            raise TemplateError(f"“{key}: {odd}”不在“列”里" + (f",是不是“{near[0]}”?" if near else ";请在“列”里加上它"), path.name, table.lines[key])
    for key, allowed in (("凭证", ("是", "否")), ("项目的人可看", ("是", "否")), ("输出", OUTPUTS)):
        if text(key) not in ("", *allowed):
            raise TemplateError(f"“{key}: {text(key)}”只能写:{'、'.join(allowed)}", path.name, table.lines[key])
    return Register(
        name=text("台账") or path.stem,
        columns=columns,
        key=words("去重"),
        initial=STATUSES[initial],
        code=text("名"),
        project_column=text("项目列", "项目"),
        who_column=text("人列", "谁"),
        sum_column=text("数列"),
        at_column=text("时间列"),
        codes_table=text("代码表"),
        tiers_table=text("档次"),
        window=text("窗口"),
        process=text("流程"),
        proof=text("凭证") == "是",
        seen_by=words("全看"),
        project_sees=text("项目的人可看") == "是",
        output=text("输出"),
        aliases={k: tuple(i.value for i in v.items if isinstance(i, Text)) for k, v in aliases.pairs.items() if isinstance(v, Items)} if isinstance(aliases, Table) else {},
        output_columns={k: v.value for k, v in output.pairs.items() if isinstance(v, Text)} if isinstance(output, Table) else {},
        file=path.name,
        lines=dict(table.lines),
    )


def span(window: str, day: date) -> tuple[date, date] | None:
    """(first day, day after the last) of the month, quarter or year that counts together with a day; None where everything counts."""
    if window not in WINDOWS[1:]:
        return None
    months = {"month": 1, "quarter": 3, "year": 12}[window]
    first = day.replace(day=1, month=(day.month - 1) // months * months + 1)
    end = first.year * 12 + first.month - 1 + months
    return first, date(end // 12, end % 12 + 1, 1)


@dataclass(slots=True, frozen=True)
class Tier:
    """One threshold: every so many rows, one row more in another register."""

    every: int
    register: str
    code: str
    says: str


def tiers(register: Register, tables: Tables) -> list[Tier]:
    """The thresholds of a register, from its table (columns 每几次, 台账, 代码, 说明)."""
    if not register.tiers_table:
        return []
    table = tables[register.tiers_table]
    return [Tier(int(row["每几次"]), row["台账"], row["代码"], row.get("说明", "")) for row in table.rows if row.get("每几次", "").isdigit()]


def owed(steps: list[Tier], count: int, replaces: bool) -> list[int]:
    """How many rows each threshold owes for a count; where the higher `replaces` (penalty.overlap), it takes the place of the lower ones."""
    plain = [count // step.every for step in steps]
    return [n - sum(plain[number + 1 :]) if replaces else n for number, n in enumerate(plain)]


def ahead(steps: list[Tier], count: int, replaces: bool) -> list[tuple[int, Tier]]:
    """How many events more each threshold needs to owe its next row, the nearest first."""
    now = owed(steps, count, replaces)
    found = []
    for number, step in enumerate(steps):
        more = next((n for n in range(1, 4 * step.every + 1) if owed(steps, count + n, replaces)[number] > now[number]), 0)
        found += [(more, step)] if more else []
    return sorted(found, key=lambda one: one[0])
