"""Whether the cells of decision tables make sense: the two that steer everything, the reminder ladder (提醒梯次) and the settings (取定值), and all others."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable

from ..calendars import DurationError, read_hours
from ..durations import parse_duration
from .tables import DecisionTable
from .values import number
from .vocabulary import NO_LIMIT

_CLOCK = r"(?: \d{1,2}:\d{2})?"
_WHEN = {
    "提醒": (rf"已用\d+%|剩(?:工作)?\d+%|当日{_CLOCK}|(?:提前|已过)(?P<span>[^ ]+){_CLOCK}", "已用50%、剩25%、剩工作25%、已过3天、当日 09:00、提前1个工作日 09:00"),
    "到期": ("到期|不发", "到期"),
    "逾期": (rf"次工作日{_CLOCK}|(?P<span>[^ ]+)", "次工作日 09:00、1小时、4个工作小时、3个工作日"),
}


_FIGURE = r"-?\d+(?:\.\d+)?"
_BOUND = rf"(?:>=|<=|>|<|≥|≤)\s*{_FIGURE}\s*\S*"


def cells_sense(own: DecisionTable, shipped: DecisionTable | None = None) -> Iterable[tuple[int, str]]:
    """(line, what is wrong) of each cell that is of another kind than every cell of that column in the shipped table: lengths of time, figures, times of day, 是 or 否."""
    for column in own.columns:
        usual = [row[column] for row in shipped.rows if row.get(column)] if shipped is not None else []
        kind = _BOUNDS if column == "数值" and "关键词" in own.columns else next((k for k in _CELLS if usual and all(k[0](cell) for cell in usual)), None)
        always = shipped is not None and len(usual) == len(shipped.rows)
        for row, line in zip(own.rows, own.lines, strict=True) if kind else ():
            assert kind is not None
            if (cell := row.get(column, "")) in ("", "*"):
                if always:
                    yield line, f"“{column}”不能空着,{kind[1]},如 {usual[0]}"
            elif not kind[0](cell) and not re.fullmatch("<.+>", cell):
                yield line, f"“{column}”{kind[1]},如 {usual[0] if usual else '>45'};现在是“{cell}”"


def ladder_sense(table: DecisionTable) -> Iterable[str]:
    """One Chinese line for each cell of the ladder that nobody could follow."""
    for row, line in zip(table.rows, table.lines, strict=True):
        where = f"{table.file} 第 {line} 行"
        if (kind := row.get("类别", "")) not in _WHEN:
            yield f"{where}:类别“{kind}”只能写:{'、'.join(_WHEN)}"
            continue
        pattern, examples = _WHEN[kind]
        found = re.fullmatch(pattern, row.get("时机", ""))
        if found is None or not _is_span(found.groupdict().get("span")):
            yield f"{where}:时机“{row.get('时机', '')}”读不懂;{kind}可以写:{examples}"
        if row.get("每隔") not in (None, "", "工作日", "次工作日") and not _is_span(row["每隔"]):
            yield f"{where}:每隔“{row['每隔']}”读不懂;可以写:工作日、1小时、24小时、3个工作日"
        for column in ("最多", "第几次起抄送"):
            if not re.fullmatch(r"\d*", row.get(column, "")):
                yield f"{where}:{column}“{row[column]}”要写数字,或空着"


def settings_sense(own: DecisionTable, shipped: DecisionTable, used: Collection[str]) -> tuple[DecisionTable, list[str]]:
    """(the table without the rows that make no sense: there the shipped value holds, one Chinese line for each of those rows).

    `used` are the keys that processes and registers name: an organisation's own ones have their own settings.
    """
    known = {row["键"]: row for row in shipped.rows}
    good, wrong = DecisionTable(own.name, own.columns, [], own.file), []
    for row, line in zip(own.rows, own.lines, strict=True):
        key, value = row.get("键", ""), row.get("值", "")
        if key in used and key not in known:
            why = ""
        elif key not in known:
            near = difflib.get_close_matches(key, known, 1, 0.6)
            why = f"没有“{key}”这个键" + (f",是不是“{near[0]}”?" if near else f";有哪些见自带的表,自己的键要有流程“取定 {key}”或台账“窗口: {key}”用到它")
        elif why := _unlike(known[key]["值"], known[key].get("说明", ""), value):
            why = f"“{key}”{why};现在是“{value}”,改好之前按 {known[key]['值']} 办"
        if why:
            wrong.append(f"{own.file} 第 {line} 行:{why}")
            continue
        good.rows.append(row)
        good.lines.append(line)
    return good, wrong


def _unlike(usual: str, says: str, value: str) -> str:
    if re.match(r"\d+:\d\d-", usual):
        try:
            read_hours(value)
        except DurationError:
            return f"要写时段,如 {usual}"
        return ""
    if value and re.search(rf"写 ?{re.escape(value)}(?= |,|;|$)", says):
        return ""  # named there as something else that may be written
    words = [w for w in re.findall(r"(?<![\w.])[a-z_]{3,}(?![\w.])", says) if w != usual]
    if _is_span(usual):
        return "" if _is_span(value) else f"要写时长,如 {usual}"
    if usual == NO_LIMIT:
        return "" if value == NO_LIMIT or _is_span(value) else f"要写时长,如 4个工作小时,或 {NO_LIMIT}"
    if re.fullmatch(r"-?[\d.]+", usual):
        return "" if number(value) is not None else f"要写数字,如 {usual}"
    named = [part.split(" ")[0] for part in says.rpartition(":")[2].split(";")]  # “…:按要求 索要才交;必交 每单都交”
    if len(named) > 1 and usual in named and value not in named:
        return f"只能写 {'、'.join(named)}"
    if re.fullmatch(r"[a-z_]+", usual) and words and value not in (usual, *words):
        return f"只能写 {'、'.join([usual, *words])}"
    return ""


def _is(pattern: str) -> Callable[[str], bool]:
    return lambda cell: re.fullmatch(pattern, cell) is not None


def _is_length(cell: str) -> bool:
    return cell == NO_LIMIT or _is_span(cell) and not _is(_FIGURE)(cell)


_CELLS = ((_is("是|否"), "只能写 是 或 否"), (_is(_FIGURE), "要写数字"), (_is(r"\d{1,2}:\d{2}"), "要写几点几分"), (_is_length, "要写时长"))
_BOUNDS = (_is(_BOUND), "要写大于、小于一个数")


def _is_span(text: str | None) -> bool:
    if text is None:
        return True
    try:
        parse_duration(text)
    except DurationError:
        return False
    return True
