"""Mails for the tests of the readers, built from bytes so that each can be as wrong as it needs to be."""

from __future__ import annotations

import base64


def mail(headers: str | bytes = b"", body: str | bytes = b"", *, content_type: str = "text/plain; charset=utf-8", encoding: str = "8bit") -> bytes:
    """A mail with `From`, `To` and `Subject` unless `headers` has its own; CRLF between header lines."""
    head = headers.encode() if isinstance(headers, str) else headers
    lines = [line for line in head.replace(b"\r\n", b"\n").split(b"\n") if line]
    for name, value in ((b"From", b"zhang@example.com"), (b"To", b"desk@example.com"), (b"Subject", b"x")):
        if not any(line.lower().startswith(name.lower() + b":") for line in lines):
            lines.append(name + b": " + value)
    if not any(line.lower().startswith(b"content-type:") for line in lines):
        lines += [b"MIME-Version: 1.0", b"Content-Type: " + content_type.encode(), b"Content-Transfer-Encoding: " + encoding.encode()]
    data = body.encode() if isinstance(body, str) else body
    if encoding == "base64" and data:
        data = base64.encodebytes(data)
    return b"\r\n".join(lines) + b"\r\n\r\n" + data


def part(content_type: str, data: str | bytes, *, headers: str | bytes = "", encoding: str = "8bit") -> bytes:
    """One MIME part, with further header lines."""
    raw = data.encode() if isinstance(data, str) else data
    extra = headers.encode() if isinstance(headers, str) else headers
    if encoding == "base64":
        raw = base64.encodebytes(raw)
    lines = [f"Content-Type: {content_type}".encode(), f"Content-Transfer-Encoding: {encoding}".encode(), *[line for line in extra.split(b"\n") if line]]
    return b"\r\n".join(lines) + b"\r\n\r\n" + raw


def multipart(*parts: bytes, kind: str = "mixed", headers: str | bytes = "", boundary: str = "=_b", more: str = "") -> bytes:
    """A mail made of parts."""
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + one + b"\r\n" for one in parts) + b"--" + boundary.encode() + b"--\r\n"
    return mail(headers, body, content_type=f'multipart/{kind}; boundary="{boundary}"{more}')


def word(text: str, charset: str, kind: str = "B", label: str = "") -> str:
    """An encoded-word (RFC 2047)."""
    data = text.encode(charset)
    coded = base64.b64encode(data).decode() if kind == "B" else "".join(f"={b:02X}" for b in data)
    return f"=?{label or charset}?{kind}?{coded}?="
