"""Decides: a process, a case, an event and the world → an Outcome, or Refused. Writes nothing; the same question gets the same answer."""

from __future__ import annotations

from . import asked
from .documents import handed_in, listed_documents, unsigned
from .forms import asked_later, read_value, take
from .model import Action, Effects, Process, Start
from .names import Names
from .world import RETURNED, Case, ChildPlan, EntryPlan, Event, LetterPlan, NudgePlan, Outcome, Problem, Refused, Step, World


def blank_case(process: Process, event: Event, title: str = "") -> Case:
    """A case about to be opened."""
    return Case(
        process=process.name, version=process.version, state="", opened_at=event.at, entered_at=event.at, opened_by=event.who, title=title
    )


def may_start(process: Process, start: Start, case: Case, event: Event, world: World) -> bool:
    """Whether this person may begin a case this way."""
    if not start.by:
        return True
    return event.who in Names(process, case, event, world).everyone(start.by)


def begin(process: Process, index: int, case: Case, event: Event, world: World) -> Outcome | Refused:
    """Opens a case by its `index`-th start, or takes its mended form. A form with gaps gives an Outcome with `problems`."""
    start = process.starts[index]
    case = case.copy()
    case.memo["start"] = index
    case.memo.setdefault("subject", event.subject)
    names = Names(process, case, event, world)
    case.fields |= {name: names.value(text) for name, text in start.presets.items()}
    derived = not (start.subjects or start.forms or start.free)
    problems = [] if derived else take(process, names, first=True)
    if derived:
        _derive(process, names)
    holders = names.everyone(start.by)
    # whose right it is may hang on the project: where nobody may, or nobody of a role for a project unknown, the form says why
    unknown = any(p.field in process.fields and process.fields[p.field].kind.name == "项目" for p in problems)
    nobody = not holders or unknown and not all(names.everyone([role]) for role in start.by)
    if start.by and event.who not in holders and not (problems and nobody):
        return Refused("right", start.otherwise and names.fill(start.otherwise) or _who_may(names, start.by), cc=names.everyone(process.chief))
    case.title = names.title() or case.title or process.title
    outcome = Outcome(case, problems=problems)
    if problems:
        _returned(outcome, event)
        return outcome
    if start.when is not None and not start.when.holds(names.many):
        return Refused("condition", names.fill(start.otherwise) or "现在还不能这样做")
    came_from = case.state
    case.open = True
    for document in listed_documents(process, case):  # the mail that lists them may bring the first
        case.documents.setdefault(document, "")
    _apply(start.effects, names, outcome)
    outcome.steps.insert(0, Step("更正" if came_from else "开单", came_from, case.state))
    case.title = names.title() or case.title
    return outcome


def _derive(process: Process, names: Names) -> None:
    """A child's fields come from its parent as they are; defaults fill what was not given."""
    case = names.case
    for label, text in names.event.raw.items():
        if label in process.fields:
            value, why = read_value(process.fields[label], text, names)
            case.fields[label] = text if why else value
    case.project = case.project or case.fields.get("项目", "")
    later = asked_later(process)
    for field in process.fields.values():
        if not case.fields.get(field.name) and field.default and field.name not in later:
            value, why = read_value(field, names.value(field.default), names)
            if value and not why:
                case.fields[field.name] = value
    names.forget()


def _returned(outcome: Outcome, event: Event) -> None:
    case = outcome.case
    case.memo["asked"] = [p.field for p in outcome.problems]
    if case.state != RETURNED:
        outcome.steps.append(Step("退件", case.state, RETURNED, "；".join(f"{p.field}:{p.why}" for p in outcome.problems)))
        case.state, case.entered_at = RETURNED, event.at
    else:
        case.entered_at = event.at
        outcome.steps.append(Step("再退件", RETURNED, RETURNED, "；".join(f"{p.field}:{p.why}" for p in outcome.problems)))
    case.open = True


def act(process: Process, case: Case, action: Action, event: Event, world: World) -> Outcome | Refused:
    """Does an action on a case, or says why not and what may be done."""
    case = case.copy()
    names = Names(process, case, event, world)
    if action.by and event.who and event.who not in names.everyone(action.by):
        return Refused("right", _who_may(names, action.by), cc=names.everyone(process.chief))
    if action.when is not None and not action.when.holds(names.many):
        return Refused("condition", names.fill(action.otherwise) or f"现在还不能“{action.name}”")
    before = dict(case.fields)
    problems, remark = asked.read(process, action, names)
    problems += unsigned(process, action, names)
    if not problems and (wrong := [Problem(c.field, names.fill(c.says)) for c in action.checks if c.when.holds(names.many)]):
        return Refused("condition", "请看下面的说明", wrong)
    if problems and action.form and (kept := _keep_given(case, before, problems)):
        outcome = Outcome(case, steps=[Step(action.name, case.state, case.state, "；".join(f"{k}:{case.fields[k]}" for k in kept)[:500])])
        gaps = "\n".join(f"- {p.field}:{p.why}" for p in problems)
        outcome.letters.append(LetterPlan("", [event.who], says=f"已记下:{'、'.join(kept)}。还缺下面几项,请直接回复本信补齐(已记下的不必再写):\n{gaps}"))
        outcome.partial = True
        return outcome
    if problems:
        return Refused("missing", f"“{action.name}”还缺下面的内容,请补齐后再发一次", problems)
    if action.needs_file and not any(action.needs_file in f for f in event.files) and not (action.needs_file == "附件" and event.files):
        return Refused("file", f"“{action.name}”要附上《{action.needs_file}》;请把文件作为附件再发一次")
    note = "\n".join(t for t in (event.argument, event.rest) if t)[:2000]
    outcome = Outcome(case)
    if action.all_of and event.who:
        done = case.memo.setdefault("done", {}).setdefault(f"{case.state}/{action.name}", [])
        if event.who not in done:
            done.append(event.who)
        waiting = [r for r in action.by if (people := names.people(r)) and not any(p in done for p in people)]
        if waiting:
            outcome.steps.append(Step(action.name, case.state, case.state, note))
            others = names.everyone(waiting)
            outcome.letters.append(LetterPlan("", [event.who], says=f"已记下您的“{action.name}”,还等:{'、'.join(others)}"))
            outcome.letters.append(LetterPlan("", [o for o in others if o != event.who], says=f"{event.who} 已“{action.name}”,还等您:请核对后回复“{action.name}”", facts={"等": action.name}, remark=remark))
            return outcome
    came_from = case.state
    case.memo.setdefault("times", {}).setdefault(action.name, []).append(event.at.isoformat())
    _apply(action.effects, names, outcome)
    changed = [f"{k}:{v}" for k, v in case.fields.items() if before.get(k) != v and k not in note]
    if changed and not note:
        note = "；".join(changed)[:500]
    outcome.steps.insert(0, Step(action.name, came_from, case.state, note))
    for letter in outcome.letters:
        letter.remark = remark if remark not in letter.says else ""
    case.title = names.title() or case.title
    return outcome


def late(process: Process, case: Case, effects: Effects, event: Event, world: World) -> Outcome:
    """What follows when a deadline has passed."""
    case = case.copy()
    outcome = Outcome(case)
    came_from = case.state
    _apply(effects, Names(process, case, event, world), outcome)
    outcome.steps.insert(0, Step("逾期", came_from, case.state))
    return outcome


def supplement(process: Process, case: Case, event: Event, world: World) -> Outcome | None:
    """The opener sends what was asked for later: empty fields are filled, nothing is overwritten, and that is told. None where nothing is new."""
    case = case.copy()
    names = Names(process, case, event, world)
    before = dict(case.fields)
    problems = take(process, names, first=False)
    kept = [name for name, value in before.items() if value and case.fields.get(name, value) != value]
    case.fields |= {name: value for name, value in before.items() if value}
    new = {k: v for k, v in case.fields.items() if v and not before.get(k)}
    if not new and not problems and not kept:
        return None
    outcome = Outcome(case, steps=[Step("补充", case.state, case.state, "；".join(f"{k}:{v}" for k, v in new.items()))])
    says = f"已补上:{'、'.join(new)}" if new else ""
    if problems:
        says += "；".join(f"“{p.field}”{p.why}" for p in problems)
    if kept:
        says += ("。" if says else "") + "。".join(f"“{name}”已经登记为“{before[name][:60]}”,现在不能这样改,没有改" for name in kept)
    outcome.letters.append(LetterPlan("", [event.who], says=says))
    card = process.states.get(case.state)
    if new and card is not None and not process.pass_on:  # who is to decide sees what was added; 往来转给 shows the whole mail
        readers = [n for n in names.everyone(card.waits) if n != event.who]
        outcome.letters.append(LetterPlan("", readers, says=f"{event.who} 补充了 " + "；".join(f"{k}:{v}" for k, v in new.items())))
    case.title = names.title() or case.title
    return outcome


def _who_may(names: Names, roles: tuple[str, ...]) -> str:
    people = names.everyone(roles)
    shown = "、".join(r.removeprefix("岗位 ") for r in roles)
    return f"只有{shown}可以这样做" + (f"({'、'.join(people[:6])})" if 0 < len(people) <= 6 else "")


def _keep_given(case: Case, before: dict[str, str], problems: list[Problem]) -> list[str]:
    """Of a form with gaps, what it did say stays; the names of the new values."""
    for problem in problems:
        if problem.field in before:
            case.fields[problem.field] = before[problem.field]
        else:
            case.fields.pop(problem.field, None)
    return [name for name, value in case.fields.items() if value and value != before.get(name)]


def _apply(effects: Effects, names: Names, outcome: Outcome) -> None:
    case = names.case
    for name, text in effects.sets.items():
        value = names.value(text)
        field = names.process.fields[name]
        read, why = read_value(field, value, names) if value else ("", "")
        case.fields[name] = value if why else read
        if field.kind.name == "项目" and name == "项目":
            case.project = case.fields[name]
    if effects.sets:
        names.forget()
    if effects.owner:
        people = names.holders(effects.owner) or ([n] if (n := names.value(effects.owner)) and names.world.person(n) else [])
        case.owner = "、".join(people) or case.owner
    for entry in effects.entries:
        values = {column: names.value(text) for column, text in entry.values.items()}
        outcome.entries.append(EntryPlan(entry.register, names.value(entry.code) if entry.code else "", values, names.event.rows if entry.listed else None))
    outcome.changes += [(change.register, change.to) for change in effects.changes]
    for child in effects.children:
        if child.when is not None and not child.when.holds(names.many):
            continue
        for each in names.value(child.each).split("、") if child.each else [""]:
            if child.each and not each:
                continue
            values = {k: (each if t == "<逐项>" else names.value(t)) for k, t in child.values.items()}
            target = names.value(child.process) if child.process.startswith("<") else child.process
            outcome.children.append(ChildPlan(target, {**values, "项目": values.get("项目") or case.project}))
    for nudge in effects.nudges:
        same = {there: names.look(here or there) for there, _, here in (s.partition("=") for s in nudge.same)}
        outcome.nudges.append(NudgePlan(nudge.process, nudge.action, same, {k: names.value(t) for k, t in nudge.values.items()}))
    for column, text in effects.project.items():
        outcome.project[column] = names.value(text)
    every = list({**names.process.documents, **case.documents})
    come = [d for d, at in case.documents.items() if at]  # to accept them all is to accept what has come: what is missing stays missing
    for which, into, whole in ((effects.received, outcome.received, every), (effects.accepted, outcome.accepted, come)):
        for document in which:
            found = whole if document == "全部" else handed_in(names) if document == "来件" else [document]
            into += found
            for name in found:
                if which is effects.received or not case.documents.get(name):
                    case.documents[name] = names.event.at.isoformat()
    for document in effects.sent_back:
        for name in [d for d, at in case.documents.items() if at] if document == "全部" else handed_in(names) if document == "来件" else [document]:
            outcome.sent_back.append(name)
            case.documents[name] = ""
            if (document_ := names.process.documents.get(name)) and document_.signed:
                case.fields[document_.signed] = ""  # what comes instead is to be signed again
    if effects.received or effects.sent_back:
        names.forget()
    outcome.pause += effects.pause
    outcome.resume += effects.resume
    outcome.restart += effects.restart
    if effects.to:
        if case.state == RETURNED and not case.memo.get("path"):
            case.memo["accepted"] = names.event.at.isoformat()  # until now the form had gaps, and no clock ran (§0.4)
        case.memo.setdefault("path", {})[effects.to] = names.event.at.isoformat()
        case.memo.setdefault("times", {}).setdefault(effects.to, []).append(names.event.at.isoformat())
        said = case.memo.get("done", {})
        for key in [k for k in said if k.startswith(f"{effects.to}/")]:
            del said[key]  # 都要: whoever comes back to a state is asked anew
        case.state, case.entered_at = effects.to, names.event.at
        card = names.process.states[effects.to]
        case.open = not card.final
        names.forget()
    for order in effects.letters:
        if order.when is not None and not order.when.holds(names.many):
            continue
        to = names.everyone(order.to)
        cc = [n for n in names.everyone(order.cc) if n not in to]
        if to or cc:
            outcome.letters.append(LetterPlan(order.letter, to or cc, cc if to else [], names.fill(order.says), order.attach))
    if effects.to and (enter := names.process.states[effects.to].enter) is not None:
        _apply(enter, names, outcome)
    for block in effects.branch:
        if block.when is None or block.when.holds(names.many):
            _apply(block, names, outcome)
            break
    for block in effects.also:
        if block.when is None or block.when.holds(names.many):
            _apply(block, names, outcome)
