"""The command line of CONTRACT: what each command shows, does, never does, and how it starts."""

from __future__ import annotations

import io
import json
import mailbox
import re
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree as ElementTree
from datetime import datetime
from pathlib import Path

import pytest
from department import Department, mail, make
from python_calamine import CalamineWorkbook

from mailflow import picture, screen
from mailflow.moves import START, Move, moves
from mailflow.process.library import Library, shipped
from store import cases, open_store

NOW = "2024-05-20T09:00:00+08:00"


@pytest.fixture
def department(tmp_path: Path) -> Department:
    return make(tmp_path)


def rows(department: Department, *command: str) -> list[dict]:
    done = department.run(*command, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


# -- starting ----------------------------------------------------------------------------------------------------------------


def test_help_imports_nothing_heavy() -> None:
    """0.3 s at most: no database, no network, no templates, not even the package's own metadata."""
    program = (
        "import sys\nfrom mailflow.__main__ import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'sqlalchemy', 'imapclient', 'jinja2', 'yaml', 'parsers', 'store', 'importlib.metadata', 'schedule'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "export" in done.stdout and "把技术支持部门的邮箱" in done.stdout


def test_once_imports_no_imap_smtp_word_or_migrations_unless_it_needs_them(department: Department) -> None:
    department.run("once", "--now", NOW)
    program = (
        f"import sys\nfrom mailflow.__main__ import main\nmain(['--config', {str(department.config)!r}, 'once', '--now', '{NOW}'])\n"
        "heavy = {'imapclient', 'alembic', 'schedule', 'xlsxwriter', 'python_calamine', 'jinja2', 'inscriptis', 'flanker'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["chek"], "是不是 check"),
        (["inbox", "--jsn"], "--jsn"),
        (["case"], "还缺"),
        (["replay", "x"], "x"),
        (["export", "people", "a.xlsx"], "people"),
        (["export", "cases", "a.csv"], ".xlsx"),
        (["process", "A9999"], "mailflow process"),
        (["process", "--svg", "x.svg"], "A05"),
    ],
)
def test_bad_arguments_are_answered_in_one_chinese_line_with_status_2(department: Department, arguments: list[str], says: str) -> None:
    done = department.run(*arguments)
    assert done.returncode == 2
    assert says in done.stderr and done.stderr.count("\n") == 1
    assert re.search("[\u4e00-\u9fff]", done.stderr)


def test_output_that_nobody_reads_to_its_end_is_no_error(department: Department) -> None:
    for number in range(30):
        department.put(mail(id=f"{number}@x.example"), f"17162000{number:02d}.M1P1.test")
    department.run("once", "--now", NOW)
    command = " ".join(f"'{word}'" for word in department.command("inbox", "--json"))
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command} | head -1"], capture_output=True, text=True, timeout=60)
    assert done.stderr == "" and done.stdout.count("\n") == 1


# -- init and check ------------------------------------------------------------------------------------------------------------


def test_init_makes_a_department_that_works_and_never_overwrites(tmp_path: Path) -> None:
    made = Department(tmp_path / "mine")
    assert made.run("init", str(made.folder)).returncode == 0
    assert (made.folder / "templates" / "letters" / "受理回执.txt").is_file()
    done = made.run("once", "--now", NOW)
    assert done.returncode == 0
    (made.folder / "masterdata" / "people.csv").write_text("mine")
    (made.folder / "templates" / "letters" / "受理回执.txt").write_text("mine")
    made.config.write_text("mine")
    (made.folder / "masterdata" / "contracts.csv").unlink()
    again = made.run("init", str(made.folder))
    assert again.returncode == 0 and "新建 1 个文件" in again.stdout
    assert made.config.read_text() == "mine"
    assert (made.folder / "masterdata" / "people.csv").read_text() == "mine"
    assert (made.folder / "templates" / "letters" / "受理回执.txt").read_text() == "mine"


def test_check_is_content_with_what_init_made(tmp_path: Path) -> None:
    made = Department(tmp_path / "mine")
    made.run("init", str(made.folder))
    done = made.run("check")
    library = Library([shipped()])
    library.refresh()
    wrong = [line for line in done.stdout.splitlines() if " 有误 " in line and not re.match("流程|信 ", line)]
    assert not wrong
    assert done.returncode == (1 if library.problems else 0)
    for what in ("配置", "主数据", "流程", "数据库", "归档", "在办的单", "收信", "发信"):
        assert re.search(rf"^{what}\s+(正常|注意|有误)", done.stdout, re.M), what


def test_check_with_a_configuration_that_cannot_be_read(department: Department) -> None:
    department.config.write_text("[service]\nname = 技术\n")
    done = department.run("check")
    assert done.returncode == 2
    assert "有误" in done.stdout and "第 2 行" in done.stdout


def test_check_finds_what_is_wrong_in_templates_and_master_data(department: Department) -> None:
    templates = department.folder / "templates"
    (templates / "letters").mkdir(parents=True)
    (templates / "processes").mkdir()
    (templates / "letters" / "受理回执.txt").write_text("标题: 好\n\n---\n{{ 收到时问 }}\n", encoding="utf-8")
    (templates / "letters" / "退件.txt").write_text("标题: 坏\n\n---\n{% for x in 问题们 %}\n", encoding="utf-8")
    (templates / "processes" / "坏.yaml").write_text("流程: 坏\n状态：\n  甲: {}\n", encoding="utf-8")
    with department.config.open("a") as file:
        file.write('[templates]\nfolder = "templates"\n')
    people = department.folder / "masterdata" / "people.csv"
    people.open("a").write("没有邮箱的人,,售前,,,,\n")
    last = len(people.read_text(encoding="utf-8").splitlines())
    done = department.run("check")
    assert done.returncode == 1
    for says in ("受理回执.txt 第 4 行:用了“收到时问”", "是不是“收到时间”", "退件.txt 第", "坏.yaml 第 2 行", f"people.csv 第 {last} 行"):
        assert says in done.stdout, says


def test_check_names_open_cases_that_rest_in_a_state_which_an_edit_dropped(department: Department) -> None:
    templates = department.folder / "templates" / "processes"
    templates.mkdir(parents=True)
    source = """流程: 小事
名称: small-matter
短码: SMALL
版本: 1
角色:
  管理员: 岗位 系统管理员
字段:
  事: {}
开始:
  - 收到: 小事-<事>
    变为: 等办
状态:
  等办:
    可以:
      完成:
        谁: 管理员
        变为: 已办
  已办:
    结束: 是
"""
    (templates / "小事.yaml").write_text(source, encoding="utf-8")
    with department.config.open("a") as file:
        file.write('[templates]\nfolder = "templates"\n')
    department.put(mail("小事-换灯泡", "换灯泡"))
    assert department.run("once", "--now", NOW).returncode == 0
    assert [c["state"] for c in rows(department, "cases")] == ["等办"]
    (templates / "小事.yaml").write_text(source.replace("等办", "待办"), encoding="utf-8")
    done = department.run("check")
    line = next(line for line in done.stdout.splitlines() if "等办" in line)
    assert "注意" in line and "小事.yaml" in line and "按开单时的版本办完" in line


# -- tables --------------------------------------------------------------------------------------------------------------------


def test_tables_line_up_with_chinese_characters_two_columns_wide() -> None:
    lines = list(screen.grid(["单号", "事项"], [["MF-1", "换灯泡"], ["MF-22", "a"]]))
    assert lines == ["单号   事项", "-----  ------", "MF-1   换灯泡", "MF-22  a"]


def test_on_a_terminal_the_widest_column_gives_way_and_in_a_pipe_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    long = [["MF-1", "很长的事项" * 30]]
    assert long[0][1] in "\n".join(screen.grid(["单号", "事项"], long))
    monkeypatch.setattr(screen, "window", lambda: 60)
    lines = list(screen.grid(["单号", "事项"], long))
    assert max(screen.width(line) for line in lines) <= 60
    assert lines[2].startswith("MF-1") and lines[2].endswith("…")


def test_widths_agree_with_the_unicode_standard() -> None:
    for character in "a汉，·…—①㎡が한😀":
        assert screen.width(character) == (2 if unicodedata.east_asian_width(character) in "WF" else 1)
    assert screen.width("e\u0301") == 1


def test_what_a_mail_says_cannot_steer_the_terminal(department: Department) -> None:
    department.put(mail(subject="\x1b[2J\x1b]0;x\x07红"))
    department.run("once", "--now", NOW)
    shown = department.run("inbox").stdout
    assert "\x1b" not in shown and "\x07" not in shown


def test_no_colour_where_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\033[" in screen.coloured("有误", "red")
    monkeypatch.setenv("NO_COLOR", "1")
    assert screen.coloured("有误", "red") == "有误"


def test_empty_tables_say_so_and_every_table_is_drawn(department: Department) -> None:
    assert department.run("cases").stdout.strip() == "还没有单"
    department.put(mail())
    department.run("once", "--now", NOW)
    for table in ("inbox", "cases", "projects", "tracking", "outbox"):
        done = department.run(table)
        assert done.returncode == 0 and "滨江医院信息化" in done.stdout
    number = rows(department, "cases")[0]["number"]
    done = department.run("case", number)
    assert done.returncode == 0
    for word in (number, "待确认", "开单", "经过", "2024-05-20 09:00"):
        assert word in done.stdout
    done = department.run("case", "MF-NONE-2024-0001")
    assert done.returncode == 1 and "mailflow cases" in done.stderr


# -- parse, process, try ---------------------------------------------------------------------------------------------------------


def test_parse_knows_the_shipped_subjects_and_labels(department: Department) -> None:
    file = department.folder / "a.eml"
    file.write_bytes(mail())
    [row] = rows(department, "parse", str(file))
    assert row["subject_form"] == {"form": "客户沟通-<项目>项目-<人员>", "parts": {"项目": "滨江医院信息化", "人员": "周强"}}
    assert row["fields"]["沟通结果"] == "成功"
    assert row["kind"] == "normal" and row["from"] == "zhouqiang@demo.example" and row["problems"] == []
    shown = department.run("parse", "--diagnose", str(file)).stdout
    assert "认出的栏目" in shown and "一路经过" in shown
    assert not (department.folder / "mailflow.db").exists()


def test_parse_shows_the_good_files_beside_one_that_is_none(department: Department) -> None:
    file = department.folder / "a.eml"
    file.write_bytes(mail())
    done = department.run("parse", "--json", "/nowhere.eml", str(file))
    first, second = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 1
    assert set(first) == {"file", "error"} and second["subject"]


def test_every_process_is_listed_drawn_and_tabled(tmp_path: Path) -> None:
    """Boxes do not lie on each other, nor on an arrow's words, and every state and every action is there to be read."""
    library = Library([shipped()])
    library.refresh()
    assert library.processes
    for process in library.processes.values():
        drawn = ElementTree.fromstring(picture.draw(process, moves(process)))
        svg = "{http://www.w3.org/2000/svg}"
        texts = [t.text or "" for t in drawn.iter(f"{svg}text")]
        boxes = [tuple(float(r.get(k, "0")) for k in ("x", "y", "width", "height")) for r in drawn.iter(f"{svg}rect") if r.get("x")]
        for state in process.states:
            assert state in texts, (process.name, state)
        for i, (x, y, w, h) in enumerate(boxes):
            for x2, y2, w2, h2 in boxes[i + 1 :]:
                assert x + w <= x2 + 0.2 or x2 + w2 <= x + 0.2 or y + h <= y2 + 0.2 or y2 + h2 <= y + 0.2, process.name


def test_a_process_as_a_table_says_who_does_what_in_which_state(department: Department) -> None:
    done = department.run("process", "客户沟通汇报")
    assert done.returncode == 0
    assert re.search(r"待确认\s+第一售前\s+确认\s+已结束\(结束\)", done.stdout)
    assert re.search(r"第一售前\s+驳回\s.*写明 驳回原因", done.stdout)
    [row] = rows(department, "process", "A05")
    assert row["name"] == "comm-report" and {"name", "final", "actions", "deadlines", "says"} == set(row["states"][0])
    assert "A05" in department.run("process").stdout
    svg = department.folder / "a.svg"
    assert department.run("process", "COMM", "--svg", str(svg)).returncode == 0
    assert svg.read_text().startswith("<svg")


def test_without_a_configuration_processes_are_the_shipped_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mailflow.__main__ import main

    monkeypatch.chdir(tmp_path)
    assert main(["process", "A05"]) == 0
    (tmp_path / "a.eml").write_bytes(mail(sender="new@elsewhere.example"))
    assert main(["try", "A05", "a.eml", "--now", NOW]) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["a.eml"]


def test_moves_tell_conditions_and_branches_apart() -> None:
    library = Library([shipped()])
    library.refresh()
    found = moves(library.processes["comm-complaint"])
    assert any(m.source == START and m.to == "待复核" for m in found)
    assert any(m == m and isinstance(m, Move) and m.what == "撤销" and m.asks == "撤销原因" for m in found)


def test_try_tells_everything_and_leaves_nothing(department: Department) -> None:
    department.put(mail())
    department.run("once", "--now", NOW)
    before = {t: rows(department, t) for t in ("inbox", "cases", "tracking", "ledger", "outbox")}
    letters = len(department.letters())
    file = department.folder / "a.eml"
    file.write_bytes(mail())
    done = department.run("try", "comm-report", str(file), "--now", NOW)
    assert done.returncode == 0
    for word in ("已入单", "待确认", "项目跟踪表", "linxiao@demo.example", "没有存,也没有发信"):
        assert word in done.stdout, word
    file.write_bytes(mail(subject="你好", text="沟通结果:成功"))
    done = department.run("try", "A05", str(file), "--now", NOW)
    assert "标题对不上" in done.stdout and "请更正" in done.stdout
    assert {t: rows(department, t) for t in before} == before
    assert len(department.letters()) == letters


# -- import, export, replay ------------------------------------------------------------------------------------------------------


def old_mail(department: Department) -> list[Path]:
    """The same ten mails as .eml files, as an mbox and as a Maildir."""
    folder = department.folder / "old"
    (folder / "eml").mkdir(parents=True)
    box, maildir = mailbox.mbox(folder / "old.mbox"), mailbox.Maildir(folder / "maildir")
    for number in range(10):
        raw = mail(id=f"{number}@old.example", text=f"From here on {number}\n\nFrom there\n").replace(b"\r\n", b"\n")
        raw = b"Received: from a by b; Mon, 20 May 2024 0%d:00:00 +0800\n" % number + raw
        (folder / "eml" / f"{number}.eml").write_bytes(raw)
        box.add(raw)
        maildir.add(raw)
    box.close()
    return [folder / "eml", folder / "old.mbox", folder / "maildir"]


def test_old_mail_is_archived_once_from_wherever_it_comes_and_nobody_hears_of_it(department: Department) -> None:
    paths = old_mail(department)
    for path in (*paths, *paths):
        assert department.run("import", str(path)).returncode == 0
    found = rows(department, "inbox")
    assert len(found) == 10
    assert {row["end"] for row in found} == {"archived"}
    assert [datetime.fromisoformat(row["received_at"]).hour for row in found] == list(range(10))
    assert rows(department, "cases") == [] == rows(department, "outbox")


def test_import_process_acts_without_a_letter_and_send_answers(department: Department) -> None:
    file = department.folder / "a.eml"
    file.write_bytes(mail())
    assert department.run("import", "--process", str(file)).returncode == 0
    assert [c["process"] for c in rows(department, "cases")] == ["comm-report"]
    assert rows(department, "outbox") == [] and department.letters() == []
    other = department.folder / "b.eml"
    other.write_bytes(mail(subject="客户沟通-北区学校网络项目-苏敏", sender="sumin@demo.example", id="b@x.example"))
    assert department.run("import", "--send", str(other)).returncode == 0
    assert len(rows(department, "cases")) >= 2
    assert department.letters()


def test_a_mail_that_was_fetched_before_is_known_to_import(department: Department) -> None:
    department.put(mail())
    department.run("once", "--now", NOW)
    file = department.folder / "a.eml"
    file.write_bytes(mail())
    done = department.run("import", "--process", str(file))
    assert "早已收过 1 封" in done.stdout
    assert len(rows(department, "inbox")) == 1


def test_workbooks_hold_every_row_and_no_formula(department: Department) -> None:
    text = mail(text="沟通结果:成功\n项目名称:滨江医院信息化\n沟通人:=HYPERLINK(\"http://evil.example\")\n沟通方式:电话\n沟通的具体问题:=1+1 把核心交换机的固件升级到 5.2\n沟通日期:2024-05-17\n")
    department.put(text)
    department.run("once", "--now", NOW)
    for table in ("tracking", "cases", "ledger"):
        file = department.folder / f"{table}.xlsx"
        assert department.run("export", table, str(file)).returncode == 0
        sheet = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
        assert len(sheet) == 1 + len(rows(department, table))
        assert b"<f>" not in file.read_bytes()
    assert any("=1+1" in str(cell) for row in CalamineWorkbook.from_path(department.folder / "tracking.xlsx").get_sheet_by_index(0).to_python() for cell in row)


def test_replay_handles_held_mail_again_and_names_what_is_not_held(department: Department) -> None:
    department.put(mail())
    department.run("once", "--now", NOW)
    store = open_store(f"sqlite:///{department.folder}/mailflow.db", str(department.folder / "archive"))
    from store import mails

    with store.begin() as conn:
        mails.hold(conn, 1, "broke", "Traceback …")
        for case in cases.find(conn):
            cases.update(conn, case["id"], {"title": "x"})
    store.close()
    done = department.run("replay", "1", "77")
    assert done.returncode == 1 and "77" in done.stderr
    assert rows(department, "inbox")[0]["end"] not in ("held", "")


def test_a_person_settles_an_uncertain_letter_as_sent_or_has_it_sent_again(department: Department) -> None:
    department.put(mail())
    department.run("once", "--now", NOW)
    (first, told), (second, again) = ((row["id"], row["message_id"]) for row in rows(department, "outbox")[:2])
    store = open_store(f"sqlite:///{department.folder}/mailflow.db", str(department.folder / "archive"))
    from store import tables

    with store.begin() as conn:
        conn.execute(tables.letter.update().values(status="uncertain"))
    store.close()
    assert department.run("settle", str(first), "--sent").returncode == 0
    assert department.run("settle", str(second), "--again").returncode == 0
    department.run("once")
    states = {row["id"]: row["status"] for row in rows(department, "outbox")}
    assert (states[first], states[second]) == ("sent", "sent")
    went = [letter["Message-ID"] for letter in department.letters()]
    assert (went.count(told), went.count(again)) == (1, 2)
    refused = department.run("settle", str(first), "--again")
    assert refused.returncode == 1 and str(first) in refused.stderr


def test_check_says_which_posts_nobody_holds_and_which_was_perhaps_meant(department: Department) -> None:
    people = department.folder / "masterdata" / "people.csv"
    people.write_text(people.read_text(encoding="utf-8").replace(",研发经理,", ",研发经里,"), encoding="utf-8")
    said = department.run("check").stdout
    assert "没有人是“研发经理”" in said and "是不是“研发经里”" in said
    assert "这些岗位在 people.csv 里没有人" in said
