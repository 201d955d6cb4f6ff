"""Digests (汇总) as their files declare them: when, to whom, which sections. Data alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from ..calendars import DurationError
from ..durations import Duration, parse_duration
from ..periods import check_period
from .yamltext import Items, Table, TemplateError, read_file

TOP = ("汇总", "时间", "另在", "收信", "抄送", "范围", "开头", "节")
SECTION = ("标题", "取", "流程", "台账", "状态", "当", "按", "期间", "列")
SCOPES = ("自己的", "部门", "全部")  # what the reader has to do with; what the reader or who reports to them has to do with; everything
SOURCES = ("待办", "逾期", "今日到期", "在办", "新单", "台账", "台账计数", "得分", "办结", "分拣", "搁置", "排班", "缺登记", "问题")
PERIODS = ("", "全部", "昨天", "上个工作日起", "上周", "上月", "上季度", "本月", "本季", "本年")


@dataclass(slots=True)
class Section:
    """One section of a digest."""

    title: str
    source: str
    processes: tuple[str, ...] = ()
    register: str = ""
    statuses: tuple[str, ...] = ()
    when: str = ""  # 当: a condition over each case of the one process named
    by: str = ""
    period: str = ""
    wanted: tuple[str, ...] = ()  # 列: of 缺登记 what the register should hold under 按, of 新单 the fields to show
    line: int = 0


@dataclass(slots=True, frozen=True)
class Before:
    """另在: once more, so long before a date that the open cases of a process hold."""

    process: str
    length: Duration  # its base is the field
    hour: int
    minute: int


@dataclass(slots=True)
class DigestPlan:
    """One digest."""

    name: str
    when: str
    roles: tuple[str, ...]
    before: Before | None = None
    cc: tuple[str, ...] = ()
    scope: str = "自己的"  # 范围, one of SCOPES
    opening: str = ""
    file: str = ""
    sections: list[Section] = field(default_factory=list)

    @property
    def own(self) -> bool:
        return self.scope == "自己的"


_BEFORE = re.compile(r"(\S+) (\S+前\S+) (\d{1,2}):(\d{2})")


def _before(table: Table, file: str) -> Before | None:
    text = table.text("另在")
    if not text:
        return None
    try:
        if not (found := _BEFORE.fullmatch(text)) or (length := parse_duration(found[2])).kind not in ("days", "workdays"):
            raise DurationError("可以写:流程名 日期字段前7天 09:00")
    except DurationError as why:
        raise TemplateError(f"“另在: {text}”读不懂;{why}", file, table.lines["另在"]) from None
    return Before(found[1], length, int(found[3]) % 24, int(found[4]) % 60)


def read_digest(path: Path) -> DigestPlan:
    """The digest of one file. Raises TemplateError."""
    table, _ = read_file(path)
    table.refuse_others(TOP, "汇总", path.name)
    scope = table.text("范围") or "自己的"
    if scope not in SCOPES:
        raise TemplateError(f"“范围”只能写:{'、'.join(SCOPES)}", path.name, table.lines["范围"])
    plan = DigestPlan(table.text("汇总") or path.stem, table.text("时间"), table.words("收信"), _before(table, path.name), table.words("抄送"), scope, table.text("开头"), path.name)
    if not plan.when or not plan.roles:
        raise TemplateError("汇总要写“时间”和“收信”", path.name, 1)
    try:
        check_period(plan.when)
    except DurationError as why:
        raise TemplateError(f"“时间”:{why}", path.name, table.lines["时间"]) from None
    for key in ("收信", "抄送"):
        if bad := next((w for w in table.words(key) if not w.startswith("岗位 ")), ""):
            raise TemplateError(f"“{key}: {bad}”要写成“岗位 {bad}”", path.name, table.lines[key])
    sections = table.get("节")
    for item in sections.items if isinstance(sections, Items) else ():
        if not isinstance(item, Table):
            raise TemplateError("“节”的每一条应是“名称: 值”", path.name, item.line)
        item.refuse_others(SECTION, "汇总", path.name)
        source = item.text("取")
        if source not in SOURCES:
            raise TemplateError(f"“取: {source}”只能写:{'、'.join(SOURCES)}", path.name, item.lines.get("取", item.line))
        period = item.text("期间")
        if period not in PERIODS:
            raise TemplateError(f"“期间: {period}”只能写:{'、'.join(p for p in PERIODS if p)}", path.name, item.lines["期间"])
        if item.text("当") and (len(item.words("流程")) != 1 or source not in ("待办", "在办")):
            raise TemplateError("“当”只用于“取: 待办”或“取: 在办”,并写明一个“流程”", path.name, item.lines["当"])
        plan.sections.append(
            Section(item.text("标题") or source, source, item.words("流程"), item.text("台账"), item.words("状态"), item.text("当"), item.text("按"), period, item.words("列"), item.line)
        )
    return plan
