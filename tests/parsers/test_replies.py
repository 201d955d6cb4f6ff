"""The new words alone: every client's way to quote, signatures, answers between quoted lines, and forms that must not be cut."""

from __future__ import annotations

import time

import pytest
from mail_bytes import mail, multipart, part

from parsers import read, replies

NEW = "您好，问题仍未解决，请尽快处理。\n谢谢！"
OLD = "请问打印机现在可以用了吗？\n李四"

QUOTES = {
    "Outlook, simplified": f"-----邮件原件-----\n发件人: 李四 [mailto:li@x.com] \n发送时间: 2024年7月1日 10:00\n收件人: 张三 <z@x.com>\n抄送: 王五\n主题: 答复: 打印机\n\n{OLD}",
    "Outlook without a line of dashes": f"发件人: 李四 <li@x.com> \n发送时间: 2024年7月1日 10:00\n收件人: 张三\n主题: 打印机\n\n{OLD}",
    "Outlook, traditional": f"寄件者: 李四 <li@x.com> \n寄件日期: 2024年7月1日 上午 10:00\n收件者: 張三\n主旨: RE: 印表機\n\n{OLD}",
    "Outlook, English": f"From: Li Si <li@x.com>\nSent: Monday, July 1, 2024 10:00 AM\nTo: Zhang San <z@x.com>\nSubject: RE: printer\n\n{OLD}",
    "Outlook on a telephone": f"获取 Outlook for Android\n________________________________\n发件人: 李四 <li@x.com>\n发送时间: Monday, July 1, 2024 10:00:00 AM\n收件人: 张三\n主题: 打印机\n\n{OLD}",
    "Exchange on the web": f"________________________________\n发件人: 李四\n发送时间: 2024年7月1日 10:00:00\n收件人: 张三\n主题: 打印机\n\n{OLD}",
    "Foxmail": f" \n发件人： 李四\n发送时间： 2024-07-01 10:00\n收件人： 张三\n主题： 打印机\n{OLD}",
    "QQ": f'------------------ 原始邮件 ------------------\n发件人: "李四" <li@qq.com>;\n发送时间: 2024年7月1日(星期一) 上午10:00\n收件人: "张三"<z@qq.com>;\n主题: 打印机\n\n{OLD}',
    "QQ with hard blanks": f'------------------\u00a0原始邮件\u00a0------------------\n发件人:\u00a0"李四"\u00a0<li@qq.com>;\n\n{OLD}',
    "QQ, English": f'------------------\u00a0Original\u00a0------------------\nFrom: \u00a0"李四"<li@qq.com>;\nDate: \u00a0Mon, Jul 1, 2024 10:00 AM\nTo: \u00a0"张三"<z@qq.com>;\n\n{OLD}',
    "QQ of 2023": f'原始邮件\n\n\n发件人："李四"<li@qq.com>;\n\n发件时间：2024年7月1日(星期一) 上午10:00\n\n收件人："张三"<z@qq.com>;\n\n主题：打印机\n\n{OLD}',
    "QQ on a telephone": f'---原始邮件---\n发件人: "李四"<li@qq.com>\n发送时间: 2024年7月1日(周一) 上午10:00\n收件人: "张三"<z@qq.com>;\n主题: Re:打印机\n\n{OLD}',
    "QQ on a telephone, English": f'---Original---\nFrom: "李四"<li@qq.com>\nDate: Mon, Jul 1, 2024 10:00 AM\n\n{OLD}',
    "NetEase": f'在 2024-07-01 10:00:00，"李四" <li@163.com> 写道：\n\n{OLD}',
    "NetEase, English": f'At 2024-07-01 10:00:00, "李四" <li@163.com> wrote:\n\n{OLD}',
    "NetEase Mail Master": f"---- 回复的原邮件 ----\n| 发件人 | 李四<li@163.com> |\n| 日期 | 2024年07月01日 10:00 |\n| 收件人 | 张三<z@x.com> |\n| 主题 | 打印机 |\n{OLD}",
    "NetEase Mail Master, English": f"---- Replied Message ----\n| From | 李四<li@163.com> |\n| Date | 07/01/2024 10:00 |\n| To | z@x.com |\n{OLD}",
    "NetEase Mail Master, old": f"在2024年07月01日 10:00，李四<li@163.com> 写道：\n{OLD}",
    "Coremail": f"-----原始邮件-----\n发件人:李四 <li@x.com>\n发送时间:2024-07-01 10:00:00 (星期一)\n收件人: 张三\n主题: 打印机\n\n{OLD}",
    "Coremail without colons": f"-----原始邮件-----\n发件人李四 <li@x.com>\n发送时间2024-07-01 10:00:00 (星期一)\n\n{OLD}",
    "Alibaba": f"------------------------------------------------------------------\n发件人：李四 <li@x.com>\n发送时间：2024年7月1日(星期一) 10:00\n收件人：张三 <z@x.com>\n主　题：打印机\n\n{OLD}",
    "DingTalk": f"------------------------------------------------------------------\n发件人：李四<li@dingtalk.com>\n日　期：2024年07月01日 10:00:00\n收件人：张三<z@x.com>\n主　题：打印机\n{OLD}",
    "Feishu": f"李四<li@x.com> 在 2024年7月1日 周一 10:00 写道：\n{OLD}",
    "Apple Mail": f"在 2024年7月1日，上午10:00，李四 <li@x.com> 写道：\n\n> {OLD}".replace("\n李四", "\n> 李四"),
    "iPhone": f"发自我的iPhone\n\n> 在 2024年7月1日，上午10:00，李四 <li@x.com> 写道：\n> \n> \ufeff{OLD}".replace("\n李四", "\n> 李四"),
    "Apple Mail, traditional": f"李四 <li@x.com> 於 2024年7月1日 上午10:00 寫道：\n\n> {OLD}".replace("\n李四", "\n> 李四"),
    "Gmail, simplified": f"李四 <li@x.com> 于2024年7月1日周一 10:00写道：\n\n> {OLD}".replace("\n李四", "\n> 李四"),
    "Gmail, wrapped": f"李四技术支持部某某大区负责人 <li.si.of.a.long.name@some-company.example.com> 于2024年7月1日周一\n10:00写道：\n\n> {OLD}".replace("\n李四", "\n> 李四"),
    "Gmail, traditional": f"李四 <li@x.com> 於 2024年7月1日 週一 上午10:00寫道：\n\n> {OLD}".replace("\n李四", "\n> 李四"),
    "Gmail, English": f"On Mon, Jul 1, 2024 at 10:00 AM Li Si <li@x.com> wrote:\n\n> {OLD}".replace("\n李四", "\n> 李四"),
    "Gmail, English, wrapped": f"On Mon, Jul 1, 2024 at 10:00 AM Li Si of the Department <li@x.com>\nwrote:\n\n> {OLD}".replace("\n李四", "\n> 李四"),
    "Thunderbird": f"在 2024/7/1 10:00, 李四 写道:\n> {OLD}".replace("\n李四", "\n> 李四"),
    "Thunderbird, old": f"于 2024年07月01日 10:00, 李四 写道:\n> {OLD}".replace("\n李四", "\n> 李四"),
    "Thunderbird, traditional": f"李四 於 2024/7/1 上午 10:00 寫道:\n> {OLD}".replace("\n李四", "\n> 李四"),
    "Huawei": f"发自我的华为手机\n\n\n-------- 原始邮件 --------\n发件人： 李四 <li@x.com>\n日期： 2024年7月1日周一 上午10:00\n收件人： z@x.com\n主 题： Re: 打印机\n{OLD}",
    "Samsung": f"从我的Galaxy发送\n-------- 原始信件 --------\n从: 李四 <li@x.com>\n日期: 24/7/1 10:00 (GMT+08:00)\n收件人: z@x.com\n\n{OLD}",
    "Xiaomi": f"李四 <li@x.com> 在 2024年7月1日 上午10:00写道：\n{OLD}",
    "WPS": f"------------------ 原始邮件 ------------------\n发件人：李四<li@wps.cn>\n时间：2024年07月01日 10:00:00\n{OLD}",
    "bold heads": f"*发件人:* 李四 <li@x.com>\n*发送时间:* 2024年7月1日 10:00\n*收件人:* 张三\n*主题:* 打印机\n\n{OLD}",
    "forwarded by Gmail": f"---------- Forwarded message ---------\n发件人： 李四 <li@x.com>\nDate: 2024年7月1日周一 10:00\nSubject: 打印机\nTo: <z@x.com>\n\n{OLD}",
    "forwarded by Thunderbird": f"-------- 转发的消息 --------\n主题: 打印机\n日期: Mon, 1 Jul 2024 10:00:00 +0800\n发件人: 李四 <li@x.com>\n收件人: z@x.com\n\n{OLD}",
    "forwarded by Foxmail": f"---------------- 转发邮件信息 ----------------\n发件人： 李四\n发送日期： 2024-07-01\n{OLD}",
    "only marks": f"> {OLD}".replace("\n李四", "\n> 李四"),
    "a mark line that asks to answer above": f"## 请在此行之上回复 ##\n{OLD}",
}


@pytest.mark.parametrize("client", QUOTES)
def test_quotes(client: str) -> None:
    """What was quoted is cut, whole, and is kept apart."""
    new, quoted = replies.split(f"{NEW}\n\n{QUOTES[client]}")
    assert new == NEW
    assert "请问打印机现在可以用了吗" in quoted


@pytest.mark.parametrize("client", ["Outlook, simplified", "Foxmail", "QQ", "NetEase", "Gmail, simplified", "Alibaba"])
def test_a_mail_of_quotes_alone_has_no_new_words(client: str) -> None:
    """A bare forward says nothing itself: what it forwards holds no commands (RULEBOOK §8-18)."""
    assert replies.split(QUOTES[client])[0] == ""


def test_the_new_words_may_stand_in_the_html_alone() -> None:
    """A plain part that holds nothing but the quote leaves the words to the HTML; what the quote says is never one of them."""
    quote = QUOTES["Foxmail"]
    both = lambda html: read(multipart(part("text/plain; charset=utf-8", f"\n\n{quote}"), part("text/html; charset=utf-8", html), kind="alternative"))  # noqa: E731 - said thrice
    assert both("<div>同意</div><div>请月底前办完</div>").reply_text == "同意\n请月底前办完"
    last = quote.strip().split("\n")[-1]
    assert both(f"<div>同意</div><span>{last}</span>").reply_text == "同意"
    assert both(f"<span>{last}</span>").reply_text == ""


SIGNATURES = {
    "RFC 3676": "-- \n张三\n电话：13800138000",
    "the blank was lost": "--\n张三",
    "iPhone": "发自我的iPhone",
    "iPhone, traditional": "從我的 iPhone 傳送",
    "Huawei": "发自我的华为手机",
    "NetEase": "发自网易邮箱大师",
    "Mail Master's card": "| |\n张三\n|\n|\n邮箱：z@163.com\n|\n\n签名由 网易邮箱大师 定制",
    "Windows": "发送自 Windows 10 版邮件应用",
    "Outlook": "获取 适用于 iOS 的 Outlook",
    "English": "Sent from my iPhone",
    "QQ's line": "------------------\n张三\n技术支持部",
    "name and office": "\n张三\n财务部\n某某有限公司\n电话：021-55550001",
    "disclaimer": "本邮件及其附件含有某某公司的保密信息，仅限于发送给上面地址中列出的个人或群组。禁止任何其他人以任何形式使用。",
    "English closing": "Best regards,\nZhang San\nSome Company",
}


@pytest.mark.parametrize("kind", SIGNATURES)
def test_signatures(kind: str) -> None:
    """Signatures and what clients add are no new words."""
    new, cut = replies.split(f"{NEW}\n\n{SIGNATURES[kind]}", "", "张三")
    assert new == NEW
    assert cut


def test_answers_between_quoted_lines_are_kept() -> None:
    """Point by point: the quoted lines go, the answers stay in their order."""
    text = "在 2024/7/1 10:00, 李四 写道:\n> 问题一？\n已解决。\n> 问题二？\n\n周五前完成。\n\n-- \n张三"
    assert replies.split(text)[0] == "已解决。\n\n周五前完成。"


@pytest.mark.parametrize(
    "text",
    [
        "您好，请按以下格式填写：\n发件人：张三\n主题：报销\n内容：见附件\n谢谢！",
        "传真登记表\n发件人：张三\n发送时间：2024-07-01 10:00\n收件人：李四\n主题：故障单\n页数：3\n备注：无",
        "沟通结果：成功\n沟通日期：2026-11-23\n收件人：周处长\n主题：方案讲解",
        "一、基本情况\n------------------\n项目名称：海滨政务网\n沟通人：周处长\n------------------\n二、结果\n沟通结果：成功",
        "客户在邮件中写道：系统太慢。我们已经回复。",
        "他于2024年7月1日写到现场的报告里，请查收。",
        "原文\n见第三页，请转发邮件给王经理。",
        "来信收到。\n\n发自内心地感谢各位的支持！",
        "请在此行填写您的姓名",
        "结论：\n1. 可行\n--- 以下为说明 ---\n费用：5万",
        "王经理：\n\n\n同意",
        "金额合计\n=====\n5万元",
    ],
)
def test_what_only_looks_like_a_quote_is_kept_whole(text: str) -> None:
    """Forms with mail labels, rules between sections, sentences that say 写道: all new words."""
    assert replies.split(text, "", "张三")[0] == text.replace("\n\n\n", "\n\n")


def test_html_quotes_are_seen_in_the_text() -> None:
    """An HTML-only answer of Gmail: the cited block has marks in the text, so the same rules hold."""
    html = '<div dir="auto">同意</div><br><div class="gmail_quote"><div class="gmail_attr">李四 &lt;li@x.com&gt; 于2024年7月1日周一 10:00写道：<br></div><blockquote class="gmail_quote" style="x"><p>请批准</p></blockquote></div>'
    message = read(mail(body=html, content_type="text/html; charset=utf-8"))
    assert message.reply_text == "同意"
    assert "> 请批准" in message.text


def test_outlook_html_with_a_line_above_the_head() -> None:
    """Outlook's HTML head is a block with a border; as text it is the same four lines."""
    html = '<p class=MsoNormal>同意<o:p></o:p></p><p class=MsoNormal>&nbsp;</p><div style="border-top:solid #E1E1E1 1.0pt"><p class=MsoNormal><b>发件人<span>:</span></b> 李四 &lt;li@x.com&gt; <br><b>发送时间<span>:</span></b> 2024年7月1日 10:00<br><b>收件人<span>:</span></b> 张三<br><b>主题<span>:</span></b> 请批准</p></div><p>请批准</p>'
    assert read(mail(body=html, content_type="text/html; charset=utf-8")).reply_text == "同意"


@pytest.mark.parametrize(
    ("text", "line"),
    [("\n\n  同意 \n备注", "同意"), ("\u200b同意", "同意"), ("**同意**", "同意"), ("", ""), ("\n \n", ""), ("　同意，谢谢", "同意，谢谢")],
)
def test_first_line(text: str, line: str) -> None:
    """Commands stand in the first line that says something (RULEBOOK §0.4)."""
    assert replies.first_line(text) == line


def test_two_hundred_thousand_lines_are_split_in_time() -> None:
    """No rule looks at the whole text for each line."""
    start = time.process_time()
    for line in ("发件人：a", "On Mon wrote", "--", "_" * 40):
        replies.split((line + "\n") * 200_000)
    assert time.process_time() - start < 8


def test_a_forms_last_line_about_time_is_no_part_of_the_quoted_head_below_the_separator() -> None:
    head = "------------------ 原始邮件 ------------------\n发件人: 技术支持中心 <mailflow@corp.example>\n发送时间: Mon, 23 Nov 2026 09:10:00 +0800\n收件人: zhaoliu@corp.example\n主题: 请办理"
    assert replies.split(f"地点:水务局\n时间:2026-12-20\n\n\n{head}\n\n请办理")[0] == "地点:水务局\n时间:2026-12-20"
