"""Never an exception out of the readers, never more than two seconds, whatever the bytes are."""

from __future__ import annotations

import base64
import json
import os
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mail_bytes import mail, multipart, part

from parsers import Attachment, read
from parsers.diagnosis import diagnose
from parsers.documents import read_rows
from parsers.fields import fields_from_rows, read_fields
from parsers.html import read as read_html
from parsers.replies import split
from parsers.report import row
from parsers.subjects import Pattern, clean, near

SWALLOWED = {"unreadable", "bad-headers", "bad-body", "bad-quotes", "bad-kind"}
FUZZ = settings(max_examples=int(os.environ.get("MAILFLOW_FUZZ", "40")),   # a longer run: MAILFLOW_FUZZ=20000
                 deadline=2000, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

CHARSETS = ["utf-8", "gb2312", "gbk", "big5", "hz-gb-2312", "iso-2022-cn", "iso-2022-jp", "utf-7", "utf-16", "us-ascii", "x-unknown", "", "iso-8859-1", "idna", "rot13", "zlib", "punycode", "unicode_escape", "\x00"]
TOKENS = [
    b"=?", b"?=", b"?B?", b"?q?", b"utf-8", b"gbk", b"\r\n", b"\n", b"\r", b" ", b"\t", b'"', b"\\", b"<", b">", b"@", b",", b";", b":", b"(", b")", b"=", b"%E5", b"*0*", b"''", b"filename", b"name", b"boundary=A",
    b"--A", b"--A--", b"Content-Type: ", b"Content-Disposition: ", b"multipart/mixed", b"message/rfc822", b"text/html", b"base64", b"From: ", b"To: ", b"Subject: ", b"Date: ", b"\xe5\xbc\xa0", b"\xd5\xc5", b"\xff", b"\x00", b"MF-A-2026-0001", b"Re: ",
    "发件人：".encode(), "写道：".encode(), b"> ", b"-- ", b"<table><tr><td>", b"</td>", b"<blockquote type=cite>", b"<!--", b"&#1114112;", b"&nbsp;", b"\x1b$)A", b"~{", b"+/v8-",
]
soup = st.lists(st.sampled_from(TOKENS) | st.binary(max_size=6), max_size=60).map(b"".join)


def check(raw: bytes) -> None:
    message = read(raw)
    assert not SWALLOWED & {problem.code for problem in message.problems}, message.problems
    json.dumps(row(raw, "x", (), ("沟通结果",)), ensure_ascii=False).encode()   # no lone surrogates: no database takes them


@FUZZ
@given(st.binary(max_size=3000))
def test_bytes(raw: bytes) -> None:
    """Anything at all."""
    check(raw)


@FUZZ
@given(soup)
def test_pieces_of_mail_in_any_order(raw: bytes) -> None:
    """Marks that mean something, where they mean nothing."""
    check(raw)
    check(b"Content-Type: multipart/mixed; boundary=A\r\n\r\n" + raw)


@FUZZ
@given(st.sampled_from([b"Subject", b"From", b"To", b"Date", b"Message-ID", b"References", b"Content-Type", b"Content-Disposition", b"Content-Transfer-Encoding", b"Content-ID", b"Return-Path", b"Auto-Submitted"]), soup, soup)
def test_header_fields(name: bytes, value: bytes, body: bytes) -> None:
    """One field of nonsense."""
    check(name + b": " + value + b"\r\n\r\n" + body)


@FUZZ
@given(st.sampled_from(CHARSETS), st.sampled_from(["text/plain", "text/html", "message/rfc822", "application/pkcs7-mime", "application/ms-tnef", "message/delivery-status", "text/calendar"]), st.binary(max_size=600) | soup, st.sampled_from(["8bit", "base64", "quoted-printable", "x-uuencode"]))
def test_charsets_and_parts(charset: str, kind: str, data: bytes, encoding: str) -> None:
    """Every reader of a part gets every kind of bytes."""
    content_type = f'{kind}; charset="{charset}"; format=flowed'
    check(mail(body=data, content_type=content_type, encoding=encoding))
    check(multipart(part(content_type, data, encoding=encoding), part(content_type, data, headers=b"Content-Disposition: attachment"), kind="report"))
    check(b"Subject: =?" + charset.encode() + b"?B?" + base64.b64encode(data) + b"?=\r\n\r\n")


@FUZZ
@given(soup.map(lambda raw: raw.decode("utf-8", "replace")), st.lists(st.lists(st.text(max_size=8), max_size=4), max_size=4))
def test_readers_of_text(text: str, rows: list[list[str]]) -> None:
    """Subjects, replies, fields, HTML, one by one."""
    patterns = [Pattern("客户沟通-<项目>项目-<人员>"), Pattern("延期申请-<单号>"), Pattern("表-<甲>[-<乙>]")]
    subject = clean(text)
    near(subject, patterns)
    for pattern in patterns:
        pattern.match(subject)
    new, quoted = split(text, "", "张三")
    assert isinstance(new, str) and isinstance(quoted, str)
    read_fields(text, ["沟通结果", "金额(万元)"], [rows])
    fields_from_rows(rows, ["沟通结果"])
    read_html(text)


@FUZZ
@given(st.sampled_from(["a.docx", "a.xlsx", "a.xls", "a.ods", "a.csv", "a.txt", "a.doc", "a"]), st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"<html>"]), st.binary(max_size=400))
def test_documents(name: str, magic: bytes, data: bytes) -> None:
    """Files that are not what their names say."""
    read_rows(Attachment(name, "", len(data), magic + data))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(soup)
def test_diagnosis(raw: bytes) -> None:
    """mail-parser raises on odd mails; the diagnosis does not."""
    diagnose(raw)


HOSTILE = {
    "300 multiparts in each other": b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (i, i) for i in range(300)) + b"x",
    "1000 mails in each other": b"Content-Type: message/rfc822\r\n\r\n" * 1000,
    "20,000 header fields": b"".join(b"X-%d: v\r\n" % i for i in range(20_000)) + b"\r\nbody",
    "5000 recipients with encoded names": b"To: " + b",\r\n ".join(b"=?gbk?B?1cU=?= <u%d@x.cn>" % i for i in range(5000)) + b"\r\n\r\n",
    "200,000 quotation marks": b'From: "' + b'\\"' * 200_000 + b"\r\n\r\n",
    "200,000 open brackets": b"From: " + b"(" * 200_000 + b"\r\n\r\n",
    "200,000 angle brackets": b"From: " + b"<" * 200_000 + b"\r\n\r\n",
    "100,000 commas": b"To: " + b"a@x.cn," * 100_000 + b"\r\n\r\n",
    "a subject of a megabyte": b"Subject: " + b"=?utf-8?B?5byg?= " * 60_000 + b"\r\n\r\n",
    "encoded-words that never end": b"Subject: " + b"=?utf-8?B?" * 50_000 + b"\r\n\r\n",
    "100,000 parameters": b"Content-Type: text/plain" + b"; a*0*=utf-8''x" * 30_000 + b"\r\n\r\n",
    "a quoted parameter without end": b'Content-Type: text/plain; name="' + b"\\a" * 200_000 + b"\r\n\r\n",
    "100,000 empty parts": b"Content-Type: multipart/mixed; boundary=A\r\n\r\n" + b"--A\r\n" * 100_000,
    "half boundaries": b"Content-Type: multipart/mixed; boundary=A\r\n\r\n" + b"--AB\r\n" * 300_000,
    "50,000 nested tags": b"Content-Type: text/html\r\n\r\n" + b"<div>" * 50_000 + b"x",
    "50,000 nested tables": b"Content-Type: text/html\r\n\r\n" + b"<table><tr><td>" * 50_000,
    "50,000 cited blocks": b"Content-Type: text/html\r\n\r\n" + b"<blockquote type=cite>x" * 50_000,
    "tags that never end": b"Content-Type: text/html\r\n\r\n" + b"<a " * 300_000,
    "comments that never end": b"Content-Type: text/html\r\n\r\n" + b"<!--" * 200_000,
    "styles that never end": b"Content-Type: text/html\r\n\r\n" + b"<title>" * 100_000,
    "open quotes in tags": b"Content-Type: text/html\r\n\r\n" + b'<a "' * 200_000,
    "a line of five megabytes": b"Subject: x\r\n\r\n" + b"a" * 5_000_000,
    "dashes": b"Subject: x\r\n\r\n" + b"-" * 500_000,
    "lines of dashes": b"Subject: x\r\n\r\n" + (b"-" * 70 + b"\n") * 20_000,
    "heads of quotes": b"Subject: x\r\n\r\n" + "发件人：a\n发送时间：b\n".encode() * 20_000,
    "base64 with padding everywhere": b"Content-Transfer-Encoding: base64\r\n\r\n" + b"YQ==\r\n" * 100_000,
    "raw Chinese": b"Subject: x\r\n\r\n" + "张三李四".encode("gbk") * 300_000,
    "ten megabytes of flowed text": b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"abc \r\n" * 300_000,
    "a bounce of a megabyte": b"From: MAILER-DAEMON@x.cn\r\nSubject: failure notice\r\n\r\n" + b"<a@x.cn>: user unknown\n" * 40_000,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_mails_are_bounded_in_time(what: str) -> None:
    """Two seconds of CPU at most (issue 3); nothing here is larger than a mail may be."""
    start = time.process_time()
    check(HOSTILE[what])
    assert (time.process_time() - start) / 2 < 2   # `check` reads twice
