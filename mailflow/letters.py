"""Letters: one source each in templates/letters, from which the plain text and the HTML come; parts for one reader join into one letter."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    import jinja2

WEEKDAYS = "一二三四五六日"
MOST_LINES = 12  # of a section of a digest; the workbook holds them all
MOST_FACTS, MOST_VALUE, MOST_HISTORY = 24, 240, 6


class LetterError(ValueError):
    """信有误:{what}"""


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    import jinja2  # late: a command that writes no letter starts without it
    import jinja2.sandbox

    class _Blank(jinja2.Undefined):
        """A name that a letter uses and nobody filled is empty in the letter; `check` finds misspelt ones."""

        def __str__(self) -> str:
            return ""

    return jinja2.sandbox.SandboxedEnvironment(undefined=_Blank, autoescape=False, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False)


@dataclass(slots=True, frozen=True)
class Source:
    """One letter as its file says it, sure to be one that can be written."""

    name: str
    file: str
    text: str


def read(path: Path) -> Source:
    """The letter in a file. Raises LetterError, in Chinese with file and line, where it could never be written."""
    from .process.yamltext import TemplateError, decoded

    try:
        source = Source(path.stem, path.name, decoded(path.read_bytes(), path.name).replace("\r\n", "\n"))
    except TemplateError as why:
        raise LetterError(str(why)) from None
    try:
        part(source, dict.fromkeys(names(source), "") | {"字段": {}})
    except TypeError:
        pass  # compares or counts with what is empty now
    except (ValueError, ArithmeticError) as why:
        raise why if isinstance(why, LetterError) else LetterError(f"{path.name}:{why}") from None
    return source


@lru_cache(maxsize=1024)
def _template(source: Source) -> tuple[jinja2.Template, jinja2.Template, int]:
    import jinja2

    if wide := next((n for n, line in enumerate(source.text.split("\n"), 1) if re.search("[｛｝％]{2}|[{][｛％]|｛[{%]", line)), 0):
        raise LetterError(f"{source.file} 第 {wide} 行:花括号和百分号要用半角")
    head, _, body = source.text.partition("\n---\n")
    title, rank = "", 50
    for number, line in enumerate(head.splitlines(), 1):
        key, _, value = line.partition(":") if ":" in line else line.partition("：")
        match key.strip():
            case "标题":
                title = value.strip()
            case "次序":
                if not re.fullmatch(r"\d{0,4}", value.strip()):
                    raise LetterError(f"{source.file} 第 {number} 行:“次序”要写数字,如 20")
                rank = int(value.strip() or 50)
            case "":
                continue
            case other:
                raise LetterError(f"{source.file} 第 {number} 行:信头只能写 标题、次序,不能写“{other}”")
    if not _ and not title:
        raise LetterError(f"{source.file}:缺信头;第一行写“标题: …”,空一行写 ---,下面是正文")
    above = head.count("\n") + 2
    while body.startswith("\n"):
        body, above = body[1:], above + 1
    try:
        made = _environment().from_string(title)
    except jinja2.TemplateSyntaxError as why:
        raise LetterError(f"{source.file} 第 1 行:{_in_chinese(why.message or '')}") from None
    try:
        return made, _environment().from_string(body.rstrip("\n")), rank
    except jinja2.TemplateSyntaxError as why:
        raise LetterError(f"{source.file} 第 {above + (why.lineno or 1)} 行:{_in_chinese(why.message or '')}") from None


def _in_chinese(problem: str) -> str:
    """Without the brackets themselves: this goes into letters, where a bracket would look like a template's leftover."""
    for english, chinese in (
        ("nexpected end of template", "“if”或“for”没有写完:后面要有 endif 或 endfor"),
        ("Encountered unknown tag", "花括号加百分号里的词不认识;能写 if、else、endif、for、endfor,而且要配对"),
        ("No filter named", "“|”后面的写法不认识;只写名称"),
    ):
        if english in problem:
            return chinese
    return "花括号里读不懂或没有配对:两对花括号里只写一个名称,花括号加百分号里写“if 名称”,都要半角"


@lru_cache(maxsize=1024)
def names(source: Source) -> frozenset[str]:
    """The names that a letter uses. Raises LetterError."""
    import jinja2
    from jinja2 import meta

    try:
        return frozenset(meta.find_undeclared_variables(_environment().parse(source.text)))
    except jinja2.TemplateSyntaxError:
        _template(source)  # says where
        raise


def part(source: Source, context: Mapping[str, Any]) -> dict[str, Any]:
    """One part of a letter: name, title, text, rank (a lower one leads). Raises LetterError."""
    import jinja2

    title, body, rank = _template(source)
    try:
        text = re.sub(r"\n{3,}", "\n\n", body.render(context)).strip()
        text = re.sub(r"(?<!。)。。(?!。)", "。", text)  # what somebody wrote ended its own sentence
        return {"name": source.name, "title": _one_line(title.render(context)), "text": text, "rank": rank}
    except jinja2.TemplateError as why:
        raise LetterError(f"{source.file}:{why}") from None


def join(content: dict[str, Any] | None, more: dict[str, Any]) -> dict[str, Any]:
    """The content of a letter with further parts; of facts, actions and deadlines the newer ones hold, the same sentence stands once.

    What waited for an action (`until`) that the reader can no longer do is said no more.
    """
    if content is None:
        return more
    able = {"", *(a["word"] for a in more.get("actions", []))}
    older = [p for p in content["parts"] if p.get("until", "") in able]
    texts = {p["text"] for p in older}
    parts = older + [p for p in more["parts"] if p["text"] not in texts]
    attach = content.get("attach", []) + [a for a in more.get("attach", []) if a not in content.get("attach", [])]
    return {**content, **more, "parts": sorted(parts, key=lambda p: p["rank"]), "attach": attach}


def subject(content: Mapping[str, Any]) -> str:
    """What the letter is called: the case's number first (CONTRACT `Letters`), then the title of its leading part."""
    title = next((p["title"] for p in content["parts"] if p["title"]), content.get("title", ""))
    number = f"[{content['number']}] " if content.get("number") else ""
    return _one_line(number + title)[:200]


def say_time(moment: datetime) -> str:
    """`2026-11-23 11:30`, as CONTRACT writes times."""
    return moment.strftime("%Y-%m-%d %H:%M")


def say_due(moment: datetime) -> str:
    """The same with its weekday, for deadlines."""
    return f"{say_time(moment)}（周{WEEKDAYS[moment.weekday()]}）"


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _short(text: str) -> str:
    text = str(text).strip()
    return text if len(text) <= MOST_VALUE else text[:MOST_VALUE] + "…"


# -- plain text ------------------------------------------------------------------------------------------------------------


def plain(content: Mapping[str, Any]) -> str:
    """The letter as plain text, never longer than somebody reads."""
    lines = [f"{content['reader']}，您好：", ""]
    for p in content["parts"]:
        if p["text"]:
            lines += [p["text"], ""]
    for case in content.get("cases", []):
        lines += [*_brief(case), ""]
    for table in content.get("tables", []):
        lines += [*_lines(table), ""]
    if content.get("actions"):
        lines += ["【您现在可以】直接回复本信，第一行写下面的一种："]
        lines += [f"  {a['show']}" + (f"    {a['note']}" if a.get("note") else "") for a in content["actions"]] + [""]
    if content.get("number"):
        lines += ["【单据】", f"  单号：{content['number']}    {content.get('process', '')}"]
        if content.get("title"):
            lines.append(f"  事项：{content['title']}")
        if content.get("received"):
            lines.append(f"  收到时间：{content['received']}")
        lines.append(f"  当前状态：{content.get('state', '')}" + (f"    下一步：{content['next']}" if content.get("next") else ""))
        lines += [f"  时限：{d['name']} {d['due']} {d['status']}" + (f"    ({d['how']})" if d.get("how") else "") for d in content.get("deadlines", [])]
        lines.append("")
    if content.get("cells"):
        lines.append("【请核对】")
        lines += [f"  {c['label']}：" + (f"读作“{_short(c['read'])}”，" if c["read"] else "") + c["why"] for c in content["cells"][:MOST_FACTS]] + [""]
    if content.get("facts"):
        lines.append("【内容】")
        for label, value in content["facts"][:MOST_FACTS]:
            first, *more = _short(value).split("\n")
            lines += [f"  {label}：{first}", *(f"    {line}" for line in more[:6])]
        lines.append("")
    if content.get("history"):
        lines += ["【经过】", *(f"  {h}" for h in content["history"][-MOST_HISTORY:]), ""]
    lines += ["--", content.get("service", "")]
    if content.get("number"):
        lines.append("（本信由系统发出。回信时请保留标题里的单号;回“查询”可看全部经过）")
    text = "\n".join(lines)
    if text.count("\n") > 78 or len(text) > 3900:
        kept, size = [], 0
        for line in text.split("\n")[:72]:
            size += len(line) + 1
            if size > 3700:
                break
            kept.append(line)
        text = "\n".join([*kept, "…", "（内容较长，其余略；回“查询”可看全部）", "--", content.get("service", "")])
    return text + "\n"


def _brief(case: Mapping[str, Any]) -> list[str]:
    """One of several cases in a letter that sums up."""
    lines = [f"◆ [{case['number']}] {case['process']}：{case['title']}", f"  当前状态：{case['state']}" + (f"    下一步：{case['next']}" if case["next"] else "")]
    lines += [f"  {line}" for text in case["texts"] for line in _short(text).split("\n")[:3]]
    if case["actions"]:
        lines.append("  您可以写：" + " / ".join(a["show"] for a in case["actions"]))
    return lines


def _lines(table: Mapping[str, Any]) -> list[str]:
    """A section of a digest, a line a row."""
    head, *rows = table["rows"]
    lines = [f"◆ {_counted(table)}"] + (["  〔" + "  ".join(map(str, head)) + "〕"] if table["headed"] else [])
    lines += ["  " + "  ".join(str(c).replace("\n", "；")[: 60 if len(row) > 1 else 240] for c in row if str(c)) for row in rows]
    return lines + ([f"  …其余 {table['left']} 行见附件"] if table["left"] > 0 else [])


def _counted(table: Mapping[str, Any]) -> str:
    return f"{table['title']}({len(table['rows']) - 1 + max(0, table['left'])})"


# -- HTML ------------------------------------------------------------------------------------------------------------------

_CSS = {
    "page": "max-width:680px;margin:0 auto;padding:16px;font-family:'Microsoft YaHei','PingFang SC','Noto Sans CJK SC',sans-serif;font-size:15px;line-height:1.65;color:#222",
    "bar": "border-left:4px solid #1f6feb;padding:2px 0 2px 12px;margin:0 0 14px;font-size:17px;font-weight:bold",
    "table": "border-collapse:collapse;width:100%;margin:6px 0 16px",
    "th": "text-align:left;vertical-align:top;padding:6px 10px;border:1px solid #d9dee5;background:#f4f6f9;font-weight:normal;color:#555;width:28%",
    "td": "padding:6px 10px;border:1px solid #d9dee5;word-break:break-word",
    "go": "display:inline-block;margin:0 10px 10px 0;padding:9px 20px;border-radius:5px;background:#1f6feb;color:#fff;text-decoration:none",
    "no": "display:inline-block;margin:0 10px 10px 0;padding:9px 20px;border-radius:5px;background:#fff;color:#b42318;border:1px solid #b42318;text-decoration:none",
    "h": "margin:14px 0 4px;font-size:14px;color:#777",
    "small": "font-size:13px;color:#888",
}


def rich(content: Mapping[str, Any], address: str) -> str:
    """The letter as HTML: facts as a table, deadlines with their weekday, one `mailto:` button for each thing the reader may do now."""
    e = html.escape
    out = [f'<div style="{_CSS["page"]}">']
    if lead := subject(content):
        out.append(f'<div style="{_CSS["bar"]}">{e(lead)}</div>')
    out.append(f"<p>{e(content['reader'])}，您好：</p>")
    for p in content["parts"]:
        out += [f"<p>{e(block).replace(chr(10), '<br>')}</p>" for block in p["text"].split("\n\n") if block.strip()]
    for case in content.get("cases", []):
        out.append(f'<div style="{_CSS["h"]}">[{e(case["number"])}] {e(case["process"])}</div>')
        texts = [("说明", text) for text in case["texts"]]
        out += _table([(k, v) for k, v in (("事项", case["title"]), ("当前状态", case["state"]), ("下一步", case["next"]), *texts) if v])
        out += _buttons(case["actions"], case["subject"], address)
    for table in content.get("tables", []):
        more = [f'<div style="{_CSS["small"]}">…其余 {table["left"]} 行见附件</div>'] if table["left"] > 0 else []
        out += [f'<div style="{_CSS["h"]}">{e(_counted(table))}</div>', *_grid(table["rows"]), *more]
    if content.get("actions"):
        out += [f'<div style="{_CSS["h"]}">您现在可以（点一下，再点发送）</div>', *_buttons(content["actions"], subject(content), address)]
    rows: list[tuple[str, str]] = []
    if content.get("number"):
        rows = [("单号", f"{content['number']}  {content.get('process', '')}"), ("事项", content.get("title", "")), ("收到时间", content.get("received", ""))]
        rows += [("当前状态", content.get("state", "")), ("下一步", content.get("next", ""))]
        rows += [("时限", f"{d['name']} {d['due']} {d['status']}" + (f"\n{d['how']}" if d.get("how") else "")) for d in content.get("deadlines", [])]
    out += _table([(k, v) for k, v in rows if v])
    if content.get("cells"):
        out += [f'<div style="{_CSS["h"]}">请核对</div>', *_cells(content)]
    if content.get("facts"):
        out += [f'<div style="{_CSS["h"]}">内容</div>', *_table([(k, _short(v)) for k, v in content["facts"][:MOST_FACTS]])]
    if content.get("history"):
        out.append(f'<div style="{_CSS["h"]}">经过</div><div style="{_CSS["small"]}">' + "<br>".join(e(h) for h in content["history"][-MOST_HISTORY:]) + "</div>")
    out.append(f'<p style="{_CSS["small"]}">{e(content.get("service", ""))}</p></div>')
    return "<!DOCTYPE html><html><head><meta charset='utf-8'></head><body>" + "".join(out) + "</body></html>"


def _buttons(actions: Sequence[Mapping[str, Any]], about: str, address: str) -> list[str]:
    """One `mailto:` link for each action, each its own mail about the same subject."""
    e, out = html.escape, ["<div>"]
    for a in actions:
        title = f"Re: {about}" + (f" {a['token']}" if a.get("token") else "")
        link = f"mailto:{quote(address, safe='@')}?subject={quote(title)}&body={quote(a['body'])}"
        out.append(f'<a style="{_CSS["no" if a.get("negative") else "go"]}" href="{e(link)}">{e(a["word"])}</a>')
    return [*out, "</div>"] if actions else []


def _table(rows: Sequence[tuple[str, str]]) -> list[str]:
    e = html.escape
    if not rows:
        return []
    body = "".join(
        f'<tr><th style="{_CSS["th"]}">{e(str(k))}</th><td style="{_CSS["td"]}">{e(str(v)).replace(chr(10), "<br>")}</td></tr>' for k, v in rows
    )
    return [f'<table style="{_CSS["table"]}">{body}</table>']


def cell_id(content: Mapping[str, Any], number: int) -> str:
    """The Content-ID of the picture of a letter's cell."""
    return f"cell{number}.{content['fax']['number']}@mailflow"


def _cells(content: Mapping[str, Any]) -> list[str]:
    """What was read beside the picture of where it stood."""
    e = html.escape
    lines = []
    for number, c in enumerate(content["cells"][:MOST_FACTS]):
        shown = f'<br><img src="cid:{cell_id(content, number)}" alt="{e(c["label"])}" style="max-width:100%;border:1px solid #d9dee5">' if c["picture"] else ""
        read = f"{e(_short(c['read']))} " if c["read"] else ""
        lines.append(f'<tr><th style="{_CSS["th"]}">{e(c["label"])}</th><td style="{_CSS["td"]}">{read}<span style="{_CSS["small"]}">{e(c["why"])}</span>{shown}</td></tr>')
    return [f'<table style="{_CSS["table"]}">{"".join(lines)}</table>']


def _grid(rows: Sequence[Sequence[str]]) -> list[str]:
    e = html.escape
    head, *body = rows
    cells = "".join(f'<th style="{_CSS["th"]};width:auto">{e(str(c))}</th>' for c in head)
    lines = "".join("<tr>" + "".join(f'<td style="{_CSS["td"]}">{e(_short(str(c))).replace(chr(10), "<br>")}</td>' for c in row) + "</tr>" for row in body)
    return [f'<table style="{_CSS["table"]}"><tr>{cells}</tr>{lines}</table>']
