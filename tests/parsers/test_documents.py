"""Forms that come as Word, Excel, CSV and text; and files that cannot be read, with words for their sender."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from datetime import datetime

import pytest
import xlsxwriter
from old_office import word97

from mailflow.office import as_docbook
from parsers import Attachment, Limits
from parsers.documents import read_rows
from parsers.fields import fields_from_rows

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def attachment(name: str, data: bytes) -> Attachment:
    return Attachment(name, "application/octet-stream", len(data), data)


def docx(body: str, **members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f'<?xml version="1.0" encoding="UTF-8"?><w:document {W}><w:body>{body}</w:body></w:document>')
        for name, text in members.items():
            archive.writestr(name, text)
    return out.getvalue()


def t(text: str) -> str:
    return f"<w:r><w:t>{text}</w:t></w:r>"


def row(*cells: str) -> str:
    return "<w:tr>" + "".join(f"<w:tc><w:p>{cell}</w:p></w:tc>" for cell in cells) + "</w:tr>"


def test_word_tables() -> None:
    """Rows of cells; paragraphs of a cell are its lines; runs are put together."""
    data = docx(f"<w:p>{t('技术支持立项单')}</w:p><w:tbl>{row(t('项目') + t('名称'), t('城市大脑'))}<w:tr><w:tc><w:p>{t('说明')}</w:p></w:tc><w:tc><w:p>{t('一')}</w:p><w:p>{t('二')}</w:p></w:tc></w:tr></w:tbl>")
    document = read_rows(attachment("立项单.docx", data))
    assert (document.problem, document.rows) == ("", [["项目名称", "城市大脑"], ["说明", "一\n二"]])
    assert document.text == "技术支持立项单\n项目名称\t城市大脑\n说明\t一 二"


def test_word_content_controls_and_tracked_changes() -> None:
    """A value in a content control counts, inserted text counts, deleted text does not (python-docx loses the first two)."""
    control = f"<w:sdt><w:sdtPr><w:alias w:val='x'/></w:sdtPr><w:sdtContent>{t('赵六')}</w:sdtContent></w:sdt>"
    changed = f"<w:ins>{t('新')}</w:ins><w:del><w:r><w:delText>旧</w:delText></w:r></w:del><w:moveFrom>{t('走')}</w:moveFrom>{t('值')}"
    cell_control = f"<w:tr><w:tc><w:p>{t('客户')}</w:p></w:tc><w:sdt><w:sdtContent><w:tc><w:p>{t('海滨')}</w:p></w:tc></w:sdtContent></w:sdt></w:tr>"
    document = read_rows(attachment("a.docx", docx(f"<w:tbl>{row(t('申请人'), control)}{row(t('内容'), changed)}{cell_control}</w:tbl>")))
    assert document.rows == [["申请人", "赵六"], ["内容", "新值"], ["客户", "海滨"]]


def test_word_text_forms() -> None:
    """A form without a table is text; tabs and breaks stay."""
    document = read_rows(attachment("a.docx", docx(f"<w:p>{t('项目名称：城市大脑')}</w:p><w:p>{t('甲')}<w:r><w:tab/></w:r>{t('乙')}<w:r><w:br/></w:r>{t('丙')}</w:p>")))
    assert document.text == "项目名称：城市大脑\n甲\t乙\n丙"


def workbook(rows: list[list[object]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for y, cells in enumerate(rows):
        for x, cell in enumerate(cells):
            if isinstance(cell, datetime):
                sheet.write_datetime(y, x, cell, day)
            else:
                sheet.write(y, x, cell)
    book.close()
    return out.getvalue()


def test_excel_cells_are_as_people_see_them() -> None:
    """A telephone number is no float, a day has no midnight, five is 5."""
    data = workbook([["电话", 13800138000], ["金额(万元)", 5.5], ["数量", 5], ["完成日期", datetime(2026, 12, 4)], ["时间", datetime(2026, 12, 4, 9, 30)]])
    document = read_rows(attachment("a.xlsx", data))
    assert document.rows == [["电话", "13800138000"], ["金额(万元)", "5.5"], ["数量", "5"], ["完成日期", "2026-12-04"], ["时间", "2026-12-04 09:30"]]
    assert fields_from_rows(document.rows, ["电话"]) == {"电话": "13800138000"}


@pytest.mark.parametrize(
    ("name", "data", "rows"),
    [
        ("a.csv", "项目名称,城市大脑\r\n说明,\"一\n二\"\r\n".encode("gbk"), [["项目名称", "城市大脑"], ["说明", "一\n二"]]),
        ("a.csv", "\ufeff项目名称;城市大脑\n".encode(), [["项目名称", "城市大脑"]]),
        ("a.csv", '电话,="013800138000"\n'.encode(), [["电话", "013800138000"]]),
        ("a.csv", "项目名称\t城市大脑\n".encode("utf-16"), [["项目名称", "城市大脑"]]),
        ("a.txt", "项目名称\t城市大脑\n其他".encode("gbk"), [["项目名称", "城市大脑"]]),
        ("a.xls", "<html><table><tr><td>项目名称</td><td>城市大脑</td></tr></table>".encode(), [["项目名称", "城市大脑"]]),
    ],
)
def test_text_files(name: str, data: bytes, rows: list[list[str]]) -> None:
    """CSV as Excel saves it, text, and HTML under the name of Excel, in whatever encoding."""
    document = read_rows(attachment(name, data))
    assert (document.problem, document.rows) == ("", rows)


def _bomb() -> bytes:
    return docx("<w:p/>" + " " * (60 * 2**20))


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), ".docx"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "密码"),
        ("a.docx", b"not a zip", "损坏"),
        ("a.docx", b"PK\x03\x04 broken", "损坏"),
        ("a.docx", b"", "空文件"),
        ("a.pdf", b"%PDF-1.4", ".docx"),
        ("a.exe", b"MZ", "不是表单文件"),
        ("a.docx", _bomb(), "太大"),
        ("a.docx", docx('<w:p/>').replace(b"PK\x05\x06", b"PK\x05\x07"), "损坏"),
        ("a.docx", docx("<w:p>&undefined;</w:p>"), "读不出来"),
        ("a.docx", docx("<w:p/>", **{"word/media/image1.png": "x"}), "只有图片"),
    ],
)
def test_what_cannot_be_read_is_said_in_chinese(name: str, data: bytes, words: str) -> None:
    """Never an exception; the sentence names the file and what to do."""
    document = read_rows(attachment(name, data))
    assert name in document.problem and words in document.problem
    assert document.rows == []


def test_the_main_part_may_have_a_number() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx(f"<w:tbl>{row(t('项目'), t('甲'))}</w:tbl>"))) as old, zipfile.ZipFile(out, "w") as new:
        new.writestr("word/document2.xml", old.read("word/document.xml"))
    assert read_rows(attachment("a.docx", out.getvalue())).rows == [["项目", "甲"]]


def test_entities_in_word_are_refused() -> None:
    """The billion laughs: a document type with entities is never a form."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><w:document {W}><w:body><w:p><w:r><w:t>&b;</w:t></w:r></w:p></w:body></w:document>')
    assert "太大" in read_rows(attachment("a.docx", out.getvalue())).problem


def test_rows_beyond_the_limit_are_left_out() -> None:
    """A table has an end."""
    assert len(read_rows(attachment("a.csv", b"a,b\n" * 50), Limits(rows=10)).rows) == 10


def label_values(document: object, *labels: str) -> dict[str, str]:
    return dict(fields_from_rows(document.rows, labels))  # type: ignore[attr-defined]


def legacy_box(ticked: bool) -> str:
    state = "<w:default w:val='0'/><w:checked/>" if ticked else "<w:default w:val='0'/>"
    return f"<w:r><w:fldChar w:fldCharType='begin'><w:ffData><w:checkBox><w:sizeAuto/>{state}</w:checkBox></w:ffData></w:fldChar></w:r><w:r><w:instrText>FORMCHECKBOX</w:instrText></w:r><w:r><w:fldChar w:fldCharType='end'/></w:r>"


def control_box(ticked: bool) -> str:
    return f"<w:sdt><w:sdtPr><w14:checkbox xmlns:w14='urn:w14'><w14:checked w14:val='{int(ticked)}'/></w14:checkbox></w:sdtPr><w:sdtContent>{t('☒' if ticked else '☐')}</w:sdtContent></w:sdt>"


def symbol(char: str) -> str:
    return f"<w:r><w:sym w:font='Wingdings' w:char='{char}'/></w:r>"


@pytest.mark.parametrize(
    "cell",
    [
        t("☐设计 ☑施工"), t("设计□ 施工■"), t("□ 设计  √ 施工"), t("设计☐、施工☑"),
        legacy_box(False) + t("设计 ") + legacy_box(True) + t("施工"),
        control_box(False) + t("设计  ") + control_box(True) + t("施工"),
        symbol("F0A8") + t("设计 ") + symbol("F0FE") + t("施工"),
        symbol("2610") + t("设计 ") + symbol("2611") + t("施工"),
    ],
)  # fmt: skip
def test_the_box_that_is_ticked_is_the_value(cell: str) -> None:
    """Signs, content controls, form fields of old, Wingdings; the box before its word or behind it."""
    document = read_rows(attachment("a.docx", docx(f"<w:tbl>{row(t('任务类型'), cell)}</w:tbl>")))
    assert label_values(document, "任务类型") == {"任务类型": "施工"}


def test_forms_are_laid_out_in_many_ways() -> None:
    """Two pairs in a row, cells that span, a table within a cell, a box of text, a label above its value."""
    spans = "<w:tr><w:tc><w:tcPr><w:vMerge w:val='restart'/></w:tcPr><w:p>" + t("客户") + "</w:p></w:tc><w:tc><w:p>" + t("联系人") + "</w:p></w:tc><w:tc><w:tcPr><w:gridSpan w:val='2'/></w:tcPr><w:p>" + t("刘工") + "</w:p></w:tc></w:tr>"
    below = "<w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc><w:tc><w:p>" + t("电话") + "</w:p></w:tc><w:tc><w:tcPr><w:gridSpan w:val='2'/></w:tcPr><w:p>" + t("0755-1") + "</w:p></w:tc></w:tr>"
    inner = f"<w:tr><w:tc><w:p>{t('地点')}</w:p></w:tc><w:tc><w:tbl>{row(t('省'), t('市'))}{row(t('广东'), t('河源'))}</w:tbl><w:p/></w:tc></w:tr>"
    box = f"<w:p><w:r><w:pict><w:txbxContent><w:p>{t('编号：7')}</w:p></w:txbxContent></w:pict></w:r>{t('正文')}</w:p>"
    document = read_rows(attachment("a.docx", docx(f"{box}<w:tbl>{row(t('项目'), t('甲'), t('日期'), t('11月3日'))}{spans}{below}{inner}{row(t('说明'))}{row(t('很好'))}</w:tbl>")))
    assert label_values(document, "项目", "日期", "联系人", "电话", "省", "市", "说明") == {
        "项目": "甲", "日期": "11月3日", "联系人": "刘工", "电话": "0755-1", "省": "广东", "市": "河源", "说明": "很好",
    }  # fmt: skip
    assert document.prose == "编号：7\n正文"


def test_workbooks_are_laid_out_in_many_ways() -> None:
    """Labels in one row and values below; sheets one after the other; hidden ones say nothing; days as Chinese cells show them."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    first, second, hidden = book.add_worksheet("表"), book.add_worksheet("表二"), book.add_worksheet("旧")
    first.write_row(0, 0, ["项目名称", "客户", "电话"])
    first.write_row(1, 0, ["城市大脑", "数据局", 13800138000])
    second.merge_range(0, 0, 1, 0, "完成日期")
    second.merge_range(0, 1, 1, 2, 46360, book.add_format({"num_format": '[$-804]yyyy"年"m"月"d"日";@'}))
    hidden.write_row(0, 0, ["客户", "别人"])
    hidden.hide()
    book.close()
    document = read_rows(attachment("a.xlsx", out.getvalue()))
    assert label_values(document, "项目名称", "客户", "电话", "完成日期") == {"项目名称": "城市大脑", "客户": "数据局", "电话": "13800138000", "完成日期": "2026-12-04"}


def test_old_word_is_read_by_the_converter_that_is_given() -> None:
    """What antiword makes of a document; without a converter, and where it gives up, the sender is asked for .docx."""
    data = word97("立项单", [["项目名称", "城市大脑"]])
    docbook = "<?xml version='1.0'?><!DOCTYPE book PUBLIC '-//OASIS//DTD DocBook XML V4.1.2//EN' 'http://www.oasis-open.org/docbook/xml/4.1.2/docbookx.dtd'><book><chapter><title/><para>\n立项单\n</para><para><informaltable><tgroup cols='2'><tbody><row><entry>\n项目名称\n</entry><entry>\n城市\n大脑\n</entry></row></tbody></tgroup></informaltable></para></chapter></book>"
    document = read_rows(attachment("a.doc", data), old_word=lambda _: docbook.encode())
    assert (document.problem, document.rows, document.prose) == ("", [["项目名称", "城市\n大脑"]], "立项单")
    for converter in (None, lambda _: None):
        document = read_rows(attachment("a.wps", data), old_word=converter)
        assert ".docx" in document.problem and document.foreign


@pytest.mark.skipif(not shutil.which("antiword") and os.environ.get("CI") != "true", reason="antiword is not installed")
def test_antiword_reads_old_word() -> None:
    """A document of Word 97 to 2003, as WPS writes it too; a damaged one is no document."""
    rows = [["项目名称", "城市大脑"], ["说明", "第一行\n第二行:带冒号"], ["空白", ""], *([f"栏目{n}", "很长的值" * 40] for n in range(40))]
    data = word97("技术支持立项单", rows)
    assert read_rows(attachment("a.doc", data), old_word=as_docbook).rows == rows
    assert as_docbook(data[:1500]) is None
