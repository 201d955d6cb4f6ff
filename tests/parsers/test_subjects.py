"""Standard subjects with all that people type (RULEBOOK §0.4)."""

from __future__ import annotations

import pytest

from parsers import subjects
from parsers.subjects import Pattern, clean, near

REPORT, COMPLAINT = Pattern("客户沟通-<项目>项目-<人员>"), Pattern("投诉-<项目>项目沟通问题")
TASK, DELAY, QUERY = Pattern("任务申请-<任务类型>-<任务名>-<销售>"), Pattern("延期申请-<单号>"), Pattern("查询 <内容>")
FORM, FEEDBACK = Pattern("技术支持立项单-<项目>项目-<申请人>"), Pattern("现场反馈-<对象>[-<人员>]")
WRITTEN, MEETING = Pattern("正式书面投诉-<单号>-<单位>"), Pattern("生产例会通知-<年>年<月>月")
ALL = [REPORT, COMPLAINT, TASK, DELAY, QUERY, FORM, FEEDBACK, WRITTEN, MEETING]
HARBOUR = {"项目": "海滨政务网", "人员": "张三"}


@pytest.mark.parametrize(
    ("written", "text", "number", "first", "prefixes"),
    [
        ("客户沟通-海滨政务网项目-张三", "客户沟通-海滨政务网项目-张三", "", False, ()),
        ("客户沟通——海滨政务网项目—张三", "客户沟通-海滨政务网项目-张三", "", False, ()),
        ("  客户沟通 － 海滨政务网项目 – 张三 ", "客户沟通-海滨政务网项目-张三", "", False, ()),
        ("客户沟通\u200b-海滨政务网项目-张三\ufeff", "客户沟通-海滨政务网项目-张三", "", False, ()),
        ("回复:Fwd: RE: 客户沟通-A项目-张三", "客户沟通-A项目-张三", "", False, ("回复", "Fwd", "RE")),
        ("Re[2]: 答复：转发: x", "x", "", False, ("Re", "答复", "转发")),
        ("【转发】回覆：轉寄: x", "x", "", False, ("转发", "回覆", "轉寄")),
        ("[MF-COMM-2026-0007] 请确认", "请确认", "MF-COMM-2026-0007", True, ()),
        ("回复: [mf-comm-2026-0007] Re: 请确认", "请确认", "MF-COMM-2026-0007", True, ("回复", "Re")),
        ("回复：【MF－COMM－2026－0007】请确认", "请确认", "MF-COMM-2026-0007", True, ("回复",)),
        ("延期申请-[MF-TASK-2026-0003]", "延期申请-[MF-TASK-2026-0003]", "MF-TASK-2026-0003", False, ()),
        ("MF-TASK-2026-0003 完成", "完成", "MF-TASK-2026-0003", True, ()),
        ("自动回复: 进度", "自动回复:进度".replace(":", ": "), "", False, ()),
        ("报告: 进度", "报告: 进度", "", False, ()),
        ("Reply: no prefix", "Reply: no prefix", "", False, ()),
        ("", "", "", False, ()),
    ],
)
def test_clean(written: str, text: str, number: str, first: bool, prefixes: tuple[str, ...]) -> None:
    """NFKC, nothing invisible, no prefixes in whatever order and number, one kind of dash; the number is taken out of the front."""
    subject = clean(written)
    assert (subject.original, subject.text, subject.case_number, subject.number_first, subject.prefixes) == (written, text, number, first, prefixes)


@pytest.mark.parametrize(
    ("pattern", "written", "parts"),
    [
        (REPORT, "客户沟通-海滨政务网项目-张三", HARBOUR),
        (REPORT, "回复: 客户沟通——海滨政务网项目—张三", HARBOUR),
        (REPORT, "客户沟通-A-B项目二期项目-张三", {"项目": "A-B项目二期", "人员": "张三"}),
        (REPORT, "客户沟通-【海滨政务网】项目-张三", HARBOUR),
        (REPORT, "客户沟通-海滨政务网-张三", None),
        (REPORT, "客户沟通-项目-张三", None),
        (COMPLAINT, "投诉-海滨政务网项目沟通问题", {"项目": "海滨政务网"}),
        (COMPLAINT, "投诉-海滨政务网项目沟通问题解决了", None),
        (TASK, "任务申请-设计-机房-方案甲-赵六", {"任务类型": "设计", "任务名": "机房-方案甲", "销售": "赵六"}),
        (DELAY, "延期申请-MF-TASK-2026-0003", {"单号": "MF-TASK-2026-0003"}),
        (DELAY, "延期申请-[mf-task-2026-0003]", {"单号": "MF-TASK-2026-0003"}),
        (DELAY, "延期申请-【MF-TASK-2026-0003】", {"单号": "MF-TASK-2026-0003"}),
        (DELAY, "延期申请-明天", None),
        (QUERY, "查询 MF-COMM-2026-0007", {"内容": "MF-COMM-2026-0007"}),
        (QUERY, "查询系统太慢", None),
        (FORM, "《技术支持立项单》-城市大脑项目-赵六", {"项目": "城市大脑", "申请人": "赵六"}),
        (FEEDBACK, "现场反馈-打印机", {"对象": "打印机"}),
        (FEEDBACK, "现场反馈-打印机-陈工", {"对象": "打印机", "人员": "陈工"}),
        (WRITTEN, "正式书面投诉-MF-CLS-2026-0001-珠海分公司", {"单号": "MF-CLS-2026-0001", "单位": "珠海分公司"}),
        (MEETING, "生产例会通知-2026年11月", {"年": "2026", "月": "11"}),
    ],
)
def test_match(pattern: Pattern, written: str, parts: dict[str, str] | None) -> None:
    """Exact after normalisation; the project takes as much as it can."""
    assert pattern.match(clean(written)) == parts


@pytest.mark.parametrize(
    ("written", "parts", "how"),
    [
        ("客户沟通 海滨政务网项目 张三", HARBOUR, "缺横线"),
        ("客户沟通海滨政务网项目张三", HARBOUR, "缺横线"),
        ("客户沟通海滨政务网项目张三工程师", HARBOUR, "缺横线"),
        ("客户沟通-海滨政务网-张三", HARBOUR, "缺“项目”"),
        ("客户沟通 海滨政务网 张三", HARBOUR, "缺横线、缺“项目”"),
        ("客戶溝通-海濱政務網項目-張三", HARBOUR, "繁体字"),
        ("【客户沟通】海滨政务网项目 张三", HARBOUR, "括号、缺横线"),
        ("客户沟通_海滨政务网项目_张三", HARBOUR, "缺横线"),
        ("客户沟通：海滨政务网项目-张三", HARBOUR, "缺横线"),
        ("投诉海滨政务网沟通问题", {"项目": "海滨政务网"}, "缺横线、缺“项目”"),
        ("投诉:海滨政务网项目项目沟通问题", {"项目": "海滨政务网"}, "缺横线、“项目”重复"),
        ("任务申请 设计 机房方案甲 赵六", {"任务类型": "设计", "任务名": "机房方案甲", "销售": "赵六"}, "缺横线"),
        ("延期申请 MF-TASK-2026-0003", {"单号": "MF-TASK-2026-0003"}, "缺横线"),
        ("《技术支持立项单》城市大脑项目 赵六", {"项目": "城市大脑", "申请人": "赵六"}, "括号、缺横线"),
    ],
)
def test_near(written: str, parts: dict[str, str], how: str) -> None:
    """Close but not clear: the candidates and what differs, for an answer that asks."""
    assert [(found, differs) for _, found, differs in near(clean(written), ALL)] == [(parts, how)]


@pytest.mark.parametrize(
    "written",
    [
        "客户沟通的几点想法", "客户沟通 需要改进 请讨论", "客户沟通培训项目启动会议", "客户沟通技巧培训通知", "关于客户沟通-海滨政务网项目-张三的说明", "客户沟通会纪要", "客户沟通项目总结",
        "投诉电梯太慢", "投诉处理流程", "投诉建议渠道沟通会", "任务申请流程说明", "任务申请怎么填", "延期申请的流程", "延期申请", "查询系统故障", "查询", "技术支持立项单模板", "技术支持立项单怎么填写",
        "现场反馈", "现场反馈很好", "生产例会通知", "海滨政务网项目进度", "你好", "", "-", "Re: lunch", "客户沟通-海滨政务网项目-张三",
    ],
)
def test_near_leaves_ordinary_subjects_alone(written: str) -> None:
    """An ordinary subject, or one that is exact already, has no candidates."""
    assert near(clean(written), ALL) == []


def test_a_pattern_with_a_part_twice_is_refused() -> None:
    """In Chinese, naming the pattern."""
    with pytest.raises(ValueError, match="甲-<名>-<名>"):
        Pattern("甲-<名>-<名>")


@pytest.mark.parametrize("written", ["客户沟通-" + "项目" * 900 + "-张", "-" * 2000, "[" * 2000, "客户沟通" + " " * 1900 + "张", "Re:" * 600, "客户沟通" + "项 目 " * 400])
def test_hostile_subjects_cost_little(written: str) -> None:
    """No pattern backtracks without end."""
    subject = clean(written)
    for pattern in ALL:
        pattern.match(subject)
    near(subject, ALL)


def test_titles() -> None:
    """张三工程师 is 张三; a name is never cut to its surname."""
    from parsers import chinese

    assert [chinese.without_title(name) for name in ("张三工程师", "张三高级工程师", "李工", "王经理", "欧阳锋", "张三")] == ["张三", "张三", "李工", "王经理", "欧阳锋", "张三"]
    assert subjects.clean("x").text == "x"
