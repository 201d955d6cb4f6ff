"""Fields of a form in the three ways of RULEBOOK §0.4, as people fill them in."""

from __future__ import annotations

import pytest

from parsers.fields import fields_from_rows, read_fields, rows_under

LABELS = ["沟通结果", "项目名称", "沟通人", "沟通方式", "沟通的具体问题", "遗留的问题描述", "金额(万元)", "合同号", "说明", "沟通日期", "PPT已备"]


@pytest.mark.parametrize(
    ("text", "fields", "fact"),
    [
        ("沟通结果:成功\n项目名称：海滨政务网", {"沟通结果": "成功", "项目名称": "海滨政务网"}, "both colons"),
        ("  沟通结果 ： 成功  ", {"沟通结果": "成功"}, "blanks"),
        ("沟 通 结 果：成功\n说　明：无", {"沟通结果": "成功", "说明": "无"}, "blanks within the label, to make columns even"),
        ("**沟通结果**：成功\n*沟通人:* 周处长", {"沟通结果": "成功", "沟通人": "周处长"}, "bold marks"),
        ("1、沟通结果：成功\n2. 沟通人：周处长\n（3）沟通方式：电话\n④ 说明：无\n- 合同号：HT-1\n● 项目名称：A", {"沟通结果": "成功", "沟通人": "周处长", "沟通方式": "电话", "说明": "无", "合同号": "HT-1", "项目名称": "A"}, "numbers and bullets"),
        ("【沟通结果】成功\n[沟通人]：周处长\n〖x〗", {"沟通结果": "成功", "沟通人": "周处长\n〖x〗"}, "labels in brackets"),
        ("沟通的具体问题：\n1. 端口:8443 不通\n2. 双机热备\n\n遗留的问题描述：无", {"沟通的具体问题": "1. 端口:8443 不通\n2. 双机热备", "遗留的问题描述": "无"}, "several lines until the next known label; unknown ones belong to the value"),
        ("沟通结果\n成功\n沟通人\n周处长", {"沟通结果": "成功", "沟通人": "周处长"}, "labels alone in their lines"),
        ("沟通人：周处长    沟通方式：电话；合同号：HT-2026-001", {"沟通人": "周处长", "沟通方式": "电话", "合同号": "HT-2026-001"}, "several in a line"),
        ("沟通人：周处长，吴科长", {"沟通人": "周处长，吴科长"}, "a comma within a value"),
        ("说明：时间 10:30，地点：会议室", {"说明": "时间 10:30，地点：会议室"}, "colons within a value"),
        ("金额：5", {"金额(万元)": "5"}, "the unit left out"),
        ("金额（万元）：5.1", {"金额(万元)": "5.1"}, "full-width brackets"),
        ("金额(单位:万元)：5", {"金额(万元)": "5"}, "a colon within the brackets"),
        ("合同号：____\n说明：（必填）\n沟通人：\n沟通方式：— —", {"合同号": "", "说明": "", "沟通人": "", "沟通方式": ""}, "a blank form is empty"),
        ("合同号：__HT-1__", {"合同号": "HT-1"}, "filled in on the line"),
        ("溝通結果：成功", {"沟通结果": "成功"}, "traditional characters"),
        ("ｐｐｔ已备：是", {"PPT已备": "是"}, "width and capitals"),
        ("沟通结果\t成功\n沟通人\t周处长", {"沟通结果": "成功", "沟通人": "周处长"}, "pasted from Excel, two columns"),
        ("沟通结果\t沟通人\t沟通方式\n成功\t周处长\t电话", {"沟通结果": "成功", "沟通人": "周处长", "沟通方式": "电话"}, "pasted from Excel, a head and a row"),
        ("沟通结果：成功\n-- \n张三\n合同号：X", {"沟通结果": "成功"}, "below the signature are no fields"),
        ("沟通结果：成功\n沟通结果：失败", {"沟通结果": "成功"}, "the first that says something counts"),
        ("沟通结果：\n说明：x\n沟通结果：成功", {"沟通结果": "成功", "说明": "x"}, "an empty one does not hide a later one"),
        ("说明：无\n\n以上，请查收。\n谢谢！\n张三", {"说明": "无"}, "courtesies below the form"),
        ("说明：无\n\n张三", {"说明": "无"}, "the name below the form"),
        ("说明：\n第一点\n\n第二点", {"说明": "第一点\n第二点"}, "blank lines within a value"),
        ("说明：谢谢客户的配合", {"说明": "谢谢客户的配合"}, "a value that begins with a courtesy"),
        ("沟通方式：□电话 ☑现场 □远程", {"沟通方式": "现场"}, "boxes, one ticked"),
        ("沟通方式：☐电话 ☐现场", {"沟通方式": ""}, "boxes, none ticked"),
        ("沟通方式：√电话 √邮件 □远程", {"沟通方式": "电话、邮件"}, "boxes, two ticked"),
        ("您好：\n请查收。", {}, "a greeting is no field"),
        ("", {}, "nothing"),
        ("沟通结果=成功", {}, "no colon, no field"),
        ("本次沟通结果：成功", {}, "a longer label is another label"),
    ],
)
def test_lines(text: str, fields: dict[str, str], fact: str) -> None:
    """`label:value` lines and what becomes of them."""
    assert dict(read_fields(text, LABELS)) == fields, fact


def test_order_and_unknown_labels() -> None:
    """The order is that of the form; label-like lines that are not known are kept apart, for `did you mean`."""
    fields = read_fields("沟通人：周处长\n沟通结果：成功\n沟通方式法：电话\n时间:10:30", LABELS)
    assert list(fields) == ["沟通人", "沟通结果"]
    assert fields.unknown == {"沟通方式法": "电话", "时间": "10:30"}


@pytest.mark.parametrize(
    ("rows", "fields", "fact"),
    [
        ([["沟通结果", "成功"], ["沟通人：", "周处长"]], {"沟通结果": "成功", "沟通人": "周处长"}, "label left, value right"),
        ([["项目名称", "A", "沟通人", "周处长"]], {"项目名称": "A", "沟通人": "周处长"}, "two pairs in a row"),
        ([["项目名称", "", "沟通人", ""]], {"项目名称": "", "沟通人": ""}, "two empty pairs are no head"),
        ([["技术支持立项单"], ["项目名称", "A", "A", "A"]], {"项目名称": "A"}, "merged cells come repeated"),
        ([["项目名称", "项目名称", "A"]], {"项目名称": "A"}, "a merged label"),
        ([["沟通结果", "沟通人", "说明"], ["成功", "周处长", ""]], {"沟通结果": "成功", "沟通人": "周处长", "说明": ""}, "a head and a row"),
        ([["说明"], ["很长的\n说明"]], {"说明": "很长的\n说明"}, "the value below its label"),
        ([["沟通结果：成功", "沟通人：周处长"]], {"沟通结果": "成功", "沟通人": "周处长"}, "label and value in one cell"),
        ([["1", "沟通结果", "成功"], ["2", "沟通人", "周处长"]], {"沟通结果": "成功", "沟通人": "周处长"}, "a column of numbers"),
        ([["备注", "x"]], {}, "unknown labels"),
        ([], {}, "nothing"),
        ([[], [""]], {}, "empty rows"),
    ],
)
def test_rows(rows: list[list[str]], fields: dict[str, str], fact: str) -> None:
    """Tables of HTML, Word and Excel."""
    assert dict(fields_from_rows(rows, LABELS)) == fields, fact
    assert dict(read_fields("", LABELS, [rows])) == fields, fact


def test_lines_win_over_tables_and_tables_fill_in() -> None:
    """A form in both: the lines count where they say something."""
    assert dict(read_fields("沟通结果：成功\n沟通人：", LABELS, [[["沟通结果", "失败"], ["沟通人", "周处长"]]])) == {"沟通结果": "成功", "沟通人": "周处长"}


def test_long_texts_cost_little() -> None:
    """No line is looked at again for another line."""
    read_fields("一二三：" * 50_000, LABELS)
    read_fields("沟通结果：x\n" * 20_000, LABELS)
    read_fields("a\tb\n" * 20_000, LABELS)
    read_fields("沟通结果：" + "x  " * 50_000, LABELS)


def test_a_cell_says_what_it_says() -> None:
    """A table has labels left and values right: a value may be the word of another label, and thanks within a cell belong to it."""
    rows = [["沟通人", "客户"], ["客户", "滨海医院"], ["说明", "机柜已满\n请尽快确认"], ["结果", ""]]
    assert fields_from_rows(rows, ["沟通人", "客户", "说明", "结果"]) == {"沟通人": "客户", "客户": "滨海医院", "说明": "机柜已满\n请尽快确认", "结果": ""}


def test_rows_under_a_head_of_any_list() -> None:
    columns = {"局站": "局站", "站点": "局站", "设备": "设备", "软件版本": "软件版本", "版本": "软件版本"}
    rows = [["在网软件版本清单"], ["站点", "备注", "设备", "版本"], ["天河局", "", "OptiX 10G", "5.21"], ["越秀局"], ["", "", "", ""], ["设备", "软件版本"], ["T2000", "V1"]]
    assert rows_under(rows, columns) == [{"局站": "天河局", "设备": "OptiX 10G", "软件版本": "5.21"}, {"设备": "T2000", "软件版本": "V1"}]
    assert rows_under([["天河局", "OptiX 10G"]], columns) == [], "a list without a head says nothing"
