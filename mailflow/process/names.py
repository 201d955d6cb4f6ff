"""What a name in a process means for one case at one moment: a field, a role, a lookup, or one of the words every process knows."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .model import Process
from .world import Case, Event, World

MOST_OF_ONE = 40  # characters of one value in a title: the letter holds the whole of it
_EMPTY = "\0"  # where a name holds nothing, until the gap is closed


class Names:
    """Looks names up for one case and one event. Lookups are fetched once, when first asked for."""

    def __init__(self, process: Process, case: Case, event: Event, world: World):
        self.process, self.case, self.event, self.world = process, case, event, world
        self._fetched: dict[str, str] = {}

    def look(self, name: str) -> str:
        """The value as text, '' where there is none. Raises KeyError for a name that nobody declared."""
        case, event = self.case, self.event
        if name in case.fields:
            return case.fields[name]
        if name in self.process.lookups:
            if name not in self._fetched:
                self._fetched[name] = ""  # a lookup that looks at itself finds nothing
                self._fetched[name] = self.world.lookup(self.process.lookups[name], case, event, self.look)
            return self._fetched[name]
        if name in self.process.fields:
            return ""
        if name in self.process.roles or name.startswith("岗位 "):
            return "、".join(self.holders(name))  # told and recorded is whose it is; who acts for them is no fact of the case
        match name:
            case "今天" | "收信日":
                return event.at.date().isoformat()
            case "现在" | "收到时间":
                return event.at.strftime("%Y-%m-%d %H:%M")
            case "开单时间":
                return case.opened_at.astimezone(event.at.tzinfo).strftime("%Y-%m-%d %H:%M")
            case "来信人":
                return event.who
            case "申请人":
                return case.opened_by
            case "负责人":
                return case.owner
            case "收件人":
                return "、".join(event.to)
            case "抄送人":
                return "、".join(event.cc)
            case "状态":
                return case.state
            case "标题":
                return event.subject
            case "正文":
                return event.text
            case "自由正文":
                return "" if event.raw else event.text  # what was written without any `label:value` line
            case "附件":
                return "\n".join(event.files)
            case "附件内容":
                return event.sheets
            case "单号":
                return case.number
            case "父单号":
                return case.parent_number
            case "项目":
                return case.project
            case "事项":
                return case.title
            case "动作说明":
                return "\n".join(t for t in (event.argument, event.rest) if t)
        if name in self.process.documents:
            return case.documents.get(name, "")
        raise KeyError(name)

    def many(self, name: str) -> str | Iterable[str]:
        """For conditions: a role or a list of people as several words."""
        if name in self.process.roles and not (name in self.case.fields or name in self.process.lookups or name in self.process.fields):
            return self.people(name)  # who acts for the manager counts as the manager
        value = self.look(name)
        declared = self.process.fields.get(name) or self.process.lookups.get(name)
        kind = declared.kind.name if declared else ""
        if kind in ("多选", "人员") or name in self.process.roles or name in ("收件人", "抄送人", "来信人", "负责人"):
            return value.split("、")
        return value

    def forget(self) -> None:
        """After the case has changed: fetch lookups anew."""
        self._fetched.clear()

    def value(self, text: str) -> str:
        """A value in `记`, `记账`, `开单`: a name, a text with <names>, or itself."""
        if not text:
            return ""
        try:
            return self.look(text)
        except KeyError:
            return self.fill(text)

    def fill(self, text: str, most: int = 0) -> str:
        """The text with its <names> filled in, each with `most` characters at most; a name that holds nothing leaves nothing."""

        def one(m: re.Match[str]) -> str:
            try:
                value = self.look(m[1])
            except KeyError:
                return m[0]
            return (value if not most or len(value) <= most else value[: most - 1].rstrip() + "…") or _EMPTY

        filled = re.sub(rf"[(（]\s*{_EMPTY}\s*[)）]", "", re.sub(r"<([^<>\n]{1,30})>", one, text))  # no brackets around nothing
        return re.sub(rf" *{_EMPTY}[ {_EMPTY}]*", lambda m: " " if " " in m[0] else "", filled).strip()

    def title(self) -> str:
        """What the case is about (事项), in a line that a list of mails shows whole; what holds nothing leaves no gap."""
        return re.sub(r"\s+", " ", self.fill(self.process.subject, MOST_OF_ONE))

    def people(self, role: str) -> list[str]:
        """The names of those who hold a role for this case, nobody twice; beside somebody who is away, who acts for them."""
        found, today = self.holders(role), self.event.at.date()
        opener = self.case.opened_by
        if any(source.startswith("本人 ") for source in self.process.roles.get(role, ())):
            return found  # what concerns a person alone is no deputy's business
        if self.process.hides is None or opener not in found or not self.process.hides.holds(self.many):
            return self.world.acting(found, today)
        # a deputy must not learn whose letters they are: who is hidden gets them alone
        return list(dict.fromkeys([*self.world.acting([n for n in found if n != opener], today), opener]))

    def holders(self, role: str) -> list[str]:
        """Whose role it is, whether they are there or away."""
        if handed := self.case.memo.get("holders", {}).get(role):  # an operator gave the role to somebody, in this case alone
            return [str(handed)]
        if role.startswith("岗位 "):
            return self.world.with_role(role.removeprefix("岗位 "))
        if role in self.process.roles:
            for source in self.process.roles[role]:
                if found := self._source(source):
                    return list(dict.fromkeys(found))
            return []
        if role == "本信发件人":  # whoever acts now; 来信人 is who opened the case
            return [self.event.who] if self.event.who else []
        if role in ("来信人", "申请人", "负责人", "父单负责人"):
            return self._source(role)
        return []

    def parties(self) -> list[str]:
        """Who has a part in the case: everybody of its roles but those who merely may open one (全体员工)."""
        return self.everyone(role for role, sources in self.process.roles.items() if "全体员工" not in sources)

    def everyone(self, roles: Iterable[str]) -> list[str]:
        """The people of several roles."""
        return list(dict.fromkeys(name for role in roles for name in self.people(role)))

    def _source(self, source: str) -> list[str]:
        head, _, rest = source.partition(" ")
        match head:
            case "本人":
                return self._source(rest)
            case "来信人" | "申请人":
                opener = self.case.opened_by or ("" if self.case.id else self.event.who)  # who only writes to a case that the calendar opened did not open it
                return [opener] if opener else []
            case "负责人":
                return [n for n in self.case.owner.split("、") if n]
            case "父单负责人":
                return self.world.parent_people(self.case, "负责人")
            case "岗位":
                return self.world.with_role(rest)
            case "单位":
                return self.world.of_unit(rest)
            case "人":
                return [rest]
            case "父单":
                return self.world.parent_people(self.case, rest)
            case "项目":
                cell = self.world.project_cell(self.case.project, rest)
                return [n for n in re.split(r"[、,，]", cell) if n]
            case "字段":
                return [n for n in self.case.fields.get(rest, "").split("、") if n]
            case "取数":
                return [n for n in self.look(rest).split("、") if n]
            case "上级":
                names = self.people(rest) if rest in self.process.roles else self._source(rest)
                return [s for s in (self.world.superior(n) for n in names) if s]
            case "全体员工":
                return self.world.with_role("*")
        return []
