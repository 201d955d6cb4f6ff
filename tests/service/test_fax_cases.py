"""A form that comes by fax opens its case by itself where all that matters is sure; what is doubtful is asked of a person, with its picture, and nothing is lost.

Most tests say what was read off the page (`printed.read_words` has tests of its own); the slow ones read a drawn, faxed page.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest
from faxing import FINE, STANDARD, fax, tiff
from PIL import Image, ImageDraw, ImageFont
from test_slips_back import BLANK, GATEWAY, House

from mailflow import papers
from mailflow.doubts import confusable
from mailflow.fax_pages import printed_number
from parsers.printed import Words

pytestmark = pytest.mark.slow  # a service started for each fax

TITLE = "上报厂家的疑难故障情况表"
WHOLE = {
    "故障单号": "SG-20261101-0007", "故障级别": "一般", "局点名称": "韶关曲江三期局", "设备型号": "OptiX 155", "联系人": "欧阳建国", "故障发生时间": "2026-11-01 22:10",
    "联系电话": "0751-5550123", "故障现象描述": "2号环有次要告警上报,业务未中断",
}  # fmt: skip


def page(title: str, rows: dict[str, str], sure: dict[str, float] | None = None, number: int = 1) -> papers.Print:
    """A page as it was read: the title, then a label and its value a row; `sure` of the values that are doubtful."""
    lines = [Words(title, (500, 200, 1200, 260), 0.99)] if title else []
    for n, (label, value) in enumerate(rows.items()):
        top = 400 + 120 * n
        lines.append(Words(label, (200, top, 200 + 45 * len(label), top + 48), 0.99))
        if value:
            lines.append(Words(value, (640, top, 640 + 30 * len(value), top + 48), (sure or {}).get(label, 0.99)))
    picture = io.BytesIO()
    Image.new("1", (1728, 2400), 1).save(picture, "PNG")
    return papers.Print(number, lines, 1728, 2400, picture.getvalue(), "fax.tif")


@dataclass
class Office:
    """A department with a gateway, and what is read off the next fax."""

    house: House
    pages: list[papers.Print]

    def fax(self, *pages: papers.Print, subject: str = "Fax from 020-77770022") -> None:
        self.pages[:] = pages
        self.house.mail(GATEWAY, subject, "", (("fax.tif", f"II*\0{self.house.count}".encode()),), Auto_Submitted="auto-generated")

    def asked(self, who: str = "admin@corp.example") -> EmailMessage:
        return [m for m in self.house.letters() if "请核对传真" in m["Subject"] and who in m["To"]][-1]

    def reply(self, text: str, letter: EmailMessage | None = None) -> None:
        letter = letter or self.asked()
        self.house.mail(letter["To"].addresses[0].addr_spec, f"Re: {letter['Subject']}", text, In_Reply_To=str(letter["Message-ID"]))

    def faults(self) -> list[dict]:
        return [r for r in self.house.rows("cases") if r["process"] == "carrier-fault-l234" and r["number"] != House.number]


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    house = House(tmp_path, lambda: capsys.readouterr().out, 'reply = "{number}@fax.example"\n')
    pages: list[papers.Print] = []
    monkeypatch.setattr(papers, "read", lambda *args, **more: papers.Reading(pages=len(pages), prints=list(pages)))
    yield Office(house, pages)


def text_of(letter: EmailMessage) -> str:
    return letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_sure_form_opens_its_case_as_if_its_sender_had_written(office: Office) -> None:
    office.fax(page(TITLE, WHOLE))
    [case] = office.faults()
    assert (office.house.end()["end"], office.house.end()["case"]) == ("recorded", case["number"])
    assert case["opened_by"] == "省研究院", "whose fax number it is"
    want = {"局站": "韶关曲江三期局", "设备": "OptiX 155", "级别": "三级", "现象": "2号环有次要告警上报,业务未中断", "故障单号": "SG-20261101-0007", "联系电话": "0751-5550123",
            "报告人": "欧阳建国", "发生时间": "2026-11-01 22:10", "方式": "传真"}  # fmt: skip
    assert want.items() <= case["fields"].items()
    assert any(d["name"] == "电话确认" for d in case["deadlines"]), "a fax is to be confirmed by telephone (S4-F2)"
    [to_maker] = [m for m in office.house.letters() if case["number"] in m["Subject"] and office.house.maker in m["To"]]
    assert "受理" in text_of(to_maker) and [a.get_filename() for a in to_maker.iter_attachments()] == ["fax.tif"]
    [receipt] = [m for m in office.house.letters() if case["number"] in m["Subject"] and office.house.institute in m["To"]]
    assert "您的传真已于" in text_of(receipt) and "来信" not in text_of(receipt).split("【")[0]
    assert "三级故障 韶关曲江三期局" in receipt["Subject"], "no gap where the page says no town"
    assert not [m for m in office.house.letters() if "请核对传真" in m["Subject"]]


def test_another_process_whose_start_names_the_form(office: Office) -> None:
    rows = {"地市": "湛江", "局站": "霞山局", "故障级别": "一级", "影响": "全网业务中断", "需要现场": "是", "报障单位": "湛江电信分公司"}
    office.fax(page("一级故障报告", rows), subject="Fax")
    [case] = [r for r in office.house.rows("cases") if r["process"] == "carrier-fault-l1"]
    assert case["opened_by"] == "湛江分公司", "whose unit stands on it"
    assert case["fields"]["局站"] == "霞山局" and any(d["name"] == "现场恢复" for d in case["deadlines"])


def test_a_doubtful_cell_is_asked_of_the_desk_and_of_the_sender_with_its_picture(office: Office) -> None:
    office.fax(page(TITLE, WHOLE, {"故障发生时间": 0.5}))
    arrived = office.house.end()["received_at"]
    assert office.house.end()["end"] == "sorting" and not office.faults(), "never a wrong number taken in silence"
    letter = office.asked()
    assert office.asked(office.house.institute), "请核对 (RULEBOOK B02)"
    assert "发生时间：读作“2026-11-01 22:10”" in text_of(letter) and "局站：韶关曲江三期局" in text_of(letter)
    page_ = letter.get_body(("html",)).get_content()  # type: ignore[union-attr]
    shown = [part for part in letter.walk() if part["Content-ID"]]
    assert [part.get_content_type() for part in shown] == ["image/png"]
    assert f'src="cid:{str(shown[0]["Content-ID"]).strip("<>")}"' in page_
    assert Image.open(io.BytesIO(shown[0].get_content())).width > 300, "the cell, not a dot"
    assert [a.get_filename() for a in letter.iter_attachments()] == ["发生时间.png", "fax.tif"]
    office.reply("确认")
    [case] = office.faults()
    assert case["fields"]["发生时间"] == "2026-11-01 22:10" and case["opened_at"] == arrived, "the time of receipt is the fax's"
    assert {r["end"] for r in office.house.rows("inbox") if r["from"] == GATEWAY} == {"recorded"}
    office.reply("确认", office.asked(office.house.institute))
    assert len(office.faults()) == 1 and "处理过" in office.house.end()["reason"]


def test_corrected_lines_go_before_what_was_read(office: Office) -> None:
    office.fax(page(TITLE, WHOLE, {"故障单号": 0.4, "联系电话": 0.4}))
    office.reply("故障单号:SG-20261101-0001\n谢谢", office.asked(office.house.institute))
    [case] = office.faults()
    assert (case["fields"]["故障单号"], case["fields"]["联系电话"]) == ("SG-20261101-0001", "0751-5550123")


def test_a_correction_in_a_sentence_and_a_yes_in_other_words(office: Office) -> None:
    office.fax(page(TITLE, WHOLE, {"故障单号": 0.4}))
    office.reply("确认,但单号不对")
    assert not office.faults(), "a yes with a condition is none"
    office.reply("故障单号应为 SG-20261101-0001。")
    assert [case["fields"]["故障单号"] for case in office.faults()] == ["SG-20261101-0001"]
    office.fax(page(TITLE, WHOLE | {"故障单号": "SG-20261101-0002"}, {"局点名称": 0.4}))
    office.reply("核对无误,请开单")
    assert len(office.faults()) == 2


def test_prose_that_is_not_quite_sure_is_pointed_out_and_no_reason_to_wait(office: Office) -> None:
    office.fax(page(TITLE, WHOLE | {"已采取措施": "已倒换主控板"}, {"已采取措施": 0.6}))
    [case] = office.faults()
    [receipt] = [m for m in office.house.letters() if case["number"] in m["Subject"] and office.house.institute in m["To"]]
    assert "已采取措施" in text_of(receipt).split("【")[0]


def test_what_is_missing_stays_asked_for_until_it_is_there(office: Office) -> None:
    office.fax(page(TITLE, WHOLE | {"故障现象描述": "", "故障发生时间": "22:10"}))
    assert "现象：没有读出" in text_of(office.asked()) and "发生时间：读作“22:10”" in text_of(office.asked())
    office.reply("确认")
    assert not office.faults() and "现象" in office.house.end()["reason"]
    assert [r["end"] for r in office.house.rows("inbox") if r["from"] == GATEWAY] == ["sorting"]
    office.reply("现象:误码越限\n发生时间:2026-11-01 22:10")
    assert [c["fields"]["现象"] for c in office.faults()] == ["误码越限"]


def test_nonsense_is_not_taken_for_a_yes(office: Office) -> None:
    office.fax(page(TITLE, WHOLE, {"局点名称": 0.4}))
    office.reply("确认不了,看不清楚")
    assert not office.faults() and "没有看懂" in office.house.end()["reason"]
    office.reply("忽略")
    assert not office.faults() and [r["end"] for r in office.house.rows("inbox") if r["from"] == GATEWAY] == ["answered"]


def test_a_fax_of_several_forms_with_a_cover_and_a_second_page(office: Office) -> None:
    """Two cases; what continues on the next page belongs to the form before; the mail waits for the last answer."""
    cover = papers.Print(1, [Words("传真封面", (600, 200, 900, 260), 0.99), Words("页数:4", (200, 400, 400, 450), 0.99)], 1728, 2400, b"", "fax.tif")
    second = WHOLE | {"局点名称": "河源源城局", "故障单号": "HY-20261101-0002", "故障现象描述": "误码越限"}
    office.fax(cover, page(TITLE, WHOLE, number=2), page("", {"已采取措施": "倒换主控板"}, number=3), page(f"《{TITLE}》", second, {"故障单号": 0.3}, number=4))
    [first] = office.faults()
    assert (first["fields"]["局站"], first["fields"]["已采取措施"]) == ("韶关曲江三期局", "倒换主控板")
    assert (office.house.end()["end"], office.house.end()["case"]) == ("sorting", first["number"])
    assert "第 4 页" in text_of(office.asked())
    office.reply("确认")
    assert {c["fields"]["局站"] for c in office.faults()} == {"韶关曲江三期局", "河源源城局"}
    assert {r["end"] for r in office.house.rows("inbox") if r["from"] == GATEWAY} == {"recorded"}


def test_pages_whose_form_nobody_knows_go_to_a_person_beside_those_that_are_known(office: Office) -> None:
    office.fax(page("上报", WHOLE), page(TITLE, WHOLE, number=2))
    assert len(office.faults()) == 1 and office.house.end()["end"] == "sorting" and "第 1 页" in office.house.end()["reason"]


def test_a_scan_that_the_institute_mails_itself_is_read_like_a_fax(office: Office) -> None:
    """The subject names the form and nothing stands in the mail; what does stand there is believed, and the scan is only kept."""
    office.pages[:] = [page(TITLE, WHOLE)]
    scan = (("scan.tif", b"II*\0 a scan"),)
    office.house.mail(office.house.institute, f"{TITLE}-韶关-曲江三期", "见附件,谢谢", scan)
    [case] = office.faults()
    assert (case["opened_by"], case["fields"]["设备"], case["fields"]["方式"], case["fields"]["地市"]) == ("省研究院", "OptiX 155", "传真", "韶关")
    office.pages[:] = [page(TITLE, WHOLE, {"故障单号": 0.2})]
    office.house.mail(office.house.institute, f"{TITLE}-韶关-曲江四期", "见附件", (("scan.tif", b"II*\0 another"),))
    assert len(office.faults()) == 1 and office.house.end()["end"] == "sorting"
    office.reply("确认", office.asked(office.house.institute))
    assert [c["fields"]["地市"] for c in office.faults()] == ["韶关", "韶关"]
    office.house.mail(office.house.institute, f"{TITLE}-韶关-曲江五期", "现象:误码\n级别:三级", scan)
    assert [c["fields"].get("设备") for c in office.faults() if c["fields"]["现象"] == "误码"] == [None]


def test_the_gateways_own_subject_says_whose_it_is(office: Office) -> None:
    office.fax(page(TITLE, WHOLE), subject=f"传真-{TITLE}-湛江电信分公司")
    assert [c["opened_by"] for c in office.faults()] == ["湛江分公司"]


def test_the_same_fax_twice_is_one_case(office: Office) -> None:
    office.fax(page(TITLE, WHOLE))
    same = ("fax.tif", b"II*\0same")
    for _ in range(2):
        office.house.mail(GATEWAY, "Fax", "", (same,))
    assert len(office.faults()) == 2 and office.house.end()["end"] == "duplicate"


def test_who_sent_it_is_asked_where_nothing_says_so(office: Office) -> None:
    """Two institutes, an unknown number: the desk names the sender."""
    people = office.house.folder / "masterdata" / "people.csv"
    people.write_text(people.read_text(encoding="utf-8-sig").rstrip() + "\nother@gdtel.example,另一研究院,另一研究院,研究院,,,\n厂家@x.example,另一厂家,x,省公司,,,\n", encoding="utf-8")
    office.fax(page(TITLE, WHOLE), subject="Fax from 0899-5550000")
    if office.faults():
        pytest.fail("nobody knows whose it is")
    assert "来信人" in text_of(office.asked())
    office.reply("确认\n来信人:没有这个人")
    assert not office.faults()
    office.reply("确认\n来信人:另一研究院")
    assert [c["opened_by"] for c in office.faults()] == ["另一研究院"]


def test_a_number_that_looks_like_a_known_one_is_doubtful(office: Office) -> None:
    """WH read as WII: sure of itself, and nearly what is known. The next number of the same kind is another number."""
    office.fax(page(TITLE, WHOLE | {"故障单号": "WH-20261101-0001"}))
    office.fax(page(TITLE, WHOLE | {"故障单号": "WH-20261101-0002", "局点名称": "韶关曲江四期"}))
    assert len(office.faults()) == 2
    office.fax(page(TITLE, WHOLE | {"故障单号": "WII-20261101-0003"}))
    assert len(office.faults()) == 2 and "WH-20261101" in text_of(office.asked())


@pytest.mark.parametrize(("text", "known", "doubt"), [
    ("NE4OE-X8", "NE40E-X8", True), ("NE40E-X8", "NE40E-X8", False), ("NE40E-X16", "NE40E-X8", False), ("MA5680T", "MA5683T", False), ("GZ-2O261120-0031", "GZ-20261101-0001", True),
    ("广州天河三期局", "广州无河三期局", True), ("广州天河三期局", "深圳南山科技园", False), ("马文博", "马文搏", False),
])  # fmt: skip
def test_what_is_confusable(text: str, known: str, doubt: bool) -> None:
    assert bool(confusable(text, [known])) is doubt


# -- slips without a readable code ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", ["MF-F234-2026-0001", "单号:MF-F234-2O26-OO01"])
def test_a_slip_whose_code_cannot_be_read_is_found_by_its_printed_number_and_a_person_asked(office: Office, read: str) -> None:
    office.fax(page("疑难故障受理确认单", {read: "", "局站": "源城局"}))
    assert office.house.end()["end"] == "sorting" and not office.house.agreed()
    assert f"读作“{House.number}”" in text_of(office.asked())
    office.reply("确认")
    assert office.house.agreed() and office.house.filed()
    assert {r["end"] for r in office.house.rows("inbox") if r["from"] == GATEWAY} == {"recorded"}


def test_the_right_number_may_be_given_and_a_wrong_one_does_nothing(office: Office) -> None:
    office.fax(page("疑难故障受理确认单", {"MF-F234-2026-0099": "", "局站": "源城局"}))
    assert House.number in text_of(office.asked()), "what waits for such a slip"
    office.reply("确认")
    assert not office.house.agreed()
    office.reply("MF-F234-2026-0098")
    assert not office.house.agreed()
    office.reply(House.number)
    assert office.house.agreed()


@pytest.mark.parametrize("in_thread", [True, False])
def test_a_photo_whose_code_cannot_be_read_is_asked_about_too(office: Office, in_thread: bool) -> None:
    """Mailed by whoever is to sign; of others, and where the subject wants something else, no print is read."""
    photo = (("IMG_1.jpg", b"\xff\xd8\xff a photo"),)
    office.pages[:] = [page("疑难故障受理确认单", {House.number: "", "局站": "源城局"})]
    office.house.mail(office.house.maker, "现场照片", "见附件", photo)
    office.house.mail(office.house.institute, f"{TITLE}-韶关-曲江三期", "现象:误码\n级别:三级", photo)
    assert not [m for m in office.house.letters() if "请核对传真" in m["Subject"]]
    office.house.mail(office.house.institute, f"Re: [{House.number}] 确认单" if in_thread else "签好了", "见照片", photo)
    assert office.house.end()["end"] == "sorting" and not office.house.agreed()
    assert any("单号" in text_of(m) and "核对" in text_of(m) for m in office.house.letters() if office.house.institute in m["To"])
    office.reply("确认")
    assert office.house.agreed() and office.house.filed()


def test_printed_numbers() -> None:
    assert printed_number("编号 MF-F234-2026-OO01 第1页") == "MF-F234-2026-0001"
    assert printed_number("没有号") == ""


# -- a slip goes back to the number that the fax came from ----------------------------------------------------------------------------------


def test_the_slip_to_sign_goes_to_the_number_that_the_fax_came_from(office: Office) -> None:
    people = office.house.folder / "masterdata" / "people.csv"
    people.write_text(people.read_text(encoding="utf-8-sig").replace("020-77770022", ""), encoding="utf-8")
    office.fax(page(TITLE, WHOLE), subject="Fax from 0762-5550199")
    [case] = office.faults()
    office.house.mail(office.house.maker, f"Re: [{case['number']}]", "受理 2026-11-02 08:50")
    by_fax = [m for m in office.house.letters() if "@fax.example" in m["To"] and case["number"] in m["Subject"]]
    assert [m["To"] for m in by_fax] == ["07625550199@fax.example"]


# -- read off a real page ----------------------------------------------------------------------------------------------------------------------


def drawn(rows: dict[str, str], title: str = TITLE) -> Image.Image:
    import pylopdf_fonts_zh_cn

    file = str(Path(pylopdf_fonts_zh_cn.__file__ or "").parent / "NotoSansSC-Regular.otf")
    sheet = Image.new("L", BLANK.size, 255)
    draw = ImageDraw.Draw(sheet)
    draw.text((BLANK.width // 2, 220), title, font=ImageFont.truetype(file, 56), fill=0, anchor="mm")
    font = ImageFont.truetype(file, 38)
    for n, (label, value) in enumerate(rows.items()):
        top = 360 + 100 * n
        draw.rectangle((160, top, 480, top + 100), outline=0, width=3)
        draw.rectangle((480, top, 1500, top + 100), outline=0, width=3)
        draw.text((320, top + 50), label, font=font, fill=0, anchor="mm")
        draw.text((510, top + 50), value, font=font, fill=0, anchor="lm")
    return sheet


@pytest.mark.slow
@pytest.mark.parametrize("resolution", [FINE, STANDARD], ids=["fine", "standard"])
def test_a_drawn_and_faxed_form(tmp_path: Path, capsys: pytest.CaptureFixture[str], resolution: tuple[int, int]) -> None:
    """With the extra `ocr`, upside down: the case opens by itself, or one `确认` opens it; either way nothing in it is wrong."""
    pytest.importorskip("rapidocr")
    house = House(tmp_path, lambda: capsys.readouterr().out)
    sheet = drawn(WHOLE).rotate(180)
    house.mail(GATEWAY, "Fax from 020-77770022", "", (("fax.tif", tiff([fax(sheet, 5, resolution, noise=0.001)], resolution)),))
    office = Office(house, [])
    if not office.faults():
        assert house.end()["end"] == "sorting"
        lines = "\n".join(f"{label}:{value}" for label, value in WHOLE.items())
        office.reply(lines)
    [case] = office.faults()
    for name in ("局点名称", "设备型号", "故障单号"):
        assert WHOLE[name] in case["fields"].values()


def test_a_memory_too_small_for_reading_print_still_reads_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The child dies under one gigabyte with OCR; the page goes to a person, and is not called broken."""
    if not _ocr():
        pytest.skip("without the extra ocr there is nothing that needs so much")
    reading = papers.read([_attachment(tiff([fax(drawn(WHOLE), 3, FINE)], FINE))], 60, 700, fax=True)
    assert (reading.problems, reading.pages, reading.unread, reading.prints) == ([], 1, 1, [])


def _ocr() -> bool:
    from parsers.printed import available

    return available()


def _attachment(data: bytes):
    from parsers import Attachment

    return Attachment("fax.tif", "image/tiff", len(data), data)




@pytest.mark.parametrize(("there", "memory", "says"), [(True, 2048, GATEWAY), (True, 1024, "reader_memory_mb"), (False, 2048, "mailflow-desk[ocr]")])
def test_check_says_once_whether_faxes_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, there: bool, memory: int, says: str
) -> None:
    from mailflow.__main__ import main
    from parsers import printed

    monkeypatch.setattr(printed, "available", lambda: there)
    house = House(tmp_path, lambda: capsys.readouterr().out, f"[limits]\nreader_memory_mb = {memory}\n")
    main(["--config", str(house.config), "check"])
    [line] = [line for line in house.out().splitlines() if line.startswith("传真")]
    assert says in line


def test_a_button_of_the_question_is_an_answer_to_it(office: Office) -> None:
    """A mailto link begins a new mail, which refers to nothing: its subject says which question it answers; of two, each its own."""
    import html
    import re
    from urllib.parse import unquote

    def press(letter: EmailMessage, word: str, sender: str = "") -> None:
        found = re.search(rf'href="mailto:[^?"]+\?subject=([^&"]+)&(?:amp;)?body=([^"]*)"[^>]*>{word}<', letter.get_body(("html",)).get_content())  # type: ignore[union-attr]
        assert found
        subject, body = (html.unescape(unquote(part)) for part in found.groups())
        office.house.mail(sender or letter["To"].addresses[0].addr_spec, subject, body)

    office.fax(page(TITLE, WHOLE, {"故障单号": 0.2}), page(TITLE, WHOLE | {"局点名称": "河源源城局", "故障单号": "HY-1"}, {"故障单号": 0.2}, number=2))
    second, first = [m for m in office.house.letters() if "请核对传真" in m["Subject"] and "admin@" in m["To"]][::-1]
    press(second, "确认", office.house.maker)
    assert not office.faults(), "somebody who was not asked"
    press(second, "确认")
    assert [c["fields"]["局站"] for c in office.faults()] == ["河源源城局"]
    press(first, "忽略")
    assert len(office.faults()) == 1 and [r["end"] for r in office.house.rows("inbox") if r["from"] == GATEWAY] == ["recorded"], "a case holds it"
    office.fax(page("", {"不是表": "随便"}))
    [*_, letter] = [m for m in office.house.letters() if "请分拣" in m["Subject"]]
    press(letter, "忽略")
    assert [r["end"] for r in office.house.rows("inbox") if r["from"] == GATEWAY] == ["recorded", "answered"]


def test_how_sure_is_sure_enough_is_a_setting(office: Office) -> None:
    office.fax(page(TITLE, WHOLE, {"设备型号": 0.85}))
    assert len(office.faults()) == 1, "RULEBOOK B02: 0.8"
    (office.house.folder / "own" / "tables").mkdir(parents=True)
    (office.house.folder / "own" / "tables" / "取定值.csv").write_text("键,值,说明\nfax.confidence,0.9,\n", encoding="utf-8")
    office.house.config.write_text(office.house.config.read_text(encoding="utf-8") + '\n[templates]\nfolder = "own"\n', encoding="utf-8")
    office.fax(page(TITLE, WHOLE | {"局点名称": "河源源城局"}, {"设备型号": 0.85}))
    assert len(office.faults()) == 1 and "设备" in text_of(office.asked())
