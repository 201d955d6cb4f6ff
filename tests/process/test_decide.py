"""What follows from a form and from an action: fields, problems, who may, effects in their order. Nothing is written here; the same question gets the same answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from small_world import BODY, HEAD, MONDAY, Town, a_process, an_event

from mailflow.process import decide
from mailflow.process.forms import broken
from mailflow.process.model import Field
from mailflow.process.names import Names
from mailflow.process.values import Kind
from mailflow.process.world import Case, Event, Outcome, Refused

TASK = """
流程: 派工
名称: task
短码: TASK
事项: 派工 <项目> <内容>
主管: 经理
角色:
  申请人员: 来信人
  销售: 项目 责任销售
  经理: 岗位 售前经理
  总监: 岗位 技术总监
  工程师: 字段 工程师
字段:
  项目:
    类型: 项目
    来自: 标题
    必填: 是
  类型:
    类型: 选项
    选项: [设计, 施工]
    必填: 是
  金额:
    类型: 金额
    要求: 大于 0
    必填: 类型 = 施工
  内容:
    标签: [工作内容]
    必填: 是
    缺了就说: 请写要做什么
  开始日期:
    类型: 日期
    缺省: 今天
  完成日期:
    类型: 日期
    要求: 不早于 开始日期
  工程师:
    类型: 人员
  原因: {}
  完成时间:
    类型: 时间
    缺省: 收到时间
  评语: {}
校验:
  - 当: 类型 = 设计 且 金额 > 100
    指: 金额
    说: 设计任务没有<金额>万的
  - 当: 无 完成日期
    指: 完成日期
    说: 没有写完成日期
    只提示: 是
开始:
  收到: 派工-<项目>项目
  谁: 岗位 销售
  变为: 待批
  发信:
    请审批: 经理
状态:
  待批:
    可以:
      同意:
        谁: [经理, 总监]
        都要: 是
        变为: 待派
      驳回:
        谁: 经理
        要写明: 原因
        变为: 已结束
        发信:
          通知:
            给: 申请人员
            抄: [经理, 申请人员]
            说: <来信人> 驳回了:<原因>
  待派:
    可以:
      派工:
        谁: 经理
        要写明: 工程师
        变为: 在办
        负责人: 工程师
      重批:
        谁: 经理
        变为: 待批
  在办:
    进入:
      发信:
        请办理: 工程师
    可以:
      完成:
        谁: 负责人
        当: 有 工程师
        否则说: 还没有派人
        要写明: 完成时间
        可写明: 评语
        变为: 已结束
        记账:
          工作量:
            谁: 负责人
            说明: <项目> <内容>
        分支:
          - 当: 类型 = 施工
            发信:
              通知:
                给: 总监
                说: 施工完成
          - 否则: 是
            发信:
              通知:
                给: 总监
                说: 设计完成
        另外:
          - 当: 金额 > 5
            开单:
              acceptance:
                项目: 项目
                说明: 验收<内容>
          - 当: 金额 > 500
            开单:
              audit:
                项目: 项目
      签收:
        谁: 申请人员
        要附: 验收单
        变为: 已结束
  已结束:
    结束: 是
"""
PROCESS = a_process(TASK)
GOOD = {"类型": "施工", "金额": "12万元", "工作内容": "敷设 200 米光缆"}


def a_form(who: str = "赵六", **raw: str) -> Event:
    return an_event(who, raw=raw or GOOD, parts={"项目": "海滨政务网"}, text="")


def begun(event: Event | None = None) -> Outcome:
    event = event or a_form()
    done = decide.begin(PROCESS, 0, decide.blank_case(PROCESS, event), event, Town())
    assert isinstance(done, Outcome)
    return done


def done(case: Case, action: str, event: Event) -> Outcome:
    after = decide.act(PROCESS, case, PROCESS.actions_in(case.state)[action], event, Town())
    assert isinstance(after, Outcome), after
    return after


def refused(case: Case, action: str, event: Event) -> Refused:
    after = decide.act(PROCESS, case, PROCESS.actions_in(case.state)[action], event, Town())
    assert isinstance(after, Refused)
    return after


def in_work() -> Case:
    case = begun().case
    for who in ("王经理", "钱总监"):
        case = done(case, "同意", an_event(who)).case
    return done(case, "派工", an_event("王经理", argument="张三")).case


# -- forms


def test_a_good_form_opens_a_case() -> None:
    outcome = begun()
    case = outcome.case
    assert (case.state, case.open, case.project, case.opened_by) == ("待批", True, "海滨政务网", "赵六")
    assert case.fields == {"项目": "海滨政务网", "类型": "施工", "金额": "12", "内容": "敷设 200 米光缆", "开始日期": "2026-11-23"}
    assert case.title == "派工 海滨政务网 敷设 200 米光缆"
    assert [(letter.letter, letter.to) for letter in outcome.letters] == [("请审批", ["王经理"])]
    assert [(s.action, s.to_state) for s in outcome.steps] == [("开单", "待批")]


@pytest.mark.parametrize(
    ("raw", "field", "says"),
    [
        ({"类型": "施工", "金额": "12"}, "内容", "请写要做什么"),
        ({"类型": "施工", "内容": "光缆"}, "金额", "没有填写"),  # required because of another field
        ({"类型": "拆除", "内容": "光缆"}, "类型", "只能写:设计 / 施工"),
        ({"类型": "施工", "金额": "-3", "内容": "光缆"}, "金额", "必须大于 0"),
        ({"类型": "设计", "金额": "120", "内容": "图纸"}, "金额", "设计任务没有120万的"),
        ({"类型": "设计", "内容": "图纸", "完成日期": "2026-11-20"}, "完成日期", "早于开始日期"),
        ({"类型": "设计", "内容": "图纸", "工程师": "王五"}, "工程师", "通讯录里没有“王五”"),
    ],
)
def test_a_form_with_a_gap_goes_back_item_by_item(raw: dict[str, str], field: str, says: str) -> None:
    outcome = begun(a_form(**raw))
    assert [p.field for p in outcome.problems] == [field]
    assert says in outcome.problems[0].why
    assert outcome.case.state == decide.RETURNED and outcome.case.open
    assert outcome.letters == [], "nobody is asked to approve a form that goes back"


def test_every_gap_is_told_at_once_in_the_order_of_the_form() -> None:
    assert [p.field for p in begun(a_form(类型="施工")).problems] == ["金额", "内容"]


def test_what_the_first_version_said_need_not_be_said_again() -> None:
    first = begun(a_form(类型="施工", 内容="光缆")).case
    after = decide.begin(PROCESS, 0, first, a_form(金额="8"), Town())
    assert isinstance(after, Outcome)
    assert (after.case.state, after.case.fields["内容"], after.case.fields["金额"], after.problems) == ("待批", "光缆", "8", [])
    assert after.steps[0].action == "更正"


def test_somebody_without_the_right_opens_nothing_and_learns_who_may() -> None:
    event = a_form("张三")
    after = decide.begin(PROCESS, 0, decide.blank_case(PROCESS, event), event, Town())
    assert isinstance(after, Refused)
    assert (after.reason, "赵六" in after.says, after.cc) == ("right", True, ["王经理"])


def test_a_project_that_is_almost_known_is_asked_about() -> None:
    event = an_event("赵六", raw=GOOD, parts={"项目": "海滨政务"})
    [problem] = begun(event).problems
    assert problem.field == "项目" and "是不是:海滨政务网" in problem.why


def test_a_warning_sends_nothing_back() -> None:
    from mailflow.process.forms import warnings

    case = begun().case
    assert warnings(PROCESS, Names(PROCESS, case, a_form(), Town())) == ["没有写完成日期"]


# -- actions


def test_a_decision_changes_nothing_that_it_was_given() -> None:
    case = begun().case
    before = (case.state, dict(case.fields), dict(case.memo))
    first = done(case, "驳回", an_event("王经理", argument="太贵"))
    second = done(case, "驳回", an_event("王经理", argument="太贵"))
    assert (case.state, case.fields, case.memo) == before
    assert first == second


def test_everybody_asked_must_say_yes_in_any_order() -> None:
    case = begun().case
    half = done(case, "同意", an_event("钱总监"))
    assert half.case.state == "待批" and "还等:王经理" in half.letters[0].says
    again = done(half.case, "同意", an_event("钱总监"))
    assert again.case.state == "待批", "the same person twice is not two persons"
    both = done(again.case, "同意", an_event("王经理"))
    assert both.case.state == "待派"
    once_more = done(both.case, "重批", an_event("王经理"))
    assert done(once_more.case, "同意", an_event("王经理")).case.state == "待批", "what was said before is not said to what is asked now"


def test_an_action_by_somebody_else_is_refused_with_who_may() -> None:
    why = refused(begun().case, "同意", an_event("张三"))
    assert why.reason == "right" and "王经理" in why.says and why.cc == ["王经理"]


@pytest.mark.parametrize(("argument", "rest"), [("", ""), ("", "  \n ")])
def test_what_an_action_wants_written_must_be_there(argument: str, rest: str) -> None:
    why = refused(begun().case, "驳回", an_event("王经理", argument=argument, rest=rest))
    assert (why.reason, [p.field for p in why.problems]) == ("missing", ["原因"])


@pytest.mark.parametrize(
    "event",
    [
        an_event("王经理", argument="预算不够"),
        an_event("王经理", rest="预算不够"),
        an_event("王经理", raw={"原因": "预算不够"}, rest="原因:预算不够"),
    ],
)
def test_it_may_stand_behind_the_word_below_it_or_in_a_labelled_line(event: Event) -> None:
    after = done(begun().case, "驳回", event)
    assert after.case.fields["原因"] == "预算不够"
    assert (after.case.state, after.case.open) == ("已结束", False)
    [letter] = after.letters
    assert (letter.to, letter.cc, letter.says) == (["赵六"], ["王经理"], "王经理 驳回了:预算不够")


def test_a_person_is_told_from_the_words_behind_the_command() -> None:
    case = in_work()
    assert (case.state, case.owner, case.fields["工程师"]) == ("在办", "张三", "张三")
    why = refused(done(done(begun().case, "同意", an_event("王经理")).case, "同意", an_event("钱总监")).case, "派工", an_event("王经理", argument="小王"))
    assert "通讯录里没有“小王”" in why.problems[0].why


def test_entering_a_state_has_its_own_effects() -> None:
    case = begun().case
    for who in ("王经理", "钱总监"):
        case = done(case, "同意", an_event(who)).case
    after = done(case, "派工", an_event("王经理", argument="张三,请带熔接机"))
    assert [(letter.letter, letter.to) for letter in after.letters] == [("请办理", ["张三"])]


def test_a_moment_is_cut_from_the_words_and_the_rest_is_the_remark() -> None:
    after = done(in_work(), "完成", an_event("张三", argument="11-23 16:20 光缆已熔接", at=MONDAY + timedelta(hours=8)))
    assert (after.case.fields["完成时间"], after.case.fields["评语"]) == ("2026-11-23 16:20", "光缆已熔接")


def test_a_moment_that_nobody_wrote_is_that_of_receipt() -> None:
    after = done(in_work(), "完成", an_event("张三", at=MONDAY + timedelta(hours=8)))
    assert after.case.fields["完成时间"] == "2026-11-23 17:30"


def test_the_first_branch_that_holds_and_all_others_that_hold() -> None:
    after = done(in_work(), "完成", an_event("张三"))
    assert [letter.says for letter in after.letters] == ["施工完成"]
    assert [(c.process, c.values) for c in after.children] == [("acceptance", {"项目": "海滨政务网", "说明": "验收敷设 200 米光缆"})]
    assert [(e.register, e.values) for e in after.entries] == [("工作量", {"谁": "张三", "说明": "海滨政务网 敷设 200 米光缆"})]


def test_an_action_that_wants_a_paper_waits_for_it() -> None:
    why = refused(in_work(), "签收", an_event("赵六", files=("照片.jpg",)))
    assert (why.reason, "《验收单》" in why.says) == ("file", True)
    assert done(in_work(), "签收", an_event("赵六", files=("验收单-盖章.pdf",))).case.state == "已结束"


def test_the_service_itself_needs_no_right() -> None:
    """What other cases set off (带动) has no person; `intake` never lets a mail without a known sender come this far."""
    assert done(in_work(), "完成", an_event("")).case.state == "已结束"


def test_nothing_may_be_done_in_a_state_that_is_over() -> None:
    assert PROCESS.actions_in("已结束") == {}


def test_what_was_asked_for_later_fills_gaps_and_overwrites_nothing() -> None:
    case = begun().case
    after = decide.supplement(PROCESS, case, an_event("赵六", raw={"完成日期": "2026-12-01", "金额": "99"}), Town())
    assert after is not None
    assert (after.case.fields["完成日期"], after.case.fields["金额"]) == ("2026-12-01", "12")
    assert decide.supplement(PROCESS, after.case, an_event("赵六", raw={"完成日期": "2026-12-01"}), Town()) is None


@pytest.mark.parametrize(("check", "good", "wrong"), [("在项目库", "海滨政务网项目", "新港湾"), ("在合同库", "HT-2026-001", "HT-1"), ("内部人员", "张三", "省研究院")])
def test_a_check_asks_for_projects_contracts_and_colleagues(check: str, good: str, wrong: str) -> None:
    class OwnTown(Town):
        def with_role(self, role: str) -> list[str]:
            return ["赵六", "张三"] if role == "*" else super().with_role(role)

    event = an_event()
    names = Names(PROCESS, decide.blank_case(PROCESS, event), event, OwnTown())
    said = {value: list(broken(Field("写的", Kind("文本"), checks=(check,)), value, names)) for value in (good, wrong)}
    assert said[good] == []
    assert wrong in said[wrong][0]


SIGNED = a_process(
    HEAD
    + """  签字人:
    标签: [签名]
文件:
  回执单:
    由: 经理
    签名: 签字人
"""
    + BODY.replace("    可以:\n", """    可以:
      交:
        谁: 经理
        可写明: [签字人, 原因]
        收文件: 来件
      退:
        谁: 经理
        退文件: 来件
""")
)


def test_a_document_that_must_be_signed_is_none_without_a_signature() -> None:
    """签名: the words that name the document sign nothing; a signature does; what is sent back must be signed again."""
    case = Case(process="leave", version="", state="待批", opened_at=MONDAY, entered_at=MONDAY, opened_by="张三")

    def doing(action: str, **more: object) -> Outcome | Refused:
        return decide.act(SIGNED, case, SIGNED.actions_in(case.state)[action], an_event("王经理", files=("回执单.pdf",), **more), Town())

    for argument in ("", "回执单", "回执单 请查收"):
        unsigned = doing("交", argument=argument)
        assert isinstance(unsigned, Refused) and [p.field for p in unsigned.problems] == ["签字人"] and "《回执单》须有签名" in unsigned.problems[0].why
    for signed in (doing("交", argument="回执单 签名:何工"), doing("交", argument="回执单", raw={"签字人": "何工"})):
        assert isinstance(signed, Outcome) and signed.received == ["回执单"] and signed.case.fields == {"签字人": "何工"}
        case = signed.case
    back = doing("退", argument="回执单")
    assert isinstance(back, Outcome) and back.sent_back == ["回执单"]
    case = back.case
    assert isinstance(doing("交", argument="回执单"), Refused)


def test_a_sentence_leaves_no_gap_and_no_brackets_where_a_name_holds_nothing() -> None:
    names = Names(a_process(TASK), Case("task", "1", "待批", MONDAY, MONDAY, fields={"项目": "海滨"}), an_event(), Town())
    assert names.fill("<项目>(<金额>)。 <类型> <金额> 请回“确认”") == "海滨。 请回“确认”"
    assert names.fill("<项目>（<项目>）<类型>") == "海滨（海滨）"
