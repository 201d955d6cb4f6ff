"""Office files that are locked, damaged, bombs or under a wrong name: their sender is told by mail what to do, they are kept, the service is unmoved."""

from __future__ import annotations

import io
import json
import struct
import sys
import time
import zipfile
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import xlsxwriter
from department import REPORT, SERVICE, Department, make

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "parsers"))
from old_office import compound, word97

pytestmark = pytest.mark.slow  # a service started for each file

SUBJECT = "客户沟通-滨江医院信息化项目-周强"
ROWS = [line.split(":", 1) for line in REPORT.strip().split("\n")]
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


@pytest.fixture
def department(tmp_path: Path) -> Department:
    return make(tmp_path)


def zipped(**members: bytes | str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return out.getvalue()


def docx(extra: dict[str, bytes] | None = None, prolog: str = "", text: str = "", rows: list[list[str]] = ROWS) -> bytes:
    cell = "<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
    table = "".join("<w:tr>" + "".join(cell.format(c) for c in row) + "</w:tr>" for row in rows)
    body = f'<?xml version="1.0"?>{prolog}<w:document {W}><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p><w:tbl>{table}</w:tbl></w:body></w:document>'
    return zipped(**{"[Content_Types].xml": "<Types/>", "word/document.xml": body, **(extra or {})})


def workbook(rows: list[list[str]], more: int = 0) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": more > 0})
    sheet = book.add_worksheet()
    for y, cells in enumerate([*rows, *([["x", "y"]] * more)]):
        for x, value in enumerate(cells):
            sheet.write_string(y, x, value)
    book.close()
    return out.getvalue()


def far_apart() -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    sheet.write_string(0, 0, "沟通结果")
    sheet.write_string(1_048_575, 16_383, "成功")
    book.close()
    return out.getvalue()


def the_same_again() -> bytes:
    """A long text that stands in the file once and in the sheet very often."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    for y in range(3000):
        for x in range(50):
            sheet.write_string(y, x, "长" * 30_000)
    book.close()
    return out.getvalue()


def laughs() -> bytes:
    entities = '<!ENTITY a0 "哈哈哈哈哈哈哈哈哈哈">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return docx(prolog=f"<!DOCTYPE x [{entities}]>", text="&a9;")


def nested(depth: int) -> bytes:
    data = zipped(zero=bytes(30 * 2**20))
    for _ in range(depth):
        data = zipped(**{f"{n}.zip": data for n in range(16)})
    return zipped(**{"word/document.xml": data})


def locked_xls() -> bytes:
    record = lambda kind, body: struct.pack("<HH", kind, len(body)) + body  # noqa: E731
    return compound({"Workbook": record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 1997, 0, 6)) + record(0x2F, struct.pack("<HHH16s16s16s", 1, 1, 1, b"s" * 16, b"v" * 16, b"h" * 16)) + record(0x0A, b"")})


REFUSED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "locked docx": ("表.docx", lambda: compound({"EncryptionInfo": b"\x04\x00\x04\x00", "EncryptedPackage": bytes(5000)}), "加了密码"),
    "locked xlsx": ("表.xlsx", lambda: compound({"EncryptionInfo": b"\x04\x00\x04\x00", "EncryptedPackage": bytes(5000)}), "加了密码"),
    "locked doc": ("表.doc", lambda: word97("客户沟通汇报", ROWS, encrypted=True), "加了密码"),
    "locked xls": ("表.xls", locked_xls, "加了密码"),
    "bomb": ("表.docx", lambda: docx(rows=[["a" * 100, "b"]] * 10, text=" " * (60 * 2**20)), "太大"),
    "bomb beside": ("表.docx", lambda: docx({"word/media/x.bin": bytes(300 * 2**20)}), "太大"),
    "bombs in bombs": ("表.docx", lambda: nested(2), "表.docx"),
    "billion laughs": ("表.docx", laughs, "太大"),
    "two cells at the ends of the sheet": ("表.xlsx", far_apart, "太大"),
    "a long text in every cell": ("表.xlsx", the_same_again, "太大"),
    "millions of paragraphs": ("表.docx", lambda: docx(rows=[], text="</w:t></w:r></w:p>" + "".join("<w:p/>" * 1000 + f"<!--{n * 7919 % 10007}-->" for n in range(2500)) + "<w:p><w:r><w:t>"), "太大"),
    "deep": ("表.docx", lambda: docx(prolog="", text="</w:t>" + "<w:x>" * 50_000 + "</w:x>" * 50_000 + "<w:t>"), "太大"),
    "cut off": ("表.docx", lambda: docx()[:300], "损坏"),
    "a program": ("表.docx", lambda: b"MZ" + bytes(range(256)) * 20, "损坏"),
    "nothing": ("表.xlsx", lambda: bytes(100), "空文件"),
    "a PDF": ("表.xlsx", lambda: b"%PDF-1.4 ...", "请另存为 .docx"),
    "packed": ("表.zip", lambda: zipped(**{"a.docx": docx()}), "解压"),
}
READ: dict[str, tuple[str, Callable[[], bytes]]] = {
    "macros are never run": ("表.docm", lambda: docx({"word/vbaProject.bin": compound({"VBA": b"Auto_Open"})})),
    "a workbook with macros": ("表.xlsm", lambda: workbook(ROWS)),
    "a document as a workbook": ("表.xls", docx),
    "a workbook as a document": ("表.doc", lambda: workbook(ROWS)),
    "a document as nothing": ("表", docx),
    "a document as a picture of old": ("表.dat", docx),
    "a hundred thousand rows": ("表.xlsx", lambda: workbook(ROWS, 100_000)),
    "HTML as a document": ("表.doc", lambda: ("<html><table>" + "".join(f"<tr><td>{a}</td><td>{b}</td></tr>" for a, b in ROWS) + "</table></html>").encode("gbk")),
    "lines with tabs as a workbook": ("表.xls", lambda: "\n".join("\t".join(row) for row in ROWS).encode("gbk")),
    "lines": ("表.txt", lambda: REPORT.encode("gbk")),
    "paragraphs": ("表.docx", lambda: docx(rows=[], text="</w:t></w:r></w:p>" + "".join(f"<w:p><w:r><w:t>{a}：{b}</w:t></w:r></w:p>" for a, b in ROWS) + "<w:p><w:r><w:t>")),
}


def sent(department: Department, file: str, data: bytes, subject: str = SUBJECT, number: int = 1, text: str = "见附件", **headers: str) -> str:
    """Sends the mail and a good one behind it; what its sender was told."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"], message["Message-ID"] = "zhouqiang@demo.example", SERVICE, subject, f"<{number}@hostile.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    message.add_attachment(data, maintype="application", subtype="octet-stream", filename=file)
    known = len(department.letters())
    department.put(message.as_bytes(), f"17640000{number:02d}.M1P1.test")
    began = time.monotonic()
    done = department.run("once")
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - began < 15
    letters = [m for m in department.letters()[known:] if "zhouqiang" in m["To"]]
    return "\n".join(m.get_body(("plain",)).get_content() for m in letters)  # type: ignore[union-attr]


def rows(department: Department, *command: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in department.run(*command, "--json").stdout.splitlines()]



@pytest.mark.parametrize("kind", REFUSED)
def test_a_form_that_cannot_be_opened_is_told_its_sender(department: Department, kind: str) -> None:
    file, made, says = REFUSED[kind]
    data = made()
    told = sent(department, file, data)
    assert file in told and says in told and "沟通结果" in told, "and that the form's fields are missing"
    [mail] = rows(department, "inbox")
    assert mail["end"] == "recorded" and str(mail["reason"]).startswith("退件")
    assert sum(f.stat().st_size for f in (department.folder / "archive").glob("*.seg")) >= len(data), "kept whole"


@pytest.mark.parametrize("kind", ["locked docx", "bomb", "cut off"])
def test_so_it_is_in_a_case_s_thread_and_under_a_subject_that_means_nothing(department: Department, kind: str) -> None:
    """With a command, as words between people, and where a person must sort the mail."""
    file, made, says = REFUSED[kind]
    sent(department, "表.docx", docx())
    [case] = rows(department, "cases")
    told = sent(department, file, made(), f"Re: [{case['number']}] 汇报", 2, "补充一份材料,请存档")
    assert file in told and says in told and str(case["number"]) in told
    told = sent(department, file, made(), "请看一下这个", 3)
    assert file in told and says in told
    assert sorted(str(m["end"]) for m in rows(department, "inbox")) == ["recorded", "recorded", "sorting"]


@pytest.mark.parametrize("kind", READ)
def test_what_can_be_read_is_read_whatever_its_name(department: Department, kind: str) -> None:
    file, made = READ[kind]
    told = sent(department, file, made())
    [case] = rows(department, "cases")
    assert case["fields"].get("沟通结果") == "成功", told  # type: ignore[union-attr]
    assert "没有填写" not in told


def test_of_a_hundred_documents_the_first_are_read_and_the_sender_is_told(department: Department) -> None:
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"], message["Message-ID"] = "zhouqiang@demo.example", SERVICE, SUBJECT, "<many@hostile.example>"
    message.set_content("见附件")
    for number in range(100):
        message.add_attachment(docx(rows=[["备注", str(number)]] if number else ROWS), maintype="application", subtype="octet-stream", filename=f"{number}.docx")
    department.put(message.as_bytes())
    assert department.run("once").returncode == 0
    [case] = rows(department, "cases")
    assert case["fields"]["沟通结果"] == "成功"  # type: ignore[index]
    assert any("只读了前 12 个" in m.get_body(("plain",)).get_content() for m in department.letters())  # type: ignore[union-attr]


def test_a_report_that_is_handed_in_does_not_speak_for_its_sender(department: Department) -> None:
    """Lines of a document attached to an answer are its own; only a form that is waited for is read so."""
    sent(department, "表.docx", docx())
    [before] = rows(department, "cases")
    sent(department, "纪要.txt", "沟通结果:问题遗留\n遗留的问题描述:交换机没有到货,客户不满意".encode(), f"Re: [{before['number']}] 汇报", 2, "纪要存档")
    [after] = rows(department, "cases")
    assert after["fields"] == before["fields"]
