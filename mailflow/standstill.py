"""After a standstill: the letters about several overdue cases of one person become one that sums up (RULEBOOK §8-24). States and registers were written case by case."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from store import letters as rows

from . import letters
from .correspondence import Desk

LONG = timedelta(days=2)  # 多日: what rings so much after its time was not late by a slow pass or a quiet day, nobody was there
HOLD = timedelta(minutes=15)  # for which a sending thread leaves such a letter alone, so that it can still be summed up
MOST_CASES = 12  # in the letter; beside more of them a workbook lists them all


@dataclass(slots=True)
class Ringing:
    """The case whose deadline rings now, seen from the clock of the pass."""

    case_id: int
    behind: bool  # it passed, and its time to ring was long ago
    hold: datetime


def ringing(row: Any, clock: datetime) -> Ringing:
    """What the desk must know while a deadline's row rings."""
    return Ringing(row["case_id"], behind(row, clock), clock + HOLD)


def behind(row: Any, clock: datetime) -> bool:
    """Whether a passed deadline rings so late that nobody was there at its time; a reminder that comes late is one all the same."""
    return rang(row) >= row["due"] and clock - rang(row) > LONG


def rang(row: Any) -> datetime:
    """When a deadline's tick fell, though its letter may have waited for the morning."""
    waited = row["memo"].get("rang")
    return datetime.fromisoformat(waited) if waited else row["next_at"]


def sum_up(desk: Desk, now: datetime) -> int:
    """Folds the waiting letters of rung deadlines, where somebody has several and one of them is from a standstill; how many letters were folded.

    Who was only to get a copy gets the sum of the copies: nobody reads more than the single letters would have shown them.
    """
    conn = desk.know.conn
    untried = [row for row in rows.untried(conn) if row["case_id"]]
    pile: dict[str, list[tuple[Any, bool]]] = defaultdict(list)
    for row in filter(_rung, untried):
        pile[row["reader"]].append((row, False))
        for copy in row["cc"]:
            pile[copy].append((row, True))
    source = desk.know.library.letters.get(desk.know.library.usual("standstill"))
    summed: dict[str, list[tuple[Any, bool]]] = {} if source is None else {address: items for address, items in pile.items() if len({r["case_id"] for r, _ in items}) > 1 and any(_behind(r) for r, _ in items)}
    for address, items in summed.items():
        assert source is not None
        _write(desk, source, address, sorted(items, key=lambda item: item[1]), now)
    for row in untried:
        if not _rung(row):
            if _behind(row):  # something else joined it: it goes as it is, and now
                rows.redirect(conn, row["id"], reader=row["reader"], cc=row["cc"], content=row["content"], due=now)
            continue
        left = [a for a in (row["reader"], *row["cc"]) if a not in summed]
        if not left:
            rows.withdraw(conn, row["id"])
        elif row["reader"] in summed:  # only copies are left: the first of them is its reader now
            content = {**row["content"], "reader": desk.address(left[0])[1], "actions": []}
            rows.redirect(conn, row["id"], reader=left[0], cc=left[1:], content=content, due=now)
        elif _behind(row):
            rows.redirect(conn, row["id"], reader=left[0], cc=left[1:], content=row["content"], due=now)
    return len({row["id"] for items in summed.values() for row, _ in items})


def _rung(row: Any) -> bool:
    return all(p.get("rung") for p in row["content"]["parts"])


def _behind(row: Any) -> bool:
    return any(p.get("rung") == "behind" for p in row["content"]["parts"])


def _write(desk: Desk, source: letters.Source, address: str, items: list[tuple[Any, bool]], now: datetime) -> None:
    shown = [_case(row["content"], copied) for row, copied in items]
    example = next((f"{c['number']} {c['actions'][0]['word']}" for c in shown if c["actions"]), "")
    part = letters.part(source, {"张数": len(shown), "抄送张数": sum(copied for _, copied in items), "没列的": max(0, len(shown) - MOST_CASES), "例": example})
    attach: list[dict[str, Any]] = []
    for row, copied in items:
        attach += [a for a in row["content"].get("attach", []) if not copied and a not in attach]
    if len(shown) > MOST_CASES:
        lines = [[c["number"], c["process"], c["title"], c["state"], c["next"], "\n".join(c["texts"])] for c in shown]
        table = [["单号", "流程", "事项", "状态", "下一步", "说明"], *lines]
        attach.append({"kind": "workbook", "name": f"逾期的单-{now.astimezone(desk.know.calendar.tz):%Y%m%d}.xlsx", "sheets": [["逾期的单", table]]})
    content = {
        "reader": desk.address(address)[1], "parts": [part], "service": f"{desk.service.name} <{desk.service.address}>",
        "cases": shown[:MOST_CASES], "attach": attach,
    }  # fmt: skip
    domain = desk.service.address.partition("@")[2] or "mailflow.invalid"
    rows.write(
        desk.know.conn,
        {
            "case_id": None, "mail_id": None, "reader": address, "cc": [], "letter": source.name, "subject": letters.subject(content), "content": content,
            "message_id": f"<{uuid.uuid4().hex}@{domain}>", "in_reply_to": "", "references": "", "due": now, "written_at": now,
        },
    )  # fmt: skip


def _case(content: dict[str, Any], copied: bool) -> dict[str, Any]:
    """One case as the letter lists it; a copy asks nothing."""
    texts: Iterable[str] = (p["text"] for p in content["parts"] if p["text"])
    return {
        **{key: content.get(key, "") for key in ("number", "process", "title", "state", "next")},
        "texts": list(texts), "actions": [] if copied else content.get("actions", []), "subject": letters.subject(content),
    }  # fmt: skip
