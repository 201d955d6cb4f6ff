"""Decision tables: CSV that managers edit in Excel. The first row that agrees is the answer."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .values import number
from .yamltext import TemplateError, decoded


@dataclass(slots=True)
class DecisionTable:
    """One table: its columns and its rows, each with its line."""

    name: str
    columns: tuple[str, ...]
    rows: list[dict[str, str]]
    file: str = ""
    lines: list[int] = field(default_factory=list)  # of each row

    def first(self, look: Callable[[str], str], wanted: str) -> str:
        """The cell `wanted` of the first row whose other filled columns agree with the values of the same names.

        A cell may list several words with 、; an empty cell or `*` agrees with everything; `>5`, `<=3` compare numbers.
        """
        for row in self.rows:
            if all(_agrees(cell, look(column)) for column, cell in row.items() if column != wanted and self.is_key(column, look)):
                return row.get(wanted, "")
        return ""

    def is_key(self, column: str, look: Callable[[str], str]) -> bool:
        """A column is a key when the case knows a value of that name (an unknown name raises KeyError)."""
        try:
            look(column)
        except KeyError:
            return False
        return True

    def find(self, **keys: str) -> dict[str, str]:
        """The first row with these cells, {} where there is none."""
        return next((row for row in self.rows if all(row.get(k, "") == v for k, v in keys.items())), {})

    def filled(self, value: Callable[[str], str]) -> DecisionTable:
        """The same table with each `<key>` in its cells as the settings have it (取定值)."""

        def fill(cell: str) -> str:
            return _SETTING.sub(lambda m: value(m[1]) or m[0], cell)

        return replace(self, rows=[{column: fill(cell) if "<" in cell else cell for column, cell in row.items()} for row in self.rows])


_NARROW = str.maketrans("＞＜＝０１２３４５６７８９", "><=0123456789")  # a bound as a Chinese keyboard writes it
_SETTING = re.compile(r"<([a-z][a-z_]*\.[a-z_]+)>")


def _agrees(cell: str, value: str) -> bool:
    cell = cell.strip()
    if cell in ("", "*"):
        return True
    if m := re.fullmatch(r"(>=|<=|>|<|≥|≤)\s*(-?[\d.]+)\s*%?", cell):
        have = number(value)
        if have is None:
            return False
        bound = float(m[2])
        return {">": have > bound, "<": have < bound, ">=": have >= bound, "≥": have >= bound, "<=": have <= bound, "≤": have <= bound}[m[1]]
    words = re.split(r"[、,，]", cell)
    return value in words or any(w and value.rstrip("市县区") == w.rstrip("市县区") for w in words if value)


def read_table(path: Path) -> DecisionTable:
    """A CSV with headers, UTF-8 (BOM or not) or GB18030. Raises TemplateError with the line of a bad row."""
    text = decoded(path.read_bytes(), path.name)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    rows: list[dict[str, str]] = []
    lines: list[int] = []
    end = 0
    for cells in _cells(reader, path.name):
        first, end = end + 1, reader.line_num
        if not cells or not any(c.strip() for c in cells) or cells[0].lstrip().startswith("#"):
            continue
        if not header:
            header = [c.strip() for c in cells]
            if len(header) == 1 and (mark := re.search("[\t;；，]", header[0])):
                raise TemplateError(f"表头各格之间是{'制表符' if mark[0] == chr(9) else mark[0]},不是半角逗号;在 Excel 里另存为“CSV UTF-8(逗号分隔)”", path.name, reader.line_num)
            if len(set(header)) != len(header):
                raise TemplateError("表头有两列同名", path.name, reader.line_num)
            continue
        if any(c.count("\n") > 5 for c in cells):  # one that was never closed swallows the lines below
            raise TemplateError("引号不成对;格子里有逗号的,整格加一对半角双引号", path.name, first)
        if len(cells) > len(header):
            if any(c.strip() for c in cells[len(header) :]):
                raise TemplateError(f"这一行有 {len(cells)} 格,表头只有 {len(header)} 格;格里有逗号请用引号括起来", path.name, reader.line_num)
            cells = cells[: len(header)]
        lines.append(first)
        rows.append({h: c.strip().translate(_NARROW) if c.strip()[:1] in "＞＜≥≤" else c.strip() for h, c in zip(header, cells + [""] * (len(header) - len(cells)), strict=True)})
    if not header:
        raise TemplateError("表是空的:第一行应是表头", path.name, 1)
    return DecisionTable(path.stem, tuple(header), rows, path.name, lines)


def _cells(reader: Any, file: str) -> Iterator[list[str]]:
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise TemplateError("引号不成对或位置不对;格子里有逗号的,整格加一对半角双引号", file, reader.line_num) from None


Tables = Mapping[str, DecisionTable]


def judge(table: DecisionTable, text: str, wanted: str) -> str:
    """判定: the first row all of whose 关键词 (groups with 、 any of, + all of) occur in the text and whose 数值 bound holds."""
    for row in table.rows:
        groups = [g for g in row.get("关键词", "").split("+") if g.strip()]
        if not all(any(w.strip() in text for w in g.split("、") if w.strip()) for g in groups):
            continue
        bound = row.get("数值", "").strip()
        if bound:
            m = re.fullmatch(r"(>=|<=|>|<|≥|≤)\s*(-?[\d.]+)\s*(\S*)", bound)
            unit = m[3] if m else ""
            figures = re.findall(r"(\d+(?:\.\d+)?)\s*" + (re.escape(unit) if unit not in ("", "℃") else r"(?:℃|度|摄氏度|°C)" if unit else ""), text)
            if not m or not any(_agrees(m[1] + m[2], f) for f in figures):
                continue
        return row.get(wanted, "")
    return ""
