"""Bounces: which recipients failed, why, and which letter it was about.

RFC 3464 reports first, then the headers that Exim and others set, then the sentences of mail servers without reports, Chinese providers'
included, then flufl.bounce for the rest.
"""

from __future__ import annotations

import re

from . import charsets, headers
from .message import FailedRecipient
from .patterns import lazy
from .tree import Part

_ADDRESS = lazy(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_STATUS = lazy(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_DAEMON = lazy(r"(?:mailer-?daemon|mail-?daemon|postmaster|mailerdemon|mdaemon|mmdf|daemon|uucp|bounce[sd]?|mail(?:er)?-?admin|mail\.?delivery(?:\.?s[uy]\w*)?|noreply-bounce|system-?mail)(?:[+._-][^@]*)?@|<>", re.I)
_SUBJECT = lazy(
    r"退信|无法投递|無法投遞|未能送达|未送达|無法傳遞|无法送达|投递失败|投遞失敗|邮件被退回|郵件被退回|传递失败|傳遞失敗|发送失败|未传递|未傳遞|"
    r"undeliver|delivery (?:status|fail|report|notif|problem|has failed|subsystem|delayed)|returned (?:mail|to sender)|mail delivery|failure notice|mail (?:system )?(?:failure|error)|"
    r"non[- ]?deliver|nondeliver|not (?:yet )?been delivered|delivery (?:error|notification)|mail failed|processing error|could not (?:send|be delivered)|message (?:status|delivery|undelivered)|not delivered|failed mail|mail status report|permanent(?:ly)? (?:fail|undeliver)|"
    r"unzustellbar|fehlgeschlagen|rücksendung|échec|no se (?:ha podido|puede) entregar|mancato recapito|onbestelbaar|не доставлено|user unknown|error in processing",
    re.I,
)
_BODY = lazy(
    r"退信(?:原因|通知|代码)|无法(?:投递|发送到|送达|到达)|(?:未能|没有)(?:成功)?(?:投递|送达|发送)|被退回|收件人(?:邮箱)?(?:地址)?[^。\n]{0,60}(?:不存在|已满|拒收|停用)|無法(?:投遞|傳遞|送達)|"
    r"could(?: not|n't) be delivered|(?:was|were|is) not delivered|delivery (?:to the following|failed|has failed|attempts)|undeliver|unable to deliver|permanent (?:fatal )?error|"
    r"user unknown|no such user|unknown user|mailbox (?:unavailable|full|not found|is full|does not exist)|did not reach the following|returned to (?:you|sender)|"
    r"following address(?:es)? (?:had|failed)|fatal errors|failed recipient|recipient(?:s)? (?:could not|rejected|unknown)|not listed in|unrouteable|over quota|exceeded.{0,20}quota|account (?:is )?(?:disabled|inactive)|"
    r"not (?:yet )?been delivered|has been returned because|no valid recipients|failed addresses|not able to deliver|was rejected|delivery error|cannot be delivered|address (?:is )?(?:unknown|invalid)|invalid recipient|5\d\d[ -]\d\.\d\.\d",
    re.I,
)
_ORIGINAL_BELOW = lazy(
    r"(?im)^[ >]*-{2,}.*(?:copy of (?:the|your)|original message|returned message|message follows|unsent message|原邮件|原始邮件).*$|^[ >]*(?:received: from|return-path:)|^[ >]*(?:below this line is|your (?:original )?message (?:follows|is included)|the (?:original|text of the) message)",
)
_LINE_OF_FAILURE = lazy(
    r"收件人|无法|不存在|退|失败|失敗|已满|拒|地址|5\d\d|4\d\d|unknown|fail|error|reject|not |n't|unable|undeliver|invalid|quota|full|disabled|recipient|bad address|no such|cannot|could|user|refused|denied|mailbox|returned|generated from|intended recipient|suspend|inactive|expired",
    re.I,
)


_MAX_REPORT = 256 * 1024


def is_daemon(sender: str, return_path: bytes) -> bool:
    """From a mail system itself, or with the null return-path that RFC 5321 §4.5.5 asks of notifications."""
    return bool(_DAEMON.match(sender)) or return_path.strip() == b"<>"


_STRONG_SUBJECT = lazy(
    r"\s*(?:系统退信|退信通知|邮件?投递失败|邮件无法投递|未送达|undeliver|returned mail|delivery (?:status notification|failure|failed|error|report)|mail (?:could not be delivered|delivery (?:failed|failure))|failure notice|non-?delivery)", re.I
)


def is_like_one(root: Part, subject: str, text: str) -> bool:
    """A bounce by its build, for senders that do not look like a mail server.

    The subject is a mail server's, and it opens at once with the failure and the address; people begin otherwise, also when they speak of bounces.
    """
    if not _STRONG_SUBJECT.match(subject):
        return False
    opening = "\n".join([line for line in text.split("\n") if line.strip()][:6])[:800]
    returned = any(part.type in ("message/rfc822", "text/rfc822-headers") for part in root.children)
    return bool(_BODY.search(opening) or returned and _BODY.search(text[:3000])) and (_ADDRESS.search(opening) is not None or returned)


def from_report(root: Part) -> tuple[list[FailedRecipient], bool, bool]:
    """(recipients that failed or are late, whether one was delivered to, whether there is a delivery report), from message/delivery-status parts."""
    failed: list[FailedRecipient] = []
    seen = delivered = False
    for part in _outer(root):
        if part.type not in ("message/delivery-status", "message/global-delivery-status"):
            continue
        seen = True
        for group in re.split(r"(?:\r?\n[ \t]*){2,}|\r\r", charsets.decode(part.data()[:_MAX_REPORT])):
            fields = _fields(group)
            action = fields.get("action", "").split("(")[0].strip().lower()
            addresses = [_typed(fields.get(name, "")) for name in ("original-recipient", "final-recipient", "x-actual-recipient")]
            address = next((a for a in addresses if a), "")
            if action in ("delivered", "relayed", "expanded"):
                delivered = True
                continue
            if not address:
                continue
            status = _STATUS.search(fields.get("status", "")) or _STATUS.search(fields.get("diagnostic-code", ""))
            diagnosis = re.sub(r"^\s*[\w-]+\s*;\s*", "", fields.get("diagnostic-code", ""))
            failed.append(FailedRecipient(address, status[1] if status else "", " ".join(diagnosis.split())[:500]))
    return _distinct(failed), delivered, seen


def _outer(root: Part) -> list[Part]:
    """Parts of this mail, not those of the mail that it returns."""
    out, stack = [], [root]
    while stack:
        part = stack.pop(0)
        out.append(part)
        if part.type not in ("message/rfc822", "message/global"):
            stack.extend(part.children)
    return out


def _fields(group: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in group.splitlines():
        if line[:1] in (" ", "\t") and name:
            fields[name] += " " + line.strip()
        else:
            key, colon, value = line.partition(":")
            if colon:
                name = key.strip().lower()
                fields.setdefault(name, value.strip())
    return fields


def _typed(value: str) -> str:
    """The address of `rfc822; a@b` (also `<a@b>`, and without the type)."""
    kind, semicolon, rest = value.partition(";")
    text = rest if semicolon else kind
    match = _ADDRESS.search(text)
    if match:
        return match[0].lower()
    return ""


def from_headers(root: Part) -> list[FailedRecipient]:
    """X-Failed-Recipients (Exim, Gmail)."""
    value = b",".join(root.fields.get(b"x-failed-recipients", []))
    return [FailedRecipient(address.lower()) for address in dict.fromkeys(_ADDRESS.findall(headers.decode(value)))] if value else []


def speaks_of_failure(subject: str, text: str) -> bool:
    """The words of a mail server that could not deliver; only of use for mails from a mail server."""
    return bool(_SUBJECT.search(subject) or _BODY.search(text[:6000]))


def from_text(text: str, own: set[str]) -> list[FailedRecipient]:
    """The addresses that a mail server's text complains of; those in `own` (whom the bounce was sent to and from) are not."""
    below = _ORIGINAL_BELOW.search(text)
    head = text[: below.start()] if below and below.start() > 40 else text[:8000]
    lines = head.split("\n")[:400]
    failed: list[FailedRecipient] = []
    alone: list[FailedRecipient] = []
    for i, line in enumerate(lines):
        for address in _ADDRESS.findall(line[:1000]):
            address = address.strip(".'`=").removeprefix("mailto:").lower()
            if address in own or "." not in address.partition("@")[2]:
                continue
            around = " ".join(lines[max(0, i - 1) : i + 3])
            status = _STATUS.search(around)
            one = FailedRecipient(address, status[1] if status else "", " ".join(around.split())[:500])
            if _LINE_OF_FAILURE.search(line.replace(address, "")):
                failed.append(one)
            elif line.strip(" \t<>*\"'.:;,-").lower() in (address, "rfc822;" + address, "mailto:" + address):
                alone.append(one)
    return _distinct(failed or alone)


def with_reasons(failed: list[FailedRecipient], told: list[FailedRecipient]) -> list[FailedRecipient]:
    """`failed`, each with the status and the reason that the text tells of it; `told` where there is nobody in `failed`."""
    reasons = {one.address: one for one in told}
    return [reasons.get(one.address, one) for one in failed] or told


def with_flufl(raw: bytes) -> list[FailedRecipient]:
    """flufl.bounce's detectors: for mails that are from a mail server by other signs, because it takes ordinary ones for bounces too."""
    try:
        import email
        import logging

        logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)   # it reports its own detectors' exceptions
        from flufl.bounce import all_failures

        temporary, permanent = all_failures(email.message_from_bytes(raw[: 512 * 1024]))
    except Exception:
        return []
    found = []
    for address in [*permanent, *temporary]:
        text = address.decode("ascii", "replace") if isinstance(address, bytes) else str(address)
        match = _ADDRESS.search(text)
        if match:
            found.append(FailedRecipient(match[0].lower()))
    return _distinct(found)


def failed_message_id(root: Part, text: str) -> str:
    """Message-ID of the letter that bounced: from the copy that came back, else from the text, else from References."""
    for part in root.walk():
        if part is root:
            continue
        if part.depth and part.fields.get(b"message-id") and part.type != "message/delivery-status":
            ids = headers.message_ids(part.first(b"message-id"))
            if ids:
                return ids[0]
        if part.type in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
            match = re.search(rb"(?im)^message-id:((?:.*\n?[ \t]?)[^\r\n]*)", part.data())
            if match:
                ids = headers.message_ids(match[1])
                if ids:
                    return ids[0]
    match2 = re.search(r"(?im)^[ >\t]*message-id:\s*(<[^<>\s]+>)", text)
    if match2:
        return match2[1]
    for name in (b"in-reply-to", b"references"):
        ids = headers.message_ids(root.first(name))
        if ids:
            return ids[-1]
    return ""


def _distinct(failed: list[FailedRecipient]) -> list[FailedRecipient]:
    out: dict[str, FailedRecipient] = {}
    for one in failed:
        if one.address not in out or (one.diagnosis and not out[one.address].diagnosis):
            out[one.address] = one
    return list(out.values())[:200]
