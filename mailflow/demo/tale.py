"""Tells what became of the demonstration's mails, from the tables that they left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import screen, show

_DAYS = "一二三四五六日"


def tell(config: Path, clocks: list[datetime], letters: list[Path], sent: dict[str, str], seconds: float) -> Iterator[str]:
    """The story: each mail, what it led to and the letters it caused; what time alone caused; where everything lies; what to try next."""
    from store import letters as letter_rows
    from store import mails

    from ..wiring import open_office

    office = open_office(config)
    try:
        with office.store.read() as conn:
            know = office.knowledge(conn, datetime.now(UTC))
            inbox = list(mails.inbox(conn))
            written = list(letter_rows.outbox(conn))
            states = {r["number"]: r for r in show.all_cases(know)}
            people = {address: p.name for p in know.directory.people for address in p.addresses}
            zone = know.calendar.tz
            tracking, ledger = len(list(show.tracking(know))), list(show.ledger(know))
    finally:
        office.close()
    yield ""
    for clock in clocks:
        local = clock.astimezone(zone)
        yield screen.coloured(f"── {local:%m月%d日} 周{_DAYS[local.weekday()]} {local:%H:%M} " + "─" * 40, "bold")
        quiet = True
        for mail in inbox:
            if mail["received_at"] == clock:
                quiet = False
                yield from _one(mail, written, states, people, sent)
        alone = [r for r in written if r["mail_id"] is None and r["written_at"] == clock]
        for row in alone:
            yield f"  到点 → {people.get(row['reader'], row['reader'])}:{row['subject']}"
        if quiet and not alone:
            yield "  没有来信,也没有到期的事"
        yield ""
    held = sum(m["end"] == "held" for m in inbox)
    yield f"{len(inbox)} 封来信都有去向" + (f",其中 {held} 封搁置" if held else "") + f";开了 {len(states)} 张单,跟踪表 {tracking} 行,台账 {len(ledger)} 行,写了 {len(letters)} 封信。用时 {seconds:.0f} 秒。"
    yield ""
    folder = config.parent
    yield "东西都在这里(服务器已关,没有留下任何进程):"
    yield f"  来信  {folder / 'mails'}/*.eml"
    yield f"  回信  {folder / 'letters'}/*.eml(用邮件客户端打开,能看到按钮)"
    yield ""
    yield "接着可以试:"
    at = f"mailflow --config {config}"
    number = next((n for n, r in states.items() if r["process"] == "comm-complaint"), next(iter(states), ""))
    sample = next(iter(sorted((folder / "mails").iterdir())), Path("信.eml"))
    later = (clocks[-1].astimezone(zone)).strftime("%Y-%m-%dT15:00:00+08:00")
    yield f"  {at} cases             # 工单;另有 inbox tracking ledger projects outbox"
    yield f"  {at} case {number}   # 一张单的全部经过"
    yield f"  {at} process A05       # 这个流程:谁在什么状态能做什么;加 --svg A05.svg 看图"
    yield f"  {at} try A05 {sample}"
    yield f"  {at} once --now {later}   # 让钟走到这时;把 .eml 放进 {folder / 'inbox' / 'new'} 就会办理"
    yield "  mailflow init 我的部门     # 开始用自己的"


def _one(mail: dict[str, Any], written: list[dict[str, Any]], states: dict[str, Any], people: dict[str, str], sent: dict[str, str]) -> Iterator[str]:
    who = people.get(mail["sender"], mail["sender"])
    what = sent.get(mail["message_id"], "")
    yield f"  {screen.coloured(who, 'bold')}:{screen.cut(mail['subject'], 60)}" + (f"   【{what}】" if what else "")
    end = screen.ENDS.get(mail["end"], mail["end"])
    case = f" {mail['case']}" if mail["case"] else ""
    yield f"    {end}{case}" + (f":{mail['reason']}" if mail["reason"] and mail["end"] != "recorded" or mail["reason"].startswith("退件") else "")
    own = f"[{mail['case']}] "
    for row in written:
        if row["mail_id"] == mail["id"]:
            other = f"(抄送 {'、'.join(people.get(a, a) for a in row['cc'])})" if row["cc"] else ""
            yield f"    → {people.get(row['reader'], row['reader'])}{other}:{row['subject'].removeprefix(own)}"
