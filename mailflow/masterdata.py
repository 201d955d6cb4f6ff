"""The master data: CSV tables with Chinese headers that people edit in Excel, read again whenever a file changes.

UTF-8 with or without BOM, or GB18030 as Excel saves it. A table with a bad row is reported with file and line and the last good one
stays in force (CONTRACT, `[masterdata]`); when there is none yet, at the start, its good rows are used.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mailflow.calendars import parse_date
from mailflow.people import Person, Project, fold_address, fold_name, fold_project, plain_name

from .config import is_address
from .errors import ConfigError

LARGEST = 32 * 1024 * 1024  # bytes; a table of that size is not one that people edit
csv.field_size_limit(1_000_000)


class MasterDataError(ConfigError):
    """The master data cannot be used at all: no folder, or no people.csv. One line in Chinese."""


class Row(dict[str, str]):
    """One row by header; cells stripped. `file` and `line` say where it stands."""

    def __init__(self, cells: dict[str, str], file: str, line: int) -> None:
        super().__init__(cells)
        self.file, self.line = file, line


@dataclass(frozen=True, slots=True)
class Columns:
    """What is known of a table: the columns it must have, may have, holds dates in, and whose value names a row."""

    must: tuple[str, ...]
    may: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    unique: str | None = None


_PEOPLE = Columns(("姓名", "邮箱", "角色"), ("单位", "上级", "电话", "传真", "在职", "休假至", "代理人"), ("休假至",))
_PROJECTS = Columns(
    ("项目",), ("别名", "客户", "责任销售", "第一售前", "第二售前", "状态", "地区", "合同号", "验收日期"), ("验收日期",), "项目"
)
_KNOWN = {
    "people": _PEOPLE,
    "projects": _PROJECTS,
    "contracts": Columns(("合同号",), ("金额(万元)", "签订日期", "甲方", "乙方"), ("签订日期",), "合同号"),
    "holidays": Columns(("日期", "类型"), ("年度",), ("日期",), "日期"),
    "policies": Columns(("制度名",), ("版本", "生效日期", "负责人"), ("生效日期",)),
}
_ANY_COLUMNS = Columns(())
_LIST = re.compile(r"[\u3001,;\uff0c\uff1b\s]+")
_YES_NO = {"": True, "是": True, "否": False, "在职": True, "离职": False}


@dataclass
class _Table:
    """One file: what it looked like when it was read, what is in force, and what is wrong with the file as it stands."""

    seen: tuple[int, int] | None = None
    rows: tuple[Row, ...] = ()
    good: bool = False  # some complete reading succeeded
    problems: tuple[str, ...] = ()


class MasterData:
    """The tables of one folder. `problems` is what is wrong with the files now, in Chinese, each with file and line."""

    def __init__(self, folder: Path) -> None:
        """Reads every table. Raises MasterDataError where the folder or people.csv is missing or people.csv holds nobody."""
        self.folder = folder
        self._tables: dict[str, _Table] = {}
        self._people: tuple[Person, ...] = ()
        self._projects: tuple[Project, ...] = ()
        self._unknown_names: list[str] = []
        self.notes: list[str] = []  # in force, and worth knowing: several people of one name
        self.problems: list[str] = []
        if not folder.is_dir():
            raise MasterDataError(f"主数据文件夹 {folder} 不存在:在 [masterdata] folder 写明,或执行 mailflow init 文件夹 生成带表头的空表")
        if not (folder / "people.csv").is_file():
            raise MasterDataError(f"缺人员表 {folder / 'people.csv'}:执行 mailflow init 文件夹 生成带表头的空表,表头为 {','.join(_PEOPLE.must)}")
        self.refresh()
        if not self._people:
            why = ";".join(self._tables["people"].problems[:1])
            raise MasterDataError(f"人员表 {folder / 'people.csv'} 里没有一个可用的人:{why or '每行写一个人,至少有姓名、邮箱、角色'}")

    def refresh(self) -> bool:
        """Read again the tables whose size or time changed. True when what is in force changed (or could have)."""
        try:
            paths = {p.stem: p for p in sorted(self.folder.glob("*.csv")) if not p.name.startswith((".", "~")) and p.is_file()}
        except OSError:
            paths = {}
        changed = False
        for name in sorted({*paths, *self._tables}):
            table = self._tables.setdefault(name, _Table())
            changed |= self._read(name, table, paths.get(name))
        if changed:
            self._people, self.notes = _told_apart([(row, _person(row)) for row in self.table("people")])
            self._projects = tuple(_project(row) for row in self.table("projects"))
            self._unknown_names = self._dangling()
        self.problems = [p for table in self._tables.values() for p in table.problems] + self._unknown_names
        return changed

    def _read(self, name: str, table: _Table, path: Path | None) -> bool:
        if path is None:
            table.problems = (f"{name}.csv:文件不见了;仍按上次读到的 {len(table.rows)} 行办",)
            table.seen = None
            return False
        try:
            stat = path.stat()
            seen = (stat.st_mtime_ns, stat.st_size)
            if seen == table.seen:
                return False
            if stat.st_size > LARGEST:
                raise OSError(f"超过 {LARGEST // 1024 // 1024} MB")
            raw = path.read_bytes()
        except OSError as error:
            table.seen = None  # try again next time
            table.problems = (f"{path.name}:读不了({error.strerror or error});仍按上次读到的 {len(table.rows)} 行办",)
            return False
        rows, problems = _rows(path.name, raw, _KNOWN.get(name, _ANY_COLUMNS), _CHECKS.get(name))
        if not problems and not rows and table.rows and name == "people":
            problems = [f"{path.name}:表里一个人也没有了"]
        table.seen = seen
        if problems:
            so = f"改好之前仍按上次无误的 {len(table.rows)} 行办" if table.good else f"有错的行没有启用,其余 {len(rows)} 行已启用"
            problems.append(f"{path.name}:{so}")
        table.problems = tuple(problems)
        if problems and table.good:
            return False
        table.rows, table.good = tuple(rows), not problems
        return True

    def _dangling(self) -> list[str]:
        """Names that no row of people.csv has. Said, but the table is in force: the reference may be to somebody yet to come."""
        names = {fold_name(p.name) for p in self._people}
        shared = _shared(self._people)
        found = []
        for table, columns in (("people", ("上级", "代理人")), ("projects", ("责任销售", "第一售前", "第二售前"))):
            for row in self.table(table):
                for column in columns:
                    if row.get(column) and (alike := shared.get(fold_name(row[column]))):
                        found.append(f"{row.file} 第 {row.line} 行 {column}:叫“{row[column]}”的有 {len(alike)} 人;写明是 {' 还是 '.join(alike)}")
                    elif row.get(column) and fold_name(row[column]) not in names and plain_name(row[column]) not in shared:
                        found.append(f"{row.file} 第 {row.line} 行 {column}:人员表里没有“{row[column]}”;写人员表中的姓名,或先在人员表加上")
        return found

    def table(self, name: str) -> list[Row]:
        """The rows in force of NAME.csv, in order; [] where there is no such table."""
        found = self._tables.get(name)
        return list(found.rows) if found else []

    @property
    def tables(self) -> list[str]:
        return sorted(self._tables)

    @property
    def people(self) -> list[Person]:
        return list(self._people)

    @property
    def projects(self) -> list[Project]:
        return list(self._projects)

    @property
    def holidays(self) -> list[Row]:
        """The rows for `calendars.WorkCalendar`, every one of them readable."""
        return self.table("holidays")


def _decode(raw: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


Check = Callable[[Row, dict[str, Row]], list[str]]


def _rows(file: str, raw: bytes, columns: Columns, check: Check | None) -> tuple[list[Row], list[str]]:
    """The good rows of one file and what is wrong with the others."""
    text = None if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else _decode(raw)
    if text is None or "\0" in text:
        return [], [f"{file}:既不是 UTF-8 也不是 GB18030 的 CSV 文字;在 Excel 里另存为“CSV UTF-8(逗号分隔)”"]
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    problems: list[str] = []
    header: list[str] = []
    taken: dict[str, Row] = {}
    while True:
        line = reader.line_num + 1
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            break
        except csv.Error as error:
            problems.append(f"{file} 第 {line} 行:引号不成对或位置不对({error});格子里有逗号、换行时整格加半角双引号")
            break
        if not any(cells):
            continue
        if not header:
            header, wrong = _header(file, line, cells, columns)
            if wrong:
                return [], wrong
            continue
        while len(cells) > len(header) and not cells[-1]:
            cells.pop()  # Excel pads
        if not {*columns.must} & {*header[len(cells) :]}:
            cells += [""] * (len(header) - len(cells))  # Excel leaves out the commas of columns that are empty for sixteen rows
        if len(cells) != len(header):
            side = "多了" if len(cells) > len(header) else "少了"
            problems.append(
                f"{file} 第 {line} 行:有 {len(cells)} 格,表头有 {len(header)} 格,{side};空格子也要留逗号,格子里的逗号改用、或整格加半角双引号"
            )
            continue
        row = Row(dict(zip(header, cells, strict=True)), file, line)
        wrong = _row_problems(row, columns, taken)
        wrong += check(row, taken) if check and not wrong else []
        problems += [f"{file} 第 {line} 行 {problem}" for problem in wrong]
        if not wrong:
            rows.append(row)
    if not header and not problems:
        problems.append(f"{file}:是空的;第一行写表头:{','.join(columns.must + columns.may) or '各列的名称'}")
    return rows, problems


def _header(file: str, line: int, cells: list[str], columns: Columns) -> tuple[list[str], list[str]]:
    while cells and not cells[-1]:
        cells.pop()
    header = [re.sub(r"\s+", "", unicodedata.normalize("NFKC", cell)) for cell in cells]
    where = f"{file} 第 {line} 行"
    if len(header) == 1 and (mark := re.search("[\t;\uff0c]", cells[0])):
        return [], [f"{where}:表头里是{'制表符' if mark[0] == chr(9) else mark[0]},不是半角逗号;在 Excel 里另存为“CSV UTF-8(逗号分隔)”"]
    if "" in header:
        return [], [f"{where}:表头第 {header.index('') + 1} 格是空的;每列都要有名称"]
    if len(set(header)) != len(header):
        twice = next(name for name in header if header.count(name) > 1)
        return [], [f"{where}:表头里“{twice}”出现两次;留一列"]
    problems = []
    unknown = [name for name in header if name not in columns.must + columns.may]
    for name in columns.must + columns.may:
        if name in header:
            continue
        slip = next((word for word in unknown if len(word) == len(name) and sum(a != b for a, b in zip(word, name, strict=True)) == 1), None)
        if slip and (name in columns.must or len(name) > 2):  # 职位 is no slip for 单位
            problems.append(f"{where}:不认得列“{slip}”,是不是“{name}”?")
        elif name in columns.must:
            problems.append(f"{where}:缺一列“{name}”;这个表至少有 {'、'.join(columns.must)}")
    return header, problems


def _row_problems(row: Row, columns: Columns, taken: dict[str, Row]) -> list[str]:
    """Missing name, name used twice, bad date."""
    problems = []
    for column in columns.dates:
        if row.get(column) and parse_date(row[column]) is None:
            problems.append(f"{column}:“{row[column]}”不是日期;写成 2026-06-30")
    if columns.unique:
        value = row[columns.unique]
        key = f"{columns.unique} {(parse_date(value) if columns.unique in columns.dates else None) or fold_name(value)}"
        if not value:
            problems.append(f"{columns.unique}:不能空")
        elif key in taken:
            problems.append(f"{columns.unique}:“{value}”与第 {taken[key].line} 行重复;同名的两个加以区别,例如 {value}(二)")
        else:
            taken[key] = row
    return problems


# -- what single tables ask of a row; `taken` is what earlier rows hold


def _check_person(row: Row, taken: dict[str, Row]) -> list[str]:
    problems = [] if row["姓名"] else ["姓名:不能空"]
    addresses = _split(row["邮箱"])
    for address in addresses:
        other = taken.setdefault(f"邮箱 {fold_address(address)}", row)
        if not is_address(address) or not address.isprintable():
            problems.append(f"邮箱:“{address}”不是邮件地址;写成 zhangsan@corp.example,几个之间用、隔开")
        elif other is not row:
            problems.append(f"邮箱:{address} 已是第 {other.line} 行 {other['姓名']} 的;一个地址只能属于一个人")
    active = _YES_NO.get(row.get("在职", ""))
    if active is None:
        problems.append(f"在职:“{row['在职']}”读不懂;写 是 或 否")
    elif active and not addresses and not row.get("传真"):
        problems.append("邮箱:没有邮箱也没有传真,信发不到;写一个邮箱,已离开的人在 在职 列写 否")
    if row.get("休假至") and not row.get("代理人"):
        problems.append("代理人:写了休假至,要写代理人的姓名")
    return problems


def _check_holiday(row: Row, taken: dict[str, Row]) -> list[str]:
    problems = []
    if not row["日期"]:
        problems.append("日期:不能空;写成 2027-01-01")
    if row["类型"] not in ("放假", "补班"):
        problems.append(f"类型:“{row['类型']}”读不懂;写 放假 或 补班")
    if row.get("年度") and not re.fullmatch(r"\d{4}年?", row["年度"]):
        problems.append(f"年度:“{row['年度']}”读不懂;写成 2027")
    return problems


_CHECKS: dict[str, Check] = {"people": _check_person, "holidays": _check_holiday}


def _split(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for item in _LIST.split(cell) if item))


def _names(cell: str) -> tuple[str, ...]:
    """A list of names: spaces may stand inside one."""
    return tuple(dict.fromkeys(item.strip() for item in re.split(r"[\u3001,;\uff0c\uff1b]", cell) if item.strip()))


def _extra(row: Row, columns: Columns) -> dict[str, str]:
    return {key: value for key, value in row.items() if key not in columns.must + columns.may}


def _person(row: Row) -> Person:
    return Person(
        name=row["姓名"],
        addresses=_split(row["邮箱"]),
        roles=_names(row["角色"]),
        unit=row.get("单位", ""),
        superior=row.get("上级", ""),
        phone=row.get("电话", ""),
        fax=row.get("传真", ""),
        active=_YES_NO[row.get("在职", "")],
        away_until=parse_date(row.get("休假至", "")),
        deputy=row.get("代理人", ""),
        extra=_extra(row, _PEOPLE),
    )


def _told_apart(rows: list[tuple[Row, Person]]) -> tuple[tuple[Person, ...], list[str]]:
    """Gives people of one name a name each, by unit, else by address: everything else knows people by name. And what to tell of it."""
    named: dict[str, list[tuple[Row, Person]]] = {}
    for row, person in rows:
        named.setdefault(fold_name(person.name), []).append((row, person))
    given: dict[int, Person] = {}
    notes = []
    for alike in named.values():
        here = [(row, p) for row, p in alike if p.active]
        if len(alike) < 2:
            continue
        units = [p.unit for _, p in here]
        for number, (row, person) in enumerate(alike, 1):
            if not person.active:
                mark = f"已离职{number}" if number > 1 else "已离职"
            elif len(here) == 1:
                continue
            else:
                mark = person.unit if person.unit and units.count(person.unit) == 1 else person.address.partition("@")[0] or str(row.line)
            given[row.line] = replace(person, name=f"{person.name}〔{mark}〕")
        if len(here) > 1:
            now = "、".join(given[row.line].name for row, _ in here)
            notes.append(f"people.csv 第 {'、'.join(str(row.line) for row, _ in here)} 行:{len(here)} 个人都叫“{here[0][1].name}”,信里写作 {now};项目表、上级、代理人也请这样写,来信里没写明的会问回去")
    return tuple(given.get(row.line, person) for row, person in rows), notes


def _shared(people: tuple[Person, ...]) -> dict[str, list[str]]:
    """The plain names that several active people have → the names that tell them apart."""
    found: dict[str, list[str]] = {}
    for person in people:
        if person.active and plain_name(person.name) != fold_name(person.name):
            found.setdefault(plain_name(person.name), []).append(person.name)
    return found


def _project(row: Row) -> Project:
    return Project(
        name=row["项目"],
        aliases=tuple(alias for alias in _names(row.get("别名", "")) if fold_project(alias) != fold_project(row["项目"])),
        customer=row.get("客户", ""),
        sales=row.get("责任销售", ""),
        presales_1=row.get("第一售前", ""),
        presales_2=row.get("第二售前", ""),
        status=row.get("状态", ""),
        region=row.get("地区", ""),
        contract=row.get("合同号", ""),
        accept_date=parse_date(row.get("验收日期", "")),
        extra=_extra(row, _PROJECTS),
    )
