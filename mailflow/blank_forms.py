"""Blank forms, as lines to fill in, as a Word document and as a workbook (RULEBOOK §5.3): of a process from its own fields, of a document to hand in
from what templates/forms/ or templates/slips/ say stands on it."""

from __future__ import annotations

import difflib
import html
import io
import re
import zipfile
from collections.abc import Container, Sequence
from dataclasses import dataclass

from parsers import chinese

from .process.library import Library
from .process.model import Effects, Field, Process
from .process.references import all_effects
from .process.values import Kind

_TELLING = 4  # characters of a document's title


def fields_of(process: Process) -> list[Field]:
    """The fields that whoever opens a case fills in: those that no later action asks for, and not what the subject says."""
    later = {name for action in process.every_action().values() for name in (*action.asks, *action.may_say)}
    for state in process.states.values():
        for action in state.actions.values():
            later |= {*action.asks, *action.may_say}
    wanted = [f for f in process.fields.values() if f.required is True or f.wished or (f.required is not False and f.name not in later)]
    return wanted or [f for f in process.fields.values() if f.name not in later and not f.from_subject]


def whole_form(process: Process) -> list[Field]:
    """Every field that whoever opens a case may fill in: not what later actions ask for, what the process itself writes down, or what is the desk's."""
    later = {name for action in process.every_action().values() for name in (*action.asks, *action.may_say)}
    later |= {name for state in process.states.values() for action in state.actions.values() for name in (*action.asks, *action.may_say)}
    later |= {name for effects in all_effects(process) for name in effects.sets if not process.fields[name].default}
    asked = {f.name for f in fields_of(process)} | {f.name for f in process.fields.values() if f.kind.options and f.default}  # said at once, or assumed
    return [f for f in process.fields.values() if f.name in asked or (f.name not in later and not f.hidden)]


def hint(field: Field) -> str:
    """What may be written there, in brackets."""
    if field.kind.options:
        return f"({' / '.join(field.kind.options)})"
    return {"日期": "(如 2026-11-23)", "时间": "(如 2026-11-23 09:30)", "是否": "(是 / 否)", "条目": "(一条一行)"}.get(field.kind.name, "")


def as_lines(process: Process, also: Container[str] = ()) -> list[str]:
    """`名称:` lines to copy into a mail: what must be filled in, and the fields named in `also`, such as those that were wrong."""
    usual = {f.name for f in fields_of(process)}
    return [f"{f.name}:" for f in process.fields.values() if f.name in usual or f.name in also]


@dataclass(slots=True)
class Blank:
    """One form that can be had blank."""

    name: str
    fields: list[Field]
    process: Process | None = None  # that it opens a case of; None: a document to hand in, or a slip
    about: str = ""  # what its file says of it


def every(library: Library) -> dict[str, Blank]:
    """Every form by name: those that open a case, then documents and slips."""
    found: dict[str, Blank] = {}
    for process in library.processes.values():
        for form in (f.strip("《》") for start in process.starts for f in start.forms):
            found.setdefault(form, Blank(form, whole_form(process), process))
    for plan in library.forms.values():
        found.setdefault(plan.name, Blank(plan.name, list(plan.fields.values()), None, plan.about))
    for slip in library.slips.values():
        names = [*(label for label, _ in slip.rows), *slip.empty, *([slip.sign] if slip.sign else [])]
        found.setdefault(slip.name, Blank(slip.name, [Field(name, Kind()) for name in dict.fromkeys(names)]))
    return found


def find(library: Library, form: str) -> Blank | None:
    """The form that has this name or is also called so, with or without 《》 and what stands in brackets; a process by its title; else the only one
    in whose name the words stand (`立项单`)."""
    known = every(library)
    others = {label: plan.name for plan in library.forms.values() for label in plan.labels}
    titles = {process.title: process for process in library.processes.values()}
    first = re.split(r"[\s,，。;；]", form.strip())[0]  # `立项单,谢谢`
    for said in dict.fromkeys((_bare(form), _bare(re.sub(r"[(（][^)）]*[)）]", "", form)), _bare(first))):
        for name, blank in known.items():
            if said and _bare(name) == said:
                return blank
        if name := next((name for label, name in others.items() if _bare(label) == said), ""):
            return known[name]
        if process := next((p for title, p in titles.items() if said and _bare(title) == said), None):
            return next((b for b in known.values() if b.process is process), Blank(process.title, whole_form(process), process))
    said = _bare(form)
    holding = [name for name in known if len(said) >= 2 and said in _bare(name)]
    return known[holding[0]] if len(holding) == 1 else None


def near(library: Library, form: str) -> list[str]:
    """Names that were perhaps meant."""
    known, said = every(library), _bare(form)
    holding = [name for name in known if len(said) >= 2 and said in _bare(name)]
    return list(dict.fromkeys([*holding, *difflib.get_close_matches(form, known, 3, 0.5)]))[:6]


def handed_in_by(library: Library, form: str) -> list[tuple[Process, list[str]]]:
    """The processes of which the document is one, with the words by which it is handed in."""
    found = []
    for process in library.processes.values():
        document = next((d for d in process.documents.values() if _bare(form) in {_bare(w) for w in (d.name, *d.labels)}), None)
        if document is None:
            continue
        words = [a.words[0] if a.words else a.name for a in process.every_action().values() if a.by and {"来件", document.name} & set(received(a.effects))]
        found.append((process, list(dict.fromkeys(words))))
    return found


def handed_in(library: Library) -> set[str]:
    """The titles of every document that somebody hands in; what is shorter than four characters tells none from another."""
    words = {w.strip("《》") for p in library.processes.values() for d in p.documents.values() for w in (d.name, *d.labels)}
    return {word for word in words if len(word) >= _TELLING}


def received(effects: Effects) -> list[str]:
    """The documents that these effects take in, `来件` among them."""
    return [*effects.received, *(name for inner in (*effects.branch, *effects.also) for name in received(inner))]


def _bare(form: str) -> str:
    return re.sub(r"[《》\s]", "", chinese.plain(form))


def as_docx(fields: Sequence[Field], form: str) -> bytes:
    """A Word document: the form's name and a table of two columns, names left, the fields to fill in right."""
    e = html.escape
    ns = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    font = '<w:rPr><w:rFonts w:eastAsia="宋体" w:ascii="宋体" w:hAnsi="宋体"/><w:sz w:val="21"/></w:rPr>'

    def cell(text: str, width: int, grey: bool = False) -> str:
        shade = '<w:shd w:val="clear" w:color="auto" w:fill="F2F2F2"/>' if grey else ""
        return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}</w:tcPr><w:p><w:r>{font}<w:t xml:space="preserve">{e(text)}</w:t></w:r></w:p></w:tc>'

    rows = "".join(f"<w:tr>{cell(f.name, 2600, True)}{cell('', 6400)}</w:tr>" for f in fields)
    notes = "".join(
        f'<w:p><w:r>{font}<w:t xml:space="preserve">{e(f.name + hint(f))}</w:t></w:r></w:p>' for f in fields if hint(f)
    )
    borders = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="808080"/>' for side in ("top", "left", "bottom", "right", "insideH", "insideV"))
    title = f'<w:p><w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:rPr><w:b/><w:sz w:val="32"/></w:rPr><w:t>{e(form)}</w:t></w:r></w:p>'
    table = f'<w:tbl><w:tblPr><w:tblW w:w="9000" w:type="dxa"/><w:tblBorders>{borders}</w:tblBorders></w:tblPr>{rows}</w:tbl>'
    body = f'{title}{table}<w:p/>{notes}'
    document = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document {ns}><w:body>{body}</w:body></w:document>'
    types = (
        '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    relations = (
        '<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in (("[Content_Types].xml", types), ("_rels/.rels", relations), ("word/document.xml", document)):
            packed.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def as_xlsx(fields: Sequence[Field], form: str) -> bytes:
    """A workbook: the form's name, then names left and the cells to fill in right. What may be written is offered by the cell itself, so that no hint
    stands where a value is read."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    sheet = book.add_worksheet("".join(c for c in form if c not in "[]:*?/\\'")[:31] or "表")
    head = book.add_format({"bold": True, "font_size": 16})
    name = book.add_format({"bg_color": "#F2F2F2", "border": 1, "valign": "top", "text_wrap": True})
    value = book.add_format({"border": 1, "valign": "top", "text_wrap": True, "num_format": "@"})  # text: 0755-123 is no difference, 001 not 1
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 60)
    sheet.write_string(0, 0, form, head)
    for row, field in enumerate(fields, 1):
        sheet.write_string(row, 0, field.name, name)
        sheet.write_blank(row, 1, None, value)
        options = list(field.kind.options) or (["是", "否"] if field.kind.name == "是否" else [])
        if field.kind.name in ("选项", "是否") and options and len(",".join(options)) <= 255:  # more is refused by Excel
            sheet.data_validation(row, 1, row, 1, {"validate": "list", "source": options, "show_error": False})
        elif said := hint(field):
            sheet.data_validation(row, 1, row, 1, {"validate": "any", "input_title": field.name[:32], "input_message": said[:255]})
    book.close()
    return out.getvalue()
