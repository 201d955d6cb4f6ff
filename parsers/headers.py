"""Header fields: from the bytes of a header block to text, parameters, dates and message ids.

RFC 5322 (unfolding), RFC 2047 (encoded-words) and RFC 2231 (parameters), each with the ways in which mail clients break it.
"""

from __future__ import annotations

import binascii
import re
from datetime import UTC, datetime, timedelta, timezone

from . import charsets
from .patterns import lazy

# The text may hold anything but "?=": clients leave raw "?", blanks and even line breaks inside (seen in mails of PHP mailers).
_WORD = lazy(r"=\?([\w.:()+-]+)(?:\*[\w-]*)?\?([bBqQ])\?(.*?)\?=", re.DOTALL)
_CUT_WORD = lazy(r"=\?([\w.:()+-]+)(?:\*[\w-]*)?\?([bBqQ])\?([^?\s]*)\??\s*\Z")
_FOLD = lazy(r"[ \t]*(?:\r\n|\r|\n)[ \t]*")
_CONTROL = lazy(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NOT_BASE64 = lazy(r"[^A-Za-z0-9+/=]+")


def unfold(raw: bytes) -> str:
    """The text of a raw field value on one line; bytes above 127 are read by `charsets.sniff`."""
    text = raw.decode("ascii") if raw.isascii() and b"\x1b" not in raw else charsets.sniff(raw, western=False)
    if "\n" in text or "\r" in text:
        text = _FOLD.sub(_one_blank, text)
    return text.strip()


def _one_blank(_match: re.Match[str]) -> str:
    return " "


def decode(raw: bytes) -> str:
    """An unstructured field such as Subject, with its encoded-words."""
    if b"=?" in raw and not raw.isascii():
        # Raw bytes inside an encoded-word are in its charset, those between encoded-words in whatever: neither is read before the words are cut out.
        return _decode_words(_FOLD.sub(" ", raw.decode("latin-1")).strip(), True)
    text = unfold(raw)
    return decode_words(text) if "=?" in text else (_CONTROL.sub("", text) if not text.isprintable() else text)


def decode_words(text: str) -> str:
    """Encoded-words of a text that is already str.

    Adjacent words of one charset are joined before they are decoded, because senders cut in the middle of a character (against RFC 2047 §5).
    """
    return _decode_words(text, False)


def _decode_words(text: str, raw: bool) -> str:
    """`raw`: the text is bytes in the guise of Latin-1."""
    out: list[str] = []
    run: list[tuple[str, str]] = []   # (b or q, text) of adjacent words in one charset
    charset, end = "", 0
    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        name = match[1].lower()
        if end and not between.strip():
            if name != charset:
                out.append(_words(run, charset))
                run = []
        else:
            if run:
                out.append(_words(run, charset))
                run = []
            out.append(_plain(between, raw))
        charset, end = name, match.end()
        run.append((match[2].lower(), match[3]))
    rest = text[end:]
    cut = _CUT_WORD.search(rest) if "=?" in rest else None
    if cut:
        before = rest[: cut.start()]
        if before.strip() or cut[1].lower() != charset:
            if run:
                out.append(_words(run, charset))
                run = []
            out.append(_plain(before, raw) if before.strip() or not end else "")
        run.append((cut[2].lower(), cut[3]))
        charset, rest = cut[1].lower(), ""
    if run:
        out.append(_words(run, charset))
    out.append(_plain(rest, raw))
    return _CONTROL.sub("", _FOLD.sub(" ", "".join(out)))


def _plain(text: str, raw: bool) -> str:
    return charsets.sniff(text.encode("latin-1"), western=False) if raw and not text.isascii() else text


def _words(run: list[tuple[str, str]], charset: str) -> str:
    data = bytearray()
    pending = ""
    for kind, text in run:
        if kind == "b":
            pending += _NOT_BASE64.sub("", text)
            # A word that does not end on four characters was cut by a sender that encoded first and cut afterwards: the next goes on.
            if len(pending) % 4 == 0 or pending.endswith("="):
                data += base64(pending)
                pending = ""
        else:
            data += base64(pending) + _q(text, charset)
            pending = ""
    text = charsets.decode(bytes(data + base64(pending)), charset)
    if "\ufffd" in text and 4 * text.count("\ufffd") >= len(text):
        return "".join(f"=?{charset.upper()}?{kind.upper()}?{word}?=" for kind, word in run)   # no text in any charset: left as it was written
    return text


def base64(text: str) -> bytes:
    """What can be read of one piece of base64; padding may be missing or too long."""
    if not text:
        return b""
    text = text.rstrip("=")
    if len(text) % 4 == 1:
        text = text[:-1]
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def _q(text: str, charset: str) -> bytes:
    if text.isascii():
        raw = text.encode("ascii")
    elif max(text) <= "\xff":
        raw = text.encode("latin-1")
    else:
        raw = text.encode(charsets.codec(charset) or "utf-8", "replace")
    return binascii.a2b_qp(re.sub(rb"\s", b" ", raw), header=True)


# --- parameters ------------------------------------------------------------------------------------------------------------

_PARAMETER = lazy(r'[;\s]*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"(?=\s*(?:;|\Z|[\w*-]+=))|"([^;]*)"|("?[^;]*))', re.DOTALL)
_EXTENDED = lazy(r"([^'\"]*)'([^']*)'(.*)", re.DOTALL)
_PERCENT = lazy(rb"%([0-9A-Fa-f]{2})")


def parameters(raw: bytes) -> tuple[str, dict[str, str]]:
    """(value in lower case, parameters by name in lower case) of Content-Type, Content-Disposition and their like.

    RFC 2231 continuations and charsets are put together here, whatever order, quotes or gaps they come in.
    """
    text = unfold(raw)
    head, _, rest = text.partition(";")
    if "=" in head and ";" not in text[: text.find("=")] and not head.strip().lower().startswith(("text/", "multipart/", "attachment", "inline")):
        match = re.match(r"\s*([^\s=;]+)\s+(?=[\w*]+=)", head)   # the semicolon is missing: `attachment filename=x`
        if match:
            head, rest = match[1], text[match.end() :]
    else:
        match = re.match(r"\s*([^\s=;]+)\s+(?=[\w*]+\s*=)", head)
        if match:
            head, rest = match[1], text[match.end() :]
    found: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(rest):
        name = match[1].lower()
        if match[2] is not None:
            value = match[2].replace('\\"', '"').replace("\\\\", "\\")
        else:
            value = (match[3] if match[3] is not None else match[4]).strip().strip('"')
        if "*" not in name:
            found.setdefault(name, value)
            continue
        base, _, tail = name.partition("*")
        number, extended = tail.rstrip("*"), tail.endswith("*") or not tail
        pieces.setdefault(base, {}).setdefault(int(number) if number.isdecimal() and len(number) < 5 else 0, (value, extended))
    for name, parts in pieces.items():
        value = _joined([parts[key] for key in sorted(parts)])
        if value and ("\ufffd" not in value or name not in found):
            found[name] = value
    return head.strip().lower(), found


def _joined(parts: list[tuple[str, bool]]) -> str:
    """RFC 2231 §4.1: the bytes of all extended pieces are put together before they are decoded."""
    charset = ""
    data = bytearray()
    escaped = b""   # of the pieces in a row that are percent-encoded: they are cut anywhere, within an escape too
    for i, (value, extended) in enumerate(parts):
        if i == 0 and any(one for _, one in parts):
            match = _EXTENDED.fullmatch(value)
            if match:
                charset, value = match[1].strip(), match[3]
                extended = True
        if not value.isascii() and charset:
            charset = "utf-8"   # raw characters were already read by sniffing
        raw = value.encode("utf-8", "surrogatepass")
        if extended:
            escaped += raw
        else:
            data += _PERCENT.sub(_percent, escaped) + raw
            escaped = b""
    data += _PERCENT.sub(_percent, escaped)
    text = charsets.decode(bytes(data), charset)
    return decode_words(text) if "=?" in text else text


def _percent(match: re.Match[bytes]) -> bytes:
    return bytes((int(match[1], 16),))


def file_name(disposition: dict[str, str], content_type: dict[str, str]) -> str:
    """The name of an attachment: Content-Disposition before Content-Type; encoded-words and percent signs are read where they do not belong."""
    for value in (disposition.get("filename"), disposition.get("name"), content_type.get("name"), content_type.get("filename")):
        if value:
            name = _name(value)
            if name:
                return name
    return ""


def _name(value: str) -> str:
    if "=?" in value:
        value = decode_words(value)
    match = re.fullmatch(r"(?i)([\w-]{3,20})'[\w-]*'(\S*%[0-9a-f]{2}\S*)", value)   # RFC 2231 in a plain parameter
    if match:
        value = charsets.decode(_PERCENT.sub(_percent, match[2].encode("utf-8", "replace")), match[1])
    elif re.search(r"%[89A-Fa-f][0-9A-Fa-f]%[0-9A-Fa-f]{2}", value):
        raw = _PERCENT.sub(_percent, value.encode("utf-8", "replace"))
        try:
            value = raw.decode()
        except UnicodeDecodeError:
            pass   # not UTF-8 after all: a name may hold percent signs
    return _CONTROL.sub("", _FOLD.sub(" ", value)).strip()


# --- ids and dates ---------------------------------------------------------------------------------------------------------

_ID = lazy(r"<\s*([^<>\s]+(?:\s[^<>\s@]*@?[^<>\s]*)?)\s*>")
_BARE_ID = lazy(r"[^\s<>,;\"]+@[^\s<>,;\"]+")


def message_ids(raw: bytes) -> list[str]:
    """All message ids of a field, with their angle brackets, in order, without repetition."""
    text = decode(raw)
    found = ["<" + re.sub(r"\s", "", match) + ">" for match in _ID.findall(text)]
    if not found:
        found = ["<" + match + ">" for match in _BARE_ID.findall(text)]
    return list(dict.fromkeys(found))


_MONTHS = {m: i + 1 for i, m in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"))}
_ZONES = {"ut": 0, "utc": 0, "gmt": 0, "z": 0, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
          "hkt": 480, "cet": 60, "cest": 120, "jst": 540, "bst": 60}
_RFC_DATE = lazy(r"(\d{1,2})[\s-]+([A-Za-z]{3})[a-z]*\.?[\s-]+(\d{2,4})[\s,]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?\s*(?:([ap]m)\b)?\s*([+-]\s?\d{2}:?\d{2}|[A-Za-z]{1,5})?", re.I)
_ASCTIME = lazy(r"([A-Za-z]{3})\s+(\d{1,2})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s+(?:([A-Za-z]{3,4})\s+)?(\d{4})(?:\s*([+-]\d{4}))?")
_ISO_DATE = lazy(r"(\d{4})[-/年.](\d{1,2})[-/月.](\d{1,2})日?[T\s,]*(?:(?:星期|周)[一二三四五六日天]\s*)?(?:(上午|下午|晚上|中午|[AP]M)\s*)?(\d{1,2})[:：时](\d{1,2})(?:[:：分](\d{1,2}))?(?:\.\d+)?秒?\s*([AP]M)?\s*([+-]\d{2}:?\d{2}|[A-Z]{1,4}\b)?", re.I)


def date(raw: bytes) -> datetime | None:
    """The moment of a Date field, aware; a missing zone counts as UTC (RFC 5322 §3.3, `-0000`). None where it cannot be read."""
    text = unfold(raw)
    if "(" in text:
        text = re.sub(r"\([^()]*\)", " ", text)
    if "=?" in text:
        text = decode_words(text)
    try:
        match = _RFC_DATE.search(text)
        if match and match[2].lower() in _MONTHS:
            return _moment(match[3], str(_MONTHS[match[2].lower()]), match[1], match[4], match[5], match[6], match[7] or "", match[8] or "")
        match = _ASCTIME.search(text)
        if match and match[1].lower() in _MONTHS:
            return _moment(match[7], str(_MONTHS[match[1].lower()]), match[2], match[3], match[4], match[5], "", match[8] or match[6] or "")
        match = _ISO_DATE.search(text)
        if match:
            return _moment(match[1], match[2], match[3], match[5], match[6], match[7], match[4] or match[8] or "", match[9] or "")
    except (ValueError, OverflowError):
        return None   # the 31st of February, the year 99999
    return None


def _moment(year: str, month: str, day: str, hour: str, minute: str, second: str | None, half: str, zone: str) -> datetime:
    y, h = int(year), int(hour)
    if len(year) < 4:   # RFC 5322 §4.3
        y += 2000 if y < 50 else 1900
    if half.lower() in ("pm", "下午", "晚上", "中午") and h < 12 and not (half == "中午" and h >= 10):
        h += 12
    elif half.lower() in ("am", "上午") and h == 12:
        h = 0
    zone = zone.replace(" ", "").replace(":", "").lower()
    if zone[:1] in ("+", "-"):
        minutes = int(zone[1:3]) * 60 + int(zone[3:5])
        minutes = -minutes if zone[0] == "-" else minutes
    else:
        minutes = _ZONES.get(zone, 0)
    if abs(minutes) >= 1440:
        minutes = 0
    tz = UTC if minutes == 0 else timezone(timedelta(minutes=minutes))
    return datetime(y, int(month), int(day), h, int(minute), min(int(second or 0), 59), tzinfo=tz)
