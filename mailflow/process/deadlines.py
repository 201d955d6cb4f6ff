"""Which deadlines a case has now, when each falls due, and when its reminders fall (RULEBOOK §0.3, §0.6). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from ..calendars import WorkCalendar
from ..durations import Duration, Pauses, due, explain, parse_duration, used
from . import dates
from .model import Deadline, Document, Process
from .names import Names
from .vocabulary import CLOSING
from .world import RETURNED, Case


@dataclass(slots=True)
class Wanted:
    """A deadline that the case has by its process, with what is known of its end."""

    name: str
    scope: str  # the state that it belongs to, '' for the whole case
    start: datetime
    due: datetime
    explained: str
    stopped_at: datetime | None = None
    cancelled: bool = False
    void: bool = False  # its condition does not hold (any more): another limit may have taken its place
    ladder: str = ""
    document: str = ""


def moment(text: str, calendar: WorkCalendar) -> datetime | None:
    """A field's text as an aware moment in the service's zone."""
    text = text.strip()
    try:
        made = datetime.fromisoformat(text)
    except ValueError:
        return None
    return made.replace(tzinfo=calendar.tz) if made.tzinfo is None else made.astimezone(calendar.tz)


def wanted(process: Process, case: Case, names: Names, calendar: WorkCalendar) -> list[Wanted]:
    """Every deadline whose start is known. Those of states left or of a closed case carry their end."""
    found: list[Wanted] = []
    for deadline in process.deadlines.values():
        if deadline.each:
            found += _each(deadline, case, calendar, "")
        elif made := _one(deadline, process, case, names, calendar, ""):
            found.append(made)
    for document in process.documents.values():
        if (document.length or document.due) and (made := _document(document, process, case, names, calendar)):
            found.append(made)
    card = process.states.get(case.state)
    for deadline in card.deadlines if card and case.open else ():
        if deadline.each:
            found += _each(deadline, case, calendar, case.state)
        elif made := _one(deadline, process, case, names, calendar, case.state):
            found.append(made)
    return found


def _each(deadline: Deadline, case: Case, calendar: WorkCalendar, scope: str) -> Iterator[Wanted]:
    """One limit for each line that holds a date, due at the end of that day; done at the moment before its words in a field that 到 names."""
    start = _start(deadline.start, case, calendar, scope)
    done = [line for name in deadline.until for line in case.fields.get(name, "").split("\n")]
    for line in re.split(r"[\n;；]", case.fields.get(deadline.each, "")) if start else ():
        if (found := dates.find_date(line, case.opened_at.date())) is None or start is None:
            continue
        day, (begin, end) = found
        words = re.sub(r"^[\s\d.、)）(（:：,，-]+|[\s:：,，、。()（）]+$", "", (line[:begin] + " " + line[end:]).strip()) or day.isoformat()
        made = Wanted(f"{deadline.name} {words[:40]}", scope, start, datetime.combine(day, time(23, 59), calendar.tz), line.strip(), ladder=deadline.ladder)
        made.stopped_at = next((at for text in done if words in text and (at := moment(text[:16], calendar))), None)
        made.cancelled = made.stopped_at is None and not case.open
        yield made


def _one(deadline: Deadline, process: Process, case: Case, names: Names, calendar: WorkCalendar, scope: str) -> Wanted | None:
    start = _start(deadline.start, case, calendar, scope)
    if start is None:
        return None
    again = moment(case.memo.get("restarts", {}).get(deadline.name, ""), calendar)
    if again is not None and again > start:  # 重新计时: from the last word of it, unless the state was entered anew since
        start = again
    if deadline.when is not None and not deadline.when.holds(names.many):
        return Wanted(deadline.name, scope, start, start, "", cancelled=True, void=True)
    if deadline.due:
        name, _, clock = deadline.due.partition(" ")
        text = names.look(name)
        end = moment(text, calendar) if text else None
        if end is None:
            return None
        if len(text.strip()) <= 10:
            end = _clocked(end.date(), clock, calendar)
        told = f"{name} {text} 到期" if len(text.strip()) > 10 else f"{name} {text},到当天 {end:%H:%M}"
    else:
        length = names.look(deadline.length) if deadline.length in names.process.lookups or deadline.length in process.fields else deadline.length
        duration = _duration(length)
        if duration is None:
            return None
        counted_from: datetime | date = start
        if duration.base:
            text = names.look(duration.base)
            base = moment(text, calendar) if text else None
            if base is None:
                return None
            counted_from = base.date() if len(text.strip()) <= 10 else base
        stood = pauses(case.memo, deadline.name, calendar)
        end = due(counted_from, duration, calendar, stood)
        told = explain(counted_from, duration, end, calendar, stood, "" if deadline.start == "收到" else deadline.start)
    made = Wanted(deadline.name, scope, start, end, told, ladder=deadline.ladder)
    made.stopped_at = _stopped(deadline.until, case, calendar, start)
    if made.stopped_at is None and not case.open and not scope:
        if deadline.until:
            made.cancelled = True  # the case is over and nothing met it: no one is asked any more
        else:
            made.stopped_at = case.entered_at
    return made


def _clocked(day: date, clock: str, calendar: WorkCalendar) -> datetime:
    """What a day alone ends at: at closing time (下班), at an hour and a minute, without either at 24:00, written 23:59 (§8-2)."""
    if clock == CLOSING:
        return calendar.closing(day)
    hour, minute = (int(x) for x in (clock or "24:00").split(":"))
    return calendar.at(day, time(23, 59) if hour == 24 else time(hour, minute))


def _document(document: Document, process: Process, case: Case, names: Names, calendar: WorkCalendar) -> Wanted | None:
    as_deadline = Deadline(document.name, start=document.start, length=document.length, due=document.due, until=(document.name,), when=document.when, ladder=document.ladder)
    made = _one(as_deadline, process, case, names, calendar, "")
    if made:
        made.document = document.name
    return made


def _start(start: str, case: Case, calendar: WorkCalendar, scope: str) -> datetime | None:
    if not start and scope:
        return case.entered_at.astimezone(calendar.tz)
    if not start or start == "收到":
        if case.state == RETURNED and not case.memo.get("path"):
            return None  # a form that went back starts no clock; mended, it counts from the mending (§0.4)
        return moment(case.memo.get("accepted", ""), calendar) or case.opened_at.astimezone(calendar.tz)
    if start in case.memo.get("path", {}):
        return moment(case.memo["path"][start], calendar)
    return moment(case.fields.get(start, ""), calendar)


def _stopped(until: Sequence[str], case: Case, calendar: WorkCalendar, start: datetime) -> datetime | None:
    """The earliest end: a moment field that is filled, a document received, an action done, a state entered, since the start."""
    found = []
    for name in until:
        for text in (case.fields.get(name, ""), case.documents.get(name, "")):
            if text and (at := moment(text, calendar)):
                found.append(at)
        for text in case.memo.get("times", {}).get(name, ()):  # done in time and sent back, then done again: it was in time
            if (at := moment(text, calendar)) and at >= start:  # what was done in an earlier round ended that round
                found.append(at)
    return min(found) if found else None


def _duration(text: str) -> Duration | None:
    text = text.strip()
    if not text:
        return None
    if text.replace(".", "", 1).isdigit():
        text += "小时"
    try:
        return parse_duration(text)
    except ValueError:
        return None


def pauses(memo: Mapping[str, Any], name: str, calendar: WorkCalendar) -> list[tuple[datetime, datetime]]:
    """The spans in which the clock of a case's deadline stood and that are over."""
    return [
        (a, b)
        for begin, end in memo.get("pauses", {}).get(name, [])
        if end and (a := moment(begin, calendar)) and (b := moment(end, calendar))
    ]


@dataclass(slots=True, frozen=True)
class Rung:
    """One row of the ladder table (提醒梯次): when, to whom, how often."""

    kind: str  # remind, due, overdue
    when: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    every: str = ""
    most: int = 0
    letter: str = ""  # 信: instead of the usual one
    copied_from: int = 0  # from which overdue letter on 抄送 is copied


def rungs(rows: Sequence[dict[str, str]], ladder: str) -> list[Rung]:
    """The rows of one ladder. Columns: 梯次, 类别(提醒/到期/逾期), 时机, 收信, 抄送, 每隔, 最多, 第几次起抄送, 信."""
    kinds = {"提醒": "remind", "到期": "due", "逾期": "overdue"}

    def split(cell: str) -> tuple[str, ...]:
        return tuple(w for w in cell.split("、") if w)

    return [
        Rung(
            kinds[row["类别"]], row["时机"], split(row["收信"]), split(row["抄送"]), row.get("每隔", ""),
            int(row.get("最多") or 0), row.get("信", ""), int(row.get("第几次起抄送") or 0),
        )
        for row in rows
        if row["梯次"] == ladder and row["类别"] in kinds
    ]  # fmt: skip


@dataclass(slots=True, frozen=True)
class Tick:
    """One thing that happens to a deadline at its time."""

    at: datetime
    kind: str  # remind, due, overdue
    rung: Rung | None
    number: int = 1  # which overdue letter it is


def ticks(ladder: Sequence[Rung], start: datetime, end: datetime, calendar: WorkCalendar, stood: Pauses = ()) -> Iterator[Tick]:
    """All that happens to a deadline, in order of time: reminders (those before the start are skipped, §8-24), the due moment,
    then overdue letters without end unless the ladder bounds them. The due moment is always there, with or without a letter."""
    before = [Tick(at, "remind", rung) for rung in ladder if rung.kind == "remind" and (at := _before(rung.when, start, end, calendar, stood)) and start < at < end]
    yield from sorted(before, key=lambda t: t.at)
    yield Tick(end, "due", next((r for r in ladder if r.kind == "due"), None))
    overdue = next((r for r in ladder if r.kind == "overdue"), None)
    if overdue is None:
        return
    at, number = _overdue_first(overdue, end, calendar), 1
    while not overdue.most or number <= overdue.most:
        yield Tick(at, "overdue", overdue, number)
        at, number = _every(overdue.every or overdue.when, at, calendar), number + 1


def _before(when: str, start: datetime, end: datetime, calendar: WorkCalendar, stood: Pauses = ()) -> datetime | None:
    """`已用50%`, `已过3天`, `剩25%`, `提前1个工作日 09:00`, `当日 09:00`, `提前3天 09:00`."""
    if when.startswith("已用"):
        return used(start, end, float(when[2:].rstrip("%")) / 100, calendar, False, stood)
    if when.startswith("已过") and (passed := _duration(when[2:])):
        return due(start, passed, calendar)
    if when.startswith("剩工作"):
        return used(start, end, 1 - float(when[3:].rstrip("%")) / 100, calendar, True, stood)
    if when.startswith("剩"):
        return used(start, end, 1 - float(when[1:].rstrip("%")) / 100, calendar, False, stood)
    what, _, clock = when.partition(" ")
    hour, minute = (int(x) for x in (clock or "9:00").split(":"))
    day = end.date()
    if what.startswith("提前") and (duration := _duration(what[2:])):
        if duration.works:
            for _ in range(int(duration.amount)):
                day = calendar.previous_workday(day)
        else:
            day -= timedelta(days=int(duration.amount))
    return datetime.combine(day, time(hour, minute), calendar.tz)


def _overdue_first(rung: Rung, end: datetime, calendar: WorkCalendar) -> datetime:
    """`次工作日 09:00`, or a span after the due moment such as `1小时`."""
    what, _, clock = rung.when.partition(" ")
    if what == "次工作日":
        hour, minute = (int(x) for x in (clock or "9:00").split(":"))
        return datetime.combine(calendar.next_workday(end.date()), time(hour, minute), calendar.tz)
    return _every(rung.when, end, calendar)


def _every(span: str, at: datetime, calendar: WorkCalendar) -> datetime:
    what = span.split(" ")[0]
    if what in ("次工作日", "工作日"):
        return datetime.combine(calendar.next_workday(at.date()), at.timetz().replace(tzinfo=None), calendar.tz)
    duration = _duration(what)
    if duration is None:
        return at + timedelta(days=1)
    return due(at, duration, calendar)
