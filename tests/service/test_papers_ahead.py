"""Papers are read before the transaction of their mail: nobody waits for a page, and the mails stay in the order in which they came."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from faxing import fax, sign, tiff
from test_slips_back import GATEWAY, House

from mailflow import papers
from mailflow.wiring import open_office
from store import mails


def test_while_a_fax_is_read_the_database_is_free(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else writes meanwhile; before the fax a mail was handled, after it another one is."""
    house = House(tmp_path, lambda: capsys.readouterr().out)
    office = open_office(house.config, mailboxes=True)
    read, seen = papers.read, []

    def while_reading(*args: object, **more: object) -> papers.Reading:
        with office.store.begin() as conn:  # would wait for the transaction of the mail, and fail
            conn.execute(sa.text("update mail set reason = reason"))
            seen.append([row["end"] for row in mails.inbox(conn)][-3:])
        return read(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(papers, "read", while_reading)
    house.put("before@corp.example", "早一封")
    house.put(GATEWAY, "Fax", files=(("fax.tif", tiff([fax(sign(house.sheet), 7)])),))
    house.put("after@corp.example", "晚一封")
    try:
        office.once(datetime(2026, 11, 2, 2, 0, tzinfo=UTC))
    finally:
        office.close()
    assert seen == [["sorting", "", ""]]
    assert [row["end"] for row in house.rows("inbox")][-3:] == ["sorting", "recorded", "sorting"]
    assert house.agreed()
