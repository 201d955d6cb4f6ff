"""Workbooks out: rows of text and figures; nothing that a mail said can become a formula in a manager's Excel."""

from __future__ import annotations

import io
from collections.abc import Container, Sequence
from typing import Any

Rows = Sequence[Sequence[object]]


def workbook(sheets: Sequence[tuple[str, Rows]]) -> bytes:
    """An .xlsx of (title, rows), one a sheet; the first row of each is its header."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    head = book.add_format({"bold": True, "bg_color": "#F2F4F7", "border": 1, "text_wrap": True})
    plain = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
    for number, (title, rows) in enumerate(sheets, 1):
        _fill(book.add_worksheet(_name(title, number, book.sheetnames)), rows, head, plain)
    book.close()
    return out.getvalue()


def _name(title: str, number: int, taken: Container[str]) -> str:
    """What Excel takes as the name of a sheet: 31 characters, some not, none twice."""
    name = "".join(c for c in title if c not in "[]:*?/\\'")[:31] or "表"
    return name if name not in taken else f"{name[:27]}({number})"


def _fill(sheet: Any, rows: Rows, head: Any, plain: Any) -> None:
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            style = plain if y else head
            if isinstance(value, bool) or value is None:
                sheet.write_string(y, x, {True: "是", False: "否"}.get(bool(value), "") if value is not None else "", style)
            elif isinstance(value, int | float):
                sheet.write_number(y, x, value, style)
            else:
                sheet.write_string(y, x, str(value)[:32000], style)
    for x in range(len(rows[0]) if rows else 0):
        longest = max((sum(2 if ord(c) > 255 else 1 for c in line) for row in rows[:200] if x < len(row) for line in str(row[x] or "").split("\n")), default=8)
        sheet.set_column(x, x, min(50, max(8, longest + 2)))
    sheet.freeze_panes(1, 0)
