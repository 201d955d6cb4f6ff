"""Questions to a person about what came on paper: a letter for each matter of a fax, with pictures; when all are settled, the mail is.

Nothing doubtful is taken in silence (RULEBOOK B02 `ocr_confidence`), and nothing is lost: the mail ends `sorting` until somebody has answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from store import mails, marks

from . import papers
from .cell_pictures import Box, picture
from .mail_in_hand import End, Mail, buttons
from .process.world import Event

if TYPE_CHECKING:
    from .intake import Intake

_YES = re.compile(
    r"(?:已经?|经|我)?(?:核对|核实|检查|看)?(?:过了?|了|后)?[,，、 ]?(?:以上|内容|信息|各栏|全部|都|均|是|读得)*"
    r"(?:确认(?:无误)?|无误|都对|属实|正确|没问题|没有问题|没错|对的|对|一致|准确|是的|ok)了?(?:(?:[\s,，。.!！;；]+|[,，]?(?:请|可以|就)?(?=开单|受理|办理|登记)).*)?", re.I,
)  # fmt: skip
_RESERVED = re.compile(r"但|不过|只是|除了|有误|错了|不对|不是|应为|应是|改为|改成|更正|[?？]|吗")  # a yes with a condition is none (RULEBOOK §8-18)
_RATHER = re.compile(r"不是[^,，;；]*[,，]\s*(?:而?是|应为|应该?是)\s*(.+)|(?:应该?为|应该?是|应改为|应改成|改为|改成|更正为|实际?[为是]|为|是)\s*[:：]?\s*(?![不错])([^?？]+?(?<!吗))")
_ABOUT = "核对传真"


def cell(label: str, read: str, why: str, page: papers.Print | None = None, box: Box | None = None) -> dict[str, Any]:
    """What is asked about: what was read, why it is asked, and the picture of where it stands on its page (base64 of a PNG), '' where nothing stands there."""
    shown = picture(page.picture, box, (page.width, page.height)) if page and box else ""
    return {"label": label, "read": read, "why": why, "picture": shown}


def ask(
    intake: Intake, mail: Mail, memory: dict[str, Any], cells: list[dict[str, Any]], facts: list[list[str]], answers: dict[str, str], says: str, form: str,
    sender: str = "",
) -> None:  # fmt: skip
    """A letter to the desk, and one to whoever sent the page where `sender` names them: who answers first counts.

    `memory` comes back with the answer: `about` says what kind of question it was, `number` which of the mail's matters. `answers`: word → text that its button writes.
    """
    desk = intake.know.with_role("系统管理员")[:3]
    also = [sender] if sender and sender not in desk else []
    remembered = {"fax": memory, "cells": cells, "facts": facts, "actions": buttons(mail.row["id"], memory["number"], **answers, 忽略="忽略")}
    for reader in [*desk, *also]:
        intake.desk.attach_next = [{"kind": "forwarded", "mail": mail.row["id"]}]
        words = says + "已同时请我方人员核对,先答复的算。" if reader in also else says
        intake.recorder.tell("fax", reader, intake._event(mail, None), 记住=remembered, 说=words, 表单=form)


def reply(intake: Intake, event: Event, says: str, reason: str, case_id: int | None = None) -> End:
    """What whoever answered hears, and the end of their answer."""
    intake.recorder.tell("says", event.who, event, 说=says, 事项=_ABOUT)
    return answered(reason, case_id)


def answered(reason: str, case_id: int | None = None) -> End:
    """The end of an answer to such a question."""
    return End("answered", case_id, f"{_ABOUT}:{reason}"[:300])


def waits(intake: Intake, row: Any, memory: dict[str, Any]) -> bool:
    """Whether nobody has answered yet. `row`: the mail that is asked about."""
    return marks.get(intake.know.conn, f"fax/{row['id']}/{memory['number']}") is None and row["end"] == "sorting"


def settle(intake: Intake, row: Any, memory: dict[str, Any], end: str, case_id: int | None, reason: str) -> None:
    """One matter of a fax is settled; when all are, the mail is."""
    conn = intake.know.conn
    marks.set(conn, f"fax/{row['id']}/{memory['number']}", intake.know.now)
    asked = marks.get(conn, f"fax/{row['id']}")
    left = [n for n in (asked["value"].split() if asked else []) if marks.get(conn, f"fax/{row['id']}/{n}") is None]
    case_id = case_id or row["case_id"]
    mails.finish(conn, row["id"], end="sorting" if left else "recorded" if case_id else end, case_id=case_id, reason=reason[:300] if not left else row["reason"])


def together(intake: Intake, mail: Mail, ends: Sequence[End]) -> End:
    """The end of a mail with these matters, in the order of their numbers; notes which of them wait for a person."""
    if waiting := [n for n, end in enumerate(ends) if end.end == "sorting"]:
        marks.set(intake.know.conn, f"fax/{mail.row['id']}", intake.know.now, " ".join(map(str, waiting)))
    return one_of(ends)


def one_of(ends: Sequence[End]) -> End:
    """Of several ends the one that says most: what waits for a person before what is done; with a case where there is any."""
    first = next((end for end in ends if end.end == "sorting"), next((end for end in ends if end.case_id), ends[0]))
    first.case_id = first.case_id or next((end.case_id for end in ends if end.case_id), None)
    return first


def agrees(first: str) -> bool:
    """Whether the first line of an answer says that all was read as it stands."""
    return bool(_YES.fullmatch(first.strip())) and not _RESERVED.search(first)


def corrected(text: str, labels: Iterable[str]) -> dict[str, str]:
    """label → value of sentences such as 故障单号应为 WH-…, 级别改为二级, 电话不是 020-1,是 020-2: how people put right what a form's line says."""
    found = {}
    longest = sorted(labels, key=len, reverse=True)
    for sentence in re.split(r"[\n;；。]", text):
        plain = re.sub(r"^\s*(?:\d+\s*[.、)）]\s*)?(?:确认|更正)?[,，:：\s]*", "", sentence).strip()
        label = next((one for one in longest if plain.startswith(one)), None)
        if label is not None and (said := _RATHER.fullmatch(plain[len(label) :].lstrip(" 》」”\"'"))):
            found[label] = (said[1] or said[2]).strip(" ,，“”\"'")
    return found
