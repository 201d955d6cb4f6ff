"""The new words of an answer, apart from what it quotes and from the signature.

Rules of lines, for the clients that people in China use (Outlook, Foxmail, QQ, NetEase, Coremail, Alibaba, DingTalk, WPS, phones, Gmail,
Thunderbird, Apple Mail), in simplified and traditional Chinese and in English, and for the usual European ones. A filled-in form that lists
发件人 or 主题 among its fields is no header block.
"""

from __future__ import annotations

import re

from . import signatures
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
    signatures.strike_out(lines, keep, end, sender_name)
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
        if _SEPARATOR.fullmatch(line):
            break  # a form's last line, such as `时间:…`, is no part of the head that stands below the separator
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
    chinese = "写" in text or "寫" in text
    words = [word for word in _WROTE_WORDS if (chinese or word[0] not in "写寫") and word in text]
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
