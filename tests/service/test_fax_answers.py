"""In what words people say that a fax was read right, or put right what was not."""

from __future__ import annotations

import pytest

from mailflow.fax_questions import agrees, corrected

LABELS = ["故障单号", "电话", "级别", "局站"]


@pytest.mark.parametrize("said", [
    "确认", "确认。", "无误", "确认无误", "核对无误", "经核对无误,请开单", "都对", "没问题", "没有问题,谢谢", "正确", "内容正确", "对的", "OK", "ok,请受理", "是的", "属实", "已核对,都正确",
    "确认,可以开单", "没错", "确认无误请开单",
])  # fmt: skip
def test_this_is_a_yes(said: str) -> None:
    assert agrees(said)


@pytest.mark.parametrize("said", [
    "确认不了,看不清楚", "不正确", "对不起", "确认,但电话错了", "没问题吗", "不对", "有误", "确认一下电话", "确认单收到", "对方没传全", "正确的是WH", "忽略", "好像都对", "",
])  # fmt: skip
def test_this_is_none(said: str) -> None:
    assert not agrees(said)


@pytest.mark.parametrize(("said", "meant"), [
    ("故障单号应为 SG-20261101-0001", {"故障单号": "SG-20261101-0001"}),
    ("级别改为二级。", {"级别": "二级"}),
    ("电话不是020-1,是020-2", {"电话": "020-2"}),
    ("1. 局站应该是曲江二期局;级别是三级", {"局站": "曲江二期局", "级别": "三级"}),
    ("更正:故障单号是WH-1", {"故障单号": "WH-1"}),
    ("单号不对", {}), ("局站看不清", {}), ("电话是不是错了?", {}), ("级别是错的", {}), ("电话是020-1吗", {}),
])  # fmt: skip
def test_a_sentence_puts_a_cell_right(said: str, meant: dict[str, str]) -> None:
    assert corrected(said, LABELS) == meant
