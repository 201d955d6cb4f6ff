"""A form's fields by where its cells stand on the page: rows of two cells and four, cells of several lines, labels misread, pages upside down."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest

from parsers import shapes
from parsers.pages import pages
from parsers.printed import SURE, Words, fields, read_words, upright

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


def one(text: str, sure: float = 0.99, label: str = "联系人", known: tuple[str, ...] = (), others: tuple[str, ...] = ()) -> tuple[str, bool]:
    """What a cell beside its label is taken for, and whether for sure."""
    words = [line(label, 200, 300), Words(text, (450, 298, 450 + 40 * len(text), 343), sure, others)]
    cell = fields(words, [label], {label: known} if known else None)[label]
    return cell.text, cell.sure >= SURE


def test_a_label_is_known_with_a_character_misread_traditional_or_on_two_lines() -> None:
    two = [line("故障现", 200, 300), line("B口反复震荡", 450, 320), line("象", 240, 345)]
    assert fields(two, ["故障现象"])["故障现象"].text == "B口反复震荡"
    for read in ("联乐人", "聯系人", "联系人：", "联系 人"):
        assert fields([line(read, 200, 300), line("赵敏", 450, 300)], ["联系人", "级别"])["联系人"].text == "赵敏", read
    doubtful = Words("联乐亼", (200, 300, 320, 345), 0.6, ("联系人",))
    assert fields([doubtful, line("赵敏", 450, 300)], ["联系人"])["联系人"].text == "赵敏", "what else the line may say counts"
    assert fields([line("联系人.赵敏", 200, 300)], ["联系人"])["联系人"].text == "赵敏", "a colon read as a full stop"
    assert fields([line("陪同人", 200, 300), line("赵敏", 450, 300)], ["联系人", "陪伴人"]) .keys() == {"陪伴人"}


def test_what_a_frame_left_beside_a_value_is_not_of_it() -> None:
    assert one("-BTS3900--") == ("BTS3900", True)
    words = [line("联系人", 200, 300), line("赵敏", 450, 300), line("|", 560, 300, 0.5)]
    assert (fields(words, ["联系人"])["联系人"].text, fields(words, ["联系人"])["联系人"].sure) == ("赵敏", 0.99)
    beside = [line("上报时间", 200, 300), line("2026-11-11 11:11", 450, 300), line("1", 1095, 300, 0.5)]
    assert fields(beside, ["上报时间"])["上报时间"].text == "2026-11-11 11:11"


def test_who_signs_is_no_part_of_the_cell_above() -> None:
    words = [line("已采取措施", 200, 300), line("更换光模块", 450, 300), line("局方负责人签字:", 200, 385), Words("林晓燕", (560, 330, 800, 425), 0.99)]
    assert fields(words, ["已采取措施"])["已采取措施"].text == "更换光模块"


def test_a_doubtful_value_that_is_nearly_a_known_one_is_that_one_and_stays_doubtful() -> None:
    models = ("MA5680T", "BTS3900", "NE40E-X8")
    assert one("M15680T", 0.6, known=models) == ("MA5680T", False)
    assert one("MA5680T", 0.6, known=models) == ("MA5680T", True), "what is expected needs less proof"
    assert one("NE40E-X3", 0.99, known=models) == ("NE40E-X3", True), "plainly another one: something new"
    assert one("NE40E-X3", 0.93, known=models) == ("NE40E-X3", False), "new, or misread: a person says"
    assert one("重人", 0.999, known=("重大", "一般")) == ("重大", False), "an option is hardly new"
    assert one("027-8765", 0.6, known=("GZ-20261120-0031", "GZ-20261120-0032")) == ("027-8765", False)
    assert one("GZ-20261120-0031", 0.6, known=("GZ-20261120-0031", "GZ-20261120-0032")) == ("GZ-20261120-0031", False), "its neighbour is as near"


def test_a_doubtful_value_that_also_stands_elsewhere_on_the_page_is_that_one() -> None:
    top = line("2026-10-22 06:50 FROM: 025-83316620", 60, 10)
    value = Words("023-83316620", (450, 300, 900, 345), 0.6, ("025-83316620",))
    cell = fields([top, line("联系电话", 200, 300), value], ["联系电话"])["联系电话"]
    assert cell.text == "025-83316620" and cell.sure < SURE
    value.sure = 0.99
    assert fields([top, line("联系电话", 200, 300), value], ["联系电话"])["联系电话"].text == "023-83316620", "what is plainly read is another number"


def test_of_a_label_the_end_is_enough_where_no_other_ends_so() -> None:
    words = [line("级别", 240, 300), line("重大", 450, 300), line("时间", 240, 400), line("08:45", 450, 400)]
    assert {name: c.text for name, c in fields(words, ["故障级别", "上报时间", "发生时间"]).items()} == {"故障级别": "重大"}


def test_what_a_stamp_leaves_over_a_cell_is_not_of_its_sentence() -> None:
    sentence = [line("更换光模块及尾纤,误码下降但未", 450, 300), line("消除。", 450, 370)]
    stamp = [line("设备", 640, 240), line("东", 520, 440)]
    words = [line("已采取措施", 200, 335), *sentence, *stamp]
    assert fields(words, ["已采取措施"])["已采取措施"].text == "更换光模块及尾纤,误码下降但未消除。"


def test_a_first_row_indented_and_rows_in_the_middle_are_of_the_cell() -> None:
    indented = [line("故障现象", 200, 335), line("两台路由器之间邻居反复震荡,", 510, 300), line("每次中断约90秒", 450, 370)]
    assert fields(indented, ["故障现象"])["故障现象"].text == "两台路由器之间邻居反复震荡,每次中断约90秒"
    centred = [line("局站", 200, 335), line("珠江新城核心机房二号", 450, 300), line("楼", 630, 370)]
    assert fields(centred, ["局站"])["局站"].text == "珠江新城核心机房二号楼"


def test_a_sentence_that_fills_its_line_goes_on_at_the_margin_of_the_next() -> None:
    """A form without a frame: label, colon, value."""
    words = [line("联系人:陈志强", 160, 300), line("故障现象:OLT第3槽位业务板频繁重启,所带ONU共264个全部掉线,重启后约20分", 160, 370), line("钟再次掉线", 160, 440), line("已采取措施:升级补丁", 160, 510)]
    found = fields(words, ["联系人", "故障现象", "已采取措施"])
    assert found["故障现象"].text.endswith("重启后约20分钟再次掉线")
    assert (found["联系人"].text, found["已采取措施"].text) == ("陈志强", "升级补丁")


def test_what_is_no_option_and_near_to_several_is_doubtful() -> None:
    assert one("级", 0.999, label="级别", known=("一级", "二级", "三级")) == ("级", False), "the stroke of 一 was lost in the fax"


def test_a_day_one_figure_off_the_others_is_doubtful_unless_it_is_quite_sure() -> None:
    def sure(day: str, how: float) -> bool:
        words = [line("编号", 200, 300), line("GZ-20260518-0031", 450, 300), line("发生时间", 200, 400), line(day, 450, 400, how), line("上报时间", 200, 500), line("2026-05-18 17:40", 450, 500)]
        return fields(words, ["编号", "发生时间", "上报时间"])["发生时间"].sure >= SURE

    assert not sure("2026-03-18 16:23", 0.93) and sure("2026-05-18 16:23", 0.93)
    assert sure("2026-05-17 23:50", 0.99), "a fault of the evening before"


def test_an_identifier_whose_day_is_nowhere_on_the_page_is_doubtful() -> None:
    def sure(number: str, day: str) -> bool:
        words = [line("编号", 200, 300), line(number, 450, 300), line("发生时间", 200, 400), line(day, 450, 400)]
        return fields(words, ["编号", "发生时间"])["编号"].sure >= SURE

    assert sure("GZ-20261120-0031", "2026-11-20 08:45")
    assert not sure("GZ-20261120-0031", "2026-11-28 08:45")
    assert not sure("WI-20261120-0031", "2026-11-20 08:45"), "an H without its bar"


PLACES = ("", *"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-:OlI障", " ")


def chances(*steps: dict[str, float] | str) -> Any:
    """What the model would say: at each step a character for certain, or several; '' is a gap."""
    numpy = pytest.importorskip("numpy")
    table = numpy.full((len(steps), len(PLACES)), 1e-7, numpy.float32)
    for n, step in enumerate(steps):
        for character, chance in ({step: 1.0} if isinstance(step, str) else step).items():
            table[n, PLACES.index(character)] = chance
    return table


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(shapes, "characters", lambda: list(PLACES))
    shapes._columns.cache_clear()
    yield
    shapes._columns.cache_clear()


def test_what_a_line_may_say_is_read_to_the_shape_it_nearly_has(letters: None) -> None:
    lost = [*"2026", {"": 0.6, "-": 0.3}, *"10", "-", "2", "", "2", " ", *"06:5", "", "0"]
    assert shapes.shaped("202610-22 06:50", 0.6, chances(*lost)) == ("2026-10-22 06:50", pytest.approx(0.3))
    letter = ["0", "2", {"O": 0.7, "0": 0.25}, "-", *"8765432", "", "1"]
    assert shapes.shaped("02O-87654321", 0.7, chances(*letter)) == ("020-87654321", pytest.approx(0.95)), "a letter like a zero is one among digits"
    assert shapes.shaped("两台路由器", 0.9, chances(*"障障")) is None
    assert shapes.shaped("020-87654321", 0.99, chances(*"020-87654321")) is None, "it has one already"


@pytest.mark.parametrize("number", ["MF-F234-2026-0001", "MF-F1-2026-0012", "MF-SC-2026-0003", "MF-HOTLINE-2026-0004", "MF-TASK-2026-0005"])
def test_every_number_of_ours_has_a_shape(number: str, letters: None) -> None:
    """A short code may hold digits: F234 is no FZZ."""
    assert shapes.shape_of(number)
    weak = number.replace("-2026", "2026")
    found = shapes.shaped(weak, 0.9, chances(*number[: number.index("-2026")], {"": 0.6, "-": 0.3}, *(c for d in number[number.index("2026") :] for c in (d, ""))))
    assert found is not None and found[0] == number


def test_one_wide_character_is_not_two(letters: None) -> None:
    wide = ["G", "Z", "-", *"2026", "1", "", "1", "1", "1", "2", "0", "-", "0", "", "0", "3", "1"]
    found = shapes.shaped("GZ-20261120-003l", 0.9, chances(*wide))
    assert found is not None and found[0] == "GZ-20261120-0031"


def test_a_number_of_another_shape_stays_as_it_was_read(letters: None) -> None:
    """An organisation numbers its papers in its own way: CQ2026-01703 is neither a telephone nor a day."""
    for text in ("CQ2026-01703", "ZH20261225-022"):
        assert shapes.shaped(text, 0.999, chances(*(step for c in text for step in (c, "")))) is None, text


def test_a_time_that_no_clock_shows_is_doubtful(letters: None) -> None:
    assert not shapes.possible("2026-13-01 08:45") and not shapes.possible("2026-11-20 28:45") and shapes.possible("020-20139945")
    wrong = chances(*"2026-1", "", *"1-2", "", *"8 28:45")
    found = shapes.shaped("2026-11-28 28:45", 0.99, wrong)
    assert found is not None and found[1] < 0.9


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
    ImageDraw.Draw(sheet).rectangle((200, 280, 1560, 370), outline=0, width=4)
    for x in (470, 960, 1220):
        ImageDraw.Draw(sheet).line((x, 280, x, 370), fill=0, width=4)
    for turn in (0, 180, 90, 270):
        out = io.BytesIO()
        sheet.rotate(turn, expand=True).save(out, "PNG")
        page = next(pages(out.getvalue()))
        found = fields(read_words(page), LABELS)
        assert {name: cell.text for name, cell in found.items()} == {"设备型号": "NE40E-X8", "联系人": "欧阳建国"}, turn
        left, top, right, bottom = found["联系人"].box
        assert abs(left - 1250) < 20 and abs(top - 300) < 30 and right - left > 150 and bottom - top > 40, "where it stands on the upright page"
        assert upright(page).crop((round(left), round(top), round(right), round(bottom))).histogram()[0] > 500, "the picture of it"


def test_a_comma_wide_or_narrow_makes_no_other_reading() -> None:
    from parsers.printed import _agreed, _Said

    box = (0.0, 0.0, 10.0, 10.0)
    assert _agreed(box, [_Said("有告警,业务未中断", 0.97, ()), _Said("有告警，业务未中断", 0.95, ())]).sure == 0.97
    assert _agreed(box, [_Said("有告警,业务未中断", 0.97, ()), _Said("有告警，业务末中断", 0.95, ())]).sure < 0.7
