"""`mailflow check`: everything a service needs, looked at one by one: ok, or what is wrong and what to do."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from . import screen
from .config import Config, Mailbox, load
from .credentials import password
from .errors import ConfigError, Occupied, said

if TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlalchemy import Connection

    from store import Store

    from .masterdata import MasterData
    from .process.library import Library
    from .process.model import Process

OK, NOTE, WRONG = "正常", "注意", "有误"
READS_PRINT = 2048  # MB
ROOM = 2 * 2**30  # bytes free below which the disk is spoken of

@dataclass(slots=True)
class Finding:
    """One line of the table."""

    what: str
    result: str
    says: str = ""


def run(path: Path) -> int:
    """Prints the table; 0 when nothing is wrong (notes are allowed), 1 when something is, 2 when the configuration itself cannot be read."""
    from . import logs

    logs.set_up()
    try:
        config = load(path)
    except ConfigError as why:
        _print([Finding("配置", WRONG, str(why))])
        return 2
    findings = [Finding("配置", OK, str(path))]
    for finding in _all(config):
        findings.append(finding)
    _print(findings)
    wrong = sum(f.result == WRONG for f in findings)
    print(f"\n{wrong} 处有误:照“说明”改好再执行一次 mailflow check" if wrong else "\n都正常,可以执行 mailflow run")
    return 1 if wrong else 0


def _print(findings: list[Finding]) -> None:
    """Wide on purpose: what is wrong is never cut, since it says what to do."""
    colours = {OK: "green", NOTE: "yellow", WRONG: "red"}
    left = max(screen.width(f.what) for f in findings)
    print(f"{screen.pad('项目', left)}  结果  说明")
    for f in findings:
        print(f"{screen.pad(f.what, left)}  {screen.coloured(f.result, colours[f.result])}  {f.says}")
    sys.stdout.flush()


def _all(config: Config) -> Iterator[Finding]:
    from .masterdata import MasterData, MasterDataError
    from .wiring import open_library

    master: MasterData | None = None
    try:
        master = MasterData(config.masterdata_folder)
        yield from _each("主数据", master.problems, f"{len(master.people)} 人,{len(master.projects)} 个项目")
        yield from (Finding("主数据", NOTE, note) for note in master.notes)
    except MasterDataError as why:
        yield Finding("主数据", WRONG, str(why))
    if config.templates_folder is not None and not config.templates_folder.is_dir():
        yield Finding("模板", WRONG, f"文件夹 {config.templates_folder} 不存在:建好它,或去掉 [templates] folder 只用自带的")
    library = open_library(config)
    library.refresh()
    yield from _each("流程", library.problems, f"{len(library.processes)} 个流程,{len(library.tables)} 张决策表,{len(library.registers)} 本台账")
    if master is not None:
        yield from _nobody(library, master)
    yield Finding("信", OK, f"{len(library.letters)} 封")
    yield _administrator(config, master)
    store = None
    try:
        yield (opened := _database(config))[0]
        store = opened[1]
        if store is not None:
            yield from _archive(config, store)
            yield from _cases(config, store, library, master)
    finally:
        if store is not None:
            store.close()
    for box in config.mailboxes:
        yield _mailbox(box)
    yield _smtp(config)
    yield _old_word()
    if config.fax.gateways:
        yield _fax(config)


def _old_word() -> Finding:
    """Whether .doc forms can be read."""
    from .office import CONVERTER

    if shutil.which(CONVERTER):
        return Finding("旧版 Word", OK, CONVERTER)
    return Finding("旧版 Word", NOTE, f".doc 表单读不了,会请来信人另存为 .docx;要读,执行 apt-get install {CONVERTER}")


def _fax(config: Config) -> Finding:
    """Whether the print of faxes can be read, and in so much memory (LIBRARIES, rapidocr)."""
    from parsers.printed import available

    if not available():
        return Finding("传真", NOTE, "没有装 OCR,传真上的字读不了,都请人分拣(签字单据的二维码照认);要自动开单,执行 pip install 'mailflow-desk[ocr]'")
    if config.limits.reader_memory_mb < READS_PRINT:
        return Finding("传真", NOTE, f"读传真上的字要 {READS_PRINT} MB 内存,现在只许 {config.limits.reader_memory_mb},会请人分拣;把 [limits] reader_memory_mb 改为 {READS_PRINT}")
    return Finding("传真", OK, "、".join(config.fax.gateways))


def _each(what: str, problems: list[str], fine: str) -> Iterator[Finding]:
    for problem in problems:
        yield Finding(what, WRONG, problem)
    if not problems:
        yield Finding(what, OK, fine)


# -- store -----------------------------------------------------------------------------------------------------------------


def _database(config: Config) -> tuple[Finding, Store | None]:
    from store import StoreError, open_store

    try:
        store = open_store(config.store.database, config.store.archive)
    except StoreError as why:
        return Finding("数据库", WRONG, str(why)), None
    try:
        store.migrate()
        with store.begin():
            pass
    except StoreError as why:
        store.close()
        return Finding("数据库", WRONG, str(why)), None
    return Finding("数据库", OK, unquote(store.engine.url.render_as_string(hide_password=True))), store


def _archive(config: Config, store: Store) -> Iterator[Finding]:
    folder = store.archive.folder
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"0" * 4096)
            probe.flush()
    except OSError as why:
        yield Finding("归档", WRONG, f"{folder} 写不进({said(why)[0]})")
        return
    free = shutil.disk_usage(folder).free
    few = f"所在磁盘只剩 {free // 2**20} MB,请腾出空间" if free < ROOM else ""
    yield Finding("归档", NOTE if few else OK, f"{folder}" + (f":{few}" if few else ""))
    from .alone import alone

    try:
        with alone(config):
            pass
    except Occupied:
        yield Finding("服务", OK, "正在运行")


def _cases(config: Config, store: Store, library: Library, master: MasterData | None) -> Iterator[Finding]:
    """Open cases that rest where the present text of their process has no state; project cells in which CSV and mail disagree (§8-21)."""
    from store import cases

    from .process import loader
    from .process.decide import RETURNED
    from .process.yamltext import TemplateError

    found = []
    with store.read() as conn:
        resting = cases.resting(conn)
        for name, version, state in resting:
            if state == RETURNED:
                continue
            process = library.processes.get(name)
            if process is None:
                found.append(Finding("在办的单", WRONG, f"流程 {name} 的文件不见了,还有单停在“{state}”;请把文件放回来"))
                continue
            if state in process.states:
                continue
            source = cases.version_source(conn, name, version)
            try:
                kept = loader.load_text(source, name, kept=True).states if source else {}
            except TemplateError:
                kept = {}
            if state in kept:
                says = f"{process.file} 改掉了状态“{state}”,还有单停在那里;它们按开单时的版本办完,新开的单才用新版本"
                found.append(Finding("在办的单", NOTE, says))
            else:
                found.append(Finding("在办的单", WRONG, f"{process.file} 没有状态“{state}”,还有单停在那里;请把这个状态加回来"))
        changed = list(_disagreeing(config, store, library, master, conn)) if master is not None else []
        if master is not None:
            changed += [Finding("人员", NOTE, line) for line in _left(config, library, master, conn)]
    yield from found
    yield from changed
    if not found:
        yield Finding("在办的单", OK, "每张都停在流程里有的状态" if resting else "还没有在办的单")


def _nobody(library: Library, master: MasterData) -> Iterator[Finding]:
    """Posts that processes and digests name and nobody in people.csv holds: what is sent to them reaches nobody."""
    import difflib

    from .people import Directory

    table = library.tables.get("角色同义词")
    directory = Directory(master.people, {w: row["角色"] for row in table.rows for w in row["同义词"].split("、") if w} if table else {})
    used: dict[str, list[str]] = {}
    for process in library.processes.values():
        for post in _posts(process):
            used.setdefault(post, []).append(process.id)
    for plan in library.digests.values():
        for role in (*plan.roles, *plan.cc):
            used.setdefault(role.removeprefix("岗位 "), []).append(plan.name)
    for register in library.registers.values():
        for post in register.seen_by:
            used.setdefault(post, []).append(register.name)
    empty = {post: users for post, users in used.items() if not directory.with_role(post)}
    held = {role for person in master.people if person.active for role in person.roles}
    near = {post: close[0] for post in empty if not directory.stand_ins(post) and (close := difflib.get_close_matches(post, sorted(held), 1, 0.72))}
    for post, likely in near.items():
        yield Finding("岗位", NOTE, f"没有人是“{post}”({'、'.join(empty[post][:3])} 用到),是不是“{likely}”?不是的话,在 people.csv 的“角色”列给一个人")
    rest = []
    for post, users in empty.items():
        if stand_ins := directory.stand_ins(post):
            yield Finding("岗位", NOTE, f"岗位“{post}”的人都不在职了,现由上级 {'、'.join(p.name for p in stand_ins)} 代办代收;请在 people.csv 给这个岗位一个人")
        elif post not in near:
            rest.append(f"{post}({users[0]}{'等' if len(users) > 1 else ''})")
    if rest:
        yield Finding("岗位", NOTE, f"这些岗位在 people.csv 里没有人,发给他们的信没有人收;用不到的流程不用管:{'、'.join(rest)}")


def _posts(process: Process) -> set[str]:
    import re

    sources = [source for sources in process.roles.values() for source in sources]
    direct = re.findall(r"岗位 ([^\s、,，\]\[}]+)", process.source)
    return {s.removeprefix("岗位 ") for s in sources if s.startswith("岗位 ")} | set(direct)


def _left(config: Config, library: Library, master: MasterData, conn: sa.Connection) -> list[str]:
    from datetime import UTC, datetime

    from .calendars import HOURS, WorkCalendar, read_hours
    from .knowledge import Knowledge
    from .people import Directory
    from .vacancies import vacancies

    calendar = WorkCalendar(master.holidays, config.service.timezone, read_hours(library.config("work.hours") or HOURS))
    return vacancies(Knowledge(library, master, Directory(master.people), calendar, conn, datetime.now(UTC)))


def _disagreeing(config: Config, store: Store, library: Library, master: MasterData, conn: Connection) -> Iterator[Finding]:
    import json

    from store import cases

    from .knowledge import PROJECT_COLUMNS

    by_name = {p.name: p for p in master.projects}
    for row in cases.projects(conn):
        project = by_name.get(row["name"])
        if project is None:
            continue
        was = json.loads(row["data"].get("_csv", "{}"))
        for column, text in row["data"].items():
            now = str(getattr(project, PROJECT_COLUMNS[column])) if column in PROJECT_COLUMNS else ""
            if now and now != was.get(column, "") and now != text:
                yield Finding("项目", NOTE, f"{row['name']} 的“{column}”:邮件定为“{text}”,projects.csv 后来改成“{now}”,以 CSV 为准")


# -- people and servers ----------------------------------------------------------------------------------------------------


def _administrator(config: Config, master: MasterData | None) -> Finding:
    if config.service.admin:
        return Finding("管理员", OK, config.service.admin)
    held = [p.name for p in master.people if p.active and "系统管理员" in p.roles] if master else []
    if held:
        return Finding("管理员", OK, "、".join(held[:5]))
    return Finding("管理员", NOTE, "没有人会收到搁置和待分拣的信:在 people.csv 里给一个人角色“系统管理员”,或写 [service] admin")


def _mailbox(box: Mailbox) -> Finding:
    from .mailbox import MailboxError, open_mailbox

    try:
        opened = open_mailbox(box, lambda: password(box))
    except MailboxError as why:
        return Finding("收信", WRONG, str(why))
    opened.close()
    return Finding("收信", OK, f"{box.name}:{box.url}")


def _smtp(config: Config) -> Finding:
    """Connects and logs in; no letter is sent."""
    from .smtp_session import SmtpSession, TransportAway

    url = config.smtp.url
    if url.startswith("maildir:"):
        folder = Path(url.removeprefix("maildir:"))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as why:
            return Finding("发信", WRONG, said(why)[0])
        return Finding("发信", OK, f"{url}(只写成文件,不寄出)")
    session = SmtpSession(url, lambda: password(config.smtp), bool(config.smtp.oauth2))
    try:
        session.probe()
    except TransportAway as why:
        return Finding("发信", WRONG, str(why))
    finally:
        session.close()
    return Finding("发信", OK, url)
