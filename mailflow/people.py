"""Who somebody is and which project is meant: people by address, name and role, projects by name, alias and near miss.

Pure. Rules: RULEBOOK §0.2 (one person or role under many names), §0.4 and §8-20 (project names).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Person:
    """One row of people.csv. `away_until` is the last day of leave; `deputy` the name of who acts until then."""

    name: str
    addresses: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    unit: str = ""
    superior: str = ""
    phone: str = ""
    fax: str = ""
    active: bool = True
    away_until: date | None = None
    deputy: str = ""
    extra: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def address(self) -> str:
        """Where letters go: the first address, '' when there is none."""
        return self.addresses[0] if self.addresses else ""


@dataclass(frozen=True, slots=True)
class Project:
    """One row of projects.csv, or a project that mail created (§8-21); people by name."""

    name: str
    aliases: tuple[str, ...] = ()
    customer: str = ""
    sales: str = ""
    presales_1: str = ""
    presales_2: str = ""
    status: str = ""
    region: str = ""
    contract: str = ""
    accept_date: date | None = None
    extra: dict[str, str] = field(default_factory=dict, hash=False)


def fold_address(address: str) -> str:
    """An address as it is compared. ASCII case only: Unicode folding would make a look-alike (K, ſ) somebody else's address."""
    address = address.strip()
    return address.lower() if address.isascii() else address


def fold_name(name: str) -> str:
    """A name as it is compared: width, case and spaces do not matter, nor what stands in brackets behind it, nor an @ before it."""
    name = unicodedata.normalize("NFKC", name[:200]).casefold()
    name = re.sub(r"(?<=.)\(.*?\)|(?<=.)<.*?>", "", name)
    return re.sub(r"[\s\u200b-\u200d\ufeff]+", "", name).lstrip("@")


def plain_name(name: str) -> str:
    """A name as it is compared without what tells namesakes apart: 张三 of 张三〔华东销售部〕."""
    return fold_name(name).partition("〔")[0]


# Longest first: 工程师 before 工. A name that is itself written so (王经理, 陈工) is found before any title is taken away.
_TITLES = ("高级工程师", "工程师", "总经理", "先生", "女士", "小姐", "老师", "同志", "经理", "总监", "主任", "部长", "主管", "工", "总")


def _without_title(folded: str) -> str:
    for title in _TITLES:
        if folded.endswith(title) and len(folded) - len(title) >= 2:  # 王工 is no name: nobody is picked by surname alone
            return folded[: -len(title)]
    return folded


class Directory:
    """The people of one state of the master data.

    `role_synonyms` maps another word for a role to the role (技服 → 售前), as a table gives them (§0.2). People who have left
    (在职: 否) are strangers by address and hold no role; by name they are still found, for what they did before.
    """

    def __init__(self, people: Iterable[Person], role_synonyms: Mapping[str, str] | None = None) -> None:
        self.people = tuple(people)
        self._synonyms = {fold_name(word): role for word, role in (role_synonyms or {}).items()}
        self._by_address = {fold_address(a): p for p in self.people if p.active for a in p.addresses}
        self._by_name: dict[str, list[Person]] = {}
        self._by_role: dict[str, list[Person]] = {}
        self._left_by_role: dict[str, list[Person]] = {}
        self._namesakes: dict[str, list[Person]] = {}  # a plain name that several have
        for person in self.people:
            self._by_name.setdefault(fold_name(person.name), []).append(person)
            if person.active and plain_name(person.name) != fold_name(person.name):
                self._namesakes.setdefault(plain_name(person.name), []).append(person)
            held = self._by_role if person.active else self._left_by_role
            for role in dict.fromkeys(self.role(r) for r in person.roles):
                held.setdefault(fold_name(role), []).append(person)

    def by_address(self, address: str) -> Person | None:
        return self._by_address.get(fold_address(address))

    def by_name(self, name: str) -> Person | None:
        """The one person of this name, with or without a title (张三工程师, 李四先生); None when nobody or several are meant."""
        folded = fold_name(name)
        if not folded:
            return None
        for key in (folded, _without_title(folded)):
            found = self._by_name.get(key, [])
            found = [p for p in found if p.active] or found
            if found:
                return found[0] if len(found) == 1 else None
        if self._namesakes and (meant := self._one_of(name)):
            return meant
        return self.by_address(name) if "@" in name else None

    def _one_of(self, name: str) -> Person | None:
        """Of several of one name the one whose unit or address is written beside it: 张三(华东销售部), 华东销售部张三, 张三 zhangsan2@corp.example."""
        words = unicodedata.normalize("NFKC", name[:200]).casefold()
        for plain, alike in self._namesakes.items():
            if plain in words:
                meant = [p for p in alike if p.unit and p.unit.casefold() in words or any(a.casefold() in words for a in p.addresses)]
                return meant[0] if len(meant) == 1 else None
        return None

    def namesakes(self, name: str) -> list[Person]:
        """The people of a name that several have, where nothing beside it says which one; [] otherwise."""
        folded = fold_name(name)
        return [] if self.by_name(name) else list(self._namesakes.get(folded, ()) or self._namesakes.get(_without_title(folded), ()))

    def successor(self, person: Person) -> Person | None:
        """Who stands in for somebody who left: the first superior who is here; None where there is none."""
        seen, above = {person.name}, self.superior(person)
        while above is not None and not above.active and above.name not in seen:
            seen.add(above.name)
            above = self.superior(above)
        return above if above is not None and above.active else None

    def stand_ins(self, role: str) -> list[Person]:
        """Who answers for a role whose holders have all left: their superiors who are here."""
        left = () if self.with_role(role) else self._left_by_role.get(fold_name(self.role(role)), ())
        return list(dict.fromkeys(above for p in left if (above := self.successor(p))))

    def candidates(self, name: str) -> list[Person]:
        """Active people whom a name that `by_name` does not know may mean: to ask back, never to act on."""
        folded = fold_name(name)
        bare = next((folded[: -len(t)] for t in _TITLES if folded.endswith(t) and folded != t), folded)
        if not bare:
            return []
        alike = [p for p in self.people if p.active and (fold_name(p.name).startswith(bare) or _differ(bare, fold_name(p.name)))]
        return alike[:10]

    def role(self, word: str) -> str:
        """The role that a word means: itself, or what the synonyms say."""
        return self._synonyms.get(fold_name(word), word.strip())

    def with_role(self, role: str) -> list[Person]:
        """Everybody active with this role (or a synonym of it), in the order of the table."""
        return list(self._by_role.get(fold_name(self.role(role)), ()))

    def superior(self, person: Person) -> Person | None:
        """Whom 上级 names, None at the top and where the name is unknown (master data reports that)."""
        found = self.by_name(person.superior) if person.superior else None
        return None if found == person else found

    def acting(self, person: Person, on: date) -> Person:
        """Who acts for `person` on a day: the deputy while away, the deputy's deputy when both are; without one, the person."""
        seen, acting = {person.name}, person
        while acting.away_until and on <= acting.away_until:
            deputy = self.by_name(acting.deputy) if acting.deputy else None
            if deputy is None or not deputy.active or deputy.name in seen:
                return person
            seen.add(deputy.name)
            acting = deputy
        return acting


# -- projects


@dataclass(frozen=True, slots=True)
class ProjectMatch:
    """`exact`: `project` is it. `near`: `candidates` to choose from. `none`: take it as not yet established (A04)."""

    kind: Literal["exact", "near", "none"]
    project: Project | None = None
    candidates: tuple[Project, ...] = ()


def fold_project(name: str) -> str:
    """A project's name as it is compared: width, case, spaces, quotation marks and the word 项目 at its end do not matter (§0.4)."""
    name = unicodedata.normalize("NFKC", name).casefold()
    name = re.sub(r"[\s\u200b-\u200d\ufeff《》“”\"'「」]+", "", name)
    name = re.sub(r"[-—–―_]+", "-", name)
    return name.removesuffix("项目") or name


def spoken_of(projects: Iterable[Project], text: str) -> list[Project]:
    """The projects that a mail speaks of, by name or alias; a name that only stands within another's (智慧园区 in 智慧园区二期) is not meant."""
    said = fold_project(text)
    found = [(p, max(words, key=len)) for p in projects if (words := [w for n in (p.name, *p.aliases) if (w := fold_project(n)) and w in said])]
    return [p for p, word in found if not any(word != other and word in other for _, other in found)]


def customers_projects(directory: Directory, projects: Iterable[Project], who: str) -> list[Project]:
    """The projects of the customer whom somebody belongs to: the project names them, their unit, or a colleague of theirs."""
    person = directory.by_name(who)
    if person is None:
        return []

    def colleague(name: str) -> bool:
        return bool(person.unit) and (other := directory.by_name(name)) is not None and other.unit == person.unit

    return [p for p in projects if p.customer and (p.customer in (person.name, person.unit) or colleague(p.customer))]


class ProjectIndex:
    """The projects of one state (master data and those that mail created), found by name: built once, asked at every mail."""

    def __init__(self, projects: Iterable[Project]) -> None:
        self._by_key: dict[str, list[Project]] = {}
        for project in projects:
            for key in {fold_project(n) for n in (project.name, *project.aliases)} - {""}:
                self._by_key.setdefault(key, []).append(project)
        self._letters = [(key, frozenset(key)) for key in self._by_key]

    def find(self, name: str) -> ProjectMatch:
        """The project that a name means: by name or alias, else near misses of one or two characters (§0.4, §8-20).

        Several projects under one name are candidates too: the sender chooses. The nearest come first, ten at most.
        """
        wanted = fold_project(name)
        exact = self._by_key.get(wanted, [])
        if exact:
            return ProjectMatch("exact", exact[0]) if len(exact) == 1 else ProjectMatch("near", None, tuple(exact[:10]))
        letters = frozenset(wanted)
        near: dict[str, tuple[int, Project]] = {}
        for key, other in self._letters:
            if len(letters - other) > 2 or len(other - letters) > 2:
                continue  # every letter that the other has not is an edit: cheap, and sorts out nearly all
            distance = _differ(wanted, key)
            if distance is None:
                continue
            for project in self._by_key[key]:
                if project.name not in near or distance < near[project.name][0]:
                    near[project.name] = (distance, project)
        found = sorted(near.values(), key=lambda pair: pair[0])[:10]
        return ProjectMatch("near", None, tuple(project for _, project in found)) if found else ProjectMatch("none")


def _differ(a: str, b: str) -> int | None:
    """In how many characters two names differ, None when they are too far apart to be one: two, or one in names of up to three."""
    short = min(len(a), len(b))
    limit = 1 if short <= 3 else 2
    if abs(len(a) - len(b)) > limit or short < 2:  # of a name of one character nothing would be left
        return None
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
        if min(row) > limit:
            return None
    return row[-1] if row[-1] <= limit else None
