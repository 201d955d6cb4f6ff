"""What an action asks to be written (要写明, 可写明), read from a mail: labelled lines first, then the words behind the command, in the order asked."""

from __future__ import annotations

import re
from datetime import datetime

from . import dates
from .forms import broken, gone, is_required, read_value, unsaid
from .model import Action, Process
from .names import Names
from .world import Event, Problem

MOST_REMARK = 300  # characters


def read(process: Process, action: Action, names: Names) -> tuple[list[Problem], str]:
    """Fills the case's fields; gives what is wrong, and the words that nothing asked for: a remark (§0.4 批注) for whoever is written to."""
    event = names.event
    wanted = [*action.asks, *action.may_say]
    hands_in = "来件" in action.effects.received  # then the words say which document it is: `完成 巡检报告` writes nothing into a field
    given = _labelled(process, wanted, event)
    argument, rest = _inline(process, wanted, event.argument, given), _unlabelled(event)
    missing = [name for name in wanted if name not in given and (not hands_in or name in action.asks)]
    argument, rest = _from_words(process, action, names, missing, argument, rest, given)
    problems = [problem for name in wanted if (problem := _fill(process, action, names, name, given.get(name, "")))]
    form = action.form and not event.argument  # filled in line by line: what stands around the lines is said to nobody
    return problems, "" if form or hands_in else "\n".join(t for t in (argument, rest) if t)[:MOST_REMARK]


def _labelled(process: Process, wanted: list[str], event: Event) -> dict[str, str]:
    """What the mail's lines and its subject say of these fields."""
    given: dict[str, str] = {}
    for name in wanted:
        field = process.fields[name]
        if label := next((label for label in (name, *field.labels) if label in event.raw), ""):
            given[name] = event.raw[label]
        if field.from_subject and event.parts.get(field.from_subject):
            given.setdefault(name, event.parts[field.from_subject])
    return given


def _from_words(
    process: Process, action: Action, names: Names, missing: list[str], argument: str, rest: str, given: dict[str, str]
) -> tuple[str, str]:
    """Takes these fields off the beginning of the words, those of the command's line before those below it; gives what is left of both."""
    today = names.event.at.date()
    day = ""  # `5月20日 00:00-04:00`: the second time is of the first one's day
    for name in missing:
        source = argument or rest
        if not source:
            break
        kind = process.fields[name].kind
        if kind.name in ("日期", "时间"):
            value, left = _cut_moment(source.lstrip("-~～至到—– ") if day else source, kind.name, names.event.at)
            if value and (found := dates.find_date(value, today)):
                day = found[0].isoformat()
            elif value and day:
                value = f"{day} {value}"
        elif kind.name == "人员":
            value, left = _cut_person(source, names)
        elif kind.name in ("工时", "金额", "数字", "整数", "是否", "选项", "多选"):
            head, _, left = source.partition(" ")
            read_as, why = kind.read(source if kind.name == "工时" else head, names.world)
            value, left = (source, "") if kind.name == "工时" and read_as else (head, left) if not why else ("", source)
            if why and kind.name in ("选项", "多选", "工时") and name in action.asks:
                value = head  # said, and wrong: the reader is told what may be written
        else:
            value, left = "\n".join(t for t in (argument, rest) if t), ""
            argument = rest = ""
        if value:
            given[name] = value
            if argument:
                argument = left
            elif rest:
                rest = left
    return argument, rest


def _fill(process: Process, action: Action, names: Names, name: str, text: str) -> Problem | None:
    """Puts what was written into the field, or what stands in where nothing was; what is wrong with it."""
    case, field = names.case, process.fields[name]
    if not text:
        if action.form and case.fields.get(name):
            return None  # a form is filled in bit by bit, by several people
        # what earlier mails said is no answer to what this one asks, unless a default stands in
        if field.default and (name in action.asks or not case.fields.get(name)):
            text = names.value(field.default)
        if not text:
            needed = name in action.asks or field.required is not False and not case.fields.get(name) and is_required(field, names)
            return Problem(name, unsaid(field)) if needed else None  # 可写明, yet a condition of the field may ask for it
    value, why = read_value(field, text, names)
    if not why and value:
        case.fields[name] = value
        names.forget()
        why = next(iter(broken(field, value, names)), "")
        if not why and field.kind.name == "人员" and (past := gone(value, names.world)):
            why = f"{'、'.join(past)} 已不在职;请另写一位"
    if not why and not value and name in action.asks:
        why = unsaid(field)
    return Problem(name, why) if why else None


def _inline(process: Process, wanted: list[str], argument: str, given: dict[str, str]) -> str:
    """`label:value` within the command's own line is taken into `given`; what is left of the line comes back."""
    means = {label: name for name in wanted for label in (name, *process.fields[name].labels)}
    if not means or not re.search(r"[:：]", argument):
        return argument
    label = "|".join(map(re.escape, sorted(means, key=len, reverse=True)))
    parts = re.split(rf"(?:^|(?<=[\s,，;；、]))({label})\s*[:：]\s*", argument)
    for word, value in zip(parts[1::2], parts[2::2], strict=True):
        given.setdefault(means[word], value.strip(" ,，;；、"))
    return parts[0].strip(" ,，;；、") if len(parts) > 1 else argument


def _unlabelled(event: Event) -> str:
    """The lines below the command that are no `label:value` of a known field."""
    lines = []
    for line in event.rest.split("\n"):
        head = re.split(r"[:：]", line, maxsplit=1)[0].strip()
        if head in event.raw and re.search(r"[:：]", line):
            continue
        lines.append(line)
    return "\n".join(lines).strip()


def _cut_moment(source: str, kind: str, now: datetime) -> tuple[str, str]:
    """A date or time at the beginning of the words, and the rest; '' where they do not begin with one."""
    first, _, below = source.partition("\n")
    day = dates.find_date(first, now.date())
    clock = dates.find_time(first)
    if day and day[1][0] > 6:
        day = None
    if not day and not clock:
        return "", source
    end = day[1][1] if day else 0
    if kind == "时间" and day:
        after = dates.find_time(first[end : end + 12])
        clock_end = end + after[1][1] if after else end
        return first[:clock_end].strip(), (first[clock_end:].strip(" ,，。;；") + "\n" + below).strip()
    if kind == "时间" and clock and clock[1][0] <= 4:
        return first[: clock[1][1]].strip(), (first[clock[1][1] :].strip(" ,，。;；") + "\n" + below).strip()
    return (first[:end].strip(), (first[end:].strip(" ,，。;；") + "\n" + below).strip()) if day else ("", source)


def _cut_person(source: str, names: Names) -> tuple[str, str]:
    first, _, below = source.partition("\n")
    head, _, tail = first.strip().partition(" ")
    for words, left in ((first.strip(), ""), (head, tail)):
        for word in (words, re.split(r"[,，;；。(（]", words)[0]):
            if names.world.person(word):
                return word, (left + "\n" + below).strip()
    return head, (tail + "\n" + below).strip()
