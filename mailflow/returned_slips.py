"""Signed slips that come back as fax, scan or photo: found by their code, filed, and what they stand for is done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parsers import Message
from parsers.subjects import clean
from store import cases

from . import fax_questions, faxed_documents, faxed_forms, papers, slips
from .fax_pages import pages_by_kind, printed_number
from .mail_in_hand import End, Mail, sorting
from .process import decide
from .process.model import Process
from .process.names import Names
from .process.references import all_effects
from .process.slip_plans import SlipPlan
from .process.world import Case, Event, Outcome, Refused, Step

if TYPE_CHECKING:
    from .intake import Intake

@dataclass(slots=True)
class _Slip:
    """A slip of ours that came back."""

    plan: SlipPlan
    process: Process
    case: Case
    seen: papers.Seen
    vouched: str = ""  # whoever says that it is signed, where no code proves the page to be ours


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
    if gateway:
        by_kind = pages_by_kind(intake, reading)
        asked = faxed_forms.taken(intake, mail, by_kind.forms)
        asked += faxed_documents.taken(intake, mail, by_kind.documents, len(by_kind.forms))
        asked += [_ask(intake, mail, n, *slip) for n, slip in enumerate(by_kind.slips, len(by_kind.forms) + len(by_kind.documents))]
        ended += [fax_questions.together(intake, mail, asked)] if asked else []
        if not ended or by_kind.lost or reading.unread or reading.problems:
            ended.append(_to_desk(intake, mail, reading, [page.page for page in by_kind.lost] if ended else []))
    elif not ended and not beside and not reading.codes and 0 < reading.pages < papers.FIRST and _awaited(intake, mail):
        ended += _unreadable(intake, mail, found)
    if not ended:
        return None
    return fax_questions.one_of(ended)


def _awaited(intake: Intake, mail: Mail) -> bool:
    """Whether a slip is to come back from this person, so that it is worth reading the print of a photo without a code; and whether the subject asks for something else."""
    if not mail.sender or intake.router.opening(mail.subject) or intake.router.doing(mail.subject):
        return False
    for plan in intake.know.library.slips.values():
        for row in _waiting(intake, plan):
            process, case = intake.know.process_of(row["process"], row["version"]), intake.know.load(row)
            if process is None:
                continue
            document = process.documents.get(plan.document or plan.name)
            due = document is not None and case.documents.get(document.name) == ""  # of a slip that anybody may bring
            bringing = [plan.by] if plan.by else document.by if document is not None and due else ()
            if mail.sender in Names(process, case, intake._event(mail, None), intake.know).everyone(bringing):
                return True
    return False


def _unreadable(intake: Intake, mail: Mail, found: list[Any]) -> list[End]:
    """Slips on the photos or scans of a mail, whose code cannot be read; whoever sent them hears that a person looks."""
    asked = [_ask(intake, mail, n, *slip) for n, slip in enumerate(pages_by_kind(intake, intake.read_papers(papers.NotRead(mail.row["id"], found, True))).slips)]
    if not asked:
        return []
    names = "、".join(dict.fromkeys(re.findall("《[^》]+》", "".join(end.reason for end in asked))))
    intake.recorder.tell("says", mail.sender, intake._event(mail, None), 说=f"您发来的{names}已收到,但二维码看不清,正由我方人员核对单号。拍照时请整页平放、不要遮住二维码。", 事项="单据已收到")
    return [fax_questions.together(intake, mail, asked)]


def _to_desk(intake: Intake, mail: Mail, reading: papers.Reading, lost: list[int]) -> End:
    """A fax, or pages of it, that nobody knows: a person reads it, and says by one reply what it is, whose, and what stands on it."""
    pages = f"第 {'、'.join(map(str, lost))} 页" if lost else "传真里"
    left = [f"有 {reading.unread} 页没有读字"] if reading.unread else []
    why = "；".join([f"{pages}没有认出单据的二维码,也没有认出表单,请人工处理", f"共 {reading.pages} 页", *left, *reading.problems])
    event = intake._event(mail, None)
    how = "传真见附件。要开单,请回:\n按 标准标题\n来信人:姓名\n栏目:内容(表上的各栏,一行一栏)"
    for reader in intake.know.with_role("系统管理员")[:3]:
        if not reading.problems:  # what could not be read is kept, and not passed on
            intake.desk.attach_next = [{"kind": "forwarded", "mail": mail.row["id"]}]
        intake.recorder.tell("sorting", reader, event, 说=why, 摘要=how, 记住=sorting(mail.row["id"]))
    return End("sorting", None, why[:300])


# -- a slip whose code cannot be read ----------------------------------------------------------------------------------------------


def _ask(intake: Intake, mail: Mail, number: int, slip: str, page: papers.Print) -> End:
    """The printed number, checked against the cases that wait for such a slip; then a person says."""
    plan = intake.know.library.slips[slip]
    read = next(((n, line) for line in page.lines if (n := printed_number(line.text))), None)
    waiting = _waiting(intake, plan)
    meant = read[0] if read and any(row["number"] == read[0] for row in waiting) else ""
    cells = []
    if read:
        cells = [fax_questions.cell("单号", read[0], "请核对" if meant else "没有等这张单据的这个单号", page, read[1].box)]
    facts = [[row["number"], row["title"]] for row in waiting[:8]]
    says = f"收到《{plan.name}》(第 {page.page} 页),二维码看不清" + (f",印的单号读作 {read[0]}。" if read else ",单号也没有读出。")
    says += "请看附件,签了字的才办:单号对就回“确认”,不对就回对的单号;没有签字请回“忽略”,并请对方签好重发。在等这张单据的单见下。"
    answers = ({"确认": "确认"} if meant else {}) | {"单号": "MF-"}
    memory = {"about": "slip", "slip": plan.name, "read": meant, "page": page.page, "number": number}
    fax_questions.ask(intake, mail, memory, cells, facts, answers, says, plan.name)
    return End("sorting", None, f"《{plan.name}》的二维码看不清,请核对单号" + (f" {read[0]}" if read else ""))


def _waiting(intake: Intake, plan: SlipPlan) -> list[Any]:
    """The open cases that this slip would move on, newest first."""
    know = intake.know
    word = f"单据 {plan.name}"
    printing = [p.name for p in know.library.processes.values() if any(word in order.attach for effects in all_effects(p) for order in effects.letters)]
    rows = [row for name in printing for row in cases.find(know.conn, name, open=True, limit=200)]

    def ready(row: Any) -> bool:
        return (p := know.process_of(row["process"], row["version"])) is not None and (not plan.action or plan.action in p.actions_in(row["state"]))

    return [row for row in rows if (not plan.states or row["state"] in plan.states) and ready(row)]


def answered(intake: Intake, mail: Mail, memory: dict[str, Any], row: Any, original: Message) -> End | None:
    """What a person says of a slip without a readable code: `确认`, or the right number; None where it is neither."""
    plan = intake.know.library.slips.get(memory["slip"])
    first = mail.first_line
    number = printed_number(first) if not first.startswith("归入") else ""
    if plan is None or not number and not fax_questions.agrees(first):
        return None
    number = number or memory["read"]
    found = next((r for r in _waiting(intake, plan) if r["number"] == number), None)
    event = intake._event(mail, None)
    process = intake.know.process_of(found["process"], found["version"]) if found is not None else None
    if found is None or process is None:
        return fax_questions.reply(intake, event, f"{number or '没有写单号'}:没有等《{plan.name}》的这张单;请核对单号后再回一次。", "单号不对")
    fax = Mail(row, original, clean(original.subject), "", mail.proof)
    seen = papers.Seen("", memory["page"], True, False, "")
    end = _signed(intake, fax, _Slip(plan, process, intake.know.load(found), seen, vouched=event.who))
    fax_questions.settle(intake, row, memory, end.end, end.case_id, f"{event.who} 核对:{end.reason}")
    return fax_questions.reply(intake, event, f"{number}:{end.reason}。", "单据", end.case_id)


# -- a slip with its code ------------------------------------------------------------------------------------------------------------


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


def _event(intake: Intake, mail: Mail, who: str, proof: str = "slip") -> Event:
    """The slip speaks, not the words of the mail that it came with."""
    message = mail.message
    files = tuple(a.name for a in papers.of(message.attachments))
    at = mail.row["received_at"].astimezone(intake.know.calendar.tz)
    return Event(at, who=who, address=message.sender, subject=mail.subject.text or message.subject, files=files, proof=proof, mail_id=mail.row["id"])


def _unsigned(intake: Intake, mail: Mail, slip: _Slip) -> End:
    """Asked for again (the issue's `Signatures`); nothing is done."""
    plan, process, case = slip.plan, slip.process, slip.case
    event = _event(intake, mail, mail.sender)
    why = "没有签字(签字框是空的)" if slip.seen.signed is False else "看不清有没有签字"
    cases.note(intake.know.conn, case.id, event.at, mail.sender or mail.message.sender, "收到没有签字的单据", case.state, case.state, f"《{plan.name}》{why}", event.mail_id)
    readers = [mail.sender] if mail.sender else Names(process, case, event, intake.know).everyone([plan.by] if plan.by else process.chief)
    for reader in readers[:3]:
        intake.recorder.tell("says", reader, event, process, case, 说=f"发回的《{plan.name}》{why},没有办理。请在签字框里签字(或盖章)后,整页再发一次。", 事项=case.title)
    return End("recorded", case.id, f"《{plan.name}》{why}")


def _signed(intake: Intake, mail: Mail, slip: _Slip) -> End:
    plan, process, case = slip.plan, slip.process, slip.case
    document = plan.document or plan.name
    filed = Step("收到签好的单据", case.state, case.state, f"《{plan.name}》第 {slip.seen.page} 页,来自 {mail.message.sender}" + (f",{slip.vouched} 核对" if slip.vouched else ""))
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
    event = _event(intake, mail, mail.sender, mail.proof if slip.vouched else "slip")
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
            event.who = mail.sender
            return None, event, "现在不等这一方签字"
    elif not action.by:
        event.who = ""  # the service's own
    done = decide.act(process, case, action, event, intake.know)
    if isinstance(done, Refused):
        gaps = "；".join(f"{p.field}:{p.why}" for p in done.problems)
        return None, event, f"{done.says}{':' + gaps if gaps else ''}"
    return done, event, ""
