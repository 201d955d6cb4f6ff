"""What the people of the demonstration write, and when. Everybody and everything in it is made up."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Scene:
    """One mail. `what` says for the audience what is special about it."""

    what: str
    sender: str  # a name of people.csv, or an address
    subject: str = ""
    text: str = ""
    cc: tuple[str, ...] = ()
    charset: str = "utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    form: tuple[str, tuple[tuple[str, str], ...]] | None = None  # a Word document: its name, its rows
    press: str = ""  # an answer: the button of the newest letter to the sender that has it is pressed
    about: str = ""  # with `press` or alone: words that the letter answered must hold
    signs: str = ""  # a fax: the slip in this person's newest letter about the matter, printed, signed and faxed back
    page: tuple[str, tuple[tuple[str, str], ...]] | tuple[()] = ()  # a fax: the form's title, its rows
    twice: bool = False  # the same bytes arrive a second time


@dataclass(frozen=True)
class Act:
    """The mails that lie there at a moment of the story's day."""

    at: str
    scenes: tuple[Scene, ...] = ()


GOOD = """沟通结果:成功
项目名称:滨江医院信息化
沟通人:信息科 吴主任
沟通方式:现场
沟通的具体问题:1. 确认门诊叫号屏与排队系统的接口用 HTTP 推送
2. 演示了两台核心交换机的双机热备切换,切换时间 3 秒
遗留的问题描述:无
沟通日期:2026-11-20
"""
INCOMPLETE = """项目名称:北区学校网络
沟通人:电教中心 方老师
沟通方式:电话
沟通的具体问题:核对了 6 栋教学楼的无线 AP 点位图
"""
VAGUE = """沟通结果:成功
项目名称:滨江医院信息化
沟通人:吴主任
沟通方式:电话
沟通的具体问题:解决了问题,沟通顺利
沟通日期:2026-11-21
"""
LEFT_OVER = """沟通结果:问题遗留
项目名称:北区学校网络
沟通人:电教中心 方老师
沟通方式:远程
沟通的具体问题:演示了无线控制器对 200 个终端的漫游切换
遗留的问题描述:操场北侧 2 个 AP 掉线,怀疑 POE 供电距离超过 100 米
沟通日期:2026-11-22
"""
COMPLAINT = """被投诉人:周强
沟通日期:2026-11-19
说明:和医院沟通后没有发汇报,客户问起来我不知道谈了什么。
"""
SECOND = """被投诉人:周强
沟通日期:2026-11-20
说明:又一次没有提前告诉我就去了现场。
"""
MENDED = "沟通结果:成功\n遗留的问题描述:无\n沟通日期:2026-11-20\n"
FAULT = """报告单位:省研究院
报告人:何工
设备:OptiX 155
软件版本:V2R3
级别:三级
现象:2 号环有次要告警上报,业务未中断
"""
FORM = (
    ("项目名称", "东湖景区监控"), ("客户", "东湖管委会"), ("申请人", "韩梅"), ("责任销售", "韩梅"), ("支持内容", "产品测试、客户培训"),
    ("技术支持内容要求", "为客户演示 30 路摄像头接入后的录像检索,并完成双机热备切换测试"), ("第一责任售前", "周强"), ("第二责任售前", "苏敏"),
    ("期望支持时间", "2026-12-07"), ("使用版本", "标准发布版"),
)  # fmt: skip

FAXED = ("上报厂家的疑难故障情况表", (
    ("故障单号", "SG-20261123-0008"), ("报告单位", "省电信研究院"), ("局点名称", "韶关曲江三期局"), ("设备型号", "OptiX 155"), ("故障级别", "一般"),
    ("故障发生时间", "2026-11-23 08:45"), ("联系人", "何工"), ("联系电话", "020-77770021"), ("故障现象描述", "2 号环有次要告警上报,业务未中断"),
))  # fmt: skip

ACTS = (
    Act("2026-11-23T09:05:00+08:00", (
        Scene("一封填得好的汇报", "周强", "客户沟通-滨江医院信息化项目-周强", GOOD, cc=("林晓",)),
        Scene("缺了必填项的汇报", "苏敏", "客户沟通-北区学校网络项目-苏敏", INCOMPLETE),
        Scene("写得笼统的汇报", "周强", "客户沟通-滨江医院项目-周强", VAGUE),
        Scene("老客户端发来的 GBK 信,有遗留问题,到了两次", "苏敏", "回复:客户沟通—北区学校项目—苏敏", LEFT_OVER, charset="gbk", twice=True),
        Scene("一次投诉", "林晓", "投诉-滨江医院信息化项目沟通问题", COMPLAINT, cc=("郑经理", "高总监")),
        Scene("Word 立项单作附件", "韩梅", "技术支持立项单-东湖景区监控项目-韩梅", "郑经理:立项单见附件,请审批。", cc=("郑经理",), form=("技术支持立项单.docx", FORM)),
        Scene("休假自动答复", "何会计", "自动答复: 客户沟通-滨江医院信息化项目-周强", "我在休假,27 日回来。", headers={"Auto-Submitted": "auto-replied"}),
        Scene("研究院上报一起三级故障", "省研究院", "上报厂家的疑难故障情况表-河源-源城局", FAULT),
        Scene("不认识的人来信", "somebody@elsewhere.example", "合作咨询", "您好,想了解贵公司的代理政策。"),
    )),
    Act("2026-11-23T10:30:00+08:00", (
        Scene("直接回复退件,只补缺的几项", "苏敏", text=MENDED, about="请更正"),
        Scene("点一下按钮:确认跟踪表", "周强", press="确认", about="滨江医院"),
        Scene("点一下按钮:同意立项", "郑经理", press="同意", about="东湖"),
        Scene("第二次投诉:到了扣罚的次数", "林晓", "投诉-滨江医院信息化项目沟通问题", SECOND, cc=("郑经理", "高总监")),
        Scene("厂家受理:《疑难故障受理确认单》发给研究院签字", "厂家受理", text="受理 2026-11-23 09:20", about="源城局"),
        Scene("研究院传真来一张故障表:认出表上的字,自动开单", "fax@demo.example", "Fax from 020-77770022", "1 page(s)", page=FAXED, headers={"Auto-Submitted": "auto-generated"}),
        Scene("问一句现在有什么要办", "郑经理", "我的待办", "我的待办"),
    )),
    Act("2026-11-23T15:00:00+08:00", (
        Scene("点一下按钮:同意扣罚", "郑经理", press="同意", about="扣罚"),
        Scene("研究院签好确认单,传真回来:按二维码找到单子", "fax@demo.example", "Fax from 020-77770022", "1 page(s)", signs="省研究院", about="确认单",
              headers={"Auto-Submitted": "auto-generated"}),
        Scene("查一个项目", "林晓", "查询 滨江医院信息化", ""),
    )),
    Act("2026-11-24T09:00:00+08:00"),
    Act("2026-11-25T09:00:00+08:00"),
)  # fmt: skip
