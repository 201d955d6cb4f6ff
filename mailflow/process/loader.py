"""Builds a Process from its YAML nodes: every word is known, every value has its type, every mistake has a line and a mend."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from .conditions import Condition
from .effect_reader import EffectReader
from .lookups import LookupError_, read_lookup
from .model import (
    Action,
    Check,
    Deadline,
    Document,
    Field,
    Process,
    Start,
    State,
)
from .values import KINDS, Kind
from .vocabulary import ACTION, CHECK, CLOSING, DEADLINE, DOCUMENT, FIELD, SPECIAL, START, STATE, TOP
from .yamltext import Table, read, read_file


def load(path: Path) -> Process:
    """The process in the file. Raises TemplateError: Chinese, with file and line."""
    table, source = read_file(path)
    return _Builder(table, source, path.name).process()


def load_text(source: str, file: str, kept: bool = False) -> Process:
    """The same from text; `kept`: an older version from the store, that was good by the checks of its day."""
    return _Builder(read(source, file, kept), source, file).process()


class _Builder(EffectReader):
    # -- the parts -----------------------------------------------------------------------------------------------------

    def process(self) -> Process:
        t = self.table
        self.known(t, TOP, "流程")
        name, code = self.text(t, "名称", required=True), self.text(t, "短码", required=True)
        if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
            raise self.wrong(f"“名称: {name}”只能用小写字母、数字和减号,如 leave-request", t.lines["名称"])
        if not re.fullmatch(r"[A-Z0-9]{1,12}", code):
            raise self.wrong(f"“短码: {code}”只能用大写字母和数字", t.lines["短码"])
        p = self.process_ = Process(
            name=name,
            title=self.text(t, "流程", required=True),
            code=code,
            id=self.text(t, "编号"),
            version=self.text(t, "版本", "1"),
            clauses=self.words(t, "依据"),
            subject=self.text(t, "事项"),
            about=self.text(t, "说明"),
            source=self.source,
            file=self.file,
        )
        roles = self.sub(t, "角色")
        for role, node in roles.pairs.items():
            p.roles[role] = self.node_words(node, role)
        for role in p.roles:
            for source in p.roles[role]:
                self.role_source(role, source, roles.lines[role])
        p.chief = self.roles(t, "主管")
        fields = self.sub(t, "字段")
        for label in fields.pairs:  # kinds first: conditions of fields look at other fields
            self.kinds[label] = self.kind(self.sub(fields, label))
        self.kinds |= {name: Kind(kind) for name, kind in SPECIAL.items() if name not in self.kinds}
        self.kinds |= {role: Kind("人员") for role in p.roles}
        for document in self.sub(t, "文件").pairs:
            self.kinds.setdefault(document, Kind("文本"))
        lookups = self.sub(t, "取数")
        for label, node in lookups.pairs.items():
            try:
                p.lookups[label] = read_lookup(label, self.text(lookups, label), node.line)
            except LookupError_ as why:
                raise self.wrong(f"“{label}”:{why}", node.line) from None
            self.kinds[label] = p.lookups[label].kind
        for label in fields.pairs:
            p.fields[label] = self.field(label, self.sub(fields, label), fields.lines[label])
        p.unique = self.words(t, "唯一")
        p.pass_on = self.roles(t, "往来转给")
        p.hides = self.condition(t, "匿名")
        p.listed = self.text(t, "逐项文件")
        if p.listed and p.listed not in p.fields:
            raise self.wrong(f"“逐项文件: {p.listed}”不是字段", t.lines["逐项文件"])
        states = self.sub(t, "状态")
        for label in states.pairs:
            p.states[label] = State(label, line=states.lines[label])
        p.checks = self.checks(t)
        deadlines = self.sub(t, "期限")
        for label in deadlines.pairs:
            p.deadlines[label] = self.deadline(label, self.sub(deadlines, label), "", deadlines.lines[label])
        documents = self.sub(t, "文件")
        for label in documents.pairs:
            p.documents[label] = self.document(label, self.sub(documents, label), documents.lines[label])
        for start in self.blocks(t, "开始"):
            p.starts.append(self.start(start))
        if not p.starts:
            raise self.wrong("缺“开始”:至少写一种开始的方式(收到、表单、派生、台账、定时)", t.line)
        anytime = self.sub(t, "随时")
        for label in anytime.pairs:
            p.anytime[label] = self.action(label, self.sub(anytime, label), anytime.lines[label])
        if not p.states:
            raise self.wrong("缺“状态”", t.line)
        for label in states.pairs:
            self.state(p.states[label], self.sub(states, label))
        return p

    def signature(self, table: Table) -> str:
        """签名 of a document."""
        name = self.text(table, "签名")
        if name and name not in self.process_.fields:
            raise self.wrong(f"“签名: {name}”要写一个字段的名称,那里记签名的人,如“签名: 客户签名”", table.lines["签名"])
        return name

    def checks(self, table: Table) -> list[Check]:
        """校验 of a process or of an action."""
        found = []
        for check in self.blocks(table, "校验"):
            self.known(check, CHECK, "校验")
            when = self.condition(check, "当")
            if when is None:
                raise self.wrong("校验缺“当”", check.line)
            found.append(
                Check(when, self.text(check, "指"), self.text(check, "说", required=True), self.yes(check, "只提示"), self.roles(check, "抄"), self.words(check, "附"), check.line)
            )
        return found

    def role_source(self, role: str, source: str, line: int) -> None:
        head, _, rest = source.partition(" ")
        if head == "本人" and rest:
            return self.role_source(role, rest, line)
        if source in ("来信人", "申请人", "负责人", "全体员工"):
            return
        if head in ("岗位", "单位", "人", "父单") and rest:
            return
        if head == "项目" and rest in ("责任销售", "第一售前", "第二售前", "客户"):
            return
        if head == "字段" and rest in self.sub(self.table, "字段").pairs:
            return
        if head == "取数" and rest in self.sub(self.table, "取数").pairs:
            return
        if head == "上级" and (rest in self.process_.roles or rest in ("来信人", "负责人")):
            return
        raise self.wrong(
            f"角色“{role}”的来处“{source}”读不懂;可以写:来信人、负责人、岗位 X、项目 责任销售、项目 第一售前、项目 第二售前、字段 X、取数 X、上级 某角色、父单 某角色、单位 X、人 姓名;前面加“本人 ”的不由代理人代收",
            line,
        )

    def kind(self, t: Table) -> Kind:
        self.known(t, FIELD, "字段")
        name = self.text(t, "类型", "文本")
        if name not in KINDS:
            near = difflib.get_close_matches(name, KINDS, 1, 0.1)
            raise self.wrong(f"没有“{name}”这种类型" + (f",是不是“{near[0]}”?" if near else "") + f"可以写:{'、'.join(KINDS)}", t.lines["类型"])
        options = self.words(t, "选项")
        if name in ("选项", "多选") and not options:
            raise self.wrong(f"类型是“{name}”,缺“选项”", t.line)
        synonyms = {}
        for word in (same := self.sub(t, "同义")).pairs:
            meant = self.text(same, word)
            if meant not in options:
                raise self.wrong(f"同义“{word}: {meant}”指的“{meant}”不在选项里", same.lines[word])
            synonyms[word] = meant
        return Kind(name, options, synonyms)

    def field(self, label: str, t: Table, line: int) -> Field:
        required: Condition | bool
        wanted = self.text(t, "必填")
        if wanted in ("", "否", "是"):
            required = wanted == "是"
        else:
            found = self.condition(t, "必填")
            assert found is not None
            required = found
        source = self.text(t, "来自")
        head, _, placeholder = source.partition(" ")
        if source and head != "标题":
            raise self.wrong(f"“来自”只能写 标题 或 标题 <占位名>,不能写“{source}”", t.lines["来自"])
        unregistered = self.text(t, "未立项")
        if unregistered not in ("", "收下", "退件"):
            raise self.wrong("“未立项”只能写 收下 或 退件", t.lines["未立项"])
        checks = self.words(t, "要求")
        from .checks import unknown_check

        for check in checks:
            if why := unknown_check(check, set(self.kinds)):
                raise self.wrong(f"“要求: {check}”:{why}", t.lines["要求"])
        return Field(
            name=label,
            kind=self.kinds[label],
            labels=self.words(t, "标签"),
            required=required,
            checks=checks,
            default=self.text(t, "缺省"),
            from_subject=(placeholder or label) if source else "",
            empty_words=self.words(t, "视为空"),
            missing=self.text(t, "缺了就说"),
            unregistered_ok=unregistered == "收下",
            identifies=self.yes(t, "标识"),
            wished=self.yes(t, "请补"),
            hidden=self.yes(t, "不外传"),
            line=line,
        )

    def deadline(self, label: str, t: Table, state: str, line: int) -> Deadline:
        self.known(t, DEADLINE, "期限")
        length, due = self.text(t, "时长"), self.text(t, "到期")
        if bool(length) == bool(due) and not (self.text(t, "逐项") and not length and not due):
            raise self.wrong(f"期限“{label}”要写“时长”或“到期”中的一个", line)
        self.check_length(length, t.lines.get("时长", line))
        self.check_due(due, t.lines.get("到期", line))
        start = self.text(t, "从")
        if start and start not in self.process_.fields and start != "收到" and start not in self.process_.states:
            raise self.wrong(f"“从: {start}”应是一个时间字段、一个状态,或 收到", t.lines["从"])
        each = self.text(t, "逐项")
        if each and each not in self.process_.fields:
            raise self.wrong(f"“逐项: {each}”不是字段", t.lines["逐项"])
        return Deadline(
            name=label,
            each=each,
            start=start,
            length=length,
            due=due,
            until=self.words(t, "到"),
            when=self.condition(t, "当"),
            ladder=self.text(t, "提醒"),
            who=self.roles(t, "催"),
            cc=self.roles(t, "抄"),
            late=self.inner(t, "逾期"),
            says=self.text(t, "说"),
            state=state,
            line=line,
        )

    def check_length(self, length: str, line: int) -> None:
        from ..calendars import DurationError
        from ..durations import parse_duration

        if not length or length in self.kinds:
            return
        try:
            parse_duration(length)
        except DurationError as why:
            raise self.wrong(f"“时长: {length}”:{why}", line) from None

    def check_due(self, due: str, line: int) -> None:
        name, _, clock = due.partition(" ")
        if name and name not in self.process_.fields and name not in self.process_.lookups:
            raise self.wrong(f"“到期: {name}”不是字段", line)
        if clock and clock != CLOSING and not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d|24:00", clock):
            raise self.wrong(f"“到期: {due}”:日期后面只能写 {CLOSING} 或几点几分,例如“{name} {CLOSING}”、“{name} 12:00”", line)

    def document(self, label: str, t: Table, line: int) -> Document:
        self.known(t, DOCUMENT, "文件")
        length, due = self.text(t, "时长"), self.text(t, "到期")
        self.check_length(length, line)
        self.check_due(due, t.lines.get("到期", line))
        return Document(
            name=label,
            labels=self.words(t, "标签"),
            by=self.roles(t, "由"),
            start=self.text(t, "从"),
            length=length,
            due=due,
            when=self.condition(t, "当"),
            signed=self.signature(t),
            ladder=self.text(t, "提醒"),
            cc=self.roles(t, "抄"),
            late=self.inner(t, "逾期"),
            line=line,
        )

    def start(self, t: Table) -> Start:
        self.known(t, START, "开始")
        start = Start(
            subjects=self.subjects(t, "收到"),
            forms=self.words(t, "表单"),
            free=self.text(t, "客户来信"),
            derived=self.yes(t, "派生"),
            register=self.text(t, "台账"),
            timed=self.text(t, "定时"),
            rows=self.text(t, "逐行"),
            presets=self.presets(t),
            by=self.roles(t, "谁"),
            when=self.condition(t, "当"),
            otherwise=self.text(t, "否则说"),
            to_desk=self.yes(t, "否则转人工"),
            first=self.yes(t, "优先"),
            effects=self.effects(t),
            line=t.line,
        )
        if not (start.subjects or start.forms or start.free or start.derived or start.register or start.timed or start.rows):
            raise self.wrong("开始要写明怎样开始:收到、表单、客户来信、派生、台账 或 定时", t.line)
        if not any(e.to for e in self.flat(start.effects)):
            raise self.wrong("开始缺“变为”:收到以后进入哪个状态", t.line)
        return start

    def presets(self, t: Table) -> dict[str, str]:
        given = self.sub(t, "先记")
        for name in given.pairs:
            if name not in self.process_.fields:
                raise self.wrong(f"“先记”里的“{name}”不是字段;请在“字段”里写明", given.lines[name])
        return {name: self.text(given, name) for name in given.pairs}

    def action(self, label: str, t: Table, line: int) -> Action:
        self.known(t, ACTION, f"“{label}”")
        return Action(
            name=label,
            by=self.roles(t, "谁"),
            all_of=self.yes(t, "都要"),
            words=self.words(t, "命令"),
            subjects=self.subjects(t, "来信"),
            form=self.yes(t, "填表"),
            free=self.yes(t, "任意回信"),
            when=self.condition(t, "当"),
            otherwise=self.text(t, "否则说"),
            asks=self.field_names(t, "要写明"),
            may_say=self.field_names(t, "可写明"),
            needs_file=self.text(t, "要附"),
            proof=self.yes(t, "凭证"),
            after=self.yes(t, "结束后也可"),
            effects=self.effects(t),
            hint=self.text(t, "提示"),
            upon=self.words(t, "逢"),
            checks=self.checks(t),
            line=line,
        )

    def state(self, state: State, t: Table) -> None:
        self.known(t, STATE, f"状态“{state.name}”")
        state.final, state.mend = self.yes(t, "结束"), self.yes(t, "可更正")
        state.waits, state.says = self.roles(t, "等"), self.text(t, "说明")
        actions = self.sub(t, "可以")
        for label in actions.pairs:
            state.actions[label] = self.action(label, self.sub(actions, label), actions.lines[label])
        deadlines = self.sub(t, "期限")
        for label in deadlines.pairs:
            state.deadlines.append(self.deadline(label, self.sub(deadlines, label), state.name, deadlines.lines[label]))
        state.enter = self.inner(t, "进入")
