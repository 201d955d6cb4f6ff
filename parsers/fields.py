"""Fields of a form, from the three ways of RULEBOOK §0.4: `label:value` lines, two-column tables, rows of an attached document.

The labels come from the caller. A known label begins a value, which goes on until the next known label; other lines that look like labels
belong to the value and are listed in `Fields.unknown`, so that an answer can ask "did you mean".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from . import chinese
from .patterns import lazy

_BRACKETS = lazy(r"[（(\[【〔][^）)\]】〕]*[）)\]】〕]")
_KEY_DIRT = lazy(r"[\s*_#`'\"“”‘’·•●■◆▪○◇★☆※>《》\-:：;；,，.。、/]+")
_NUMBERING = lazy(r"[\s>*_#·•●■◆▪○◇★☆※|-]*(?:[(（【\[]?\s*(?:\d{1,2}|[一二三四五六七八九十]{1,3}|[a-zA-Z①-⑳])\s*[)）】\]、.．:]\s*|[①-⑳⑴-⒇]\s*)?[\s*_·•●■◆▪□☐]*")
_LINE = lazy(r"([^:：\n]{1,40}?)\s*(?:[*_]{1,2})?\s*[:：]\s*(?:[*_]{1,2}(?=\s|$))?\s*(.*)", re.DOTALL)
_BOXED = lazy(r"[【\[〔「]\s*([^】\]〕」\n]{1,40})\s*[】\]〕」]\s*[:：]?\s*(.*)", re.DOTALL)
_DELIMITER = lazy(r"\s*(?:--|——|–)\s*|\s*-{3,}\s*(?:原始邮件|original message).*", re.I)
_BLANK = lazy(r"[\s_＿\-—–.。…/\\\u00a0\u3000]*")
_HINT = lazy(r"[\s_＿]*[(（【\[<](?:必填|选填|請填寫|请填写|请选择|可不填|填写|格式|例|如)[^)）】\]>]*[)）】\]>][\s_＿]*")
# What people write below a form; it is no part of the last value.
_COURTESY = lazy(
    r"(?:以上(?:是|为|内容|情况)?|请(?:领导|您|各位)?(?:查收|审批|批准|批示|知悉|审阅|过目|核实|悉知|查阅|确认|予以)|谢谢|多谢|感谢|此致|敬礼|祝好|祝商祺|顺祝|顺颂|盼复|妥否|特此|如有(?:疑问|问题)|有(?:问题|疑问)请|麻烦(?:您|尽快)?|辛苦|best regards|regards|thanks|thank you)"
    r"[^:：\n]{0,30}", re.I
)
_CHECKED = lazy(r"[☑☒✔✓√■]\s*([^☑☒✔✓√■□☐\s，,、;；]+)")
_CHECKED_BEHIND = lazy(r"([^☑☒✔✓√■□☐\s，,、;；]+)\s*[☑☒✔✓√■]")
_BOXES = "☑☒✔✓√■□☐"
_NOT_A_LABEL = lazy(r"[。！？!?，,；;]|^(?:https?|ftp|mailto|re|fw)$|\d{1,2}$|@", re.I)


class Fields(dict[str, str]):
    """Label → value in the order of the form; '' where the label stands there and nothing was filled in. `unknown`: other label-like lines."""

    def __init__(self) -> None:
        super().__init__()
        self.unknown: dict[str, str] = {}

    def put(self, label: str, value: str) -> None:
        """Keeps the first value that says something; a later one does not replace it."""
        if label not in self or (not self[label] and value):
            self[label] = value


class _Labels:
    """The labels a caller knows, by what is left of them when width, blanks, marks and brackets do not count."""

    def __init__(self, labels: Iterable[str]) -> None:
        self.by_key: dict[str, str] = {}
        short: dict[str, list[str]] = {}
        for label in labels:
            plain = chinese.plain(label)
            self.by_key.setdefault(_key(plain), label)
            short.setdefault(_key(_BRACKETS.sub("", plain)), []).append(label)
        # `金额` stands for `金额(万元)` as long as there is no other label that it could be.
        for key, candidates in short.items():
            if key and len(set(candidates)) == 1:
                self.by_key.setdefault(key, candidates[0])
        self.longest = max((len(key) for key in self.by_key), default=0)

    def find(self, text: str) -> str | None:
        """The caller's label that `text` stands for."""
        if not text or len(text) > 2 * self.longest + 40:
            return None
        plain = chinese.plain(text)
        found = self._of_key(_key(plain))
        return self._of_key(_key(_BRACKETS.sub("", plain))) if found is None and _BRACKETS.search(plain) else found

    def _of_key(self, key: str) -> str | None:
        found = self.by_key.get(key)
        return self.by_key.get(chinese.simplified(key)) if found is None else found


def _key(plain: str) -> str:
    return _KEY_DIRT.sub("", plain).lower()


@lru_cache(maxsize=512)
def _labels(labels: tuple[str, ...]) -> _Labels:
    """Every mail about a process asks for the same ones."""
    return _Labels(labels)


def read_fields(text: str, labels: Iterable[str], tables: Iterable[Sequence[Sequence[str]]] = ()) -> Fields:
    """The fields of a mail's new words, and of its HTML tables given as rows. Lines win over tables where both say something."""
    known = _labels(tuple(labels))
    fields = Fields()
    _from_lines(text, known, fields)
    for rows in tables:
        _from_rows(rows, known, fields)
    return fields


def fields_from_rows(rows: Sequence[Sequence[str]], labels: Iterable[str]) -> Fields:
    """The fields of a table of Word or Excel: label left and value right, once or more often in a row, or labels in one row and values in the next."""
    fields = Fields()
    _from_rows(rows, _labels(tuple(labels)), fields)
    return fields


def rows_under(rows: Sequence[Sequence[str]], columns: Mapping[str, str]) -> list[dict[str, str]]:
    """The rows of lists whose head names at least two of `columns` (label → column's name), each as column → text; what stands above a head is none."""
    known = _labels(tuple(columns))
    found: list[dict[str, str]] = []
    head: dict[int, str] = {}
    for row in rows:
        named = {i: columns[label] for i, cell in enumerate(row) if (label := known.find(cell.strip()))}
        if len(set(named.values())) > 1:
            head = named
            continue
        values = {column: row[i].strip() for i, column in head.items() if i < len(row) and row[i].strip()}
        if len(values) > 1:
            found.append(values)
    return found


def _from_lines(text: str, known: _Labels, fields: Fields) -> None:
    label: str | None = None
    value: list[str] = []
    tabbed: list[list[str]] = []

    def finish() -> None:
        if label is not None:
            fields.put(label, _value("\n".join(value)))

    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _DELIMITER.fullmatch(line) and number:
            break
        if "\t" in line.strip():
            cells = [cell.strip() for cell in line.split("\t")]
            if any(known.find(cell.rstrip(":：")) for cell in cells) or (tabbed and len(cells) == len(tabbed[-1])):
                finish()
                label, value = None, []
                tabbed.append(cells)
                continue
        if tabbed:
            _from_rows(tabbed, known, fields)
            tabbed = []
        found, rest, looks = _labelled(line, known)
        if found is not None:
            finish()
            pieces = _more_in_line(rest, known)
            label, value = found, [pieces[0]]
            for other, piece in pieces[1]:
                finish()
                label, value = other, [piece]
            continue
        if looks:
            fields.unknown.setdefault(looks, rest)
        if label is not None:
            value.append(line)
    if tabbed:
        _from_rows(tabbed, known, fields)
    finish()


def _labelled(line: str, known: _Labels) -> tuple[str | None, str, str]:
    """(known label or None, what follows it, the label-like text where it is not known) of a line."""
    if not line.strip():
        return None, "", ""
    start = _NUMBERING.match(line)
    body = line[start.end() :] if start else line
    boxed = _BOXED.match(body) or _BOXED.match(line.strip())
    if boxed:
        found = known.find(boxed[1])
        if found is not None:
            return found, boxed[2], ""
    whole = _LINE.match(body)
    for candidate in (body, line) if line != body else (body,):
        if match := whole if candidate is body else _LINE.match(candidate):
            found = known.find(match[1])
            if found is not None:
                return found, match[2], ""
            # `金额(单位:万元):5` - the colon within brackets is not the one that counts.
            if match[1].count("(") + match[1].count("（") > match[1].count(")") + match[1].count("）"):
                longer = re.match(r"([^:：\n]{1,30}[:：][^:：\n]{1,20}[)）])\s*[:：]\s*(.*)", candidate, re.DOTALL)
                if longer and known.find(longer[1]) is not None:
                    return known.find(longer[1]), longer[2], ""
    if len(body) <= 40:
        found = known.find(body)   # a label alone in its line, its value in the next ones
        if found is not None and not re.search(r"[，,。;；]", body):
            return found, "", ""
    if whole:
        label = whole[1].strip(" *_")
        if 1 < len(label) <= 16 and not _NOT_A_LABEL.search(label) and "//" not in whole[2][:2]:
            return None, whole[2].strip(), label
    return None, "", ""


def _more_in_line(rest: str, known: _Labels) -> tuple[str, list[tuple[str, str]]]:
    """Several fields in one line, set off by wide gaps or semicolons: `沟通人：周处长    沟通方式：电话`."""
    pieces = re.split(r"(?:[ \u3000\u00a0]{2,}|\t|[;；]\s*|(?<=[\u4e00-\u9fff\d]) (?=[\u4e00-\u9fff]{2,12}[:：])|[,，]\s*(?=[\u4e00-\u9fff]{2,12}[:：]))", rest)
    if len(pieces) == 1:
        return rest, []
    first = pieces[0]
    more: list[tuple[str, str]] = []
    at = len(first)
    for piece in pieces[1:]:
        match = _LINE.match(piece)
        found = known.find(match[1]) if match else None
        if found is not None and match:
            more.append((found, match[2]))
        elif more:
            more[-1] = (more[-1][0], more[-1][1] + " " + piece)
        else:
            spot = rest.find(piece, at)
            first = rest[: spot + len(piece)] if spot >= 0 else first + " " + piece
            at = len(first)
    return first, more


def _value(text: str, cell: bool = False) -> str:
    """What was filled in. A cell of a table has an end of its own: no thanks and no name are cut off there."""
    lines = [line.strip(" \t\u00a0\u3000") for line in text.split("\n")]
    for i, line in enumerate(lines if not cell else ()):
        if i and line and any(lines[:i]) and _COURTESY.fullmatch(line):
            lines = lines[:i]
            break
    last = next((i for i in range(len(lines) - 1, 0, -1) if lines[i]), 0)
    if not cell and last > 1 and not lines[last - 1] and any(lines[:last]) and chinese.looks_like_name(lines[last]):
        lines = lines[:last]   # the name below the form
    value = "\n".join(lines).strip()
    if "□" in value or "☐" in value or value[:1] in "☑☒":
        behind = value[-1:] in _BOXES and value[:1] not in _BOXES   # `是☑ 否☐`
        value = "、".join((_CHECKED_BEHIND if behind else _CHECKED).findall(value))   # boxes: those that are ticked
    value = re.sub(r"\n{2,}", "\n", value)
    if len(value) > 3 and value[:2] == "**" and value[-2:] == "**":
        value = value[2:-2].strip()
    if _BLANK.fullmatch(value) or _HINT.fullmatch(value):
        return ""
    if value[:1] in "_＿" or value[-1:] in "_＿":   # filled in on the line of a blank form
        value = value.strip("_＿ ")
    return value


def _from_rows(rows: Sequence[Sequence[str]], known: _Labels, fields: Fields) -> None:
    grid = [[_cell(cell) for cell in row] for row in rows]
    marks = [[known.find(cell.rstrip(":： ")) if cell else None for cell in row] for row in grid]
    if _two_columns(grid, marks):
        marks = [[found[0], *([None] * (len(found) - 1))] if found else found for found in marks]   # `沟通人 | 客户`: what stands right is a value, a label or not
    y = 0
    while y < len(grid):
        row, found = grid[y], marks[y]
        labels = [x for x, label in enumerate(found) if label is not None]
        if not labels:
            for x, cell in enumerate(row[:1]):   # `沟通人：周处长` within one cell
                label, rest, looks = _labelled(cell, known)
                if label is not None:
                    _from_lines(cell, known, fields)
                elif looks and x == 0:
                    fields.unknown.setdefault(looks, rest)
            if len(row) >= 2 and row[0] and 1 < len(row[0]) <= 16 and row[1] and not _NOT_A_LABEL.search(row[0].rstrip(":：")):
                fields.unknown.setdefault(row[0].rstrip(":： "), row[1])
            for cell in row[1:]:
                if _labelled(cell, known)[0] is not None:
                    _from_lines(cell, known, fields)
            y += 1
            continue
        if _is_head(grid, marks, y, labels):
            below = grid[y + 1]
            for x in labels:
                label = found[x]
                if label is not None:
                    fields.put(label, _value(below[x], True) if x < len(below) else "")
            y += 2
            continue
        for n, x in enumerate(labels):
            label = found[x]
            stop = labels[n + 1] if n + 1 < len(labels) else len(row)
            values = list(dict.fromkeys(cell for cell in row[x + 1 : stop] if cell and cell != row[x]))
            value = "\n".join(values)
            if not value and len(row) == 1 and y + 1 < len(grid) and not any(marks[y + 1]):
                value = "\n".join(cell for cell in grid[y + 1] if cell)   # the value below its label
                y += 1
            if label is not None:
                fields.put(label, _value(value, True))
        for x, cell in enumerate(row):
            if found[x] is None and _labelled(cell, known)[0] is not None and (x == 0 or found[x - 1] is None):
                _from_lines(cell, known, fields)
        y += 1


def _two_columns(grid: list[list[str]], marks: list[list[str | None]]) -> bool:
    """Labels left, values right, and nothing else: in three of four rows that say something the left one is a label, and no row is wider."""
    said = [(row, found) for row, found in zip(grid, marks, strict=True) if any(row)]
    left = sum(1 for _, found in said if found[0] is not None)
    return len(said) > 2 and left >= 0.75 * len(said) and all(len([c for c in row if c]) <= 2 and not any(row[2:]) for row, _ in said)


def _is_head(grid: list[list[str]], marks: list[list[str | None]], y: int, labels: list[int]) -> bool:
    """A row of labels above a row of values: every cell that says something is a label, two at least, and the next row holds none."""
    said = [x for x, cell in enumerate(grid[y]) if cell]
    if len(labels) < 2 or len(said) != len(set(said) & set(labels)) or y + 1 >= len(grid) or any(marks[y + 1]):
        return False
    if len(labels) == 2 and labels == [0, 2]:
        return False   # two pairs of label and empty value
    return any(grid[y + 1])


def _cell(text: str) -> str:
    return text.strip(" \t\n\r\u00a0\u3000*")
