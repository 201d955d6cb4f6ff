"""What people answer to what we asked: which of the candidates was meant, which of several cases, where a mail belongs, what stands on a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from parsers import Message
from store import cases, letters, mails

from . import fax_questions, faxed_documents, faxed_forms, returned_slips
from .mail_in_hand import End, Mail
from .process.world import Event

if TYPE_CHECKING:
    from .intake import Intake

_NUMBER = re.compile(r"MF-[A-Z0-9]+-\d{4}-\d+", re.I)
# what a person was asked about a page (`about` of what the letter remembers) → who understands the answer
_ABOUT_A_PAGE: dict[str, Callable[[Intake, Mail, dict[str, Any], Any, Message], End | None]] = {
    "form": faxed_forms.answered, "document": faxed_documents.answered, "slip": returned_slips.answered,
}  # fmt: skip


def understood(intake: Intake, mail: Mail) -> End | None:
    """What became of a mail that answers a question of ours; None where it answers none."""
    return _choice(intake, mail) or _sorted(intake, mail) or _which_one(intake, mail)


def _answered(intake: Intake, mail: Mail) -> Any:
    """The letter of ours that it answers, whole; None where it answers none."""
    found = next(iter(letters.by_message_id(intake.know.conn, mail.answers)), None) if mail.answers else None
    return letters.get(intake.know.conn, found["id"]) if found is not None else None


def _pressed(intake: Intake, mail: Mail) -> Any:
    """The question whose button was pressed: the new mail's subject says which mail it was about."""
    found = re.search(r"<q-(\d{1,12})-(\d{1,3})>", mail.message.subject)
    about = letters.about_mail(intake.know.conn, int(found[1]), mail.message.sender) if found else []
    return next((letter for letter in about for action in letter["content"].get("actions", []) if found and action.get("token") == found[0]), None)


# -- which one was meant -----------------------------------------------------------------------------------------------------------


def _choice(intake: Intake, mail: Mail) -> End | None:
    """`2` in answer to the letter that offered candidates: the mail it was about, again, under the subject that was chosen."""
    number = re.match(r"^(?:选|第)?\s*([1-9])(?:\s*[个项号.、。]|\s*$)", mail.first_line)
    letter = _answered(intake, mail) if number else None
    if number is None or letter is None or letter["reader"] != mail.message.sender:
        return None
    offered = letter["content"].get("choices", [])
    original = intake.original(letter["mail_id"]) if int(number[1]) <= len(offered) else None
    return intake._fresh(mail.anew(replace(original, subject=offered[int(number[1]) - 1]))) if original is not None else None


def _which_one(intake: Intake, mail: Mail) -> End | None:
    """A command in answer to a letter that sums up several cases, without saying which: asked back."""
    letter = _answered(intake, mail)
    if letter is None or letter["case_id"] or letter["letter"] != intake.know.library.usual("standstill") or not mail.sender:
        return None
    shown = [f"{c['number']} {c['title']}" for c in letter["content"].get("cases", [])]
    event = intake._event(mail, None)
    says = f"那封信里有几张单,不知道您说的是哪一张。请再回一次,第一行先写单号,后面写要做的事,如“{shown[0].split()[0]} …”。几张单是:\n" if shown else ""
    intake.recorder.tell("says", event.who, event, 说=says + "\n".join(shown), 事项="请写明单号")
    return End("answered", None, "回的是合并信,已请来信人写明单号")


# -- where a mail belongs ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Sorting:
    """A mail that a person was asked about, and who answers."""

    intake: Intake
    answer: Mail
    event: Event
    row: Any  # of the mail that was asked about
    original: Message
    page: dict[str, Any] | None  # what was read off a page of it, and is asked about

    def finish(self, end: str, case_id: int | None, reason: str) -> None:
        """Says what became of the mail, or of its page."""
        if self.page:
            fax_questions.settle(self.intake, self.row, self.page, end, case_id, reason)
        else:
            mails.finish(self.intake.know.conn, self.row["id"], end=end, case_id=case_id, reason=reason)

    def reply(self, says: str, reason: str, end: str = "answered", case_id: int | None = None) -> End:
        """What whoever answered hears, and the end of their answer."""
        self.intake.recorder.tell("says", self.event.who, self.event, 说=says, 事项="分拣")
        return End(end, case_id, f"分拣:{reason}")


def _sorted(intake: Intake, mail: Mail) -> End | None:
    """What a person answers to a letter that asked where a mail belongs: `归入 MF-…`, `按 <标准标题>`, `忽略`."""
    letter = _answered(intake, mail) if mail.answers else _pressed(intake, mail)
    asking = (intake.know.library.usual("sorting"), intake.know.library.usual("fax"))
    if letter is None or letter["case_id"] or not letter["mail_id"] or letter["letter"] not in asking:
        return None
    event = intake._event(mail, None)
    if letter["reader"] != mail.message.sender and "系统管理员" not in intake.know.roles_of(event.who):
        return None
    row, original, page = mails.get(intake.know.conn, letter["mail_id"]), intake.original(letter["mail_id"]), letter["content"].get("fax")
    if row is None or original is None or row["end"] != "sorting" or (page and not fax_questions.waits(intake, row, page)):
        intake.recorder.tell("says", event.who, event, 说="这封信已经有人处理过了。", 事项="分拣")
        return End("answered", None, "分拣:已处理过")
    if page and (done := _ABOUT_A_PAGE[page["about"]](intake, mail, page, row, original)):
        return done
    sorting = _Sorting(intake, mail, event, row, original, page)
    first = mail.first_line
    if first.startswith("忽略"):
        sorting.finish("answered", None, f"{event.who} 分拣:忽略")
        return sorting.reply(f"已忽略《{original.subject}》。", "忽略")
    if first.startswith("归入") and (number := _NUMBER.search(first)):
        return _filed_under(sorting, number[0].upper())
    if first.startswith("按") and len(first) > 2:
        return _handled_as(sorting, first[1:].strip(" :："))
    return sorting.reply("没有看懂。第一行请写其中一种:" + ("确认 / 栏目:正确的内容 / " if page else "") + "归入 单号 / 按 标准标题 / 忽略", "没有看懂")


def _filed_under(sorting: _Sorting, number: str) -> End:
    conn, event, original = sorting.intake.know.conn, sorting.event, sorting.original
    case = cases.by_number(conn, number)
    if case is None:
        return sorting.reply(f"没有单号 {number};请核对后再回一次。", "单号不存在")
    cases.note(conn, case["id"], event.at, event.who, "归入来信", case["state"], case["state"], f"{original.sender}《{original.subject}》\n{original.reply_text[:800]}", sorting.row["id"])
    sorting.finish("recorded", case["id"], f"{event.who} 分拣归入")
    return sorting.reply(f"已把《{original.subject}》归入 {case['number']}。", "归入", "recorded", case["id"])


def _handled_as(sorting: _Sorting, subject: str) -> End:
    """The mail again under a standard subject; below the first line may stand whose it is (a fax, somebody's other address) and what stands on it."""
    intake, original = sorting.intake, sorting.original
    person = intake.know.directory.by_address(original.sender)
    message = replace(original, subject=subject)
    below = sorting.answer.message.reply_text.strip().partition("\n")[2]
    if given := re.search(r"(?m)^[ \t]*来信人[ \t]*[:：][ \t]*(\S+)[ \t]*$", below):
        person = intake.know.whole_person(given[1])
        if person is None:
            return sorting.reply(f"通讯录里没有“{given[1]}”;请核对姓名后再回一次。", "没有这个人")
        said = below.replace(given[0], "").strip()
        words = said if original.sender in intake.gateways else f"{said}\n{original.reply_text}".strip()
        message = replace(message, sender=person.address, sender_name=person.name, reply_text=words)
    end = intake._fresh(sorting.answer.anew(message, row=sorting.row, sender=person.name if person else ""))
    sorting.finish(end.end, end.case_id, f"{sorting.event.who} 分拣:{end.reason}"[:300])
    return sorting.reply(f"已按“{subject}”办理:{end.reason or end.end}。", "按标题办理", case_id=end.case_id)
