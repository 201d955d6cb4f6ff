"""A department of six people as a plain `World`, and processes written in a few lines: what the pure engine is asked in these tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from textwrap import dedent
from zoneinfo import ZoneInfo

from mailflow.calendars import WorkCalendar
from mailflow.process.checks import Vague
from mailflow.process.loader import load_text
from mailflow.process.model import Lookup, Process
from mailflow.process.world import Case, Event, Look

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 23, 9, 30, tzinfo=ZONE)
CALENDAR = WorkCalendar([], ZONE)
PEOPLE = {"赵六": ["销售"], "张三": ["售前"], "李四": ["售前"], "王经理": ["售前经理"], "钱总监": ["技术总监"], "省研究院": ["研究院"]}
BOSS = {"赵六": "钱总监", "张三": "王经理", "李四": "王经理", "王经理": "钱总监"}


@dataclass
class Town:
    """Everything a decision may ask, in memory."""

    now: datetime = MONDAY
    values: dict[str, str] = field(default_factory=dict)  # lookup name → its value
    projects: dict[str, dict[str, str]] = field(default_factory=lambda: {"海滨政务网": {"责任销售": "赵六", "第一售前": "张三", "第二售前": "李四"}})
    deputies: dict[str, str] = field(default_factory=dict)

    def person(self, text: str) -> str:
        return text if text in PEOPLE else ""

    def namesakes(self, text: str) -> list[str]:
        return []

    def project(self, text: str) -> tuple[str, list[str]]:
        text = text.removesuffix("项目")
        return (text, []) if text in self.projects else ("", [p for p in self.projects if text[:2] == p[:2]])

    def contract(self, text: str) -> str:
        return text if text == "HT-2026-001" else ""

    def with_role(self, role: str) -> list[str]:
        return [name for name, roles in PEOPLE.items() if role in roles]

    def roles_of(self, name: str) -> Sequence[str]:
        return PEOPLE.get(name, [])

    def of_unit(self, unit: str) -> list[str]:
        return []

    def superior(self, name: str) -> str:
        return BOSS.get(name, "")

    def acting(self, names: list[str], on: date) -> list[str]:
        return [n for name in names for n in ([name, self.deputies[name]] if name in self.deputies else [name])]

    def project_cell(self, project: str, column: str) -> str:
        return self.projects.get(project, {}).get(column, "")

    def lookup(self, lookup: Lookup, case: Case, event: Event, look: Look) -> str:
        return self.values.get(lookup.name, "")

    def parent_people(self, case: Case, role: str) -> list[str]:
        return []

    def vague(self) -> Vague:
        return Vague([{"类别": "整句", "词": "一切正常"}, {"类别": "通用词", "词": "解决"}, {"类别": "通用词", "词": "问题"}, {"类别": "通用词", "词": "了"}])


HEAD = """
流程: 请假
名称: leave
短码: LEAVE
角色:
  员工: 来信人
  经理: 岗位 售前经理
字段:
  天数:
    类型: 整数
  原因: {}
"""
BODY = """
开始:
  收到: 请假-<天数>
  变为: 待批
状态:
  待批:
    可以:
      同意:
        谁: 经理
        变为: 已批
  已批:
    结束: 是
"""


def a_process(text: str = HEAD + BODY) -> Process:
    """The process of a text, of HEAD and BODY where none is given."""
    return load_text(dedent(text).strip() + "\n", "请假.yaml")


def an_event(who: str = "张三", at: datetime = MONDAY, **more: object) -> Event:
    """A mail of somebody."""
    return Event(at=at, who=who, **more)  # type: ignore[arg-type]
