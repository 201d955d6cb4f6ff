"""By which way a mail came, how late, and what is broken in it: mail-parser's view, for held and doubtful mail (`parse --diagnose`)."""

from __future__ import annotations

from typing import Any


def diagnose(raw: bytes) -> dict[str, Any]:
    """`hops` (first to last, delay in seconds), `seconds` in all, `defects`, `defect_categories`, `has_defects`; `error` where it failed. Never raises."""
    result: dict[str, Any] = {"hops": [], "seconds": None, "defects": [], "defect_categories": [], "has_defects": False, "error": ""}
    try:
        import logging

        import mailparser

        logging.getLogger("mailparser").setLevel(logging.CRITICAL)   # what it finds is in `defects`
        mail = mailparser.parse_from_bytes(raw[: 8 * 2**20])
        result["has_defects"] = bool(mail.has_defects)
        result["defects"] = [str(defect) for defect in mail.defects][:50]
        result["defect_categories"] = sorted(mail.defects_categories)
    except Exception as error:
        result["error"] = f"{type(error).__name__}: {error}"[:300]
        return result
    try:
        for hop in (mail.received or [])[:100]:
            date = hop.get("date_utc")
            delay = hop.get("delay")
            result["hops"].append(
                {
                    "hop": hop.get("hop"),
                    "from": str(hop.get("from") or "")[:300],
                    "by": str(hop.get("by") or "")[:300],
                    "with": str(hop.get("with") or "")[:100],
                    "at": date.isoformat() if hasattr(date, "isoformat") else str(date or ""),
                    "delay": float(delay) if isinstance(delay, (int, float)) else None,
                }
            )
        delays = [hop["delay"] for hop in result["hops"] if hop["delay"] is not None]
        result["seconds"] = sum(delays) if delays else None
    except Exception as error:
        result["error"] = f"{type(error).__name__}: {error}"[:300]
    return result
