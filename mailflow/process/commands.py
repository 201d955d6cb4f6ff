"""Which command the first line of an answer is, and what stands behind it (RULEBOOK §0.4 回复命令, §8-18)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from . import dates
from .model import Process

_AFTER = re.compile(r"^(?:$|[\s,，。.;；:：!！?？、~～()（）【】\[\]\-—…]|\d|《|<)")
_CONDITIONAL = re.compile(r"^(?:[\s,，、;；。.:：!！~…()（）—-]*(?:但是|但(?!愿)|不过|前提|如果|若|只要|除非|条件是|暂不|可是|然而)|\s*[?？])")
_LATER = re.compile(r"[,，;；。、\s(（](?:但是|但(?!愿)|不过|前提是|前提为|除非|条件是)|(?:的话|为前提|前提下)[。.!！)）\s]*$")  # `同意,尽快,但…`
_NEXT_LINE = re.compile(r"^\s*(?:但是|但(?!愿)|不过|前提|除非|条件是)")


@dataclass(slots=True, frozen=True)
class Command:
    """A recognised command word."""

    name: str  # the canonical word: an action's name, or one that the process does not have
    word: str  # what was written
    argument: str  # the rest of its line
    rest: str  # the lines below
    conditional: bool = False  # `同意,但…`, `同意?`: nobody acts on half a yes (§8-18)
    hedged: bool = False  # the condition stands further on, where in other commands a reason stands


def vocabulary(process: Process, synonyms: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Every word that is a command in this process → the action's name. `synonyms`: the table 命令词, canonical → others."""
    words: dict[str, str] = {}
    for name in process.every_action():
        words.setdefault(name, name)
    for actions in (process.anytime, *(state.actions for state in process.states.values())):  # 完成 may be called 交付 in one state alone
        for name, action in actions.items():
            for word in action.words:
                words.setdefault(word, name)
    for name in list(process.every_action()):
        for word in synonyms.get(name, ()):
            words.setdefault(word, name)
    return words


def timed(process: Process) -> set[str]:
    """The actions whose first word to write is a day or a moment: behind them `到` or `至` is a beginning of it (`推迟到周五`)."""
    return {name for name, action in process.every_action().items() if action.asks and process.fields[action.asks[0]].kind.name in ("日期", "时间")}


def recognise(
    text: str, words: Mapping[str, str], everyone: Iterable[str] = (), people: Iterable[str] = (), moments: Container[str] = ()
) -> Command | None:
    """The command in the first non-empty line, None where it holds none.

    The longest match wins; `everyone` are words of other processes, which win over a shorter word of this one
    (`恢复支持` is not `恢复`) and are then no command here. The word stands alone: `不同意` is not `同意`; its argument may follow at once:
    one of `people`, or behind the actions `moments` a day or a time.
    """
    lines = [line.strip() for line in text.strip().split("\n")]
    first = next((i for i, line in enumerate(lines) if line), None)
    if first is None:
        return None
    line = re.sub(r"^[\s>*#•·\-—“\"「【\[(]+", "", unicodedata.normalize("NFKC", lines[first]).strip())
    rest = "\n".join(lines[first + 1 :]).strip()
    known = sorted({*words, *everyone}, key=len, reverse=True)
    names: list[str] | None = None  # asked for where a word is followed by something else: 派工周研
    for word in known:
        if not line.startswith(word):
            continue
        tail = line[len(word) :]
        tail_plain = tail.lstrip("”\"」】])")
        if tail_plain == tail and not _AFTER.match(tail):  # a closing bracket ends a word as well as a blank does
            names = list(people) if names is None else names
            tail_plain = re.sub(r"^[给到至]\s*", "", tail_plain)
            told = words.get(word) in moments and tail_plain != tail and dates.begins(tail_plain)
            if not told and not any(tail_plain.startswith(n) for n in names):
                continue
        if word not in words:
            return None
        argument = re.sub(r"^(?:[\s,，。.;；::!!、—]|(?<!\s)-|-(?!\d))+", "", tail_plain).strip()  # ` -8` is a number, `-8号机` none
        return Command(words[word], word, argument, rest, bool(_CONDITIONAL.match(tail_plain)), bool(_LATER.search(argument) or _NEXT_LINE.match(rest)))
    return None
