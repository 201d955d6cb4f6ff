"""Which form a faxed page is, by its title, misread or not; cover pages; pages that go on from the one before."""

from __future__ import annotations

import pytest

from parsers.printed import Words
from parsers.sheets import Sheet, sheet

TITLES = ("上报厂家的疑难故障情况表", "疑难故障处理情况表", "疑难故障处理情况确认单", "疑难故障受理确认单", "一级故障报告")


def page(*lines: str) -> list[Words]:
    return [Words(text, (200, 100 + 90 * n, 200 + 40 * len(text), 140 + 90 * n), 0.98) for n, text in enumerate(lines)]


REST = ("故障单号", "GZ-20261120-0031", "局点名称", "广州天河三期局", "已采取措施", "更换DT板一块", "局方负责人签字:")


@pytest.mark.parametrize(("read", "title"), [(t, t) for t in TITLES] + [
    ("上报厂家的疑难政障清况表", "上报厂家的疑难故障情况表"), ("《疑难故障处理情祝确认単》", "疑难故障处理情况确认单"), ("疑难故障处理情况 表", "疑难故障处理情况表"),
    ("上报厂家的凝难故障情况表:", "上报厂家的疑难故障情况表"), ("疑难故障受埋确认单", "疑难故障受理确认单"),
])  # fmt: skip
def test_a_form_is_known_by_its_title_with_a_character_or_two_misread(read: str, title: str) -> None:
    assert sheet(page("2026-11-20 09:30 FROM: 020-38271165", read, *REST), TITLES) == Sheet("form", title)


def test_a_form_that_is_only_spoken_of_is_not_that_form() -> None:
    assert sheet(page("请见后附的上报厂家的疑难故障情况表共两页,收到请回电", *REST), TITLES) == Sheet("continuation")
    assert sheet(page(*REST, "上报厂家的疑难故障情况表"), TITLES) == Sheet("continuation"), "at the foot of a page it names another one"


@pytest.mark.parametrize("lines", [("传真封面", "致:技术支持部"), ("广东电信研究院", "收件人:技术支持部", "发件人:赵敏", "页数:3", "主题:疑难故障"), ("FAX COVER SHEET", "TO: support")])
def test_a_cover_page_is_no_form(lines: tuple[str, ...]) -> None:
    assert sheet(page(*lines), TITLES) == Sheet("cover")


def test_an_empty_page_goes_on_from_the_one_before() -> None:
    assert sheet([], TITLES) == Sheet("continuation")
