"""Slips go out as a page to sign: in Chinese, whole, with a code that names case and slip and that nobody else can make."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from mailflow import slips
from mailflow.process.library import Library, shipped

KEY = b"k" * 32
LAYOUT = shipped() / "slips" / slips.LAYOUT
PAGE = {
    "title": "现场服务单", "number": "MF-DESK-2026-0007", "opening": "请客户核对并签字。", "empty": ["完成时间"], "sign": "客户(签字)", "made": "2026-11-23 09:30",
    "service": "技术支持中心 mailflow@demo.example", "rows": [["客户", "滨江医院"], ["问题", "交换机重启"], ["备件", ""]], "code": slips.payload(KEY, "MF-DESK-2026-0007", "XC"),
}  # fmt: skip


def text(pdf: bytes) -> str:
    return "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))


def picture(pdf: bytes, page: int = 0, dots: int = 200) -> Image.Image:
    return pypdfium2.PdfDocument(pdf)[page].render(scale=dots / 72, grayscale=True).to_pil()


def test_a_slip_says_its_number_its_facts_and_where_to_sign() -> None:
    said = text(slips.as_pdf(PAGE, LAYOUT))
    for word in ("现场服务单", "MF-DESK-2026-0007", "滨江医院", "交换机重启", "客户(签字)", "完成时间", "2026-11-23 09:30"):
        assert word in said
    assert "备件" not in said, "an empty fact is left away"


def test_the_code_on_the_page_names_case_and_slip() -> None:
    found = zxingcpp.read_barcodes(picture(slips.as_pdf(PAGE, LAYOUT)))
    assert [slips.read_code(f.text) for f in found] == [slips.Code("MF-DESK-2026-0007", "XC", slips.check(KEY, "MF-DESK-2026-0007", "XC"))]
    box = found[0].position
    assert abs((box.top_right.x - box.top_left.x) / 200 * 25.4 - 25 * slips.MODULE) < 0.5, "modules of 1.0 mm"


def test_the_box_to_sign_is_where_the_reader_looks_for_a_signature() -> None:
    """版式.typ and SIGN_BOX say the same: the inside is white, and just outside is the frame."""
    sheet = picture(slips.as_pdf(PAGE, LAYOUT))
    corner = zxingcpp.read_barcodes(sheet)[0].position.top_left
    dot = 200 / 25.4
    left, top, right, bottom = (v * dot for v in slips.SIGN_BOX)
    inside = sheet.crop((round(corner.x + left), round(corner.y + top), round(corner.x + right), round(corner.y + bottom)))
    assert inside.getextrema() == (255, 255)
    assert inside.width > 80 * dot and inside.height > 18 * dot
    for dx, dy in ((-4, 0), (4, 0), (0, -4), (0, 4)):
        moved = sheet.crop((round(corner.x + left + dx * dot), round(corner.y + top + dy * dot), round(corner.x + right + dx * dot), round(corner.y + bottom + dy * dot)))
        assert moved.getextrema()[0] < 100, "the frame is four millimetres away"


def test_what_a_mail_said_is_printed_and_never_run() -> None:
    wicked = '#read("/etc/passwd") $x$ *b* #panic() \\ <l> @l `r` ] } "'
    assert '#read("/etc/passwd")' in text(slips.as_pdf({**PAGE, "rows": [["问题", wicked]]}, LAYOUT))


def test_a_long_case_stays_on_paper_with_code_and_box_on_every_page() -> None:
    pdf = slips.as_pdf({**PAGE, "rows": [[f"项{n}", "很长的内容" * 200] for n in range(40)]}, LAYOUT)
    assert 2 <= len(pypdfium2.PdfDocument(pdf)) <= 4
    for number in range(len(pypdfium2.PdfDocument(pdf))):
        assert len(zxingcpp.read_barcodes(picture(pdf, number))) == 1


def test_nothing_runs_off_the_paper_and_what_is_cut_says_so() -> None:
    """Words without a blank, lines of their own, more than a page holds: the margins stay white, each page says whose it is and of how many."""
    rows = [["设备", "AVeryLongIdentifierWithoutAnyBlank" * 6], ["地点", "一楼\n二楼:机房"], ["现象", "多次倒换无效," * 100], ["链接", "http://example.com/" + "x" * 200]]
    pdf = slips.as_pdf({**PAGE, "rows": rows * 5}, LAYOUT)
    pages = pypdfium2.PdfDocument(pdf)
    assert len(pages) > 1
    assert text(pdf).count(f"共 {len(pages)} 页") == len(pages)
    for number in range(len(pages)):
        sheet = picture(pdf, number)
        dot = 200 / 25.4
        for edge in ((0, 0, round(19 * dot), sheet.height), (round(191 * dot), 0, sheet.width, sheet.height)):
            assert sheet.crop(edge).getextrema() == (255, 255), f"page {number + 1}"
    one = text(slips.as_pdf({**PAGE, "rows": rows[:3]}, LAYOUT)).replace("\r\n", "").replace("\n", "")
    assert "没有印全" in one and "共" not in one
    assert "一楼" in one and "二楼:机房" in one


@pytest.mark.parametrize("number", ["MF-F1-2026-0001", "MF-ABCDEFGH-2026-1234567"])
def test_every_number_fits_the_same_size_of_code(number: str) -> None:
    code = slips.payload(KEY, number, "ABCD")
    assert slips.read_code(code) is not None
    [found] = zxingcpp.read_barcodes(picture(slips.as_pdf({**PAGE, "number": number, "code": code}, LAYOUT)))
    assert found.text == code


def test_a_code_of_another_case_slip_or_key_is_none_of_ours() -> None:
    good = slips.read_code(slips.payload(KEY, "MF-F1-2026-0001", "SL"))
    assert good is not None and slips.genuine(KEY, good)
    for other in (good._replace(number="MF-F1-2026-0002"), good._replace(slip="QR"), good._replace(check=""), good._replace(check="AAAAAAAA")):
        assert not slips.genuine(KEY, other)
    assert not slips.genuine(b"another", good)
    without_key = slips.read_code(slips.payload(b"", "MF-F1-2026-0001", "SL"))
    assert without_key is not None and not slips.genuine(b"", without_key)
    assert [slips.read_code(t) for t in ("https://example.com/", "MF-F1-2026-0001", "", "MF-F1-2026-0001/SL/AAAAAAAAA")] == [None] * 4


def edited(folder: Path, old: str, new: str) -> list[str]:
    (folder / "slips").mkdir()
    source = (shipped() / "slips" / "现场服务单.yaml").read_text(encoding="utf-8")
    assert old in source
    (folder / "slips" / "现场服务单.yaml").write_text(source.replace(old, new), encoding="utf-8")
    library = Library([shipped(), folder])
    library.refresh()
    return [p for p in library.problems if "现场服务单" in p]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("短码: XC", "短码: x", "两到四个大写字母"),
        ("短码: XC", "短码: QR", "重复"),
        ("栏目:", "拦目:", "是不是“栏目”"),
        ("- 地点", "- 地典", "“地典”不是字段"),
        ("<主题>", "<主提>", "“主提”不是字段"),
        ("动作: 签收单据", "动作: 签收单剧", "是不是“签收单据”"),
    ],
)
def test_a_mistake_in_a_slip_is_told_with_what_to_write_instead(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert any(says in problem for problem in edited(tmp_path, old, new)), edited
