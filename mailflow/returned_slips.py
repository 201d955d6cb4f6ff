"""Signed slips that come back as fax, scan or photo: found by their code, filed, and what they stand for is done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parsers.subjects import clean
from store import cases

from . import papers, slips
from .blank_forms import whole_form
from .process import decide, forms
from .process.model import Process
from .process.names import Names
from .process.slip_plans import SlipPlan
from .process.world import Case, Event, Outcome, Refused, Step

if TYPE_CHECKING:
    from .intake import Intake
    from .mail_in_hand import End, Mail


@dataclass(slots=True)
class _Slip:
    """A slip of ours that came back."""

    plan: SlipPlan
    process: Process
    case: Case
    seen: papers.Seen


def returned(intake: Intake, mail: Mail, gateway: bool, beside: bool = False) -> End | None:
    """What became of the mail, if it brought slips; None where it did not and another way is open to it. From a gateway nothing else can come.

    `beside`: the mail's own words were a command and have been followed; only signed slips are looked at.
    """
    found = papers.of(mail.message.attachments)
    if not found:
        return intake._sort(mail, "传真网关来信,没有传真页") if gateway else None
    reading = intake.read_papers(papers.NotRead(mail.row["id"], found, gateway))
    ends = [_one(intake, mail, seen) for seen in _distinct(reading.codes) if seen.signed or not beside and (gateway or seen.signed is None or not seen.digital)]
    ended = [end for end in ends if end is not None]
    if reading.problems and not gateway and mail.sender:
        intake.recorder.tell("says", mail.sender, intake._event(mail, None), 说="您的信已收到,但有附件没有读取:\n" + "\n".join(f"- {p}" for p in reading.problems), 事项="附件没有读取")
    if ended:
        return next((end for end in ended if end.case_id), ended[0])
    return _to_desk(intake, mail, reading) if gateway else None


def _to_desk(intake: Intake, mail: Mail, reading: papers.Reading) -> End:
    """A fax without a code of ours: a person reads it, and says by one reply what it is, whose, and what stands on it."""
    from .mail_in_hand import End

    why = "；".join(["传真里没有认出单据的二维码,请人工处理", f"共 {reading.pages} 页", *reading.problems])
    event = intake._event(mail, None)
    how = _as_read(intake, reading) or "传真见附件。要开单,请回:\n按 标准标题\n来信人:姓名\n栏目:内容(表上的各栏,一行一栏)"
    for reader in intake.know.with_role("系统管理员")[:3]:
        if not reading.problems:  # what could not be read is kept, and not passed on
            intake.desk.attach_next = [{"kind": "forwarded", "mail": mail.row["id"]}]
        intake.recorder.tell("sorting", reader, event, 说=why, 摘要=how)
    return End("sorting", None, why[:300])


def _as_read(intake: Intake, reading: papers.Reading) -> str:
    """The form as its print was read, as the lines to correct and send back; '' where no form was recognised. Nothing of it counts before a person says so."""
    from parsers.printed import SURE, fields, upside_down

    best: tuple[int, str] = (0, "")
    for sheet in reading.prints:
        for page in (sheet.lines, upside_down(sheet.lines, sheet.width, sheet.height)):
            opening = intake.router.by_form(clean(""), ["", *(w.text for w in page)])
            if opening is None:
                continue
            process = opening.process
            asked = {f.name for f in whole_form(process)}
            known = {label: name for label, name in forms.labels(process).items() if name in asked}
            found = {known[label]: value for label, value in fields(page, known).items()}
            subject = next(iter(process.starts[opening.start].subjects), "")
            subject = re.sub(r"<([^<>]+)>", lambda m, found=found: found[m[1]].text if m[1] in found else m[0], subject)  # type: ignore[misc]
            told = [f"{name}:{cell.text}" + ("(看不清)" if cell.sure < SURE else "") for name, cell in found.items()]
            if len(found) >= best[0]:
                best = (len(found), "\n".join(["传真见附件。下面是机器读出的,不一定对;请对着附件改好,补上来信人,从“按”字起回复:", f"按 {subject}", "来信人:", *told]))
    return best[1]


def _distinct(codes: list[papers.Seen]) -> list[papers.Seen]:
    """Each slip once; of several copies the signed one."""
    best: dict[str, papers.Seen] = {}
    for seen in codes:
        if seen.text not in best or (seen.signed and not best[seen.text].signed):
            best[seen.text] = seen
    return list(best.values())


def _one(intake: Intake, mail: Mail, seen: papers.Seen) -> End | None:
    code = slips.read_code(seen.text)
    if code is None:
        return None  # paper is full of other codes
    know = intake.know
    row = cases.by_number(know.conn, code.number)
    plan = next((p for p in know.library.slips.values() if p.code == code.slip), None)
    process = know.process_of(row["process"], row["version"]) if row is not None else None
    if row is None or plan is None or process is None:
        return intake._sort(mail, f"发回的单据上是 {code.number},系统里没有这张单")
    case = know.load(row)
    names = Names(process, case, intake._event(mail, None), know)
    if not slips.genuine(intake.desk.secret, code, [names.value(n) for n in plan.sealed]):
        return intake._sort(mail, f"发回的《{plan.name}》({code.number})与单子现在的内容不符,或不是本系统印的,没有办理;请核对")
    slip = _Slip(plan, process, case, seen)
    if plan.sign and seen.signed is not True:
        return _unsigned(intake, mail, slip)
    return _signed(intake, mail, slip)


def _event(intake: Intake, mail: Mail, who: str) -> Event:
    """The slip speaks, not the words of the mail that it came with."""
    message = mail.message
    files = tuple(a.name for a in papers.of(message.attachments))
    at = mail.row["received_at"].astimezone(intake.know.calendar.tz)
    return Event(at, who=who, address=message.sender, subject=mail.subject.text or message.subject, files=files, proof="slip", mail_id=mail.row["id"])


def _unsigned(intake: Intake, mail: Mail, slip: _Slip) -> End:
    """Asked for again (the issue's `Signatures`); nothing is done."""
    from .mail_in_hand import End

    plan, process, case = slip.plan, slip.process, slip.case
    event = _event(intake, mail, mail.sender)
    why = "没有签字(签字框是空的)" if slip.seen.signed is False else "看不清有没有签字"
    cases.note(intake.know.conn, case.id, event.at, mail.sender or mail.message.sender, "收到没有签字的单据", case.state, case.state, f"《{plan.name}》{why}", event.mail_id)
    readers = [mail.sender] if mail.sender else Names(process, case, event, intake.know).everyone([plan.by] if plan.by else process.chief)
    for reader in readers[:3]:
        intake.recorder.tell("says", reader, event, process, case, 说=f"发回的《{plan.name}》{why},没有办理。请在签字框里签字(或盖章)后,整页再发一次。", 事项=case.title)
    return End("recorded", case.id, f"《{plan.name}》{why}")


def _signed(intake: Intake, mail: Mail, slip: _Slip) -> End:
    from .mail_in_hand import End

    plan, process, case = slip.plan, slip.process, slip.case
    document = plan.document or plan.name
    filed = Step("收到签好的单据", case.state, case.state, f"《{plan.name}》第 {slip.seen.page} 页,来自 {mail.message.sender}")
    outcome, event, why = _doing(intake, mail, slip)
    if outcome is None:  # filed all the same: what it stands for is done already, or is no longer to be done
        outcome = Outcome(case.copy(), steps=[filed])
    else:
        outcome.steps.append(filed)
    if document not in outcome.received:
        outcome.received.append(document)
        outcome.case.documents[document] = event.at.isoformat()
    after = intake.recorder.record(process, outcome, event)
    says = f"签好的《{plan.name}》已归档" + (f";没有办理“{plan.action}”:{why}" if why else f",已办理“{plan.action}”" if plan.action else "")
    if mail.sender:
        intake.recorder.tell("says", mail.sender, event, process, after, 说=says, 事项=after.title)
    elif why:
        for reader in Names(process, after, event, intake.know).everyone(process.chief)[:3]:
            intake.recorder.tell("says", reader, event, process, after, 说=says, 事项=after.title)
    return End("recorded", after.id, says)


def _doing(intake: Intake, mail: Mail, slip: _Slip) -> tuple[Outcome | None, Event, str]:
    """What the slip stands for, decided; or why it is not done."""
    plan, process, case = slip.plan, slip.process, slip.case
    event = _event(intake, mail, mail.sender)
    if not plan.action:
        return None, event, ""
    action = process.actions_in(case.state).get(plan.action) if case.open else None
    if action is None or (plan.states and case.state not in plan.states):
        return None, event, f"现在的状态是“{case.state}”" if case.open else "这件事已经结束"
    names = Names(process, case, event, intake.know)
    entitled = names.everyone(action.by)
    if action.by and event.who not in entitled:  # whoever brings the paper, it speaks for who signed it
        event.who = next((n for n in names.everyone([plan.by] if plan.by else ()) if n in entitled), "")
        if not event.who:
            return None, _event(intake, mail, mail.sender), "现在不等这一方签字"
    elif not action.by:
        event.who = ""  # the service's own
    done = decide.act(process, case, action, event, intake.know)
    if isinstance(done, Refused):
        gaps = "；".join(f"{p.field}:{p.why}" for p in done.problems)
        return None, event, f"{done.says}{':' + gaps if gaps else ''}"
    return done, event, ""
