"""How fast a pass is, as a ratio to the floor measured in the same run.

    .venv/bin/python tests/bench/throughput.py [N] [--keep FOLDER]

N mails (reports of a made-up department, every fifth with gaps) lie in a Maildir. The floor reads each file, parses it with the
standard library and writes one durable SQLite row; mailflow does everything: keep, read, route, decide, record, write letters, send
them into a Maildir. Both run as processes of their own, in turn, three times; the medians count. Machines are noisy: quote the ratio.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from email.header import Header
from pathlib import Path

FLOOR = """
import email, email.policy, sqlite3, sys
from pathlib import Path
db = sqlite3.connect(sys.argv[2], isolation_level=None)
db.execute("pragma journal_mode=wal"); db.execute("pragma synchronous=full")
db.execute("create table mail(id integer primary key, message_id text unique, subject text, body text)")
for file in sorted(Path(sys.argv[1]).iterdir()):
    m = email.message_from_bytes(file.read_bytes(), policy=email.policy.compat32)
    db.execute("begin immediate")
    db.execute("insert into mail(message_id, subject, body) values(?,?,?)", (m["message-id"], m["subject"], m.get_payload(decode=True).decode()))
    db.execute("commit")
"""
CONFIG = """
[service]
name = "技术支持中心"
address = "mailflow@corp.example"
domains = ["corp.example"]
[store]
database = "sqlite:///mailflow.db"
archive = "archive"
[masterdata]
folder = "masterdata"
[[mailbox]]
name = "main"
url = "maildir:inbox"
[smtp]
url = "maildir:outbox"
[trust]
commands = "directory"
"""


def department(folder: Path) -> None:
    """A configuration, forty presales, twenty sales, twenty projects."""
    (folder / "masterdata").mkdir(parents=True)
    (folder / "mailflow.toml").write_text(CONFIG, encoding="utf-8")
    people = ["姓名,邮箱,角色,单位,上级,电话,传真", "王经理,wang@corp.example,售前经理,支持部,,,", "管理员,admin@corp.example,系统管理员,信息部,,,"]
    people += [f"售前{i:02d},pre{i:02d}@corp.example,售前,支持部,王经理,," for i in range(40)]
    people += [f"销售{i:02d},sale{i:02d}@corp.example,销售,销售部,,," for i in range(20)]
    (folder / "masterdata" / "people.csv").write_text("\n".join(people) + "\n", encoding="utf-8")
    projects = ["项目,别名,客户,责任销售,第一售前,第二售前,状态,地区,合同号,验收日期"]
    projects += [f"工程{i:02d},,客户{i:02d},销售{i:02d},售前{2 * i:02d},售前{2 * i + 1:02d},立项,,," for i in range(20)]
    (folder / "masterdata" / "projects.csv").write_text("\n".join(projects) + "\n", encoding="utf-8")


def mails(folder: Path, count: int) -> None:
    """Reports with a seed of their own, the same at every run."""
    chance = random.Random(7)
    for sub in ("new", "cur", "tmp"):
        (folder / "inbox" / sub).mkdir(parents=True)
    for i in range(count):
        who, project = chance.randrange(40), chance.randrange(20)
        gap = chance.random() < 0.2
        body = "\n".join([f"第 {i} 次现场记录:更换 {chance.randrange(10**6)} 号板卡并核对配置" for _ in range(chance.randrange(5, 60))])
        form = f"沟通结果:成功\n项目名称:工程{project:02d}\n" + ("" if gap else "沟通人:周处长\n") + f"沟通方式:现场\n沟通的具体问题:更换第{i}号机柜电源模块\n遗留的问题描述:无\n"
        subject = Header(f"客户沟通-工程{project:02d}项目-售前{who:02d}", "utf-8").encode()
        text = f"From: pre{who:02d}@corp.example\nTo: mailflow@corp.example\nSubject: {subject}\nDate: Mon, 23 Nov 2026 10:00:00 +0800\n"
        text += f"Message-ID: <{i}.bench@corp.example>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{body}\n\n{form}"
        (folder / "inbox" / "new" / f"{1700000000 + i}.M{i:06d}P1.bench").write_bytes(text.encode())


def timed(command: list[str], folder: Path) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("count", nargs="?", type=int, default=1000)
    p.add_argument("--runs", type=int, default=3)
    p.add_argument("--keep", type=Path)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = a.keep or Path(temporary)
        department(folder)
        mails(folder, a.count)
        floors, passes = [], []
        for run in range(a.runs):
            floors.append(timed([sys.executable, "-c", FLOOR, "inbox/new", f"floor{run}.db"], folder))
            for name in ("mailflow.db", "mailflow.db-wal", "mailflow.db-shm"):
                (folder / name).unlink(missing_ok=True)
            shutil.rmtree(folder / "archive", ignore_errors=True)
            shutil.rmtree(folder / "outbox", ignore_errors=True)
            passes.append(timed([sys.executable, "-m", "mailflow", "once", "--now", "2026-11-23T10:00:00+08:00"], folder))
        floor, whole = statistics.median(floors), statistics.median(passes)
        print(f"floor {a.count / floor:.0f} mails/s, mailflow {a.count / whole:.0f} mails/s, ratio {floor / whole:.2f} ({a.runs} runs of {a.count})")


if __name__ == "__main__":
    main()
