"""The command line: parses arguments and calls. Errors are one line that tells what to do; exit status 0, 1 (failed) or 2 (bad arguments or configuration)."""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from .passes import Office


def main(argv: list[str] | None = None) -> int:
    """Runs one command; gives the exit status."""
    gc.set_threshold(50_000, 20, 20)  # a command makes many small objects and few circles: looking for those at every seven hundred gains nothing
    for stream in (sys.stdout, sys.stderr):  # a lone surrogate of a broken mail, or a terminal without Chinese, must not end a command
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    args = _arguments().parse_args(argv)
    try:
        status = args.run(args) or 0
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # `mailflow inbox | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("已中断", file=sys.stderr)
        return 130
    except Exception as why:  # no traceback reaches a user; MAILFLOW_DEBUG=1 shows it to an engineer
        if os.environ.get("MAILFLOW_DEBUG"):
            raise
        from .errors import said

        text, status = said(why)
        print(text, file=sys.stderr)
        return status


class _Parser(argparse.ArgumentParser):
    """Says in Chinese, in one line, what is wrong with the arguments."""

    def error(self, message: str) -> NoReturn:
        """Ends with status 2."""
        if found := re.search(r"the following arguments are required: (.+)", message):
            says = f"还缺 {found[1]}"
        elif found := re.search(r"argument COMMAND: invalid choice: '(.*?)'", message):
            import difflib

            near = difflib.get_close_matches(found[1], COMMANDS, 1, 0.5)
            says = f"没有“{found[1]}”这个命令" + (f"(是不是 {near[0]}?)" if near else "")
        elif found := re.search(r"unrecognized arguments: (.+)", message):
            says = f"不认得 {found[1]}"
        elif found := re.search(r"argument (\S+): expected one argument", message):
            says = f"{found[1]} 后面要写一个值"
        elif found := re.search(r"argument (\S+): invalid (?:int value|choice): '(.*?)'", message):
            says = f"{found[1]} 不能是“{found[2]}”"
        else:
            says = message
        print(f"{says};执行 {self.prog} --help 看用法", file=sys.stderr)
        sys.exit(2)


class _Version(argparse.Action):
    """Looks the version up when it is asked for: that takes longer than everything else a command needs to start."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Prints it and ends."""
        print(f"mailflow {_version()}")
        parser.exit()


COMMANDS: list[str] = []  # filled below, for `_Parser` to guess what was meant


def _arguments() -> argparse.ArgumentParser:
    p = _Parser(prog="mailflow", description="把技术支持部门的邮箱变成工单、期限和回信。")
    p.add_argument("--config", type=Path, default=Path("mailflow.toml"), metavar="FILE", help="配置文件,默认 ./mailflow.toml")
    p.add_argument("--version", action=_Version, nargs=0, help="版本")
    commands = p.add_subparsers(title="命令", metavar="COMMAND", required=True)

    def command(name: str, run: Any, help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help)
        sub.set_defaults(run=run)
        COMMANDS.append(name)
        return sub

    c = command("demo", _demo, "不用任何配置:自带邮件服务器、样例人员和来信,跑一遍给您看")
    c.add_argument("folder", nargs="?", type=Path, help="留下结果的文件夹,默认 ./demo-…")
    c = command("init", _init, "在文件夹里生成带注释的配置、主数据空表和一份模板;从不覆盖")
    c.add_argument("folder", type=Path)
    command("check", _check, "检查配置、主数据、流程和信、数据库、邮箱和发信:一张表")
    command("run", _run, "常驻服务,直到 SIGTERM")
    c = command("once", _once, "跑一趟:收信、办理、到期、发信")
    c.add_argument("--now", metavar="TIME", help="这一趟的时钟,如 2026-11-23T09:00:00+08:00")
    c = command("parse", _parse, "只看解析结果,不存不连")
    c.add_argument("file", nargs="+")
    c.add_argument("--json", action="store_true")
    c.add_argument("--diagnose", action="store_true", help="另给经过的服务器、耽搁和毛病")
    c = command("import", _import, "收进旧邮件(.eml、mbox、Maildir),重复收一次也只算一次;默认只存档")
    c.add_argument("path", nargs="+", type=Path, metavar="PATH")
    c.add_argument("--process", action="store_true", help="同时按流程办理(开单、记账),不发信;没结束的单此后照常催办")
    c.add_argument("--send", action="store_true", help="办理并照常回信;含 --process")
    c = command("export", _export, "把表导出为 Excel 工作簿")
    c.add_argument("table", choices=["tracking", "cases", "ledger"], metavar="tracking|cases|ledger")
    c.add_argument("file", type=Path, metavar="FILE.xlsx")
    for name, help in (
        ("inbox", "收到的每一封信的去向"), ("cases", "工单"), ("projects", "项目"), ("tracking", "项目跟踪表"), ("ledger", "台账"), ("outbox", "发出的信"),
    ):  # fmt: skip
        c = command(name, _table, help)
        c.set_defaults(table=name)
        c.add_argument("--json", action="store_true")
    c = command("case", _case, "一张单的全部经过")
    c.add_argument("number")
    c.add_argument("--json", action="store_true")
    c = command("process", _process, "流程清单;或一个流程的表和图")
    c.add_argument("id", nargs="?", help="编号、英文名或中文名,如 A05")
    c.add_argument("--svg", type=Path, metavar="FILE", help="把流程画成图,用浏览器打开")
    c.add_argument("--json", action="store_true")
    c = command("try", _try, "这封信按某流程会怎样;不存不发")
    c.add_argument("process")
    c.add_argument("file", type=Path)
    c.add_argument("--now", metavar="TIME")
    c = command("replay", _replay, "把搁置的信重新处理")
    c.add_argument("id", nargs="+", type=int)
    for name, help in (
        ("close", "关闭一张单:不再办理也不再催,记在经过里,告诉有关的人"), ("reassign", "把一张单转交给别人:负责人,或它的一个角色"),
        ("undo", "撤回一张单最近的一步:状态、字段、时限、台账、派生的单都回到从前"),
    ):  # fmt: skip
        c = command(name, _operate, help)
        c.set_defaults(what=name)
        c.add_argument("number", metavar="NUMBER", help="单号")
        if name == "reassign":
            c.add_argument("person", metavar="PERSON", help="姓名或邮箱")
            c.add_argument("--role", default="", metavar="ROLE", help="流程里的角色,如 审批人;不写就是负责人")
        c.add_argument("--why", required=True, metavar="TEXT", help="原因")
        c.add_argument("--now", metavar="TIME", help="记在经过里的时刻,默认此刻")
    c = command("settle", _settle, "不知发没发出去的信(outbox 里 uncertain):查明后说是已发出,还是再发一次")
    c.add_argument("id", nargs="+", type=int, help="mailflow outbox 里的编号")
    which = c.add_mutually_exclusive_group(required=True)
    which.add_argument("--sent", action="store_true", help="查到了,已发出")
    which.add_argument("--again", action="store_true", help="没有发出,再发一次")
    return p


def _operate(args: argparse.Namespace) -> int:
    """close, reassign, undo: what an operator does to a case, on record."""
    from datetime import UTC, datetime

    from . import operating
    from .clock import read_now

    do = operating.reassign(args.person, args.role) if args.what == "reassign" else {"close": operating.close, "undo": operating.undo}[args.what]
    with _office(args) as office:
        print(operating.run(office, do, args.number, args.why, read_now(args.now) if args.now else datetime.now(UTC)))
    return 0


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("mailflow-desk")
    except PackageNotFoundError:
        return "未安装"


@contextmanager
def _office(args: argparse.Namespace, mailboxes: bool = False) -> Iterator[Office]:
    from . import logs
    from .wiring import open_office

    logs.set_up()
    office = open_office(args.config, mailboxes=mailboxes)
    try:
        yield office
    finally:
        office.close()


def _once(args: argparse.Namespace) -> int:
    from .alone import alone, recover
    from .clock import read_now

    now = read_now(args.now) if args.now else None
    with _office(args, mailboxes=True) as office, alone(office.config):
        if line := recover(office.store):
            print(line, file=sys.stderr)
        done = office.once(now)
        for line in office.library.problems:
            print(line, file=sys.stderr)
    ends = "、".join(f"{name} {count}" for name, count in sorted(done.ends.items()))
    print(f"收信 {done.fetched},办理 {sum(done.ends.values())}" + (f"({ends})" if ends else "") + f",到期 {done.rung},发信 {done.sent}")
    for line in done.problems:
        print(line, file=sys.stderr)
    return 1 if done.problems else 0


def _run(args: argparse.Namespace) -> int:
    from .service import serve

    with _office(args, mailboxes=True) as office:
        return serve(office)


def _table(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from . import show

    with _office(args) as office, office.store.read() as conn:
        know = office.knowledge(conn, datetime.now(UTC))
        rows = {"inbox": show.inbox, "cases": show.all_cases, "projects": show.projects, "tracking": show.tracking, "ledger": show.ledger, "outbox": show.outbox}[args.table]
        _print(rows(know), args.json, args.table)
    return 0


def _print(rows: Iterable[dict[str, Any]], as_json: bool, table: str = "") -> None:
    if as_json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return
    from .screen import draw

    for line in draw(rows, table):
        print(line)


def _case(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from . import show

    with _office(args) as office, office.store.read() as conn:
        shown = show.one_case(office.knowledge(conn, datetime.now(UTC)), args.number)
        if shown is None:
            print(f"没有单号 {args.number};执行 mailflow cases 看全部单号", file=sys.stderr)
            return 1
        if args.json:
            print(json.dumps(shown, ensure_ascii=False))
        else:
            from .screen import draw_case

            print("\n".join(draw_case(shown)))
    return 0


def _parse(args: argparse.Namespace) -> int:
    from .parse_command import run

    return run(args.file, args.json, args.diagnose)


def _replay(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from store import mails

    from .alone import alone
    from .errors import Occupied
    from .passes import Done

    with _office(args) as office:
        office.refresh()
        with office.store.begin() as conn:
            released = mails.release(conn, args.id)
        missing = set(args.id) - released
        done = Done()
        try:
            with alone(office.config):
                office.work(datetime.now(UTC), done)
                office.send(datetime.now(UTC), done)
            print("、".join(f"{name} {count}" for name, count in sorted(done.ends.items())) or "没有可重新处理的信")
        except Occupied:  # the service takes them from here
            print(f"已放回 {len(released)} 封,由正在运行的服务接着办理" if released else "没有可重新处理的信")
    for line in done.problems:
        print(line, file=sys.stderr)
    if missing:
        print(f"没有搁置着的编号:{'、'.join(map(str, sorted(missing)))};执行 mailflow inbox 查看", file=sys.stderr)
    return 1 if missing or done.ends.get("held") else 0


def _settle(args: argparse.Namespace) -> int:
    """A person found out what became of letters on whose sending the connection broke (DESIGN: neither doubled nor dropped in silence)."""
    from datetime import UTC, datetime

    from store import letters

    now = datetime.now(UTC)
    with _office(args) as office, office.store.begin() as conn:
        known = {row["id"] for row in letters.outbox(conn, {"status": "uncertain"})}
        for id in known & set(args.id):
            if args.sent:
                letters.sent(conn, id, now)
            else:
                letters.failed(conn, id, "由人查明没有发出,再发一次", now)
    done, missing = sorted(known & set(args.id)), sorted(set(args.id) - known)
    if done:
        print(f"{'、'.join(map(str, done))}:{'记为已发出' if args.sent else '下一趟再发'}")
    if missing:
        print(f"不是 uncertain 的编号:{'、'.join(map(str, missing))};执行 mailflow outbox 查看", file=sys.stderr)
    return 1 if missing else 0


def _check(args: argparse.Namespace) -> int:
    from .check import run

    return run(args.config)


def _init(args: argparse.Namespace) -> int:
    from .setup import init

    return init(args.folder)


def _demo(args: argparse.Namespace) -> int:
    from .demo import run

    return run(args.folder)


def _process(args: argparse.Namespace) -> int:
    from .process_command import run

    return run(args.config, args.id, args.json, args.svg)


def _import(args: argparse.Namespace) -> int:
    from .importing import run

    with _office(args) as office:
        return run(office, args.path, act=args.process or args.send, send=args.send)


def _export(args: argparse.Namespace) -> int:
    from .exporting import run

    with _office(args) as office:
        return run(office, args.table, args.file)


def _try(args: argparse.Namespace) -> int:
    from .rehearsal import run

    return run(args.config, args.process, args.file, args.now)


if __name__ == "__main__":
    sys.exit(main())
