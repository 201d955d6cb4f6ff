"""A form's fields by where its cells stand on the page: rows of two cells and four, cells of several lines, labels misread, pages upside down."""

from __future__ import annotations

import io

import pytest

from parsers.pages import pages
from parsers.printed import Words, fields, read_words, upright

LABELS = ("设备型号", "联系人", "故障现象", "已采取措施", "级别")


def line(text: str, left: float, top: float, sure: float = 0.99) -> Words:
    return Words(text, (left, top, left + 40 * len(text), top + 45), sure)


FORM = [
    line("上报厂家的疑难故障情况表", 500, 100), line("设备型号", 230, 300), line("NE40E-X8", 450, 298), line("联系人:", 1020, 310), line("欧阳建国", 1220, 305, 0.8),
    line("B口邻居反复震荡,", 450, 500), line("故障现象", 230, 525), line("每次中断约90秒", 450, 550), line("己采取措施", 200, 700, 0.9), line("更换光模块", 450, 702),
    line("级别:三级", 230, 800), line("不认识的栏", 1000, 702), line("别的内容", 1300, 702),
]  # fmt: skip
READ = {"设备型号": "NE40E-X8", "联系人": "欧阳建国", "故障现象": "B口邻居反复震荡,每次中断约90秒", "已采取措施": "更换光模块", "级别": "三级"}


def test_values_stand_right_of_their_labels() -> None:
    found = fields(FORM, LABELS)
    assert {name: cell.text for name, cell in found.items()} == READ
    assert found["联系人"].sure == 0.8, "as sure as the least sure of its lines"


def test_a_day_and_its_time_are_two_words() -> None:
    assert fields([line("联系人", 200, 300), line("2026-11-1822:10", 450, 300)], LABELS)["联系人"].text == "2026-11-18 22:10"


def test_a_label_without_a_value_has_none() -> None:
    assert fields([line("设备型号", 230, 300), line("写在下面很远", 450, 600)], LABELS) == {}


@pytest.mark.slow
def test_print_is_read() -> None:
    """With the extra `ocr` alone."""
    pytest.importorskip("rapidocr")
    from pathlib import Path

    import pylopdf_fonts_zh_cn
    from PIL import Image, ImageDraw, ImageFont

    sheet = Image.new("L", (1728, 2400), 255)
    font = ImageFont.truetype(str(Path(pylopdf_fonts_zh_cn.__file__).parent / "NotoSansSC-Regular.otf"), 44)
    for text, x, y in (("设备型号", 230, 300), ("NE40E-X8", 500, 300), ("联系人", 1000, 300), ("欧阳建国", 1250, 300)):
        ImageDraw.Draw(sheet).text((x, y), text, font=font, fill=0)
    for turn in (0, 180):
        out = io.BytesIO()
        sheet.rotate(turn).save(out, "PNG")
        page = next(pages(out.getvalue()))
        found = fields(read_words(page), LABELS)
        assert {name: cell.text for name, cell in found.items()} == {"设备型号": "NE40E-X8", "联系人": "欧阳建国"}, turn
        left, top, right, bottom = found["联系人"].box
        assert abs(left - 1250) < 20 and abs(top - 300) < 30 and right - left > 150 and bottom - top > 40, "where it stands on the upright page"
        assert upright(page).crop((round(left), round(top), round(right), round(bottom))).histogram()[0] > 500, "the picture of it"
