"""What a decision takes and what it gives: the event, the case as it stands, the world around it, and the outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from .checks import Vague
from .model import Lookup

Args = dict[str, str]  # what the line of a 取数 says, by name
Look = Callable[[str], str]
RETURNED = "待更正"  # the state of a form that went back (RULEBOOK §0.4 `rejected_input`); no process declares it


@dataclass(slots=True)
class Event:
    """Something that happened: a mail, a due time, another case's nudge. Times are aware, in the service's zone."""

    at: datetime
    who: str = ""  # a person's name; '' is the service itself
    address: str = ""
    raw: dict[str, str] = field(default_factory=dict)  # label → text, as the form said
    parts: dict[str, str] = field(default_factory=dict)  # placeholders of the subject
    argument: str = ""  # behind the command word, on its line
    rest: str = ""  # the lines after it
    subject: str = ""
    text: str = ""  # the new words
    sheets: str = ""  # the words of attached documents that could be read
    rows: list[list[str]] = field(default_factory=list)  # of the tables in them
    files: tuple[str, ...] = ()
    to: tuple[str, ...] = ()  # names (addresses where nobody is known)
    cc: tuple[str, ...] = ()
    proof: str = ""  # how the sender is proved, '' where not
    means: str = "来信"  # what its sender calls it: 来信, 传真
    mail_id: int | None = None


@dataclass(slots=True)
class Case:
    """A case as it stands; a decision works on a copy."""

    process: str
    version: str
    state: str
    opened_at: datetime
    entered_at: datetime
    id: int = 0
    number: str = ""
    open: bool = True
    title: str = ""
    project: str = ""
    opened_by: str = ""
    owner: str = ""
    parent_id: int | None = None
    parent_number: str = ""
    entry_id: int | None = None
    fields: dict[str, str] = field(default_factory=dict)
    memo: dict[str, Any] = field(default_factory=dict)
    revision: int = 1
    documents: dict[str, str] = field(default_factory=dict)  # name → ISO time of receipt, '' while due

    def copy(self) -> Case:
        """A copy whose fields and memo may be changed."""
        import copy

        other = copy.copy(self)
        other.fields, other.memo, other.documents = dict(self.fields), copy.deepcopy(self.memo), dict(self.documents)
        return other


class World(Protocol):
    """What a decision may ask. Nothing here changes anything."""

    now: datetime

    def person(self, text: str) -> str: ...
    def namesakes(self, text: str) -> list[str]: ...  # where several have that name: how to write each of them
    def project(self, text: str) -> tuple[str, list[str]]: ...
    def contract(self, text: str) -> str: ...
    def with_role(self, role: str) -> list[str]: ...
    def roles_of(self, name: str) -> Sequence[str]: ...
    def of_unit(self, unit: str) -> list[str]: ...
    def superior(self, name: str) -> str: ...
    def acting(self, names: list[str], on: date) -> list[str]: ...  # the names, and beside those who are away their deputies
    def project_cell(self, project: str, column: str) -> str: ...
    def lookup(self, lookup: Lookup, case: Case, event: Event, look: Look) -> str: ...
    def parent_people(self, case: Case, role: str) -> list[str]: ...
    def vague(self) -> Vague: ...


@dataclass(slots=True)
class Problem:
    """One thing that is wrong with a form: which item, why, how to mend it."""

    field: str
    why: str


@dataclass(slots=True)
class LetterPlan:
    """One letter, its readers known by name."""

    letter: str
    to: list[str]
    cc: list[str] = field(default_factory=list)
    says: str = ""
    attach: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    remark: str = ""  # what the person wrote behind the command that nothing asked for; colleagues read it (§0.4 批注)


@dataclass(slots=True)
class EntryPlan:
    """One row for a register, its columns filled."""

    register: str
    code: str
    values: dict[str, str]
    rows: list[list[str]] | None = None  # of an attached list: each of them is a row of the register


@dataclass(slots=True)
class ChildPlan:
    """A case to open."""

    process: str
    values: dict[str, str]


@dataclass(slots=True)
class NudgePlan:
    """An action to do to other cases."""

    process: str
    action: str
    same: dict[str, str]
    values: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Step:
    """One line of the history."""

    action: str
    from_state: str
    to_state: str
    note: str = ""


@dataclass(slots=True)
class Outcome:
    """Everything that follows from one decision; the recorder writes it in one transaction."""

    case: Case
    steps: list[Step] = field(default_factory=list)
    letters: list[LetterPlan] = field(default_factory=list)
    entries: list[EntryPlan] = field(default_factory=list)
    changes: list[tuple[str, str]] = field(default_factory=list)  # (register, status)
    children: list[ChildPlan] = field(default_factory=list)
    nudges: list[NudgePlan] = field(default_factory=list)
    project: dict[str, str] = field(default_factory=dict)
    received: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    sent_back: list[str] = field(default_factory=list)
    pause: list[str] = field(default_factory=list)
    resume: list[str] = field(default_factory=list)
    restart: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)  # the form goes back
    partial: bool = False  # a form filled in part: what is said is kept, nothing is done yet


@dataclass(slots=True)
class Refused:
    """Nothing changed: why, and what may be done instead (RULEBOOK §8-25)."""

    reason: str  # right, state, condition, missing, file, unclear
    says: str
    problems: list[Problem] = field(default_factory=list)
    cc: list[str] = field(default_factory=list)
