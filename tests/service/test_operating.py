"""close, reassign, undo: what an operator does to a case from the command line, on record, and who is told."""

from __future__ import annotations

import getpass
import json
from pathlib import Path

import pytest
from department import Department, mail, make

DAY = "2024-05-20T"
FORM = """项目名称:东区图书馆网络
客户:东区图书馆
责任销售:林晓
支持内容:产品测试、产品交流
技术支持内容要求:测试认证网关并演示双机热备,覆盖三个分馆
第一责任售前:周强
第二责任售前:苏敏
"""
TASK = """任务类型:工程施工
项目性质:工程项目
金额(万元):4
客户:东区图书馆
地点:东区
内容:立杆8根
开始日期:2024-05-21
完成日期:2024-05-24
"""


@pytest.fixture
def department(tmp_path: Path) -> Department:
    return make(tmp_path)


def one(department: Department, number: str) -> dict:
    return json.loads(department.run("case", number, "--json").stdout)


def table(department: Department, name: str) -> list[dict]:
    return [json.loads(line) for line in department.run(name, "--json").stdout.splitlines()]


def at(department: Department, clock: str, *mails: bytes) -> None:
    for number, raw in enumerate(mails):
        department.put(raw, f"17162{clock[:2]}{clock[3:5]}{number}.M1P1.test")
    done = department.run("once", "--now", f"{DAY}{clock}:00+08:00")
    assert done.returncode == 0, done.stderr


def operate(department: Department, clock: str, *arguments: str) -> str:
    done = department.run(*arguments, "--now", f"{DAY}{clock}:00+08:00")
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(department: Department, *arguments: str) -> str:
    done = department.run(*arguments)
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done
    return done.stderr


def told(department: Department, who: str, words: str) -> bool:
    return any(who in str(m["To"]) and words in (m.get_body(("plain",)).get_content() if m.get_body(("plain",)) else "") for m in department.letters())


def test_a_closed_case_rings_and_takes_no_more_and_who_has_to_do_with_it_is_told(department: Department) -> None:
    at(department, "09:00", mail())
    number = table(department, "cases")[0]["number"]
    said = operate(department, "09:30", "close", number, "--why", "重复登记")
    assert number in said and "周强" in said
    case = one(department, number)
    assert not case["open"] and case["state"] == "人工关闭" and not [d for d in case["deadlines"] if d["status"] == "running"]
    last = case["history"][-1]
    assert getpass.getuser() in last["who"] and last["action"] == "关闭" and last["note"] == "重复登记" and last["from"] != last["to"]
    at(department, "10:00", mail(f"Re: [{number}]", "确认", id="2@demo.example"))
    assert told(department, "zhouqiang", "重复登记") and told(department, "zhouqiang", "已经结束")
    assert one(department, number)["state"] == "人工关闭"
    assert "已经结束" in refused(department, "close", number, "--why", "再关一次")


def test_a_case_goes_to_another_person_with_its_role_and_the_old_holder_has_no_right_any_more(department: Department) -> None:
    at(department, "09:00", mail("技术支持立项单-东区图书馆网络-林晓", FORM, "linxiao@demo.example"))
    number = next(c["number"] for c in table(department, "cases") if c["process"] == "support-init")
    assert "没有“审批官”这个角色" in refused(department, "reassign", number, "高总监", "--role", "审批官", "--why", "x")
    assert "找不到“高总管”" in refused(department, "reassign", number, "高总管", "--why", "x")
    said = operate(department, "09:30", "reassign", number, "高总监", "--role", "售前经理", "--why", "郑经理离职")
    assert "郑经理 → 高总监" in said
    at(department, "10:00", mail(f"Re: [{number}]", "同意", "zheng@demo.example", "2@demo.example"))
    assert one(department, number)["state"] == "待审批"
    assert told(department, "gao@demo.example", "郑经理离职") and told(department, "gao@demo.example", "同意") and told(department, "zheng@demo.example", "高总监")
    at(department, "10:10", mail(f"Re: [{number}]", "同意", "gao@demo.example", "3@demo.example"))
    assert one(department, number)["state"] != "待审批"
    operate(department, "10:30", "reassign", number, "sumin@demo.example", "--why", "换人跟")
    assert one(department, number)["owner"] == "苏敏"


def test_the_last_change_is_taken_back_with_all_that_it_did_elsewhere(department: Department) -> None:
    at(department, "09:00", mail("技术支持立项单-东区图书馆网络-林晓", FORM, "linxiao@demo.example"))
    number = next(c["number"] for c in table(department, "cases") if c["process"] == "support-init")
    before = one(department, number)
    assert "没有可撤回" in refused(department, "undo", number, "--why", "x")
    at(department, "10:00", mail(f"Re: [{number}]", "同意", "zheng@demo.example", "2@demo.example"))
    assert one(department, number)["state"] != before["state"] and [c for c in table(department, "cases") if c["parent"] == number]
    assert "东区图书馆网络" in [p["project"] for p in table(department, "projects")]
    said = operate(department, "10:30", "undo", number, "--why", "批错了项目")
    assert "郑经理的“同意”" in said
    after = one(department, number)
    assert (after["state"], after["fields"], after["owner"], after["open"]) == (before["state"], before["fields"], before["owner"], True)
    assert [(d["name"], d["due"]) for d in after["deadlines"] if d["status"] == "running"] == [(d["name"], d["due"]) for d in before["deadlines"] if d["status"] == "running"]
    assert not [c for c in table(department, "cases") if c["parent"] == number and c["open"]]
    assert "东区图书馆网络" not in [p["project"] for p in table(department, "projects")]
    assert getpass.getuser() in after["history"][-1]["who"] and after["history"][-1]["action"] == "撤回"
    at(department, "11:00")
    assert told(department, "linxiao", "批错了项目") and told(department, "zheng@demo.example", "批错了项目")
    approved = [c["number"] for c in table(department, "cases") if c["parent"] == number]
    operate(department, "11:02", "undo", number, "--why", "没有批错")  # taken back in its turn: all is as it was decided
    assert "东区图书馆网络" in [p["project"] for p in table(department, "projects")]
    assert [c["number"] for c in table(department, "cases") if c["parent"] == number and c["open"]] == approved
    operate(department, "11:04", "undo", number, "--why", "还是批错了")
    at(department, "11:10", mail(f"Re: [{number}]", "同意", "zheng@demo.example", "3@demo.example"))  # and the decision can be made anew
    assert "东区图书馆网络" in [p["project"] for p in table(department, "projects")]
    assert [c for c in table(department, "cases") if c["parent"] == number and c["open"]]


def test_register_rows_of_a_change_that_is_taken_back_count_no_more(department: Department) -> None:
    at(department, "09:00", mail())
    number = table(department, "cases")[0]["number"]
    assert [t["confirmed"] for t in table(department, "tracking")] == [False]
    at(department, "09:30", mail(f"Re: [{number}]", "确认", id="2@demo.example"))
    assert [t["confirmed"] for t in table(department, "tracking")] == [True]
    operate(department, "10:00", "undo", number, "--why", "确认错了")
    assert [t["confirmed"] for t in table(department, "tracking")] == [False]


def test_a_letter_that_still_waits_does_not_go_after_the_change_is_taken_back(department: Department) -> None:
    at(department, "09:00", mail())
    number = table(department, "cases")[0]["number"]
    department.configure(smtp='url = "smtp://127.0.0.1:9"')  # nobody listens
    department.put(mail(f"Re: [{number}]", "确认", id="2@demo.example"), "1716260000.M1P1.test")
    department.run("once", "--now", f"{DAY}09:30:00+08:00")
    assert any(row["status"] == "waiting" for row in table(department, "outbox"))
    department.configure()
    operate(department, "09:40", "undo", number, "--why", "确认错了")
    assert "已办理" not in "".join(row["subject"] for row in table(department, "outbox") if row["status"] == "waiting")


@pytest.mark.parametrize("command", [["close"], ["undo"], ["reassign"]])
def test_a_number_that_is_none_and_a_missing_reason_are_said(department: Department, command: list[str]) -> None:
    more = ["周强"] if command == ["reassign"] else []
    assert "没有单号 MF-COMM-2024-0099" in refused(department, *command, "MF-COMM-2024-0099", *more, "--why", "x")
    assert department.run(*command, "MF-COMM-2024-0099", *more).returncode == 2


def test_who_takes_a_case_over_takes_the_work_that_made_its_owner(department: Department) -> None:
    """A task's worker is its owner: given to somebody else, it is his to finish, and the old worker has no right any more."""
    with (department.folder / "masterdata/people.csv").open("a", encoding="utf-8") as people:
        people.write("林工程,lin@demo.example,工程技术部经理,工程技术部,高总监,,\n马施工,ma@demo.example,工程技术部,工程技术部,林工程,,\n杜设计,du@demo.example,工程技术部,工程技术部,林工程,,\n")
    at(department, "09:00", mail("任务申请-施工-监控立杆-林晓", TASK, "linxiao@demo.example"))
    number = next(c["number"] for c in table(department, "cases") if c["process"] == "task-management")
    at(department, "09:10", mail(f"Re: [{number}]", "同意", "lin@demo.example", "2@demo.example"))
    at(department, "09:20", mail(f"Re: [{number}]", "派工 马施工", "lin@demo.example", "3@demo.example"))
    said = operate(department, "09:30", "reassign", number, "杜设计", "--why", "病了")
    assert "负责人、执行人:马施工 → 杜设计" in said
    at(department, "09:40", mail(f"Re: [{number}]", "接受", "ma@demo.example", "4@demo.example"))
    assert one(department, number)["state"] == "派工"
    at(department, "09:50", mail(f"Re: [{number}]", "接受", "du@demo.example", "5@demo.example"))
    assert one(department, number)["state"] == "在建"
