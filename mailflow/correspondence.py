"""Turns what a decision wants said into waiting letters: one reader, one case, one pass, one letter; threaded to what it answers."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from store import cases, mails
from store import letters as rows

from . import anonymity, letters
from .knowledge import Knowledge
from .process.forms import said
from .process.model import Action, Process
from .process.names import Names
from .process.world import Case, Event, LetterPlan
from .trust import issue

if TYPE_CHECKING:
    from .standstill import Ringing


@dataclass(slots=True)
class Answered:
    """The mail that a letter answers, for its threading headers."""

    mail_id: int | None = None
    message_id: str = ""
    references: Sequence[str] = ()
    sender: str = ""


@dataclass
class Desk:
    """Writes the letters of one pass."""

    know: Knowledge
    service: Any  # config.Service
    limits: Any  # config.Limits
    secret: bytes = b""
    fax: str | None = None  # [fax] reply: how a fax number is an address
    held_back: list[str] = field(default_factory=list)
    fresh: dict[int, set[str]] = field(default_factory=dict)  # cases opened in this transaction, and who was written to about them
    _deadlines: list[Any] | None = None  # of the case being written about: each of its letters shows them
    attach_next: list[dict[str, Any]] = field(default_factory=list)  # files of the next letter, given ready
    ringing: Ringing | None = None  # while a deadline rings: what is said of its case may be summed up after a standstill

    # -- what a letter shows ---------------------------------------------------------------------------------------------

    def actions_for(self, process: Process, case: Case, names: Names, reader: str) -> list[dict[str, Any]]:
        """What this reader may do now with the case, as words to answer with."""
        shown = []
        asked = Names(process, names.case, Event(names.event.at, reader), names.world)  # an answer of this reader's, with nothing in it yet
        for action in process.actions_in(case.state).values():
            if not action.offered or reader not in names.everyone(action.by) or action.form and not action.name:
                continue
            if action.all_of and reader in case.memo.get("done", {}).get(f"{case.state}/{action.name}", []):
                continue
            if action.when is not None and not action.when.holds(asked.many):
                continue
            words = _as_words(process, action, self.know.library.negative_words())
            note = names.fill(words["note"].replace("<单号>", f"[{case.number}]").replace("<人员>", reader))
            shown.append(words | {"note": note})
        return shown

    def content(self, process: Process | None, case: Case | None, names: Names | None, reader: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
        """Everything the frame of a letter needs."""
        content: dict[str, Any] = {"reader": reader, "parts": parts, "service": f"{self.service.name} <{self.service.address}>"}
        if process is None or case is None or names is None:
            return content
        tz = self.know.calendar.tz
        content |= {
            "number": case.number, "process": process.title, "title": case.title, "state": case.state,
            "received": letters.say_time(case.opened_at.astimezone(tz)),
            "actions": self.actions_for(process, case, names, reader) if case.open else [],
            "facts": [[f.name, case.fields[f.name]] for f in process.fields.values() if case.fields.get(f.name) and not f.hidden],
            "next": self.next_step(process, case, names),
            "deadlines": [], "history": [],
        }  # fmt: skip
        words = {"running": "进行中", "paused": "暂停中", "missed": "已逾期"}
        for d in self._deadlines if self._deadlines is not None else cases.deadlines(self.know.conn, [case.id]):
            if d["status"] in words and d["stopped_at"] is None:
                content["deadlines"].append({"name": d["name"], "due": letters.say_due(d["due"].astimezone(tz)), "status": words[d["status"]], "how": d["explained"]})
        return content

    def next_step(self, process: Process, case: Case, names: Names) -> str:
        """Who does what next, in one phrase."""
        card = process.states.get(case.state)
        if not case.open:
            return "已结束"
        if card is None:
            return f"由 {anonymity.hidden_opener(process, case, names) and anonymity.NOBODY or case.opened_by} 更正"
        opener = anonymity.hidden_opener(process, case, names)
        able = [a for a in card.actions.values() if a.offered and (a.when is None or a.when.holds(names.many))]
        anybody = [case.opened_by] if card.mend else list(dict.fromkeys(n for a in able for n in names.everyone(a.by)))
        people = names.everyone(card.waits) or anybody
        what = ["更正重发"] * card.mend + [a.name for a in able if (not card.waits or set(people) & set(names.everyone(a.by)))]
        who = "、".join(anonymity.NOBODY if n == opener else n for n in people[:4])
        return f"由 {who} {' / '.join(what[:4])}" if who and what else f"等 {who}" if who else ""

    # -- writing -----------------------------------------------------------------------------------------------------------

    def context(self, wanted: Iterable[str], process: Process | None, case: Case | None, names: Names | None, event: Event, extra: dict[str, Any]) -> dict[str, Any]:
        """The names that a letter's template uses: fields, roles, lookups and the words that every letter knows."""
        context: dict[str, Any] = {"收到时间": letters.say_time(event.at), "来信人": event.who or event.address, "标题": event.subject, "来信地址": event.address, "来件方式": event.means}
        if process is not None and case is not None and names is not None:
            context |= {"字段": case.fields, "流程": process.title, "事项": case.title, "状态": case.state}
            for name in wanted:
                if name not in extra and name not in context:
                    try:
                        context[name] = names.look(name)
                    except KeyError:
                        continue  # a word of the letter's own, such as a loop's
        return context | extra

    def write(
        self,
        plans: Sequence[LetterPlan],
        event: Event,
        answered: Answered,
        process: Process | None = None,
        case: Case | None = None,
        names: Names | None = None,
    ) -> None:
        """Writes the letters of a decision. A part for somebody whose letter about the case still waits joins it."""
        self._deadlines = cases.deadlines(self.know.conn, [case.id]) if case is not None and case.id and plans else None
        for plan in plans:
            name = plan.letter or self.know.library.usual("says")
            source = self.know.library.letters.get(name)
            if source is None:
                raise letters.LetterError(f"没有“{name}”这封信;请在 letters/ 里写好 {name}.txt")
            part = letters.part(source, self.context(letters.names(source), process, case, names, event, {"说": plan.says, "收信人": "、".join(plan.to), **plan.facts}))
            if self.ringing and case is not None and case.id == self.ringing.case_id:
                part["rung"] = "behind" if self.ringing.behind else "in time"
            if plan.facts.get("等"):
                part["until"] = plan.facts["等"]
            attach = [self.attachment(word, process, case, event) for word in plan.attach] + self.attach_next
            self.attach_next = []
            remembered = {"choices": plan.facts["候选标题"]} if plan.facts.get("候选标题") else plan.facts.get("记住", {})
            for number, reader in enumerate(dict.fromkeys(plan.to)):
                cc = plan.cc if number == 0 else []
                told = part
                if plan.remark and reader != event.who and all(self.know.ours(n) for n in (reader, *cc)):
                    told = part | {"text": f"{part['text']}\n\n{event.who} 附言：{plan.remark}"}
                self._one(reader, cc, [told], attach, event, answered, process, case, names, remembered)
                printed = [a for a in attach if a["kind"] == "slip"]  # to be signed on paper: by fax as well
                if printed and (fax := self.fax_address(reader, case)) and fax != self.address(reader)[0]:
                    self._one(fax, [], [part], printed, event, Answered(), process, case, names, {})

    def _one(
        self, reader: str, cc: list[str], parts: list[dict[str, Any]], attach: list[dict[str, Any]], event: Event, answered: Answered,
        process: Process | None, case: Case | None, names: Names | None, remembered: dict[str, Any],
    ) -> None:  # fmt: skip
        conn, now = self.know.conn, event.at
        address, shown = self.address(reader)
        if not address or address.lower() == self.service.address.lower():
            self.held_back.append(reader)
            return
        if reader != shown and "@" not in reader and reader == anonymity.hidden_opener(process, case, names):
            self.held_back.append(reader)  # who is hidden left: whoever stands in for them must not learn of it
            return
        copies = [a for name in cc if (a := self.address(name)[0]) and a != address]
        case_id = case.id if case is not None else None
        content = self.content(process, case, names, shown, parts)
        if opener := anonymity.hidden_opener(process, case, names):
            # nobody else learns who wrote: not from a copy, not from a forwarded mail, not from the words
            copies = [] if shown == opener else [a for a in copies if a != self.address(opener)[0]]
            if shown != opener:
                secret = anonymity.words(self.know, opener, event)
                content = anonymity.masked(content, secret)
                attach = [a for a in attach if not a.get("mail") or (mail := mails.get(conn, a["mail"])) is None or mail["sender"] not in secret]
        content |= {"attach": attach, **remembered}
        first = case_id is not None and case_id in self.fresh and address not in self.fresh[case_id]  # nothing can stand there yet: nothing is asked
        waiting = rows.waiting_for(conn, case_id, address) if case_id and not first else None
        if waiting is not None:
            merged = letters.join(waiting["content"], content)
            self._tokens(merged, shown, case)
            both = list(dict.fromkeys([*waiting["cc"], *copies]))
            rows.append(conn, waiting["id"], content=merged, letter="、".join(p["name"] for p in merged["parts"]), cc=both, subject=letters.subject(merged))
            return
        hour = now - timedelta(hours=1)  # two robots cannot talk for ever
        due = now + timedelta(hours=1) if rows.reached(conn, address, hour, self.limits.letters_per_person_hour) else now
        if case_id and not first and rows.reached(conn, address, hour, self.limits.letters_per_case_hour, case_id):
            self.held_back.append(reader)
            return
        if any(p.get("rung") == "behind" for p in parts) and self.ringing:
            due = max(due, self.ringing.hold)
        self._tokens(content, shown, case)
        if copies:
            for action in content.get("actions", []):
                action.pop("token", None)  # a copy would hand the proof on
        in_reply_to, references = self._thread(answered, None if first else case_id, address)
        if first and case_id is not None:
            self.fresh[case_id].add(address)
        domain = self.service.address.partition("@")[2] or "mailflow.invalid"
        rows.write(
            conn,
            {
                "case_id": case_id, "mail_id": answered.mail_id, "reader": address, "cc": copies, "letter": "、".join(p["name"] for p in parts),
                "subject": letters.subject(content), "content": content, "message_id": f"<{uuid.uuid4().hex}@{domain}>",
                "in_reply_to": in_reply_to, "references": references, "due": due, "written_at": now,
            },
        )  # fmt: skip

    def address(self, reader: str) -> tuple[str, str]:
        """(address, name) of a person's name or of an address itself."""
        if "@" in reader:
            known = self.know.directory.by_address(reader)
            return reader, known.name if known else reader
        person = self.know.whole_person(reader)
        if person is not None and not person.active:  # nobody writes to who left
            person = self.know.directory.successor(person)
        return (person.address or self.fax_address(reader), person.name) if person else ("", reader)

    def fax_address(self, reader: str, case: Case | None = None) -> str:
        """The mail-to-fax address of somebody's fax number, or of that from which they opened the case; '' where there is none."""
        person = self.know.whole_person(reader)
        number = "".join(c for c in person.fax if c.isascii() and c.isdigit()) if person else ""
        if not number and case is not None and reader == case.opened_by:
            number = case.memo.get("fax", "")
        return self.fax.replace("{number}", number) if self.fax and number else ""

    def _thread(self, answered: Answered, case_id: int | None, address: str) -> tuple[str, str]:
        """In-Reply-To and References (RFC 5322 §3.6.4): the mail of this reader that is being answered, else our last letter to them about the case."""
        if answered.message_id and answered.sender == address:
            chain = [*answered.references, answered.message_id]
            return answered.message_id, " ".join(dict.fromkeys(chain[-12:]))
        if case_id and (last := rows.last_to(self.know.conn, case_id, address)):
            chain = [*str(last["references"]).split(), last["message_id"]]
            return last["message_id"], " ".join(dict.fromkeys(chain[-12:]))
        return "", ""

    def _tokens(self, content: dict[str, Any], reader: str, case: Case | None) -> None:
        """A single-use proof in each mailto subject, bound to reader, case and action (DESIGN `Who may do what`)."""
        if not self.secret or case is None:
            return
        for action in content.get("actions", []):
            action["token"] = f"<{issue(self.secret, reader, case.number, action['word'], uuid.uuid4().hex[:12])}>"

    def attachment(self, word: str, process: Process | None, case: Case | None, event: Event) -> dict[str, Any]:
        """What to attach, by reference: it is built when the letter is sent."""
        kind, _, name = word.partition(" ")
        if kind == "空白表":
            return {"kind": "blank", "form": name}
        if kind == "存档件":
            return {"kind": "archived", "mail": event.mail_id if not case or not case.memo.get("form_mail") else case.memo["form_mail"], "name": f"{case.title if case else '来信'}.eml"}
        if kind == "单据" and process is not None and case is not None:
            return self.slip(name, process, case, event)
        if kind == "文件" and case is not None:  # as it was handed in last
            mail = next((d["mail_id"] for d in cases.documents(self.know.conn, [case.id]) if d["name"] == name), None)
            return {"kind": "forwarded", "mail": mail, "name": name}
        if kind == "表格":  # a register as a workbook: 表格 X [上月|本月|本季|上季起]
            from .show import register_rows

            register, _, period = name.partition(" ")
            first = {"上月": event.at.date().replace(day=1) - timedelta(days=1), "本季": event.at.date().replace(day=1, month=(event.at.month - 1) // 3 * 3 + 1)}.get(period, event.at.date())
            months = [first.replace(day=1, month=m) for m in range(first.month, first.month + 3)] if period == "本季" else [first]
            if period == "上季起":  # the quarter before and this one so far
                begin = event.at.year * 12 + (event.at.month - 1) // 3 * 3 - 3
                months = [date(m // 12, m % 12 + 1, 1) for m in range(begin, begin + 6)]
            declared = self.know.library.registers[register]
            wanted = {f"{month:%Y-%m}" for month in months} if period else set()
            rows = register_rows(self.know, declared, lambda row, cells: not wanted or f"{row['at'].astimezone(self.know.calendar.tz):%Y-%m}" in wanted)
            return {"kind": "workbook", "name": f"{register}-{event.at:%Y%m%d}.xlsx", "sheets": [[register, rows]]}
        if kind == "来件":
            return {"kind": "forwarded", "mail": event.mail_id}
        return {"kind": "unknown", "form": word}

    def slip(self, name: str, process: Process, case: Case, event: Event) -> dict[str, Any]:
        """What stands on a slip, as the case is now; the page is made when the letter is sent."""
        from . import slips

        plan, names = self.know.library.slips[name], Names(process, case, event, self.know)
        rows = [[label, names.value(text)] for label, text in plan.rows]
        made = letters.say_time(event.at.astimezone(self.know.calendar.tz))
        page = {
            "title": plan.name, "number": case.number, "opening": names.fill(plan.opening), "rows": rows, "empty": plan.empty, "sign": plan.sign, "made": made,
            "service": f"{self.service.name} {self.service.address}", "code": slips.payload(self.secret, case.number, plan.code, [names.value(n) for n in plan.sealed]),
        }  # fmt: skip
        return {"kind": "slip", "name": f"{plan.name}-{case.number}.pdf", "page": page}


def _as_words(process: Process, action: Action, negatives: set[str]) -> dict[str, Any]:
    """How an action is shown and what its button writes."""

    def label(name: str) -> str:
        return said(process.fields[name])

    asks = [label(n) for n in action.asks]
    may = [label(n) for n in action.may_say]
    short = asks[0] if asks else ""
    show = action.name + (f" 〔{short}〕" if short else "")
    body = action.name + (" " if short else "") + "".join(f"\n{a}:" for a in asks[1:])
    notes = []
    if len(asks) > 1:
        notes.append(f"下面逐行写明：{'、'.join(asks[1:])}")
    if may:
        notes.append(f"可写：{'、'.join(may)}")
    if action.hint:
        notes.append(action.hint)
    if action.needs_file:
        notes.append("随信附上文件" if action.needs_file == "附件" else f"随信附《{action.needs_file}》")
    if action.form and asks:
        show, body = f"{action.name}：逐行填写 {'、'.join(asks)}", "".join(f"{a}:\n" for a in asks)
        notes = []
    if action.subjects:
        notes.append("或另发一信，标题：" + " / ".join(action.subjects))
    negative = action.name in negatives
    return {"word": action.name, "show": show, "note": "；".join(notes), "body": body, "negative": negative}
