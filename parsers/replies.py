"""The new words of an answer, apart from what it quotes and from the signature.

Rules of lines, for the clients that people in China use (Outlook, Foxmail, QQ, NetEase, Coremail, Alibaba, DingTalk, WPS, phones, Gmail,
Thunderbird, Apple Mail), in simplified and traditional Chinese and in English, and for the usual European ones. A filled-in form that lists
发件人 or 主题 among its fields is no header block.
"""

from __future__ import annotations

import re

from .patterns import lazy

_SPACES = lazy(r"[\s\u00a0\u3000\u200b\ufeff]+")

# --- separators ------------------------------------------------------------------------------------------------------------

_ORIGINAL = (
    r"原始邮件|邮件原件|原邮件|原始信件|原始消息|原信|原文|回复的原邮件|回复邮件|原始郵件|郵件原件|原始信件|原始訊息|"
    r"转发邮件信息|转发邮件|转发的邮件|转发的消息|转发信件|被转发邮件|轉寄郵件|轉寄的郵件|轉寄訊息|轉發郵件|轉寄者|"
    r"original\s+(?:messages?|mail|e-?mail|appointment)|original(?=[\s\u00a0]*[-—–_=]{2})|replied\s+message|forwarded\s+(?:message|mail|by)|begin forwarded message|reply message|"
    r"urspr(?:ü|ue?)ngliche\s+(?:nachricht|e-?mail)|weitergeleitete\s+nachricht|message\s+(?:d'origine|original|transféré)|mensaje\s+original|mensagem\s+original|"
    r"oprindelig\s+meddelelse|opprinnelig\s+melding|ursprungligt\s+meddelande|oorspronkelijk\s+bericht|doorgestuurd\s+bericht|messaggio\s+originale|alkuperäinen\s+viesti|"
    r"(?:исходное|пересылаемое|первоначальное)\s+сообщение|oryginalna\s+wiadomość|wiadomość\s+oryginalna|původní\s+zpráva|eredeti\s+üzenet|orijinal\s+(?:mesaj|ileti)|元のメッセージ|원본\s*메(?:일|시지)"
)
_SEPARATOR = lazy(rf"[\s*>|]*(?:[-—–_=*~·]\s?){{2,}}[\s\u00a0]*(?:{_ORIGINAL})[^\n]{{0,30}}?[\s\u00a0]*(?:[-—–_=*~·:：]\s?)*[*\s]*", re.I)
_ABOVE = lazy(
    r"[\s#\-—_=*]*(?:请|請)?(?:在|于|於)?(?:此|本|该|這|这)(?:行|线|線)(?:之上|以上|上方|上面)(?:回复|回覆|答复|輸入|输入|填写)|.{0,20}(?:please )?(?:reply|type your (?:reply|response)) above (?:this|the) line", re.I
)
_APPLE_FORWARD = lazy(r"\s*(?:begin forwarded message|下面是被转发的邮件|以下是(?:被)?转发的邮件|開始轉寄郵件|以下是轉寄的郵件|转发的邮件)\s*[:：]\s*", re.I)
_TITLE = lazy(r"\s*(?:原始邮件|原邮件|原始郵件|original (?:e-?mail|message))\s*[:：]?\s*", re.I)
_RULE = lazy(r"[\s\u00a0]*(?:[-—–_=*·~]\s?){5,}[\s\u00a0]*")

# --- header blocks ---------------------------------------------------------------------------------------------------------

_LABELS = {
    "from": "发件人 發件人 寄件者 寄件人 发信人 發信人 来自 來自 from von de da van fra från od lähettäjä от отправитель 差出人 送信者 보낸사람 보낸이 kimden feladó expéditeur",
    "sent": "发送时间 发送日期 发件时间 发件日期 發送時間 發送日期 寄件日期 寄件時間 已发送 已傳送 传送时间 傳送時間 日期 时间 時間 sent date gesendet datum envoyé date enviado enviadoel enviadaem "
    "inviato data verzonden sendt dato skickat wysłano data lähetetty päivämäärä отправлено дата 送信日時 日時 보낸날짜 날짜 gönderildi gönderilmetarihi tarih elküldve dátum odesláno fecha sentat dateenvoyée",
    "to": "收件人 收信人 收件者 to an à para a aan til till do vastaanottaja кому 宛先 받는사람 받는이 kime címzett komu destinataire pour",
    "subject": "主题 主題 主旨 标题 標題 subject betreff objet asunto assunto oggetto onderwerp emne ämne temat aihe тема 件名 제목 konu tárgy předmět",
    "cc": "抄送 抄送人 副本 副本抄送 抄 cc kopie copie copia kopia kopi копия 密送 bcc 回复 回复至 replyto reply-to 附件 attachments importance 重要性 优先级 优先級 發件人地址",
}
_LABEL_KIND = {label: kind for kind, labels in _LABELS.items() for label in labels.split()}
_LABEL_LINE = lazy(r"[\s*>|]*([^\s:：*](?:[^:：\n@<>]{0,22}[^\s:：*])?)[\s*\u00a0\u3000]*[:：][\s*\u00a0]*(.*)", re.DOTALL)
_ANY_LABEL = lazy(r"\s*[\d一二三四五六七八九十、.．（()）]*\s*[\u4e00-\u9fffA-Za-z（）()/\u3000 ]{1,16}[:：]")
_TIME = lazy(r"\d{1,2}[:：]\d{2}|\d{4}|\d{1,2}月\d{1,2}日")
_ADDRESS = lazy(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_FORM_ABOVE = lazy(r"(?:填写|填寫|格式|如下|下列|下表|以下|表单|表單|模板|样例|示例|例如|内容为)[^。\n]{0,12}[:：]?\s*$|[:：]\s*$")

# --- attributions ----------------------------------------------------------------------------------------------------------

_WROTE = lazy(
    r"(?:写道|寫道|写到|寫到|写|寫了|写了|发表|编写|寄信|撰写|撰寫|寫信|提到|说道|回复道|wrote|writes|schrieb|geschrieben|a écrit|escribió|escribi[oó]|ha scritto|scrive|schreef|het volgende geschreven|skrev|escreveu|"
    r"napisał\(?a?\)?|napsala?|пишет|писала?|написала?|kirjoitti|yazdı|írta|作成|のメール|は書きました|님이 작성|작성|이\(가\) 씀|wrote the following|ezt írta)"
    r"[\s\u00a0]*(?:的?\s*(?:邮件|內容|内容|郵件))?[\s\u00a0:：*\"”>]*$|\b(?:wrote|schrieb|schreef|skrev|escribió)\b[^:：]{0,80}[:：]\s*$",
    re.I,
)
# One of these stands in every attribution: without any in the text no line is looked at.
_WROTE_WORDS = tuple(
    ["写道", "寫道", "写到", "寫到", "写:", "写：", "写了", "寫了", "发表", "编写", "寄信", "撰写", "撰寫", "寫信", "提到", "说道", "回复道", "wrote", "writes", "schrieb", "geschrieben", "écrit", "escribió", "escribio", "scritto", "scrive", "schreef", "geschreven", "skrev", "escreveu", "napisał", "napsal", "пишет", "писал", "kirjoitti", "yazdı", "írta", "作成", "のメール", "書きました", "작성", "씀"]
)
_STARTS_ATTRIBUTION = lazy(
    r"[\s*>]*(?:在|于|於|At|On|Am|Le|El|Il|Op|Den|Em|W dniu|Dne|Il giorno|Den|Dnia|Pada|Vào|\d{4}\s*[年/.-]|\d{1,2}\s*[./-]\s*\d{1,2}|[A-Z][a-z]{2},|---+ ?在|---- ?On|\S.{0,60}(?:<[^>]*@|@|于|於|在))",
    re.I,
)
_WHEN = lazy(r"\d{4}\s*[年/.-]|[/.-]\d{2,4}\b|\d{1,2}[:：]\d{2}|\d{1,2}\s*月|\b\d{4}\b|@")

# --- signatures ------------------------------------------------------------------------------------------------------------

_SIGNATURE = lazy(r"[\s\u00a0]*(?:--|——)[ \u00a0\t]*")
_QQ_SIGNATURE = lazy(r"[\s\u00a0]*-{18}[\s\u00a0]*")
_CARD = lazy(r"\s*\|\s*\|\s*")   # how Mail Master's visiting card begins as text
_DEVICE = lazy(
    r"[\s<*_\[(（【]*(?:发自|發自|来自|來自|从我的|由我的|通过我的|从(?=\s?(?:windows|outlook|iphone|ipad))|傳送自|传送自|傳自|发送自|發送自|用(?=\s?(?:手机|foxmail|qq邮箱)))"
    r"[^。，；\n]{0,40}?(?:iphone|ipad|ios|android|mac|手机|手機|平板|设备|設備|邮箱|郵箱|信箱|邮件|郵件|outlook|foxmail|windows|华为|華為|huawei|小米|xiaomi|oppo|vivo|荣耀|honor|三星|samsung|魅族|钉钉|dingtalk|企业微信|微信|qq|wps|coremail|yahoo|gmail|网易|大师|大師|客户端|应用)[^。\n]{0,30}"
    r"|[\s<*_\[(（【]*(?:获取|下载|取得|下載)\s*(?:适用于|適用於)?.{0,10}outlook(?:\s+for\b|\s*适用|\s*行動|\s*$|\s*<).{0,60}"
    r"|\s*[从從]我的.{1,24}(?:发送|傳送|发出|寄出)[。.]?\s*"
    r"|[\s<*_\[(（【]*(?:签名由|簽名由).{0,30}(?:定制|生成|訂製)"
    r"|[\s<*_\[(（【]*(?:envoyé|verzonden|gesendet|inviato|enviado|sendt|skickat|wysłane|enviat)\s+(?:depuis|de|vanaf|von|da|desde|do|fra|från|z|via|mit)\s+[^.,;:!?\n]{1,50}"
    r"|[\s<*_\[(（【]*sent (?:from|via|with|by) [^.,;:!?。，！？\n]{1,40}(?:<[^<>\s]*>|\(?https?://\S*)?\s*[.]?"
    r"|[\s<*_\[(（【]*von meinem .{0,30} gesendet.{0,40}"
    r"|[\s<*_\[(（【]*(?:get|download) outlook (?:for|voor)\b.{0,40}",
    re.I,
)
_DISCLAIMER = lazy(
    r"\s*(?:【?(?:免责声明|免責聲明|保密声明|保密提示|重要提示|法律声明)】?[:：\s].{10,}|(?:此|本)(?:邮件|郵件|电子邮件|電子郵件)(?:及其|及|连同|與|与)?(?:任何)?(?:附件)?.{0,12}(?:含有|包含|可能含|仅供|僅供|属于|内容|為|为).{0,40}(?:保密|机密|機密|特权|特權|商业秘密|收件人|指定).*|"
    r"(?:this e-?mail|this message|the information (?:contained )?in this).{0,80}(?:confidential|privileged|intended).*|confidentiality notice.*)",
    re.I,
)
_SURNAMES = "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何高林罗羅郑鄭梁谢謝宋唐许許韩韓冯馮邓鄧曹彭曾肖蕭田董袁潘于蒋蔣蔡余杜叶葉程苏蘇魏吕呂丁任沈姚卢盧姜崔钟鐘谭譚陆陸汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
_SIGN_LINE = lazy(
    r"(?:tel|phone|mobile|fax|e-?mail|add|address|mob|web|www\.|http|电话|電話|手机|手機|传真|傳真|邮箱|郵箱|地址|网址|网站|邮编|微信|qq|座机|固话|分机|热线)|[\w.+-]+@[\w-]+\.|\+?\d[\d\s()-]{6,}|"
    r"(?:部|处|科|中心|公司|集团|有限|局|院|所|学校|大学|大學|銀行|银行|办公室|工程师|經理|经理|总监|主管|顾问|專員|专员|助理|主任)\s*$",
    re.I,
)
_CLOSING = lazy(
    r"\s*(?:此致|顺颂商祺|順頌商祺|顺祝商祺|順祝商祺|祝好|祝商祺|best(?: regards)?|kind regards|warm regards|regards|sincerely(?: yours)?|yours (?:sincerely|truly|faithfully)|cheers|"
    r"med venlig hilsen|venlig hilsen|mvh|vh|kh|mit freundlichen gr(?:ü|ue)(?:ß|ss)en|(?:viele|liebe|beste) gr(?:ü|ue)(?:ß|ss)e|mfg|cordialement|bien à vous|saludos|un saludo|atentamente|"
    r"cordiali saluti|distinti saluti|atenciosamente|met vriendelijke groet(?:en)?|groet(?:en|jes)?|pozdrawiam|z powa[zż]aniem|med vänliga? hälsning(?:ar)?|vänliga hälsningar|ystävällisin terveisin|с уважением|敬具|よろしくお願いします)[,，!！.。\s]*",
    re.I,
)
_DASHED_NAME = lazy(r"\s*[-/–~]\s?[A-Z][\w.'-]*(?: [A-Z][\w.'-]*){0,3}\s*")
_LIST_FOOTER = lazy(r"mailing list|邮件列表|郵件列表|listinfo|unsubscribe|退订|取消订阅", re.I)


def first_line(reply_text: str) -> str:
    """The first line of the new words that says something (RULEBOOK §0.4, commands); '' where there is none."""
    for line in reply_text.split("\n"):
        line = re.sub(r"[\u200b-\u200f\u2060\ufeff\u00ad]", "", line).strip(" \t\u00a0\u3000*")
        if line:
            return line
    return ""


def split(text: str, html: str = "", sender_name: str = "") -> tuple[str, str]:
    """(the new words, what was cut: quotes and signature). `html` is looked at only where `text` is empty."""
    if not text.strip() and html:
        from . import html as html_reader

        text = html_reader.read(html)[0]
    if not text:
        return "", ""
    lines = text.split("\n")
    if len(lines) > 20_000:
        lines = lines[:20_000] + ["\n".join(lines[20_000:])]
    keep = [True] * len(lines)
    end = _end_of_new(lines, keep)
    for i in range(end, len(lines)):
        keep[i] = False
    _cut_signature(lines, keep, end, sender_name)
    new = "\n".join(line for line, kept in zip(lines, keep, strict=True) if kept)
    cut = "\n".join(line for line, kept in zip(lines, keep, strict=True) if not kept)
    return _trim(new), cut.strip("\n")


def _trim(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip("\n \t\u00a0\u3000")


def _end_of_new(lines: list[str], keep: list[bool]) -> int:
    """Where everything below is quoted; quoted lines above it are struck out in `keep`."""
    n = len(lines)
    attributions = _attribution_lines(lines)
    i = 0
    while i < n:
        line = lines[i]
        bare = line.lstrip(" \t\u00a0")
        if not bare:
            i += 1
            continue
        first = bare[0]
        if first == ">" or first == "＞":
            keep[i] = False
            i += 1
            continue
        if (first in "-—–_=*~·" and len(bare) < 200 and bare.strip("-—–_=*~· \t\u00a0") and _SEPARATOR.fullmatch(line)) or (len(bare) < 40 and _APPLE_FORWARD.fullmatch(line)):
            return _with_rule_above(lines, i)
        if len(bare) < 120 and _ABOVE.match(bare):
            return i
        if (":" in bare or "：" in bare) and _is_header_block(lines, i):
            return _with_rule_above(lines, i)
        span = _attribution(lines, i) if i in attributions else 0
        if span:
            after = i + span
            while after < n and not lines[after].strip():
                after += 1
            if after >= n or lines[after].lstrip()[:1] not in (">", "＞"):
                return i
            for j in range(i, after):
                keep[j] = False
            i = after
            continue
        i += 1
    return n


def _with_rule_above(lines: list[str], i: int) -> int:
    """A line of dashes, or the words 原始邮件 alone, just above a quote belong to it."""
    j = i - 1
    while j >= 0 and not lines[j].strip():
        j -= 1
    return j if j >= 0 and (_RULE.fullmatch(lines[j]) or _TITLE.fullmatch(lines[j])) else i


def _label(line: str) -> tuple[str, str]:
    """(kind of mail header, value) of a line such as `发件人：张三`; ('', '') for others."""
    match = _LABEL_LINE.match(line)
    if not match:
        coremail = re.match(r"\s*(发件人|收件人|发送时间)\s*([^\s:：].*)", line)   # Coremail leaves the colon out
        if coremail and ("@" in coremail[2] or _TIME.search(coremail[2])):
            return _LABEL_KIND[coremail[1]], coremail[2]
        return "", ""
    return _LABEL_KIND.get(_SPACES.sub("", match[1]).lower(), ""), match[2].strip()


def _is_header_block(lines: list[str], i: int) -> bool:
    """A quoted mail's head begins here: From (or the like), a time, and To or Subject, close together, and not part of a form."""
    kind, value = _label(lines[i])
    if kind not in ("from", "sent", "subject", "to"):
        return False
    found = {kind: value}
    last = i
    others = 0
    for j in range(i + 1, min(i + 14, len(lines))):
        line = lines[j]
        if not line.strip(" \t\u00a0*>|"):
            if j - last > 2:
                break
            continue
        kind, value = _label(line)
        if kind:
            if kind in found and kind != "cc":
                break
            found[kind] = value
            last = j
        elif _ANY_LABEL.match(line) and not _ADDRESS.search(line):
            others += j == last + 1
            break
        elif j - last > 3 or ("subject" in found and "from" in found and "sent" in found):
            break
    whole = "from" in found and "sent" in found and len(found.keys() - {"cc"}) >= 3
    if not whole and not ("from" in found and _ADDRESS.search(found["from"]) and ("sent" in found or ("to" in found and "subject" in found))):
        return False
    if found.get("sent", "") and not _TIME.search(found["sent"]):
        return False
    top = not any(line.strip() for line in lines[:i])
    if top and "to" not in found:
        return False   # nothing stands above it: only a whole head makes it a quote, and every client writes To
    if any(_ADDRESS.search(found.get(kind, "")) for kind in ("from", "to")):
        return True
    # Without an address in it, it may be a form: then other labels stand right beside, or the line above announces it.
    above = i - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    if others or (above == i - 1 and above >= 0 and _ANY_LABEL.match(lines[above])):
        return False
    if above >= 0 and _FORM_ABOVE.search(lines[above]):
        return False
    return "sent" in found and found["from"] != ""


def _attribution_lines(lines: list[str]) -> set[int]:
    """Where an attribution may begin: at most three lines above the word for writing."""
    text = "\n".join(lines).lower()
    words = [word for word in _WROTE_WORDS if word in text]
    found: set[int] = set()
    if words:
        for i, line in enumerate(lines):
            low = line.lower()
            if any(word in low for word in words):
                found.update(range(max(0, i - 3), i + 1))
    return found


def _attribution(lines: list[str], i: int) -> int:
    """How many lines from `i` on say who wrote what follows, 0 where none does. They wrap over up to four lines."""
    if not _STARTS_ATTRIBUTION.match(lines[i]) and not _WROTE.search(lines[i]):
        return 0
    joined = ""
    for span in range(1, 5):
        if i + span > len(lines):
            break
        line = lines[i + span - 1].strip(" \t\u00a0>*")
        if not line and span > 1:
            break
        joined = (joined + " " + line).strip()
        if len(joined) > 400:
            break
        if _WROTE.search(joined) and (span == 1 or not _ends_sentence(lines[i])):
            if _WHEN.search(joined) and joined[-1] in ":：道到>*" or _next_is_cited(lines, i + span) and len(joined) < 200:
                return span
            return 0
    return 0


def _ends_sentence(line: str) -> bool:
    return line.rstrip().endswith(("。", "！", "!", "？", "?"))


def _next_is_cited(lines: list[str], j: int) -> bool:
    while j < len(lines) and not lines[j].strip():
        j += 1
    return j < len(lines) and lines[j].lstrip()[:1] in (">", "＞")


def _cut_signature(lines: list[str], keep: list[bool], end: int, sender_name: str) -> None:
    """Strikes out the signature at the end of the new words, with or without a delimiter (RFC 3676 §4.3), and lines that clients add."""
    left = [0] * (end + 1)   # how many lines that say something stand from here on
    for i in range(end - 1, -1, -1):
        left[i] = left[i + 1] + (1 if keep[i] and lines[i].strip() else 0)
    above = False
    for i in range(end):
        if not keep[i] or not lines[i].strip():
            continue
        line = lines[i]
        first = line.lstrip()[0]
        rest = left[i + 1]
        if above and first in "-—" and rest <= 25 and (_SIGNATURE.fullmatch(line) or (_QQ_SIGNATURE.fullmatch(line) and _is_card(lines[i + 1 : end]))):
            _strike(keep, i, _until_quote(keep, i, end))
            break
        if above and first == "|" and rest <= 16 and _CARD.fullmatch(line):
            _strike(keep, i, end)
            break
        if (rest <= 12 and len(line) < 120 and _DEVICE.fullmatch(line)) or (len(line) > 20 and _DISCLAIMER.match(line)):
            keep[i] = False
            if above and rest <= 3 and all(_DEVICE.fullmatch(one) or _SIGN_LINE.search(one) or _RULE.fullmatch(one) for one in lines[i + 1 : end] if one.strip()):
                _strike(keep, i, end)
            continue
        above = True
    _cut_list_footer(lines, keep, end)
    _cut_bare_signature(lines, keep, end, sender_name)
    _cut_closing(lines, keep, end)


def _is_card(below: list[str]) -> bool:
    """A few short lines of a name, an office, a telephone; fields of a form are none."""
    said = [line.strip() for line in below if line.strip()]
    return 0 < len(said) <= 8 and all(len(line) <= 40 and (_SIGN_LINE.search(line) or not re.search(r"[:：。]", line)) for line in said)


def _last_lines(lines: list[str], keep: list[bool], end: int, most: int) -> list[int]:
    """The indices of the last lines that are still there and say something, last first."""
    out = []
    for i in range(end - 1, -1, -1):
        if keep[i] and lines[i].strip():
            out.append(i)
            if len(out) == most:
                break
    return out


def _cut_list_footer(lines: list[str], keep: list[bool], end: int) -> None:
    last = _last_lines(lines, keep, end, 8)
    for n, i in enumerate(last):
        if n and _RULE.fullmatch(lines[i]):
            if any(_LIST_FOOTER.search(lines[j]) for j in last[:n]):
                _strike(keep, i, end)
            return


def _cut_closing(lines: list[str], keep: list[bool], end: int) -> None:
    """`Best regards,` and what follows, if it is a few short lines; a last line that is only a name after a dash."""
    last = _last_lines(lines, keep, end, 10)
    if len(last) > 1 and _DASHED_NAME.fullmatch(lines[last[0]]) and not lines[last[0] - 1].strip():
        keep[last[0]] = False
        return
    for n, i in enumerate(last):
        line = lines[i]
        if n and _CLOSING.fullmatch(line):
            if n < len(last) - 1 or len(last) == 10 or any(keep[j] and lines[j].strip() for j in range(i)):
                _strike(keep, i, end)
            return
        if len(line) > 70 or line.rstrip().endswith(("。", "？", "?", "！")):
            return


def _until_quote(keep: list[bool], i: int, end: int) -> int:
    for j in range(i, end):
        if not keep[j]:
            return j
    return end


def _strike(keep: list[bool], start: int, end: int) -> None:
    for j in range(start, end):
        keep[j] = False


def _cut_bare_signature(lines: list[str], keep: list[bool], end: int, sender_name: str) -> None:
    """A last block set off by two blank lines that begins with the sender's name, or with a name above an office, a company, a telephone."""
    last = end - 1
    while last >= 0 and (not keep[last] or not lines[last].strip()):
        last -= 1
    first = last
    while first > 0 and lines[first - 1].strip() and keep[first - 1]:
        first -= 1
    blank = 0
    above = first - 1
    while above >= 0 and not lines[above].strip():
        blank += 1
        above -= 1
    if last < 0 or above < 0 or not any(keep[j] and lines[j].strip() for j in range(above + 1)) or last - first > 9:
        return
    block = [line.strip(" \t\u00a0\u3000*") for line in lines[first : last + 1]]
    if any(len(line) > 60 or line.endswith(("。", "？", "！", "?", "!")) for line in block):
        return
    name = _SPACES.sub("", block[0])
    own = bool(sender_name) and name == _SPACES.sub("", sender_name)
    named = re.fullmatch(r"[\u4e00-\u9fff]{2,4}", name) is not None and name[0] in _SURNAMES
    details = sum(1 for line in block[1:] if _SIGN_LINE.search(line))
    if (own and blank >= 1 and (len(block) == 1 or details or blank >= 2)) or (named and blank >= 1 and details >= max(1, len(block) - 2) and blank + details >= 3):
        _strike(keep, first, last + 1)
