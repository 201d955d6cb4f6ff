"""What a digest's file may say, and the Chinese sentence for what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailflow.process.library import Library, shipped


def said(folder: Path, section: str) -> list[str]:
    """What the loader says of a digest with this section, put beside the shipped templates."""
    (folder / "digests").mkdir()
    (folder / "digests" / "周报.yaml").write_text(f"汇总: 周报\n时间: 每周一 09:00\n收信: 岗位 技术总监\n节:\n  - 标题: 改进\n{section}", encoding="utf-8")
    library = Library([shipped(), folder])
    library.refresh()
    return [p for p in library.problems if p.startswith("周报.yaml")]


def test_a_condition_over_the_fields_of_one_process(tmp_path: Path) -> None:
    assert said(tmp_path, "    取: 在办\n    流程: [product-improvement]\n    当: 第几次申请 >= 须经理起\n") == []


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        ("carrier-meeting-service 日期前7天 09:00", ""),
        ("carrier-meeting-service 日期前3个工作日 16:30", ""),
        ("carrier-meeting-service 会期前7天 09:00", "没有“会期”这个字段"),
        ("carrier-meetings 日期前7天 09:00", "没有“carrier-meetings”这个流程"),
        ("日期前7天", "“另在: 日期前7天”读不懂;可以写:流程名 日期字段前7天 09:00"),
        ("carrier-meeting-service 日期前几天 09:00", "“另在: carrier-meeting-service 日期前几天 09:00”读不懂"),
    ],
)
def test_once_more_before_a_date_of_a_case(tmp_path: Path, before: str, sentence: str) -> None:
    found = said(tmp_path, f"    取: 在办\n另在: {before}\n")
    assert [sentence in line for line in found] == [True] * bool(sentence), found


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ("    取: 在办\n    流程: [product-improvement]\n    当: 第几回 >= 3\n", "第 5 行:“当: 第几回 >= 3”的条件第 1 列:不认识“第几回”"),
        ("    取: 在办\n    当: 第几次申请 >= 3\n", "“当”只用于“取: 待办”或“取: 在办”,并写明一个“流程”"),
        ("    取: 台账\n    台账: 投诉\n    当: 谁 = 张三\n", "“当”只用于“取: 待办”或“取: 在办”,并写明一个“流程”"),
        ("    取: 新单\n    流程: [comm-report]\n    列: [沟通结束]\n", "“列”里的“沟通结束”不是字段、角色或取数,是不是“沟通结果”?"),
        ("    取: 在办\n    流程: [product-improvment]\n", "没有“product-improvment”这个流程,是不是“product-improvement”?"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, section: str, sentence: str) -> None:
    found = said(tmp_path, section)
    assert len(found) == 1 and sentence in found[0]
