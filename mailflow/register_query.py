"""查询 <台账> [项目/姓名/…] [月份]: which rows of a register were asked for, and which of them are the asker's to see."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from .knowledge import Knowledge
from .process.registers import Register
from .show import register_rows

_MONTHS = (
    re.compile(r"(?P<y>20\d\d)\s*[-/.年]\s*(?P<m>1[0-2]|0?[1-9])(?!\d)\s*(?:月份?)?"),
    re.compile(r"(?<!\d)(?P<y>20\d\d)(?P<m>1[0-2]|0[1-9])(?!\d)"),
    re.compile(r"(?<!\d)(?P<m>1[0-2]|0?[1-9])\s*月份?"),
    re.compile(r"(?P<word>上|本|这)个?月"),
)


@dataclass(slots=True)
class Asked:
    """What the words behind a register's name mean."""

    month: str = ""  # 2026-11
    words: list[str] = field(default_factory=list)  # a project's or a person's name, or what stands in some cell
    unknown: list[str] = field(default_factory=list)  # words that name no project and nobody: perhaps what stands in a cell

    def __str__(self) -> str:
        return " ".join([*self.words, *self.unknown, self.month]).strip()


def understand(know: Knowledge, text: str, who: str, today: date) -> Asked:
    """A month without a year is the latest that has begun; names may be aliases."""
    asked = Asked()
    for pattern in _MONTHS:
        if m := pattern.search(text):
            parts = m.groupdict()
            if parts.get("word"):
                year, month = (today.year, today.month - 1) if parts["word"] == "上" else (today.year, today.month)
                year, month = (year - 1, 12) if month == 0 else (year, month)
            else:
                month = int(parts["m"])
                year = int(parts.get("y") or (today.year if month <= today.month else today.year - 1))
            asked.month, text = f"{year}-{month:02d}", text[: m.start()] + " " + text[m.end() :]
            break
    for word in re.split(r"[\s、,，;；的《》“”]+", text):
        if word in ("我", "本人"):
            asked.words.append(who)
        elif name := know.project(word)[0] or know.person(word) if word else "":
            asked.words.append(name)
        elif word not in ("", "全部", "所有", "项目", "月份"):
            asked.unknown.append(word)
    return asked


def rows_for(know: Knowledge, register: Register, who: str, asked: Asked) -> list[list[Any]]:
    """The rows with their header that hold all that was asked for and that `who` may see."""
    everything = not register.seen_by or bool(set(register.seen_by) & {"全体员工", *know.roles_of(who)})
    projects = {p.name for p in know.all_projects().values() if who in (p.sales, p.presales_1, p.presales_2)} if register.project_sees else set()

    def keep(row: Any, cells: list[str]) -> bool:
        month = f"{row['at'].astimezone(know.calendar.tz):%Y-%m}"
        if asked.month not in ("", month) or not all(any(w == c or len(w) >= 4 and c.startswith(w) for c in cells) for w in (*asked.words, *asked.unknown)):
            return False
        named = {row["who"], *map(str, row["data"].values())} - {""}
        return everything or who in named or row["project"] in projects or who in {know.superior(n) for n in named}

    return register_rows(know, register, keep)
