"""What is told of an organisation's own files beyond their text: those that nothing reads, and tables that lack a column of the shipped one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .yamltext import TemplateError

KINDS = {"processes": ".yaml", "registers": ".yaml", "digests": ".yaml", "tables": ".csv", "letters": ".txt", "slips": ".yaml", "forms": ".yaml"}
_SHEET, _WORD = (".xls", ".xlsx", ".et"), (".doc", ".docx", ".wps")
_MEANT = (".yml", ".yaml", ".csv", ".txt", *_SHEET, *_WORD)
_MAY_LACK = ("说明", "依据", "备注")


def overlooked(folder: Path) -> Iterable[str]:
    """Files that look as if they were meant and that nothing reads, because of their name's end: one Chinese line each."""
    for kind, wanted in KINDS.items():
        for path in sorted((folder / kind).rglob("*")):
            end = path.suffix.lower()
            if end == wanted or end not in _MEANT or path.name.startswith((".", "~", "README")) or not path.is_file():
                continue
            name = path.name.removesuffix(path.suffix).removesuffix(wanted) + wanted
            if end in _SHEET:
                how = "在 Excel 里另存为“CSV UTF-8(逗号分隔)”"
            elif end in _WORD:
                how = "用记事本写成纯文本"
            else:
                how = "改名即可;记事本另存时“保存类型”选“所有文件”"
            yield f"{path.name}:没有读它,{kind}/ 里的文件要以 {wanted} 结尾,如 {name};{how}"


def like_shipped(columns: Iterable[str], shipped: Iterable[str], file: str) -> None:
    """Whether an organisation's own table has the columns of the shipped one. Raises TemplateError that names the missing one."""
    have, wanted = list(columns), list(shipped)
    for name in wanted:
        if name not in have and name not in _MAY_LACK:
            odd = [column for column in have if column not in wanted]
            raise TemplateError(f"表头缺一列“{name}”" + (f",是不是写成了“{odd[0]}”?" if odd else f";要有:{'、'.join(wanted)}"), file, 1)
