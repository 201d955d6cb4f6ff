"""Which command the first line of an answer is, and what stands behind it (RULEBOOK §0.4 回复命令, §8-18)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .model import Process

_AFTER = re.compile(r"^(?:$|[\s,，。.;；:：!！?？、~～()（）【】\[\]\-—…]|\d|《|<)")
_CONDITIONAL = re.compile(r"^[\s,，、;；]*(?:但是|但|不过|前提是|前提|如果|若|只要|除非|条件是|暂不|可是|然而)")


@dataclass(slots=True, frozen=True)
class Command:
    """A recognised command word."""

    name: str  # the canonical word: an action's name, or one that the process does not have
    word: str  # what was written
    argument: str  # the rest of its line
    rest: str  # the lines below
    conditional: bool = False  # `同意,但…`: nobody acts on half a yes (§8-18)


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


def recognise(text: str, words: Mapping[str, str], everyone: Iterable[str] = (), people: Iterable[str] = ()) -> Command | None:
    """The command in the first non-empty line, None where it holds none.

    The longest match wins; `everyone` are words of other processes, which win over a shorter word of this one
    (`恢复支持` is not `恢复`) and are then no command here. The word stands alone: `不同意` is not `同意`.
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
        if not _AFTER.match(tail_plain):
            names = list(people) if names is None else names
            if not any(tail_plain.startswith(n) for n in names):
                continue
        if word not in words:
            return None
        argument = re.sub(r"^(?:[\s,，。.;；::!!、—]|(?<!\s)-|-(?!\d))+", "", tail_plain).strip()  # ` -8` is a number, `-8号机` none
        return Command(words[word], word, argument, rest, bool(_CONDITIONAL.match(tail_plain)))
    return None
