"""Invitations (RFC 5545): what an event is, when and where, as lines of text for mails that hold a calendar and nothing else."""

from __future__ import annotations

import re

from .patterns import lazy

_FOLD = lazy(r"\r?\n[ \t]")
_LINE = lazy(r"([A-Za-z-]+)((?:;[^:\"]*(?:\"[^\"]*\")?[^:\"]*)*):(.*)")
_WHEN = lazy(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2}))?\d*(Z?)")
_METHODS = {"REQUEST": "会议邀请", "CANCEL": "会议取消", "REPLY": "会议答复", "COUNTER": "会议改期建议", "PUBLISH": "日程"}
_LABELS = (("SUMMARY", "主题"), ("DTSTART", "开始"), ("DTEND", "结束"), ("LOCATION", "地点"), ("DESCRIPTION", "说明"))


def read(text: str) -> str:
    """Lines such as `会议邀请` and `主题:…`; '' where there is no event in it. Times as they stand in the calendar, `UTC` behind those that say so."""
    method, inside = "", False
    found: dict[str, str] = {}
    for line in _FOLD.sub("", text[:200_000]).splitlines():
        match = _LINE.fullmatch(line)
        if not match:
            continue
        name, value = match[1].upper(), match[3].strip()
        if name == "METHOD":
            method = value.upper()
        elif name in ("BEGIN", "END") and value.upper() == "VEVENT":
            inside = name == "BEGIN"
        elif inside and value:
            found.setdefault(name, _time(value) if name.startswith("DT") else re.sub(r"\\([,;\\])", r"\1", value.replace("\\n", "\n").replace("\\N", "\n")))
    if not found:
        return ""
    return "\n".join([_METHODS.get(method, "日程"), *(f"{label}:{found[name]}" for name, label in _LABELS if found.get(name))])


def _time(value: str) -> str:
    match = _WHEN.fullmatch(value)
    if not match:
        return value
    day = f"{match[1]}-{match[2]}-{match[3]}"
    return f"{day} {match[4]}:{match[5]}{' UTC' if match[6] else ''}" if match[4] else day
