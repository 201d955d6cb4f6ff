"""Slips (单据) as their files declare them: what is printed, where to sign, and what a signed one that comes back does. Data alone."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from .yamltext import Items, Table, TemplateError, Text, read_file

TOP = ("单据", "短码", "导语", "栏目", "空栏", "签字", "回来")
BACK = ("动作", "谁", "状态", "文件", "凭")


@dataclass(slots=True)
class SlipPlan:
    """One slip."""

    name: str
    code: str  # 短码: stands in the code on the paper
    opening: str = ""  # 导语, with <字段>
    rows: tuple[tuple[str, str], ...] = ()  # label and value, a field's name or a text with <字段>
    empty: tuple[str, ...] = ()  # 空栏: to be filled in by hand
    sign: str = ""  # 签字: who signs; '' where nobody does
    action: str = ""  # what a signed slip does
    by: str = ""  # the role in whose name it does it; '' is the service itself
    states: tuple[str, ...] = ()  # only then; any where none is said
    sealed: tuple[str, ...] = ()  # 凭: what is signed for; when it has changed since, the paper does nothing
    document: str = ""  # the document that it is filed as; the slip's own name where none is said
    file: str = ""
    line: int = 0


def read_slip(path: Path) -> SlipPlan:
    """The slip of one file. Raises TemplateError."""
    table, _ = read_file(path)

    def known(t: Table, words: tuple[str, ...]) -> None:
        for key, line in t.lines.items():
            if key not in words:
                near = difflib.get_close_matches(key, words, 1, 0.3)
                raise TemplateError(f"单据里不认识“{key}”" + (f",是不是“{near[0]}”?" if near else f";可以写:{'、'.join(words)}"), path.name, line)

    def text(t: Table, key: str) -> str:
        node = t.get(key)
        return node.value if isinstance(node, Text) else ""

    def words(t: Table, key: str) -> tuple[str, ...]:
        node = t.get(key)
        if isinstance(node, Items):
            return tuple(i.value for i in node.items if isinstance(i, Text))
        return (node.value,) if isinstance(node, Text) and node.value else ()

    known(table, TOP)
    name, code = text(table, "单据") or path.stem, text(table, "短码")
    if not re.fullmatch(r"[A-Z]{2,4}", code):
        raise TemplateError("单据要写“短码”:两到四个大写字母,印在二维码里", path.name, table.lines.get("短码", 1))
    rows: list[tuple[str, str]] = []
    listed = table.get("栏目")
    for item in listed.items if isinstance(listed, Items) else ():
        if isinstance(item, Text):
            rows.append((item.value, item.value))
        elif isinstance(item, Table) and all(isinstance(v, Text) for v in item.pairs.values()):
            rows += [(label, text(item, label)) for label in item.pairs]
        else:
            raise TemplateError("“栏目”的每一条写字段名,或“名称: <字段>”", path.name, item.line)
    if not rows:
        raise TemplateError("单据要写“栏目”", path.name, 1)
    plan = SlipPlan(name, code, text(table, "导语"), tuple(rows), words(table, "空栏"), text(table, "签字"), file=path.name, line=table.lines.get("回来", 1))
    back = table.get("回来")
    if isinstance(back, Table):
        known(back, BACK)
        plan.action, plan.by, plan.document = text(back, "动作"), text(back, "谁"), text(back, "文件")
        plan.states, plan.sealed = words(back, "状态"), words(back, "凭")
    return plan
