"""Mails of which something was not read: whoever sent them is told what and what to do, a person sees them, the next mail is handled."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from department import REPORT, SERVICE, Department, mail, make

HEAD = f"From: {{sender}}\r\nTo: {SERVICE}\r\nSubject: {{subject}}\r\nMessage-ID: <evil@demo.example>\r\nMIME-Version: 1.0\r\n"
SUBJECT = "=?utf-8?B?" + base64.b64encode("客户沟通-滨江医院信息化项目-周强".encode()).decode() + "?="
OURS = "zhouqiang@demo.example"


def parts(count: int) -> bytes:
    text = b"--B\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + REPORT.encode().replace(b"\n", b"\r\n")
    files = b"".join(b'--B\r\nContent-Type: application/x-a\r\nContent-Disposition: attachment; filename="%d.bin"\r\n\r\nx\r\n' % n for n in range(count))
    return b'Content-Type: multipart/mixed; boundary="B"\r\n\r\n' + text + files + b"--B--\r\n"


def nested(depth: int) -> bytes:
    inner = b"Content-Type: text/plain\r\n\r\nhello\r\n"
    for n in range(depth):
        inner = b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n%b\r\n--b%d--\r\n' % (n, n, inner, n)
    return inner


def outlook() -> bytes:
    """A winmail.dat whose attribute promises two gigabytes."""
    data = bytes.fromhex("789f3e220100") + b"\x02\x05\x90\x06\x00\xff\xff\xff\x7f" + bytes(50)
    return b'Content-Type: application/ms-tnef; name="winmail.dat"\r\nContent-Transfer-Encoding: base64\r\n\r\n' + base64.encodebytes(data)


NOT_READ = {
    "a hundred thousand attachments": (parts(100_000), "附件太多"),
    "nested three thousand deep": (nested(3000), "一层套一层"),
    "Outlook's own": (outlook(), "winmail.dat"),
    "encrypted": (b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(bytes(300)), "不加密"),
}


@pytest.fixture
def department(tmp_path: Path) -> Department:
    return make(tmp_path)


def said_to(department: Department, who: str) -> str:
    return "\n".join(m.get_body(("plain",)).get_content() for m in department.letters() if who in m["To"])  # type: ignore[union-attr]


@pytest.mark.parametrize("name", NOT_READ)
def test_who_sent_it_is_told_what_was_not_read(name: str, department: Department) -> None:
    body, word = NOT_READ[name]
    department.put(HEAD.format(sender=OURS, subject=SUBJECT).encode() + body, "1764000000.M1P1.test")
    department.put(mail(id="next@demo.example"), "1764000001.M1P1.test")
    assert department.run("once").returncode == 0
    lines = [line for line in said_to(department, OURS).splitlines() if word in line]
    assert lines and all("请" in line for line in lines)
    ends = department.run("inbox", "--json").stdout
    assert '"held"' not in ends and ends.count("\n") == 2


@pytest.mark.parametrize("sender", [OURS, "somebody@elsewhere.example"])
def test_of_a_mail_too_large_the_header_is_kept_and_its_sender_told(sender: str, department: Department) -> None:
    department.config.write_text(department.config.read_text("utf-8") + "[limits]\nmessage_mb = 1\n", "utf-8")
    department.put(HEAD.format(sender=sender, subject=SUBJECT).encode() + b"Content-Type: text/plain\r\n\r\n" + b"x" * 78 + b"\r\nx" * 1_000_000)
    assert department.run("once").returncode == 0
    assert "只保留了信头" in said_to(department, sender) and "请拆成几封" in said_to(department, sender)
    assert '"sorting"' in department.run("inbox", "--json").stdout
