"""A form as it came in → the fields' values, or what is wrong with it, item by item (RULEBOOK §0.4 通用退件)."""

from __future__ import annotations

from collections.abc import Iterable

from .checks import failed
from .dates import lately
from .model import Field, Process
from .names import Names
from .values import tidy
from .world import Problem, World


def labels(process: Process) -> dict[str, str]:
    """Every label that a form of this process may carry → the field it means."""
    found: dict[str, str] = {}
    for field in process.fields.values():
        found[field.name] = field.name
    for field in process.fields.values():
        for label in field.labels:
            found.setdefault(label, field.name)
    return found


def take(process: Process, names: Names, first: bool) -> list[Problem]:
    """Fills the case's fields from the event's raw values and subject parts; returns what is wrong with them.

    `first` is the form that opens the case (or mends it): what is required must be there, fields of the subject are read,
    process-wide checks are made. What an earlier version said and the new one does not repeat stays.
    """
    case, event = names.case, names.event
    known = labels(process)
    raw = {known[label]: text for label, text in event.raw.items() if label in known}
    problems: list[Problem] = []
    given: set[str] = set()
    unfit: dict[str, str] = {}  # of the fields that are only asked for later (请补): the form is taken without them
    told = [f for f in process.fields.values() if f.from_subject and f.kind.name != "人员"]
    about = event.parts.get("对象", "") if first and event.means == "来信" and len(told) == 1 else ""  # form-name "-" object (§0.4)
    for field in process.fields.values():
        text = raw.get(field.name)
        if field.from_subject and event.parts.get(field.from_subject):
            text = event.parts[field.from_subject]
        elif text is None and field in told and about and not case.fields.get(field.name):
            text = about
        if text is None:
            continue
        given.add(field.name)
        value, why = read_value(field, text, names)
        if why and field.from_subject == "人员" and event.who in names.world.namesakes(text):  # who signs a subject means himself
            value, why = event.who, ""
        if why and (below := raw.get(field.name)) and below != text:  # a nickname in the subject, the name below it
            value, why = read_value(field, below, names)
        if not why and value and (field.wished if first else not case.fields.get(field.name)):
            why = next(iter(broken(field, value, names)), "")
        if why:
            case.fields.pop(field.name, None)
            case.memo.setdefault("wrote", {})[field.name] = text
            if first and field.wished:
                unfit[field.name] = why
            else:
                problems.append(Problem(field.name, why))
        else:
            case.fields[field.name] = value
        if field.name in ("项目",) or (field.kind.name == "项目" and not case.project and value):
            case.project = value or case.project
    if not first:
        return problems
    case.memo["unfit"] = unfit
    bad = {p.field for p in problems}
    later = asked_later(process)
    for field in process.fields.values():
        if field.name not in bad and field.name not in later and not case.fields.get(field.name) and field.default:
            value, why = read_value(field, names.value(field.default), names)
            if value and not why:
                case.fields[field.name] = value
                if field.kind.name == "项目" and not case.project:
                    case.project = value
    names.forget()
    for field in process.fields.values():
        if field.name in bad:
            continue
        value = case.fields.get(field.name, "")
        if not value:
            if is_required(field, names):
                problems.append(Problem(field.name, names.fill(field.missing) or "没有填写" + _choices(field)))
            continue
        if field.name in given or first:
            problems += [Problem(field.name, why) for why in broken(field, value, names)]
    bad = {p.field for p in problems}
    for check in process.checks:
        if not check.warn and check.field not in bad and check.when.holds(names.many):
            problems.append(Problem(check.field, names.fill(check.says)))
    order = list(process.fields)
    return sorted(problems, key=lambda p: order.index(p.field) if p.field in order else len(order))


def warnings(process: Process, names: Names) -> list[str]:
    """What is only pointed out (校验 … 只提示)."""
    return [names.fill(c.says) for c in process.checks if c.warn and c.when.holds(names.many)]


def read_value(field: Field, text: str, names: Names) -> tuple[str, str]:
    """One field's value, or why the text is none."""
    text = tidy(text)
    if text.strip("。.") in field.empty_words:
        return "", ""
    if field.kind.name == "项目":
        name, near = names.world.project(text)
        if name:
            return name, ""
        if near:
            return "", f"没有叫“{text}”的项目,是不是:{' / '.join(near)}?请改成其中一个"
        return (text, "") if field.unregistered_ok else ("", f"项目“{text}”还没有立项;请先立项,或核对项目名称")
    if field.kind.name == "时间" and "不晚于现在" in field.checks and (moment := lately(text, names.world.now)):
        return moment.strftime("%Y-%m-%d %H:%M"), ""
    value, why = field.kind.read(text, names.world)
    if why and field.kind.name == "人员" and (meant := _by_role(text, names)):
        return meant, ""
    return value, why


def _by_role(text: str, names: Names) -> str:
    """Who holds the role that somebody wrote instead of a name (`转 第二售前`, `转 第二责任售前`); '' where nobody is called so."""

    def plain(word: str) -> str:
        return word.strip(" 。.").replace("责任", "")

    return next(("、".join(people) for role in names.process.roles if plain(role) == plain(text) and (people := names.people(role))), "")


def said(field: Field) -> str:
    """The word that people write for a field, as buttons show it."""
    return (field.labels or (field.name,))[0]


def unsaid(field: Field) -> str:
    """What an action's refusal says of a field that it asks for and nobody wrote."""
    return field.missing or f"没有写明{said(field)}" + _choices(field)


def _choices(field: Field) -> str:
    return f";可写:{' / '.join(field.kind.options)}" if field.kind.options else ""


def asked_later(process: Process) -> set[str]:
    """Fields that somebody's action asks for and the first form need not hold: their 缺省 is that action's, not the opening's.

    What only the service does (no 谁) asks nobody: it brings its values along, and the form's own 缺省 stands until then.
    """
    actions = [a for source in (process.anytime, *(s.actions for s in process.states.values())) for a in source.values() if a.by]
    asked = {name for a in actions for name in (*a.asks, *a.may_say)}
    return {name for name in asked if process.fields[name].required is False and not process.fields[name].from_subject}


def is_required(field: Field, names: Names) -> bool:
    """Whether the field must be filled, given the others."""
    return field.required if isinstance(field.required, bool) else field.required.holds(names.many)


def broken(field: Field, value: str, names: Names) -> Iterable[str]:
    """Why the value does not pass the field's own checks."""
    for check in field.checks:
        left = gone(value, names.world) if check.startswith("属于 岗位 ") else []
        if why := f"{'、'.join(left)} 已不在职;请另写一位" if left else failed(check, value, names.look, names.world.vague()) or _unknown(check, value, names.world):
            yield why
            return


def gone(people: str, world: World) -> list[str]:
    """Who of them has left: nobody of their roles any more. A form may speak of them, an action gives them nothing to do."""
    return [n for n in people.split("、") if (roles := world.roles_of(n)) and not any(n in world.with_role(r) for r in roles)]


def _unknown(check: str, value: str, world: World) -> str:
    """The checks that ask the world: projects, contracts, colleagues."""
    match check:
        case "在项目库":
            return "" if world.project(value)[0] else f"项目库里没有“{value}”"
        case "在合同库":
            return "" if world.contract(value) else f"合同库里没有“{value}”"
        case "内部人员":
            others = [n for n in value.split("、") if n not in world.with_role("*")]
            return f"{'、'.join(others)} 不是在职的内部人员" if others else ""
    return ""
