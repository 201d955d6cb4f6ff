"""winmail.dat: the files and the body that Outlook wraps into application/ms-tnef."""

from __future__ import annotations

from . import charsets
from .message import Attachment


def read(data: bytes) -> tuple[list[Attachment], str, str] | None:
    """(files, plain text, HTML) inside, or None where it is no TNEF or a broken one. Never raises."""
    try:
        from tnefparse import TNEF

        tnef = TNEF(data, do_checksum=False)
        files = []
        for item in tnef.attachments:
            content = bytes(item.data or b"")
            files.append(Attachment(_name(item), "application/octet-stream", len(content), content))
        text = _text(getattr(tnef, "body", None))
        html = _text(getattr(tnef, "htmlbody", None))
        return files, text, html
    except Exception:
        return None


def _name(item: object) -> str:
    for which in ("long_filename", "name"):
        try:
            value = getattr(item, which)
            value = value() if callable(value) else value
        except Exception:
            continue
        text = _text(value).strip("\x00 ")
        if text:
            return text
    return "attachment"


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return charsets.sniff(value).replace("\x00", "")
    if isinstance(value, list):
        return "".join(_text(one) for one in value)
    return value if isinstance(value, str) else ""
