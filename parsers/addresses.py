"""Addresses: a tolerant splitter for lists as people and programs write them, then one strict reader for each address.

Plain ASCII addresses are read here; the rest (quoted local parts, other scripts, IDN) by flanker's `address.parse`, one at a time, because
its list parser drops all for one bad item.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from . import headers
from .message import Address
from .patterns import lazy

_PLAIN = lazy(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\Z")
_SIMPLE = lazy(r'\s*(?:"([^"\\]*)"|([^"<>@,;:()\[\]\\]*))\s*<\s*([^<>\s"(),;:\\]+)\s*>\s*\Z')
_IN_ANGLES = lazy(r"<([^<>]*@[^<>]*)>")
_LOOSE = lazy(r"[^\s<>\"'“”‘’,;:()（）【】\[\]，；：、]+@[^\s<>\"'“”‘’,;:()（）【】\[\]，；：、]+")
_COMMENT = lazy(r"\(((?:[^()\\]|\\.)*)\)")
_LOCAL = lazy(r"<?[A-Za-z0-9][A-Za-z0-9._+-]{0,63}>?")
_MAX_ADDRESS = 1024


def read_list(raw: bytes, limit: int = 2000) -> list[Address]:
    """The mailboxes of a From, To, Cc or Reply-To field. Groups are opened; items without any address are left out unless they name somebody."""
    text = headers.unfold(raw)
    if "=?" in text and "@" not in text:
        text = headers.decode_words(text)   # some clients put the whole field, addresses and all, into encoded-words
    found: list[Address] = []
    for item in split(text, limit):
        address = read_one(item)
        if address is not None:
            found.append(address)
    return [a for a in found if a.address] or found


def split(text: str, limit: int = 2000) -> list[str]:
    """Cuts a list at commas and semicolons outside quotes, comments and angle brackets; full-width marks count between addresses."""
    if not any(mark in text for mark in '"(:;\\，；、'):
        return [item for item in text.split(",", limit)[:limit] if item.strip()]
    items: list[str] = []
    start = depth = 0
    quoted = angle = False
    i, n = 0, len(text)
    closing = text.rfind('"')
    while i < n and len(items) < limit:
        ch = text[i]
        if ch == "\\":
            i += 2
            continue
        if quoted:
            quoted = ch != '"'
        elif ch == '"':
            quoted = i < closing   # a quote that is never closed is an ordinary character
        elif ch == "(":
            depth += 1 if ")" in text[i : i + 512] else 0
        elif ch == ")":
            depth = max(0, depth - 1)
        elif depth:
            pass
        elif ch == "<":
            angle = ">" in text[i : i + _MAX_ADDRESS]
        elif ch == ">":
            angle = False
        elif not angle and (ch in ",;" or (ch in "，；、" and "@" in text[start:i])):
            items.append(text[start:i])
            start = i + 1
        elif not angle and ch == ":" and "@" not in text[start:i] and _is_group(text, i):
            start = i + 1
        i += 1
    if len(items) < limit:
        items.append(text[start:])
    return [item for item in items if item.strip()]


def _is_group(text: str, colon: int) -> bool:
    """RFC 5322 §3.4: `Team: a@x, b@y;`. "mailto:" is not one; nor is a name with a colon before an angle bracket."""
    return text.find(";", colon) > 0 or text[:colon].strip().lower() in ("mailto", "undisclosed-recipients", "smtp")


def read_one(item: str) -> Address | None:
    """One mailbox; None where the item is empty. The address is '' where there is only a name."""
    match = _SIMPLE.match(item)
    if match:
        address = _address(match[3])
        if address:
            name = match[1] if match[1] is not None else match[2]
            return Address(_name(name or ""), address)
    item = item.strip()
    if not item:
        return None
    if _PLAIN.match(item):
        return Address("", item.lower())
    angles = _IN_ANGLES.findall(item[: 4 * _MAX_ADDRESS])
    if angles:
        spot = item.rfind("<" + angles[-1] + ">")
        address = _address(angles[-1].strip()) or _loose(angles[-1])
        return Address(_name(item[:spot]) or _comment(item[spot:]), address)
    bare = _COMMENT.sub(" ", item).strip()
    address = _address(bare) or _loose(item)
    if address:
        name = _comment(item)
        if not name:
            spot = item.lower().rfind(address)
            name = _name(item[:spot].rstrip(" <[（(【") if spot > 0 else "")
        return Address(name, address)
    if _LOCAL.fullmatch(item):
        return Address("", item.strip("<>").lower())   # a user of the machine itself, as cron writes it
    return Address(_name(item.replace("<>", "")), "")


def _name(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    if len(text) > 1 and text[0] == '"' and text[-1] == '"':
        text = text[1:-1]
    elif '"' in text:
        text = re.sub(r'"((?:[^"\\]|\\.)*)"', r"\1", text)
    if "\\" in text:
        text = re.sub(r"\\(.)", r"\1", text)
    if "=?" in text:
        text = headers.decode_words(text).strip()
        if len(text) > 1 and text[0] == text[-1] == '"':
            text = text[1:-1]
    if "(" in text:
        text = re.sub(r"\s+(?=\()", " ", text)
    return " ".join(text.split()).strip("'") if text[:1] == "'" and text[-1:] == "'" else " ".join(text.split())


def _comment(text: str) -> str:
    match = _COMMENT.search(text)
    return _name(match[1]) if match else ""


def _address(text: str) -> str:
    """The address in lower case when it is a sound one, '' otherwise."""
    if _PLAIN.match(text):
        return text.lower()
    if "@" not in text or len(text) > _MAX_ADDRESS:
        return ""
    if text.lower().startswith(("mailto:", "smtp:")):
        return _address(text.partition(":")[2])
    if "(" in text or " " in text:   # comments and blanks around dots: RFC 5322 §4.4
        tidy = re.sub(r"\s*([.@])\s*", r"\1", _COMMENT.sub("", text)).strip()
        if _PLAIN.match(tidy):
            return tidy.lower()
    if text.startswith("@") and ":" in text:   # a source route
        return _address(text.rpartition(":")[2].strip())
    return _strict(text)


def _loose(text: str) -> str:
    """The last thing that looks like an address, for items no grammar allows."""
    if "=?" in text:
        text = headers.decode_words(text)
    found = _LOOSE.findall(text[: 4 * _MAX_ADDRESS])
    return found[-1].strip(".'").lower() if found else ""


@lru_cache(maxsize=1024)
def _strict(text: str) -> str:
    """flanker's reading of one address."""
    try:
        parsed = _flanker()(text)
    except Exception:
        return ""   # it raises many kinds on hostile input, and where it is not installed; the tolerant reading follows
    return str(getattr(parsed, "address", "") or "").lower()


@lru_cache(maxsize=1)
def _flanker() -> Any:
    """flanker's strict reader. Its grammar tables are kept from being printed about and from being written into site-packages."""
    import logging
    import sys

    import ply.yacc

    original = ply.yacc.yacc

    def quiet(*args: Any, **kwargs: Any) -> Any:
        kwargs.update(debug=False, write_tables=False, errorlog=ply.yacc.NullLogger(), debuglog=ply.yacc.NullLogger())
        # ply looks for the grammar in the module that calls it; that is no longer the one two frames up.
        kwargs.setdefault("module", sys.modules[sys._getframe(1).f_globals["__name__"]])
        return original(*args, **kwargs)

    for name in ("parser", "lexer"):
        logging.getLogger("flanker.addresslib._parser." + name).disabled = True
    ply.yacc.yacc = quiet
    try:
        from flanker.addresslib import address
    finally:
        ply.yacc.yacc = original
    return address.parse
