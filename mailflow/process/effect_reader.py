"""Reads effects (变为, 发信, 记, 记账 …): what follows when something happens."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from .model import ChildOrder, Effects, EntryChange, EntryOrder, LetterOrder, Nudge
from .node_reader import NodeReader
from .vocabulary import BLOCK, EFFECT, LETTER
from .yamltext import Items, Table, Text


class EffectReader(NodeReader):
    """Effects, wherever they stand: at starts, actions, states entered, deadlines passed."""

    def effects(self, t: Table) -> Effects:
        e = Effects(line=t.line, to=self.text(t, "变为"), owner=self.text(t, "负责人"))
        if e.to and e.to not in self.process_.states:
            near = difflib.get_close_matches(e.to, list(self.process_.states), 1, 0.3)
            raise self.wrong(f"“变为: {e.to}”:没有这个状态" + (f",是不是“{near[0]}”?" if near else ";请在“状态”里加上它"), t.lines["变为"])
        e.letters = self.letters(t)
        sets = self.sub(t, "记")
        for name in sets.pairs:
            if name not in self.process_.fields:
                raise self.wrong(f"“记”里的“{name}”不是字段;请在“字段”里写明", sets.lines[name])
            e.sets[name] = self.text(sets, name)
        entries = self.sub(t, "记账")
        for register, node in entries.pairs.items():
            if isinstance(node, Text):
                e.entries.append(EntryOrder(register, code=node.value, line=node.line))
            elif isinstance(node, Items):
                e.entries += [EntryOrder(register, code=code, line=node.line) for code in self.node_words(node, register)]
            else:
                columns = {key: self.text(node, key) for key in node.pairs}
                listed = columns.pop("逐行", "")
                if listed not in ("", "来件"):
                    raise self.wrong(f"“逐行: {listed}”只能写:来件(随信附的表,一行记一行)", node.line)
                e.entries.append(EntryOrder(register, code=columns.pop("代码", ""), values=columns, listed=bool(listed), line=node.line))
        changes = t.get("销账")
        if isinstance(changes, Text):
            e.changes.append(EntryChange("", self.change(changes.value, changes.line), changes.line))
        elif changes is not None:
            for register in (table := self.sub(t, "销账")).pairs:
                e.changes.append(EntryChange(register, self.change(self.text(table, register), table.lines[register]), table.lines[register]))
        children = self.sub(t, "开单")
        for name in children.pairs:
            given = self.sub(children, name)
            rows = {key: self.text(given, key) for key in given.pairs if key not in ("当", "逐项")}
            e.children.append(ChildOrder(name, rows, self.text(given, "逐项"), self.condition(given, "当"), children.lines[name]))
        nudges = self.sub(t, "带动")
        for name in nudges.pairs:
            if isinstance(node := nudges.pairs[name], Text):
                e.nudges.append(Nudge(name, node.value, ("项目",) if name not in ("父单", "子单", "本单") else (), line=node.line))
            else:
                given = self.sub(nudges, name)
                self.known(given, ("做", "同", "带"), "带动")
                carried = self.sub(given, "带")
                carries = {key: self.text(carried, key) for key in carried.pairs}
                e.nudges.append(Nudge(name, self.text(given, "做", required=True), self.words(given, "同"), carries, nudges.lines[name]))
        project = self.sub(t, "项目")
        e.project = {key: self.text(project, key) for key in project.pairs}
        e.received, e.accepted = self.documents_named(t, "收文件"), self.documents_named(t, "验收文件")
        e.sent_back = self.documents_named(t, "退文件")
        e.pause, e.resume, e.restart = self.words(t, "停表"), self.words(t, "走表"), self.words(t, "重新计时")
        for key, into in (("分支", e.branch), ("另外", e.also)):
            for block in self.blocks(t, key):
                self.known(block, BLOCK, key)
                inner = self.effects(block)
                inner.when = self.condition(block, "当")
                if inner.when is None and self.text(block, "否则") != "是":
                    raise self.wrong(f"“{key}”的每一条要写“当: 条件”,最后一条可以写“否则: 是”", block.line)
                into.append(inner)
        return e

    def documents_named(self, t: Table, key: str) -> tuple[str, ...]:
        names = self.words(t, key)
        known = self.sub(self.table, "文件").pairs
        for name in names:
            if name not in known and name not in ("来件", "全部"):
                raise self.wrong(f"“{key}: {name}”:没有这份文件;请在“文件”里写明", t.lines[key])
        return names

    def change(self, word: str, line: int) -> str:
        allowed = {"确认": "confirmed", "免除": "waived", "异议": "disputed", "冲销": "reversed", "提出": "proposed", "候选": "candidate"}
        if word not in allowed:
            raise self.wrong(f"“销账”只能写:{'、'.join(allowed)}", line)
        return allowed[word]

    def letters(self, t: Table) -> list[LetterOrder]:
        found = []
        orders = self.sub(t, "发信")
        for letter, node in orders.pairs.items():
            line = orders.lines[letter]
            blocks: list[Table] = []
            if isinstance(node, Table):
                blocks = [node]
            elif isinstance(node, Items) and node.items and all(isinstance(i, Table) for i in node.items):
                blocks = [i for i in node.items if isinstance(i, Table)]
            if not blocks:
                names = self.node_words(node, letter)
                for name in names:
                    self.role(name, line)
                found.append(LetterOrder(letter, names, line=line))
            for block in blocks:
                self.known(block, LETTER, "发信")
                found.append(
                    LetterOrder(
                        letter,
                        self.roles(block, "给"),
                        self.roles(block, "抄"),
                        self.text(block, "说"),
                        self.words(block, "附"),
                        self.condition(block, "当"),
                        line,
                    )
                )
        return found

    def inner(self, t: Table, key: str) -> Effects | None:
        if t.get(key) is None:
            return None
        block = self.sub(t, key)
        self.known(block, EFFECT, key)
        return self.effects(block)

    def flat(self, effects: Effects) -> Iterable[Effects]:
        yield effects
        for inner in [*effects.branch, *effects.also]:
            yield from self.flat(inner)
