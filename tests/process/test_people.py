"""Promises of mailflow.people: RULEBOOK §0.2 (names and roles), §0.4 and §8-20 (project names)."""

from __future__ import annotations

from datetime import date

import pytest

from mailflow.people import Directory, Person, Project, ProjectIndex

PEOPLE = [
    Person("张三", ("zhangsan@corp.example", "zs@corp.example"), ("售前",), superior="王经理"),
    Person("李四", ("lisi@corp.example",), ("技服",), superior="王经理"),
    Person("王经理", ("wang@corp.example",), ("售前经理", "管理员"), superior="不在表里"),
    Person("陈工", ("chen@corp.example",), ("现场工程师",), away_until=date(2026, 11, 30), deputy="李四"),
    Person("赵走", ("zhao@corp.example",), ("售前",), active=False),
    Person("Amy Lin", ("amy@corp.example",), ("销售",)),
]
SYNONYMS = {"技术支持": "售前", "技服": "售前", "TS": "售前", "售前工程师": "售前", "技术支持部经理": "售前经理", "部门经理": "售前经理"}
DIRECTORY = Directory(PEOPLE, SYNONYMS)


def named(person: Person | None) -> str | None:
    return person.name if person else None


def test_an_address_is_found_without_regard_to_case() -> None:
    assert named(DIRECTORY.by_address("ZS@Corp.Example ")) == "张三"
    assert DIRECTORY.by_address("nobody@corp.example") is None


def test_a_look_alike_address_is_a_stranger() -> None:
    """U+212A KELVIN SIGN lower-cases to k, a full-width letter normalises to its plain one: neither is the same mailbox."""
    directory = Directory([Person("凯", ("kai@corp.example",))])
    assert directory.by_address("\u212aai@corp.example") is None
    assert directory.by_address("\uff4bai@corp.example") is None


def test_who_has_left_is_a_stranger_by_address_and_holds_no_role_but_keeps_the_name() -> None:
    assert DIRECTORY.by_address("zhao@corp.example") is None
    assert "赵走" not in [p.name for p in DIRECTORY.with_role("售前")]
    assert named(DIRECTORY.by_name("赵走")) == "赵走"


@pytest.mark.parametrize("name", ["张三", " 张 三 ", "张三工程师", "张三工", "张三先生", "张三经理", "@张三", "张三(技术支持部)", "张三\uff08技术支持部\uff09", "张\u3000三"])
def test_a_name_is_found_with_titles_width_and_spaces(name: str) -> None:
    assert named(DIRECTORY.by_name(name)) == "张三"


def test_a_name_that_looks_like_a_title_is_itself() -> None:
    assert named(DIRECTORY.by_name("王经理")) == "王经理"
    assert named(DIRECTORY.by_name("陈工")) == "陈工"
    assert named(DIRECTORY.by_name("amy lin")) == "Amy Lin"


def test_only_titles_are_taken_away() -> None:
    directory = Directory([*PEOPLE, Person("欧阳建国")])
    assert named(directory.by_name("欧阳建国总")) == "欧阳建国"
    assert directory.by_name("张三某某") is None and directory.by_name("工程师") is None and directory.by_name("") is None


def test_an_address_in_place_of_a_name_is_understood_and_letters_go_to_the_first_address() -> None:
    assert named(DIRECTORY.by_name("ZS@corp.example")) == "张三"
    assert PEOPLE[0].address == "zhangsan@corp.example" and Person("无").address == ""


def test_nobody_is_picked_by_surname_alone_but_may_be_asked_back_about() -> None:
    assert DIRECTORY.by_name("李工") is None
    assert [p.name for p in DIRECTORY.candidates("李工")] == ["李四"]
    assert [p.name for p in DIRECTORY.candidates("张山")] == ["张三"]
    assert DIRECTORY.candidates("") == []


def test_two_people_of_one_name_are_nobody() -> None:
    directory = Directory([Person("张三", ("a@x.example",)), Person("张三", ("b@x.example",))])
    assert directory.by_name("张三") is None
    assert len(directory.candidates("张三")) == 2


@pytest.mark.parametrize("role", ["售前", "技术支持", "技服", "ts", "售前工程师"])
def test_a_role_has_many_names(role: str) -> None:
    assert [p.name for p in DIRECTORY.with_role(role)] == ["张三", "李四"]


def test_synonyms_come_from_the_table_alone() -> None:
    assert [p.name for p in DIRECTORY.with_role("部门经理")] == ["王经理"]
    assert Directory(PEOPLE).with_role("部门经理") == []


def test_superior_and_its_absence() -> None:
    assert named(DIRECTORY.superior(PEOPLE[0])) == "王经理"
    assert DIRECTORY.superior(PEOPLE[2]) is None


def test_the_deputy_acts_until_the_last_day_of_leave() -> None:
    chen = PEOPLE[3]
    assert DIRECTORY.acting(chen, date(2026, 11, 30)).name == "李四"
    assert DIRECTORY.acting(chen, date(2026, 12, 1)).name == "陈工"


def test_deputies_who_are_away_pass_on_and_a_circle_ends_with_the_person() -> None:
    until, on = date(2026, 11, 30), date(2026, 11, 23)
    a, b, c = Person("甲某", away_until=until, deputy="乙某"), Person("乙某", away_until=until, deputy="丙某"), Person("丙某")
    assert Directory([a, b, c]).acting(a, on).name == "丙某"
    back = Person("丙某", away_until=until, deputy="甲某")
    assert Directory([a, b, back]).acting(a, on).name == "甲某"
    gone = Person("乙某", active=False)
    assert Directory([a, gone]).acting(a, on).name == "甲某"


# -- projects

PROJECTS = [
    Project("海滨政务网", ("海滨", "海滨政务")),
    Project("智慧园区二期", ("智慧园区",)),
    Project("老港口项目", ("老港口",)),
    Project("ERP-升级", ()),
]


@pytest.mark.parametrize(
    ("name", "project"),
    [
        ("海滨政务网", "海滨政务网"),
        ("海滨政务网项目", "海滨政务网"),
        ("海滨", "海滨政务网"),
        ("《海滨 政务网》", "海滨政务网"),
        ("老港口", "老港口项目"),
        ("老港口项目", "老港口项目"),
        ("ERP-升级", "ERP-升级"),
        ("erp—升级项目", "ERP-升级"),
        ("\uff25\uff32\uff30\uff0d升级", "ERP-升级"),
    ],
)
def test_a_project_is_found_by_name_and_alias_with_or_without_the_word_project(name: str, project: str) -> None:
    match = ProjectIndex(PROJECTS).find(name)
    assert match.kind == "exact" and match.project and match.project.name == project


@pytest.mark.parametrize(("name", "project"), [("海宾政务网", "海滨政务网"), ("智惠园区二其", "智慧园区二期"), ("老巷口", "老港口项目"), ("海边", "海滨政务网")])
def test_one_or_two_characters_off_are_candidates_to_choose_from(name: str, project: str) -> None:
    match = ProjectIndex(PROJECTS).find(name)
    assert match.kind == "near" and match.project is None
    assert match.candidates[0].name == project


@pytest.mark.parametrize("name", ["", "项目", "山区教育网", "老巷道", "东城医保平台", "海"])
def test_far_off_is_none(name: str) -> None:
    assert ProjectIndex(PROJECTS).find(name).kind == "none"


def test_several_projects_under_one_name_are_candidates() -> None:
    match = ProjectIndex([*PROJECTS, Project("智慧园区")]).find("智慧园区")
    assert match.kind == "near" and [p.name for p in match.candidates] == ["智慧园区二期", "智慧园区"]


def test_the_nearest_candidate_comes_first() -> None:
    match = ProjectIndex([Project("智慧园区大区"), Project("智慧园区二期")]).find("智慧园区五期")
    assert [p.name for p in match.candidates] == ["智慧园区二期", "智慧园区大区"]


# -- several of one name, and who left


TWO = Directory([
    Person("马施工〔一队〕", ("ma1@corp.example",), ("施工",), unit="一队", superior="林工程"),
    Person("马施工〔二队〕", ("ma2@corp.example",), ("施工",), unit="二队", superior="林工程"),
    Person("林工程", ("lin@corp.example",), ("经理",), active=False, superior="钱总监"),
    Person("钱总监", ("qian@corp.example",), ("总监",), superior="林工程"),
])  # fmt: skip


@pytest.mark.parametrize("written", ["马施工(二队)", "马施工(二队)", "二队马施工", "马施工 ma2@corp.example", "马施工〔二队〕", "ma2@corp.example", "二队 马施工师傅"])
def test_of_two_of_one_name_the_one_is_meant_whose_unit_or_address_stands_beside_it(written: str) -> None:
    assert named(TWO.by_name(written)) == "马施工〔二队〕"
    assert TWO.namesakes(written) == []


@pytest.mark.parametrize("written", ["马施工", "马 施工", "马施工先生", "马施工(三队)"])
def test_a_name_that_two_have_means_neither_and_both_are_offered(written: str) -> None:
    assert TWO.by_name(written) is None
    assert [p.name for p in TWO.namesakes(written)] == ["马施工〔一队〕", "马施工〔二队〕"]


def test_for_who_left_the_first_superior_who_is_here_stands_in_and_a_circle_ends() -> None:
    assert named(TWO.successor(TWO.people[0])) == "钱总监"  # the superior left too
    assert named(TWO.successor(TWO.people[2])) == "钱总监"
    gone = [Person("甲", active=False, superior="乙"), Person("乙", active=False, superior="甲")]
    assert Directory(gone).successor(gone[0]) is None


def test_a_role_whose_holders_all_left_is_answered_for_by_their_superior() -> None:
    directory = Directory([Person("孙经理", ("sun@corp.example",), ("研发经理",), superior="钱总监", active=False), Person("钱总监", ("qian@corp.example",), ("技术总监",))])
    assert [p.name for p in directory.stand_ins("研发经理")] == ["钱总监"]
    assert directory.stand_ins("技术总监") == []  # it has a holder
    assert directory.stand_ins("总经理") == []  # nobody ever had it
