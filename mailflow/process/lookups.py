"""取数: values that a process fetches from registers, tables, projects and other cases, each in one closed line."""

from __future__ import annotations

import re

from .model import Lookup
from .values import Kind

FORMS = """项目 是否立项 / 项目 <列>
台账 <台账> 次数|合计|第几次|最近 <列> 按 <列>[、<列>] [近 N 天] [代码 X]
档次 <台账> 按 <次数> [取 差]      # 离“档次”的下一档还差几次,一句话;取 差:最近的一档差几次
决策表 <表> 取 <列>            # 表的其余列名与字段同名,逐行比,第一行相符的为准
判定 <表> 按 <字段> 取 <列>      # 按关键词和数值判定
不一致 台账 <台账> <列> 按 <列>[、<列>] 列出 <列> [先看 <名>]   # 同型的(“按”的列都相同)记着不止一种值的:“OptiX 10G:天河局 V1、越秀局 V2”;列出的那一格以最近一行为准;先看:台账里有这个名的值时只看它
余额 <表> <数列> 台账 <台账> 按 <列>  # 表的每一行还剩多少没有用掉:“高级工程师 剩 2、…”,用完的不列
单 <流程名> 同 <字段>[、<那边的字段>=<名>] [期内|未过 <那边的字段>=<名>] 状态 <状态>[、<状态>] [其后]      # 期内:日期落在那边写的期间里;未过:期间在那一天还没有过完;没写出日子的期间都算。状态:现在是或到过;现为:现在是;在办:还没有结束的;其后:本单开了以后才开的
单号 <流程名> 同 …              # 同上,取最近一张的单号
单值 <流程名> 同 … 取 <字段>[、<字段>]     # 同上,每张单一行:单号和这几项
取定 <键>
到时 <字段> 满 <时长的名>          # 从那时起满多久的时刻;只有日期的从当天结束起算
起日 <字段> / 止日 <字段>           # 一段期间(“11-28 至 12-3”“12月5日前”“下周”)的头一天、末一天
期日 <字段>前|后N个工作日 / 期日 <字段>前|后N天 / 期日 <字段>前|后<名>   # 名:值是几天的字段或取数
相加 <名>、<名> / 相减 <名>、<名>
当班 <表>                       # 排班表(日期、班次、当班人)里此刻当班的人
主数据 <表> 按 <列>[=<名>] 取 <列>
文件 未交 / 文件 齐 / 文件 来件
父单 <字段> / 父单 流程 / 父单 源流程     # 源流程:最上面那张单的
未办 <主数据表> <列> 单 <流程> 有 <字段> 本月|本季|本半年|本年   # 表里哪些还没有一张单在这期间填了这个日期
有单 <流程>[、<流程>] 按 <字段> 于 <月份> / 缺单 … 于 <月份>   # 该字段落在那个月(YYYYMM)的单号;缺单:来信和附件里没写到的
期间 上月|本月|本季|本年
先有 <名>[、<名>]                # 第一个有值的
头一个 <名> [除 <名>]              # 一串词里的第一个,不算另一个名里有的
所指 <名>                        # 那个名的值写的是哪个字段、角色,就取它的值
子单 未结 [<流程>、…] / 子单 状态 <状态>
约定 <事项> [按 <名>]              # 主数据 合同约定.csv(事项、范围、值):合同正文优先
收件 缺 岗位 <岗位> / 收件 未到 岗位 <岗位>|<角色>[、<角色>] / 收件人 岗位 <岗位> / 收件 外部     # 未到:该收到这封信而收件人、抄送人里没有的人
历史 <动作> 次数 [含本次]
缺项 <名>[、<名>] [除 <名>]         # 其中还没有值的;除去另一个名里已写着的
岗位 <岗位> [属 <名>]            # 这个岗位的人;属:只要单位或姓名是那个地方的(“湛江”的是湛江电信分公司)。只用来比较的人写在这里,写成角色就成了当事人,能看到单子
在职 <角色或字段>                 # 这些人里现在还在的
名单 <名> [除 <名>]               # 写的是哪些人:姓名、单位、岗位、全体员工;除去另一个名里的人
客户项目 状态 <状态>[、<状态>] [全部]     # 来信的客户的项目;不止一个时看来信里提到哪个;全部:都列出来
客户项目 本单                    # 本单的项目是不是来信的客户的
时段 工作时间                    # 收到时是否在工作时间""".splitlines()


class LookupError_(ValueError):
    """取数读不懂:{what}"""


def read_lookup(name: str, text: str, line: int) -> Lookup:
    """The lookup that the line says. Raises LookupError_ with the forms that may be written."""
    kind = Kind("文本")
    if m := re.fullmatch(r"(.+?)\s*[(（](数字|日期|时间|是否|整数|人员|文本)[)）]", text):
        text, kind = m.group(1), Kind(m.group(2))

    def made(source: str, default: str = "", **args: str) -> Lookup:
        return Lookup(name, source, Kind(default) if default and kind.name == "文本" else kind, {k: v or "" for k, v in args.items()}, line)

    if m := re.fullmatch(r"项目 是否立项", text):
        return made("项目", "是否", column="是否立项")
    if m := re.fullmatch(r"项目 (\S+)", text):
        return made("项目", column=m[1])
    if m := re.fullmatch(r"台账 (\S+) (次数|合计|第几次) 按 (\S+?)(?: 近 ?(\d+) ?天)?(?: 代码 (\S+))?", text):
        return made("台账", "数字", register=m[1], what=m[2], by=m[3], days=m[4], code=m[5])
    if m := re.fullmatch(r"台账 (\S+) 最近 (\S+) 按 (\S+)", text):
        return made("台账", register=m[1], what="最近", column=m[2], by=m[3])
    if m := re.fullmatch(r"档次 (\S+) 按 (\S+?)(?: 取 (差))?", text):
        return made("档次", "数字" if m[3] else "", register=m[1], count=m[2], what=m[3])
    if m := re.fullmatch(r"决策表 (\S+) 取 (\S+)", text):
        return made("决策表", table=m[1], column=m[2])
    if m := re.fullmatch(r"不一致 台账 (\S+) (\S+) 按 (\S+) 列出 (\S+)(?: 先看 (\S+))?", text):
        return made("不一致", register=m[1], column=m[2], by=m[3], places=m[4], first=m[5])
    if m := re.fullmatch(r"余额 (\S+) (\S+) 台账 (\S+) 按 (\S+)", text):
        return made("余额", table=m[1], column=m[2], register=m[3], by=m[4])
    if m := re.fullmatch(r"判定 (\S+) 按 (\S+) 取 (\S+)", text):
        return made("判定", table=m[1], by=m[2], column=m[3])
    if m := re.fullmatch(r"单 (\S+) 同 (\S+)(?: (期内|未过) (\S+?)=(\S+))?(?: (状态|已到|现为) (\S+))?( 其后)?", text):
        return made("单", "是否", process=m[1], by=m[2], within=m[3], period=m[4], day=m[5], states=m[7], later=m[8], now="是" if m[6] == "现为" else "")
    if m := re.fullmatch(r"到时 (\S+) 满 (\S+)", text):
        return made("到时", "时间", field=m[1], length=m[2])
    if m := re.fullmatch(r"(起|止)日 (\S+)", text):
        return made("起止", "日期", what=m[1], field=m[2])
    if m := re.fullmatch(r"单号 (\S+) 同 (\S+)(?: (?:状态|已到) (\S+))?( 其后)?", text):
        return made("单号", process=m[1], by=m[2], states=m[3], later=m[4])
    if m := re.fullmatch(r"单 (\S+) 数 同 (\S+)(?: 状态 (\S+))?", text):
        return made("单数", "数字", process=m[1], by=m[2], states=m[3])
    if m := re.fullmatch(r"单值 (\S+) 同 (\S+?)(?: (?:状态|已到) (\S+))?( 其后)? 取 (\S+)", text):
        return made("单值", process=m[1], by=m[2], states=m[3], later=m[4], columns=m[5])
    if m := re.fullmatch(r"取定 (\S+)", text):
        return made("取定", key=m[1])
    if m := re.fullmatch(r"期日 (\S+?)(前|后)(\d+个工作日|\d+天|[^\d\s]\S*)", text):
        return made("期日", "日期", field=m[1], side=m[2], span=m[3])
    if m := re.fullmatch(r"主数据 (\S+) 按 (\S+) 取 (\S+)", text):
        return made("主数据", table=m[1], by=m[2], column=m[3])
    if m := re.fullmatch(r"当班 (\S+)", text):
        return made("当班", "人员", table=m[1])
    if m := re.fullmatch(r"文件 (未交|齐|来件)", text):
        return made("文件", "是否" if m[1] == "齐" else "", what=m[1])
    if m := re.fullmatch(r"相(加|减) (\S+?)、(\S+)", text):
        return made("加减", "数字", sign="-" if m[1] == "减" else "", left=m[2], right=m[3])
    if m := re.fullmatch(r"未办 (\S+) (\S+) 单 (\S+) 有 (\S+) (本月|本季|本半年|本年)", text):
        return made("未办", table=m[1], column=m[2], process=m[3], field=m[4], within=m[5])
    if m := re.fullmatch(r"(有|缺)单 (\S+) 按 (\S+) 于 (\S+)", text):
        return made("有单", missing="是" if m[1] == "缺" else "", processes=m[2], field=m[3], month=m[4])
    if m := re.fullmatch(r"父单 (\S+)", text):
        return made("父单", column=m[1])
    if m := re.fullmatch(r"期间 (上月|本月|本季|本年)", text):
        return made("期间", what=m[1])
    if m := re.fullmatch(r"先有 (\S+)", text):
        return made("先有", names=m[1])
    if m := re.fullmatch(r"头一个 (\S+?)(?: 除 (\S+))?", text):
        return made("头一个", names=m[1], but=m[2])
    if m := re.fullmatch(r"所指 (\S+)", text):
        return made("所指", name=m[1])
    if m := re.fullmatch(r"子单 (未结|状态 \S+?)(?: (\S+))?", text):
        return made("子单", "是否", what=m[1], process=m[2])
    if m := re.fullmatch(r"约定 (\S+?)(?: 按 (\S+))?", text):
        return made("约定", item=m[1], scope=m[2])
    if m := re.fullmatch(r"收件 缺 岗位 (\S+)", text):
        return made("收件", "是否", role=m[1])
    if m := re.fullmatch(r"收件 未到 (?:岗位 (\S+)|(\S+))", text):
        return made("未到", "人员", role=m[1], names=m[2])
    if m := re.fullmatch(r"收件人 岗位 (\S+)", text):
        return made("收件人", "人员", role=m[1])
    if text == "收件 外部":
        return made("外部收件")
    if m := re.fullmatch(r"历史 (\S+) 次数( 含本次)?", text):
        return made("历史", "数字", action=m[1], this=m[2])
    if m := re.fullmatch(r"缺项 (\S+)(?: 除 (\S+))?", text):
        return made("缺项", names=m[1], but=m[2])
    if m := re.fullmatch(r"名单 (\S+?)(?: 除 (\S+))?", text):
        return made("名单", "人员", name=m[1], but=m[2])
    if m := re.fullmatch(r"岗位 (\S+)(?: 属 (\S+))?", text):
        return made("岗位", "人员", role=m[1], place=m[2])
    if m := re.fullmatch(r"在职 (\S+)", text):
        return made("在职", "人员", name=m[1])
    if m := re.fullmatch(r"客户项目 状态 (\S+?)( 全部)?", text):
        return made("客户项目", states=m[1], what=(m[2] or "").strip())
    if text == "客户项目 本单":
        return made("客户项目", "是否", what="本单")
    if text == "时段 工作时间":
        return made("时段", "是否")
    raise LookupError_(f"“{text}”读不懂;可以写:{' ;'.join(f.split('#')[0].strip() for f in FORMS)}")
