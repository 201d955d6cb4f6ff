"""A process as a picture (SVG): states as boxes, what people do as arrows, in layers from the beginning to the end.

The layout is Sugiyama's in its plainest form: circles are turned round, states get ranks by their longest way from the start, arrows are
cut into pieces that each span one rank (one of them carries the words, so that no two labels ever lie on each other), ranks are ordered
by barycentres, and places are the least squares that keep the order (pool adjacent violators).
"""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from .moves import ANYTIME, START, Move, how_long
from .process.model import Process
from .screen import width

FONT, LINE, PAD, GAP_X, GAP_Y = 14, 20, 12, 28, 24
MOST_LABEL = 34  # columns of a line of an arrow's words
_INK, _BLUE, _RED, _GREY = "#1f2937", "#1f6feb", "#b42318", "#6b7280"
_FONTS = "'Microsoft YaHei','PingFang SC','Noto Sans CJK SC','Noto Sans SC',sans-serif"


@dataclass
class _Node:
    """A state, or a piece of an arrow (with its words, or none)."""

    lines: list[str]
    kind: str  # start, anytime, state, final, label, bend
    rank: int = 0
    x: float = 0.0  # centre
    y: float = 0.0  # top
    small: list[str] = field(default_factory=list)

    @property
    def w(self) -> float:
        longest = max((width(t) * FONT * 0.52 for t in self.lines), default=0)
        longest = max([longest, *(width(t) * 12 * 0.52 for t in self.small)])
        return 12.0 if self.kind == "bend" else longest + (8 if self.kind == "label" else 2 * PAD + 8)

    @property
    def h(self) -> float:
        if self.kind == "bend":
            return 1.0
        return len(self.lines) * LINE + len(self.small) * 17 + (4 if self.kind == "label" else 2 * PAD - 4)


@dataclass
class _Arrow:
    source: str
    target: str
    words: list[str]
    late: bool
    turned: bool = False
    chain: list[int] = field(default_factory=list)  # nodes from the upper end to the lower one


def draw(process: Process, moves: Sequence[Move]) -> str:
    """The SVG, complete, with no references to anything outside itself."""
    states, arrows = _states_and_arrows(process, moves)
    order = list(states)
    _turn_circles(order, arrows)
    _rank(states, arrows)
    nodes = list(states.values())
    index = {name: number for number, name in enumerate(order)}
    for arrow in arrows:
        _cut(arrow, states, nodes, index)
    ranks = _ordered(nodes, arrows)
    _place(nodes, ranks, arrows)
    return _svg(process, nodes, arrows)


# -- what is drawn ---------------------------------------------------------------------------------------------------------


def _states_and_arrows(process: Process, moves: Sequence[Move]) -> tuple[dict[str, _Node], list[_Arrow]]:
    states: dict[str, _Node] = {START: _Node([START], "start")}
    if any(m.source == ANYTIME and m.to for m in moves):
        states[ANYTIME] = _Node([ANYTIME], "anytime")
    for state in process.states.values():
        node = _Node([state.name], "final" if state.final else "state")
        node.small = _wrapped([how_long(d) for d in state.deadlines], "限 ")
        stay = [m for m in moves if m.source == state.name and m.kind == "action" and m.to in ("", state.name)]
        node.small += _wrapped([f"{m.what}({m.who})" for m in stay] + (["更正后重发(开单人)"] if state.mend else []), "可 ")
        states[state.name] = node
    merged: dict[tuple[str, str, bool], _Arrow] = {}
    for m in moves:
        if m.to and m.to != m.source and m.to in states:
            late = m.kind == "late"
            arrow = merged.setdefault((m.source, m.to, late), _Arrow(m.source, m.to, [], late))
            what = _short(m.what, MOST_LABEL)
            short = width(m.who) + width(what) < MOST_LABEL
            lines = [what] if m.who.startswith("(") or not m.who else [f"{m.who}:{what}"] if short else [f"{_short(m.who, MOST_LABEL - 2)}:", what]
            lines += [f"[{_short(m.when, MOST_LABEL - 4)}]"] if m.when else []
            lines += _wrapped(list(dict.fromkeys(m.opens)), "+ 开单 ")
            arrow.words += [line for line in lines if line not in arrow.words]
    return states, list(merged.values())


def _wrapped(items: list[str], head: str) -> list[str]:
    lines: list[str] = []
    for item in items:
        if lines and width(lines[-1]) + width(item) < MOST_LABEL:
            lines[-1] += f"、{item}"
        else:
            lines.append((head if not lines else "+ " if head.startswith("+") else "") + _short(item, MOST_LABEL))
    return lines[:12]


def _short(text: str, columns: int) -> str:
    from .screen import cut

    return cut(text, columns)


# -- layers ----------------------------------------------------------------------------------------------------------------


def _turn_circles(order: list[str], arrows: list[_Arrow]) -> None:
    """An arrow back to a state on the way here is turned round for the layout."""
    out: dict[str, list[_Arrow]] = defaultdict(list)
    for arrow in arrows:
        out[arrow.source].append(arrow)
    seen: dict[str, int] = {}  # 1 on the way, 2 done

    def visit(name: str) -> None:
        seen[name] = 1
        for arrow in out[name]:
            if seen.get(arrow.target) == 1:
                arrow.turned = True
            elif arrow.target not in seen:
                visit(arrow.target)
        seen[name] = 2

    for name in order:
        if name not in seen:
            visit(name)


def _ends(arrow: _Arrow) -> tuple[str, str]:
    return (arrow.target, arrow.source) if arrow.turned else (arrow.source, arrow.target)


def _rank(states: dict[str, _Node], arrows: list[_Arrow]) -> None:
    """The longest way from the start, on even ranks: the odd ones are for the words."""
    changed = True
    while changed:
        changed = False
        for arrow in arrows:
            upper, lower = _ends(arrow)
            if states[lower].rank < states[upper].rank + 2:
                states[lower].rank = states[upper].rank + 2
                changed = True
    if ANYTIME in states:  # beside what it leads to
        below = [states[_ends(a)[1]].rank for a in arrows if _ends(a)[0] == ANYTIME]
        states[ANYTIME].rank = max(0, min(below) - 2) if below else 0


def _cut(arrow: _Arrow, states: dict[str, _Node], nodes: list[_Node], index: dict[str, int]) -> None:
    upper, lower = _ends(arrow)
    first, last = states[upper].rank, states[lower].rank
    spoken = last - 1 if arrow.turned else first + 1  # near its true beginning
    arrow.chain = [index[upper]]
    for rank in range(first + 1, last):
        nodes.append(_Node(arrow.words if rank == spoken else [], "label" if rank == spoken else "bend", rank))
        arrow.chain.append(len(nodes) - 1)
    arrow.chain.append(index[lower])


def _ordered(nodes: list[_Node], arrows: list[_Arrow]) -> list[list[int]]:
    """Who stands left of whom in each rank: barycentre sweeps, the order with the fewest crossings is kept."""
    ranks: list[list[int]] = [[] for _ in range(max(n.rank for n in nodes) + 1)]
    for number, node in enumerate(nodes):
        ranks[node.rank].append(number)
    up, down = _neighbours(arrows)
    best, fewest = [list(r) for r in ranks], _crossings(ranks, down)
    for sweep in range(24):
        downwards = sweep % 2 == 0
        beside = up if downwards else down
        for rank in range(1, len(ranks)) if downwards else range(len(ranks) - 2, -1, -1):
            other = {n: i for i, n in enumerate(ranks[rank - 1 if downwards else rank + 1])}
            now = {n: i for i, n in enumerate(ranks[rank])}

            def centre(n: int, other: dict[int, int] = other, now: dict[int, int] = now, beside: dict[int, list[int]] = beside) -> float:
                places = [other[m] for m in beside[n] if m in other]
                return sum(places) / len(places) if places else now[n]

            ranks[rank].sort(key=centre)
        if (crossed := _crossings(ranks, down)) < fewest:
            best, fewest = [list(r) for r in ranks], crossed
    return best


def _neighbours(arrows: list[_Arrow]) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    up: dict[int, list[int]] = defaultdict(list)
    down: dict[int, list[int]] = defaultdict(list)
    for arrow in arrows:
        for a, b in zip(arrow.chain, arrow.chain[1:], strict=False):
            down[a].append(b)
            up[b].append(a)
    return up, down


def _crossings(ranks: list[list[int]], down: dict[int, list[int]]) -> int:
    count = 0
    for rank, lower in zip(ranks, ranks[1:], strict=False):
        place = {n: i for i, n in enumerate(lower)}
        ends = [place[m] for n in rank for m in sorted(down[n], key=lambda m: place.get(m, 0)) if m in place]
        count += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return count


# -- places ----------------------------------------------------------------------------------------------------------------


def _place(nodes: list[_Node], ranks: list[list[int]], arrows: list[_Arrow]) -> None:
    up, down = _neighbours(arrows)
    for rank in ranks:
        x = 0.0
        for n in rank:
            nodes[n].x = x + nodes[n].w / 2
            x += nodes[n].w + GAP_X
    for sweep in range(40):
        for rank in ranks if sweep % 2 == 0 else reversed(ranks):
            beside = (lambda n: up[n] + down[n]) if sweep > 4 else (lambda n: up[n] or down[n])
            wanted = [sum(nodes[m].x for m in near) / len(near) if (near := beside(n)) else nodes[n].x for n in rank]
            _settle([nodes[n] for n in rank], wanted)
    left = min(n.x - n.w / 2 for n in nodes)
    y = 0.0
    for rank in ranks:
        tallest = max(nodes[n].h for n in rank)
        for n in rank:
            nodes[n].x -= left
            nodes[n].y = y + (tallest - nodes[n].h) / 2
        y += tallest + GAP_Y


def _settle(row: list[_Node], wanted: list[float]) -> None:
    """The places nearest to the wanted ones that keep order and distance (isotonic regression)."""
    offsets = [0.0]
    for a, b in zip(row, row[1:], strict=False):
        offsets.append(offsets[-1] + (a.w + b.w) / 2 + GAP_X)
    blocks: list[tuple[float, int]] = []  # (mean, how many)
    for want, offset in zip(wanted, offsets, strict=True):
        blocks.append((want - offset, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (m1, n1), (m2, n2) = blocks[-2:]
            blocks[-2:] = [((m1 * n1 + m2 * n2) / (n1 + n2), n1 + n2)]
    at = 0
    for mean, many in blocks:
        for _ in range(many):
            row[at].x = mean + offsets[at]
            at += 1


# -- SVG -------------------------------------------------------------------------------------------------------------------


def _svg(process: Process, nodes: list[_Node], arrows: list[_Arrow]) -> str:
    title = f"{process.id} {process.title}"
    under = f"{process.name}  单号 MF-{process.code}" + (f"  依据 {'、'.join(process.clauses)}" if process.clauses else "")
    whole = _wrapped([how_long(d) for d in process.deadlines.values()], "全程期限 ") if process.deadlines else []
    wide = max([max(n.x + n.w / 2 for n in nodes), width(title) * 12.0, *(width(t) * 7.0 for t in (under, *whole))]) + 48
    top = 84 + 17 * len(whole)
    high = max(n.y + n.h for n in nodes) + top + 36
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{high:.0f}" viewBox="0 0 {wide:.0f} {high:.0f}" font-family="{_FONTS}">',
        f"<title>{html.escape(title)}</title>",
        f'<defs>{_head("go", _INK)}{_head("late", _RED)}</defs>',
        f'<rect width="100%" height="100%" fill="#fff"/><text x="24" y="36" font-size="20" font-weight="bold" fill="{_INK}">{html.escape(title)}</text>',
        f'<text x="24" y="58" font-size="12" fill="{_GREY}">{html.escape(under)}</text>',
        *(f'<text x="24" y="{76 + 17 * n}" font-size="12" fill="{_GREY}">{html.escape(t)}</text>' for n, t in enumerate(whole)),
        f'<g transform="translate(24,{top})" font-size="{FONT}">',
    ]
    out += [_line(arrow, nodes) for arrow in arrows]
    for arrow in arrows:
        out += [_words(nodes[n], arrow) for n in arrow.chain if nodes[n].kind == "label"]
    out += [_box(node) for node in nodes if node.kind not in ("label", "bend")]
    return "\n".join([*out, "</g>", "</svg>"]) + "\n"


def _head(name: str, colour: str) -> str:
    return f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0,0L10,5L0,10z" fill="{colour}"/></marker>'


def _line(arrow: _Arrow, nodes: list[_Node]) -> str:
    """From box to box through its pieces, smooth; an arrow that was turned for the layout points upwards."""
    chain = [nodes[n] for n in arrow.chain]
    points = [(chain[0].x + _port(arrow, nodes, 0), chain[0].y + chain[0].h)]
    for piece in chain[1:-1]:
        points += [(piece.x, piece.y), (piece.x, piece.y + piece.h)] if piece.kind == "label" else [(piece.x, piece.y)]
    points.append((chain[-1].x + _port(arrow, nodes, -1), chain[-1].y))
    path = f"M{points[0][0]:.1f},{points[0][1]:.1f}"
    for (x1, y1), (x2, y2) in zip(points, points[1:], strict=False):
        middle = (y1 + y2) / 2
        path += f"C{x1:.1f},{middle:.1f} {x2:.1f},{middle:.1f} {x2:.1f},{y2:.1f}"
    colour, name = (_RED, "late") if arrow.late else (_INK, "go")
    end = "marker-start" if arrow.turned else "marker-end"
    dash = ' stroke-dasharray="5 4"' if arrow.late or arrow.source == ANYTIME else ""
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.4"{dash} {end}="url(#{name})"/>'


def _port(arrow: _Arrow, nodes: list[_Node], end: int) -> float:
    """Where on the box's edge the arrow meets it: towards its next piece, within the box."""
    box, following = nodes[arrow.chain[end]], nodes[arrow.chain[1 if end == 0 else -2]]
    room = max(0.0, box.w / 2 - 16)
    return max(-room, min(room, (following.x - box.x) * 0.5))


def _words(node: _Node, arrow: _Arrow) -> str:
    colour = _RED if arrow.late else _BLUE
    out = f'<rect x="{node.x - node.w / 2:.1f}" y="{node.y:.1f}" width="{node.w:.1f}" height="{node.h:.1f}" fill="#fff" fill-opacity="0.94"/>'
    for number, text in enumerate(node.lines):
        soft = text.startswith(("[", "+"))
        out += f'<text x="{node.x:.1f}" y="{node.y + 16 + number * LINE:.1f}" text-anchor="middle" fill="{_GREY if soft else colour}" font-size="{12 if soft else 13}">{html.escape(text)}</text>'
    return out


def _box(node: _Node) -> str:
    fill, edge, round_ = {"start": ("#eef4ff", _BLUE, 18), "anytime": ("#fff", _GREY, 6), "state": ("#fff", _INK, 6), "final": ("#f3f4f6", _GREY, 18)}[node.kind]
    dash = ' stroke-dasharray="5 4"' if node.kind == "anytime" else ""
    out = f'<rect x="{node.x - node.w / 2:.1f}" y="{node.y:.1f}" width="{node.w:.1f}" height="{node.h:.1f}" rx="{round_}" fill="{fill}" stroke="{edge}" stroke-width="1.6"{dash}/>'
    y = node.y + PAD + 11
    for text in node.lines:
        out += f'<text x="{node.x:.1f}" y="{y:.1f}" text-anchor="middle" font-weight="bold" fill="{_INK}">{html.escape(text)}</text>'
        y += LINE
    for text in node.small:
        out += f'<text x="{node.x:.1f}" y="{y - 2:.1f}" text-anchor="middle" font-size="12" fill="{_GREY}">{html.escape(text)}</text>'
        y += 17
    return out
