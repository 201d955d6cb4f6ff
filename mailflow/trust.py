"""Proof that a mail is its sender's: what our own server says of it (RFC 8601), and tokens that only one letter carried.

Pure and without dependencies. A subject number or a Message-ID proves nothing; see DESIGN, Who may do what.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

_TOKEN_CHARS = 16  # of base32: 80 bits
_LONGEST = 16_384  # characters; real ones have some hundred
_PROPERTY = re.compile(r"\s*([A-Za-z0-9-]+)\s*(?:\.\s*([A-Za-z0-9_.-]+)\s*)?=\s*(\"(?:[^\"\\]|\\.)*\"|[^\s;\"]+)")
_METHOD = re.compile(r"\s*([A-Za-z0-9-]+)\s*(?:/\s*\d+\s*)?=\s*([A-Za-z0-9-]+)(?=\s|$)")


def proof(authentication_results: list[str], authserv_id: str | None, sender_address: str) -> str:
    """How `sender_address` (the From) is proved: 'dmarc', 'dkim', 'spf', or '' for not at all.

    `authentication_results` are the values of the headers, topmost first. Only the topmost of our `authserv_id` counts: what
    stands below it came with the mail (RFC 8601 §5, §7.1; our server must strip headers that claim its name). One that cannot be
    parsed proves nothing. A result counts when its domain is the sender's, or the parent that signs for it.
    """
    sender = _domain(sender_address)
    if not authserv_id or not sender:
        return ""
    for value in authentication_results:
        parts = _split(value) if len(value) <= _LONGEST else []
        if not parts or _server(parts[0]) != authserv_id.strip().lower():
            continue
        results = [_result(part) for part in parts[1:] if part.strip()]
        return _strongest([r for r in results if r], sender) if all(results) else ""
    return ""


_Result = tuple[str, str, dict[str, str]]


def _strongest(results: list[_Result], sender: str) -> str:
    proved: set[str] = set()
    for method, result, properties in results:
        if method == "dmarc" and _domain(properties.get("header.from", "")) == sender:
            if result != "pass":
                if result == "fail":
                    return ""  # the owner of the domain says so, whatever else passed
                continue
            proved.add("dmarc")
        elif method == "dkim" and result == "pass":
            if _aligned(properties.get("header.d") or properties.get("header.i", ""), sender):
                proved.add("dkim")
        elif method == "spf" and result == "pass" and _aligned(properties.get("smtp.mailfrom", ""), sender):
            proved.add("spf")
    return next((method for method in ("dmarc", "dkim", "spf") if method in proved), "")


def _domain(address: str) -> str:
    """The domain of an address (or a bare domain) in lower-case A-labels, '' when it has none."""
    domain = address.rpartition("@")[2].strip().rstrip(">").rstrip(".").lower()
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _aligned(identity: str, sender: str) -> bool:
    domain = _domain(identity)
    return domain == sender or ("." in domain and sender.endswith("." + domain))


def _split(value: str) -> list[str]:
    """A header's value without comments, cut at its semicolons; [] when quotes or brackets do not close."""
    parts, current, depth, quoted, i = [], "", 0, False, 0
    while i < len(value):
        char = value[i]
        if char == "\\" and (quoted or depth):
            current += value[i : i + 2] if quoted else ""
            i += 2
            continue
        if quoted:
            quoted = char != '"'
            current += char
        elif depth:
            depth += (char == "(") - (char == ")")
        elif char == "(":
            depth, current = 1, current + " "
        elif char == ";":
            parts.append(current)
            current = ""
        else:
            quoted = char == '"'
            current += char
        i += 1
    return [] if quoted or depth else [*parts, current]


def _server(part: str) -> str:
    """The authserv-id of a header, '' when its first part is none (some servers leave it away)."""
    found = re.fullmatch(r"\s*(?:\"([^\"]+)\"|([^\s;=\"]+))(?:\s+\d+)?\s*", part)
    return (found[1] or found[2]).lower() if found else ""


def _result(part: str) -> _Result | None:
    """method=result and its properties (`header.d` …); `none` alone is a result too. None for bad syntax."""
    if part.strip().lower() == "none":
        return "none", "none", {}
    found = _METHOD.match(part)
    if not found:
        return None
    properties: dict[str, str] = {}
    at = found.end()
    while part[at:].strip():
        prop = _PROPERTY.match(part, at)
        if not prop:
            return None
        value = re.sub(r"\\(.)", r"\1", prop[3][1:-1]) if prop[3].startswith('"') else prop[3]
        if prop[2]:
            name = f"{prop[1]}.{prop[2]}".lower()
            if properties.setdefault(name, value) != value:
                return None  # said twice and differently: somebody wrote into it
        elif prop[1].lower() not in ("reason", "action", "policy"):  # action= is Microsoft's
            return None
        at = prop.end()
    return found[1].lower(), found[2].lower(), properties


# -- tokens


def issue(secret: bytes, person: str, case: str, action: str, nonce: str) -> str:
    """A token that lets `person` do `action` on `case`, for the mailto subject of the letter that asks them alone.

    `nonce` (lower-case letters and digits, from `secrets.token_hex(4)`) makes it single-use: the caller keeps it and forgets it when
    used. Base32 in lower case, so that it survives what subjects go through (case, width, dashes joined). ValueError on a bad nonce.
    """
    if not secret:
        raise ValueError("an empty secret proves nothing")
    if not re.fullmatch(r"[a-z0-9]{1,64}", nonce):
        raise ValueError("a nonce is of lower-case letters and digits")
    fields = (person, case, action, nonce)
    message = b"".join(len(f.encode()).to_bytes(4, "big") + f.encode() for f in fields)  # lengths: ("ab", "c") is not ("a", "bc")
    mac = hmac.new(secret, b"mailflow-token-1" + message, hashlib.sha256).digest()
    return base64.b32encode(mac).decode().lower()[:_TOKEN_CHARS] + nonce


def nonce_of(token: str) -> str:
    """The nonce inside a token, '' when it is none: what the caller looks up to see that the token is still unused."""
    found = re.fullmatch(rf"[a-z2-7]{{{_TOKEN_CHARS}}}([a-z0-9]{{1,64}})", token.strip().lower())
    return found[1] if found else ""


def check(secret: bytes, token: str, person: str, case: str, action: str) -> bool:
    """Whether `token` was issued for exactly this person, case and action. Constant time; False for anything malformed."""
    nonce = nonce_of(token)
    if not nonce:
        return False
    return hmac.compare_digest(issue(secret, person, case, action, nonce).encode(), token.strip().lower().encode())
