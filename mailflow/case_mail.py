"""Mails about a case: commands, mended forms, answers that fill in fields, correspondence; and the one way in which a case begins."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from parsers.replies import first_line
from store import cases, mails, marks
from store import letters as sent_letters

from . import brought_documents, lapsing, trust
from .blank_forms import as_lines
from .mail_in_hand import End, Handler, Mail
from .process import commands, decide, forms
from .process.dates import read_term
from .process.model import Action, Process
from .process.names import Names
from .process.world import Case, Event, Refused

_MOMENT_ALONE = re.compile(r"[\d一二三四五六七八九十年月日号/.\-:：点时分半今昨前明后天上下中午晚周星期本 ]+")
_NUMBER_FIRST = re.compile(r"\s*\[?(MF-[A-Z0-9]+-\d{4}-\d+)\]?[\s:：,，]*", re.I)


class CaseMail(Handler):
    """What a mail does to a case."""

    def _thread_case(self, mail: Mail) -> Any:
        """The case that the mail's references or its leading number point to."""
        if mail.subject.number_first and (row := cases.by_number(self.know.conn, mail.subject.case_number)):
            return row
        ids = mail.answers
        if ids:
            letters = {row["message_id"]: row for row in sent_letters.by_message_id(self.know.conn, ids)}
            for id in ids:
                if (letter := letters.get(id)) and letter["case_id"]:
                    return cases.get(self.know.conn, letter["case_id"])
            asking = (self.know.library.usual("sorting"), self.know.library.usual("fax"))  # a number answers what these ask
            if letters and not any(letter["letter"] in asking for letter in letters.values()) and (row := self._named_first(mail)):
                return row
            for id in ids:
                earlier = mails.find_by_message_id(self.know.conn, id)
                if earlier and earlier["case_id"]:
                    return cases.get(self.know.conn, earlier["case_id"])
        return None

    def _named_first(self, mail: Mail) -> Any:
        """An answer to a letter about several cases (a sum, a digest) says which it means in front of its first line: `MF-XXX-2026-0007 同意`."""
        found = _NUMBER_FIRST.match(mail.message.reply_text)
        row = cases.by_number(self.know.conn, found[1].upper()) if found else None
        if found and row is not None:
            mail.message = replace(mail.message, reply_text=mail.message.reply_text[found.end() :])
        return row

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
        if (over := lapsing.lapses_at(self.know, row)) and over < mail.row["received_at"]:
            lapsing.lapse(self.recorder, row, over)
            row = cases.get(self.know.conn, row["id"])
        case = self.know.load(row)
        mendable = case.state == decide.RETURNED or (case.open and process.states.get(case.state) is not None and process.states[case.state].mend)
        event = self._event(mail, process, form=mendable or any(a.form for a in process.actions_in(case.state).values()))
        words = mail.message.reply_text
        if not words.strip() and mail.subject.number_first and not mail.subject.prefixes:
            words = mail.subject.text  # a new mail `[MF-…] 关闭` with nothing in it
        command = commands.recognise(words, self._vocabulary(process), self._all_words(), (p.name for p in self.know.directory.people), commands.timed(process))
        opener = event.who != "" and event.who == case.opened_by  # a stranger is not the service, which opens children
        if case.open and opener and command is None and not event.raw:
            event.raw = self._bare_answer(process, case, event)
        if mendable and opener and (event.raw or mail.rows or event.files) and (command is None or command.name not in process.actions_in(case.state)):
            return self._mend(mail, process, case, event)
        if asked := self._question(mail, row):
            return asked
        if opener and event.raw and not case.open and not case.memo.get("path"):
            return self._refused(mail, process, case, event, "更正", Refused("state", "这张单没有及时更正,已经作废;仍要办理,请另发一封新信(不要回复本信)"))
        if command is not None:
            event.argument, event.rest = command.argument, command.rest
            return self._command(mail, process, case, command, event)
        if filled := self._filled_form(process, case, event):
            return self._act(mail, process, case, filled, event)
        if brought := brought_documents.taken(self, mail, process, case, event):
            return brought
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
        if says := brought_documents.unnamed(self, mail, process, case, event):
            self.recorder.tell("says", event.who, event, process, case, 说=says)
        return End("recorded", case.id, "往来")

    def _pass_on(self, process: Process, case: Case, event: Event) -> None:
        """What somebody wrote about a case without a command goes to whom the process names (往来转给), after the end of the case too."""
        text = event.text.strip()
        readers = [n for n in Names(process, case, event, self.know).everyone(process.pass_on) if n != event.who]
        said = len(re.findall(r"\w", text)) >= 3  # two characters of thanks are nothing to read
        if said and event.who and event.who not in Names(process, case, event, self.know).everyone(process.pass_on):
            for reader in readers:
                self.recorder.tell("says", reader, event, process, case, 说=f"{event.who} 来信({case.state}):\n{text[:600]}")

    def _mend(self, mail: Mail, process: Process, case: Case, event: Event) -> End:
        """The form again, in the same thread: the same number, the next revision (RULEBOOK §0.4 更正)."""
        openings = [o for o in self.router.opening(mail.subject) if o.process.name == process.name]
        event.parts = openings[0].parts if openings else {}
        if not openings:  # an answer: what the form is, the subject that it came under says
            event.subject = case.memo.get("subject", event.subject)
        case.revision += 1
        case.memo["form_mail"] = mail.row["id"]
        return self._begin(mail, process, openings[0].start if openings else int(case.memo.get("start", 0)), case, event)

    def _bare_answer(self, process: Process, case: Case, event: Event) -> dict[str, str]:
        """The one field that the opener was asked for, answered without its name: `李四`, `是李四`. Free words are no value: they may be anything."""
        wanted = case.memo.get("asked", ()) if case.state == decide.RETURNED else [f.name for f in process.fields.values() if f.wished and not case.fields.get(f.name)]
        asked = [process.fields[name] for name in wanted if name in process.fields]
        if len(asked) != 1 or asked[0].kind.name in ("文本", "条目", "期次", "项目"):
            return {}
        said = re.sub(r"^(?:应该|应当)?[是为]?[\s:：]*|[\s。.!！,，;；]+$", "", first_line(event.text))
        if asked[0].kind.name in ("日期", "时间") and not _MOMENT_ALONE.fullmatch(said):
            return {}  # 11月19日之前没有
        value, why = forms.read_value(asked[0], said, Names(process, case, event, self.know))
        return {asked[0].name: said} if value and not why else {}

    def _filled_form(self, process: Process, case: Case, event: Event) -> Action | None:
        """An answer without a command word that fills in what an action of this person asks (填表); of several, the first that takes most of it."""
        if not case.open:
            return None
        best: tuple[int, Action | None] = (0, None)
        for action in process.actions_in(case.state).values():
            if not action.form or not action.by:
                continue
            wanted = {label for name in (*action.asks, *action.may_say) for label in (name, *process.fields[name].labels)}
            taken = len(wanted & set(event.raw))
            if not wanted and event.files and (not action.needs_file or any(action.needs_file in f for f in event.files)):
                taken = 1
            if taken > best[0] and event.who in Names(process, case, event, self.know).everyone(action.by):
                best = taken, action
        return best[1]

    def _free_answer(self, process: Process, case: Case, event: Event) -> Action | None:
        """An action of this person that takes any answer's words (任意回信) and whose condition holds; two characters of thanks are none."""
        if not case.open or len(re.findall(r"\w", event.text)) < 3:
            return None
        names = Names(process, case, event, self.know)
        return next((a for a in process.actions_in(case.state).values() if a.free and event.who and event.who in names.everyone(a.by) and (a.when is None or a.when.holds(names.many))), None)

    def _command(self, mail: Mail, process: Process, case: Case, command: commands.Command, event: Event) -> End:
        action = process.actions_in(case.state).get(command.name) if case.open or case.state in process.states else None
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
        if command.conditional or command.hedged and not (action.asks or action.may_say):
            said = (command.argument or command.rest)[:60]
            return self._refused(mail, process, case, event, command.word, Refused("unclear", f"“{command.word}”后面带了条件或疑问({said}),系统不敢替您决定。请回一封不带条件的“{command.word}”,或写明“驳回”和原因"))
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
        others = self.synonyms if found is None or found.name != command.word else {}  # whose 驳回 it is here is said: of somebody else it is no 有异议
        alike = [a for a in process.actions_in(case.state).values() if command.word in (a.name, *a.words, *others.get(a.name, ()))]
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
        done = decide.act(process, case, action, event, self.know)
        if not isinstance(done, Refused) and self._needs_proof(case, action) and not event.proof:  # asked of them alone who may do it
            done = Refused("right", f"“{action.name}”要有凭证:请点收到的那封信里的“{action.name}”按钮回复,或从本单位邮箱发出")
        if isinstance(done, Refused):
            return self._refused(mail, process, case, event, action.name, done)
        after = self.recorder.record(process, done, event)
        if not done.partial:
            told = dict.fromkeys(n for letter in done.letters if letter.remark for n in letter.to if n != event.who and self.know.ours(n))
            self.recorder.tell("done", event.who, event, process, after, 动作=action.name, 说=f"您的附言已带给 {'、'.join(told)}。" if told else "")
        return End("recorded", after.id, action.name)

    def _unproved(self, event: Event) -> bool:
        """Whether [trust] commands asks for more proof than the mail carries."""
        match self.trusted.commands:
            case "authenticated":
                return not event.proof
            case "token":
                return event.proof != "token"
        return False

    def _needs_proof(self, case: Case, action: Action) -> bool:
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
        from . import enquiries

        occasion = "forbidden" if why.reason == "right" else "refused"
        if event.who:
            facts = {"动作": word, "说": why.says, "问题们": [{"项": forms.said(process.fields[p.field]) if p.field in process.fields else p.field, "因": p.why} for p in why.problems]}
            cc = [n for n in why.cc if n != event.who] if why.reason == "right" else []
            if (row := cases.get(self.know.conn, case.id)) is not None and enquiries.may_see(self, event, row):
                self.recorder.tell(occasion, event.who, event, process, case, 抄送=cc, **facts)
            else:  # who got hold of a letter or a number learns no more of the case by it
                self.recorder.tell(occasion, event.who, event, None, None, 抄送=cc, 事项=case.number, 状态="", **facts)
        else:
            # a stranger learns nothing of the case
            self.recorder.tell(occasion, mail.message.sender, event, None, None, 动作=word, 说="您的地址不在通讯录里", 事项=case.number)
        return End("recorded", case.id, f"没有办理“{word}”:{why.says}"[:300])

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
            self.recorder.tell(occasion, event.who, event, None, None, 动作=process.title, 说=done.says, 事项=mail.subject.text, 问题们=[], 抄送=[n for n in done.cc if n != event.who])
            return End("answered", None, f"{process.title}:{done.says}"[:300])
        if not case.id and not done.problems and process.unique:
            same = {c: done.case.project if c == "项目" else done.case.fields.get(c, "") for c in process.unique}
            if (twin := self.recorder.twin(process, same)) and twin["state"] != decide.RETURNED:
                why = f"同样的单已经在办({twin['number']}),没有另开一张。要补充或办理的,请直接回复本信"
                return self._refused(mail, process, self.know.load(twin), event, process.title, Refused("state", why))
        names = Names(process, done.case, event, self.know)
        copies = [r for check in process.checks if check.cc and done.problems and check.when.holds(names.many) for r in names.everyone(check.cc)]
        after = self.recorder.record(process, done, event)
        mail.broken.clear()  # among the problems that this letter tells
        if done.problems:
            facts = {
                "问题们": [{"项": p.field, "因": p.why} for p in done.problems] + [{"项": "附件", "因": p} for p in mail.problems],
                "空白表": as_lines(process, {p.field for p in done.problems}),
                "抄送": [n for n in dict.fromkeys(copies) if n != event.who],
            }
            attach = [w for check in process.checks if check.attach and check.field in {p.field for p in done.problems} and check.when.holds(names.many) for w in check.attach]
            attach += (blank := [f"空白表 {form}" for form in process.starts[start].forms[:1]])
            facts["附表"] = "是" if blank else ""
            self.desk.attach_next = [self.desk.attachment(word, process, after, event) for word in dict.fromkeys(attach)]
            self.recorder.tell("returned", event.who, event, process, after, **facts)
            return End("recorded", after.id, "退件:" + "、".join(p.field for p in done.problems))
        unfit = after.memo.get("unfit", {})
        missing = [f.name + (f"({unfit[f.name]})" if f.name in unfit else "") for f in process.fields.values() if f.wished and not after.fields.get(f.name)]
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
        today = self.know.now.astimezone(self.know.calendar.tz).date()  # 2026年9月 is the case of 202609
        keys = {n: (read_term(parts[n], today) or parts[n]) if f.kind.name == "期次" else parts[n] for n, f in process.fields.items() if f.identifies and n in parts}
        if not keys:
            return None
        known = {k: self.know.project(v)[0] for k, v in keys.items() if process.fields[k].kind.name == "项目"}  # by an alias as well
        for row in cases.find(self.know.conn, process.name, open=True):
            if all(str(row["fields"].get(k, "")) in (v, known.get(k)) for k, v in keys.items()):
                return row
        return None

    def _question(self, mail: Mail, row: Any = None) -> End | None:
        from . import enquiries

        return enquiries.answer(self, mail, row)


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
