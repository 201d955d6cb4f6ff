"""The texts of a mail and its attachments, from the tree of its parts."""

from __future__ import annotations

import re

from . import charsets, cms, headers, invitations, tnef, tree
from . import html as html_reader
from .message import Attachment, Limits, Message, Problem
from .patterns import lazy
from .tree import Part

_TEXTS = ("text/plain", "text/html", "text/x-markdown", "text/markdown")
_EXTENSIONS = {
    "message/rfc822": ".eml", "message/global": ".eml", "text/calendar": ".ics", "text/plain": ".txt", "text/html": ".html", "application/pdf": ".pdf",
    "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/tiff": ".tif", "application/pgp-signature": ".asc",
    "application/pkcs7-signature": ".p7s", "application/x-pkcs7-signature": ".p7s", "application/ms-tnef": ".dat",
}
# A text part that only says that the other part is to be read.
_PLACEHOLDER = lazy(r"(?:请|請)?.{0,20}(?:不支持|無法顯示|无法显示|不能显示|查看).{0,12}html|html.{0,30}(?:viewer|e-?mail client|format|capable)|view this (?:e-?mail|message) in", re.I)
_BEGIN, _SIGNATURE, _END = "-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----"


_REPORTS = ("message/delivery-status", "message/global-delivery-status", "message/disposition-notification", "text/rfc822-headers", "message/feedback-report")
_MAX_INNER = 20
_HEAD = (("发件人", b"from"), ("日期", b"date"), ("收件人", b"to"), ("主题", b"subject"))


class _Found:
    def __init__(self) -> None:
        self.reports: list[str] = []
        self.size = 0                   # characters of text so far
        self.calendars: list[str] = []
        self.inner: list[Part] = []     # mails within the mail
        self.plain: list[str] = []
        self.html: list[str] = []
        self.attachments: list[Attachment] = []


def read(message: Message, root: Part, limits: Limits) -> tuple[str, str]:
    """Fills text, html, tables and attachments of `message`; returns the text of mails within it, to go below, without and with their heads."""
    found = _Found()
    _collect(root, found, message.problems, limits)
    message.attachments = found.attachments
    html = "\n".join(found.html)
    text = "\n".join(part for part in found.plain if part.strip()) if len(found.plain) > 1 else "".join(found.plain)
    if len(text) > limits.text or len(html) > limits.html or found.size > limits.text:
        message.problems.append(Problem("too-long", "the text of the body was cut"))
        text = text[: limits.text]
    from_html = ""
    if html and ("<table" in html or "<TABLE" in html or not text.strip() or _is_placeholder(text)):
        from_html, message.tables = html_reader.read(html, limits.html)
    if not text.strip() or (_is_placeholder(text) and len(from_html) > 2 * len(text)):
        text = from_html
    if not text.strip() and not html:
        text = found.reports[0] if found.reports else "\n\n".join(map(invitations.read, found.calendars))
    message.html = html
    message.text = _signed(text, message)
    return _below(found.inner, message.problems, limits)


def _below(mails: list[Part], problems: list[Problem], limits: Limits) -> tuple[str, str]:
    """The text of mails within the mail, as clients show them below it: (the texts alone, the texts each with its head)."""
    texts: list[str] = []
    shown: list[str] = []
    queue = list(mails)
    while queue and len(texts) < _MAX_INNER:
        part = queue.pop(0)
        inner = _Found()
        _collect(part, inner, [], limits)
        queue += inner.inner
        text = "\n".join(one for one in inner.plain if one.strip())
        if not text.strip() and inner.html:
            text = html_reader.read("\n".join(inner.html), limits.html)[0]
        head = [(label, headers.decode(part.first(name))) for label, name in _HEAD]
        texts.append(text)
        shown.append("\n".join(["-------- 转发的邮件 --------", *(f"{label}: {value}" for label, value in head if value), "", text]))
    if sum(map(len, texts)) > limits.text:
        problems.append(Problem("too-long", "the text of attached mails was cut"))
    return "\n\n".join(texts)[: limits.text], "\n\n".join(shown)[: limits.text]


def _is_placeholder(text: str) -> bool:
    return len(text) < 400 and _PLACEHOLDER.search(text) is not None


def _signed(text: str, message: Message) -> str:
    if "-----BEGIN PGP" not in text:
        return text
    begin = text.find(_BEGIN)
    signature = text.find(_SIGNATURE, begin) if begin >= 0 else -1
    if signature >= 0:
        blank = text.find("\n\n", begin, signature)   # the armour's own headers end there
        end = text.find(_END, signature)
        below = text[end + len(_END) :] if end >= 0 else ""
        return text[:begin] + re.sub(r"(?m)^- ", "", text[blank + 2 if blank >= 0 else begin + len(_BEGIN) : signature]).rstrip("\n") + below
    if "-----BEGIN PGP MESSAGE-----" in text:
        message.problems.append(Problem("encrypted", "PGP"))
    return text


def _collect(part: Part, found: _Found, problems: list[Problem], limits: Limits) -> None:
    kind = part.type
    if kind.startswith("multipart/"):
        if part.children:
            if kind == "multipart/encrypted":
                problems.append(Problem("encrypted", part.params.get("protocol", "")))
            for child in part.children:
                _collect(child, found, problems, limits)
            return
        if kind != "multipart/digest" or part.body.strip():
            found.plain.append(_text(part, limits))   # no boundary found: whatever it is, people can read it
        return
    disposition, dparams = headers.parameters(part.first(b"content-disposition")) if b"content-disposition" in part.fields else ("", {})
    name = headers.file_name(dparams, part.params) if dparams or "name" in part.params or any(key.startswith("name") for key in part.params) else ""
    if kind in _TEXTS and disposition != "attachment" and not (name and disposition) and not (name and kind == "text/plain" and _after_text(found)):
        if found.size > limits.text:
            return   # `read` marks it; more of it would never be looked at
        text = _text(part, limits)
        found.size += len(text)
        if kind == "text/html":
            found.html.append(text)
        else:
            if kind == "text/plain" and part.params.get("format", "").lower() == "flowed":
                text = unflow(text, part.params.get("delsp", "").lower() == "yes")
            found.plain.append(text)
        return
    if kind in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        content = cms.signed_content(part.data())
        if content is not None and part.depth < limits.depth:
            signed = tree.parse(content, limits, problems)
            signed.depth = part.depth + 1
            _collect(signed, found, problems, limits)
            return
        if part.params.get("smime-type", "").lower() not in ("certs-only", "signed-data"):
            problems.append(Problem("encrypted", "S/MIME"))
    if kind in ("message/rfc822", "message/global", "message/news") and part.depth == 0 and part.children:
        _collect(part.children[0], found, problems, limits)   # the mail says of itself that it is a mail
        return
    if kind in _REPORTS and disposition != "attachment" and not name:
        found.reports.append(_text(part, limits))   # parts of a report, read by `bounces`; nothing that people would open
        return
    _attach(part, kind, name, disposition, found, problems, limits)


def _after_text(found: _Found) -> bool:
    return bool(found.plain or found.html)


def _attach(part: Part, kind: str, name: str, disposition: str, found: _Found, problems: list[Problem], limits: Limits) -> None:
    if kind in ("message/rfc822", "message/global", "message/news"):
        found.inner += part.children
        data = part.data()
        if not name and part.children:
            subject = headers.decode(part.children[0].first(b"subject"))
            name = re.sub(r"[\\/:*?\"<>|\x00-\x1f]+", "_", subject)[:80].strip() + ".eml" if subject else ""
    else:
        data = part.data(problems)
    if kind in ("application/ms-tnef", "application/vnd.ms-tnef") or name.lower() == "winmail.dat":
        inside = tnef.read(data)
        if inside is not None and (inside[0] or inside[1] or inside[2]):
            files, text, html = inside
            found.attachments += files
            if not _after_text(found):
                found.plain += [text] if text else []
                found.html += [html] if html and not text else []
            return
        problems.append(Problem("bad-tnef", name))
    if kind == "text/calendar":
        found.calendars.append(_text(part, limits))
    content_id = headers.unfold(part.first(b"content-id")).strip("<> ") if b"content-id" in part.fields else ""
    inline = disposition == "inline" or (bool(content_id) and disposition != "attachment")
    if not name:
        name = _default_name(kind, len(found.attachments) + 1)
    found.attachments.append(Attachment(name, kind, len(data), data, content_id, inline))


def _default_name(kind: str, number: int) -> str:
    return f"part-{number}{_EXTENSIONS.get(kind, '.bin')}"


def _text(part: Part, limits: Limits) -> str:
    data = part.data()[: 4 * limits.text + 4]   # no encoding takes more than four bytes a character
    label = part.params.get("charset", "")
    if part.type == "text/html" and (not label or charsets.codec(label) in ("", "ascii")):
        match = re.search(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]+)", data[:4096], re.I)
        if match:
            label = match[1].decode("ascii", "replace")
    text = charsets.decode(data, label)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def unflow(text: str, delsp: bool) -> str:
    """RFC 3676: lines that end in a blank go on in the next one of the same quote depth."""
    out: list[str] = []
    pieces: list[str] = []   # of the line in the making
    open_depth = -1

    def finish() -> None:
        if pieces:
            line = "".join(pieces)
            out.append(line if line == "-- " else line.rstrip())
            pieces.clear()

    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        flowed = content.endswith(" ") and content != "-- "
        if open_depth != depth or content == "-- ":
            finish()
            pieces.append(">" * depth + (" " if depth else ""))
        pieces.append(content[:-1] if flowed and delsp else content)
        if flowed:
            open_depth = depth
        else:
            open_depth = -1
            finish()
    finish()
    return "\n".join(out)
