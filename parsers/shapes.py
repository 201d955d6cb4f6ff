"""Values of a known shape (identifiers, days and times, phone numbers): of what a line may say, the likeliest that keeps to the shape."""

from __future__ import annotations

import difflib
import re
from functools import lru_cache

from .lines import Chances, characters

# A a letter, 9 a digit; a space need not be seen: the reader often loses it
_SHAPES = (
    "AA-99999999-9999",                                    # an identifier of a carrier: place, day, number
    *(f"MF-{code}-9999-9999" for code in ("A9", "A999", "AA", "AAA", "AAAA", "AAAAA", "AAAAAA", "AAAAAAA")),  # ours
    "9999-99-99 99:99", "9999-99-99",
    "099-99999999", "0999-9999999", "0999-99999999", "19999999999", "400-999-9999",
)  # fmt: skip
_ALIKE = {
    "0": "OoQ", "1": "lI|", "2": "Z", "5": "S", "8": "B", "I": "l|1", "O": "0", "S": "5", "B": "8", "Z": "2",
    "-": "–—一ー_", ":": "：;", "M": "Ⅿ",
}  # fmt: skip
_MEMBERS = {"A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "9": "0123456789"}
_PLAIN = 0.5   # a reading that has a shape by itself, and no character less sure, is taken as it is
_CHANGED = 2    # so many characters may be changed for a shape: an organisation numbers its papers in its own way, and these are no misreadings of another
_SEEN = 0.002  # below it a character is nowhere on the line
_NEAR = 0.75   # so much of a line must already have the shape
_DAY = re.compile(r"(20\d\d)-?(\d\d)-?(\d\d)")
_DAMAGED = 0.5  # a day or time that the calendar does not have is misread, whatever the model says


def shape_of(text: str) -> str:
    """The shape that a text has, '' for none."""
    return next((shape for shape in _SHAPES if re.fullmatch(_pattern(shape), text)), "")


def within(text: str) -> set[str]:
    """What of a shape stands anywhere in a line, such as the number and the time that the sender's machine prints on top."""
    return {found for shape in _SHAPES for found in re.findall(rf"(?<![\w-]){_pattern(shape)}(?![\w-])", text)}


@lru_cache(maxsize=32)
def _pattern(shape: str) -> str:
    return "".join({"9": r"\d", " ": " ", "A": "[A-Z]"}.get(c, re.escape(c)) for c in shape)


def possible(text: str) -> bool:
    """Whether the calendar and the clock have what it says."""
    dated = shape_of(text)[:2] in ("AA", "99")
    if dated and (day := _DAY.search(text)) and not (1 <= int(day[2]) <= 12 and 1 <= int(day[3]) <= 31):
        return False
    clock = re.search(r"(\d\d):(\d\d)$", text)
    return not clock or (int(clock[1]) < 24 and int(clock[2]) < 60)


def shaped(text: str, sure: float, chances: Chances) -> tuple[str, float] | None:
    """(value, how sure) where the line nearly has a shape; None where it is something else, or plainly has one already.

    `text` is what it says at first sight, `chances` what it may say.
    """
    if shape_of(text) and possible(text) and sure > _PLAIN:
        return None
    if sum(c.isdigit() for c in text) < 6:
        return None
    form = re.sub("[A-Za-z]", "A", re.sub(r"\d", "9", text))
    near = [s for s in _SHAPES if abs(len(s) - len(form)) <= 3 and difflib.SequenceMatcher(None, s.replace("MF", "AA").replace("199", "999").replace("099", "999").replace("400", "999"), form, autojunk=False).ratio() >= _NEAR]
    found = [best for shape in near if (best := _kept(shape, chances)) is not None and _misread(best[0], text, best[1])]
    if not found:
        return None
    value, sure, _ = max(found, key=lambda f: f[2])
    return value, sure if possible(value) else sure * _DAMAGED


def _misread(value: str, text: str, sure: float) -> bool:
    """Whether the text is the value with a character or two misread: marks get lost in a fax, letters and digits are not made up."""
    close = apart(value.replace(" ", ""), text.replace(" ", "")) <= _CHANGED
    return close and (sure > _SEEN or sum(map(str.isalnum, value)) == sum(map(str.isalnum, text)))


@lru_cache(maxsize=1)
def _columns() -> dict[str, list[int]]:
    """character of a shape → the columns of Chances that count as it."""
    names = {c: n for n, c in reversed(list(enumerate(characters())))}
    wanted = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-:"
    return {c: [names[a] for a in c + _ALIKE.get(c, "") if a in names] for c in wanted}


def _kept(shape: str, chances: Chances) -> tuple[str, float, float] | None:
    """(value, probability of its least sure character, mean logarithm): the likeliest way of reading the shape out of the steps (Viterbi).

    At each step it stands on a place of the shape, being one of the characters that may stand there, or in the gap before or after one.
    From a character to the next one it may go without a gap only if they differ: 11 needs a gap, or it is one 1 that is wide.
    """
    import numpy

    columns = _columns()
    places = [_MEMBERS.get(c, c) if not shape.startswith("MF") or n > 1 else c for n, c in enumerate(shape) if c != " "]
    steps, count, most = len(chances), len(places), max(map(len, places))
    each = {s: numpy.stack([chances[:, columns[c]].sum(axis=1) for c in s], axis=1) for s in set(places)}
    seen = numpy.zeros((steps, count, most))
    for n, members in enumerate(places):
        seen[:, n, : len(members)] = each[members]
    emit = numpy.log(seen + 1e-9)
    for n, members in enumerate(places):
        emit[:, n, len(members) :] = -numpy.inf
    gap = numpy.log(chances[:, 0] + chances[:, characters().index(" ")] + 1e-6)
    on = numpy.full((count, most), -numpy.inf)     # the best score of standing on a character
    off = numpy.full(count + 1, -numpy.inf)        # in the gap before a place, or after the last
    on[0], off[0] = emit[0, 0], gap[0]
    came_on = numpy.zeros((steps, count, most), numpy.int8)      # 0 stayed, 1 from the gap, 2 from the character before
    came_off = numpy.zeros((steps, count + 1), bool)             # from the character before
    which = numpy.zeros((steps, count, most), numpy.int8)        # the character before
    best = numpy.zeros((steps, count + 1), numpy.int8)           # likewise, for the gap
    for step in range(1, steps):
        first = on.argmax(axis=1)
        top = on[numpy.arange(count), first]
        rest = on.copy()
        rest[numpy.arange(count), first] = -numpy.inf
        second = rest.argmax(axis=1)
        before = numpy.full((count, most), -numpy.inf)
        who = numpy.zeros((count, most), numpy.int8)
        for n in range(1, count):
            before[n], who[n] = top[n - 1], first[n - 1]
            if places[n] == places[n - 1]:  # one set: the same character needs a gap
                before[n, first[n - 1]], who[n, first[n - 1]] = rest[n - 1, second[n - 1]], second[n - 1]
        options = numpy.stack([on, numpy.broadcast_to(off[:count, None], on.shape), before])
        came_on[step], which[step] = options.argmax(axis=0), who
        gaps = numpy.concatenate([[-numpy.inf], top])
        came_off[step], best[step, 1:] = gaps > off, first
        on, off = options.max(axis=0) + emit[step], numpy.maximum(off, gaps) + gap[step]
    last = int(on[-1].argmax())
    ended = bool(on[-1, last] > off[-1])
    total = float(on[-1, last] if ended else off[-1])
    if not numpy.isfinite(total) or total < -99:
        return None
    place, member = (count - 1, last) if ended else (count, -1)
    value, sure = [""] * count, [0.0] * count
    for step in range(steps - 1, -1, -1):
        if member >= 0:
            value[place], sure[place] = places[place][member], max(sure[place], float(seen[step, place, member]))
            how = int(came_on[step, place, member])
            if how == 1:
                member = -1
            elif how == 2:
                place, member = place - 1, int(which[step, place, member])
        elif came_off[step, place]:
            place, member = place - 1, int(best[step, place])
    text = iter(value)
    return "".join(c if c == " " else next(text) for c in shape), min(1.0, *sure), total / steps


def legible(identifier: str) -> bool:
    """Whether none of its letters is one that is left over of others: H without its bar is I or II, a zero is O."""
    return not shape_of(identifier).startswith("AA") or not set(identifier[:2]) & set("IOQ")


def names_a_day(identifier: str) -> bool:
    """Whether it is an identifier with a day in it."""
    return shape_of(identifier) == _SHAPES[0]


def day_of(value: str) -> str:
    """The day (YYYYMMDD) of a moment, or within an identifier that has one; else ''."""
    if names_a_day(value):
        return value[3:11]
    return "".join(day.groups()) if shape_of(value).startswith("9999-99-99") and (day := _DAY.match(value)) else ""


def apart(one: str, other: str) -> int:
    """How many characters must be changed, put in or left out to make one of the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for n, a in enumerate(one, 1):
        before, row[0] = row[0], n
        for m, b in enumerate(other, 1):
            before, row[m] = row[m], min(row[m] + 1, row[m - 1] + 1, before + (a != b))
    return row[-1]
