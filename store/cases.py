"""Cases with their history, deadlines, documents and register rows, and the projects that mail created."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from store.statements import insert, lock
from store.tables import case, deadline, document, entry, history, process_version, project

Row = sa.RowMapping
_MOST_IDS = 500

# What every mail asks is built once: building a select costs more than running it.
_GET = sa.select(case).where(case.c.id == sa.bindparam("id"))
_BY_NUMBER = sa.select(case).where(case.c.number == sa.bindparam("number"))
_LAST_SEQ = sa.select(sa.func.max(case.c.seq)).where(case.c.code == sa.bindparam("code"), case.c.year == sa.bindparam("year"))
_OPEN = sa.insert(case).returning(case.c.id)
_FIND = sa.select(case).order_by(case.c.id.desc())
_RESTING_OPEN = sa.select(case.c.id, case.c.version, case.c.state).where(case.c.process == sa.bindparam("process"), case.c.open).order_by(case.c.id.desc())
_RESTING_IN = {False: _RESTING_OPEN, True: _RESTING_OPEN.where(case.c.project == sa.bindparam("project"))}  # whether in one project alone
_NOTE = sa.insert(history)
_DEADLINES_OF_ONE = sa.select(deadline).where(deadline.c.case_id == sa.bindparam("case_id")).order_by(deadline.c.id)
_ADD_DEADLINE = sa.insert(deadline).returning(deadline.c.id)
_FALLING = sa.select(deadline).where(deadline.c.next_at <= sa.bindparam("until")).order_by(deadline.c.next_at, deadline.c.id).limit(sa.bindparam("most"))
_DOCUMENTS_OF_ONE = sa.select(document).where(document.c.case_id == sa.bindparam("case_id")).order_by(document.c.id)
_ADD_ENTRY = sa.insert(entry).returning(entry.c.id)
_PROJECTS = sa.select(project).order_by(project.c.name)


# -- cases ---------------------------------------------------------------------------------------------------------------


def get(conn: sa.Connection, id: int) -> Row | None:
    """One case."""
    return conn.execute(_GET, {"id": id}).mappings().first()


def by_number(conn: sa.Connection, number: str) -> Row | None:
    """The case of a number such as MF-XXX-2026-0007."""
    return conn.execute(_BY_NUMBER, {"number": number}).mappings().first()


def open_case(conn: sa.Connection, row: Mapping[str, Any]) -> tuple[int, str]:
    """Inserts a case under the next number of its code and year; (id, number). Inside a `begin` transaction: numbers are counted."""
    code, year = row["code"], row["year"]
    lock(conn, f"number {code}")
    last = conn.scalar(_LAST_SEQ, {"code": code, "year": year}) or 0
    number = f"MF-{code}-{year}-{last + 1:04d}"
    id = conn.execute(_OPEN, {**row, "seq": last + 1, "number": number}).scalar_one()
    return int(id), number


def update(conn: sa.Connection, id: int, values: Mapping[str, Any]) -> None:
    """Changes columns of one case."""
    conn.execute(sa.update(case).where(case.c.id == id).values(**values))


def find(
    conn: sa.Connection,
    process: str | None = None,
    *,
    open: bool | None = None,
    project: str | None = None,
    states: Collection[str] = (),
    parent_id: int | None = None,
    entry_id: int | None = None,
    holding: Mapping[str, str] | None = None,
    opened_since: datetime | None = None,
    limit: int | None = None,
) -> list[Row]:
    """Cases by what is given, newest first. `holding`: words that fields contain, looked for in the database, so that a long past stays there."""
    query = _FIND
    for label, word in (holding or {}).items():
        if word:
            query = query.where(case.c.fields[label].as_string().contains(word, autoescape=True))
    if process is not None:
        query = query.where(case.c.process == process)
    if open is not None:
        query = query.where(case.c.open == open)
    if project is not None:
        query = query.where(case.c.project == project)
    if states:
        query = query.where(case.c.state.in_(list(states)))
    if parent_id is not None:
        query = query.where(case.c.parent_id == parent_id)
    if entry_id is not None:
        query = query.where(case.c.entry_id == entry_id)
    if opened_since is not None:
        query = query.where(case.c.opened_at >= opened_since)
    if limit is not None:
        query = query.limit(limit)
    return list(conn.execute(query).mappings())


def resting_open(conn: sa.Connection, process: str, project: str | None = None) -> list[tuple[int, str, str]]:
    """The open cases of a process, in one project or in all, newest first: (id, version, state), without what they hold, since most are only asked
    whether anything can be done to them."""
    rows = conn.execute(_RESTING_IN[project is not None], {"process": process, "project": project})
    return [(row.id, row.version, row.state) for row in rows]


def listing(conn: sa.Connection) -> Iterator[Row]:
    """Every case with its parent's number as `parent`, in the order of opening."""
    parent = case.alias("parent")
    query = sa.select(case, parent.c.number.label("parent")).outerjoin(parent, parent.c.id == case.c.parent_id).order_by(case.c.id)
    yield from conn.execute(query).mappings()


def resting(conn: sa.Connection) -> list[tuple[str, str, str]]:
    """(process, version, state) in which open cases rest, each once: what an edited process may not drop."""
    query = sa.select(case.c.process, case.c.version, case.c.state).where(case.c.open).distinct()
    return [(r.process, r.version, r.state) for r in conn.execute(query)]


# -- history -------------------------------------------------------------------------------------------------------------


def note(
    conn: sa.Connection,
    case_id: int,
    at: datetime,
    who: str,
    action: str,
    from_state: str = "",
    to_state: str = "",
    text: str = "",
    mail_id: int | None = None,
) -> None:
    """Adds one line to a case's history; nothing there is ever changed."""
    row = {"case_id": case_id, "at": at, "who": who, "mail_id": mail_id, "action": action, "from_state": from_state, "to_state": to_state, "note": text}
    conn.execute(_NOTE, row)


def story(conn: sa.Connection, case_id: int) -> list[Row]:
    """The history of a case, oldest first."""
    return list(conn.execute(sa.select(history).where(history.c.case_id == case_id).order_by(history.c.id)).mappings())


def count_actions(conn: sa.Connection, case_id: int, action: str) -> int:
    """How often an action was done on a case."""
    query = sa.select(sa.func.count()).select_from(history).where(history.c.case_id == case_id, history.c.action == action)
    return int(conn.scalar(query) or 0)


# -- deadlines -----------------------------------------------------------------------------------------------------------


def deadlines(conn: sa.Connection, case_ids: Sequence[int]) -> list[Row]:
    """The deadlines of cases, oldest first."""
    if len(case_ids) == 1:
        return list(conn.execute(_DEADLINES_OF_ONE, {"case_id": case_ids[0]}).mappings())
    found: list[Row] = []
    for at in range(0, len(case_ids), _MOST_IDS):
        chunk = case_ids[at : at + _MOST_IDS]
        found += conn.execute(sa.select(deadline).where(deadline.c.case_id.in_(chunk)).order_by(deadline.c.id)).mappings()
    return found


def add_deadline(conn: sa.Connection, row: Mapping[str, Any]) -> int:
    """Adds a deadline, gives its id."""
    full = {"status": "running", "explained": "", "stopped_at": None, "paused_at": None, "next_at": None, "step": 0, "memo": {}, **row}
    return int(conn.execute(_ADD_DEADLINE, full).scalar_one())


def change_deadline(conn: sa.Connection, id: int, values: Mapping[str, Any]) -> None:
    """Changes columns of one deadline."""
    conn.execute(sa.update(deadline).where(deadline.c.id == id).values(**values))


def falling(conn: sa.Connection, until: datetime, limit: int = 500) -> list[Row]:
    """The deadlines whose next tick falls by then, earliest first."""
    return list(conn.execute(_FALLING, {"until": until, "most": limit}).mappings())


# -- documents -----------------------------------------------------------------------------------------------------------


def documents(conn: sa.Connection, case_ids: Sequence[int]) -> list[Row]:
    """The documents of cases."""
    if len(case_ids) == 1:
        return list(conn.execute(_DOCUMENTS_OF_ONE, {"case_id": case_ids[0]}).mappings())
    found: list[Row] = []
    for at in range(0, len(case_ids), _MOST_IDS):
        chunk = case_ids[at : at + _MOST_IDS]
        found += conn.execute(sa.select(document).where(document.c.case_id.in_(chunk)).order_by(document.c.id)).mappings()
    return found


def set_document(conn: sa.Connection, case_id: int, name: str, values: Mapping[str, Any]) -> None:
    """Adds a document to a case or changes it."""
    statement = insert(conn, document).values(case_id=case_id, name=name, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["case_id", "name"], set_=dict(values)) if values else statement.on_conflict_do_nothing())


# -- registers -----------------------------------------------------------------------------------------------------------


def add_entry(conn: sa.Connection, row: Mapping[str, Any]) -> int:
    """Adds a row to a register, gives its id."""
    return int(conn.execute(_ADD_ENTRY, dict(row)).scalar_one())


def entries(
    conn: sa.Connection,
    register: str | None = None,
    *,
    code: str | None = None,
    who: str | None = None,
    project: str | None = None,
    case_id: int | None = None,
    key: str | None = None,
    statuses: Collection[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    ids: Collection[int] = (),
) -> list[Row]:
    """Register rows by what is given, oldest first. `since` and `until` are of the event, until excluded."""
    query = sa.select(entry).order_by(entry.c.id)
    for column, value in ((entry.c.register, register), (entry.c.code, code), (entry.c.who, who), (entry.c.project, project), (entry.c.case_id, case_id), (entry.c.key, key)):
        if value is not None:
            query = query.where(column == value)
    if statuses:
        query = query.where(entry.c.status.in_(list(statuses)))
    if since is not None:
        query = query.where(entry.c.at >= since)
    if until is not None:
        query = query.where(entry.c.at < until)
    if ids:
        query = query.where(entry.c.id.in_(list(ids)))
    return list(conn.execute(query).mappings())


def change_entry(conn: sa.Connection, id: int, values: Mapping[str, Any]) -> None:
    """Changes columns of one register row."""
    conn.execute(sa.update(entry).where(entry.c.id == id).values(**values))


def count_and_sum(conn: sa.Connection, register: str, statuses: Collection[str], **by: Any) -> tuple[int, float]:
    """How many rows a register has and their sum; `by`: project, who, code, since."""
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(entry.c.points), 0.0)).where(entry.c.register == register, entry.c.status.in_(list(statuses)))
    for name, value in by.items():
        if value is not None:
            query = query.where(entry.c.at >= value if name == "since" else entry.c.at < value if name == "until" else entry.c[name] == value)
    count, total = conn.execute(query).one()
    return int(count), float(total)


# -- projects, process versions --------------------------------------------------------------------------------------------


def projects(conn: sa.Connection) -> list[Row]:
    """What mail said of projects."""
    return list(conn.execute(_PROJECTS).mappings())


def set_project(conn: sa.Connection, name: str, data: Mapping[str, str], case_id: int | None, at: datetime) -> None:
    """Writes cells of a project, keeping the others."""
    before = conn.scalar(sa.select(project.c.data).where(project.c.name == name)) or {}
    values = {"data": {**before, **data}, "case_id": case_id, "changed_at": at}
    statement = insert(conn, project).values(name=name, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def put_project(conn: sa.Connection, name: str, cells: Mapping[str, str | None], at: datetime) -> None:
    """Sets cells of a project back; one that is None goes, and so does a project that nothing is left of."""
    before = conn.scalar(sa.select(project.c.data).where(project.c.name == name)) or {}
    data = {k: v for k, v in {**before, **cells}.items() if v is not None}
    if data:
        values = {"data": data, "changed_at": at}
        conn.execute(insert(conn, project).values(name=name, **values).on_conflict_do_update(index_elements=["name"], set_=values))
    else:
        conn.execute(sa.delete(project).where(project.c.name == name))


def keep_version(conn: sa.Connection, name: str, version: str, source: str) -> None:
    """Keeps the text of a process version the first time a case begins with it."""
    conn.execute(insert(conn, process_version).values(name=name, version=version, source=source).on_conflict_do_nothing())


def version_source(conn: sa.Connection, name: str, version: str) -> str | None:
    """The text of a process version, None where none was kept."""
    return conn.scalar(sa.select(process_version.c.source).where(process_version.c.name == name, process_version.c.version == version))
