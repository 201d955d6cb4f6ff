"""取数 that ask nothing but the case, the clock and the calendar: days, sums, the first of a list."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from ..durations import due, parse_duration
from ..process.dates import read_period
from ..process.values import number
from ..process.world import Args, Case, Event, Look

if TYPE_CHECKING:
    from ..knowledge import Knowledge


def days_from(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    """The day that is so many working days or days before or after another; how many, written out or a name's value."""
    text, span = look(args["field"]), args["span"]
    try:
        length = parse_duration(span if span[0].isdigit() else look(span))
    except ValueError:
        return ""  # 不限, or a span that cannot be read
    if not text or length.kind not in ("workdays", "days"):
        return ""
    day, count = date.fromisoformat(text[:10]), int(length.amount) * (-1 if args["side"] == "前" else 1)
    return (know.calendar.shift_workdays(day, count) if length.works else day + timedelta(days=count)).isoformat()


def moment_after(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    """A span after a moment; after a day without a time of day it is counted from that day's end."""
    text = look(args["field"])
    if not text:
        return ""
    start = datetime.fromisoformat(text if len(text) > 10 else text + " 23:59").replace(tzinfo=know.calendar.tz)
    try:
        return due(start, parse_duration(look(args["length"])), know.calendar).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return ""  # a span that cannot be read bounds nothing


def end_of_period(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    day = read_period(look(args["field"]), case.opened_at.astimezone(know.calendar.tz).date())[args["what"] == "止"]
    return day.isoformat() if day else ""


def arithmetic(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    left, right = number(look(args["left"])) or 0.0, number(look(args["right"])) or 0.0
    return f"{left - right if args.get('sign') else left + right:g}"


def period(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    day = event.at.date()
    match args["what"]:
        case "上月":
            return (day.replace(day=1) - timedelta(days=1)).strftime("%Y%m")
        case "本月":
            return day.strftime("%Y%m")
        case "本季":
            return f"{day.year}Q{(day.month + 2) // 3}"
    return str(day.year)


def first_filled(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    return next((value for name in args["names"].split("、") if (value := look(name))), "")


def gaps(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    but = look(args["but"]).split("、") if args.get("but") else []
    return "、".join(name for name in args["names"].split("、") if not look(name) and name not in but)


def in_office_hours(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    return "是" if know.calendar.next_working_moment(event.at) == event.at.astimezone(know.calendar.tz) else "否"


def first_left(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    """The first word of a list that is not among the words of another name."""

    def split(name: str) -> list[str]:
        return [w for w in re.split(r"[、,，;；\s]+", look(name)) if w]

    gone = split(args["but"]) if args.get("but") else []
    return next((word for word in split(args["names"]) if word not in gone), "")


def meant(know: Knowledge, args: Args, case: Case, event: Event, look: Look) -> str:
    """The value of the name that another name's value names."""
    try:
        return look(look(args["name"]))
    except KeyError:
        return ""
