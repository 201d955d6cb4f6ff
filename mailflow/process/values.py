"""The kinds of values that fields hold: how a person's writing becomes one, what is wrong where it does not, how two are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from . import dates

KINDS = ("文本", "条目", "选项", "多选", "人员", "项目", "日期", "时间", "金额", "数字", "整数", "是否", "合同号", "工时", "期次")
_YES = {"是", "有", "对", "需要", "要", "已", "好", "y", "yes", "true", "1", "ok", "√", "☑", "✓", "已备", "已沟通", "是的", "需", "齐备"}
_NO = {"否", "无", "不", "没有", "不需要", "不用", "未", "没", "n", "no", "false", "0", "×", "☐", "不是", "未备", "未沟通", "否的", "不要", "不需"}


class World(Protocol):
    """What a value may be checked against: people, projects, contracts, the clock."""

    now: datetime

    def namesakes(self, text: str) -> list[str]: ...  # where several have the name: how to write each of them
    def person(self, text: str) -> str: ...  # the person's name, '' where nobody is meant
    def project(self, text: str) -> tuple[str, list[str]]: ...  # ('name', []) or ('', near ones)
    def contract(self, text: str) -> str: ...


@dataclass(slots=True, frozen=True)
class Kind:
    """One kind of value, with its options where it has them."""

    name: str = "文本"
    options: tuple[str, ...] = ()
    synonyms: Mapping[str, str] = field(default_factory=dict)

    def is_option(self, text: str) -> bool:
        return text in self.options

    def unfit(self, text: str) -> str:
        """Why a constant in a condition cannot be a value of this kind; '' where it can."""
        if self.name in ("选项", "多选") and self.options and text not in self.options:
            return f"的选项只有 {'、'.join(self.options)}"
        if self.name in ("金额", "数字", "整数", "工时") and number(text) is None:
            return "是数字"
        if self.name == "是否" and text not in ("是", "否"):
            return "只有 是、否"
        if self.name in ("日期", "时间") and text not in ("今天", "现在") and dates.read_date(text, date(2026, 1, 1)) is None:
            return "是日期"
        return ""

    def read(self, text: str, world: World) -> tuple[str, str]:
        """(value, '') or ('', why it cannot be one, in Chinese). An empty text is an empty value of every kind."""
        text = tidy(text)
        if not text:
            return "", ""
        match self.name:
            case "选项":
                return self._option(text)
            case "多选":
                return self._options(text)
            case "人员":
                if whole := world.person(text):  # 张 三, as forms space a name out
                    return whole, ""
                names = [(word, world.person(word)) for word in _split(text)]
                for word, name in names:
                    if not name and (alike := world.namesakes(word)):
                        return "", f"叫“{word}”的有 {len(alike)} 人;请写明是 {' 还是 '.join(alike)}(或写他的邮箱)"
                if missing := [word for word, name in names if not name]:
                    return "", f"通讯录里没有“{'、'.join(missing)}”;请写通讯录中的姓名"
                return "、".join(dict.fromkeys(name for _, name in names)), ""
            case "日期":
                found = dates.read_date(text, world.now.date())
                return (found.isoformat(), "") if found else ("", f"“{text[:30]}”不是日期;请写成 2026-11-23 的样子")
            case "时间":
                moment = dates.read_moment(text, world.now)
                if moment:
                    return moment.strftime("%Y-%m-%d %H:%M"), ""
                day = dates.read_date(text, world.now.date())
                return (f"{day.isoformat()}", "") if day else ("", f"“{text[:30]}”不是时间;请写成 2026-11-23 09:30 的样子")
            case "金额" | "数字" | "整数":
                value = money(text) if self.name == "金额" else number(text)
                if value is None and self.name == "整数":
                    value = count_in_words(text)
                if value is None:
                    return "", f"“{text[:30]}”不是数字"
                if self.name == "整数" and value != int(value):
                    return "", f"“{text[:30]}”不是整数"
                return f"{value:g}" if abs(value) < 1e15 else str(value), ""
            case "工时":
                hours = work_hours(text)
                return (f"{hours:g}", "") if hours is not None else ("", f"“{text[:30]}”读不出工时;请写成 40小时 或 5天")
            case "是否":
                word = text.split()[0].strip("。.,，;；!！").lower()
                if word in _YES or re.match(r"^(是|需要|已|齐|备齐|准备好)", text) and not re.match(r"^(是否|已.*未)", text):
                    return "是", ""
                if word in _NO or re.match(r"^(否|不|未|无|没|尚未|还没|还未|正在|准备中)", text):
                    return "否", ""
                return "", f"“{text[:30]}”既不是“是”也不是“否”"
            case "期次":
                return dates.read_term(text, world.now.date()) or text, ""
            case "合同号":
                return (known, "") if (known := world.contract(text)) else ("", f"合同库里没有“{text[:40]}”;请核对合同号")
            case "项目":
                name, near = world.project(text)
                return (name, "") if name else (text, "")  # an unknown project is the process's business, see `未立项`
        return text, ""

    def _option(self, text: str) -> tuple[str, str]:
        if found := self._meant(text) or self._meant(re.split(r"[(（]", text)[0]):  # 设计(技术方案)
            return found, ""
        return "", f"“{text[:30]}”不在可选的范围内;只能写:{' / '.join(self.options)}"

    def _options(self, text: str) -> tuple[str, str]:
        if whole := self._meant(text):
            return whole, ""
        found = {word: self._meant(word) for word in _split(text)}
        if wrong := [word for word, option in found.items() if not option]:
            return "", f"“{'、'.join(wrong)[:60]}”不在可选的范围内;可写(可多选):{' / '.join(self.options)}"
        return "、".join(dict.fromkeys(found.values())), ""

    def _meant(self, text: str) -> str:
        key = _key(text)
        for option in self.options:
            if _key(option) == key:
                return option
        for word, option in self.synonyms.items():
            if _key(word) == key:
                return option
        return ""


def tidy(text: str) -> str:
    """Blanks at the ends and a form's underlines are nothing."""
    text = "\n".join(line.rstrip() for line in text.replace("\u3000", " ").replace("\xa0", " ").strip().split("\n"))
    return "" if re.fullmatch(r"[\s_＿—\-/]*", text) else text


def number(text: str) -> float | None:
    """`5.1万元`, `¥1,200`, `12`: the figure; None where there is none."""
    text = unicodedata.normalize("NFKC", text).replace(",", "").strip()
    m = re.match(r"^[^\d.+-]{0,4}((?:(?<![A-Za-z])[+-])?\d+(?:\.\d+)?)", text)
    return float(m.group(1)) if m else None


def count_in_words(text: str) -> float | None:
    """`三次`, `两台`, `十二人`: a count below a hundred written out; None where there is none. `一般` and `十分` are no counts."""
    m = re.match(r"([一二两三四五六七八九])?(十)?([一二三四五六七八九])?(?=个|次|人|台|块|份|套|遍|回|$)", text)
    if m is None or not any(m.groups()) or not m[2] and m[1] and m[3]:
        return None

    def digit(figure: str) -> int:
        return "一二三四五六七八九".find(figure.replace("两", "二")) + 1

    tens = (digit(m[1]) if m[1] else 1) * 10 if m[2] else 0
    return float(tens + (digit(m[3]) if m[3] else 0) if m[2] else digit(m[1] or m[3]))


def money(text: str) -> float | None:
    """An amount in 万元, the unit of every 金额: `5.1`, `5.1万元`, `51000元`, `0.2亿元`. A sign without a unit (`¥1,200`) leaves the figure as it is."""
    value = number(text)
    unit = re.search(r"\d\s*(亿|千万|百万|万|千元|元|圆)", unicodedata.normalize("NFKC", text).replace(",", ""))
    scale = {"亿": 1e4, "千万": 1e3, "百万": 100, "千元": 0.1, "元": 1e-4, "圆": 1e-4}
    return value if value is None or unit is None else round(value * scale.get(unit[1], 1), 8)


_HOURS = {"小时": 1.0, "工时": 1.0, "人时": 1.0, "h": 1.0, "天": 8.0, "日": 8.0, "d": 8.0, "周": 40.0, "星期": 40.0, "w": 40.0, "分": 1 / 60, "min": 1 / 60}  # RULEBOOK §6-3
_UNIT = r"个?(小时|工时|人时|h|人?天|工?作?日|人?日|d|人?周|星期|w|分|min|人?月)"


def work_hours(text: str) -> float | None:
    """Hours of work: `40小时`, `3天` (8 hours each, RULEBOOK §6-3), `1周` (40), `2.5`, `1天4小时`, `半天`, `两天半`, `3个工作日`, `90分钟`; `-8小时` is below zero.

    A figure alone is hours; beside figures with a unit it says nothing (`本周 12小时`), nor do days of the calendar. None where nothing tells, and for months,
    which have no agreed length.
    """
    text = re.sub(r"\d{4}-\d{1,2}-\d{1,2}|(?:\d{4}年)?\d{1,2}月\d{1,2}[日号]?", " ", unicodedata.normalize("NFKC", text))
    text = re.sub(rf"(?<!个)半(?={_UNIT})", "0.5", text)
    text = re.sub(rf"[一二两三四五六七八九十]+(?={_UNIT}|个半)", lambda m: f"{count_in_words(m[0]) or 0:g}", text)
    text = re.sub(rf"(\d+)(?:个半(?={_UNIT})|(?=\s*{_UNIT}半))", lambda m: f"{int(m[1]) + 0.5}", text)
    found = re.findall(rf"(\d+(?:\.\d+)?)\s*(?:{_UNIT})?", text, re.I)
    told = [(float(n), next((u for u in _HOURS if unit.lower().endswith(u)), unit)) for n, unit in found if unit]
    if not found or any(unit not in _HOURS for _, unit in told) or not told and len(found) > 1:
        return None
    hours = sum(n * _HOURS[unit] for n, unit in told) if told else float(found[0][0])
    return (-1 if text.lstrip().startswith("-") else 1) * round(hours, 4)


def comparable(text: str, kind: Kind) -> float | date | datetime | str:
    """Something that compares as the kind does: figures by size, days by date, the rest as normalised text."""
    if kind.name in ("金额", "数字", "整数", "工时"):
        value = number(text)
        return value if value is not None else _key(text)
    if kind.name in ("日期", "时间"):
        return text.replace("T", " ")[: 10 if kind.name == "日期" else 16]
    return _key(text)


def _key(text: str) -> str:
    return re.sub(r"[\s《》“”\"']+", "", unicodedata.normalize("NFKC", text)).lower().rstrip("。.;；,，")


def _split(text: str) -> list[str]:
    return [w.strip() for w in re.split(r"[、,，;；/\n]|\s{2,}|(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", text) if w.strip(" 。.")]
