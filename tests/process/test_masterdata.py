"""Promises of mailflow.masterdata: tables as people save them, bad rows said with file and line, the last good table in force."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from mailflow.calendars import WorkCalendar
from mailflow.errors import ConfigError
from mailflow.masterdata import MasterData, MasterDataError
from mailflow.people import Directory

FIXTURES = Path(__file__).resolve().parents[3] / "shared" / "fixtures" / "masterdata"  # beside the project, where it is
PEOPLE = """\
姓名,邮箱,角色,单位,上级,电话,传真
张三,zhangsan@corp.example、zs@corp.example,售前,技术支持部,王经理,13800000003,
王经理,wangjl@corp.example,售前经理、管理员,技术支持部,,,
省研究院,,研究院,,,,020-88880002
"""
PROJECTS = """\
项目,别名,客户,责任销售,第一售前,第二售前,状态,地区,合同号,验收日期,备注
海滨政务网,海滨、海滨政务、海滨政务网项目,海滨客户,王经理,张三,,立项,,HT-1,2026/6/30,要紧
"""

_tick = [1_700_000_000]


def put(folder: Path, name: str, content: str | bytes) -> None:
    """Write a file with a time of its own, as two savings in real life have."""
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    _tick[0] += 1
    os.utime(file, (_tick[0], _tick[0]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path, "people.csv", PEOPLE)
    return tmp_path


def problems(folder: Path, name: str, content: str | bytes) -> str:
    put(folder, name, content)
    return "\n".join(MasterData(folder).problems)


def test_people_and_projects_are_read(folder: Path) -> None:
    put(folder, "projects.csv", PROJECTS)
    data = MasterData(folder)
    assert data.problems == []
    zhang, wang, institute = data.people
    assert zhang.addresses == ("zhangsan@corp.example", "zs@corp.example") and zhang.superior == "王经理" and zhang.active
    assert wang.roles == ("售前经理", "管理员")
    assert institute.addresses == () and institute.fax == "020-88880002"
    (project,) = data.projects
    assert project.aliases == ("海滨", "海滨政务") and project.presales_1 == "张三"
    assert project.accept_date == date(2026, 6, 30) and project.extra == {"备注": "要紧"}


@pytest.mark.skipif(not FIXTURES.exists(), reason="the shared fixtures are not on this machine")
def test_the_tables_of_the_contract_are_without_problems() -> None:
    data = MasterData(FIXTURES)
    assert data.problems == [] and Directory(data.people).by_address("zhaoliu@corp.example")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings_and_line_ends_as_excel_saves_them(tmp_path: Path, encoding: str, newline: str) -> None:
    put(tmp_path, "people.csv", PEOPLE.replace("\n", newline).encode(encoding))
    data = MasterData(tmp_path)
    assert data.problems == [] and data.people[0].name == "张三"


def test_full_width_brackets_in_headers_padding_and_blank_lines_do_no_harm(folder: Path) -> None:
    put(folder, "contracts.csv", "合同号, 金额\uff08万元\uff09,签订日期,,\n\n HT-1 ,4.8,2026-05-11,,\n,,,,\n")
    data = MasterData(folder)
    assert data.problems == []
    assert data.table("contracts") == [{"合同号": "HT-1", "金额(万元)": "4.8", "签订日期": "2026-05-11"}]


def test_commas_that_excel_leaves_out_behind_the_last_filled_column_are_none_missing(folder: Path) -> None:
    put(folder, "people.csv", "姓名,邮箱,角色,单位,上级,电话,传真,在职,休假至,代理人\n张三,zs@corp.example,售前,技术部\n李四,ls@corp.example,售前,技术部,张三,,\n")
    data = MasterData(folder)
    assert data.problems == [] and [(p.unit, p.superior, p.active) for p in data.people] == [("技术部", "", True), ("技术部", "张三", True)]


def test_any_table_is_read_and_rows_know_where_they_stand(folder: Path) -> None:
    put(folder, "hotlines.csv", '类型,号码\n"客户\n热线",400\n备用,800\n')
    rows = MasterData(folder).table("hotlines")
    assert [(row.file, row.line, row["号码"]) for row in rows] == [("hotlines.csv", 2, "400"), ("hotlines.csv", 4, "800")]
    assert MasterData(folder).table("nothing") == []


def test_a_column_of_ones_own_is_no_slip_for_a_short_known_one(tmp_path: Path) -> None:
    put(tmp_path, "people.csv", "姓名,邮箱,角色,职位\n张三,a@x.example,售前,工程师\n")
    data = MasterData(tmp_path)
    assert data.problems == [] and data.people[0].extra == {"职位": "工程师"}


def test_holidays_fit_the_calendar(folder: Path) -> None:
    put(folder, "holidays.csv", "日期,类型,年度\n2099/3/2,放假,2099\n")
    calendar = WorkCalendar(MasterData(folder).holidays)
    assert not calendar.is_workday(date(2099, 3, 2)) and not calendar.provisional(date(2099, 3, 3))


def test_leave_deputy_and_who_has_left(tmp_path: Path) -> None:
    put(tmp_path, "people.csv", "姓名,邮箱,角色,在职,休假至,代理人\n甲某,a@x.example,售前,是,2026-11-30,乙某\n乙某,b@x.example,售前,,,\n丙某,,售前,否,,\n")
    data = MasterData(tmp_path)
    assert data.problems == []
    directory = Directory(data.people)
    assert [p.name for p in directory.with_role("售前")] == ["甲某", "乙某"]
    assert directory.acting(data.people[0], date(2026, 11, 23)).name == "乙某"


# -- what cannot be used at all


def test_without_folder_or_people_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(MasterDataError, match="不存在.*mailflow init"):
        MasterData(tmp_path / "none")
    with pytest.raises(ConfigError, match="缺人员表.*people.csv.*mailflow init"):
        MasterData(tmp_path)
    put(tmp_path, "people.csv", "姓名,邮箱,角色\n")
    with pytest.raises(MasterDataError, match="没有一个可用的人"):
        MasterData(tmp_path)
    put(tmp_path, "people.csv", "名字,邮箱,角色\n张三,a@x.example,售前\n")
    with pytest.raises(MasterDataError, match="第 1 行:缺一列“姓名”"):
        MasterData(tmp_path)


# -- bad rows


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (",x@corp.example,售前,,,,", "第 5 行 姓名:不能空"),
        ("李四,lisi-corp.example,售前,,,,", "第 5 行 邮箱:“lisi-corp.example”不是邮件地址"),
        ("李四,lisi\uff20corp.example,售前,,,,", "不是邮件地址"),
        ("李四,ZS@corp.example,售前,,,,", "第 5 行 邮箱:ZS@corp.example 已是第 2 行 张三 的"),
        ("李四,lisi@corp.example", "第 5 行:有 2 格,表头有 7 格,少了"),
        ("李四,lisi@corp.example,售前,技术部张三,0755-1,", "第 5 行 上级:人员表里没有“0755-1”"),
        ("李四,lisi@corp.example,售前,,,,,多", "第 5 行:有 8 格,表头有 7 格,多了"),
        ("李四,,售前,,,,", "没有邮箱也没有传真"),
        ("李四,l@corp.example,售前,,没有此人,,", "第 5 行 上级:人员表里没有“没有此人”"),
        ('李四,"l@corp.example,售前,,,,', "第 5 行:引号不成对"),
    ],
)
def test_a_bad_row_is_reported_with_file_and_line_and_the_good_ones_are_used(tmp_path: Path, row: str, words: str) -> None:
    put(tmp_path, "people.csv", PEOPLE + row + "\n")
    data = MasterData(tmp_path)
    assert "people.csv " in data.problems[0] and words in data.problems[0]
    assert [p.name for p in data.people][:3] == ["张三", "王经理", "省研究院"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("projects.csv", "项目,验收日期\n海滨,明天\n", "projects.csv 第 2 行 验收日期:“明天”不是日期;写成 2026-06-30"),
        ("projects.csv", "项目,第一售后\n海滨,张三\n", "第 1 行:不认得列“第一售后”,是不是“第一售前”?"),
        ("contracts.csv", "合同好\nHT-1\n", "不认得列“合同好”,是不是“合同号”?"),
        ("projects.csv", "项目,项目\na,b\n", "“项目”出现两次"),
        ("projects.csv", "项目,,状态\na,b,c\n", "表头第 2 格是空的"),
        ("projects.csv", "项目,责任销售\n海滨,路人\n", "责任销售:人员表里没有“路人”"),
        ("projects.csv", "项目\t别名\na\tb\n", "制表符"),
        ("projects.csv", "项目\uff0c别名\na\uff0cb\n", "不是半角逗号"),
        ("projects.csv", "", "是空的;第一行写表头:项目,"),
        ("holidays.csv", "日期,类型\n2026-02-30,放假\n", "“2026-02-30”不是日期"),
        ("holidays.csv", "日期,类型\n2026-02-03,休息\n", "写 放假 或 补班"),
        ("holidays.csv", "日期,类型\n2026-02-03,放假\n2026/2/3,补班\n", "第 3 行 日期:“2026/2/3”与第 2 行重复"),
        ("holidays.csv", "日期,类型\n2026-02-03\n", "有 1 格,表头有 2 格"),
        ("contracts.csv", "合同号,签订日期\nHT-1,2026-1-1\nHT-1,2026-1-1\n", "重复"),
        ("policies.csv", "制度名,生效日期\n保密制度,昨天\n", "生效日期"),
        ("any.csv", b"a,b\n\xff\xff,c\n", "CSV UTF-8"),
        ("any.csv", "类型,号码\n".encode("utf-16"), "CSV UTF-8"),
    ],
)
def test_other_tables_are_checked_too(folder: Path, name: str, content: str | bytes, words: str) -> None:
    assert words in problems(folder, name, content)


# -- changes


def test_a_changed_table_is_read_again_and_an_unchanged_one_is_not(folder: Path) -> None:
    data = MasterData(folder)
    before = data.people
    assert not data.refresh() and data.people == before
    put(folder, "people.csv", PEOPLE + "李四,lisi@corp.example,售前,,,,\n")
    assert data.refresh() and [p.name for p in data.people][-1] == "李四"
    put(folder, "regions.csv", "地市,地区\n湛江,R3\n")
    assert data.refresh() and data.table("regions")[0]["地区"] == "R3"


@pytest.mark.parametrize(
    "broken",
    [PEOPLE + "李四,不是地址,售前,,,,\n", "姓名,邮箱,角色\n", "", "名字,邮箱\n", b"\xff\xfe\x00", '姓名,邮箱,角色\n"张三'],
)
def test_the_last_good_table_stays_in_force_until_the_file_is_mended(folder: Path, broken: str | bytes) -> None:
    data = MasterData(folder)
    before = data.people
    put(folder, "people.csv", broken)
    assert not data.refresh()
    assert data.people == before
    assert any("people.csv" in p and "仍按上次无误的 3 行办" in p for p in data.problems)
    assert not data.refresh() and data.problems, "said until it is mended"
    put(folder, "people.csv", PEOPLE)
    assert data.refresh() and data.problems == []


def test_a_table_that_disappears_stays_in_force_and_is_said(folder: Path) -> None:
    put(folder, "projects.csv", PROJECTS)
    data = MasterData(folder)
    (folder / "projects.csv").unlink()
    assert not data.refresh() and len(data.projects) == 1
    assert "projects.csv:文件不见了" in data.problems[0]
    put(folder, "projects.csv", PROJECTS)
    data.refresh()
    assert data.problems == []


def test_lock_files_of_office_programs_are_no_tables(folder: Path) -> None:
    put(folder, ".~lock.people.csv", "x")
    put(folder, "~$people.csv", "x")
    assert MasterData(folder).tables == ["people"]


def test_two_of_one_name_are_told_apart_by_unit_or_address_and_a_table_that_names_one_of_them_is_asked_which(tmp_path: Path) -> None:
    put(tmp_path, "people.csv", PEOPLE + "张 三,z3@corp.example,售前,销售部,王经理,,\n李四,l1@corp.example,售前,,,,\n李四,l2@corp.example,售前,,,,\n")
    put(tmp_path, "projects.csv", PROJECTS)
    data = MasterData(tmp_path)
    assert [p.name for p in data.people if "〔" in p.name] == ["张三〔技术支持部〕", "张 三〔销售部〕", "李四〔l1〕", "李四〔l2〕"]
    assert "people.csv 第 2、5 行" in data.notes[0] and "张三〔技术支持部〕、张 三〔销售部〕" in data.notes[0]
    assert any("projects.csv 第 2 行 第一售前:叫“张三”的有 2 人;写明是 张三〔技术支持部〕 还是 张 三〔销售部〕" in p for p in data.problems)


def test_who_came_after_somebody_of_the_same_name_left_has_the_name(tmp_path: Path) -> None:
    put(tmp_path, "people.csv", "姓名,邮箱,角色,在职\n张三,old@corp.example,售前,否\n张三,new@corp.example,售前,是\n")
    data = MasterData(tmp_path)
    assert [p.name for p in data.people] == ["张三〔已离职〕", "张三"] and not data.notes
