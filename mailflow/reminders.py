"""Rings deadlines: reminders, the due moment, overdue letters (RULEBOOK §0.6). Right time, right person, never twice, no flood after a standstill."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from store import cases

from . import letters, standstill, timekeeping
from .knowledge import Knowledge
from .process.deadlines import Rung, Tick
from .process.model import Deadline, Document, Process
from .process.names import Names
from .process.world import Case, Event
from .recorder import Recorder

NIGHT = (time(22), time(8))  # in which no ladder of the working calendar writes (§8-24)
ON_TIME = timedelta(hours=2)  # what rings so soon after its time is sent whenever that is: the ladder chose it


def ring(recorder: Recorder, row: Any, now: datetime, clock: datetime) -> None:
    """Does what a deadline's next tick asks and sets the one after it. Several ticks that a standstill let pass make one letter.

    `now`: up to when ticks ring (a mail that came then is about to be read); `clock`: the time of the pass.
    """
    recorder.desk.ringing = standstill.ringing(row, clock)
    try:
        _ring(recorder, row, now, clock)
    finally:
        recorder.desk.ringing = None


def _ring(recorder: Recorder, row: Any, now: datetime, clock: datetime) -> None:
    know = recorder.know
    found = cases.get(know.conn, row["case_id"])
    process = know.process_of(found["process"], found["version"]) if found else None
    declared = timekeeping.declaration(process, row["name"], row["memo"].get("scope", "")) if process else None
    tick = timekeeping.next_tick(know, process, row, standstill.rang(row) - timedelta(microseconds=1)) if process else None
    if found is None or process is None or declared is None or tick is None or not found["open"]:
        cases.change_deadline(know.conn, row["id"], {"next_at": None})
        return
    case = know.load(found)
    at = min(tick.at, now).astimezone(know.calendar.tz)
    if declared.when is not None and not declared.when.holds(Names(process, case, Event(at), know).many):  # master data changed since
        cases.change_deadline(know.conn, row["id"], {"status": "cancelled", "stopped_at": at, "next_at": None})
        return
    memo = dict(row["memo"])
    ladder = timekeeping.ladder_of(know, declared)
    morning = _morning(know, ladder, tick.at, clock)
    if tick.kind == "due" and not memo.get("late"):
        memo |= {"late": True, "number": 0, "told": 0}
        cases.change_deadline(know.conn, row["id"], {"status": "missed", "memo": memo})
        if declared.late is not None:
            case = recorder.late(process, case, row["id"], declared, Event(at))
            fresh = next(d for d in cases.deadlines(know.conn, [case.id]) if d["id"] == row["id"])
            if fresh["stopped_at"] is not None or fresh["status"] != "missed":
                return  # what followed moved or ended it
            memo = dict(fresh["memo"])
    over = tick.kind == "remind" and row["due"] <= (morning or now)  # nobody is reminded of what is over
    if morning is not None and tick.rung is not None and not over:  # what is so, is so at once; the letter waits
        waits = {"rang": standstill.rang(row).isoformat(), "owed": tick.kind == "due"}
        cases.change_deadline(know.conn, row["id"], {"memo": memo | waits, "next_at": morning})
        return
    memo = {key: value for key, value in memo.items() if key not in ("rang", "owed")}
    if tick.kind == "overdue":
        tick = _latest(recorder, process, row, memo, tick, now)
        memo["number"] = tick.number
    if tick.rung is not None and not over:
        memo["told"] = memo.get("told", 0) + (tick.kind != "remind")
        _tell(recorder, process, case, declared, {**row, "memo": memo}, tick, Event(now.astimezone(know.calendar.tz) if tick.kind == "overdue" else at))
    after = timekeeping.next_tick(know, process, {**row, "memo": memo}, now)  # reminders that passed meanwhile are left out
    cases.change_deadline(know.conn, row["id"], {"memo": memo, "next_at": after.at if after else None, "step": row["step"] + 1})


def _morning(know: Knowledge, ladder: Sequence[Rung], at: datetime, clock: datetime) -> datetime | None:
    """When what was to ring `at` may write, where its ladder goes by working days and it is night now; None: it may now."""
    local = clock.astimezone(know.calendar.tz)
    if clock - at <= ON_TIME or NIGHT[1] <= local.time() < NIGHT[0] or not any("工作" in rung.when + rung.every for rung in ladder):
        return None
    morning = know.calendar.next_working_moment(local)
    return morning if morning > local else None


def _latest(recorder: Recorder, process: Process, row: Any, memo: dict[str, Any], tick: Tick, now: datetime) -> Tick:
    """Of the overdue letters that a standstill let pass, the last one."""
    for _ in range(2000):
        later = timekeeping.next_tick(recorder.know, process, {**row, "memo": {**memo, "number": tick.number}}, now)
        if later is None or later.at > now:
            break
        tick = later
    return tick


def _tell(recorder: Recorder, process: Process, case: Case, declared: Deadline | Document, row: Any, tick: Tick, event: Event) -> None:
    assert tick.rung is not None
    names = Names(process, case, event, recorder.know)
    own = list(declared.who if isinstance(declared, Deadline) else declared.by)
    if not own and (card := process.states.get(case.state)):
        own = list(card.waits) or list(dict.fromkeys(r for a in card.actions.values() for r in a.by))
    responsible = names.everyone(own) or [case.owner or case.opened_by]
    if card := process.states.get(case.state):  # where all must do it, those who have done their part are not asked again
        done = {n for a in card.actions.values() if a.all_of for n in case.memo.get("done", {}).get(f"{case.state}/{a.name}", [])}
        responsible = [n for n in responsible if n not in done] or responsible
    to = _readers(recorder, tick.rung.to, responsible, names, declared.cc)
    cc = _readers(recorder, tick.rung.cc, responsible, names, declared.cc) if tick.number >= (tick.rung.copied_from or 1) else []
    if not to:
        return
    tz = recorder.know.calendar.tz
    due = row["due"].astimezone(tz)
    facts = {
        "期限名": row["name"], "到期": letters.say_due(due), "怎样算": row["explained"], "责任人": "、".join(responsible),
        "多久": _how_long(event.at - due), "第几封": row["memo"]["told"], "抄送": [n for n in cc if n not in to], "说": names.fill(getattr(declared, "says", "")),
    }  # fmt: skip
    occasion = tick.rung.letter or ("reminder" if tick.kind == "remind" else "overdue")
    copies = facts.pop("抄送")
    for number, reader in enumerate(to):
        recorder.tell(occasion, reader, event, process, case, 抄送=copies if number == 0 else [], **facts)


def _readers(recorder: Recorder, words: Iterable[str], responsible: list[str], names: Names, copied: Iterable[str]) -> list[str]:
    """The people that the words of the ladder table mean: 责任人, 经理 (their superior), 上一级 (the superior's), 抄送 (抄 of the deadline)."""
    found: list[str] = []
    for word in words:
        match word:
            case "责任人":
                found += responsible
            case "经理":
                found += [s for n in responsible if (s := recorder.know.superior(n))]
            case "上一级":
                found += [t for n in responsible if (s := recorder.know.superior(n)) and (t := recorder.know.superior(s))]
            case "抄送":
                found += names.everyone(copied)
            case other:
                found += names.people(other) or recorder.know.with_role(other)
    return recorder.know.acting(found, names.event.at.date())


def _how_long(late: timedelta) -> str:
    minutes = max(0, int(late.total_seconds() // 60))
    if minutes >= 2880:
        return f" {minutes // 1440} 天"
    return f" {minutes // 60} 小时 {minutes % 60} 分" if minutes >= 60 else f" {minutes} 分钟" if minutes else ""
