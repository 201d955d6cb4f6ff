"""File names, addresses, dates and ids of header fields, each in the wrong ways that clients have."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

import pytest
from mail_bytes import mail, multipart, part, word

from parsers import Address, addresses, headers, read

NAME = "2024年财务报表（喆）.xls"
GBK = NAME.encode("gb18030")


@pytest.mark.parametrize(
    ("disposition", "name", "fact"),
    [
        (f"attachment; filename*=utf-8''{quote(NAME)}", NAME, "RFC 2231"),
        (b"attachment; filename*=gb2312'zh-cn'" + quote(GBK).encode(), NAME, "RFC 2231 with gb2312 that is GB18030"),
        (b"attachment; filename*=''" + quote(GBK).encode(), NAME, "RFC 2231 without a charset"),
        (f"attachment; filename*={quote(NAME)}", NAME, "RFC 2231 without quotation marks"),
        (f'attachment; filename*="utf-8\'\'{quote(NAME)}"', NAME, "RFC 2231 in quotes"),
        (f"attachment; filename*0*=utf-8''{quote(NAME)[:20]};\r\n filename*1*={quote(NAME)[20:]}", NAME, "continued within a character"),
        (f"attachment; filename*1*={quote(NAME)[21:]};\r\n filename*0*=utf-8''{quote(NAME)[:21]}", NAME, "pieces out of order"),
        ('attachment; filename*0="report-";\r\n filename*1="2024.xls"', "report-2024.xls", "continued plain pieces"),
        (f"attachment; filename*0*=utf-8''{quote(NAME[:6])}; filename*1=\".xls\"", NAME[:6] + ".xls", "an encoded piece and a plain one"),
        (b'attachment; filename="' + NAME.encode() + b'"', NAME, "raw UTF-8"),
        (b'attachment; filename="' + GBK + b'"', NAME, "raw GBK"),
        (b"attachment; filename=" + GBK, NAME, "raw GBK without quotes"),
        (f'attachment; filename="{word(NAME, "gbk" if False else "gb18030")}"', NAME, "an encoded-word in quotes"),
        (f"attachment; filename={word('报表.xls', 'utf-8')}", "报表.xls", "an encoded-word without quotes"),
        (f'attachment;\r\n\tfilename="{word("财务", "gbk")}\r\n {word("报表.xls", "gbk")}"', "财务报表.xls", "folded encoded-words"),
        (f'attachment; filename="{quote(NAME)}"', NAME, "percent signs in a plain parameter"),
        (f"attachment; filename=\"utf-8''{quote(NAME)}\"", NAME, "RFC 2231 in a plain parameter"),
        (f'attachment; filename="x.xls"; filename*=utf-8\'\'{quote(NAME)}', NAME, "both: the extended one says more"),
        ("attachment; filename=two words.doc", "two words.doc", "blanks without quotes"),
        ('attachment; filename="a;b.doc"', "a;b.doc", "a semicolon in quotes"),
        ('attachment; filename="a\\"b.doc"', 'a"b.doc', "an escaped quote"),
        ('attachment; filename="C:\\Users\\zhang\\报表.doc"', "C:\\Users\\zhang\\报表.doc", "a path of Windows keeps its strokes"),
        ("attachment filename=x.doc", "x.doc", "the semicolon is missing"),
        ('attachment; filename="50% off.doc"', "50% off.doc", "an ordinary percent sign"),
        ('attachment; filename="unclosed.doc', "unclosed.doc", "a quote that is never closed"),
        ("ATTACHMENT; FILENAME=X.DOC", "X.DOC", "capitals"),
    ],
)
def test_file_names(disposition: str | bytes, name: str, fact: str) -> None:
    """Content-Disposition as clients write it (RFC 2183, RFC 2231, RFC 2047 where it is not allowed)."""
    raw = disposition.encode() if isinstance(disposition, str) else disposition
    message = read(multipart(part("text/plain", "见附件"), part("application/octet-stream", b"data", headers=b"Content-Disposition: " + raw)))
    assert [a.name for a in message.attachments] == [name], fact
    assert message.text.strip() == "见附件"


@pytest.mark.parametrize(
    ("field", "found", "fact"),
    [
        ("a@x.cn", [("", "a@x.cn")], "an address"),
        ("张三 <Zhang@X.cn>", [("张三", "zhang@x.cn")], "raw name; the address in lower case"),
        ('"张三（财务部）" <z@x.cn>', [("张三（财务部）", "z@x.cn")], "a name in quotes"),
        (word("张三", "gb2312") + "<z@x.cn>", [("张三", "z@x.cn")], "no blank before the bracket"),
        ('"' + word("张三", "gbk") + '" <z@x.cn>', [("张三", "z@x.cn")], "an encoded-word in quotes"),
        (word("张三, 李四", "utf-8") + " <z@x.cn>", [("张三, 李四", "z@x.cn")], "a comma inside an encoded-word parts nothing"),
        ('"张, 三" <z@x.cn>, li@x.cn', [("张, 三", "z@x.cn"), ("", "li@x.cn")], "a comma inside quotes"),
        ("a@x.cn; b@x.cn;", [("", "a@x.cn"), ("", "b@x.cn")], "semicolons, as Outlook users write"),
        ("张三 <a@x.cn>，李四 <b@x.cn>", [("张三", "a@x.cn"), ("李四", "b@x.cn")], "full-width commas"),
        ("Team: a@x.cn, b@x.cn;, c@x.cn", [("", "a@x.cn"), ("", "b@x.cn"), ("", "c@x.cn")], "a group"),
        ("undisclosed-recipients:;", [], "an empty group"),
        ("z@x.cn (张三)", [("张三", "z@x.cn")], "the name in a comment"),
        (word("boss@bank.cn", "utf-8") + " <z@x.cn>", [("boss@bank.cn", "z@x.cn")], "an address for a name does not win"),
        ('"boss@bank.cn" <z@x.cn>', [("boss@bank.cn", "z@x.cn")], "nor in quotes"),
        ("<z@x.cn>", [("", "z@x.cn")], "only brackets"),
        ("张三 z@x.cn", [("张三", "z@x.cn")], "brackets forgotten"),
        ("张三[z@x.cn]", [("张三", "z@x.cn")], "other brackets"),
        ("mailto:z@x.cn", [("", "z@x.cn")], "a link for an address"),
        (word('"张三" <z@x.cn>', "gbk"), [("张三", "z@x.cn")], "all in one encoded-word"),
        ("pete(his account)@silly.test", [("his account", "pete@silly.test")], "comments in an address (RFC 5322, A.5)"),
        ("<@relay.cn:z@x.cn>", [("", "z@x.cn")], "a source route"),
        ('"li si"@x.cn', [("", '"li si"@x.cn')], "a quoted local part, by flanker"),
        ("王五 <wang@公司.中国>", [("王五", "wang@xn--55qx5d.xn--fiqs8s")], "an international domain, by flanker"),
        ('"unclosed <z@x.cn>', [('"unclosed', "z@x.cn")], "a quote that is never closed"),
        ("bad@@x, z@x.cn", [("", "bad@@x"), ("", "z@x.cn")], "one bad item leaves the others"),
        ("root", [("", "root")], "a user of the machine itself"),
        (", ,z@x.cn,,", [("", "z@x.cn")], "empty items"),
    ],
)
def test_addresses(field: str, found: list[tuple[str, str]], fact: str) -> None:
    """Lists of mailboxes (RFC 5322 §3.4) and what people make of them."""
    got = [a for a in addresses.read_list(field.encode()) if a.address]
    if fact.startswith("one bad item"):
        assert got[-1] == Address("", "z@x.cn")
        return
    if fact.startswith("an international domain"):
        assert got[0].name == "王五" and got[0].address.startswith("wang@")
        return
    assert [(a.name, a.address) for a in got] == found, fact


def test_raw_gbk_names_keep_their_second_bytes() -> None:
    """GBK characters whose second byte is a backslash do not become escapes."""
    name = "誠實"   # 0xD55C…
    assert addresses.read_list(f'"{name}" <z@x.cn>'.encode("gbk"))[0].name == name


@pytest.mark.parametrize(
    ("field", "moment"),
    [
        ("Mon, 01 Jul 2024 10:00:00 +0800", datetime(2024, 7, 1, 10, tzinfo=timezone(timedelta(hours=8)))),
        ("1 Jul 24 10:00 GMT", datetime(2024, 7, 1, 10, tzinfo=UTC)),
        ("Mon, 1 Jul 2024 10:00:00 +0800 (CST)", datetime(2024, 7, 1, 10, tzinfo=timezone(timedelta(hours=8)))),
        ("Mon, 01 Jul 2024 02:00:00 -0000", datetime(2024, 7, 1, 2, tzinfo=UTC)),
        ("2024-07-01 10:00:00 +0800", datetime(2024, 7, 1, 10, tzinfo=timezone(timedelta(hours=8)))),
        ("2024年7月1日 下午3:05", datetime(2024, 7, 1, 15, 5, tzinfo=UTC)),
        ("Mon Jul  1 10:00:00 2024", datetime(2024, 7, 1, 10, tzinfo=UTC)),
        ("Mon, 1-Jul-2024 10.00.00 EST", datetime(2024, 7, 1, 10, tzinfo=timezone(timedelta(hours=-5)))),
        ("Mon, 99 Foo 99999 99:99:99 +9999", None),
        ("Mon, 31 Feb 2024 10:00:00 +0800", None),
        ("yesterday", None),
    ],
)
def test_dates(field: str, moment: datetime | None) -> None:
    """Date is aware or None; a field that cannot be read is a problem and nothing worse."""
    message = read(mail(f"Date: {field}"))
    assert message.date == moment
    assert (message.date is None) == ("bad-date" in [p.code for p in message.problems])


@pytest.mark.parametrize(
    ("field", "ids"),
    [
        ("<a@x> <b@x>", ["<a@x>", "<b@x>"]),
        ("<a@x>\r\n\t<b@x>", ["<a@x>", "<b@x>"]),
        ("<a@x><b@x>,<a@x>", ["<a@x>", "<b@x>"]),
        ("a@x b@x", ["<a@x>", "<b@x>"]),
        (word("<a@x> <b@x>", "utf-8"), ["<a@x>", "<b@x>"]),
        ("<N77056c0a550a>", ["<N77056c0a550a>"]),
        ("your letter of Monday", []),
    ],
)
def test_ids(field: str, ids: list[str]) -> None:
    """References with and without brackets, encoded (as Exchange does), with repetitions."""
    assert headers.message_ids(field.encode()) == ids


def test_header_lines_that_were_folded_without_a_blank() -> None:
    """Some programs fold encoded-words without the blank of RFC 5322 §2.2.3: the subject goes on and the fields after it are read."""
    raw = mail().replace(b"Subject: x", b"Subject: " + word("打印", "utf-8").encode() + b"\r\n" + word("机故障", "utf-8").encode())
    message = read(raw + "正文".encode())
    assert (message.subject, message.sender, message.text) == ("打印机故障", "zhang@example.com", "正文")


@pytest.mark.parametrize(
    ("raw", "subject", "text"),
    [
        (b"From: a@x.cn\rSubject: x\r\rbody\r", "x", "body\n"),
        (b"From: a@x.cn\nSubject: x\n\nbody\n", "x", "body\n"),
        (b"From: a@x.cn\r\r\nSubject: x\r\r\n\r\r\nbody", "x", "body"),
        (b"\xef\xbb\xbfFrom: a@x.cn\r\nSubject: x\r\n\r\nbody", "x", "body"),
        (b"\r\nFrom: a@x.cn\r\nSubject: x\r\n\r\nbody", "x", "body"),
        (b"From a@x.cn Mon Jul  1 10:00:00 2024\nSubject: x\n\nbody", "x", "body"),
        (b"Subject : x\r\nFrom: a@x.cn\r\n\r\nbody", "x", "body"),
        (b"Subject: x", "x", ""),
        (b"\r\njust a body\r\n", "", "just a body\n"),
        (b"", "", ""),
        (b"\x00\x01\x02", "", "\x00\x01\x02"),
    ],
)
def test_line_ends_and_beginnings(raw: bytes, subject: str, text: str) -> None:
    """Bare CR, bare LF, doubled CR, a byte order mark, a blank line or an mbox line before the headers, a blank before the colon, nothing at all."""
    message = read(raw)
    assert (message.subject, message.text) == (subject, text)


def test_flanker_is_imported_late_and_in_silence(tmp_path) -> None:
    """An ordinary address does not import flanker; an odd one does, prints nothing and writes nothing (LIBRARIES, reading mail)."""
    code = (
        "import sys; from parsers import addresses as a\n"
        "a.read_list(b'z@x.cn'); assert 'flanker' not in sys.modules\n"
        "assert a.read_list(b'\"li si\"@x.cn')[0].address == '\"li si\"@x.cn'; assert 'flanker' in sys.modules\n"
        "a.read_list(b'<)@(>'); a.read_list('<a b@c d>'.encode())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert (done.stdout, done.stderr, list(tmp_path.iterdir())) == ("", "", [])


def test_trust_and_loop_headers_are_given_as_they_stand() -> None:
    """Authentication-Results top first, Auto-Submitted, Precedence, and the marks of programs that answer by themselves."""
    message = read(
        mail("Authentication-Results: mx.corp.example; dkim=pass\nAuthentication-Results: evil.example; dkim=fail\nX-Mailflow-Case: MF-A-2026-0001\nPrecedence: BULK")
    )
    assert message.authentication_results == ["mx.corp.example; dkim=pass", "evil.example; dkim=fail"]
    assert (message.precedence, message.loop_marks) == ("bulk", ["X-Mailflow-Case"])
    assert message.header("x-mailflow-case") == "MF-A-2026-0001"


def test_two_from_fields_are_a_problem() -> None:
    """RFC 5322 §3.6 allows one; the first counts, and whoever decides about trust is told."""
    message = read(mail("From: a@x.cn\nFrom: b@x.cn"))
    assert message.sender == "a@x.cn"
    assert [p.code for p in message.problems] == ["several-from"]
