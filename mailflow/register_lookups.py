"""取数 that compare the rows of a register with one another."""

from __future__ import annotations

from typing import Any

from store import cases

from .masterdata import MasterData
from .process import registers
from .process.library import Library
from .process.world import Case, Event, Look

MOST_KINDS = 12  # in one sentence of a letter
_NOTHING = ("", "-", "/", "无")


class RegisterLookups:
    """Part of Knowledge: each method fetches one kind of 取数, as text, '' where there is none."""

    library: Library
    master: MasterData
    conn: Any

    def _differing(self, args: dict[str, str], case: Case, event: Event, look: Look) -> str:
        """What is of one kind and has more than one value, with where each stands; the newest row says what a place has, over the master data's table."""
        register = self.library.registers[args["register"]]
        by, place, column = args["by"].split("、"), args["places"], args["column"]
        entered = [r["data"] for r in sorted(cases.entries(self.conn, register.name, statuses=registers.COUNTED), key=lambda r: (r["at"], r["id"]))]
        now: dict[tuple[str, ...], dict[str, str]] = {}
        for row in (*self.master.table(register.code), *entered):
            if row.get(column) and row.get(by[0]):
                now.setdefault(tuple(str(row.get(c, "")) for c in by), {})[str(row.get(place, ""))] = str(row[column])
        first = look(args["first"]) if args.get("first") else ""
        kinds = {kind: held for kind, held in now.items() if not first or kind[0] == first} or now
        unlike = [f"{' '.join(k for k in kind if k not in _NOTHING)}:" + "、".join(f"{where} {value}".strip() for where, value in held.items()) for kind, held in kinds.items() if len({*held.values()}) > 1]
        return ";".join(unlike[:MOST_KINDS]) + (f" 等 {len(unlike)} 种" if len(unlike) > MOST_KINDS else "")
