"""One mail's way: read it, find where it belongs, decide, record. Every mail ends in exactly one of the ends of CONTRACT `inbox`."""

from __future__ import annotations

from typing import Any

import parsers
from parsers import Message
from parsers.subjects import clean
from store import cases, mails, marks
from store import letters as sent_letters

from . import papers, trust
from .case_mail import CaseMail
from .correspondence import Answered
from .disclosure import leak
from .mail_in_hand import End, Mail
from .process import commands, decide
from .process.names import Names
from .process.world import Refused
from .routing import Opening
from .unread import TOO_LARGE, unread

AUTOMATIC = ("bounce", "autoreply", "list")


class Intake(CaseMail):
    """Handles mails on one connection, in one transaction that the caller owns."""

    def handle(self, row: Any, raw: bytes, message: Message | None = None) -> End:
        """Does everything that follows from one mail and says how it ended."""
        message = message if message is not None else parsers.read(raw)
        mail = self._in_hand(row, message, unread(message) if not row["truncated"] else [TOO_LARGE])
        if twin := mails.find_duplicate(self.know.conn, message.message_id, row["digest"], row["id"]):
            return End("duplicate", twin["case_id"], "同一封信已经处理过")
        gateway = message.sender in self.gateways and message.kind != "bounce" and not self._own(message)
        if gateway and not row["truncated"] and (paper := self._paper(mail, gateway=True)):  # before the automatic kinds: gateways say that they are robots
            return paper
        if message.kind in AUTOMATIC or self._own(message):
            return self._automatic(mail)
        if row["truncated"]:
            return self._too_large(mail)
        case = self._thread_case(mail)
        if kept_inside := self._leaked(mail, case):
            return kept_inside
        said = bool(message.attachments) and self._says_command(mail, case)
        if not said and (paper := self._paper(mail)):
            return paper
        if case is not None and not self._new_matter(mail, case):
            end = self._in_thread(mail, case)
            if mail.broken and (process := self.know.process_of(case["process"], case["version"])) is not None:
                self._say_broken(mail, process, self.know.load(cases.get(self.know.conn, case["id"])))
            if said:  # the words first, then the signed slip that came with them
                self._paper(mail, beside=True)
            return end
        if answered := self._answer_to_us(mail):
            return answered
        if asked := self._question(mail):
            return asked
        end = self._fresh(mail)
        self._say_broken(mail)
        return end

    def _in_hand(self, row: Any, message: Message, missing: list[str]) -> Mail:
        """`missing`: what of it was not read, for its sender."""
        person = self.know.directory.by_address(message.sender)
        mail = Mail(row, message, clean(message.subject), person.name if person else "", problems=missing[:], broken=missing[:])
        mail.proof = trust.proof(message.authentication_results, self.trusted.authserv_id, message.sender)
        self.recorder.answered = Answered(row["id"], message.message_id, message.references, message.sender)
        return mail

    def _too_large(self, mail: Mail) -> End:
        """Only its header was kept: whoever sent it is told, and a person sees to it that nothing is lost."""
        if not mail.sender and mail.message.sender not in self.gateways:
            return self._stranger(mail)
        end = self._sort(mail, TOO_LARGE)
        self._say_broken(mail)
        return end

    def _paper(self, mail: Mail, gateway: bool = False, beside: bool = False) -> End | None:
        """Slips that come back as fax, scan or photo."""
        if not mail.message.attachments and not gateway:
            return None
        from . import returned_slips

        return returned_slips.returned(self, mail, gateway, beside)

    def _scanned_form(self, mail: Mail, opening: Opening) -> End | None:
        """A form that somebody mailed as a scan or photo, without a word of it in the mail."""
        pages = papers.of(mail.message.attachments)
        if not pages or not opening.process.starts[opening.start].forms or any(self._event(mail, opening.process, form=True).raw.values()):
            return None
        from . import fax_pages, fax_questions, faxed_forms

        found = fax_pages.pages_by_kind(self, self.read_papers(papers.NotRead(mail.row["id"], pages, True)))
        for form in found.forms:
            form.parts = opening.parts if form.process is opening.process and len(found.forms) == 1 else {}  # a subject speaks of one
        return fax_questions.together(self, mail, faxed_forms.taken(self, mail, found.forms)) if found.forms else None

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

    # -- ③–⑦ a new matter ------------------------------------------------------------------------------------------------------

    def _fresh(self, mail: Mail) -> End:
        for doing in self.router.doing(mail.subject):
            if row := self._meant(doing.process, doing.parts):
                process = self.know.process_of(row["process"], row["version"])
                action = doing.now(process, row["state"]) if process else None
                event = self._event(mail, doing.process, doing.parts)
                case = self.know.load(row)
                if process is None or not mail.sender:
                    break
                if action is None and self.router.opening(mail.subject):
                    break  # the same subject begins one: a new mail of it is a new case (§8-17)
                if action is None:
                    refusal = Refused("state", f"现在的状态“{case.state}”不能“{doing.action}”" if case.open else "这件事已经结束")
                    return self._refused(mail, process, case, event, doing.action, refusal)
                if not event.raw:
                    event.rest = event.text  # the subject is the command: what is written freely answers what it asks, as behind a word
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
        if scanned := self._scanned_form(mail, openings[0]):
            return scanned
        content = self._content(mail)
        if repeated := self._repeated(mail, content, "内容"):
            return repeated
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
            event = self._event(mail, process, opening.parts, form=True)
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
        event = self._event(mail, process, opening.parts, form=True)
        case = decide.blank_case(process, event)
        case.memo["form_mail"] = mail.row["id"]
        if mail.row["id"] and not case.title:
            case.title = mail.subject.text[:80]
        if number := opening.parts.get("单号"):  # a form about another case hangs on it (§8-26)
            above = cases.by_number(self.know.conn, number)
            if above is None:
                self.recorder.tell("refused", event.who, event, None, None, 动作=process.title, 说=f"没有单号 {number};请核对后重发", 事项=mail.subject.text, 问题们=[])
                return End("answered", None, f"没有单号 {number}")
            case.parent_id, case.parent_number, case.project = above["id"], above["number"], case.project or above["project"]
        return self._begin(mail, process, opening.start, case, event)

    def _stranger(self, mail: Mail) -> End:
        """One neutral answer a day at most; a person looks (RULEBOOK §0.4 权限)."""
        end = self._sort(mail, "来信人不在通讯录")
        event = self._event(mail, None)
        if mail.message.sender and not marks.told(self.know.conn, mail.message.sender, "stranger", event.at.date()):
            self.recorder.tell("stranger", mail.message.sender, event, 说="".join(f"\n{p}。" for p in mail.broken))
        return end

    def _unclear(self, mail: Mail) -> End:
        event = self._event(mail, None)
        if close := self.router.close(mail.subject):
            lines = [f"{n}. {c.title}" for n, c in enumerate(close, 1)]
            self.recorder.tell("choose", mail.sender, event, 候选们=lines, 候选标题=[c.title for c in close])
            return End("answered", None, "标题接近标准格式,已请来信人选择")
        end = self._sort(mail, "认不出属于哪个流程")
        says = "".join(f"\n{p}。" for p in mail.broken)
        self.recorder.tell("stranger", mail.sender, event, 说=f"如要办理某项业务,请用它的标准标题;回“帮助”可看全部标题。{says}")
        mail.broken.clear()
        return end

    def _answer_to_us(self, mail: Mail) -> End | None:
        if not mail.answers and "<q-" not in mail.message.subject:
            return None
        from . import our_questions

        return our_questions.understood(self, mail)
