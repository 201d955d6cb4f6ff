"""HTML bodies to plain text and to tables, in one pass over the tags and in linear time.

A table row becomes one line with tabs between its cells, a cited block gets `> ` before its lines. There is no document tree, so nothing
that is nested deeply is lost (libxml2 drops it in silence) and no depth costs more than its length.
"""

from __future__ import annotations

import html as entities
import re

from .patterns import lazy

_TOKEN = lazy(r"<!--|<!\[|<[!?]|</?([A-Za-z][A-Za-z0-9:]*)")
_BLANKS = lazy(r"[ \t\r\n\f\u200b]+")
_BLOCK = frozenset(
    ["address", "article", "aside", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "html", "li", "main", "nav", "ol", "p", "section", "ul", "pre", "blockquote", "table", "tr", "td", "th", "caption", "tbody", "thead", "tfoot", "option"]
)
_SKIPPED = frozenset(("style", "script", "title", "noframes", "xml", "template"))
# How clients mark what they cite: Apple and Thunderbird; Gmail; NetEase; Outlook for Mac; and the margin that Gmail's older form had.
_CITED = lazy(r"type\s*=\s*['\"]?cite|gmail_quote|isreplycontent|clear_blockquote|class\s*=\s*['\"][^'\"]*quote|0?\.8ex", re.I)
_MAX_OPEN = 200
_MAX_QUOTES = 20
_MAX_TABLES = 200
_MAX_ROWS = 5000


class _Frame:
    """Text in the making: of the page, a table, a row, a cell, or a cited block."""

    __slots__ = ("cells", "kind", "layout", "line", "lines", "rows", "spaced")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.lines: list[str] = []
        self.line: list[str] = []
        self.spaced = True   # the line is empty or ends in a blank
        self.layout = False                     # holds a table or a cited block: it lays out the page and is no field
        self.cells: list[list[str]] = []        # of a row: the lines of each cell
        self.rows: list[list[str]] = []         # of a table: the text of each cell

    def add(self, text: str, verbatim: bool) -> None:
        if verbatim:
            first, *rest = text.replace("\r\n", "\n").split("\n")
            self.line.append(first)
            for line in rest:
                self.newline()
                self.line.append(line)
            self.spaced = False
            return
        text = _BLANKS.sub(" ", text)
        if self.spaced:
            text = text.lstrip(" ")
        if text:
            self.line.append(text)
            self.spaced = text[-1] == " "

    def newline(self) -> None:
        self.lines.append("".join(self.line).rstrip(" "))
        self.line = []
        self.spaced = True

    def fresh(self) -> None:
        """Begins a new line unless one has just begun."""
        if self.line:
            self.newline()


class _Page:
    """The open frames, innermost last, and the tables that are complete."""

    def __init__(self) -> None:
        self.frames = [_Frame("page")]
        self.tables: list[list[list[str]]] = []

    @property
    def top(self) -> _Frame:
        return self.frames[-1]

    def open(self, kind: str) -> None:
        self.top.fresh()
        if len(self.frames) < _MAX_OPEN:
            self.frames.append(_Frame(kind))

    def quotes(self) -> int:
        return sum(1 for frame in self.frames if frame.kind == "quote")

    def close_to(self, kinds: tuple[str, ...], within: str = "") -> None:
        """Closes frames up to and with the nearest of `kinds`, if there is one that is not outside the nearest `within`."""
        for i in range(len(self.frames) - 1, 0, -1):
            found = self.frames[i].kind
            if found in kinds:
                while len(self.frames) > i:
                    self.close()
                return
            if found == within:
                return

    def close(self) -> None:
        frame = self.frames.pop()
        frame.fresh()
        outer = self.top
        outer.fresh()
        outer.layout = outer.layout or frame.layout or frame.kind in ("table", "quote")
        if frame.kind == "cell" and outer.kind == "row":
            outer.cells.append(frame.lines)
        elif frame.kind == "row":
            outer.lines.extend(frame.lines)
            outer.lines.extend(_row_lines(frame.cells, frame.layout))
            if frame.cells and not frame.layout and len(outer.rows) < _MAX_ROWS:
                outer.rows.append(["\n".join(line.strip() for line in lines).strip() for lines in frame.cells])
        elif frame.kind == "quote":
            outer.lines.extend("> " + line if line else ">" for line in frame.lines)
        else:
            outer.lines.extend(frame.lines)
            if frame.kind == "table" and frame.rows and len(self.tables) < _MAX_TABLES:
                self.tables.append(frame.rows)


def _row_lines(cells: list[list[str]], layout: bool) -> list[str]:
    """A row of data is one line with tabs; a row that lays out the page is its cells one below the other."""
    full = [lines for lines in cells if any(line.strip() for line in lines)]
    if len(full) > 1 and not layout and max(map(len, full)) <= 12:
        return ["\t".join(" ".join(" ".join(lines).split()) for lines in cells)]
    return [line for lines in cells for line in lines]


def read(source: str, limit: int = 1_500_000) -> tuple[str, list[list[list[str]]]]:
    """(plain text, tables as rows of cell texts) of an HTML body; what lies beyond `limit` characters is not looked at.

    Rows that lay out the page, because another table or a cited block is in them, are text and no rows.
    """
    source = source[:limit]
    page = _Page()
    lists: list[int] = []   # numbers of the open ordered lists, -1 for unordered ones
    pre = 0
    at, size = 0, len(source)
    ends: dict[str, int] = {}   # where no closing tag was found once, none is looked for again
    while at < size:
        match = _TOKEN.search(source, at)
        stop = match.start() if match else size
        if stop > at:
            text = source[at:stop]
            if "&" in text:
                text = entities.unescape(text)
            page.top.add(text.replace("\xa0", " "), pre > 0)
        if match is None:
            break
        if match[1] is None:
            end = source.find("-->", match.end()) if match[0] == "<!--" and "-->" not in ends else -1
            if end < 0 and match[0] == "<!--":
                ends["-->"] = size
            at = end + 3 if end >= 0 else _after_tag(source, match.end(), size)
            continue
        name = match[1].lower()
        closing = source[stop + 1] == "/"
        at = _after_tag(source, match.end(), size)
        if name in _SKIPPED:
            if not closing and name not in ends and source[at - 2 : at] != "/>":
                found = re.compile(rf"</{name}\s*>", re.I).search(source, at)
                if found:
                    at = found.end()
                else:
                    ends[name] = size
                    at = size if name in ("style", "script") else at
            continue
        if name == "br":
            page.top.newline()
        elif name == "hr":
            page.top.fresh()
            page.top.lines.append("_" * 32)
        elif name in ("td", "th"):
            page.close_to(("cell",), "table")
            if not closing and any(frame.kind == "table" for frame in page.frames[-3:]):
                if page.top.kind != "row":
                    page.open("row")
                page.open("cell")
        elif name == "tr":
            page.close_to(("row",), "table")
            if not closing and page.top.kind == "table":
                page.open("row")
        elif name == "table":
            if closing:
                page.close_to(("table",))
            else:
                page.open("table")
        elif name == "blockquote":
            if closing:
                page.top.fresh()
                page.close_to(("quote", "indent"), "cell")
            elif _CITED.search(source, stop, at) and page.quotes() < _MAX_QUOTES:
                page.open("quote")
            else:
                page.open("indent")
        elif name == "pre":
            page.top.fresh()
            pre = max(0, pre + (-1 if closing else 1))
        elif name in ("ul", "ol"):
            page.top.fresh()
            if not closing:
                lists.append(0 if name == "ol" else -1)
            elif lists:
                lists.pop()
        elif name == "li" and not closing:
            page.top.fresh()
            if lists and lists[-1] >= 0:
                lists[-1] += 1
                page.top.add(f"{lists[-1]}. ", False)
            elif lists:
                page.top.add("- ", False)
        elif name in _BLOCK:
            page.top.fresh()
    while len(page.frames) > 1:
        page.close()
    page.top.fresh()
    return _tidy(page.top.lines), page.tables


def tables_in(tables: list[list[list[str]]], text: str) -> list[list[list[str]]]:
    """Those of `tables` that stand in `text`, one after the other: the new words of an answer, which quotes a letter with tables of its own."""
    found = []
    at = 0
    for table in tables:
        first = next((cell for row in table for cell in row if cell), "")
        spot = text.find(" ".join(first.split("\n", 1)[0].split()), at) if first else -1
        if spot >= 0:
            found.append(table)
            at = spot + 1
    return found


def _after_tag(source: str, at: int, size: int) -> int:
    """The place after the `>` that ends a tag, not misled by one inside a quoted attribute."""
    end = source.find(">", at)
    if end < 0:
        return size
    if source.count('"', at, min(end, at + 4000)) % 2:
        closing = source.find('"', end, end + 2000)
        further = source.find(">", closing, closing + 500) if closing >= 0 else -1
        if further >= 0:
            return further + 1
    return end + 1


def _tidy(lines: list[str]) -> str:
    """At most two blank lines in a row; none at the ends."""
    out: list[str] = []
    blank = 0
    for line in lines:
        if line.strip():
            blank = 0
            out.append(line)
        else:
            blank += 1
            if blank <= 2 and out:
                out.append("")
    while out and not out[-1]:
        out.pop()
    return "\n".join(out)
