"""`mailflow export`: the tables of the command line as Excel workbooks, every row of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import screen, show
from .errors import UsageError

if TYPE_CHECKING:
    from .passes import Office

TITLES = {"tracking": "项目跟踪表", "cases": "工单", "ledger": "台账"}


def run(office: Office, table: str, file: Path) -> int:
    """Writes FILE.xlsx, whole or not at all. Raises UsageError, OSError."""
    if file.is_dir():
        raise UsageError(f"{file} 是文件夹;请写文件名,例如 {file / (table + '.xlsx')}")
    if file.suffix.lower() != ".xlsx":
        raise UsageError(f"{file} 的名字要以 .xlsx 结尾,例如 {file.with_suffix('.xlsx')}")
    from .workbooks import workbook

    with office.store.read() as conn:
        know = office.knowledge(conn, datetime.now(UTC))
        rows = {"tracking": show.tracking, "cases": show.all_cases, "ledger": show.ledger}[table](know)
        lines = _cases(rows) if table == "cases" else _plain(rows, table)
    data = workbook([(TITLES[table], lines)])
    draft = file.with_name(f".{file.name}.part")
    try:
        draft.write_bytes(data)
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    print(f"已导出 {len(lines) - 1} 行到 {file}")
    return 0


def _plain(rows: Any, table: str) -> list[list[object]]:
    columns = screen.COLUMNS[table]
    return [[head for _, head in columns], *([_cell(row.get(key), key) for key, _ in columns] for row in rows)]


def _cell(value: Any, key: str) -> object:
    """Figures stay figures; several lines stay several."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return value if isinstance(value, str) and "\n" in value else screen.shown(value, key)


def _cases(rows: Any) -> list[list[object]]:
    """A row a case: what is common to all, then its deadlines, documents and fields in one cell each."""
    head: list[object] = ["单号", "流程", "事项", "状态", "已结束", "项目", "开单人", "负责人", "开单", "上级单", "期限", "文件", "内容"]
    lines = [head]
    for row in rows:
        deadlines = "\n".join(f"{d['name']} {screen.shown(d['due'])} {screen.shown(d['status'], 'status')}" for d in row["deadlines"])
        documents = "\n".join(f"{d['name']} {'收到 ' + screen.shown(d['received_at']) if d['received_at'] else '未交'}" for d in row["documents"])
        fields = "\n".join(f"{k}:{v}" for k, v in row["fields"].items() if v)
        lines.append([
            row["number"], row["process"], row["title"], row["state"], "否" if row["open"] else "是", row["project"], row["opened_by"], row["owner"],
            screen.shown(row["opened_at"]), row["parent"] or "", deadlines, documents, fields,
        ])  # fmt: skip
    return lines
