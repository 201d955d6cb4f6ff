"""What a manager is told about files saved wrongly, tables whose cells nobody could follow, and what holds until they are mended."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_world import BODY, HEAD

from mailflow.process.library import Library, shipped
from mailflow.process.loader import load_text

pytestmark = pytest.mark.slow  # all templates are read for each mistake

GOOD = (HEAD + BODY).strip() + "\n"
WORD = b"PK\x03\x04\x14\x00\x06\x00"


def text(kind: str, name: str) -> str:
    return (shipped() / kind / name).read_text(encoding="utf-8-sig")


LADDER, LETTER = text("tables", "提醒梯次.csv"), text("letters", "请审批.txt")
REGISTER, DIGEST = text("registers", "投诉.yaml"), text("digests", "销售日报.yaml")


def told(folder: Path, name: str, content: str | bytes) -> tuple[Library, list[str]]:
    path = folder / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    library = Library([shipped(), folder])
    library.refresh()
    return library, library.problems


MISTAKES = {
    "a Word file": ("processes/请假.yaml", WORD, "请假.yaml 第 1 行:这是 Word、Excel 的文件"),
    "an empty file": ("processes/请假.yaml", "", "请假.yaml 第 1 行:文件是空的"),
    "记事本 added .txt": ("processes/请假.yaml.txt", GOOD, "请假.yaml.txt:没有读它,processes/ 里的文件要以 .yaml 结尾,如 请假.yaml"),
    ".yml": ("processes/请假.yml", GOOD, "如 请假.yaml"),
    "an Excel sheet": ("tables/提醒梯次.xlsx", WORD, "提醒梯次.xlsx:没有读它,tables/ 里的文件要以 .csv 结尾,如 提醒梯次.csv;在 Excel 里另存为"),
    "a letter in Word": ("letters/请审批.docx", WORD, "如 请审批.txt;用记事本写成纯文本"),
    "no blank behind the dash": ("processes/请假.yaml", GOOD + "校验:\n  -当: 天数 > 3\n", "第 24 行:“-当: 天数 > 3”的“-”后面缺一个空格"),
    "roles with a full-width comma": ("processes/请假.yaml", GOOD.replace("谁: 经理", "谁: [经理，员工]"), "第 19 行:“经理，员工”里是全角逗号;方括号里的列表,用半角逗号隔开:[经理, 员工]"),
    "roles in one word": ("processes/请假.yaml", GOOD.replace("谁: 经理", "谁: 经理、员工"), "几个角色写成方括号里的列表"),
    "options with a full-width comma": ("processes/请假.yaml", GOOD.replace("    类型: 整数", "    类型: 选项\n    选项: [一, 二，三]"), "“二，三”里是全角逗号"),
    "a list in full-width brackets": ("processes/请假.yaml", GOOD.replace("        变为: 已批", "        命令: ［准, 准了］\n        变为: 已批"), "“命令”用了全角括号“［］”;几项写成方括号里的列表,用半角逗号隔开:[准, 准了]"),
    "nobody named": ("processes/请假.yaml", GOOD.replace("谁: 经理", "谁:"), "第 19 行:“谁:”后面是空的;写上它,或删去这一行"),
    "a remark behind a full-width sign": ("processes/请假.yaml", GOOD.replace("谁: 经理", "谁: 经理 ＃ 上级"), "第 19 行:说明前面用了全角“＃”;请改为半角 #"),
    "an item without its dash": ("processes/请假.yaml", GOOD + "校验:\n  - 当: 天数 > 3\n    说: 多\n  —当: 天数 > 9\n    说: 太多\n", "列表里这一条的开头缺“- ”"),
    "full-width brackets": ("processes/请假.yaml", GOOD.replace("谁: 经理", "谁: 【经理】"), "写成方括号里的列表,用半角逗号隔开:[经理]"),
    "state of another process": ("processes/请假.yaml", GOOD.replace("变为: 已批", "变为: 待确认"), "“变为: 待确认”:没有这个状态,是不是“待批”?"),
    "a copy of a process": ("processes/A05 副本.yaml", text("processes/A", "A05-客户沟通汇报.yaml"), "重复"),
    "a table's column renamed": ("tables/提醒梯次.csv", LADDER.replace("时机", "时刻", 1), "提醒梯次.csv 第 1 行:表头缺一列“时机”,是不是写成了“时刻”?"),
    "a table with full-width commas": ("tables/提醒梯次.csv", LADDER.replace(",", "，"), "提醒梯次.csv 第 1 行:表头各格之间是，,不是半角逗号"),
    "a table with semicolons": ("tables/提醒梯次.csv", LADDER.replace(",", ";"), "表头各格之间是;"),
    "a table with tabs": ("tables/提醒梯次.csv", LADDER.replace(",", "\t"), "表头各格之间是制表符"),
    "an open quote": ("tables/提醒梯次.csv", LADDER.replace("小时级,提醒", '"小时级,提醒', 1), "提醒梯次.csv 第 2 行:引号不成对"),
    "an empty table": ("tables/提醒梯次.csv", "", "提醒梯次.csv 第 1 行:表是空的"),
    "a workbook named csv": ("tables/提醒梯次.csv", WORD, "提醒梯次.csv 第 1 行:这是 Word、Excel 的文件"),
    "a time nobody reads": ("tables/提醒梯次.csv", LADDER.replace("已用50%", "用了一半"), "提醒梯次.csv 第 2 行:时机“用了一半”读不懂;提醒可以写:已用50%"),
    "a kind of rung": ("tables/提醒梯次.csv", LADDER.replace("小时级,到期,", "小时级,到点了,", 1), "提醒梯次.csv 第 4 行:类别“到点了”只能写:提醒、到期、逾期"),
    "how often": ("tables/提醒梯次.csv", LADDER.replace(",1小时,,2,", ",常常,,两,", 1), "提醒梯次.csv 第 5 行:每隔“常常”读不懂"),
    "a setting in words": ("tables/取定值.csv", "键,值\nimprove.third_from,三\n", "取定值.csv 第 2 行:“improve.third_from”要写数字,如 3;现在是“三”"),
    "a setting misspelt": ("tables/取定值.csv", "键,值\nimprove.third_form,3\n", "取定值.csv 第 2 行:没有“improve.third_form”这个键,是不是“improve.third_from”?"),
    "a setting's word": ("tables/取定值.csv", "键,值\npenalty.window,按月\n", "“penalty.window”只能写 cumulative、month、quarter、year;现在是“按月”"),
    "a setting's length": ("tables/取定值.csv", "键,值\ngrace.comm_report,一会儿\n", "“grace.comm_report”要写时长,如 24小时"),
    "a setting's Chinese word": ("tables/取定值.csv", "键,值\nf1.report,随便\n", "“f1.report”只能写 按要求、必交;现在是“随便”,改好之前按 按要求 办"),
    "a limit or none": ("tables/取定值.csv", "键,值\ndesk.sla,没有\n", "“desk.sla”要写时长,如 4个工作小时,或 不限"),
    "a window of no days": ("tables/取定值.csv", "键,值\nsurvey.window,很多天\n", "“survey.window”要写时长,如 10天"),
    "working hours": ("tables/取定值.csv", "键,值\nwork.hours,九点到六点\n", "“work.hours”要写时段,如 09:00-12:00、13:00-18:00"),
    "full-width braces": ("letters/请审批.txt", LETTER.replace("{{", "｛｛").replace("}}", "｝｝"), "花括号和百分号要用半角"),
    "an if without its end": ("letters/请审批.txt", LETTER + "{% if 金额 %}\n贵。\n", "请审批.txt 第 7 行:“if”或“for”没有写完:后面要有 endif 或 endfor"),
    "a word of no template": ("letters/请审批.txt", LETTER + "{% iff 金额 %}\n", "花括号加百分号里的词不认识"),
    "an open brace": ("letters/请审批.txt", LETTER + "{{ 金额 }\n", "花括号里读不懂或没有配对"),
    "a name that nobody fills": ("letters/请审批.txt", LETTER + "{{ 收信的人 }}\n", "用了“收信的人”,用这封信的流程里没有这个名字,是不是“收信人”?;写出来会是空的"),
    "a letter's rank": ("letters/请审批.txt", LETTER.replace("次序: 15", "次序: 十五"), "请审批.txt 第 2 行:“次序”要写数字"),
    "a digest's time": ("digests/销售日报.yaml", DIGEST.replace("每个工作日", "每天早上"), "销售日报.yaml 第 2 行:“时间”:读不懂周期“每天早上 09:00”;可以写:每天 09:00"),
    "a digest's reader": ("digests/销售日报.yaml", DIGEST.replace("岗位 销售", "销售"), "“收信: 销售”要写成“岗位 销售”"),
    "a register's key of no column": ("registers/投诉.yaml", REGISTER.replace("去重: [项目, 谁, 日期]", "去重: [项目, 谁, 日其]"), "投诉.yaml 第 6 行:“去重: 日其”不在“列”里,是不是“日期”?"),
    "a register's output": ("registers/投诉.yaml", REGISTER.replace("输出: ledger", "输出: 台账"), "“输出: 台账”只能写:ledger、tracking、projects"),
    "a register's window": ("registers/投诉.yaml", REGISTER.replace("penalty.window", "penalty.windows"), "投诉.yaml 第 8 行:取定值表里没有“penalty.windows”;请在 tables/取定值.csv 里加一行,可以写:cumulative、month、quarter、year"),
    "a threshold in words": ("tables/投诉扣罚.csv", text("tables", "投诉扣罚.csv").replace("2,扣罚", "两次,扣罚"), "投诉扣罚.csv 第 2 行:“每几次”要写数字,如 2;现在是“两次”"),
    "a threshold for no register": ("tables/投诉扣罚.csv", text("tables", "投诉扣罚.csv").replace("2,扣罚", "2,扣法"), "投诉扣罚.csv 第 2 行:没有“扣法”这本台账,是不是“扣罚”?"),
    "hours in a table": ("tables/一级现场时限.csv", text("tables", "一级现场时限.csv").replace(",1小时,", ",1小是,", 1), "一级现场时限.csv 第 2 行:“出发”要写时长,如 1小时;现在是“1小是”;改好之前按自带的办"),
    "hours without their unit": ("tables/一级现场时限.csv", text("tables", "一级现场时限.csv").replace(",1小时,", ",1,", 1), "“出发”要写时长,如 1小时;现在是“1”"),
    "a cell left empty": ("tables/一级现场时限.csv", text("tables", "一级现场时限.csv").replace(",1小时,", ",,", 1), "一级现场时限.csv 第 2 行:“出发”不能空着,要写时长"),
    "points with a thousands separator": ("tables/扣分代码.csv", text("tables", "扣分代码.csv").replace(",-5,", ',"-5,000",', 1), "“分值”要写数字,如 -5;现在是“-5,000”"),
    "yes or no in a table": ("tables/命令词.csv", text("tables", "命令词.csv").replace(",否", ",否定", 1), "“语气”只能写 是 或 否"),
    "a time of day as Excel has it": ("tables/班次.csv", text("tables", "班次.csv").replace("08:00", "0.333333", 1), "“从”要写几点几分,如 08:00;现在是“0.333333”"),
    "a bound": ("tables/故障分类.csv", text("tables", "故障分类.csv").replace(">45℃", "45℃以上", 1), "“数值”要写大于、小于一个数,如 >45℃;现在是“45℃以上”"),
    "a word that a condition waits for": ("tables/售后分流.csv", text("tables", "售后分流.csv").replace(",混合,", ",混和,"), "售后分流.csv 的这一列里没有“混合”,是不是“混和”?"),
    "a reminder's letter": ("tables/提醒梯次.csv", LADDER.replace(",催办\n", ",崔办\n", 1), "没有“崔办”这封信,是不是“催办”?"),
    "a letter for an occasion": ("tables/通用信.csv", text("tables", "通用信.csv").replace("受理回执", "受理回直", 1), "通用信.csv 第 2 行:没有“受理回直”这封信,是不是“受理回执”?"),
    "a digest counts by no column": ("digests/绩效月报.yaml", text("digests", "绩效月报.yaml").replace("按: 表主", "按: 表头"), "“按: 表头”不是台账“项目跟踪表”的列,是不是“表主”?"),
    "a digest's state": ("digests/第一售前月表.yaml", text("digests", "第一售前月表.yaml").replace("状态: [待确认]", "状态: [待确人]"), "“状态: 待确人”不是这些流程的状态,是不是“待确认”?"),
    "a number twice": ("processes/请假.yaml", GOOD.replace("短码: LEAVE", "短码: LEAVE\n编号: A05"), "编号“A05”与"),
    "a state that no condition meets": ("processes/请假.yaml", GOOD.replace("        变为: 已批", "        当: 状态 = 待批准\n        变为: 已批"), "条件里的“状态 = 待批准”:没有这个状态,是不是“待批”?"),
    "a role in a condition": ("processes/请假.yaml", GOOD.replace("        变为: 已批", "        当: 来信人 != 经里\n        变为: 已批"), "条件里的“来信人 != 经里”:没有“经里”这个角色,是不是“经理”?"),
    "并且": ("processes/请假.yaml", GOOD.replace("        变为: 已批", "        当: 原因 = 病 并且 天数 > 3\n        变为: 已批"), "“并且”连不起两个条件;只能写 且、或"),
    "full-width angles": ("processes/请假.yaml", GOOD.replace("        变为: 已批", "        变为: 已批\n        发信:\n          通知:\n            给: 员工\n            说: 批了＜天数＞天"), "句子里的“＜天数＞”用了全角尖括号;请写成 <天数>"),
    "an angle left open in a check": ("processes/请假.yaml", GOOD.replace("        变为: 已批", "        校验:\n          - 当: 天数 > 9\n            指: 天数\n            说: <来信人 请得太多\n        变为: 已批"), "句子里的“<来信人”缺右尖括号"),
    "a paper to bring": ("processes/请假.yaml", GOOD.replace("        变为: 已批", "        变为: 已批\n        发信:\n          通知:\n            给: 员工\n            附: 文件 假条"), "没有“假条”这份文件"),
    "an angle left open": ("processes/请假.yaml", GOOD.replace("        变为: 已批", "        变为: 已批\n        发信:\n          通知:\n            给: 员工\n            说: 批了<天数天"), "句子里的“<天数”缺右尖括号;请写成 <天数>"),
    "a subject left open": ("processes/请假.yaml", GOOD.replace("收到: 请假-<天数>", "收到: 请假-<天数"), "标题样式“请假-<天数”里的 <> 或 [] 没有配对"),
    "an owner": ("processes/请假.yaml", GOOD.replace("        变为: 已批", "        负责人: 经里\n        变为: 已批"), "“负责人: 经里”不是角色,是不是“经理”?"),
    "what is unique": ("processes/请假.yaml", GOOD.replace("短码: LEAVE", "短码: LEAVE\n唯一: [天树]"), "“唯一”里的“天树”不是字段,是不是“天数”?"),
    "what a letter brings": ("processes/请假.yaml", GOOD.replace("        变为: 已批", "        变为: 已批\n        发信:\n          通知:\n            给: 员工\n            附: 来建"), "“附: 来建”读不懂;可以写:空白表 X、单据 X"),
    "a field that the child has not": ("processes/请假.yaml", GOOD.replace("        变为: 已批", "        变为: 已批\n        开单:\n          open-issue:\n            项木: 天数"), "“开单”带给“open-issue”的“项木”不是那个流程的字段,是不是“项目”?"),
    "a register's word": ("registers/投诉.yaml", REGISTER.replace("列:", "烈:"), "投诉.yaml 第 4 行:台账里不认识“烈”"),
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=list(MISTAKES))
def test_one_line_says_file_line_and_mend_and_what_is_shipped_holds_until_then(mistake: str, tmp_path: Path) -> None:
    name, content, says = MISTAKES[mistake]
    library, problems = told(tmp_path, name, content)
    assert [p for p in problems if says in p], problems
    assert len(problems) <= 3, "one mistake, and a flood of what follows from it"
    usual = Library([shipped()])
    usual.refresh()
    assert usual.processes.keys() <= library.processes.keys() and usual.tables.keys() <= library.tables.keys()
    assert usual.registers.keys() <= library.registers.keys() and usual.digests.keys() <= library.digests.keys()


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize(
    ("name", "content"), [("processes/请假.yaml", GOOD), ("tables/提醒梯次.csv", LADDER), ("letters/请审批.txt", LETTER.replace("\n", "\r\n")), ("registers/投诉.yaml", REGISTER)]
)
def test_what_chinese_windows_saves_is_read_in_each_of_its_encodings(encoding: str, name: str, content: str, tmp_path: Path) -> None:
    assert told(tmp_path, name, content.encode(encoding))[1] == []


def test_a_setting_of_ones_own_is_one_where_a_process_or_a_register_uses_it(tmp_path: Path) -> None:
    settings = text("tables", "取定值.csv") + "leave.most,10,最多几天\nleave.window,quarter,按季\nleave.none,1,没有人用\n"
    (tmp_path / "processes").mkdir()
    (tmp_path / "processes" / "请假.yaml").write_text(GOOD.replace("开始:", "取数:\n  最多: 取定 leave.most (数字)\n开始:"), encoding="utf-8")
    (tmp_path / "registers").mkdir()
    (tmp_path / "registers" / "投诉.yaml").write_text(REGISTER.replace("penalty.window", "leave.window"), encoding="utf-8")
    library, problems = told(tmp_path, "tables/取定值.csv", settings)
    assert library.config("leave.most") == "10" and library.config("leave.window") == "quarter"
    [problem] = problems
    assert "没有“leave.none”这个键" in problem


def test_a_bound_from_a_chinese_keyboard_is_one(tmp_path: Path) -> None:
    library, problems = told(tmp_path, "tables/故障分类.csv", text("tables", "故障分类.csv").replace(">45℃", "＞４５℃"))
    assert problems == [] and library.tables["故障分类"].find(数值=">45℃")


def test_a_broken_file_is_named_until_it_is_mended_whatever_else_is_edited(tmp_path: Path) -> None:
    library, [problem] = told(tmp_path, "processes/请假.yaml", GOOD.replace("谁: 经理", "谁: 主任"))
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "请审批.txt").write_text(LETTER.replace("请您审批", "请审批"), encoding="utf-8")
    assert library.refresh() and library.problems == [problem]
    (tmp_path / "processes" / "请假.yaml").write_text(GOOD, encoding="utf-8")
    assert library.refresh() and library.problems == []


def test_the_last_good_version_holds_for_a_service_that_starts_after_the_mistake_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    own = GOOD.replace("流程: 请假", "流程: 告假")
    assert told(tmp_path / "own", "processes/请假.yaml", own)[1] == []
    (tmp_path / "own" / "processes" / "请假.yaml").write_text(own.replace("谁: 经理", "谁: 主任"), encoding="utf-8")
    for _ in range(2):
        library = Library([shipped(), tmp_path / "own"])
        library.refresh()
        [problem] = library.problems
        assert "没有“主任”这个角色" in problem and library.processes["leave"].title == "告假"


def test_blanks_and_marks_that_nobody_sees_are_none(tmp_path: Path) -> None:
    pasted = GOOD.replace("    类型: 整数", "\u00a0\u00a0\u00a0\u00a0类型: \u200b整数")
    assert pasted != GOOD and told(tmp_path, "processes/请假.yaml", pasted)[1] == []


def test_a_version_kept_in_the_store_is_read_by_the_checks_of_its_day() -> None:
    old = GOOD.replace("谁: 经理", "谁:")
    assert load_text(old, "请假.yaml", kept=True).title == "请假"


def test_operators_from_a_chinese_keyboard_are_operators(tmp_path: Path) -> None:
    assert told(tmp_path, "processes/请假.yaml", GOOD.replace("        变为: 已批", "        当: 天数＞3 且 天数！＝ 9\n        变为: 已批"))[1] == []


def test_another_value_that_a_settings_own_remark_names_is_none_of_the_mistakes(tmp_path: Path) -> None:
    library, problems = told(tmp_path, "tables/取定值.csv", "键,值\nreturned.lapse,不限\nreg.clock,4小时\n")
    assert problems == [] and library.config("returned.lapse") == "不限"
