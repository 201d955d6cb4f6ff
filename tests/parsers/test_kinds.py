"""Bounces with their recipients and the letter that failed, automatic answers, lists; and ordinary mails that only speak of these."""

from __future__ import annotations

import pytest
from mail_bytes import mail, multipart, part

from parsers import FailedRecipient, read

REPORT = """Reporting-MTA: dns; mail.corp.example
{more}
Original-Recipient: rfc822;Wang@Y.cn
Final-Recipient: rfc822; wang@inner.y.cn
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 User
  unknown
"""


def dsn(action: str = "failed", status: str = "5.1.1", returned: bytes = b"Message-ID: <our-1@corp.example>\r\nSubject: x\r\n\r\n", kind: str = "message/rfc822") -> bytes:
    return multipart(
        part("text/plain", "I'm sorry, your message could not be delivered."),
        part("message/delivery-status", REPORT.format(action=action, status=status, more="")),
        part(kind, returned),
        kind="report",
        more="; report-type=delivery-status",
        headers="From: MAILER-DAEMON@corp.example\nSubject: Undelivered Mail Returned to Sender",
    )


def test_a_delivery_report_names_recipient_status_and_letter() -> None:
    """RFC 3464: the recipient as we wrote it, its status, the reason, and the Message-ID of what came back."""
    message = read(dsn())
    assert message.kind == "bounce"
    assert message.failed_recipients == [FailedRecipient("wang@y.cn", "5.1.1", "550 5.1.1 User unknown")]
    assert message.failed_message_id == "<our-1@corp.example>"


def test_returned_headers_alone_name_the_letter() -> None:
    """text/rfc822-headers instead of the whole letter."""
    assert read(dsn(kind="text/rfc822-headers")).failed_message_id == "<our-1@corp.example>"


@pytest.mark.parametrize(("action", "kind"), [("delayed", "bounce"), ("delivered", "autoreply"), ("relayed", "autoreply")])
def test_late_is_a_bounce_and_delivered_is_none(action: str, kind: str) -> None:
    """RFC 3464 §2.3.3: a warning counts, a success report is an automatic answer."""
    assert read(dsn(action, "4.4.7")).kind == kind


BOUNCES = {
    "Exim": ("From: Mail Delivery System <Mailer-Daemon@mx.example>\nSubject: Mail delivery failed: returning message to sender\nX-Failed-Recipients: wang@y.cn", "A message that you sent could not be delivered.\n", "wang@y.cn"),
    "qmail": ("From: MAILER-DAEMON@mx.example\nSubject: failure notice", "Hi. This is the qmail-send program at mx.example.\n\n<wang@y.cn>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\nMessage-ID: <our-1@corp.example>\n", "wang@y.cn"),
    "QQ": ("From: PostMaster@qq.com\nSubject: 系统退信", "抱歉，您的邮件被退回来了……\n原邮件信息：\n收件人：wang@y.cn\n退信原因：收件人邮件地址（wang@y.cn）不存在，邮件无法送达。\nhost mx.y.cn said: 550 Mailbox not found\n", "wang@y.cn"),
    "NetEase": ("From: Postmaster@163.com\nSubject: 系统退信/Systems bounce", "您的邮件无法送达以下收件人：\nwang@y.cn\n退信代码：550 user not found\n", "wang@y.cn"),
    "Exchange, Chinese": ("From: postmaster@corp.example\nSubject: 未送达: 进度", "未能将邮件传递给以下收件人：\n\nwang@y.cn\n找不到您输入的电子邮件地址。\n", "wang@y.cn"),
    "a null return-path": ("Return-Path: <>\nFrom: mail@mx.example\nSubject: Delivery failure", "Delivery to the following recipient failed permanently:\n\n     wang@y.cn\n\n550 no such user\n", "wang@y.cn"),
}


@pytest.mark.parametrize("server", BOUNCES)
def test_bounces_without_a_report(server: str) -> None:
    """Mail servers that write sentences, Chinese providers' among them."""
    headers, text, address = BOUNCES[server]
    message = read(mail(headers, text))
    assert message.kind == "bounce"
    assert [one.address for one in message.failed_recipients] == [address]


AUTOMATIC = [
    "Auto-Submitted: auto-replied",
    "Auto-Submitted: auto-generated (rejected)",
    "X-Autoreply: yes",
    "Precedence: auto_reply",
    "Subject: 自动回复: 客户沟通-海滨政务网项目-张三",
    "Subject: 自动答复：无权限",
    "Subject: 自動回覆: 進度",
    "Subject: Automatic reply: progress",
    "Subject: Out of Office: progress",
    "Subject: [自动回复] : 外出",
    "Subject: 已读: 进度",
]


@pytest.mark.parametrize("header", AUTOMATIC)
def test_automatic_answers(header: str) -> None:
    """RFC 3834, and the subjects of those that do not follow it."""
    assert read(mail(header, "我正在休假，11月30日回来。")).kind == "autoreply"


def test_a_read_receipt_is_automatic() -> None:
    """RFC 8098: a disposition notification is no bounce."""
    raw = multipart(part("text/plain", "已读"), part("message/disposition-notification", "Disposition: manual-action/MDN-sent-manually; displayed"), kind="report", more="; report-type=disposition-notification")
    assert read(raw).kind == "autoreply"


@pytest.mark.parametrize("header", ["List-Id: <team.corp.example>", "Precedence: bulk", "Precedence: list", "List-Unsubscribe: <mailto:u@x.cn>"])
def test_lists(header: str) -> None:
    """RFC 2919, RFC 2369 and the old Precedence."""
    assert read(mail(header, "x")).kind == "list"


NORMAL = {
    "asks about a bounce": ("Subject: 收到退信，请帮忙", "我们给 wang@y.cn 发信被退回，提示 550 5.1.1 User unknown，收件人不存在，请处理。"),
    "has the words of a bounce for a subject": ("Subject: 邮件无法投递的问题", "客户 wang@y.cn 说收不到。"),
    "forwards a bounce": ("Subject: Fw: Undelivered Mail Returned to Sender", "请看下面的退信。\n\n-----原始邮件-----\n发件人: MAILER-DAEMON@x.cn\n发送时间: 2024-07-01 10:00\n主题: Undelivered Mail\n\n<wang@y.cn>: user unknown"),
    "answers an automatic answer": ("Subject: 回复: 自动回复: 进度", "好的，等您回来。"),
    "asks for automatic answers": ("Subject: 自动回复功能怎么设置", "请问邮箱的自动回复怎么开？"),
    "speaks of an absence": ("Subject: 外出报备", "我明天外出，不在办公室。"),
    "says no to Auto-Submitted": ("Auto-Submitted: no", "x"),
    "comes from the post master himself": ("From: postmaster@corp.example\nSubject: 邮箱容量调整通知", "各位同事，本周末调整邮箱容量，期间收发不受影响。"),
    "begins with failure in a person's words": ("Subject: Delivery failure of the printers", "Hello, the delivery of our printers failed again. Please call me. wang@y.cn"),
    "has no return-path of its own": ("Return-Path: <>\nFrom: zhang@x.cn\nSubject: 进度汇报", "一切正常。"),
}


@pytest.mark.parametrize("what", NORMAL)
def test_ordinary_mails_that_speak_of_these_are_ordinary(what: str) -> None:
    """The kind is what programs write, not what people talk about."""
    headers, text = NORMAL[what]
    assert read(mail(headers, text)).kind == "normal"
