"""Sends waiting letters: claimed and committed first, made into MIME then, marked by what SMTP said. Neither doubled nor dropped in silence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from store import Store
from store import letters as rows

from .config import Config
from .process.library import Library
from .transport import Transport, TransportAway, TransportRefused, TransportUncertain

RETRY_FIRST, RETRY_LONGEST, GIVE_UP_AFTER = timedelta(minutes=1), timedelta(hours=1), 60  # attempts: about two days


def send(store: Store, config: Config, library: Library, transport: Transport, now: datetime, limit: int = 50, stopping: Callable[[], bool] = lambda: False) -> tuple[int, str]:
    """Sends what waits and is due. (how many went, '' or why sending stopped, in Chinese). `stopping` is asked before each letter."""
    sent = 0
    while True:
        with store.begin() as conn:
            claimed = rows.claim(conn, now, limit)
        if not claimed:
            return sent, ""
        from . import mime  # late: most passes have nothing to send

        stopped = ""
        results: list[tuple[int, str, str]] = []
        for row in claimed:
            if stopped := stopped or ("服务正在结束,下次再发" if stopping() else ""):
                results.append((row["id"], "again", stopped))
                continue
            try:
                transport.send(mime.letter(row, config.service, library, store, now), config.service.address, [row["reader"], *row["cc"]])
                results.append((row["id"], "sent", ""))
                sent += 1
            except TransportRefused as why:
                results.append((row["id"], "failed", str(why)))
            except TransportUncertain as why:
                results.append((row["id"], "uncertain", str(why)))
                stopped = str(why)
            except TransportAway as why:
                results.append((row["id"], "again", str(why)))
                stopped = str(why)
            except Exception as why:
                results.append((row["id"], "failed", f"信做不出来:{type(why).__name__}: {why}"))
        try:
            transport.flush()
        except TransportUncertain as why:
            stopped = stopped or str(why)
            results = [(id, "uncertain" if what == "sent" else what, error or str(why)) for id, what, error in results]
        except TransportAway as why:
            stopped = stopped or str(why)
            results = [(id, "again" if what == "sent" else what, error or str(why)) for id, what, error in results]
        attempts = {row["id"]: row["attempts"] for row in claimed}
        with store.begin() as conn:
            rows.sent_many(conn, [id for id, what, _ in results if what == "sent"], now)
            for id, what, error in results:
                if what == "sent":
                    continue
                if what == "uncertain":
                    rows.uncertain(conn, id, error)
                elif what == "failed" or attempts[id] >= GIVE_UP_AFTER:
                    rows.failed(conn, id, error)
                else:
                    rows.failed(conn, id, error, now + min(RETRY_LONGEST, RETRY_FIRST * 2 ** min(attempts[id] - 1, 6)))
        if stopped:
            return sent, stopped
