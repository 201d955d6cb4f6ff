"""The tables of what is known, as CONTRACT `--json rows` names them. Which registers appear where, and under which keys, the registers say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from store import cases, mails
from store import letters as letter_rows

from .knowledge import Knowledge
from .process import registers
from .process.registers import Register


def moment(at: datetime | None, know: Knowledge) -> str | None:
    """ISO 8601 with offset, in the service's zone, to the second."""
    return at.astimezone(know.calendar.tz).replace(microsecond=0).isoformat() if at else None


def inbox(know: Knowledge) -> Iterator[dict[str, Any]]:
    """Every mail that was ever fetched."""
    for row in mails.inbox(know.conn):
        yield {
            "id": row["id"], "mailbox": row["mailbox"], "message_id": row["message_id"], "from": row.get("from", row.get("sender", "")),
            "subject": row["subject"], "received_at": moment(row["received_at"], know), "end": row["end"], "case": row.get("case"), "reason": row["reason"],
        }  # fmt: skip


def all_cases(know: Knowledge, numbers: set[str] | None = None) -> Iterator[dict[str, Any]]:
    """Every case with its deadlines and documents."""
    rows = [r for r in cases.listing(know.conn) if numbers is None or r["number"] in numbers]
    ids = [r["id"] for r in rows]
    deadlines: dict[int, list[Any]] = {}
    for d in cases.deadlines(know.conn, ids):
        deadlines.setdefault(d["case_id"], []).append({"name": d["name"], "due": moment(d["due"], know), "status": d["status"], "how": d["explained"]})
    documents: dict[int, list[Any]] = {}
    for d in cases.documents(know.conn, ids):
        documents.setdefault(d["case_id"], []).append({"name": d["name"], "due": moment(d["due"], know), "received_at": moment(d["received_at"], know)})
    for r in rows:
        yield {
            "number": r["number"], "process": r["process"], "open": r["open"], "state": r["state"], "project": r["project"], "opened_by": r["opened_by"],
            "owner": r["owner"], "opened_at": moment(r["opened_at"], know), "parent": r["parent"], "fields": r["fields"],
            "deadlines": deadlines.get(r["id"], []), "documents": documents.get(r["id"], []), "title": r["title"],
        }  # fmt: skip


def one_case(know: Knowledge, number: str) -> dict[str, Any] | None:
    """One case with its history."""
    row = cases.by_number(know.conn, number.strip("[] ").upper())
    if row is None:
        return None
    shown = next(all_cases(know, {row["number"]}))
    story = cases.story(know.conn, row["id"])
    ids = mails.message_ids(know.conn, {h["mail_id"] for h in story if h["mail_id"]})
    shown["history"] = [
        {"at": moment(h["at"], know), "who": h["who"], "mail": ids.get(h["mail_id"]), "action": h["action"], "from": h["from_state"], "to": h["to_state"], "note": h["note"]}
        for h in story
    ]
    return shown


def ledger(know: Knowledge) -> Iterator[dict[str, Any]]:
    """The rows of every register that the ledger shows."""
    numbers = _numbers(know)
    shown = [r.name for r in know.library.registers.values() if r.output == "ledger"]
    for row in (r for name in shown for r in cases.entries(know.conn, name)):
        yield {
            "code": row["code"], "who": row["who"], "points": _figure(row["points"]), "status": row["status"], "case": numbers.get(row["case_id"]),
            "at": moment(row["at"], know), "project": row["project"], "register": row["register"], **({"assumed": True} if row["data"].get("暂定") else {}),
        }  # fmt: skip


def tracking(know: Knowledge) -> Iterator[dict[str, Any]]:
    """The rows of every register that is a tracking table."""
    for register in know.library.registers.values():
        if register.output == "tracking":
            yield from _mapped(know, register)


def _mapped(know: Knowledge, register: Register) -> Iterator[dict[str, Any]]:
    numbers = _numbers(know)
    for row in cases.entries(know.conn, register.name):
        if row["status"] not in registers.COUNTED:
            continue
        words = {"已确认": row["status"] == "confirmed", "单号": numbers.get(row["case_id"]), register.project_column: row["project"]}
        yield {key: words[column] if column in words else row["data"].get(column, "") for key, column in register.output_columns.items()}


def register_rows(know: Knowledge, register: Register, keep: Callable[[Any, list[str]], bool] = lambda row, cells: True) -> list[list[Any]]:
    """A register as a table with Chinese headers: the rows that count and that `keep` (row, its cells as text) lets through."""
    numbers = _numbers(know)
    scored = ["代码", "分值"] if register.codes_table else []
    back = {status: word for word, status in registers.STATUSES.items()}
    rows: list[list[Any]] = [[*scored, *register.columns, "状态", "单号"]]
    for row in sorted(cases.entries(know.conn, register.name, statuses=registers.COUNTED), key=lambda r: (r["at"], r["id"])):
        data = {"代码": row["code"], "分值": _figure(row["points"]), **row["data"], register.project_column: row["project"], register.who_column: row["who"]}
        line = [data.get(c, "") for c in (*scored, *register.columns)] + [back.get(row["status"], row["status"]), numbers.get(row["case_id"], "")]
        if keep(row, [str(c) for c in line]):
            rows.append(line)
    return rows


def projects(know: Knowledge) -> Iterator[dict[str, Any]]:
    """Every project, with what the registers count for it."""
    columns = [(r, key, what) for r in know.library.registers.values() if r.output == "projects" for key, what in r.output_columns.items()]
    for project in know.all_projects().values():
        shown: dict[str, Any] = {
            "project": project.name, "status": project.status, "sales": project.sales, "presales_1": project.presales_1, "presales_2": project.presales_2,
        }  # fmt: skip
        for register, key, what in columns:
            count, total = cases.count_and_sum(know.conn, register.name, registers.COUNTED, project=project.name)
            word, _, bound = what.partition(" > ")
            value = count if word == "次数" else total
            shown[key] = value > float(know.library.config(bound)) if bound else _figure(value)
        yield shown


def outbox(know: Knowledge) -> Iterator[dict[str, Any]]:
    """Every letter ever written."""
    for row in letter_rows.outbox(know.conn):
        yield {
            "id": row["id"], "to": [row["reader"]], "cc": row["cc"], "subject": row["subject"], "letter": row["letter"], "case": row["case"],
            "message_id": row["message_id"], "status": "waiting" if row["status"] == "sending" else row["status"], "attempts": row["attempts"], "error": row["error"], "due": moment(row["due"], know),
        }  # fmt: skip


def _numbers(know: Knowledge) -> dict[int | None, str]:
    return {r["id"]: r["number"] for r in cases.listing(know.conn)}


def _figure(value: float) -> float | int:
    return int(value) if value == int(value) else value
