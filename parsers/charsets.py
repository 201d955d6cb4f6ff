"""Bytes to text: what the label says, checked against the bytes, because Chinese mail is labelled wrongly more often than not.

The order is: 7-bit encodings with escapes, the declared encoding if the bytes agree with it, UTF-8, then GB18030 or Big5, whichever makes
ordinary characters of more of the bytes, then Windows-1252. A declared Latin-1 stays Latin-1 unless its high bytes come in runs that make
everyday Chinese.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from .patterns import lazy

# Labels that Python does not know, or knows as a subset of what is really sent under that name.
_ALIASES = {
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "cp936": "gb18030", "936": "gb18030", "ms936": "gb18030", "windows936": "gb18030",
    "gb231280": "gb18030", "csgb2312": "gb18030", "chinese": "gb18030", "euccn": "gb18030", "gb": "gb18030", "xgbk": "gb18030",
    "gb2312charset": "gb18030", "macchinesesimp": "gb18030", "gbk2312": "gb18030", "csiso58gb231280": "gb18030", "gb180302000": "gb18030",
    "gb180302005": "gb18030", "gb23121980": "gb18030", "iso8859gb": "gb18030", "zhcn": "gb18030", "simplifiedchinese": "gb18030",
    "big5": "big5hkscs", "big5hkscs": "big5hkscs", "cp950": "big5hkscs", "xbig5": "big5hkscs", "csbig5": "big5hkscs", "bg5": "big5hkscs",
    "windows950": "big5hkscs", "950": "big5hkscs", "big5tw": "big5hkscs", "big5eten": "big5hkscs", "zhtw": "big5hkscs",
    "hz": "hz", "hzgb2312": "hz", "hzgb": "hz",
    "iso2022cn": "iso2022cn", "iso2022cnext": "iso2022cn",
    "utf8": "utf-8", "unicode11utf8": "utf-8", "utf": "utf-8", "utf8mb4": "utf-8", "cp65001": "utf-8", "65001": "utf-8",
    "unicode11utf7": "utf-7", "utf7": "utf-7", "unicode": "utf-16",
    "usascii": "ascii", "ascii": "ascii", "ansix341968": "ascii", "ansix34": "ascii", "646": "ascii", "iso646us": "ascii", "us": "ascii",
    "iso88591": "latin-1", "latin1": "latin-1", "cp1252": "cp1252", "windows1252": "cp1252", "ansi": "", "8bit": "", "unknown": "", "unknown8bit": "",
    "default": "", "defaultcharset": "", "none": "", "binary": "", "7bit": "", "base64": "", "utf8base64": "utf-8", "iso88598i": "iso8859-8",
    "iso88596i": "iso8859-6", "ksc56011987": "cp949", "ksc5601": "cp949", "euckr": "cp949", "shiftjis": "cp932", "sjis": "cp932", "xsjis": "cp932",
    "iso2022jp": "iso2022_jp_ext", "iso88599": "cp1254", "tis620": "cp874", "iso885911": "cp874",
}
# Codecs of Python that are no charsets: some make lone surrogates, which no database takes.
_NOT_FOR_MAIL = frozenset(("unicode_escape", "raw_unicode_escape", "unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined", "mbcs", "oem", "utf-8-sig"))
_SURROGATE = lazy("[\ud800-\udfff]")
_HIGH_RUN = lazy(rb"[\x80-\xff]+")
_ESCAPED = lazy(rb"~\{|\x1b[$(]|\x1b&")
_UTF8_CJK = lazy(rb"[\xe3-\xe9\xef][\x80-\xbf][\x80-\xbf]|\xf0[\xa0-\xaf]")
# GB2312: punctuation and full-width forms, kana-free; then the 3,755 everyday characters of level 1.
_UTF8_RUN = lazy(rb"(?:[\xe3-\xe9\xef][\x80-\xbf][\x80-\xbf]){2}")   # hardly ever in GBK, at once in UTF-8
_PRIVATE = lazy("[\ue000-\uf8ff]")   # what Big5 becomes when it is read as GB18030
_GB_PAIRS = lazy(rb"[\x81-\xfe][\x30-\x39][\x81-\xfe][\x30-\x39]|[\x81-\xfe][\x40-\x7e\x80-\xfe]|[\x80-\xff]")
_BIG5_PAIRS = lazy(rb"[\x81-\xfe][\x40-\x7e\xa1-\xfe]|[\x80-\xff]")
_SNIFF = 64 * 1024
_BY_LINES = 256 * 1024


@lru_cache(maxsize=256)
def codec(label: str) -> str:
    """The Python codec for a charset label as found in mail; '' where the label means nothing."""
    name = label.strip(" \t\"'<>;,").lower().split("*", 1)[0].split(";", 1)[0]
    key = re.sub(r"[^a-z0-9]", "", name)
    key = key.removeprefix("charset")
    for candidate in (key, key.removeprefix("x"), key.removeprefix("cs"), key.removeprefix("windows"), key.removeprefix("ibm")):
        if candidate in _ALIASES:
            return _ALIASES[candidate]
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        try:
            info = codecs.lookup(name.removeprefix("x-"))
        except (LookupError, ValueError):
            return ""
    return info.name if getattr(info, "_is_text_encoding", True) and info.name not in _NOT_FOR_MAIL else ""


def decode(data: bytes, label: str = "") -> str:
    """Text of `data`, which is labelled `label`. Never raises; what cannot be read becomes U+FFFD."""
    if not data:
        return ""
    name = codec(label) if label else ""
    if data.isascii():
        if name in ("hz", "iso2022cn", "utf-7") or name.startswith("iso2022") or (not name and _ESCAPED.search(data)):
            return _seven_bit(data, name)
        if not name.startswith(("utf-16", "utf-32")):
            return data.decode("ascii")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) and not name.startswith("utf-32"):
        return data.decode("utf-16", "replace")
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    if name == "utf-8":
        try:
            return data.decode()
        except UnicodeDecodeError:
            return _nearly_utf8(data) or _by_lines(data, "utf-8")
    if name == "gb18030" or name in ("hz", "iso2022cn"):
        return _chinese(data)
    if name == "big5hkscs":
        if _is_utf8_chinese(data):
            return data.decode()
        if gb_share(data) > big5_share(data) + 0.25:
            return _by_lines(data, "gb18030")
        return _strict(data, "big5hkscs") or _strict(data, "cp950") or _cut_off(data, "big5hkscs") or _by_lines(data, "big5hkscs")
    if name in ("latin-1", "cp1252"):
        if _runs_are_chinese(data):
            return _strict(data, "gb18030") or data.decode("latin-1")
        return _western(data)
    if name and name not in ("ascii", "utf-7"):
        try:
            return data.decode(name)
        except (UnicodeError, LookupError, ValueError):
            return _strict(data, "utf-8") or _lenient(data, name)
    return sniff(data)


def _chinese(data: bytes) -> str:
    """Text labelled with one of the simplified encodings: GB18030, or what else was put under that label."""
    if _UTF8_RUN.search(data):
        return data.decode() if _is_utf8_chinese(data) else _by_lines(data, "gb18030")
    text = _strict(data, "gb18030")
    if not text and _is_utf8_chinese(data):
        return data.decode()
    if text and not _PRIVATE.search(text):
        return text
    if big5_share(data) > gb_share(data) + 0.2:
        return _big5_or_gb(data)
    return text or _cut_off(data, "gb18030") or _by_lines(data, "gb18030")


def sniff(data: bytes, western: bool = True) -> str:
    """Text of bytes that carry no label, or one that says nothing.

    Pairs of high bytes prove Chinese, single ones prove nothing: they are read as Windows-1252 in bodies, where the context is long, and left
    unknown (U+FFFD) with `western=False` for header fields, as the standard library leaves them.
    """
    if data.isascii():
        return _seven_bit(data, "") if _ESCAPED.search(data) else data.decode("ascii")
    return _strict(data, "utf-8") or _nearly_utf8(data) or _big5_or_gb(data, western)


def gb_share(data: bytes) -> float:
    """What share of the high bytes makes everyday simplified Chinese when read as GB2312."""
    good = total = 0
    for pair in _GB_PAIRS.findall(data[:_SNIFF]):
        total += len(pair)
        if len(pair) == 2:
            lead, trail = pair
            if trail >= 0xA1 and (0xB0 <= lead <= 0xD7 or 0xA1 <= lead <= 0xA3):
                good += 2
            elif trail >= 0xA1 and 0xD8 <= lead <= 0xF7:
                good += 1
    return good / total if total else 0.0


def big5_share(data: bytes) -> float:
    """What share of the high bytes makes everyday traditional Chinese when read as Big5."""
    good, total = 0.0, 0
    for pair in _BIG5_PAIRS.findall(data[:_SNIFF]):
        total += len(pair)
        if len(pair) == 2 and (0xA4 <= pair[0] <= 0xC6 or pair[0] == 0xA1):
            good += 2
        elif len(pair) == 2 and 0xC9 <= pair[0] <= 0xF9:
            good += 0.6 if pair[1] < 0x7F else 0.4
    return good / total if total else 0.0


def _big5_or_gb(data: bytes, western: bool = True) -> str:
    gb, big5 = gb_share(data), big5_share(data)
    if _looks_western(data) and max(gb, big5) < 0.95:
        return _western(data) if western else data.decode("ascii", "replace")
    if big5 > gb:
        text = _strict(data, "big5hkscs") or _cut_off(data, "big5hkscs")
        if text:
            return text
    if gb >= 0.3 or _strict(data, "gb18030"):
        return _strict(data, "gb18030") or _cut_off(data, "gb18030") or _by_lines(data, "gb18030")
    return _western(data)


def _looks_western(data: bytes) -> bool:
    """High bytes stand alone among letters, as in Latin scripts; Chinese comes in runs."""
    runs = _HIGH_RUN.findall(data[:_SNIFF])
    alone = sum(1 for run in runs if len(run) == 1)
    return alone * 2 > len(runs)


def _runs_are_chinese(data: bytes) -> bool:
    runs = _HIGH_RUN.findall(data[:_SNIFF])
    high = sum(map(len, runs))
    return high >= 8 and sum(len(run) for run in runs if len(run) >= 4) >= 0.8 * high and gb_share(data) >= 0.8


def _is_utf8_chinese(data: bytes) -> bool:
    if not _UTF8_CJK.search(data):
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _nearly_utf8(data: bytes) -> str:
    """UTF-8 that was cut off in the middle of a character, or damaged in a few places: '' where it is something else."""
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(1 for ch in text if ch > "\x7f") - bad
    if bad <= 1 and good >= 1 and "\ufffd" in text[-2:] and len(data) > 6:
        return text.rstrip("\ufffd")
    return text if good > 8 * bad else ""


def _cut_off(data: bytes, name: str) -> str:
    """The text when only its last character is incomplete, as in subjects cut to a length."""
    for n in (1, 2, 3):
        text = _strict(data[:-n], name)
        if text:
            return text
    return ""


def _by_lines(data: bytes, name: str) -> str:
    """Some list managers and gateways put a footer in another encoding below: each line is read on its own."""
    rest = b""
    if len(data) > _BY_LINES:
        cut = data.find(b"\n", _BY_LINES) + 1
        data, rest = (data[:cut], data[cut:]) if cut else (data, b"")
    out = []
    for line in data.splitlines(keepends=True):
        if line.isascii():
            out.append(line.decode("ascii"))
            continue
        if _is_utf8_chinese(line):
            out.append(line.decode())
        else:
            gb = _strict(line, "gb18030") if name == "gb18030" or gb_share(line) >= 0.5 else ""
            out.append(_strict(line, name) or _strict(line, "utf-8") or gb or _lenient(line, name))
    return "".join(out) + _lenient(rest, name)


def _strict(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except (UnicodeError, LookupError, ValueError):
        return ""


def _lenient(data: bytes, name: str) -> str:
    try:
        return data.decode(name, "replace")
    except (UnicodeError, LookupError, ValueError):
        return data.decode("latin-1")


def _western(data: bytes) -> str:
    return _strict(data, "cp1252") or data.decode("latin-1")


def _seven_bit(data: bytes, name: str) -> str:
    """HZ (RFC 1843), ISO-2022-CN (RFC 1922), ISO-2022-JP and -KR, UTF-7: text that hides in ASCII."""
    if name == "iso2022cn" or b"\x1b$)A" in data:
        return _iso2022cn(data)
    if name == "hz" or (not name and b"~{" in data and b"~}" in data):
        text = _strict(data, "hz")
        return text if text else data.decode("ascii")
    if name:
        return _SURROGATE.sub("\ufffd", _strict(data, name)) or data.decode("ascii")
    if b"\x1b$" in data:
        return _strict(data, "iso2022_jp_2") or _strict(data, "iso2022_kr") or data.decode("ascii")
    return data.decode("ascii")


def _iso2022cn(data: bytes) -> str:
    out = []
    for i, piece in enumerate(re.split(rb"\x0e([^\x0f]*)\x0f?", re.sub(rb"\x1b\$[)*+][AGHE]", b"", data))):
        out.append(bytes(b | 0x80 for b in piece).decode("gb2312", "replace") if i % 2 else piece.decode("ascii", "replace"))
    return "".join(out)
