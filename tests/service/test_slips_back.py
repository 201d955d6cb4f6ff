"""A signed slip that comes back on paper finds its case by its code, is filed and moves the case; anything doubtful goes to a person."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from faxing import fax, jpeg, on_paper, printed, sign, stamp, tiff
from PIL import Image
from test_slips_out import KEY, LAYOUT, PAGE

from mailflow import slips
from mailflow.__main__ import main
from mailflow.blank_forms import as_docx, find
from mailflow.process.library import Library, shipped
from parsers.codes import ink, read_codes, signed
from parsers.pages import pages

pytestmark = pytest.mark.slow  # pages drawn, faxed and read

GATEWAY = "fax@gateway.example"
BLANK = printed(slips.as_pdf(PAGE, LAYOUT))
LIBRARY = Library([shipped()])
LIBRARY.refresh()
CODES = sorted(plan.code for plan in LIBRARY.slips.values())


@cache
def blank(code: str) -> Image.Image:
    """A slip that is shipped, filled in and printed; the code on it is PAGE's kind of code."""
    plan = next(plan for plan in LIBRARY.slips.values() if plan.code == code)
    rows = [[label, f"{label}:海滨局机房三楼 0755-1234567,主控板告警"] for label, _ in plan.rows]
    more = {"title": plan.name, "opening": plan.opening, "rows": rows, "empty": plan.empty, "sign": plan.sign, "code": slips.payload(KEY, str(PAGE["number"]), plan.code)}
    return printed(slips.as_pdf({**PAGE, **more}, LAYOUT))


def faxed_twice(page: Image.Image, seed: int, with_signature: bool = True) -> bytes:
    sheet = sign(page, seed) if with_signature else page
    once = fax(stamp(sheet) if seed % 2 and with_signature else sheet, seed)
    twice = fax(on_paper(once), seed + 1000)
    return tiff([twice.rotate(180) if seed % 3 == 0 else twice], compression="group3" if seed % 2 else "group4")


@pytest.mark.parametrize("slip", CODES)
def test_after_two_faxings_the_code_is_read_and_a_signature_told_from_an_empty_box(slip: str) -> None:
    """Whole pages of every slip at 204×98 with noise, skew, streaks, a stamp and upside down: of twelve, all but one; no empty box is taken for a signed one."""
    seeds, first = 6, 1 + 6 * CODES.index(slip)
    read = told = 0
    for seed in range(first, first + seeds):
        for with_signature in (True, False):
            page = next(pages(faxed_twice(blank(slip), seed, with_signature)))
            found = read_codes(page)
            read += bool(found)
            if found:
                assert found[0].text == slips.payload(KEY, str(PAGE["number"]), slip)
                says = signed(page, found[0], slips.SIGN_BOX, slips.SIDE)
                assert with_signature or not says, f"{slip} {seed}: an empty box was taken for signed: {ink(page, found[0], slips.SIGN_BOX, slips.SIDE)}"
                told += says is with_signature
    assert read >= 2 * seeds - 1
    assert told >= 2 * seeds - 1


@pytest.mark.parametrize("turn", [7, 90, 183])
def test_a_scan_or_photo_lies_as_it_lies(turn: int) -> None:
    sheet = sign(BLANK).rotate(turn, expand=True, fillcolor=200)
    page = next(pages(jpeg(sheet)))
    [found] = read_codes(page)
    assert found.text == PAGE["code"]
    assert signed(page, found, slips.SIGN_BOX, slips.SIDE) is True
    empty = next(pages(jpeg(BLANK.rotate(turn, expand=True, fillcolor=200))))
    assert signed(empty, read_codes(empty)[0], slips.SIGN_BOX, slips.SIDE) is False


# -- from outside: a department that sends a slip and gets it back

FIELDS = "地市:河源\n局站:源城局\n设备:OptiX 155\n级别:三级\n现象:设备有次要告警上报,业务未中断"


class House:
    """A department with a level three fault that the maker has accepted: the slip to sign has gone to the institute."""

    def __init__(self, folder: Path, out: Callable[[], str], more: str = "") -> None:
        self.folder, self.out, self.count = folder, out, 0
        shutil.copytree(Path(__file__).resolve().parent.parent / "journeys" / "fixtures", folder, dirs_exist_ok=True)
        self.config = folder / "mailflow.toml"
        self.config.write_text(self.config.read_text(encoding="utf-8") + f'\n[fax]\ngateways = ["{GATEWAY}"]\n{more}', encoding="utf-8")
        for part in ("tmp", "new", "cur"):
            (folder / "inbox" / part).mkdir(parents=True)
        with (folder / "masterdata" / "people.csv").open(encoding="utf-8-sig", newline="") as file:
            addresses = {row["姓名"]: row["邮箱"] for row in csv.DictReader(file)}
        self.addresses = addresses
        self.institute, self.maker = addresses["省研究院"], addresses["厂家受理"]
        self.begin()

    number = "MF-F234-2026-0001"

    def begin(self) -> None:
        self.mail(self.institute, "上报厂家的疑难故障情况表-河源-源城局", FIELDS)
        self.mail(self.maker, f"Re: [{self.number}]", "受理 2026-11-02 08:50")
        self.take("疑难故障受理确认单")

    def take(self, name: str) -> None:
        """The slip that came with a letter, and the same on paper."""
        [self.slip, *_] = [a.get_content() for m in self.letters() for a in m.iter_attachments() if str(a.get_filename()).startswith(name)]
        self.sheet = printed(self.slip)

    def mail(self, sender: str, subject: str = "传真", text: str = "", files: tuple[tuple[str, bytes], ...] = (), **headers: str) -> None:
        self.put(sender, subject, text, files, **headers)
        assert main(["--config", str(self.config), "once", "--now", f"2026-11-02T09:{self.count:02}:00+08:00"]) == 0
        self.out()

    def put(self, sender: str, subject: str = "传真", text: str = "", files: tuple[tuple[str, bytes], ...] = (), **headers: str) -> None:
        message = EmailMessage(policy=policy.SMTP)
        self.count += 1
        message["From"], message["To"], message["Subject"], message["Message-ID"] = sender, "mailflow@corp.example", subject, f"<{self.count}@slips.example>"
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        for name, data in files:
            message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
        (self.folder / "inbox" / "new" / f"{1764000000 + self.count}.M1P1.test").write_bytes(message.as_bytes())

    def fax(self, *sheets: Image.Image) -> None:
        self.mail(GATEWAY, "Fax from 0762-1234567", "3 pages", (("fax.tif", tiff([fax(s, 7) for s in sheets])),), Auto_Submitted="auto-generated")

    def rows(self, *command: str) -> list[dict[str, Any]]:
        self.out()
        assert main(["--config", str(self.config), *command, "--json"]) == 0
        return [json.loads(line) for line in self.out().splitlines()]

    def letters(self) -> list[Any]:
        return [BytesParser(policy=policy.default).parsebytes(f.read_bytes()) for f in sorted((self.folder / "outbox" / "new").iterdir())]

    def case(self) -> dict[str, Any]:
        [row] = self.rows("case", self.number)
        return row

    def end(self) -> dict[str, Any]:
        return self.rows("inbox")[-1] if self.rows("inbox")[0]["id"] == 1 else self.rows("inbox")[0]

    def filed(self) -> bool:
        return any("确认单" in d["name"] and d["received_at"] for d in self.case()["documents"])

    def agreed(self) -> bool:
        return any(h["action"] == "确认" and h["who"] == "省研究院" for h in self.case()["history"])


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> House:
    return House(tmp_path, lambda: capsys.readouterr().out)


def test_a_signed_slip_by_fax_is_filed_and_moves_the_case(house: House) -> None:
    """By a gateway that says it is a robot, with a cover page before it, upside down."""
    assert not house.agreed()
    house.fax(Image.new("L", house.sheet.size, 255), sign(house.sheet).rotate(180))
    assert (house.end()["end"], house.end()["case"]) == ("recorded", house.number)
    assert house.agreed() and house.filed()
    house.fax(sign(house.sheet))
    assert house.end()["end"] == "recorded"
    assert len([h for h in house.case()["history"] if h["action"] == "确认"]) == 1, "the same paper again changes nothing"


def test_a_photo_by_mail_does_the_same_and_whoever_sent_it_is_told(house: House) -> None:
    house.mail(house.institute, "确认单已签", "见附件", (("IMG_0001.jpg", jpeg(sign(house.sheet).rotate(3, fillcolor=190))),))
    assert house.agreed() and house.filed()
    assert any("已归档" in m.get_body(("plain",)).get_content() for m in house.letters() if house.institute in m["To"])


def test_an_empty_box_is_asked_for_again(house: House) -> None:
    house.fax(house.sheet)
    assert not house.agreed() and not house.filed()
    assert "没有签字" in house.end()["reason"]
    assert any("没有签字" in m.get_body(("plain",)).get_content() for m in house.letters() if house.institute in m["To"])


def test_the_letter_passed_on_with_its_slip_is_no_answer(house: House) -> None:
    """The PDF that we sent is no paper: nobody is asked to sign it, and nothing is done."""
    house.mail(house.institute, f"Re: [{house.number}] 确认单", "请问这里的时间怎么填", (("确认单.pdf", house.slip),))
    assert not house.agreed() and not house.filed()
    assert house.end()["end"] == "recorded" and "签字" not in house.end()["reason"]


def test_the_words_of_the_mail_go_before_the_paper(house: House) -> None:
    house.mail(house.institute, f"Re: [{house.number}] 确认单", "有异议 2026-11-02 09:30", (("scan.jpg", jpeg(sign(house.sheet))),))
    assert not house.agreed()
    assert any(h["action"] == "有异议" for h in house.case()["history"])


def test_a_paper_that_says_something_else_than_the_case_now_goes_to_a_person(house: House) -> None:
    house.mail(house.institute, f"Re: [{house.number}] 确认单", "有异议 2026-11-02 09:30")
    house.mail(house.maker, f"Re: [{house.number}]", "有异议 2026-11-02 08:55")
    house.fax(sign(house.sheet))
    assert house.end()["end"] == "sorting" and "不符" in house.end()["reason"]
    assert not house.agreed()


def test_a_code_that_we_did_not_print_does_nothing(house: House) -> None:
    forged = slips.as_pdf({**PAGE, "number": house.number, "code": slips.payload(b"guess", house.number, "SL", ["2026-11-02 08:50"])}, LAYOUT)
    house.mail("stranger@evil.example", "签好的单子", "", (("a.jpg", jpeg(sign(printed(forged)))),))
    assert house.end()["end"] == "sorting" and not house.agreed() and not house.filed()


def test_a_fax_without_a_code_goes_to_a_person_whatever_the_gateway_says_of_itself(house: House) -> None:
    house.fax(Image.new("L", house.sheet.size, 255))
    assert house.end()["end"] == "sorting" and "传真" in house.end()["reason"]


def test_a_slip_goes_to_the_fax_machine_too_where_letters_can(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """[fax] reply: to the number in people.csv, with the page to sign; what is not to be signed goes by mail alone."""
    house = House(tmp_path, lambda: capsys.readouterr().out, 'reply = "{number}@fax.example"\n')
    by_fax = [m for m in house.letters() if "@fax.example" in m["To"]]
    assert len(by_fax) == 1
    assert "02077770022@fax.example" in by_fax[0]["To"]
    assert [a.get_content() for a in by_fax[0].iter_attachments()] == [house.slip]


def test_who_sorts_sees_the_fax_and_opens_the_case_by_one_reply(house: House) -> None:
    """`按 标题`, whose fax it is, and what stands on it; the case is the institute's and came by fax."""
    house.fax(house.sheet.point([255] * 256))
    [letter] = [m for m in house.letters() if "请分拣" in m["Subject"]]
    assert [a.get_filename() for a in letter.iter_attachments()] == ["fax.tif"]
    desk = letter["To"].addresses[0].addr_spec
    title = "按 上报厂家的疑难故障情况表-韶关-曲江局\n"
    house.mail(desk, f"Re: {letter['Subject']}", title + "来信人:没有这个人\n级别:三级\n现象:误码", In_Reply_To=letter["Message-ID"])
    assert "没有这个人" in house.end()["reason"] and len(house.rows("cases")) == len({r["number"] for r in house.rows("cases") if "韶关" not in str(r["fields"])})
    house.mail(desk, f"Re: {letter['Subject']}", title + "来信人:省研究院\n级别:三级\n现象:误码越限", In_Reply_To=letter["Message-ID"])
    [opened] = [r for r in house.rows("cases") if r["fields"].get("局站") == "曲江局" and r["process"] == "carrier-fault-l234"]
    assert (opened["opened_by"], opened["fields"]["现象"], opened["fields"]["方式"]) == ("省研究院", "误码越限", "传真")


# -- what each other slip does when it comes back signed


class Level1(House):
    number = "MF-F1-2026-0001"

    def begin(self) -> None:
        self.mail(self.institute, "一级故障报告-湛江-赤坎局", "设备型号:OptiX 2500+\n发生时间:2026-11-02 08:30\n故障类别:设备\n级别:一级\n影响:业务中断\n需要现场:是\n联系人:吴工")
        for who, words in ((self.maker, "受理"), (self.institute, "确认"), (self.maker, "到达"), (self.maker, "恢复"), (self.institute, "确认")):
            self.mail(who, f"Re: [{self.number}]", words)


class Loan(House):
    number = "MF-SPARE-2026-0001"

    def begin(self) -> None:
        self.mail(self.institute, "备件借用申请-湛江-SL64", "数量:1\n借用原因:重大割接\n商定时间:2026-11-05 10:00\n电信无备件:是\n收货地址:湛江赤坎局")
        for who, words in ((self.maker, "受理"), (self.maker, "发货")):
            self.mail(who, f"Re: [{self.number}]", words)


class Delivery(House):
    number = "MF-LOTD-2026-0001"

    def begin(self) -> None:
        manager = self.addresses["许项目"]
        self.mail(manager, "资料交付-福彩中心系统", "清单:设计文档")
        self.mail(manager, f"Re: [{self.number}]", "完成 设计文档", (("设计文档.docx", b"PK"),))


class Access(House):
    number = "MF-ACCESS-2026-0001"

    def begin(self) -> None:
        self.mail(self.institute, "现场服务申请-赤坎局-2026-11-02", "时间窗口:09:00-12:00\n人员:刘工\n目的:更换单板\n监督人:何工")
        self.mail(self.maker, f"Re: [{self.number}]", "进入")


@pytest.mark.parametrize(
    ("kind", "slip", "does", "document"),
    [
        (Level1, "厂家故障处理情况表", "签回情况表", "厂家故障处理情况表"), (Level1, "现场技术服务报告", "签回现场报告", "现场技术服务报告"),
        (Loan, "备件签收单", "收到", "备件签收单"), (Delivery, "资料签收单", "签收", "资料签收单"), (Access, "机房离场检查单", "离场", "机房离场检查单"),
    ],
)  # fmt: skip
def test_every_slip_comes_back_and_does_what_it_stands_for(kind: type[House], slip: str, does: str, document: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    house = kind(tmp_path, lambda: capsys.readouterr().out)
    house.take(slip)
    received = lambda: {d["name"] for d in house.case()["documents"] if d["received_at"]}  # noqa: E731
    house.fax(house.sheet)
    assert "没有签字" in house.end()["reason"] and document not in received(), "an empty box does nothing"
    house.fax(sign(house.sheet))
    assert (house.end()["end"], house.end()["case"]) == ("recorded", house.number), house.end()
    assert any(h["action"] == does for h in house.case()["history"]), house.case()["history"]
    assert document in received()


def test_a_table_that_must_be_signed_and_is_not_is_asked_for_again_and_its_clock_runs_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """S4-F1: as a document without the customer's name, as a scan without a word of it, and on our paper with an empty box; then signed, the clock stops."""
    house = Level1(tmp_path, lambda: capsys.readouterr().out)
    house.take("厂家故障处理情况表")

    def clock() -> str:
        return str(next(d["status"] for d in house.case()["deadlines"] if d["name"] == "厂家故障处理情况表"))

    library = Library([shipped()])
    library.refresh()
    blank = find(library, "厂家故障处理情况表")
    assert blank is not None
    paper = house.sheet.crop((0, 0, house.sheet.width, house.sheet.height // 2))  # typed out by hand: no code of ours
    paper.save(scan := io.BytesIO(), "PDF")
    for file in (("厂家故障处理情况表.docx", as_docx(blank.fields, blank.name)), ("厂家故障处理情况表.pdf", scan.getvalue()), ("厂家故障处理情况表.jpg", jpeg(paper))):
        house.mail(house.maker, f"Re: [{house.number}]", "完成 厂家故障处理情况表", (file,))
        assert clock() == "running", file[0]
        told = [m for m in house.letters() if house.maker in m["To"]][-1].get_body(("plain",)).get_content()
        assert "客户签名" in told and "重交" in told, told
    house.fax(house.sheet)
    assert clock() == "running"
    house.mail(house.maker, "签好的情况表", "见照片", (("IMG_1.jpg", jpeg(sign(house.sheet))),))
    assert clock() == "met"
    assert house.case()["fields"]["客户签名"]
    assert any("情况表" in m.get_body(("plain",)).get_content() and m.is_multipart() for m in house.letters() if house.institute in m["To"])
