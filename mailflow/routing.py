"""Where a mail belongs: which process it opens, which action it does, or that a person must look. Pure; RULEBOOK §7 and §8-17 give the order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from parsers.subjects import Pattern, Subject, near

from .process.model import Action, Process

_FORM = re.compile(r"[《》\s]")


@dataclass(slots=True, frozen=True)
class Opening:
    """A way to begin a case that fits a subject or a form."""

    process: Process
    start: int
    parts: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class Doing:
    """An action that a subject asks for, with the case's number or what identifies it."""

    process: Process
    action: str
    parts: dict[str, str]
    subject: str = ""  # the pattern that it fits

    def now(self, process: Process, state: str) -> Action | None:
        """The action as this state of the case's own version has it; None where it cannot be done, or not by this subject (a name may stand in several states)."""
        action = process.actions_in(state).get(self.action)
        return action if action is not None and self.subject in action.subjects else None


@dataclass(slots=True, frozen=True)
class Candidate:
    """A standard subject that was perhaps meant."""

    opening: Opening
    title: str


def _with_number(text: str) -> str:
    """`实施预案-<单号>` for `实施预案-<项目>项目-<人员>`: whoever has a case's number may write it instead (RULEBOOK §8-26). '' where nothing stands in front."""
    head = text.partition("<")[0].rstrip("-[ ")
    return f"{head}-<单号>" if head and "<单号>" not in text else ""


class Router:
    """The subjects and forms of every process, compiled once."""

    def __init__(self, processes: Iterable[Process]):
        self.starts: list[tuple[Pattern, Process, int]] = []
        self.forms: list[tuple[str, Process, int]] = []
        self.actions: list[tuple[Pattern, Process, str, str]] = []  # with the subject as it is declared
        self.free: list[tuple[str, Process, int]] = []
        for process in processes:
            for index, start in enumerate(process.starts):
                self.starts += [(Pattern(text), process, index) for text in start.subjects]
                self.forms += [(_FORM.sub("", form), process, index) for form in start.forms]
                if start.free:
                    self.free.append((start.free, process, index))
            everywhere = [a for actions in (process.anytime, *(s.actions for s in process.states.values())) for a in actions.values()]
            for text, name in dict.fromkeys((text, a.name) for a in everywhere for text in a.subjects):
                self.actions += [(Pattern(title), process, name, text) for title in dict.fromkeys((text, _with_number(text))) if title]
        self._by_pattern = {id(pattern): (process, index) for pattern, process, index in self.starts}
        # the more a pattern says, the sooner it is tried: 投诉-<项目>项目沟通问题 before 投诉-<内容>
        self.starts.sort(key=lambda s: -len(re.sub(r"<[^>]*>", "", s[0].text)))
        self.actions.sort(key=lambda a: -len(re.sub(r"<[^>]*>", "", a[0].text)))

    def opening(self, subject: Subject) -> list[Opening]:
        """Every way to begin that the subject has exactly, the most telling first."""
        return [Opening(process, index, parts) for pattern, process, index in self.starts if (parts := pattern.match(subject)) is not None]

    def doing(self, subject: Subject) -> list[Doing]:
        """Every action that the subject asks for (`延期申请-[MF-…]`)."""
        return [Doing(process, name, parts, text) for pattern, process, name, text in self.actions if (parts := pattern.match(subject)) is not None]

    def by_form(self, subject: Subject, titles: Sequence[str]) -> Opening | None:
        """By the name of a form: in front of the subject, in an attachment's name, or as a document's title."""
        heads = [_FORM.sub("", subject.text), *(_FORM.sub("", t) for t in titles)]
        best = sorted(self.forms, key=lambda f: -len(f[0]))
        for number, head in enumerate(heads):
            for form, process, index in best:
                if head.startswith(form) or (number and form in head[:60]):
                    rest = [p for p in head.removeprefix(form).split("-") if p] if not number else []
                    return Opening(process, index, {"对象": rest[0]} if rest else {})
        return None

    def customer(self, roles: Iterable[str]) -> list[Opening]:
        """The processes for a customer's free subject: what goes before (优先), then those with a condition (当), last what takes everything else."""
        held = set(roles)
        found = [((not process.starts[index].first, process.starts[index].when is None), Opening(process, index)) for role, process, index in self.free if role in held]
        return [opening for _, opening in sorted(found, key=lambda pair: pair[0])]

    def close(self, subject: Subject, limit: int = 5) -> list[Candidate]:
        """Standard subjects that are close to this one, for the sender to choose from."""
        found: list[Candidate] = []
        for pattern, parts, _ in near(subject, [pattern for pattern, _, _ in self.starts])[:limit]:
            process, index = self._by_pattern[id(pattern)]
            title = _filled(pattern.text, parts)
            if title not in {c.title for c in found}:  # a process may begin in several ways under one subject
                found.append(Candidate(Opening(process, index, parts), title))
        return found


def _filled(subject: str, parts: dict[str, str]) -> str:
    """A standard subject with the parts that are known; what may be left away and is not known is."""
    title = re.sub(r"<([^<>]+)>", lambda m: parts.get(m[1], m[0]), subject)
    return re.sub(r"\[[^\[\]]*<[^<>]*>[^\[\]]*\]", "", title).replace("[", "").replace("]", "")
