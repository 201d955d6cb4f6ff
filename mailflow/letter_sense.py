"""What letters may use beside a process's own names, and the names in a letter that nobody will ever fill."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import letters
from .process.references import all_effects
from .process.vocabulary import SPECIAL

if TYPE_CHECKING:
    from .process.library import Library
    from .process.model import Process

EVERY_LETTER = {"收到时间", "来信人", "标题", "来信地址", "来件方式", "收信人", "字段", "流程", "事项", "状态", "说", "抄送"}
OCCASIONS = {
    "receipt": {"请补", "提示们"}, "returned": {"问题们", "空白表", "附表"}, "done": {"动作"}, "says": set(), "forbidden": {"动作", "问题们"},
    "refused": {"动作", "问题们"}, "stranger": {"缘由"}, "sorting": {"摘要"}, "fax": {"表单"}, "held": {"数", "信们"}, "choose": {"候选们", "候选标题"},
    "standstill": {"张数", "抄送张数", "没列的", "例"}, "digest": {"汇总", "日期", "正文行"},
    "reminder": {"期限名", "到期", "怎样算", "责任人", "多久", "第几封"}, "overdue": {"期限名", "到期", "怎样算", "责任人", "多久", "第几封"},
}  # fmt: skip


def letter_problems(library: Library) -> Iterator[str]:
    """Names that nobody will ever fill: one Chinese line each, with file and line."""
    users: dict[str, list[Process]] = {}
    for process in library.processes.values():
        for effects in all_effects(process):
            for order in effects.letters:
                users.setdefault(order.letter, []).append(process)
    occasions: dict[str, set[str]] = {}
    if table := library.tables.get("通用信"):
        for row in table.rows:
            occasions.setdefault(row["信"], set()).add(row["场合"])
    for name, source in sorted(library.letters.items()):
        if name not in users and not (name in occasions and all(o in OCCASIONS for o in occasions[name])):
            continue  # nobody writes it, or for an occasion whose words only the code knows
        known = set(EVERY_LETTER)
        for occasion in occasions.get(name, ()):
            known |= OCCASIONS.get(occasion, set())
        for process in users.get(name, []):
            known |= _words_of(process)
        for unknown in sorted(letters.names(source) - known):
            close = difflib.get_close_matches(unknown, sorted(known), 1, 0.4)
            line = next((n for n, text in enumerate(source.text.split("\n"), 1) if unknown in text), 1)
            yield f"{source.file} 第 {line} 行:用了“{unknown}”,用这封信的流程里没有这个名字" + (f",是不是“{close[0]}”?" if close else "") + ";写出来会是空的"


def _words_of(process: Process) -> set[str]:
    return {*process.fields, *process.roles, *process.lookups, *process.documents, *SPECIAL, "申请人", "开单时间", "动作说明", "收信日", "事项"}
