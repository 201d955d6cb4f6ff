"""A form's fields by where its cells stand on the page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from . import shapes
from .chinese import simplified

SURE = 0.8  # at or above it a cell's value is practically never wrong (RULEBOOK B02 `ocr_confidence`); what is below is shown to a person beside its picture
_DOUBTFUL = 0.6  # what reads well and cannot be believed: below whatever anybody sets for `SURE`
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})(\d{2}:\d{2})(?!\d)")  # the reader loses the space between day and time
_COLON = re.compile("[:：]")
_SPACED = re.compile(r"(\S{2,10}?)[ .．·;；,，]\s*(\S.*)")
_FRAME = re.compile(r"^[-—_|.·'`一「」丨]+(?=[A-Za-z0-9\u4e00-\u9fff]{2})|(?<=[A-Za-z0-9\u4e00-\u9fff])[-—_|·'`「」丨]+$|(?<=[A-Za-z0-9])[.]+$")
_REMAINDER = frozenset("|丨「」[]!Iil一-—_.·'`")  # of a frame, where something else stands in the cell
_FOREIGN = re.compile(r"^\S{2,12}(?:[:：]|签字|签名|盖章)$")  # a label that the form has and we do not ask for, such as who signs
_LABEL = 12     # characters of a label at most
_DOUBT = 0.4    # below it a reading is a guess
_NEW = 0.97     # at or above it a value that is not expected is something new
_FULL = 0.75    # of the page's right margin: a line that comes so far may go on in the next
_INDENT, _ALIGNED = 1.5, 0.6  # of a line's height: how far the first row of a cell, and another one, may begin from its edge
_LONG, _OPTION = 7, 3  # characters: in a value so long two may be misread; one so short is an option of a list, and hardly new

Box = tuple[float, float, float, float]


@dataclass(slots=True)
class Words:
    """One line of print; `box` is left, top, right, bottom in pixels of `upright`'s image, `sure` from 0 to 1, `others` what else it may be, likeliest first."""

    text: str
    box: Box
    sure: float
    others: tuple[str, ...] = ()

    @property
    def middle(self) -> float:
        return (self.box[1] + self.box[3]) / 2


@dataclass(slots=True)
class Cell:
    """What stands in a field: at or above SURE `sure` means that it may be taken; `box` is where, in pixels of `upright`'s image, for a picture of it."""

    text: str
    sure: float
    box: Box


def fields(words: Sequence[Words], labels: Iterable[str], known: Mapping[str, Sequence[str]] | None = None) -> dict[str, Cell]:
    """label → what stands right of it or, in a cell of several lines, nearest to it. `known`: for a label, values that are to be expected."""
    names = {_plain(label): label for label in labels}
    heads, rest = _heads(words, names)
    values: dict[str, list[Words]] = {}
    lines = [line for line, _, inline in heads if inline]
    under: list[tuple[str, Words]] = []  # what stands behind its label, and the last line of it
    margin = max((w.box[2] for w in words), default=0.0)
    heads += [(line, "", "") for line in rest if _FOREIGN.match(line.text)]
    for line, name, inline in heads:
        if inline:
            cut = len(line.text) - len(inline)
            values.setdefault(name, []).append(Words(inline, line.box, line.sure, tuple(o[cut:].strip() for o in line.others)))
            under.append((name, line))
    for line in rest:
        tall = line.box[3] - line.box[1]
        if _FOREIGN.match(line.text):
            continue
        near = [(abs(h.middle - line.middle) * 4 + (line.box[0] - h.box[2]), name) for h, name, _ in heads if h.box[2] <= line.box[0] + tall / 2 and abs(h.middle - line.middle) < 1.3 * tall]
        if near and not any(abs(line.middle - other.middle) < tall / 2 and other.box[0] < line.box[0] < other.box[2] for other in lines):
            values.setdefault(min(near)[1], []).append(line)
        elif not near and (place := next((n for n, (_, above) in enumerate(under) if _goes_on(above, line, margin)), None)) is not None:
            values[under[place][0]].append(line)
            under[place] = (under[place][0], line)
    elsewhere = Counter(found for line in words for found in shapes.within(line.text))
    without_frame = {name for name, _ in under}
    cells = {name: _valued(_cell(lines, name in without_frame), (known or {}).get(name, ()), elsewhere) for name, lines in values.items() if name}
    return _together(cells, known or {})


def _heads(words: Sequence[Words], names: Mapping[str, str]) -> tuple[list[tuple[Words, str, str]], list[Words]]:
    """The lines that are labels, each with the label and what follows it on the same line; and the other lines."""
    heads: list[tuple[Words, str, str]] = []
    rest: list[Words] = []
    below: set[int] = set()
    for number, line in enumerate(words):
        if number in below:
            continue
        head, mark, inline = _COLON.sub(":", line.text).partition(":")
        name = next((found for text in (head, *(_COLON.sub(":", o).partition(":")[0] for o in line.others)) if len(text) <= _LABEL and (found := _label(text, names))), None)
        if name is None and (spaced := _SPACED.match(line.text)) and (name := _label(spaced[1], names)):
            mark, inline = ":", spaced[2]  # a colon that was read as a full stop or not at all
        if name is not None:
            heads.append((line, name, inline.strip() if mark else ""))
            continue
        for other in range(number + 1, min(number + 6, len(words))):  # 故障发生时 over 间
            if _under(line, words[other]) and (name := _label(line.text + words[other].text, names)):
                box = (line.box[0], line.box[1], max(line.box[2], words[other].box[2]), words[other].box[3])
                heads.append((Words(line.text + words[other].text, box, line.sure), name, ""))
                below.add(other)
                break
        else:
            rest.append(line)
    rest = [line for line in rest if not any(words[n] is line for n in below)]
    for line in list(rest):  # of a label that stands too near the frame only the end was found: 级别 of 故障级别
        ends = [name for plain, name in names.items() if len(_plain(line.text)) >= 2 and plain.endswith(_plain(line.text))]
        if len(ends) == 1 and all(name != ends[0] for _, name, _ in heads):
            heads.append((line, ends[0], ""))
            rest.remove(line)
    return heads, rest


def _under(line: Words, other: Words) -> bool:
    tall = line.box[3] - line.box[1]
    middle = (other.box[0] + other.box[2]) / 2
    return 0 < other.box[1] - line.box[1] < 1.6 * tall and line.box[0] <= middle <= line.box[2] and len(other.text) <= len(line.text)


def _goes_on(above: Words, line: Words, margin: float) -> bool:
    """Whether a line that begins at the margin goes on with the sentence that fills the one above it: a form without a frame."""
    tall = line.box[3] - line.box[1]
    full = above.box[2] > _FULL * margin
    return full and 0 < line.middle - above.middle < 2 * tall and above.box[0] - tall < line.box[0] < (above.box[0] + above.box[2]) / 2


def _cell(lines: list[Words], inline: bool) -> list[Words]:
    """Of what stands right of a label, the cell beside it: what follows on the same line after a wide gap is another cell, perhaps of a label unknown.
    `inline`: its first line bears the label too."""
    kept: list[Words] = []
    lines = [w for w in lines if len(w.text) > 1 or w.text not in _REMAINDER] or lines
    for line in sorted(lines, key=lambda w: w.box[0]):
        beside = [w for w in kept if abs(w.middle - line.middle) < (line.box[3] - line.box[1]) / 2]
        if not beside or line.box[0] - max(w.box[2] for w in beside) < 2 * (line.box[3] - line.box[1]):
            kept.append(line)
    kept.sort(key=lambda w: w.middle)
    rows: list[list[Words]] = []
    for line in kept:
        if rows and abs(rows[-1][0].middle - line.middle) < (line.box[3] - line.box[1]) / 2:
            rows[-1].append(line)
        else:
            rows.append([line])
    rows = [sorted(row, key=lambda w: w.box[0]) for row in rows]
    return [w for row in (rows if inline else _in_column(rows)) for w in row]


def _in_column(rows: list[list[Words]]) -> list[list[Words]]:
    """The rows of a cell, which begin at one edge (the first may be indented) or stand in its middle; what begins elsewhere is of a stamp over the cell."""
    if len(rows) < 2:
        return rows
    tall = sorted(row[0].box[3] - row[0].box[1] for row in rows)[len(rows) // 2]
    widest = max(rows, key=lambda row: row[-1].box[2] - row[0].box[0])
    edge, middle = widest[0].box[0], (widest[0].box[0] + widest[-1].box[2]) / 2
    edge = min([edge, *(row[0].box[0] for row in rows if edge - _INDENT * tall < row[0].box[0])])
    kept: list[list[Words]] = []
    for row in rows:
        if abs(row[0].box[0] - edge) < (_ALIGNED if kept else _INDENT) * tall or abs((row[0].box[0] + row[-1].box[2]) / 2 - middle) < tall / 2:
            kept.append(row)
    return kept


def _valued(lines: list[Words], known: Sequence[str], elsewhere: Counter[str]) -> Cell:
    """`elsewhere`: how often numbers and times stand on the page; a doubtful value that may be one of them is rather that one, and stays doubtful."""
    left, top, right, bottom = zip(*(w.box for w in lines), strict=True)
    box = (min(left), min(top), max(right), max(bottom))
    if len(lines) > 1 and (whole := [w for w in lines if shapes.shape_of(_tidy(w.text))]):
        lines = whole[:1]  # what stands beside it is a remainder of the frame
    text, sure = _tidy("".join(w.text for w in lines)), min(w.sure for w in lines)
    others = [_tidy(o) for o in lines[0].others] if len(lines) == 1 else []
    if sure < SURE and elsewhere[text] < 2 and (there := next((o for o in others if o in elsewhere), "")):
        text = there
    if known:
        text, sure = _expected(text, sure, others, known)
    return Cell(text, sure, box)


def _tidy(text: str) -> str:
    """Without what a cell's frame left at its ends; the reader loses the space between day and time."""
    return _MOMENT.sub(r"\1 \2", _FRAME.sub("", text.strip()).strip())


def _expected(text: str, sure: float, others: Sequence[str], known: Sequence[str]) -> tuple[str, float]:
    """The value among those known that was read or, where the reading is doubtful, that is nearest to it."""
    plain = {_plain(k): k for k in known}
    mine = _plain(text)
    ranked = sorted((shapes.apart(mine, k), k) for k in plain)
    apart, nearest = ranked[0]
    alone = len(ranked) == 1 or ranked[1][0] > apart
    if apart == 0:
        # a few values that are unlike each other: to be misread for just this one is rarer than the model says
        return plain[nearest], max(sure, SURE) if sure > _DOUBT and (len(ranked) == 1 or ranked[1][0] > 1) else sure
    read = next((_plain(o) for o in others if _plain(o) in plain), None)
    if read is not None and sure < SURE:
        return plain[read], min(max(sure, _DOUBT), _DOUBTFUL)
    if alone and apart <= (1 if len(nearest) < _LONG else 2) and (sure < _NEW or len(nearest) <= _OPTION):
        # a character off what is expected: a misreading, or something new that looks like it; a person says
        return plain[nearest] if sure < SURE or len(nearest) <= _OPTION else text, min(sure, _DOUBTFUL)
    return text, min(sure, _DOUBTFUL) if apart == 1 and len(nearest) <= _OPTION else sure  # 级: of 二级, 三级, 四级 one lost a stroke


def _together(cells: dict[str, Cell], known: Mapping[str, Sequence[str]]) -> dict[str, Cell]:
    """An identifier names a day: where the page's days do not hold it, one of them is misread; and so is rather, of a day that is one figure off another
    one of the page, what is not quite sure. Nor is an identifier sure with letters that are mostly misreadings."""
    days = {name: shapes.day_of(cell.text) for name, cell in cells.items()}
    moments = {days[name] for name, cell in cells.items() if days[name] and not shapes.names_a_day(cell.text)}
    for name, cell in cells.items():
        if cell.text in known.get(name, ()):
            continue
        others = [day for other, day in days.items() if other != name and day]
        misread = shapes.names_a_day(cell.text) and moments and days[name] not in moments
        off = cell.sure < _NEW and days[name] and days[name] not in others and any(shapes.apart(days[name], day) == 1 for day in others)
        if misread or off or not shapes.legible(cell.text):
            cell.sure = min(cell.sure, _DOUBTFUL)
    return cells


def _plain(text: str) -> str:
    return re.sub(r"[\s:：()（）]", "", text)


def _label(text: str, names: Mapping[str, str]) -> str | None:
    """The label that this is, a character misread or, of six and more, two."""
    plain = simplified(_plain(text))
    if plain in names:
        return names[plain]
    if len(plain) < 3:
        return None
    near = sorted((shapes.apart(plain, k), k) for k in names if len(k) >= 3 and abs(len(k) - len(plain)) <= 1)
    if not near or near[0][0] > (1 if len(near[0][1]) < 6 else 2) or (len(near) > 1 and near[1][0] == near[0][0]):
        return None
    return names[near[0][1]]
