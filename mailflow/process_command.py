"""`mailflow process`: the processes in force; one of them as a table of state × who × what, and as a picture."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

from . import screen
from .errors import UsageError
from .moves import Move, how_long, moves
from .process.library import Library, shipped
from .process.model import Process


def run(config: Path, id: str | None, as_json: bool, svg: Path | None = None) -> int:
    """Lists, or shows one. Without a configuration: the processes that come with mailflow. Raises ConfigError, UsageError, OSError."""
    library = templates(config)
    if id is None:
        if svg is not None:
            raise UsageError("--svg 要和一个流程连用,例如 mailflow process A05 --svg A05.svg")
        _list(library, as_json)
        return 0
    process = find(library, id)
    titles = {p.name: p.title for p in library.processes.values()}
    rows = moves(process, titles)
    if svg is not None:
        from .picture import draw

        svg.write_text(draw(process, rows), encoding="utf-8")
        print(f"已画好 {svg},用浏览器打开")
        return 0
    if as_json:
        print(json.dumps(_row(process) | {"states": _states(process, rows)}, ensure_ascii=False))
    else:
        print("\n".join(_table(process, rows)))
    return 0


def templates(config: Path) -> Library:
    """The templates in force by this configuration; the shipped ones where the default file does not exist."""
    if not config.exists() and config == Path("mailflow.toml"):
        library = Library([shipped()])
    else:
        from .config import load
        from .wiring import open_library

        library = open_library(load(config))
    library.refresh()
    return library


def find(library: Library, id: str) -> Process:
    """A process by number (X01), name (leave-request), title (请假) or code (LEAVE). Raises UsageError."""
    for process in library.processes.values():
        if id.strip().lower() in (process.id.lower(), process.name.lower(), process.title.lower(), process.code.lower()):
            return process
    known = [word for p in library.processes.values() for word in (p.id, p.name, p.title)]
    near = difflib.get_close_matches(id, known, 1, 0.4)
    raise UsageError(f"没有“{id}”这个流程" + (f",是不是 {near[0]}?" if near else ";") + "执行 mailflow process 看全部")


def _row(process: Process) -> dict[str, Any]:
    subjects = [s for start in process.starts for s in start.subjects]
    forms = [f for start in process.starts for f in start.forms]
    return {"id": process.id, "name": process.name, "title": process.title, "code": process.code, "clauses": list(process.clauses), "subjects": subjects, "forms": forms}


def _list(library: Library, as_json: bool) -> None:
    processes = sorted(library.processes.values(), key=lambda p: (p.id, p.name))
    if as_json:
        for process in processes:
            print(json.dumps(_row(process) | {"states": list(process.states)}, ensure_ascii=False))
        return
    rows = [[p.id, p.title, p.name, f"MF-{p.code}", " / ".join(_row(p)["subjects"][:2]) or "、".join(_row(p)["forms"][:1]) or "(由别的单或时间开始)"] for p in processes]
    for line in screen.grid(["编号", "流程", "名称", "单号", "怎样开始"], rows):
        print(line)
    for problem in library.problems:
        print(f"! {problem}")


def _states(process: Process, rows: list[Move]) -> list[dict[str, Any]]:
    return [
        {
            "name": state.name, "final": state.final, "says": state.says, "deadlines": [how_long(d) for d in state.deadlines],
            "actions": [
                {"who": m.who, "what": m.what, "to": m.to or state.name, "when": m.when, "asks": m.asks, "letters": m.letters}
                for m in rows if m.source == state.name and m.kind != "limit"
            ],
        }
        for state in process.states.values()
    ]  # fmt: skip


def _table(process: Process, rows: list[Move]) -> list[str]:
    head = f"{process.id} {process.title}({process.name}),单号 MF-{process.code}-年-号"
    lines = [head + (f",依据 {'、'.join(process.clauses)}" if process.clauses else "")]
    if process.about:
        lines.append(process.about)
    needed = [f.name + ("" if f.required is True else "(有条件)") for f in process.fields.values() if f.required is not False]
    if needed:
        lines.append(f"必填:{'、'.join(needed)}")
    papers = [how_long(d) + (f"({'、'.join(d.by)})" if d.by else "") for d in process.documents.values()]
    limits = [how_long(limit) for limit in process.deadlines.values()]
    lines += [f"{word}:{'；'.join(found)}" for word, found in (("要交", papers), ("全程期限", limits)) if found]
    lines.append("")
    cells, last = [], ""
    for m in rows:
        to = m.to if m.to and m.to != m.source else "" if m.kind == "limit" else "(不变)"
        more = ([m.when if m.when.startswith("否则") else f"当 {m.when}"] if m.when else []) + ([f"写明 {m.asks}"] if m.asks else []) + ([f"开单 {'、'.join(dict.fromkeys(m.opens))}"] if m.opens else [])
        final = "(结束)" if m.to in process.states and process.states[m.to].final else ""
        cells.append([m.source if m.source != last else "", m.who, m.what, to + final, "；".join(more), "；".join(dict.fromkeys(m.letters))])
        last = m.source
    return lines + list(screen.grid(["状态", "谁", "做什么", "变为", "条件和内容", "发信"], cells))
