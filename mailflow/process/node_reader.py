"""Reads single values of a process's nodes: texts, lists, conditions, role names, each refused in Chinese with its line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from parsers.subjects import Pattern

from .conditions import Condition, ConditionError, parse
from .model import Process
from .values import Kind
from .yamltext import Items, Table, TemplateError, Text


class NodeReader:
    """What every part of a process is read with."""

    def __init__(self, table: Table, source: str, file: str):
        self.table, self.source, self.file = table, source, file
        self.kinds: dict[str, Kind] = {}
        self.process_: Process

    def wrong(self, what: str, line: int) -> TemplateError:
        return TemplateError(what, self.file, line)

    def known(self, table: Table, words: Iterable[str], where: str) -> None:
        words = list(words)
        for key, line in table.lines.items():
            if key not in words:
                near = difflib.get_close_matches(key, words, 1, 0.4)
                hint = f",是不是“{near[0]}”?" if near else ""
                raise self.wrong(f"{where}里不认识“{key}”{hint}可以写:{'、'.join(words)}", line)

    def text(self, table: Table, key: str, default: str = "", required: bool = False) -> str:
        node = table.get(key)
        if node is None:
            if required:
                raise self.wrong(f"缺“{key}”", table.line)
            return default
        if not isinstance(node, Text):
            raise self.wrong(f"“{key}”应是一个词或一句话", node.line)
        return node.value

    def words(self, table: Table, key: str) -> tuple[str, ...]:
        node = table.get(key)
        return () if node is None else self.node_words(node, key)

    def subjects(self, table: Table, key: str) -> tuple[str, ...]:
        """Standard subjects; one that cannot be one is told here, before it could keep every mail from being routed."""
        for text in (found := self.words(table, key)):
            try:
                Pattern(text)
            except ValueError as why:
                raise self.wrong(str(why), table.lines.get(key, table.line)) from None
        return found

    def node_words(self, node: Text | Items | Table, key: str) -> tuple[str, ...]:
        if isinstance(node, Text):
            return (node.value,) if node.value else ()
        if isinstance(node, Items):
            found = []
            for item in node.items:
                if not isinstance(item, Text):
                    raise self.wrong(f"“{key}”的每一项应是一个词", item.line)
                found.append(item.value)
            return tuple(found)
        raise self.wrong(f"“{key}”应是一个词或一个列表", node.line)

    def sub(self, table: Table, key: str) -> Table:
        node = table.get(key)
        if node is None or (isinstance(node, Text) and not node.value):
            return Table({}, table.line)
        if not isinstance(node, Table):
            raise self.wrong(f"“{key}”下面应是“名称: 值”", node.line)
        return node

    def yes(self, table: Table, key: str) -> bool:
        value = self.text(table, key)
        if value not in ("", "是", "否"):
            raise self.wrong(f"“{key}”只能写 是 或 否", table.lines.get(key, table.line))
        return value == "是"

    def condition(self, table: Table, key: str) -> Condition | None:
        value = self.text(table, key)
        if not value:
            return None
        try:
            return parse(value, self.kinds)
        except ConditionError as why:
            raise self.wrong(f"“{key}: {value}”的{why}", table.lines[key]) from None

    def roles(self, table: Table, key: str) -> tuple[str, ...]:
        names = self.words(table, key)
        for name in names:
            self.role(name, table.lines.get(key, table.line))
        return names

    def role(self, name: str, line: int) -> None:
        """A role of this process, or `岗位 X`, which the check over the whole library looks up."""
        if name in self.process_.roles or name.startswith("岗位 ") or name in ("来信人", "负责人", "父单负责人", "申请人", "本信发件人"):
            return
        if several := [w for w in re.split(r"[、，,;；【】\[\]\s]+", name) if w in self.process_.roles]:
            raise self.wrong(f"“{name}”不是一个角色;几个角色写成方括号里的列表,用半角逗号隔开:[{', '.join(several)}]", line)
        near = difflib.get_close_matches(name, list(self.process_.roles), 1, 0.4)
        raise self.wrong(f"没有“{name}”这个角色" + (f",是不是“{near[0]}”?" if near else ";请在“角色”里写明它是谁"), line)

    def field_names(self, table: Table, key: str) -> tuple[str, ...]:
        names = self.words(table, key)
        for name in names:
            if name not in self.process_.fields:
                near = difflib.get_close_matches(name, list(self.process_.fields), 1, 0.4)
                raise self.wrong(f"“{key}”里的“{name}”不是字段" + (f",是不是“{near[0]}”?" if near else ";请在“字段”里写明"), table.lines[key])
        return names

    def blocks(self, table: Table, key: str) -> list[Table]:
        """A table, or a list of tables."""
        node = table.get(key)
        if node is None:
            return []
        if isinstance(node, Table):
            return [node]
        if isinstance(node, Items) and all(isinstance(i, Table) for i in node.items):
            return [i for i in node.items if isinstance(i, Table)]
        raise self.wrong(f"“{key}”下面每一条应是“名称: 值”", node.line)
