"""Digests (汇总) as their files declare them: when, to whom, which sections. Data alone."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from pathlib import Path

from .yamltext import Items, Table, TemplateError, Text, read_file

TOP = ("汇总", "时间", "收信", "抄送", "范围", "开头", "节")
SECTION = ("标题", "取", "流程", "台账", "状态", "按", "期间", "列")
SOURCES = ("待办", "逾期", "今日到期", "在办", "台账", "台账计数", "办结", "分拣", "搁置", "排班", "缺登记", "问题")
PERIODS = ("", "全部", "昨天", "上周", "上月", "上季度", "本月")


@dataclass(slots=True)
class Section:
    """One section of a digest."""

    title: str
    source: str
    processes: tuple[str, ...] = ()
    register: str = ""
    statuses: tuple[str, ...] = ()
    by: str = ""
    period: str = ""
    wanted: tuple[str, ...] = ()  # 列: of 缺登记, what the register should hold under 按
    line: int = 0


@dataclass(slots=True)
class DigestPlan:
    """One digest."""

    name: str
    when: str
    roles: tuple[str, ...]
    cc: tuple[str, ...] = ()
    own: bool = True  # 范围: 自己的: each reader only what they have to do with; 全部: everything
    opening: str = ""
    sections: list[Section] = field(default_factory=list)
    file: str = ""


def read_digest(path: Path) -> DigestPlan:
    """The digest of one file. Raises TemplateError."""
    table, _ = read_file(path)

    def known(t: Table, words: tuple[str, ...]) -> None:
        for key, line in t.lines.items():
            if key not in words:
                near = difflib.get_close_matches(key, words, 1, 0.3)
                raise TemplateError(f"汇总里不认识“{key}”" + (f",是不是“{near[0]}”?" if near else f";可以写:{'、'.join(words)}"), path.name, line)

    def text(t: Table, key: str) -> str:
        node = t.get(key)
        return node.value if isinstance(node, Text) else ""

    def words(t: Table, key: str) -> tuple[str, ...]:
        node = t.get(key)
        if isinstance(node, Items):
            return tuple(i.value for i in node.items if isinstance(i, Text))
        return (node.value,) if isinstance(node, Text) and node.value else ()

    known(table, TOP)
    scope = text(table, "范围") or "自己的"
    if scope not in ("自己的", "全部"):
        raise TemplateError("“范围”只能写 自己的 或 全部", path.name, table.lines["范围"])
    plan = DigestPlan(text(table, "汇总") or path.stem, text(table, "时间"), words(table, "收信"), words(table, "抄送"), scope == "自己的", text(table, "开头"), file=path.name)
    if not plan.when or not plan.roles:
        raise TemplateError("汇总要写“时间”和“收信”", path.name, 1)
    sections = table.get("节")
    for item in sections.items if isinstance(sections, Items) else ():
        if not isinstance(item, Table):
            raise TemplateError("“节”的每一条应是“名称: 值”", path.name, item.line)
        known(item, SECTION)
        source = text(item, "取")
        if source not in SOURCES:
            raise TemplateError(f"“取: {source}”只能写:{'、'.join(SOURCES)}", path.name, item.lines.get("取", item.line))
        period = text(item, "期间")
        if period not in PERIODS:
            raise TemplateError(f"“期间: {period}”只能写:{'、'.join(p for p in PERIODS if p)}", path.name, item.lines["期间"])
        plan.sections.append(Section(text(item, "标题") or source, source, words(item, "流程"), text(item, "台账"), words(item, "状态"), text(item, "按"), period, words(item, "列"), item.line))
    return plan
