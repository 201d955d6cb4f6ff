"""Signatures, cards, disclaimers and what clients put below a mail, struck out of the new words."""

from __future__ import annotations

import re

from . import chinese
from .patterns import lazy

_SPACES = lazy(r"[\s\u00a0\u3000\u200b\ufeff]+")
_RULE = lazy(r"[\s\u00a0]*(?:[-—–_=*·~]\s?){5,}[\s\u00a0]*")
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


def strike_out(lines: list[str], keep: list[bool], end: int, sender_name: str) -> None:
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
    named = re.fullmatch(r"[\u4e00-\u9fff]{2,4}", name) is not None and chinese.simplified(name)[0] in chinese.SURNAMES
    details = sum(1 for line in block[1:] if _SIGN_LINE.search(line))
    if (own and blank >= 1 and (len(block) == 1 or details or blank >= 2)) or (named and blank >= 1 and details >= max(1, len(block) - 2) and blank + details >= 3):
        _strike(keep, first, last + 1)
