"""Subjects: the normalisation of RULEBOOK §0.4, the standard subjects as managers write them, and those that are close to one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from . import chinese
from .patterns import lazy

_PREFIX = lazy(
    r"\s*[\[【(]?\s*(re|fw|fwd|aw|sv|vs|antw|wg|tr|rv|回复|答复|回覆|答覆|回復|答復|回信|回|复|转发|轉發|转寄|轉寄|转|抄送|副本|原邮件转发)\s*(?:[\[(（^]?\s*\d{1,3}\s*[\])）]?)?\s*[\]】)]?\s*[:：]\s*", re.I
)
_BRACKETED_PREFIX = lazy(r"\s*[\[【(]\s*(回复|答复|回覆|转发|轉寄|抄送|外部|外部邮件|重要|紧急|加急|特急|important|urgent|external|ext|spam|垃圾邮件|\*+spam\*+|疑似垃圾)\s*[\]】)]\s*", re.I)
_NUMBER = lazy(r"MF-([A-Z0-9]{1,12})-(\d{4})-(\d{3,8})(?!\d)", re.I)
_NUMBER_FIRST = lazy(r"\s*[\[【(「]?\s*(MF-[A-Z0-9]{1,12}-\d{4}-\d{3,8})(?!\d)\s*[\]】)」]?\s*[-:：]?\s*", re.I)


@dataclass(slots=True, frozen=True)
class Subject:
    """A subject ready for matching. `text` is normalised, without prefixes and without a number at the very front."""

    original: str
    text: str
    case_number: str = ""        # the first MF-… of the subject, in capitals
    number_first: bool = False   # it stood at the very front, in brackets or bare (RULEBOOK §8-26)
    prefixes: tuple[str, ...] = ()


def clean(subject: str) -> Subject:
    """The normalised subject: NFKC, nothing invisible, no Re/回复/转发 in whatever order and number, one kind of dash."""
    text = chinese.one_dash(chinese.plain(subject[:2000])).strip()
    prefixes: list[str] = []
    number_first = False
    number = ""
    while True:
        match = _PREFIX.match(text) or _BRACKETED_PREFIX.match(text)
        if match and match.end() <= len(text):
            prefixes.append(match[1])
        else:
            match = _NUMBER_FIRST.match(text)
            if match is None:
                break
            if number and match[1].upper() != number:
                break
            number, number_first = match[1].upper(), True
        text = text[match.end() :]
    found = _NUMBER.search(text) if not number else None
    if found:
        number = found[0].upper()
    return Subject(subject, " ".join(text.split()).strip(" -"), number, number_first, tuple(prefixes))


_TOKEN = lazy(r"<([^<>]+)>|(\[)|(\])|(-)|(\s+)|([^<>\[\]\s-]+)")
_PERSON = lazy(r"人员|姓名|名字|申请人|销售|人$|工程师|经理$|负责")
_OPEN, _CLOSE = r"[\[【(「]?\s*", r"\s*[\]】)」]?"
_SEP = r"[-\s_:、,/|·.~+]"
_MARK = r"[-_:/|~]"


@dataclass(slots=True)
class Pattern:
    """One standard subject: `客户沟通-<项目>项目-<人员>`. `<…>` is a part, `[…]` may be left out.

    `<项目>` takes as much as it can, so that names may hold dashes and 项目 (RULEBOOK §0.4); else a part
    called …号 (a drawing's number), else the middle part does. `<单号>` is a case number,
    bare or in brackets, `<日期>` may be a day written 2026-12-01. The form name may stand in 《》. Raises ValueError on a part that has no name or occurs twice,
    and on brackets that are not paired.
    """

    text: str
    parts: tuple[str, ...] = field(init=False)
    _exact: re.Pattern[str] = field(init=False, repr=False)
    _dashed: re.Pattern[str] | None = field(init=False, repr=False)
    _bare: re.Pattern[str] | None = field(init=False, repr=False)
    _head: str = field(init=False, repr=False)  # the literal in front, in lower case: what lacks it is not looked at further
    _keys: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        text = chinese.one_dash(chinese.plain(self.text)).strip()
        if text.count("<") != text.count(">") or text.count("[") != text.count("]"):
            raise ValueError(f"标题样式“{self.text}”里的 <> 或 [] 没有配对")
        tokens = list(_TOKEN.finditer(text))
        names = [token[1].strip() for token in tokens if token[1]]
        if len(set(names)) != len(names) or any(not name for name in names):
            raise ValueError(f"标题样式“{self.text}”里的每个 <…> 都要有名字,且不能重复")
        self.parts = tuple(names)
        self._keys = {f"p{i}": name for i, name in enumerate(names)}
        free = [name for name in names if name != "单号"]
        wide = "项目" if "项目" in free else next((n for n in free if n.endswith("号")), "") or (free[0] if 0 < len(free) < 3 else (free[len(free) // 2] if free else ""))
        self._exact = lazy(self._build(tokens, wide, 0), re.I)
        # What is close is looked for only where enough is said to tell it from an ordinary subject.
        head = next((token[6] for token in tokens if token[6]), "")
        literals = sum(1 for token in tokens if token[6])
        tellable = bool(tokens) and bool(tokens[0][6]) and bool(names) and (len(head) >= 4 or literals > 1 or "单号" in names)
        self._dashed = lazy(self._build(tokens, wide, 1), re.I) if tellable else None
        self._bare = lazy(self._build(tokens, wide, 2), re.I) if tellable else None
        self._head = head.lower() if tokens and tokens[0][6] else ""

    def _build(self, tokens: list[re.Match[str]], wide: str, loose: int) -> str:
        """loose 0: exact; 1: any separator for a dash, 项目 missing or doubled; 2: no separators, but every literal."""
        out: list[str] = []
        first = True
        for i, token in enumerate(tokens):
            name, opening, closing, dash, blank, literal = token.groups()
            if name:
                name = name.strip()
                key = next(k for k, v in self._keys.items() if v == name)
                rest = tokens[i + 1 :]
                lazy = loose or any(later[2] or "日期" in (later[1] or "") for later in rest)
                if name == "单号":
                    out.append(rf"{_OPEN}(?P<{key}>MF-[A-Z0-9]{{1,12}}-\d{{4}}-\d{{3,8}}){_CLOSE}")
                elif "日期" in name:  # a day may be written with dashes of its own
                    out.append(rf"(?P<{key}>\d{{4}}-\d{{1,2}}-\d{{1,2}}|[^-]+?)")
                elif name == wide:
                    out.append(rf"(?P<{key}>.+?)" if lazy else rf"(?P<{key}>.+)")
                else:
                    out.append(rf"(?P<{key}>[^-]+?)")
            elif opening:
                out.append("(?:")
            elif closing:
                out.append(")?")
            elif dash:
                out.append("-" if not loose else (f"{_SEP}+" if loose == 1 else f"{_SEP}*"))
            elif blank:
                out.append(r"(?:\s+|\s*:\s*|-)" if not loose else f"{_SEP}*")
            else:
                word = r"\s*".join(re.escape(ch) for ch in chinese.simplified(literal)) if loose else re.escape(literal)
                if first:
                    word = rf'[《「"“]?{word}[》」"”]?'
                elif loose and literal == "项目":
                    word = rf"(?:{_SEP}*项\s*目)*" if loose == 1 else rf"(?:{_SEP}*项\s*目)+"
                elif loose and literal.startswith("项目"):
                    word = rf"(?:{_SEP}*项\s*目)*{_SEP}*" + re.escape(literal[2:])
                out.append(word)
                first = False
        return "".join(out)

    def match(self, subject: Subject) -> dict[str, str] | None:
        """The parts by name when the subject has exactly this form, None otherwise. An optional part that is missing is missing."""
        if self._head not in subject.text.lower():
            return None
        found = self._exact.fullmatch(subject.text)
        return self._named(found) if found else None

    def _named(self, found: re.Match[str]) -> dict[str, str] | None:
        parts = {}
        for key, name in self._keys.items():
            value = found[key]
            if value is None:
                continue
            value = value.upper() if name == "单号" else _unwrapped(value.strip(" -"))
            if not value:
                return None
            parts[name] = value
        return parts


def _unwrapped(value: str) -> str:
    """【海滨政务网】 → 海滨政务网: brackets that hold the whole of a part are no part of it."""
    while len(value) > 2 and value[0] + value[-1] in ("【】", "[]", "《》", "「」", "“”", '""', "<>", "()"):
        value = value[1:-1].strip()
    return value


def near(subject: Subject, patterns: Iterable[Pattern]) -> list[tuple[Pattern, dict[str, str], str]]:
    """Standard subjects that this one is close to: (pattern, parts, what differs, in Chinese), for an answer that asks which was meant.

    Blanks or other marks for dashes, none at all, traditional characters, brackets, 项目 missing or doubled. Never an ordinary subject: its form name must
    stand in front, every part must be there, and where marks are missing the person must look like a name.
    """
    found: list[tuple[Pattern, dict[str, str], str]] = []
    text = subject.text
    simple = chinese.simplified(text)
    opened = " ".join(re.sub(r"[《》\[\]【】()「」『』“”\"'<>]", " ", simple).split())
    if len(opened) > 120:
        return []
    for pattern in patterns:
        if pattern.match(subject) is not None:
            continue
        for regex, bare in ((pattern._dashed, False), (pattern._bare, True)):
            match = regex.fullmatch(opened) if regex else None
            parts = pattern._named(match) if match else None
            if parts is None:
                exact = pattern._exact.fullmatch(simple)
                parts = pattern._named(exact) if exact else None
                if parts is not None:
                    found.append((pattern, parts, "繁体字"))
                    break
                continue
            parts = {name: chinese.without_title(value) if _PERSON.search(name) else value for name, value in parts.items()}
            if not _plausible(pattern, parts, opened, bare):
                continue
            found.append((pattern, parts, _difference(pattern, text, simple, opened, bare)))
            break
    return found


def _plausible(pattern: Pattern, parts: dict[str, str], text: str, bare: bool) -> bool:
    persons = [value for name, value in parts.items() if _PERSON.search(name)]
    others = [value for name, value in parts.items() if not _PERSON.search(name) and name != "单号"]
    if any(len(value) > 40 or len(value) < 2 for value in others):
        return False
    if "单号" in parts:
        return True
    marked = len(re.findall(_MARK, text)) >= pattern.text.count("-")
    said = "项目" in pattern.text and "项目" in text
    if persons:
        return all(map(chinese.looks_like_name, persons)) if bare or not (marked and said) else all(len(person) <= 12 for person in persons)
    # No person to know it by: what follows the parts must be there word for word, or the marks.
    tail = pattern.text.rpartition(">")[2].removeprefix("项目")
    return bool(tail) or (marked and not bare)


def _difference(pattern: Pattern, text: str, simple: str, opened: str, bare: bool) -> str:
    said = []
    if simple != text:
        said.append("繁体字")
    if len(opened) != len(" ".join(simple.split())) or re.search(r"[《》\[\]【】()「」]", simple):
        said.append("括号")
    dashes = _NUMBER.sub("", opened).count("-")
    if dashes != pattern.text.count("-"):
        said.append("缺横线" if bare or dashes < pattern.text.count("-") else "多横线")
    if "项目" in pattern.text and "项目" not in opened:
        said.append("缺“项目”")
    elif re.search(r"项目\s*项目", opened):
        said.append("“项目”重复")
    return "、".join(said) or "写法"
