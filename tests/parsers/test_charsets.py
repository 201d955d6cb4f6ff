"""Bodies and subjects come out as they were written, whatever the label says."""

from __future__ import annotations

import pytest
from mail_bytes import mail, word

from parsers import charsets, read

TEXT = "尊敬的客户：您好！镕喆\n打印机故障，请处理。"
TRAD = "尊敬的客戶：印表機故障，請儘速處理，謝謝。"


@pytest.mark.parametrize(
    ("label", "data", "text", "fact"),
    [
        ("utf-8", TEXT.encode(), TEXT, "as labelled"),
        ("GB2312", TEXT.encode("gb18030"), TEXT, "gb2312 is what Outlook says for GBK and GB18030"),
        ("gb18030", "𠮷野家".encode("gb18030"), "𠮷野家", "four-byte characters"),
        ("x-gbk", TEXT.encode("gbk"), TEXT, "labels with x-"),
        ("cp-936", TEXT.encode("gbk"), TEXT, "labels of code pages"),
        ("", TEXT.encode("gbk"), TEXT, "no label, GBK"),
        ("", TEXT.encode(), TEXT, "no label, UTF-8"),
        ("", TRAD.encode("big5"), TRAD, "no label, Big5"),
        ("us-ascii", TEXT.encode("gbk"), TEXT, "GBK under us-ascii"),
        ("us-ascii", TEXT.encode(), TEXT, "UTF-8 under us-ascii"),
        ("gb2312", TEXT.encode(), TEXT, "UTF-8 under gb2312"),
        ("utf-8", TEXT.encode("gbk"), TEXT, "GBK under utf-8"),
        ("big5", TRAD.encode("big5"), TRAD, "Big5"),
        ("big5", TRAD.encode(), TRAD, "UTF-8 under big5"),
        ("gbk", TRAD.encode("big5"), TRAD, "Big5 under gbk"),
        ("big5", TEXT.encode("gbk"), TEXT, "GBK under big5"),
        ("iso-8859-1", TEXT.encode("gbk"), TEXT, "GBK under Latin-1: its high bytes come in runs"),
        ("iso-8859-1", "Grüße aus Köln".encode("latin-1"), "Grüße aus Köln", "a declared Latin-1 stays Latin-1"),
        ("iso-8859-1", "naïve façade – “quoted”".encode("cp1252"), "naïve façade – “quoted”", "Latin-1 with Windows punctuation"),
        ("windows-1251", "Привет, мир".encode("cp1251"), "Привет, мир", "Cyrillic"),
        ("koi8-r", "Привет, мир".encode("koi8-r"), "Привет, мир", "KOI8"),
        ("shift_jis", "こんにちは、①".encode("cp932"), "こんにちは、①", "Japanese with Windows extensions"),
        ("ks_c_5601-1987", "안녕하세요 뷁".encode("cp949"), "안녕하세요 뷁", "Korean as Outlook labels it"),
        ("iso-2022-jp", "こんにちは".encode("iso2022_jp"), "こんにちは", "seven-bit Japanese"),
        ("hz-gb-2312", "打印机".encode("hz"), "打印机", "HZ"),
        ("hz", "打印机".encode("gbk"), "打印机", "eight-bit text under hz is GBK"),
        ("", "打印机".encode("hz"), "打印机", "HZ without a label"),
        ("iso-2022-cn", b"\x1b$)A\x0e4rS!;z\x0f ok", "打印机 ok", "ISO-2022-CN, which Python does not know"),
        ("utf-7", "打印机".encode("utf-7"), "打印机", "UTF-7"),
        ("utf-16", "打印机".encode("utf-16"), "打印机", "UTF-16 with its mark"),
        ("no-such-charset", TEXT.encode("gbk"), TEXT, "an unknown label says nothing"),
        ("gbk", TEXT.encode("gbk")[:-1], TEXT[:-1], "cut off within the last character"),
        ("utf-8", TEXT.encode()[:-1], TEXT[:-1], "cut off within the last character, UTF-8"),
        ("utf-8", b"\xef\xbb\xbf" + TEXT.encode(), TEXT, "a byte order mark is no text"),
        ("gbk", "正文\n".encode("gbk") + "页脚说明".encode(), "正文\n页脚说明", "a gateway added its footer in UTF-8"),
        ("utf-8", "正文说明很长很长很长很长\n".encode() + "页脚".encode("gbk"), "正文说明很长很长很长很长\n页脚", "a gateway added its footer in GBK"),
    ],
)
def test_bodies(label: str, data: bytes, text: str, fact: str) -> None:
    """Each case is one habit of real senders; `fact` names it."""
    content_type = f"text/plain; charset={label}" if label else "text/plain"
    assert read(mail(body=data, content_type=content_type)).text.replace("\r\n", "\n") == text, fact


@pytest.mark.parametrize(
    ("subject", "text", "fact"),
    [
        ("客户投诉：打印机故障".encode("gbk"), "客户投诉：打印机故障", "raw GBK"),
        ("客户投诉：打印机故障".encode(), "客户投诉：打印机故障", "raw UTF-8"),
        ("客訴：印表機故障通知".encode("big5"), "客訴：印表機故障通知", "raw Big5"),
        ("Re: 报价".encode("gbk"), "Re: 报价", "two raw characters are enough"),
        (word("朱镕基与陶喆", "gb18030", label="gb2312").encode(), "朱镕基与陶喆", "gb2312 that is GBK"),
        (word("客户要求退款", "utf-8", label="gb2312").encode(), "客户要求退款", "UTF-8 under gb2312"),
        (word("客户要求退款并投诉", "gbk", label="utf-8").encode(), "客户要求退款并投诉", "GBK under utf-8"),
        (b"=?utf-8?B?5YWz5LqO6LSi5Yqh5oql6A==?=\r\n =?utf-8?B?oajmj5DkuqTlu7bmnJ8=?=", "关于财务报表提交延期", "cut within a character, padded"),
        (b"=?gbk?Q?=C4=FA=BA?=\r\n\t=?gbk?Q?=C3=A3=A1?=", "您好！", "cut within a character, quoted-printable"),
        (b"=?utf-8?B?5YWz5LqO6LSi5?=\r\n =?utf-8?B?YqhLQ==?=", "关于财务-", "encoded first, cut afterwards: base64 goes on in the next word"),
        (b"=?gbk?B?z7XNs7XHwrw=?==?gbk?B?yqew3A==?=", "系统登录失败", "no blank between words"),
        (b"Re:=?gbk?B?yqew3A==?=ABC", "Re:失败ABC", "no blanks around a word"),
        (b"=?utf-8?B?572R57uc6L+e5o6l5LiN\r\n 56iz5a6a?=", "网络连接不稳定", "folded within a word"),
        (b"=?utf-8?Q?=E6=89=93 =E5=8D=B0?=", "打 印", "blanks within quoted-printable"),
        (b"=?utf-8?Q?a=3Fb?c?=", "a?b?c", "a question mark within a word"),
        (b"=?utf-8?B?5omT5Y2w5py65Z2PIQ?=", "打印机坏!", "no padding"),
        (b"=?x-unknown?B?us/NrMnzxfo=?=", "合同审批", "unknown charset"),
        (b"=?utf-8*zh-CN?B?57O757uf?=", "系统", "RFC 2231 language"),
        (b"=?GB2312?b?us/NrA==?= =?UTF-8?B?5a6h5om5?=", "合同审批", "two charsets in a row"),
        (b"=?utf-8?B?5ZCI5ZCM?= (draft) =?utf-8?B?5a6h5om5?=", "合同 (draft) 审批", "text between words keeps its blanks"),
        (b"=?iso-8859-1?Q?Fr\xf6sche?=", "Frösche", "raw bytes within a word are in its charset"),
        (b"=?gbk?B?us/NrMnzxfo", "合同审批", "the end of the word was cut off"),
        (b"=?utf-8?B?nnDusSNdG92w6Fuw61fMjA==?=", "=?UTF-8?B?nnDusSNdG92w6Fuw61fMjA==?=", "a word that is no text stays as written"),
        (b'"=?utf-8?B?5ZCI5ZCM?="', '"合同"', "words in quotes are read all the same"),
        (b"Pr\xe9sentation du syst\xe8me", "Pr\ufffdsentation du syst\ufffdme", "single high bytes prove no charset"),
        (b"=?utf-8?B?5ZCI5ZCMCuWQiOWQjA==?=", "合同 合同", "a line break within a word cannot become a header line"),
        (word("全角　空格", "utf-8").encode(), "全角　空格", "full-width blanks stay"),
        (b"=?hz-gb-2312?B?fns0clMhO3p+fQ==?=", "打印机", "HZ in a word"),
        (b"=?big5?B?q8i2RKFHpkyq7b73rEe72Q==?=", "客訴：印表機故障", "Big5"),
        (b"=?utf-8?B??=", "", "an empty word"),
    ],
)
def test_subjects(subject: bytes, text: str, fact: str) -> None:
    """Encoded-words (RFC 2047) and raw bytes in Subject."""
    assert read(mail(b"Subject: " + subject)).subject == text, fact


def test_every_alias_is_a_codec_that_python_has() -> None:
    """A label in the table of aliases is never one that fails when it is used."""
    for name in set(charsets._ALIASES.values()) - {"", "iso2022cn"}:
        assert "".encode(name) is not None


def test_short_gbk_strings_are_recognised() -> None:
    """Two to six everyday characters are told apart from Big5 and from Latin-1 in nearly every case."""
    words = ["沟通", "客户", "报告", "问题", "项目", "张三", "李四", "王经理", "投诉", "验收", "合同", "立项单", "海滨政务网", "数据中台", "工程师", "老港口", "技术支持", "请批准", "同意", "驳回", "收到", "完成", "延期", "附件", "表格", "故障", "传真"]
    right = sum(charsets.sniff(one.encode("gbk")) == one for one in words)
    assert right >= len(words) - 1
