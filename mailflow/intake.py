"""One mail's way: read it, find where it belongs, decide, record. Every mail ends in exactly one of the ends of CONTRACT `inbox`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import parsers
from parsers import Message
from parsers.documents import can_read, read_rows
from parsers.fields import Fields, fields_from_rows, read_fields
from parsers.subjects import Subject, clean
from store import cases, mails, marks
from store import letters as sent_letters

from . import trust
from .blank_forms import as_lines
from .correspondence import Answered, Desk
from .disclosure import leak
from .knowledge import Knowledge
from .process import commands, decide, forms
from .process.model import Action, Process
from .process.names import Names
from .process.world import Case, Event, Refused
from .recorder import Recorder
from .routing import Opening, Router

SAME_WITHIN = timedelta(hours=24)  # the same words again open no second case (RULEBOOK §0.4 防环)
AUTOMATIC = ("bounce", "autoreply", "list")


@dataclass(slots=True)
class End:
    """What became of a mail."""

    end: str
    case_id: int | None = None
    reason: str = ""
    content: str = ""


@dataclass
class Mail:
    """A mail being handled: what was read of it and who sent it."""

    row: Any
    message: Message
    subject: Subject
    sender: str  # the person's name, '' for a stranger
    proof: str = ""
    titles: list[str] = field(default_factory=list)  # of attached documents
    rows: list[list[str]] = field(default_factory=list)
    papers: list[str] = field(default_factory=list)  # the text of attached documents
    problems: list[str] = field(default_factory=list)  # attachments that could not be read, in Chinese for the sender


class Intake:
    """Handles mails on one connection, in one transaction that the caller owns."""

    def __init__(
        self, know: Knowledge, desk: Desk, router: Router, trusted: Any, gateways: tuple[str, ...] = (), fetch_raw: Callable[[int], bytes | None] = lambda id: None
    ):
        self.fetch_raw = fetch_raw
        self.know, self.desk, self.router, self.trusted, self.gateways = know, desk, router, trusted, gateways
        self.recorder = Recorder(know, desk)
        self.synonyms = know.library.command_synonyms()
        self._words: dict[str, dict[str, str]] = {}

    def handle(self, row: Any, raw: bytes, message: Message | None = None) -> End:
        """Does everything that follows from one mail and says how it ended."""
        message = message if message is not None else parsers.read(raw)
        subject = clean(message.subject)
        person = self.know.directory.by_address(message.sender)
        mail = Mail(row, message, subject, person.name if person else "")
        mail.proof = trust.proof(message.authentication_results, self.trusted.authserv_id, message.sender)
        self.recorder.answered = Answered(row["id"], message.message_id, message.references, message.sender)
        if twin := mails.find_duplicate(self.know.conn, message.message_id, row["digest"], row["id"]):
            return End("duplicate", twin["case_id"], "同一封信已经处理过")
        gateway = message.sender in self.gateways and message.kind != "bounce" and not self._own(message)
        if gateway and (paper := self._paper(mail, gateway=True)):  # before the automatic kinds: gateways say that they are robots
            return paper
        if message.kind in AUTOMATIC or self._own(message):
            return self._automatic(mail)
        case = self._thread_case(mail)
        if kept_inside := self._leaked(mail, case):
            return kept_inside
        said = bool(message.attachments) and self._says_command(mail, case)
        if not said and (paper := self._paper(mail)):
            return paper
        if case is not None and not self._new_matter(mail, case):
            end = self._in_thread(mail, case)
            if said:  # the words first, then the signed slip that came with them
                self._paper(mail, beside=True)
            return end
        if answered := self._choice(mail):
            return answered
        if asked := self._question(mail):
            return asked
        return self._fresh(mail)

    def _paper(self, mail: Mail, gateway: bool = False, beside: bool = False) -> End | None:
        """Slips that come back as fax, scan or photo."""
        if not mail.message.attachments and not gateway:
            return None
        from . import returned_slips

        return returned_slips.returned(self, mail, gateway, beside)

    def _says_command(self, mail: Mail, row: Any) -> bool:
        process = self.know.process_of(row["process"], row["version"]) if row is not None else None
        return process is not None and commands.recognise(mail.message.reply_text, self._vocabulary(process), self._all_words(), ()) is not None

    def _leaked(self, mail: Mail, row: Any) -> End | None:
        """An internal document on its way outside: warned about, and neither passed on nor taken as handed in."""
        message = mail.message
        self_ = self.desk.service.address.lower()
        people = [a.address for a in (*message.to, *message.cc) if a.address.lower() != self_]
        if not mail.sender or all(self.know.ours(a) for a in people):
            return None
        self._open_documents(mail)
        found = leak(self.know, message.sender, people, mail.subject.text, [*(a.name for a in message.attachments), *mail.titles])
        if found is None:
            return None
        if row is None:
            row = next((r for d in self.router.doing(mail.subject) if (r := self._meant(d.process, d.parts))), None)
        process = self.know.process_of(row["process"], row["version"]) if row is not None else None
        case = self.know.load(row) if process is not None else None
        event = self._event(mail, process)
        names = [self.know.directory.by_address(a) for a in found.outside]
        facts = {"文件": found.document, "外部": "、".join(p.name if p else a for p, a in zip(names, found.outside, strict=True)), "依据": found.clause, "发件人": mail.sender}
        for reader in dict.fromkeys([mail.sender, *(n for role in found.tell for n in self.know.with_role(role))]):
            self.recorder.tell("leak", reader, event, process, case, **facts)
        reason = f"内部文件《{found.document}》发给了外部:{facts['外部']}"
        if case is not None:
            cases.note(self.know.conn, case.id, event.at, mail.sender, "内部文件外发", case.state, case.state, reason, mail.row["id"])
        return End("recorded" if case is not None else "answered", case.id if case is not None else None, reason)

    # -- ① automatic -----------------------------------------------------------------------------------------------------

    def _own(self, message: Message) -> bool:
        return message.sender == self.desk.service.address.lower() or "X-Mailflow-Letter" in message.loop_marks

    def _automatic(self, mail: Mail) -> End:
        """Kept and linked to the case whose letter it answers; never answered (RFC 3834 §2)."""
        message = mail.message
        ids = [i for i in (message.failed_message_id, message.in_reply_to, *message.references) if i]
        letter = next(iter(sent_letters.by_message_id(self.know.conn, ids)), None) if ids else None
        reason = {"bounce": "退信", "autoreply": "自动答复", "list": "群发邮件"}.get(message.kind, "自己发出的信")
        if message.failed_recipients:
            reason += ":" + "、".join(f"{r.address} {r.status}".strip() for r in message.failed_recipients[:5])
        case_id = letter["case_id"] if letter else None
        if case_id:
            cases.note(self.know.conn, case_id, mail.row["received_at"], mail.sender or message.sender, reason[:200], text=message.subject[:200], mail_id=mail.row["id"])
        return End("automatic", case_id, reason)

    # -- ② in a case's thread ------------------------------------------------------------------------------------------------

    def _thread_case(self, mail: Mail) -> Any:
        """The case that the mail's references or its leading number point to."""
        message = mail.message
        if mail.subject.number_first and (row := cases.by_number(self.know.conn, mail.subject.case_number)):
            return row
        ids = [i for i in (message.in_reply_to, *reversed(message.references)) if i]
        if ids:
            letters = {row["message_id"]: row for row in sent_letters.by_message_id(self.know.conn, ids)}
            for id in ids:
                if (letter := letters.get(id)) and letter["case_id"]:
                    return cases.get(self.know.conn, letter["case_id"])
            for id in ids:
                earlier = mails.find_by_message_id(self.know.conn, id)
                if earlier and earlier["case_id"]:
                    return cases.get(self.know.conn, earlier["case_id"])
        return None

    def _new_matter(self, mail: Mail, row: Any) -> bool:
        """Somebody pressed `reply` on an old mail and gave it a new standard subject: a new case (a prefix or a number would say otherwise)."""
        subject = mail.subject
        if subject.prefixes or subject.number_first:
            return False
        if row["state"] == decide.RETURNED:
            return False
        return bool(self.router.opening(subject)) or bool(self.router.doing(subject))

    def _in_thread(self, mail: Mail, row: Any) -> End:
        process = self.know.process_of(row["process"], row["version"])
        if process is None:
            return End("sorting", row["id"], f"流程 {row['process']} 已不在")
        case = self.know.load(row)
        event = self._event(mail, process)
        command = commands.recognise(mail.message.reply_text, self._vocabulary(process), self._all_words(), (p.name for p in self.know.directory.people))
        mendable = case.state == decide.RETURNED or (case.open and process.states.get(case.state) is not None and process.states[case.state].mend)
        opener = event.who != "" and event.who == case.opened_by  # a stranger is not the service, which opens children
        if mendable and opener and (event.raw or mail.rows) and (command is None or command.name not in process.actions_in(case.state)):
            return self._mend(mail, process, case, event)
        if asked := self._question(mail, row):
            return asked
        if command is not None:
            event.argument, event.rest = command.argument, command.rest
            return self._command(mail, process, case, command, event)
        if filled := self._filled_form(process, case, event):
            return self._act(mail, process, case, filled, event)
        if not (opener and event.raw) and (said := self._free_answer(process, case, event)):
            event.rest = event.text
            return self._act(mail, process, case, said, event)
        if opener and event.raw and case.open:
            outcome = decide.supplement(process, case, event, self.know)
            if outcome is not None:
                self.recorder.record(process, outcome, event)
                self._pass_on(process, case, event)
                return End("recorded", case.id, "补充")
        cases.note(self.know.conn, case.id, event.at, event.who or event.address, "往来", case.state, case.state, mail.message.reply_text[:1000], mail.row["id"])
        self._pass_on(process, case, event)
        return End("recorded", case.id, "往来")

    def _pass_on(self, process: Process, case: Case, event: Event) -> None:
        """What somebody wrote about a case without a command goes to whom the process names (往来转给), after the end of the case too."""
        text = event.text.strip()
        readers = [n for n in Names(process, case, event, self.know).everyone(process.pass_on) if n != event.who]
        if text and event.who and event.who not in Names(process, case, event, self.know).everyone(process.pass_on):
            for reader in readers:
                self.recorder.tell("says", reader, event, process, case, 说=f"{event.who} 来信({case.state}):\n{text[:600]}")

    def _mend(self, mail: Mail, process: Process, case: Case, event: Event) -> End:
        """The form again, in the same thread: the same number, the next revision (RULEBOOK §0.4 更正)."""
        openings = [o for o in self.router.opening(mail.subject) if o.process.name == process.name]
        event.parts = openings[0].parts if openings else {}
        case.revision += 1
        case.memo["form_mail"] = mail.row["id"]
        return self._begin(mail, process, openings[0].start if openings else int(case.memo.get("start", 0)), case, event)

    def _filled_form(self, process: Process, case: Case, event: Event) -> Action | None:
        """An answer without a command word that fills in what an action of this person asks (填表)."""
        if not case.open:
            return None
        for action in process.actions_in(case.state).values():
            if not action.form or not action.by:
                continue
            wanted = {label for name in (*action.asks, *action.may_say) for label in (name, *process.fields[name].labels)}
            filled = wanted & set(event.raw) or (not wanted and event.files and (not action.needs_file or any(action.needs_file in f for f in event.files)))
            if filled and event.who in Names(process, case, event, self.know).everyone(action.by):
                return action
        return None

    def _free_answer(self, process: Process, case: Case, event: Event) -> Action | None:
        """An action of this person that takes any answer's words (任意回信); two characters of thanks are none."""
        if not case.open or len(re.findall(r"\w", event.text)) < 3:
            return None
        names = Names(process, case, event, self.know)
        return next((a for a in process.actions_in(case.state).values() if a.free and event.who and event.who in names.everyone(a.by)), None)

    def _command(self, mail: Mail, process: Process, case: Case, command: commands.Command, event: Event) -> End:
        action = process.actions_in(case.state).get(command.name) if case.open else None
        if case.open:
            action = self._same_word(process, case, command, event, action)
        if action is None:
            # words such as 收到 are thanks unless this person is to take something now (§8-18)
            if command.word == "收到":
                cases.note(self.know.conn, case.id, event.at, event.who or event.address, "往来", case.state, case.state, mail.message.reply_text[:1000], mail.row["id"])
                return End("recorded", case.id, "往来")
            names = Names(process, case, event, self.know)
            ever = [a for a in process.every_action().values() if a.name == command.name and a.by]
            entitled = not ever or any(event.who in names.everyone(a.by) for a in [*ever, *(a for s in process.states.values() for a in s.actions.values() if a.name == command.name)])
            says = "这件事已经结束" if not case.open else f"现在的状态“{case.state}”不能“{command.name}”"
            return self._refused(mail, process, case, event, command.word, Refused("state" if entitled else "right", says if entitled else decide_text(process, names, command.name)))
        if command.word == "收到" and event.who not in Names(process, case, event, self.know).everyone(action.by):
            cases.note(self.know.conn, case.id, event.at, event.who or event.address, "往来", case.state, case.state, mail.message.reply_text[:1000], mail.row["id"])
            return End("recorded", case.id, "往来")
        if command.conditional:
            return self._refused(mail, process, case, event, command.word, Refused("unclear", f"“{command.word}”后面带了条件({command.argument[:60]}),系统不敢替您决定。请回一封不带条件的“{command.word}”,或写明“驳回”和原因"))
        asked = {word for name in action.asks for kind in (process.fields[name].kind,) if kind.name == "选项" for word in (*kind.options, *kind.synonyms)}
        if command.word in asked and command.word != action.name:
            event.argument = f"{command.word} {event.argument}".strip()  # the word is the answer itself: 不满意
        return self._act(mail, process, case, action, event)

    def _same_word(self, process: Process, case: Case, command: commands.Command, event: Event, found: Action | None) -> Action | None:
        """The word may mean another action here: 收到 is 受理 in one state and 接受 in another, 确认 one thing of sales and another of a customer.
        `found` stands where this person may do it, and where nobody's action of that word is theirs."""
        names = Names(process, case, event, self.know)
        if found is not None and event.who in names.everyone(found.by):
            return found
        alike = [a for a in process.actions_in(case.state).values() if command.word in (a.name, *a.words, *self.synonyms.get(a.name, ()))]
        alike.sort(key=lambda a: (a.name != command.word, a.when is not None and not a.when.holds(names.many)))
        return next((a for a in alike if event.who in names.everyone(a.by)), found or next(iter(alike), None))

    def _act(self, mail: Mail, process: Process, case: Case, action: Action, event: Event) -> End:
        if not action.by:
            return self._refused(mail, process, case, event, action.name, Refused("state", f"“{action.name}”由系统自己做"))
        if not event.who:  # nobody of ours: to `decide` an event without a person is the service itself
            return self._refused(mail, process, case, event, action.name, Refused("right", "来信人不在通讯录里"))
        event.proof = mail.proof or self._token(mail, case, action, event)
        if self._unproved(event):
            return self._refused(mail, process, case, event, action.name, Refused("right", "不能证实这封信是您本人发的;请用收到的那封信里的按钮回复,或联系系统管理员"))
        if self._needs_proof(process, case, action) and not event.proof:
            return self._refused(mail, process, case, event, action.name, Refused("right", f"“{action.name}”要有凭证:请点收到的那封信里的“{action.name}”按钮回复,或从本单位邮箱发出"))
        done = decide.act(process, case, action, event, self.know)
        if isinstance(done, Refused):
            return self._refused(mail, process, case, event, action.name, done)
        after = self.recorder.record(process, done, event)
        if not done.partial:
            self.recorder.tell("done", event.who, event, process, after, 动作=action.name, 说="")
        return End("recorded", after.id, action.name)

    def _unproved(self, event: Event) -> bool:
        """Whether [trust] commands asks for more proof than the mail carries."""
        match self.trusted.commands:
            case "authenticated":
                return not event.proof
            case "token":
                return event.proof != "token"
        return False

    def _needs_proof(self, process: Process, case: Case, action: Action) -> bool:
        """Confirming a row of a register that wants proof (§8-23, §8-27)."""
        if action.proof:
            return True
        for register, status in ((c.register, c.to) for e in _flat(action.effects) for c in e.changes):
            if status != "confirmed":
                continue
            name = register
            if not name and case.entry_id and (found := cases.entries(self.know.conn, ids=[case.entry_id])):
                name = found[0]["register"]
            if name and self.know.library.registers[name].proof:
                return True
        return False

    def _token(self, mail: Mail, case: Case, action: Action, event: Event) -> str:
        """The single-use proof in the subject, spent when it is used."""
        for token in re.findall(r"<([A-Za-z0-9_.~-]{16,120})>", mail.message.subject):
            if self.desk.secret and trust.check(self.desk.secret, token, event.who, case.number, action.name) and marks.spend(self.know.conn, token, event.at):
                return "token"
        return ""

    def _refused(self, mail: Mail, process: Process, case: Case, event: Event, word: str, why: Refused) -> End:
        """Nothing changed; the sender is told why and what may be done (§8-25)."""
        cases.note(self.know.conn, case.id, event.at, event.who or event.address, f"未办理:{word}", case.state, case.state, why.says[:500], mail.row["id"])
        if not event.who and marks.told(self.know.conn, mail.message.sender, "refused", event.at.date()):
            return End("recorded", case.id, "来信人不在通讯录,没有办理")
        names = Names(process, case, event, self.know)
        may = [a["show"] for a in self.desk.actions_for(process, case, names, event.who)] if case.open else []
        occasion = "forbidden" if why.reason == "right" else "refused"
        if event.who:
            facts = {"动作": word, "说": why.says, "问题们": [{"项": p.field, "因": p.why} for p in why.problems], "可做": " / ".join(may)}
            cc = [n for n in why.cc if n != event.who] if why.reason == "right" else []
            self.recorder.tell(occasion, event.who, event, process, case, 抄送=cc, **facts)
        else:
            # a stranger learns nothing of the case
            self.recorder.tell(occasion, mail.message.sender, event, None, None, 动作=word, 说="您的地址不在通讯录里", 事项=case.number)
        return End("recorded", case.id, f"没有办理“{word}”:{why.says}"[:300])

    # -- ③–⑦ a new matter ------------------------------------------------------------------------------------------------------

    def _fresh(self, mail: Mail) -> End:
        for doing in self.router.doing(mail.subject):
            if row := self._meant(doing.process, doing.parts):
                process = self.know.process_of(row["process"], row["version"])
                action = process.actions_in(row["state"]).get(doing.action) if process else None
                event = self._event(mail, doing.process, doing.parts)
                case = self.know.load(row)
                if process is None or not mail.sender:
                    break
                if action is None:
                    refusal = Refused("state", f"现在的状态“{case.state}”不能“{doing.action}”" if case.open else "这件事已经结束")
                    return self._refused(mail, process, case, event, doing.action, refusal)
                return self._act(mail, process, case, action, event)
        openings = self.router.opening(mail.subject)
        if not openings:
            self._open_documents(mail)
            if by_form := self.router.by_form(mail.subject, mail.titles):
                openings = [by_form]
        if not mail.sender:
            return self._stranger(mail)
        if not openings:
            openings = self._for_customer(mail)
        if not openings:
            return self._unclear(mail)
        content = self._content(mail)
        if twin := mails.find_content(self.know.conn, mail.message.sender, content, mail.row["received_at"] - SAME_WITHIN):
            return End("duplicate", twin["case_id"], "同样的内容一天之内已经收到过", content)
        opening = self._fitting(mail, openings)
        end = self._open(mail, opening)
        end.content = content
        return end

    def _fitting(self, mail: Mail, openings: list[Opening]) -> Opening:
        """Of several ways to begin, the first whose right this person has."""
        if len(openings) == 1:
            return openings[0]
        for opening in openings:
            process = opening.process
            event = self._event(mail, process, opening.parts)
            case = decide.blank_case(process, event)
            case.project = self.know.project(opening.parts.get("项目", ""))[0]
            if decide.may_start(process, process.starts[opening.start], case, event, self.know):
                return opening
        return openings[0]

    def _for_customer(self, mail: Mail) -> list[Opening]:
        """The process for a customer's free subject: the first whose condition (当) holds; one that is for this customer by name (谁) goes before."""
        found: list[tuple[bool, Opening]] = []
        for opening in self.router.customer(self.know.roles_of(mail.sender)):
            process, start = opening.process, opening.process.starts[opening.start]
            event = self._event(mail, process)
            names = Names(process, decide.blank_case(process, event), event, self.know)
            if (start.when is None or start.when.holds(names.many)) and (not start.by or mail.sender in names.everyone(start.by)):
                found.append((not start.by, opening))
        return [min(found, key=lambda pair: pair[0])[1]] if found else []

    def _open(self, mail: Mail, opening: Opening) -> End:
        process = opening.process
        event = self._event(mail, process, opening.parts)
        case = decide.blank_case(process, event)
        case.memo["form_mail"] = mail.row["id"]
        if mail.row["id"] and not case.title:
            case.title = mail.subject.text[:80]
        if number := opening.parts.get("单号"):  # a form about another case hangs on it (§8-26)
            above = cases.by_number(self.know.conn, number)
            if above is None:
                self.recorder.tell("refused", event.who, event, None, None, 动作=process.title, 说=f"没有单号 {number};请核对后重发", 事项=mail.subject.text, 问题们=[], 可做="")
                return End("answered", None, f"没有单号 {number}")
            case.parent_id, case.parent_number, case.project = above["id"], above["number"], case.project or above["project"]
        return self._begin(mail, process, opening.start, case, event)

    def _begin(self, mail: Mail, process: Process, start: int, case: Case, event: Event) -> End:
        event.proof = mail.proof
        if self.trusted.commands == "authenticated" and not event.proof:
            self.recorder.tell("forbidden", event.who, event, None, None, 动作=mail.subject.text, 说="不能证实这封信是您本人发的", 事项="")
            return End("answered", None, "不能证实来信人")
        done = decide.begin(process, start, case, event, self.know)
        if isinstance(done, Refused):
            if case.id:
                return self._refused(mail, process, case, event, process.title, done)
            if done.reason == "condition" and process.starts[start].to_desk:
                self.recorder.tell("stranger", event.who, event, 说="", 缘由=done.says)
                return self._sort(mail, f"{process.title}:{done.says}", Names(process, case, event, self.know).everyone(process.chief))
            occasion = "forbidden" if done.reason == "right" else "refused"
            self.recorder.tell(occasion, event.who, event, None, None, 动作=process.title, 说=done.says, 事项=mail.subject.text, 问题们=[], 可做="", 抄送=[n for n in done.cc if n != event.who])
            return End("answered", None, f"{process.title}:{done.says}"[:300])
        names = Names(process, done.case, event, self.know)
        copies = [r for check in process.checks if check.cc and done.problems and check.when.holds(names.many) for r in names.everyone(check.cc)]
        after = self.recorder.record(process, done, event)
        if done.problems:
            facts = {
                "问题们": [{"项": p.field, "因": p.why} for p in done.problems] + [{"项": "附件", "因": p} for p in mail.problems],
                "空白表": as_lines(process),
                "抄送": [n for n in dict.fromkeys(copies) if n != event.who],
            }
            attach = [w for check in process.checks if check.attach and check.field in {p.field for p in done.problems} and check.when.holds(names.many) for w in check.attach]
            self.desk.attach_next = [self.desk.attachment(word, process, after, event) for word in attach]
            self.recorder.tell("returned", event.who, event, process, after, **facts)
            return End("recorded", after.id, "退件:" + "、".join(p.field for p in done.problems))
        missing = [f.name for f in process.fields.values() if f.wished and not after.fields.get(f.name)]
        self.recorder.tell("receipt", event.who, event, process, after, 说="", 请补="、".join(missing), 提示们=[*forms.warnings(process, names), *mail.problems])
        return End("recorded", after.id, process.title)

    def _meant(self, process: Process, parts: dict[str, str]) -> Any:
        """The case that a subject's parts name: by number, else the open one whose identifying field has the value."""
        if number := parts.get("单号"):
            row = cases.by_number(self.know.conn, number)
            if row is None or row["process"] == process.name:
                return row
            # the number of a parent or a child serves as well (§8-26)
            family = [r for r in cases.find(self.know.conn, process.name, parent_id=row["id"])]
            if row["parent_id"] and (above := cases.get(self.know.conn, row["parent_id"])) and above["process"] == process.name:
                family.append(above)
            return next((r for r in family if r["open"]), None)
        keys = {n: parts[n] for n, f in process.fields.items() if f.identifies and n in parts}
        if not keys:
            return None
        known = {k: self.know.project(v)[0] for k, v in keys.items() if process.fields[k].kind.name == "项目"}  # by an alias as well
        for row in cases.find(self.know.conn, process.name, open=True):
            if all(str(row["fields"].get(k, "")) in (v, known.get(k)) for k, v in keys.items()):
                return row
        return None

    def _stranger(self, mail: Mail) -> End:
        """One neutral answer a day at most; a person looks (RULEBOOK §0.4 权限)."""
        end = self._sort(mail, "来信人不在通讯录")
        event = self._event(mail, None)
        if mail.message.sender and not marks.told(self.know.conn, mail.message.sender, "stranger", event.at.date()):
            self.recorder.tell("stranger", mail.message.sender, event, 说="")
        return end

    def _unclear(self, mail: Mail) -> End:
        event = self._event(mail, None)
        if close := self.router.close(mail.subject):
            lines = [f"{n}. {c.title}" for n, c in enumerate(close, 1)]
            self.recorder.tell("choose", mail.sender, event, 候选们=lines, 候选标题=[c.title for c in close])
            return End("answered", None, "标题接近标准格式,已请来信人选择")
        end = self._sort(mail, "认不出属于哪个流程")
        self.recorder.tell("stranger", mail.sender, event, 说="如要办理某项业务,请用它的标准标题;回“帮助”可看全部标题。")
        return end

    def _sort(self, mail: Mail, why: str, also: list[str] | None = None) -> End:
        """A person must say where it belongs; `also`: who else is told."""
        event = self._event(mail, None)
        summary = "\n".join(mail.message.reply_text.strip().split("\n")[:8])[:400]
        for desk in dict.fromkeys([*(also or []), *self.know.with_role("系统管理员")[:3]]):
            self.recorder.tell("sorting", desk, event, 说=why, 摘要=summary)
        return End("sorting", None, why)

    def original(self, mail_id: int | None) -> Message | None:
        """An earlier mail, read again."""
        raw = self.fetch_raw(mail_id) if mail_id else None
        return parsers.read(raw) if raw is not None else None

    # -- questions and choices (answers.py) ------------------------------------------------------------------------------------

    def _question(self, mail: Mail, row: Any = None) -> End | None:
        from . import answers

        return answers.answer(self, mail, row)

    def _choice(self, mail: Mail) -> End | None:
        from . import answers

        return answers.choice(self, mail) or answers.sorted_by(self, mail)

    # -- small things ------------------------------------------------------------------------------------------------------------

    def _event(self, mail: Mail, process: Process | None, parts: dict[str, str] | None = None) -> Event:
        message = mail.message
        name = lambda a: p.name if (p := self.know.directory.by_address(a)) else a  # noqa: E731 - name where known, else the address
        raw: dict[str, str] = {}
        sheets = ""
        if process is not None:
            labels = forms.labels(process)
            found: Fields = read_fields(message.reply_text, labels, message.tables)
            raw = dict(found)
            self._open_documents(mail)
            sheets = "\n".join([*(" ".join(row) for row in mail.rows), *mail.papers])
            if mail.rows:
                for label, value in fields_from_rows(mail.rows, labels).items():
                    if not raw.get(label):
                        raw[label] = value
        return Event(
            at=mail.row["received_at"].astimezone(self.know.calendar.tz), who=mail.sender, address=message.sender, raw=raw, parts=parts or {},
            subject=mail.subject.text or message.subject, text=message.reply_text, sheets=sheets, files=tuple(a.name for a in message.attachments if not a.inline or a.name),
            to=tuple(name(a.address) for a in message.to), cc=tuple(name(a.address) for a in message.cc), proof=mail.proof, mail_id=mail.row["id"],
        )  # fmt: skip

    def _open_documents(self, mail: Mail) -> None:
        """Reads attached forms, once a mail."""
        if mail.titles or mail.problems:
            return
        for attachment in mail.message.attachments:
            if not can_read(attachment):
                continue
            document = read_rows(attachment)
            if document.problem:
                mail.problems.append(document.problem)
            mail.titles.append(attachment.name)
            head = next((line.strip() for line in document.text.split("\n") if line.strip()), "")
            if 2 < len(head) <= 40:
                mail.titles.append(head)
            mail.rows += document.rows
            mail.papers.append(document.text[:20_000])

    def _vocabulary(self, process: Process) -> dict[str, str]:
        key = f"{process.name}@{process.version}@{id(process)}"
        if key not in self._words:
            self._words[key] = commands.vocabulary(process, self.synonyms)
        return self._words[key]

    def _all_words(self) -> set[str]:
        if "" not in self._words:
            every = {word: word for name, others in self.synonyms.items() for word in (name, *others)}
            self._words[""] = every
        return set(self._words[""])

    def _content(self, mail: Mail) -> str:
        """What makes two mails the same in substance: subject, words and attachments (§8-19)."""
        digest = hashlib.sha256()
        digest.update(re.sub(r"\s+", "", mail.subject.text + "\n" + mail.message.text).encode())
        for attachment in mail.message.attachments:
            digest.update(hashlib.sha256(attachment.data).digest())
        return digest.hexdigest()


def _flat(effects: Any) -> Any:
    yield effects
    for inner in (*effects.branch, *effects.also):
        yield from _flat(inner)


def decide_text(process: Process, names: Names, action: str) -> str:
    """Who may do an action, wherever in the process it is."""
    roles: list[str] = []
    for state in (*process.states.values(),):
        if action in state.actions:
            roles += state.actions[action].by
    if action in process.anytime:
        roles += process.anytime[action].by
    roles = list(dict.fromkeys(roles))
    people = names.everyone(roles)
    return f"“{action}”只有{'、'.join(r.removeprefix('岗位 ') for r in roles)}可以做" + (f"({'、'.join(people[:6])})" if 0 < len(people) <= 6 else "")

