"""Slips (单据) as their files declare them: what is printed, where to sign, and what a signed one that comes back does. Data alone."""

from __future__ import annotations

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
    table.refuse_others(TOP, "单据", path.name)
    name, code = table.text("单据") or path.stem, table.text("短码")
    if not re.fullmatch(r"[A-Z]{2,4}", code):
        raise TemplateError("单据要写“短码”:两到四个大写字母,印在二维码里", path.name, table.lines.get("短码", 1))
    rows: list[tuple[str, str]] = []
    listed = table.get("栏目")
    for item in listed.items if isinstance(listed, Items) else ():
        if isinstance(item, Text):
            rows.append((item.value, item.value))
        elif isinstance(item, Table) and all(isinstance(v, Text) for v in item.pairs.values()):
            rows += [(label, item.text(label)) for label in item.pairs]
        else:
            raise TemplateError("“栏目”的每一条写字段名,或“名称: <字段>”", path.name, item.line)
    if not rows:
        raise TemplateError("单据要写“栏目”", path.name, 1)
    plan = SlipPlan(name, code, table.text("导语"), tuple(rows), table.words("空栏"), table.text("签字"), file=path.name, line=table.lines.get("回来", 1))
    back = table.get("回来")
    if isinstance(back, Table):
        back.refuse_others(BACK, "单据", path.name)
        plan.action, plan.by, plan.document = back.text("动作"), back.text("谁"), back.text("文件")
        plan.states, plan.sealed = back.words("状态"), back.words("凭")
    return plan
