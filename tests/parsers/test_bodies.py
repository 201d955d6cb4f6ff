"""Which part is the text, which are attachments, and what is inside them."""

from __future__ import annotations

import base64
import quopri

import pytest
from mail_bytes import mail, multipart, part

from parsers import Limits, Message, read


def codes(message: Message) -> list[str]:
    return [problem.code for problem in message.problems]


def names(message: Message) -> list[str]:
    return [attachment.name for attachment in message.attachments]


@pytest.mark.parametrize(
    ("encoding", "data", "text", "fact"),
    [
        ("base64", base64.encodebytes("打印机".encode()), "打印机", "base64"),
        ("base64", base64.b64encode("打印机".encode()).rstrip(b"="), "打印机", "no padding"),
        ("base64", base64.b64encode("打印".encode()) + b"\r\n\r\n-- list footer", "打印", "a footer below base64"),
        ("base64", base64.b64encode(b"a\n") + b"\r\n" + base64.b64encode(b"b\n"), "a\nb\n", "pieces encoded one by one"),
        ("base64", b"5omT!!5Y2w", "打印", "dirt within base64"),
        ("BASE64 ", base64.b64encode("打印".encode()), "打印", "capitals and blanks"),
        ("quoted-printable", quopri.encodestring("打印=机".encode()), "打印=机", "quoted-printable"),
        ("quoted-printable", b"a=\r\nb=20=\r\n=E6=89=93", "ab 打", "soft line breaks"),
        ("quoted-printable", b"100%=ZZ", "100%=ZZ", "escapes that are none"),
        ("utf-8", "打印".encode(), "打印", "a charset for an encoding"),
        ("8bit;", "打印".encode(), "打印", "marks behind the encoding"),
        ("x-uuencode", b"begin 644 a.txt\n#86)C\n`\nend\n", "abc", "uuencode"),
    ],
)
def test_transfer_encodings(encoding: str, data: bytes, text: str, fact: str) -> None:
    """Content-Transfer-Encoding as sent, not as ruled."""
    assert read(mail("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: " + encoding, data)).text == text, fact


def test_the_plain_text_is_the_text_and_html_is_kept() -> None:
    """multipart/alternative: both are given, the text is the plain one."""
    message = read(multipart(part("text/plain; charset=utf-8", "纯文本"), part("text/html; charset=utf-8", "<p>超文本</p>"), kind="alternative"))
    assert (message.text.strip(), message.html.strip(), names(message)) == ("纯文本", "<p>超文本</p>", [])


def test_html_alone_becomes_text_with_its_tables() -> None:
    """Rows are lines with tabs between their cells; the tables are given as rows too."""
    html = "<style>p{}</style><p>您好，</p><table><tr><td>沟通结果</td><td>成功</td></tr><tr><td>沟通人<td>周&nbsp;处长</table><!-- x -->"
    message = read(mail(body=html, content_type="text/html; charset=utf-8"))
    assert message.text == "您好，\n沟通结果\t成功\n沟通人\t周 处长"
    assert message.tables == [[["沟通结果", "成功"], ["沟通人", "周 处长"]]]


def test_an_empty_plain_part_gives_way_to_html() -> None:
    """Clients that send an empty text/plain beside the real HTML."""
    message = read(multipart(part("text/plain", " \r\n"), part("text/html; charset=gbk", "<div>同意</div>".encode("gbk")), kind="alternative"))
    assert message.text == "同意"


def test_a_placeholder_gives_way_to_html() -> None:
    """A text part that only says that HTML is needed is not the text."""
    message = read(multipart(part("text/plain; charset=utf-8", "您的邮件客户端不支持HTML格式"), part("text/html; charset=utf-8", "<p>" + "正文很长。" * 20 + "</p>"), kind="alternative"))
    assert message.text.startswith("正文很长。")


def test_the_charset_of_html_may_stand_in_it() -> None:
    """No label on the part: the meta element says it."""
    html = '<meta http-equiv="Content-Type" content="text/html; charset=gb2312"><p>同意</p>'.encode("gbk")
    assert read(mail(body=html, content_type="text/html")).text == "同意"


def test_texts_around_an_attachment_are_one_text() -> None:
    """Apple Mail cuts the text where a file is dropped into it."""
    file = part("application/pdf; name=a.pdf", b"%PDF", encoding="base64", headers="Content-Disposition: inline; filename=a.pdf")
    message = read(multipart(part("text/plain", "above"), file, part("text/plain", "below")))
    assert message.text == "above\nbelow"
    assert [(a.name, a.type, a.size, a.data, a.inline) for a in message.attachments] == [("a.pdf", "application/pdf", 4, b"%PDF", True)]


def test_a_text_file_is_an_attachment() -> None:
    """text/plain with a name and a disposition is a file and not the text."""
    message = read(multipart(part("text/plain", "text"), part("text/plain; name=log.txt", "log", headers="Content-Disposition: attachment; filename=log.txt")))
    assert (message.text, names(message)) == ("text", ["log.txt"])


def test_pictures_in_html_are_inline() -> None:
    """multipart/related: the picture has its Content-ID."""
    picture = part("image/png; name=logo.png", b"\x89PNG", encoding="base64", headers="Content-ID: <logo@x>")
    message = read(multipart(part("text/html", "<img src=cid:logo@x>hello"), picture, kind="related"))
    assert [(a.content_id, a.inline) for a in message.attachments] == [("logo@x", True)]


def test_an_attached_mail_is_an_attachment_and_its_sender_asks_for_nothing() -> None:
    """Forwarded as .eml: sender and new words are the forwarder's, the letter within is an attachment to be read on its own, its text is quoted."""
    inner = mail("From: customer@y.cn\nSubject: 投诉", "同意\n请尽快处理")
    message = read(multipart(part("text/plain; charset=utf-8", "请看附件里客户的信"), part("message/rfc822", inner), headers="From: sales@x.cn"))
    assert (message.sender, message.reply_text) == ("sales@x.cn", "请看附件里客户的信")
    assert [(a.name, a.type) for a in message.attachments] == [("投诉.eml", "message/rfc822")]
    assert read(message.attachments[0].data).sender == "customer@y.cn"
    assert "请尽快处理" in message.text and "customer@y.cn" in message.quoted


def test_an_attached_mail_in_base64_is_read_too() -> None:
    """Against RFC 2046 §5.2.1, and common."""
    message = read(multipart(part("text/plain", "x"), part("message/rfc822", mail("Subject: inner", "abc"), encoding="base64")))
    assert read(message.attachments[0].data).subject == "inner"
    assert "abc" in message.text


def test_calendars_are_attachments() -> None:
    """An invitation keeps its text; the calendar can be opened."""
    message = read(multipart(part("text/plain; charset=utf-8", "会议邀请"), part("text/calendar; method=REQUEST", "BEGIN:VCALENDAR"), kind="alternative"))
    assert (message.text, names(message)) == ("会议邀请", ["part-1.ics"])
    event = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:项目\r\n 例会\\, 十一月\r\nDTSTART;TZID=\"China Standard Time\":20261123T093000\r\nLOCATION:三楼\r\nEND:VEVENT\r\nEND:VCALENDAR"
    assert read(mail(body=event, content_type="text/calendar; charset=utf-8")).text == "会议邀请\n主题:项目例会, 十一月\n开始:2026-11-23 09:30\n地点:三楼"


def test_flowed_text_is_put_together() -> None:
    """RFC 3676: a line that ends in a blank goes on; quotes keep their depth; with DelSp the blank goes."""
    body = "这是一行 \r\n很长的话\r\n> 引用 \r\n> 继续\r\n-- \r\n签名"
    assert read(mail(body=body, content_type="text/plain; charset=utf-8; format=flowed")).text == "这是一行 很长的话\n> 引用 继续\n-- \n签名"
    assert read(mail(body=body, content_type="text/plain; charset=utf-8; format=flowed; delsp=yes")).text.startswith("这是一行很长的话\n")


def test_signed_mails_are_read_through() -> None:
    """S/MIME and PGP, detached, in line and opaque (RFC 8551 §3.5, RFC 3156, RFC 9580 §7)."""
    detached = read(multipart(part("text/plain", "signed"), part("application/pgp-signature; name=signature.asc", "x"), kind="signed"))
    assert (detached.text, names(detached)) == ("signed", ["signature.asc"])
    in_line = read(mail(body="-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n同意\n- -- \n签名\n-----BEGIN PGP SIGNATURE-----\nabc\n-----END PGP SIGNATURE-----\n"))
    assert in_line.text.strip() == "同意\n-- \n签名"
    inner = part("text/plain; charset=utf-8", "同意")
    for octets in (b"\x04\x81" + bytes([len(inner)]) + inner, b"\x24\x80\x04\x05" + inner[:5] + b"\x04\x81" + bytes([len(inner) - 5]) + inner[5:] + b"\x00\x00"):
        cms = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80" + octets + b"\x00" * 8
        opaque = read(mail(body=cms, content_type="application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", encoding="base64"))
        assert (opaque.text, codes(opaque)) == ("同意", [])


@pytest.mark.parametrize(
    "raw",
    [
        multipart(part("application/pgp-encrypted", "Version: 1"), part("application/octet-stream; name=encrypted.asc", "x"), kind="encrypted"),
        mail(body=b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", content_type="application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", encoding="base64"),
        mail(body="-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\n"),
    ],
)
def test_encrypted_mails_say_so(raw: bytes) -> None:
    """What cannot be read is a problem that can be answered, not an empty mail."""
    assert codes(read(raw)) == ["encrypted"]


def _tnef(name: str, content: bytes) -> bytes:
    def attribute(level: int, number: int, kind: int, data: bytes) -> bytes:
        return bytes([level]) + number.to_bytes(2, "little") + kind.to_bytes(2, "little") + len(data).to_bytes(4, "little") + data + (sum(data) & 0xFFFF).to_bytes(2, "little")

    return (
        (0x223E9F78).to_bytes(4, "little") + b"\x01\x00" + attribute(1, 0x9006, 8, (0x10000).to_bytes(4, "little")) + attribute(1, 0x9007, 6, (936).to_bytes(4, "little") + bytes(4))
        + attribute(2, 0x9002, 6, bytes(14)) + attribute(2, 0x8010, 1, name.encode("gbk") + b"\x00") + attribute(2, 0x800F, 6, content)
    )


def test_winmail_dat_is_opened() -> None:
    """Outlook's application/ms-tnef: the files within take its place; a broken one stays and is a problem."""
    message = read(multipart(part("text/plain", "x"), part("application/ms-tnef; name=winmail.dat", _tnef("report.txt", b"hello"), encoding="base64")))
    assert [(a.name, a.data) for a in message.attachments] == [("report.txt", b"hello")]
    broken = read(multipart(part("text/plain", "x"), part("application/ms-tnef; name=winmail.dat", b"PK broken", encoding="base64")))
    assert (names(broken), codes(broken)) == (["winmail.dat"], ["bad-tnef"])


@pytest.mark.parametrize(
    ("raw", "text", "fact"),
    [
        (b"Content-Type: multipart/mixed; boundary=A\r\n\r\n--A\r\n\r\nhello\r\n", "hello\n", "the closing boundary is missing"),
        (b"Content-Type: multipart/mixed\r\n\r\n--A\r\nContent-Type: text/plain\r\n\r\nhello\r\n--A--\r\n", "hello", "the boundary is not declared"),
        (b"Content-Type: multipart/mixed; boundary=A\r\n\r\nonly text", "only text", "no part at all"),
        (b"Content-Type: multipart/mixed; boundary=A\r\n\r\n--A\r\nhello, no headers\r\n--A--", "hello, no headers", "a part that begins with its body"),
        (b"Content-Type: multipart/mixed; boundary=A\r\n\r\n--A\r\n\r\none\r\n--AB\r\ntwo\r\n--A--", "one\n--AB\ntwo", "a boundary that only begins alike"),
        (b"Content-Type: text\r\n\r\nhello", "hello", "half a type"),
        (b"Content-Type: text/plain; charset=\r\n\r\nhello", "hello", "an empty charset"),
    ],
)
def test_broken_structures(raw: bytes, text: str, fact: str) -> None:
    """The text is found all the same."""
    assert read(raw).text == text, fact


@pytest.mark.parametrize(
    ("raw", "limits", "code"),
    [
        (mail(body="x" * 2000), Limits(size=1000), "too-large"),
        (multipart(*[part("text/plain", "x")] * 50), Limits(parts=10), "too-many-parts"),
        (b"Content-Type: message/rfc822\r\n\r\n" * 100 + b"x", Limits(), "too-deep"),
        (b"X: y\r\n" * 5000 + b"\r\nbody", Limits(), "too-many-headers"),
        (b"X: " + b"y" * 600_000 + b"\r\n\r\nbody", Limits(), "too-many-headers"),
        (mail("To: " + ", ".join(f"a{i}@x.cn" for i in range(3000)), "x"), Limits(), "too-many-addresses"),
        (mail(body="字" * 100), Limits(text=10), "too-long"),
    ],
)
def test_limits_are_marked_and_the_rest_is_read(raw: bytes, limits: Limits, code: str) -> None:
    """Beyond a limit the mail is marked; what lies within is there."""
    message = read(raw, limits)
    assert code in codes(message)
    assert message.text or message.attachments


def test_tables_of_what_is_quoted_are_not_given() -> None:
    """An answer in HTML quotes our letter with its table of facts: only the table that the answerer wrote counts (RULEBOOK §0.4)."""
    new = "<table><tr><td>沟通结果</td><td>成功</td></tr></table>"
    old = "<table><tr><td>沟通结果</td><td>失败</td></tr><tr><td>合同号</td><td>HT-1</td></tr></table>"
    head = "<div><b>发件人:</b> 李四 &lt;li@x.com&gt;<br><b>发送时间:</b> 2024年7月1日 10:00<br><b>收件人:</b> 张三<br><b>主题:</b> 请批准</div>"
    for quote in (f"<blockquote type=cite>{old}</blockquote>", head + old, f"<table><tr><td><div>在 2024-07-01 10:00:00，李四 &lt;li@x.com&gt; 写道：</div>{old}</td></tr></table>"):
        message = read(multipart(part("text/plain; charset=utf-8", "同意"), part("text/html; charset=utf-8", f"<p>请看</p>{new}{quote}"), kind="alternative"))
        assert message.tables == [[["沟通结果", "成功"]]]
        assert read(mail(body=f"<p>同意</p>{quote}", content_type="text/html; charset=utf-8")).tables == []
