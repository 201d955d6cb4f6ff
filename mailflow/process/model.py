"""What a process is once it is read: roles, fields, cards of states, actions and their effects. Data alone; nothing here acts."""

from __future__ import annotations

from dataclasses import dataclass, field

from .conditions import Condition
from .values import Kind

CLOSED = "人工关闭"  # the state of a case that an operator ended; no process declares it


@dataclass(slots=True)
class Field:
    """One field (字段) of the form or of a later action."""

    name: str
    kind: Kind
    labels: tuple[str, ...] = ()  # 标签: other words for it on forms
    required: Condition | bool = False  # 必填
    checks: tuple[str, ...] = ()  # 要求: named checks, such as `大于 0`, `不笼统`
    default: str = ""  # 缺省: a name or a literal
    from_subject: str = ""  # 来自 标题: the placeholder of the subject that it is
    empty_words: tuple[str, ...] = ()  # 视为空
    missing: str = ""  # 缺了就说
    unregistered_ok: bool = False  # 未立项: 收下
    identifies: bool = False  # 标识: a later mail with this value means this case
    wished: bool = False  # 请补: counted without it, asked for in the receipt
    hidden: bool = False  # 不外传: shown to nobody but the desk
    line: int = 0


@dataclass(slots=True)
class LetterOrder:
    """One letter to write (发信)."""

    letter: str
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    says: str = ""  # 说: a sentence with <字段>
    attach: tuple[str, ...] = ()  # 附: 空白表 X, 存档件, 来件, 表格 X, 单据 X
    when: Condition | None = None
    line: int = 0


@dataclass(slots=True)
class EntryOrder:
    """One row for a register (记账)."""

    register: str
    code: str = ""
    values: dict[str, str] = field(default_factory=dict)
    listed: bool = False  # 逐行: 来件: a row for each row of the attached list
    line: int = 0


@dataclass(slots=True)
class EntryChange:
    """What becomes of rows of a register (销账): 确认, 免除, 异议, 冲销, 提出."""

    register: str  # '' is the row that this case decides on
    to: str
    line: int = 0


@dataclass(slots=True)
class ChildOrder:
    """A case to open (开单)."""

    process: str
    values: dict[str, str] = field(default_factory=dict)
    each: str = ""  # 逐项: one case for each word of this field
    when: Condition | None = None
    line: int = 0


@dataclass(slots=True)
class Nudge:
    """An action done to other cases (带动): of a process, with the same value of a field, or parent or children."""

    process: str  # a process name, or 父单, 子单, 本单
    action: str
    same: tuple[str, ...] = ()  # 同: fields, or `field of the other=name here`
    values: dict[str, str] = field(default_factory=dict)  # 带: fields of the other case that the action asks for
    line: int = 0


@dataclass(slots=True)
class Effects:
    """What follows when something happens."""

    when: Condition | None = None
    to: str = ""  # 变为
    letters: list[LetterOrder] = field(default_factory=list)
    sets: dict[str, str] = field(default_factory=dict)  # 记
    owner: str = ""  # 负责人
    entries: list[EntryOrder] = field(default_factory=list)
    changes: list[EntryChange] = field(default_factory=list)
    children: list[ChildOrder] = field(default_factory=list)
    nudges: list[Nudge] = field(default_factory=list)
    project: dict[str, str] = field(default_factory=dict)  # 项目: columns of the project to write
    received: tuple[str, ...] = ()  # 收文件
    accepted: tuple[str, ...] = ()  # 验收文件
    sent_back: tuple[str, ...] = ()  # 退文件: as if never received, its clock runs on
    pause: tuple[str, ...] = ()  # 停表
    resume: tuple[str, ...] = ()  # 走表
    restart: tuple[str, ...] = ()  # 重新计时
    branch: list[Effects] = field(default_factory=list)  # 分支: the first that holds
    also: list[Effects] = field(default_factory=list)  # 另外: every one that holds
    line: int = 0


@dataclass(slots=True)
class Action:
    """Something that somebody may do in a state (可以), or the service at its time."""

    name: str
    by: tuple[str, ...] = ()  # 谁
    all_of: bool = False  # 都要: everybody named, in any order
    words: tuple[str, ...] = ()  # 命令: words beside the name
    subjects: tuple[str, ...] = ()  # 来信
    form: bool = False  # 填表: an answer that fills in the fields, without a command word
    when: Condition | None = None
    otherwise: str = ""  # 否则说
    asks: tuple[str, ...] = ()  # 要写明
    may_say: tuple[str, ...] = ()  # 可写明
    needs_file: str = ""  # 要附: words that the attachment's name must hold
    proof: bool = False  # 凭证: 是
    effects: Effects = field(default_factory=Effects)
    line: int = 0
    hint: str = ""  # 提示: what to write, shown in the letter
    checks: list[Check] = field(default_factory=list)  # 校验: over what was just written, before anything follows
    free: bool = False  # 任意回信: any answer without a command word is this action, its words the first thing asked
    after: bool = False  # 结束后也可: of 随时, also when the case is over
    upon: tuple[str, ...] = ()  # 逢: done by the service when a case of one of these processes is opened for the same project

    @property
    def offered(self) -> bool:
        """Whether letters name its word: not what the service does itself, nor what only some free answers mean (任意回信 with 当)."""
        return bool(self.by) and not (self.free and self.when is not None)


@dataclass(slots=True)
class Deadline:
    """A time limit (期限)."""

    name: str
    start: str = ""  # 从: '' = entering the state, a moment field, 收到
    length: str = ""  # 时长: `4个工作小时`, or a name that holds one
    due: str = ""  # 到期: a date field instead of a length
    each: str = ""  # 逐项: one limit for each line of this field that holds a date; 到 names the field whose lines say which are done
    until: tuple[str, ...] = ()  # 到: a moment field, a document, an action; '' = leaving the state
    when: Condition | None = None
    ladder: str = ""  # 提醒: a row of the ladder table
    who: tuple[str, ...] = ()  # 催
    cc: tuple[str, ...] = ()  # 抄
    late: Effects | None = None  # 逾期
    says: str = ""
    state: str = ""  # the state that it belongs to, '' for the whole case
    line: int = 0


@dataclass(slots=True)
class Document:
    """Something to hand in (文件)."""

    name: str
    labels: tuple[str, ...] = ()  # 标签: other words for it in subjects and file names
    by: tuple[str, ...] = ()
    start: str = ""
    length: str = ""
    due: str = ""  # 到期: a date field instead of a length
    when: Condition | None = None
    signed: str = ""  # 签名: the field that says who signed; without it the document is none, and its clock runs on
    ladder: str = ""
    cc: tuple[str, ...] = ()
    late: Effects | None = None
    line: int = 0


@dataclass(slots=True)
class Start:
    """A way in which a case begins (开始)."""

    subjects: tuple[str, ...] = ()  # 收到
    forms: tuple[str, ...] = ()  # 表单
    free: str = ""  # 客户来信: the role whose free subjects begin a case
    derived: bool = False  # 派生
    register: str = ""  # 台账
    timed: str = ""  # 定时
    rows: str = ""  # 逐行: `policies 生效日期起每 policy.review_months 09:00`: a case for each row of master data whose date recurs
    presets: dict[str, str] = field(default_factory=dict)  # 先记: fields that this way in gives, before the form is read
    by: tuple[str, ...] = ()
    when: Condition | None = None
    otherwise: str = ""
    to_desk: bool = False  # 否则转人工: where 当 does not hold, a person must look
    first: bool = False  # 优先: of several that take a customer's free subject, this one goes before
    effects: Effects = field(default_factory=Effects)
    line: int = 0


@dataclass(slots=True)
class State:
    """One card."""

    name: str
    final: bool = False  # 结束
    waits: tuple[str, ...] = ()  # 等
    actions: dict[str, Action] = field(default_factory=dict)
    deadlines: list[Deadline] = field(default_factory=list)
    enter: Effects | None = None  # 进入
    mend: bool = False  # 可更正: the opener may send the form again
    says: str = ""
    line: int = 0


@dataclass(slots=True)
class Check:
    """A check over several fields (校验): true means that the form goes back."""

    when: Condition
    field: str
    says: str
    warn: bool = False
    cc: tuple[str, ...] = ()
    attach: tuple[str, ...] = ()  # 附: such as the blank form that should have been used
    line: int = 0


@dataclass(slots=True)
class Lookup:
    """A value fetched from elsewhere (取数), one closed form a kind."""

    name: str
    source: str  # 台账, 决策表, 项目, 单, 工作日, 取定, 主数据, 期限, 文件
    kind: Kind
    args: dict[str, str] = field(default_factory=dict)
    line: int = 0


@dataclass(slots=True)
class Process:
    """One process, whole."""

    name: str  # leave-request: lower-case letters, figures and hyphens
    title: str  # 客户沟通汇报
    code: str  # COMM
    id: str  # A05
    version: str
    clauses: tuple[str, ...] = ()
    subject: str = ""  # 事项: what a case is called
    pass_on: tuple[str, ...] = ()  # 往来转给: who reads what is written about a case without a command
    about: str = ""  # 说明
    hides: Condition | None = None  # 匿名: while it holds, nobody else learns who opened the case
    chief: tuple[str, ...] = ()  # 主管: who is copied when somebody without the right tries
    unique: tuple[str, ...] = ()  # 唯一: one open case for the same values
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fields: dict[str, Field] = field(default_factory=dict)
    lookups: dict[str, Lookup] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    deadlines: dict[str, Deadline] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    listed: str = ""  # 逐项文件: the field whose items are documents of the case
    starts: list[Start] = field(default_factory=list)
    anytime: dict[str, Action] = field(default_factory=dict)  # 随时
    states: dict[str, State] = field(default_factory=dict)
    source: str = ""
    file: str = ""

    def actions_in(self, state: str) -> dict[str, Action]:
        """What may be done in a state: its own actions, and after them those that may always be done; at the end what may be done even then."""
        card = self.states.get(state)
        if state == CLOSED:
            return {}
        if card is None or card.final:
            return {name: action for name, action in self.anytime.items() if card is None or action.after}
        return {**card.actions, **{name: action for name, action in self.anytime.items() if name not in card.actions}}

    def every_action(self) -> dict[str, Action]:
        """One action for each name that occurs anywhere."""
        found: dict[str, Action] = dict(self.anytime)
        for state in self.states.values():
            for name, action in state.actions.items():
                found.setdefault(name, action)
        return found
