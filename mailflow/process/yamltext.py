"""Reads a process file as nodes that know their line, so that every mistake is told by file and line in the editor's language."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from .vocabulary import VALUED

Node = "Text | Items | Table"


class TemplateError(ValueError):
    """模板有误:{where}:{what}"""

    def __init__(self, what: str, file: str = "", line: int = 0):
        self.what, self.file, self.line = what, file, line
        where = f"{file} 第 {line} 行" if line else file
        super().__init__(f"{where}:{what}" if where else what)


@dataclass(slots=True)
class Text:
    """A scalar, always text: `00123`, `1.10` and `是` stay what was written."""

    value: str
    line: int

    def __bool__(self) -> bool:
        return bool(self.value)


@dataclass(slots=True)
class Items:
    """A YAML list."""

    items: list[Text | Items | Table]
    line: int


@dataclass(slots=True)
class Table:
    """A YAML mapping; keys in order, none twice."""

    pairs: dict[str, Text | Items | Table]
    line: int
    lines: dict[str, int] = field(default_factory=dict)  # the line of each key

    def get(self, key: str) -> Text | Items | Table | None:
        return self.pairs.get(key)

    def text(self, key: str) -> str:
        """A scalar's text, '' where there is none."""
        node = self.pairs.get(key)
        return node.value if isinstance(node, Text) else ""

    def words(self, key: str) -> tuple[str, ...]:
        """A list's words, or a scalar as one."""
        node = self.pairs.get(key)
        if isinstance(node, Items):
            return tuple(i.value for i in node.items if isinstance(i, Text))
        return (node.value,) if isinstance(node, Text) and node.value else ()

    def refuse_others(self, known: tuple[str, ...], where: str, file: str) -> None:
        """Raises TemplateError for a key that is none of these words, with the nearest one."""
        for key, line in self.lines.items():
            if key not in known:
                near = difflib.get_close_matches(key, known, 1, 0.3)
                raise TemplateError(f"{where}里不认识“{key}”" + (f",是不是“{near[0]}”?" if near else f";可以写:{'、'.join(known)}"), file, line)


_FULLWIDTH_KEY = re.compile(r"^\s*(?:- )?\s*[^\s#\"'：:][^：:]{0,29}：")
_UNSEEN = {ord(mark): None for mark in "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"} | {0xA0: " "}  # pasted from chats and web pages
_WIDE_LIST = re.compile(r"[［【].*[］】]|｛.*｝", re.DOTALL)


def _look_before(source: str, file: str) -> Iterator[TemplateError]:
    """The mistakes that YAML itself would report one line too late and in English: tabs, full-width colons."""
    block_indent: int | None = None
    for number, line in enumerate(source.splitlines(), 1):
        indent = len(line) - len(line.lstrip(" \t　"))
        if block_indent is not None:
            if not line.strip() or indent > block_indent:
                continue
            block_indent = None
        if re.search(r":\s*[|>][+-]?\s*(#.*)?$", line):
            block_indent = indent
        head = line[:indent]
        if "\t" in head:
            yield TemplateError("行首用了制表符(Tab);请改为空格", file, number)
        if "　" in head:
            yield TemplateError("行首用了全角空格;请改为半角空格", file, number)
        if re.search(r"\s＃", line):
            yield TemplateError("说明前面用了全角“＃”;请改为半角 #", file, number)
        code = line.split(" #")[0]
        if not line.lstrip().startswith("#") and _FULLWIDTH_KEY.match(code) and not re.search(r":(\s|$)", code):
            yield TemplateError(f"“{code.strip()[:20]}”用了全角冒号“：”;请改为半角冒号加空格“: ”", file, number)
        if re.match(r"^\s*-[^\s\-:：][^:]*:(\s|$)", code):
            yield TemplateError(f"“{code.strip()[:20]}”的“-”后面缺一个空格;请写成“- 名称: 值”", file, number)
        if re.match(r"^\s*(- )?[^\s#\"':,{}\[\]]+:[^\s:/\\]", code) and not re.search(r":(\s|$)", code):
            yield TemplateError(f"“{code.strip()[:20]}”的冒号后面缺一个空格;请写成“名称: 值”", file, number)


def read(source: str, file: str, kept: bool = False) -> Table:
    """The file as a Table; raises TemplateError with line and the mend. A text `kept` in the store was good when it was written and is read as it is."""
    source = source.translate(_UNSEEN)
    for mistake in () if kept else _look_before(source, file):
        raise mistake
    try:
        node = yaml.compose(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as why:
        mark = why.problem_mark or why.context_mark
        line = mark.line + 1 if mark else 0
        raise TemplateError(f"写法不对,读不懂这一行(或上一行):{_in_chinese(why.problem or '')}", file, line) from None
    except yaml.YAMLError as why:
        raise TemplateError(f"写法不对:{why}", file) from None
    if not isinstance(node, yaml.MappingNode):
        raise TemplateError("文件是空的或不是“名称: 值”的格式", file, 1)
    for mistake in () if kept else _look_into(node, file):
        raise mistake
    table = _convert(node, file)
    assert isinstance(table, Table)
    return table


def _in_chinese(problem: str) -> str:
    for english, chinese in (
        ("mapping values are not allowed", "一行里有两个“: ”,值里带冒号请用引号括起来"),
        ("could not find expected ':'", "缺少冒号“:”"),
        ("did not find expected key", "缩进不齐,或括号、引号没有配对"),
        ("did not find expected '-' indicator", "缩进不齐,或列表里这一条的开头缺“- ”(半角减号加空格)"),
        ("sequence entries are not allowed", "“- ”开头的一条要另起一行,写在“名称:”的下面"),
        ("tab character", "用了制表符(Tab),请改为空格"),
        ("found character that cannot start", "有不能放在开头的符号(如 @ ` %),请用引号括起来"),
        ("did not find expected ',' or ']'", "方括号 [ ] 没有配对,或中间缺逗号(要用半角逗号)"),
        ("did not find expected ',' or '}'", "花括号 { } 没有配对,或中间缺逗号(要用半角逗号)"),
        ("found unexpected end of stream", "引号没有配对"),
        ("undefined alias", "以 * 开头的文字请用引号括起来"),
        ("alphabetic or numeric", "以 * 或 & 开头的文字请用引号括起来"),
        ("undefined tag", "以 ! 开头的文字请用引号括起来"),
        ("unknown escape", "双引号里不能用反斜杠 \\;请改用单引号"),
    ):
        if english in problem:
            return chinese
    return "缩进、括号或引号不对"


def _look_into(node: yaml.Node, file: str) -> Iterator[TemplateError]:
    """What YAML reads as something else than was meant: nothing behind a colon, lists in the marks of a Chinese keyboard."""
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            if node.flow_style and isinstance(child, yaml.ScalarNode) and not child.style and "，" in child.value:
                meant = ", ".join(child.value.split("，"))
                what = f"“{child.value}”里是全角逗号;方括号里的列表,用半角逗号隔开:[{meant}](真是一项的,整项加半角引号)"
                yield TemplateError(what, file, child.start_mark.line + 1)
            yield from _look_into(child, file)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(value, yaml.ScalarNode) and not value.style:
                if not value.value and key.value in VALUED:
                    yield TemplateError(f"“{key.value}:”后面是空的;写上它,或删去这一行", file, key.start_mark.line + 1)
                elif _WIDE_LIST.fullmatch(value.value):
                    marks, inside = value.value[0] + value.value[-1], value.value[1:-1]
                    yield TemplateError(f"“{key.value}”用了全角括号“{marks}”;几项写成方括号里的列表,用半角逗号隔开:[{inside}]", file, key.start_mark.line + 1)
            yield from _look_into(value, file)


def _convert(node: yaml.Node, file: str) -> Text | Items | Table:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return Text(str(node.value).strip(), line)
    if isinstance(node, yaml.SequenceNode):
        return Items([_convert(child, file) for child in node.value], line)
    assert isinstance(node, yaml.MappingNode)
    table = Table({}, line)
    for key_node, value_node in node.value:
        key = str(key_node.value).strip() if isinstance(key_node, yaml.ScalarNode) else ""
        key_line = key_node.start_mark.line + 1
        if not key:
            raise TemplateError("这里的名称读不懂;名称应是一个词", file, key_line)
        if key in table.pairs:
            raise TemplateError(f"“{key}”写了两次(前一次在第 {table.lines[key]} 行);请留一个", file, key_line)
        table.pairs[key] = _convert(value_node, file)
        table.lines[key] = key_line
    return table


def read_file(path: Path) -> tuple[Table, str]:
    """The file's nodes and its text. UTF-8 (with or without BOM) or GB18030, as Windows editors save it."""
    source = decoded(path.read_bytes(), path.name)
    return read(source, path.name), source


def decoded(data: bytes, file: str) -> str:
    """The text of a file as Windows editors save it: UTF-8 (with or without BOM), GB18030, or 记事本's “Unicode” (UTF-16 with BOM). Raises TemplateError."""
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise TemplateError("这是 Word、Excel 的文件,不是纯文本;请另存为纯文本(表存成 CSV UTF-8),或用记事本写", file, 1)
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise TemplateError("文件编码认不出;请用记事本另存为,编码选 UTF-8", file, 1)
