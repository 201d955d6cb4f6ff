"""A document to hand in that comes by fax is filed on its case as if its sender had mailed it; where the case or a needed value is not sure, a person is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from test_fax_cases import TITLE, WHOLE, Office, page, text_of
from test_slips_back import GATEWAY, House, Level1

from mailflow import papers

pytestmark = pytest.mark.slow  # a service started for each fax

TABLE = "疑难故障处理情况表"
MAKER = "Fax from 0755-77770032"
ROWS = {"地市": "河源", "局站": "源城局", "级别": "三级", "完成时间": "2026-11-02 09:00", "处理结果": "更换主控板,业务正常", "处理人": "刘工"}


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    house = House(tmp_path, lambda: capsys.readouterr().out)
    pages: list[papers.Print] = []
    monkeypatch.setattr(papers, "read", lambda *args, **more: papers.Reading(pages=len(pages), prints=list(pages)))
    yield Office(house, pages)


def second(office: Office) -> str:
    """Another case that waits for the same document, opened by a fax."""
    office.fax(page(TITLE, WHOLE))
    [case] = office.faults()
    office.house.mail(office.house.maker, f"Re: [{case['number']}]", "受理 2026-11-02 08:55")
    return str(case["number"])


def state(office: Office, number: str = House.number) -> str:
    [case] = office.house.rows("case", number)
    return str(case["state"])


def filed(office: Office, number: str = House.number, document: str = TABLE) -> bool:
    [case] = office.house.rows("case", number)
    return any(d["name"] == document and d["received_at"] for d in case["documents"])


def test_a_document_with_our_number_is_taken_as_if_mailed(office: Office) -> None:
    other = second(office)
    office.fax(page(TABLE, {"单号": House.number} | ROWS), subject=MAKER)
    assert (office.house.end()["end"], office.house.end()["case"]) == ("recorded", House.number), office.house.end()
    assert state(office) == "待核对" and filed(office) and not filed(office, other)
    fields = office.house.case()["fields"]
    assert (fields["厂家完成时间"], fields["处理结果"]) == ("2026-11-02 09:00", "更换主控板,业务正常")
    [asked] = [m for m in office.house.letters() if House.number in m["Subject"] and office.house.institute in m["To"] and "处理情况" in text_of(m)]
    assert "2026-11-02 09:00" in text_of(asked)
    assert not [m for m in office.house.letters() if "请核对传真" in m["Subject"]]
    office.fax(page(TABLE, {"单号": House.number} | ROWS | {"完成时间": "2026-11-02 09:05"}), subject=MAKER)
    assert office.house.case()["fields"]["厂家完成时间"] == "2026-11-02 09:00", "what was handed in is checked first"


def test_the_reporters_own_number_finds_it_too(office: Office) -> None:
    other = second(office)
    office.fax(page(TABLE, {"故障单号": WHOLE["故障单号"]} | ROWS | {"地市": "韶关", "局站": "曲江三期"}), subject=MAKER)
    assert state(office, other) == "待核对" and state(office) == "处理中"


def test_a_scan_in_the_thread_without_a_word_belongs_to_its_case(office: Office) -> None:
    other = second(office)
    office.pages[:] = [page(TABLE, ROWS)]
    office.house.mail(office.house.maker, f"Re: [{House.number}]", "", (("IMG_0001.jpg", b"\xff\xd8\xff\xe0scan"),))
    assert state(office) == "待核对" and filed(office) and state(office, other) == "处理中", office.house.end()
    assert office.house.case()["fields"]["厂家完成时间"] == "2026-11-02 09:00"


def test_a_picture_that_says_nothing_is_asked_about(office: Office) -> None:
    office.pages[:] = []
    office.house.mail(office.house.maker, f"Re: [{House.number}]", "见附件", (("IMG_0002.jpg", b"\xff\xd8\xff\xe0photo"),))
    assert state(office) == "处理中"
    [told] = [m for m in office.house.letters() if "没有写明交的是哪份文件" in text_of(m)]
    assert office.house.maker in told["To"] and "IMG_0002.jpg" in text_of(told) and f"《{TABLE}》".strip("《》") in text_of(told)


def test_the_only_case_that_waits_for_it_from_this_sender(office: Office) -> None:
    office.fax(page(TABLE, ROWS), subject=MAKER)
    assert state(office) == "待核对"


@pytest.mark.parametrize(("rows", "subject", "why"), [
    (ROWS | {"局站": "曲江局"}, MAKER, "曲江局"),  # the only one that waits, and about something else
    (ROWS | {"单号": "MF-F234-2026-0077"}, MAKER, "0077"),
    (ROWS | {"故障单号": "SG-20261101-0099"}, MAKER, "编号"),
    (ROWS, "Fax from 0899-5550000", "是谁发来的"),
    (ROWS | {"单号": House.number}, "Fax from 020-77770022", "不能交"),  # the institute's number: it is not theirs to hand in
])  # fmt: skip
def test_where_the_case_is_not_sure_a_person_says(office: Office, rows: dict[str, str], subject: str, why: str) -> None:
    office.fax(page(TABLE, rows), subject=subject)
    assert office.house.end()["end"] == "sorting" and why in office.house.end()["reason"], office.house.end()
    assert state(office) == "处理中" and not filed(office)
    office.reply(f"单号:{House.number}\n来信人:厂家受理")
    assert state(office) == "待核对" and filed(office)
    assert {r["end"] for r in office.house.rows("inbox") if r["from"] == GATEWAY} == {"recorded"}


def test_of_two_that_wait_none_is_guessed(office: Office) -> None:
    other = second(office)
    office.fax(page(TABLE, {"完成时间": "2026-11-02 09:00"}), subject=MAKER)
    assert office.house.end()["end"] == "sorting" and (state(office), state(office, other)) == ("处理中", "处理中")
    assert House.number in text_of(office.asked()) and other in text_of(office.asked())
    office.reply("确认")
    assert (state(office), state(office, other)) == ("处理中", "处理中")
    office.reply(other)
    assert (state(office), state(office, other)) == ("处理中", "待核对")


def test_a_number_that_is_not_sure_is_asked_with_its_picture(office: Office) -> None:
    office.fax(page(TABLE, {"单号": House.number} | ROWS, {"单号": 0.5}), subject=MAKER)
    assert state(office) == "处理中" and House.number in text_of(office.asked())
    assert [p.get_content_type() for p in office.asked().walk() if p["Content-ID"]] == ["image/png"]
    office.reply("确认")
    assert state(office) == "待核对"


@pytest.mark.parametrize("rows", [ROWS | {"完成时间": "09:00"}, {k: v for k, v in ROWS.items() if k != "完成时间"}])
def test_a_needed_time_that_is_doubtful_or_lost_is_asked_for(office: Office, rows: dict[str, str]) -> None:
    """By mail the time of receipt stands in where none is written; on paper it is rather lost."""
    office.fax(page(TABLE, {"单号": House.number} | rows), subject=MAKER)
    assert office.house.end()["end"] == "sorting" and "厂家完成时间" not in office.house.case()["fields"]
    assert office.asked(office.house.maker), "请核对"
    office.reply("确认")
    assert state(office) == "处理中"
    office.reply("完成时间:2026-11-02 08:58", office.asked(office.house.maker))
    assert (state(office), office.house.case()["fields"]["厂家完成时间"]) == ("待核对", "2026-11-02 08:58")


def test_a_second_page_belongs_to_it_and_a_heading_is_no_title(office: Office) -> None:
    rest = {k: ROWS[k] for k in ("完成时间", "处理结果")}
    office.fax(page(TABLE, {"单号": House.number, "局站": "源城局"}), page("解决方案", rest, number=2), subject=MAKER)
    assert (state(office), office.house.end()["end"]) == ("待核对", "recorded")
    assert office.house.case()["fields"]["处理结果"] == ROWS["处理结果"]


def test_letters_of_a_number_misread(office: Office) -> None:
    """MF-FZ34-2026-0001 is no number of ours: the case of that running number is proposed, a person says yes."""
    office.fax(page(TABLE, {"单号": House.number.replace("F234", "FZ34")} | ROWS), subject=MAKER)
    assert state(office) == "处理中" and House.number in text_of(office.asked())
    office.reply("确认")
    assert state(office) == "待核对"


def test_two_documents_in_one_fax(office: Office) -> None:
    """A short title with a number of its own is no heading."""
    pages = [page(title, {"单号": House.number, "原因": "主控板故障"}, number=n) for n, title in enumerate(("故障分析报告", "解决方案"), 1)]
    office.fax(*pages, subject=MAKER)
    assert filed(office, document="故障分析报告") and filed(office, document="解决方案")


def test_a_form_and_a_document_in_one_fax(office: Office) -> None:
    office.fax(page(TITLE, WHOLE), page(TABLE, {"单号": House.number} | ROWS, number=2), subject=MAKER)
    assert len(office.faults()) == 1 and state(office) == "待核对"


def test_ignored(office: Office) -> None:
    office.fax(page(TABLE, ROWS | {"单号": "MF-F234-2026-0077"}), subject=MAKER)
    office.reply("忽略")
    assert state(office) == "处理中" and [r["end"] for r in office.house.rows("inbox") if r["from"] == GATEWAY] == ["answered"]


def test_what_must_be_signed_is_taken_signed_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """S4-F1: the maker's own sheet; what is written at the signature is read where it can be, else a person looks. Our slip of that name goes its own way."""
    house = Level1(tmp_path, lambda: capsys.readouterr().out)
    office = Office(house, [])
    monkeypatch.setattr(papers, "read", lambda *args, **more: papers.Reading(pages=len(office.pages), prints=list(office.pages)))
    rows = {"单号": house.number, "局站": "赤坎局", "完成时间": "2026-11-02 09:05", "处理结果": "换板"}
    office.fax(page("厂家故障处理情况表", rows), subject=MAKER)
    assert house.end()["end"] == "sorting" and not filed(office, house.number, "厂家故障处理情况表")
    assert "客户签名" in text_of(office.asked())
    office.reply("确认")
    assert not filed(office, house.number, "厂家故障处理情况表"), "nobody signed"
    office.reply("客户签名:吴工")
    assert filed(office, house.number, "厂家故障处理情况表") and house.case()["fields"]["客户签名"] == "吴工"


def test_our_own_slip_of_that_name_goes_its_own_way(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    house = Level1(tmp_path, lambda: capsys.readouterr().out)
    office = Office(house, [])
    monkeypatch.setattr(papers, "read", lambda *args, **more: papers.Reading(pages=len(office.pages), prints=list(office.pages)))
    office.fax(page("厂家故障处理情况表", {"下列一级故障已处理完毕,请客户核对。确认无误": "", house.number: "", "局站": "赤坎局"}), subject=MAKER)
    assert "二维码看不清" in text_of(office.asked())
    office.reply("确认")
    assert filed(office, house.number, "厂家故障处理情况表")
