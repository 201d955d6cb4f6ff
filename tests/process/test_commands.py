"""Which command an answer's first line is (RULEBOOK §0.4 回复命令, §8-18)."""

from __future__ import annotations

import pytest
from small_world import BODY, HEAD, a_process

from mailflow.process.commands import recognise, vocabulary

PROCESS = a_process(
    HEAD
    + BODY.replace(
        "      同意:\n        谁: 经理\n        变为: 已批\n",
        "".join(
            f"      {name}:\n        谁: 经理\n        变为: 已批\n" for name in ("同意", "驳回", "恢复", "确认", "完成", "受理", "转")
        ),
    )
)
SYNONYMS = {"同意": ["批准", "通过"], "驳回": ["不同意", "退回"], "完成": ["处理完毕"], "受理": ["接受", "收到"], "转": ["转给"]}
WORDS = vocabulary(PROCESS, SYNONYMS)
OTHERS = {"恢复支持", "确认扣分", "派工"}  # commands of other processes


@pytest.mark.parametrize(
    ("text", "name", "argument", "rest"),
    [
        ("同意", "同意", "", ""),
        ("同意。", "同意", "", ""),
        ("批准,请尽快安排", "同意", "请尽快安排", ""),
        ("\n\n  同意  \n请按期完成", "同意", "", "请按期完成"),
        ("不同意", "驳回", "", ""),  # and never 同意
        ("退回 金额不对", "驳回", "金额不对", ""),
        ("驳回:资料不全", "驳回", "资料不全", ""),
        ("完成 2026-11-23 10:00 已恢复业务", "完成", "2026-11-23 10:00 已恢复业务", ""),
        ("恢复2026-11-23 10:00", "恢复", "2026-11-23 10:00", ""),
        ("【同意】", "同意", "", ""),
        ("“同意”", "同意", "", ""),
        ("同意", "同意", "", ""),  # full-width blanks and letters
        ("Ⅰ同意", "", "", ""),
        ("收到,谢谢", "受理", "谢谢", ""),
        ("转 李四", "转", "李四", ""),
    ],
)
def test_the_command_of_the_first_line(text: str, name: str, argument: str, rest: str) -> None:
    found = recognise(text, WORDS, OTHERS)
    assert (found and found.name or "", found and found.argument or "", found and found.rest or "") == (name, argument, rest)


def test_an_action_keeps_the_words_it_has_in_one_state_alone() -> None:
    later = "  已批:\n    可以:\n      同意:\n        谁: 经理\n        命令: 照办\n        变为: 归档\n  归档:\n    结束: 是\n"
    cards = BODY.replace("  已批:\n    结束: 是\n", later)
    assert vocabulary(a_process(HEAD + cards), {})["照办"] == "同意"


@pytest.mark.parametrize(("text", "argument"), [("完成 -8小时", "-8小时"), ("完成-8号机", "8号机"), ("完成 - 已恢复", "已恢复")])
def test_a_minus_of_a_figure_stays(text: str, argument: str) -> None:
    found = recognise(text, WORDS, OTHERS)
    assert found is not None and found.argument == argument


@pytest.mark.parametrize("text", ["同意见", "通过率是九成", "完成度 80%", "确认扣分", "恢复支持", "我同意", "请同意", "", "   \n\n", "> 同意"[2:] + "的话"])
def test_words_that_only_begin_like_a_command_are_none(text: str) -> None:
    """`恢复支持` and `确认扣分` are commands of other processes, so they are not `恢复` and `确认` here."""
    assert recognise(text, WORDS, OTHERS) is None


@pytest.mark.parametrize("text", ["同意,但要压到一天", "同意 但是明天再说", "批准,前提是客户先付款", "通过,如果测试没问题", "同意、不过换人", "同意。但要快", "同意(但要快)", "同意?"])
def test_half_a_yes_is_marked(text: str) -> None:
    found = recognise(text, WORDS, OTHERS)
    assert found is not None and found.conditional


@pytest.mark.parametrize("text", ["同意,尽快安排,但要压价", "同意\n但要压到一天", "同意,价格降到五万的话"])
def test_a_condition_further_on_is_marked_too(text: str) -> None:
    found = recognise(text, WORDS, OTHERS)
    assert found is not None and found.hedged


@pytest.mark.parametrize("text", ["同意", "同意,请尽快", "同意 王经理", "同意。但愿顺利", "同意\n\n王经理\n如果有问题请来电"])
def test_a_whole_yes_is_not(text: str) -> None:
    found = recognise(text, WORDS, OTHERS)
    assert found is not None and not found.conditional and not found.hedged


@pytest.mark.parametrize(("text", "argument"), [("转到下周三", "下周三"), ("转至11月25日 客户出差", "11月25日 客户出差"), ("转给张三 网管", "张三 网管"), ("转到会议室", None)])
def test_an_argument_may_follow_at_once(text: str, argument: str | None) -> None:
    """A day behind a command that asks for one (`推迟到周五`), somebody's name behind any."""
    found = recognise(text, WORDS, OTHERS, ["张三"], {"转"})
    assert (found.argument if found else None) == argument
