"""What an operator does to a case from the command line, on record: close it, give it to somebody else, take its last change back."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from store import cases
from store import letters as letter_rows

from . import anonymity, letters, taking_back
from .knowledge import Knowledge
from .passes import Office
from .process.model import Process
from .process.names import Names
from .process.references import all_effects
from .process.world import Case, Event, Outcome, Step
from .recorder import Recorder


class NotDone(ValueError):
    """{what}"""


def run(office: Office, do: Callable[[Recorder, Any, Event, str], str], number: str, why: str, now: datetime) -> str:
    """Does one of the three below to the case of that number; what to tell the operator. Raises NotDone; nothing is written then."""
    if not why.strip():
        raise NotDone("请用 --why 写明原因:它记在这张单的经过里,也告诉有关的人")
    office.refresh()
    with office.store.begin() as conn:
        know = office.knowledge(conn, now)
        row = cases.by_number(conn, number.strip().strip("[]").upper())
        if row is None:
            raise NotDone(f"没有单号 {number};执行 mailflow cases 看全部单号")
        if know.process_of(row["process"], row["version"]) is None:
            raise NotDone(f"{row['number']} 的流程 {row['process']} 已不在 templates/ 里;放回流程文件再试")
        return do(Recorder(know, office.desk(know)), row, Event(know.now, who=f"{getpass.getuser()}(命令行)"), why.strip())


def close(recorder: Recorder, row: Any, event: Event, why: str) -> str:
    """Ends the case wherever it stands. Its register rows stay; children that are open are named."""
    if not row["open"]:
        raise NotDone(f"{row['number']} 已经结束(状态“{row['state']}”),不用再关")
    process, case, names = _seen(recorder, row, event)
    concerned = _concerned(process, case, names)
    after = taking_back.close(recorder, row, event, why)
    _tell(recorder, concerned, event, after, f"{event.who}把这张单关闭了,不再办理,也不再催:{why}")
    children = [c["number"] for c in cases.find(recorder.know.conn, parent_id=row["id"], open=True)]
    return f"{row['number']} 已关闭(原状态“{row['state']}”)" + (f";派生的 {'、'.join(children)} 还在办,要关请逐张关" if children else "") + _told(concerned)


def reassign(person: str, role: str = "") -> Callable[[Recorder, Any, Event, str], str]:
    """Gives the case to another person: as its owner, or as the holder of one of its roles, in this case alone."""

    def do(recorder: Recorder, row: Any, event: Event, why: str) -> str:
        know = recorder.know
        if not row["open"]:
            raise NotDone(f"{row['number']} 已经结束(状态“{row['state']}”),不能再换人")
        new = _person(know, person)
        process, case, names = _seen(recorder, row, event)
        if role and role not in process.roles and role != "负责人":
            raise NotDone(f"“{process.title}”没有“{role}”这个角色;有:{'、'.join(['负责人', *process.roles])}")
        before = names.people(role) if role else [n for n in case.owner.split("、") if n]
        if before == [new]:
            raise NotDone(f"{row['number']} 的{role or '负责人'}本来就是{new}")
        handed = [role] if role and role != "负责人" else ["负责人", *_led(process, names, before)]
        what = "、".join([_hand_over(process, case, each, new) for each in handed])
        after = recorder.record(process, Outcome(case, steps=[Step("转交", case.state, case.state, f"{what}:{'、'.join(before) or '(空)'} → {new};{why}")]), event)
        readers = [new, *before, *_concerned(process, after, Names(process, after, event, know))]
        _tell(recorder, readers, event, after, f"{event.who}把这张单的“{what}”由 {'、'.join(before) or '(空)'} 换成了 {new}:{why}")
        return f"{row['number']} 的{what}:{'、'.join(before) or '(空)'} → {new}" + _told(readers)

    return do


def undo(recorder: Recorder, row: Any, event: Event, why: str) -> str:
    """Takes the last change of the case back. Letters that went out are not unsent: who got one is told; those still waiting do not go."""
    know = recorder.know
    kept = row["memo"].get(taking_back.KEPT)
    if not kept:
        only = "只有开单这一步" if len(cases.story(know.conn, row["id"])) == 1 else "再往前的没有留底"
        raise NotDone(f"{row['number']} 没有可撤回的一步({only});要作废请用 mailflow close {row['number']} --why …")
    since = datetime.fromisoformat(kept["at"])
    readers: list[str] = []
    for letter in list(letter_rows.outbox(know.conn, {"case": row["number"], "since": since})):
        if letter["status"] == "waiting":
            letter_rows.withdraw(know.conn, letter["id"])
        else:
            readers += [recorder.desk.address(reader)[1] for reader in (letter["reader"], *letter["cc"])]
    image, stay = taking_back.take_back(recorder, row, event, why)
    assert image is not None
    process, case, names = _seen(recorder, cases.get(know.conn, row["id"]), event)
    step = f"{letters.say_time(since.astimezone(know.calendar.tz))} {image['who'] or '系统'}的“{image['action']}”"
    readers += [*_concerned(process, case, names), *([image["who"]] if know.whole_person(image["who"]) else [])]
    says = f"{event.who}撤回了 {step}:{why}\n状态由“{row['state']}”退回“{case.state}”;此前因这一步收到的信请作废。"
    told = _tell(recorder, readers, event, case, says)
    return f"{row['number']}:已撤回 {step},状态“{row['state']}”→“{case.state}”" + (f";{'、'.join(stay)} 此后又有变化,没有撤回,请看一看" if stay else "") + _told(told)


# -- inside ----------------------------------------------------------------------------------------------------------------


def _seen(recorder: Recorder, row: Any, event: Event) -> tuple[Process, Case, Names]:
    process = recorder.know.process_of(row["process"], row["version"])
    assert process is not None
    case = recorder.know.load(row)
    return process, case, Names(process, case, event, recorder.know)


def _person(know: Knowledge, text: str) -> str:
    found = know.whole_person(text)
    if found is None:
        near = know.directory.candidates(text)
        hint = "是不是 " + "、".join(f"{p.name} <{p.address}>" for p in near) + "?" if near else "写人员表(people.csv)里的姓名或邮箱"
        raise NotDone(f"人员表里找不到“{text}”,或不止一个;{hint}")
    if not found.active:
        raise NotDone(f"{found.name} 已不在职;请换一个在职的人")
    return found.name


def _led(process: Process, names: Names, owner: list[str]) -> list[str]:
    """The roles and fields that make somebody the owner of such a case (负责人), where the owner holds them: his work goes with the case."""
    words = dict.fromkeys(effects.owner for effects in all_effects(process) if effects.owner in process.roles or effects.owner in process.fields)
    return [word for word in words if owner and (names.people(word) if word in process.roles else [names.value(word)]) == owner]


def _hand_over(process: Process, case: Case, role: str, new: str) -> str:
    """Writes the new holder where the role is found: the owner, a field, else in this case alone. What it is called."""
    sources = process.roles.get(role, (f"字段 {role}",) if role in process.fields else ())
    field = next((s.removeprefix("字段 ") for s in sources if s.startswith("字段 ")), "")
    if not role or role == "负责人" or (sources and sources[0] == "负责人"):
        case.owner = new
    elif field and sources[0].startswith("字段 "):
        case.fields[field] = new
    else:
        case.memo["holders"] = {**case.memo.get("holders", {}), role: new}
    return role or "负责人"


def _concerned(process: Process, case: Case, names: Names) -> list[str]:
    """Who waits for the case, who owns it and who opened it."""
    card = process.states.get(case.state)
    waiting = (names.everyone(card.waits) or [n for a in card.actions.values() for n in names.everyone(a.by)]) if card else []
    hidden = anonymity.hidden_opener(process, case, names)
    return [n for n in dict.fromkeys([*waiting, *case.owner.split("、"), case.opened_by]) if n and n != hidden]


def _tell(recorder: Recorder, readers: Iterable[str], event: Event, case: Case | None, says: str) -> list[str]:
    know = recorder.know
    by_address = {recorder.desk.address(reader)[0]: reader for reader in reversed(list(readers))}
    told = [reader for address, reader in reversed(by_address.items()) if address]
    process = know.process_of(case.process, case.version) if case is not None else None
    for reader in told:
        recorder.tell("says", reader, event, process, case, 说=says)
    return told


def _told(readers: Iterable[str]) -> str:
    names = list(dict.fromkeys(readers))
    return f"\n下一趟告诉:{'、'.join(names)}" if names else ""
