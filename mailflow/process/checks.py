"""Named checks of one field (要求): what they are called, and what a person is told when one does not hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from . import dates
from .values import number

if TYPE_CHECKING:
    pass

_NUMBERING = re.compile(r"^\s*(?:[(（]?\d{1,2}[)）]|\d{1,2}[、..]|[一二三四五六七八九十]{1,2}[、.]|[-*•·①-⑩])\s*")
_NO_WORD = re.compile(r"[\W_]+")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_TELLING = re.compile(r"[A-Za-z0-9]")
NAMED = ("不笼统", "不晚于今天", "不早于今天", "不晚于现在", "同标题的项目", "在项目库", "在合同库", "内部人员", "只写一个")


def unknown_check(text: str, names: set[str]) -> str:
    """Why the loader cannot take this check; '' where it can."""
    if text in NAMED:
        return ""
    if re.fullmatch(r"(大于|不小于|小于|不大于) ?-?\d+(\.\d+)?", text) or re.fullmatch(r"(不少于|不多于) ?\d+ ?字", text):
        return ""
    if re.fullmatch(r"(提到|不提) ?(\S+)", text):
        return ""
    if m := re.fullmatch(r"(不同于|不早于|不晚于|早于|晚于|属于) ?(.+)", text):
        return "" if m[2] in names or m[1] == "属于" and m[2].startswith("岗位 ") else f"“{m[2]}”不是字段"
    return f"没有这种要求;可以写:大于 N、不小于 N、小于 N、不少于 N 字、不多于 N 字、不同于 某字段、不早于 某字段、不晚于 某字段、早于 某字段、晚于 某字段、属于 某角色、提到 某词、不提 某词、{'、'.join(NAMED)}"


def failed(check: str, value: str, look: Callable[[str], str], vague: Vague) -> str:
    """What is wrong with the value, in Chinese; '' where the check holds."""
    if m := re.fullmatch(r"(大于|不小于|小于|不大于) ?(-?\d+(?:\.\d+)?)", check):
        have, bound = number(value), float(m[2])
        if have is None:
            return "不是数字"
        good = {"大于": have > bound, "不小于": have >= bound, "小于": have < bound, "不大于": have <= bound}[m[1]]
        return "" if good else f"“{value}”不行,必须{m[1]} {m[2]}"
    if m := re.fullmatch(r"(不少于|不多于) ?(\d+) ?字", check):
        length, bound_ = len(re.sub(r"\s", "", value)), int(m[2])
        good = length >= bound_ if m[1] == "不少于" else length <= bound_
        return "" if good else f"写了 {length} 字,{m[1]} {bound_} 字才看得明白"
    if check == "不笼统":
        wrong = [line for line in value.split("\n") if line.strip() and vague.says_nothing(line)]
        if wrong:
            return "；".join(f"“{line.strip()[:60]}”太笼统" for line in wrong[:5]) + ",请写明具体做了什么,例如“解决vista下远程控制网络参数设置”"
        return ""
    if check == "只写一个":
        return f"写了几个({value});只能写一个,几个请分开各发一封" if "、" in value else ""
    if check == "不晚于今天":
        return "" if value[:10] <= look("今天") else f"“{value}”还没有到,不能晚于今天"
    if check == "不早于今天":
        return "" if value[:10] >= look("今天") else f"“{value}”已经过去,不能早于今天"
    if check == "不晚于现在":
        return f"“{value}”还没有到;请写实际的时间" if dates.is_ahead(value, look("现在")) else ""
    if check == "同标题的项目":
        return "" if not look("项目") or value == look("项目") else f"正文写的是“{value}”,标题写的是“{look('项目')}”,两处要一致"
    if m := re.fullmatch(r"(提到|不提) ?(\S+)", check):
        said = [word for word in m[2].split("、") if word in value]
        if m[1] == "提到":
            return "" if said else f"没有写明{m[2]}"
        return f"写的是“{said[0]}”" if said else ""
    if m := re.fullmatch(r"属于 ?(.+)", check):
        group = look(m[1])
        others = [word for word in value.split("、") if word not in group.split("、")]
        return f"“{'、'.join(others)}”不在{m[1].removeprefix('岗位 ')}之列;可以是:{group}" if others else ""
    if m := re.fullmatch(r"(不同于|不早于|不晚于|早于|晚于) ?(.+)", check):
        other = look(m[2])
        if not other:
            return ""
        if m[1] == "不同于":
            return f"与“{m[2]}”相同({value}),必须是不同的人或值" if value == other else ""
        if m[1] == "不早于":
            return f"“{value}”早于{m[2]}“{other}”" if value < other else ""
        if m[1] == "晚于":
            return f"“{value}”不晚于{m[2]}“{other}”" if value <= other else ""
        if m[1] == "早于":
            return f"“{value}”不早于{m[2]}“{other}”" if value >= other else ""
        return f"“{value}”晚于{m[2]}“{other}”" if value > other else ""
    return ""


class Vague:
    """The table 笼统语句: the sentences that say nothing, and the general words beside which a line must say something (S8-15; algorithm in RULEBOOK A05)."""

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        kinds = [(row.get("类别"), row["词"]) for row in rows]
        self.sentences = {text for kind, text in kinds if kind == "整句"}
        words = sorted((text for kind, text in kinds if kind == "通用词"), key=len, reverse=True)
        self._general = re.compile("|".join(map(re.escape, words)) or "(?!)")

    def says_nothing(self, line: str) -> bool:
        """Whether a line is a listed sentence, or has, without the general words, fewer than four Chinese characters and neither a Latin word nor a figure."""
        bare = _NO_WORD.sub("", _NUMBERING.sub("", unicodedata.normalize("NFKC", line)))
        rest = self._general.sub("", bare)
        return bare in self.sentences or len(_CHINESE.findall(rest)) < 4 and not _TELLING.search(rest)
