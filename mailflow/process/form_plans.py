"""Forms (表单) of documents to hand in, as their files declare them: the columns that their blank has. Data alone.

A form that opens a case needs no file: its blank is made from the process's fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .model import Field
from .values import KINDS, Kind
from .yamltext import Items, Table, TemplateError, Text, read_file

TOP = ("表单", "别名", "说明", "栏目")


@dataclass(slots=True)
class FormPlan:
    """One document to fill in."""

    name: str
    fields: dict[str, Field] = field(default_factory=dict)  # 栏目
    labels: tuple[str, ...] = ()  # 别名: other words for the document
    about: str = ""  # 说明: told to whoever asks for the blank
    file: str = ""


def read_form(path: Path) -> FormPlan:
    """The form of one file. Raises TemplateError."""
    table, _ = read_file(path)
    table.refuse_others(TOP, "表单", path.name)
    plan = FormPlan(table.text("表单") or path.stem, {}, table.words("别名"), table.text("说明"), path.name)
    listed = table.get("栏目")
    for item in listed.items if isinstance(listed, Items) else ():
        if isinstance(item, Text) and item.value:
            columns: dict[str, Text | Items | Table] = {item.value: Text("文本", item.line)}
        elif isinstance(item, Table):
            columns = item.pairs
        else:
            raise TemplateError("“栏目”的每一条写“名称”、“名称: 类型”或“名称: [选项, 选项]”", path.name, item.line)
        for name, written in columns.items():
            if name in plan.fields:
                raise TemplateError(f"栏目“{name}”写了两次;请留一个", path.name, item.line)
            plan.fields[name] = Field(name, _kind(name, written, path.name), line=item.line)
    if not plan.fields:
        raise TemplateError("表单要写“栏目”:一行一个", path.name, table.lines.get("栏目", 1))
    return plan


def _kind(name: str, written: Text | Items | Table, file: str) -> Kind:
    """`日期`, or the options in square brackets."""
    if isinstance(written, Items):
        options = tuple(i.value for i in written.items if isinstance(i, Text) and i.value)
        if len(options) < 2 or len(options) != len(written.items):
            raise TemplateError(f"栏目“{name}”的选项至少写两个,如 [正常, 不正常]", file, written.line)
        return Kind("选项", options)
    kinds = [k for k in KINDS if k not in ("选项", "多选")]
    if not isinstance(written, Text) or written.value not in kinds:
        said = written.value if isinstance(written, Text) else ""
        raise TemplateError(f"栏目“{name}”的类型“{said}”只能写:{'、'.join(kinds)};选项写成 [正常, 不正常]", file, written.line)
    return Kind(written.value)
