"""`mailflow init FOLDER`: a commented configuration, master-data tables with headers, a copy of the templates. Never overwrites."""

from __future__ import annotations

import shutil
from pathlib import Path

from .errors import UsageError
from .process.library import shipped

CONFIG = """\
# mailflow 的配置。路径都相对于本文件;改好后执行 mailflow check,每行都正常再执行 mailflow run。
# 密码从不写在这里:放进只有一行的文件(权限 600),或环境变量。

[service]
name     = "技术支持中心"                  # 信的发件人名称
address  = "mailflow@corp.example"        # 大家写信到的地址:改成您的
domains  = ["corp.example"]               # 本单位的邮箱域名
timezone = "Asia/Shanghai"
# admin  = "admin@corp.example"           # 谁收到搁置、待分拣的信;不写就是人员表里角色为“系统管理员”的人

[store]
database = "sqlite:///mailflow.db"        # 或 "postgresql+psycopg://用户@主机/库"(密码放 ~/.pgpass)
archive  = "archive"                      # 原始邮件,只增不改

[masterdata]
folder = "masterdata"                     # 人员、项目、合同等表,用 Excel 或文本编辑器改,存盘即生效

[templates]
folder = "templates"                      # 流程、信、决策表;同名文件盖过自带的

[[mailbox]]                               # 收信;可以有几个,各写一段
name = "main"
url  = "maildir:inbox"                    # 试用:把 .eml 放进 inbox/new。正式使用换成下面两行
# url           = "imaps://mailflow%40corp.example@imap.corp.example/INBOX"
# password_file = "secrets/imap"          # 163、126、QQ 等用“客户端授权码”
# processed     = "已处理"                 # 收好的信移到这个文件夹;不写就留在原处

[smtp]                                    # 发信
url = "maildir:outbox"                    # 试用:信写成文件,不寄出。正式使用换成下面几行
# url           = "smtps://mailflow%40corp.example@smtp.corp.example"
# password_file = "secrets/smtp"
# rate          = 60                      # 每分钟最多几封

[trust]                                   # 凭什么相信一封信是本人发的
commands = "directory"                    # 认通讯录里的地址。更严的:
# authserv_id = "mx.corp.example"         # 信这台服务器写的 Authentication-Results
# commands    = "authenticated"           # 要它验证通过;或 "token":要点信里的按钮回复

# [fax]
# gateways = ["fax@corp.example"]         # 传真网关的地址
# reply    = "{number}@fax.example"       # 邮件转传真的地址
"""

# The first lines of each table. A line whose first cell begins with # would be a person's name in Excel, so examples are real rows
# of a department that does not exist, to be written over; only people.csv needs one for the service to start.
TABLES = {
    "people.csv": "姓名,邮箱,角色,单位,上级,电话,传真,在职,休假至,代理人\n"
    "示例管理员,admin@corp.example,系统管理员,信息部,示例总监,,,,,\n"
    "示例总监,zongjian@corp.example,技术总监,公司,,,,,,\n"
    "示例经理,jingli@corp.example,售前经理,技术支持部,示例总监,,,,,\n"
    "示例售前,shouqian@corp.example,售前,技术支持部,示例经理,,,,,\n"
    "示例销售,xiaoshou@corp.example,销售,销售部,示例总监,,,,,\n",
    "projects.csv": "项目,别名,客户,责任销售,第一售前,第二售前,状态,地区,合同号,验收日期\n示例项目,示例,示例客户,示例销售,示例售前,示例经理,立项,,,\n",
    "contracts.csv": "合同号,金额(万元),签订日期,甲方,乙方\n",
    "holidays.csv": "日期,类型,年度\n",
}  # fmt: skip


def init(folder: Path) -> int:
    """Makes what is missing, leaves what is there, says what to do next. Raises UsageError for a file in the folder's place, OSError."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} 是一个文件,不是文件夹;请另给一个文件夹名")
    made: list[str] = []
    kept: list[str] = []

    def write(name: str, data: str, encoding: str = "utf-8") -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("x", encoding=encoding, newline="") as file:
                file.write(data)
            made.append(name)
        except FileExistsError:
            kept.append(name)

    folder.mkdir(parents=True, exist_ok=True)
    write("mailflow.toml", CONFIG)
    for name, text in TABLES.items():
        write(f"masterdata/{name}", text, "utf-8-sig")  # with a mark, so that Excel knows it
    copied, left = _templates(folder / "templates")
    for box in ("inbox", "outbox"):
        for part in ("tmp", "new", "cur"):
            (folder / box / part).mkdir(parents=True, exist_ok=True)
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700, exist_ok=True)
    print(f"{folder}:新建 {len(made) + copied} 个文件" + (f",原有 {len(kept) + left} 个没有动" if kept or left else ""))
    config = folder / "mailflow.toml"
    print(
        f"""
接下来:
  1. 改 {folder / "masterdata" / "people.csv"}:换成您的人,角色决定谁能做什么(projects.csv 同样)
  2. 改 {config} 里的 address 和 domains;先不改邮箱,就用 inbox、outbox 两个文件夹试
  3. mailflow --config {config} check
  4. 把一封 .eml 放进 {folder / "inbox" / "new"},执行 mailflow --config {config} once,回信在 {folder / "outbox" / "new"}
  5. 满意了再填真的邮箱和发信地址,执行 mailflow --config {config} run
想先看样子:mailflow demo"""
    )
    return 0


def _templates(target: Path) -> tuple[int, int]:
    """Copies the shipped templates file by file; (copied, left as they were)."""
    copied = left = 0
    source = shipped()
    for path in sorted(source.rglob("*")):
        if not path.is_file() or path.name.startswith(".") or "__pycache__" in path.parts:
            continue
        to = target / path.relative_to(source)
        if to.exists():
            left += 1
            continue
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
        copied += 1
    return copied, left
