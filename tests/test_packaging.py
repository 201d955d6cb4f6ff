"""What a stranger's machine gets: a wheel that holds its templates and works without this checkout, and an import that needs no extra."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
MAIL = """From: =?utf-8?b?5byg5LiJ?= <zhangsan@corp.example>
To: mailflow@corp.example
Subject: =?utf-8?b?5a6i5oi35rKf6YCaLea1t+a7qOaUv+WKoee9kemhueebri3lvKDkuIk=?=
Date: Mon, 23 Nov 2026 15:00:00 +0800
Message-ID: <1@client.example>
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

沟通结果:成功
"""
pytestmark = pytest.mark.xdist_group("packaging")


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(c) for c in command], cwd=cwd, capture_output=True, text=True, timeout=120, env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
    assert done.returncode == 0, f"{command} ended with {done.returncode}: {done.stdout[-500:]} {done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=TOP)
    [found] = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def machine(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtualenv with the wheel, and of this one only the distributions: our own editable install is not seen there."""
    folder = tmp_path_factory.mktemp("machine")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index", wheel, cwd=folder)
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    where = run(python, "-c", "import mailflow, parsers, store; print(mailflow.__path__[0])", cwd=folder).strip()
    assert where == str(site / "mailflow")
    return folder


def test_the_wheel_holds_what_is_needed_and_nothing_else(wheel: Path) -> None:
    assert wheel.name.startswith("mailflow_desk-"), "mailflow is somebody else's name on the index"
    names = zipfile.ZipFile(wheel).namelist()
    here = {f.relative_to(TOP).as_posix() for f in (TOP / "templates").rglob("*") if f.is_file()}
    assert {n.removeprefix("mailflow/") for n in names if n.startswith("mailflow/templates/")} == here
    assert any(n.startswith("store/migrations/versions/") for n in names), "without its migrations a database cannot be opened"
    assert any(n.endswith("licenses/LICENSE") for n in names)
    assert {n.split("/")[0] for n in names} == {"mailflow", "parsers", "store", wheel.name.split("-py3")[0] + ".dist-info"}


def test_the_command_works_from_the_wheel(machine: Path) -> None:
    command = machine / "venv" / "bin" / "mailflow"
    assert run(command, "--version", cwd=machine).strip().endswith("0.1.0")
    shown = run(command, "process", cwd=machine)
    assert len([line for line in shown.splitlines() if line.strip()]) >= len(list((TOP / "templates" / "processes").rglob("*.yaml")))
    (machine / "a.eml").write_text(MAIL, encoding="utf-8")
    row = json.loads(run(command, "parse", "--json", "a.eml", cwd=machine))
    assert (row["subject"], row["from"]) == ("客户沟通-海滨政务网项目-张三", "zhangsan@corp.example")


def test_a_folder_made_from_the_wheel_can_be_worked_in(machine: Path) -> None:
    command = machine / "venv" / "bin" / "mailflow"
    run(command, "init", "office", cwd=machine)
    assert (machine / "office" / "mailflow.toml").is_file()
    assert list((machine / "office").rglob("people.csv"))


def test_an_editable_install_finds_the_templates_of_the_checkout() -> None:
    from mailflow.process.library import shipped

    assert shipped() == TOP / "templates"


def test_nothing_needs_an_extra(machine: Path) -> None:
    """OCR and PostgreSQL are extras: every module imports, and a pass works, where they are not installed."""
    code = """
import importlib, pkgutil, sys
for name in ("rapidocr", "onnxruntime", "cv2", "psycopg"):
    sys.modules[name] = None  # importing it raises ImportError
for room in ("mailflow", "parsers", "store"):
    package = importlib.import_module(room)
    for module in pkgutil.walk_packages(package.__path__, room + "."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            importlib.import_module(module.name)
"""
    run(machine / "venv" / "bin" / "python", "-c", code, cwd=machine)


def test_help_starts_without_what_it_does_not_need(machine: Path) -> None:
    code = """
import sys
from mailflow.__main__ import main
try:
    main(["--help"])
except SystemExit:
    print("heavy:", sorted({"sqlalchemy", "yaml", "imapclient", "jinja2", "flanker", "alembic", "parsers"} & set(sys.modules)))
"""
    assert run(machine / "venv" / "bin" / "python", "-c", code, cwd=machine).strip().endswith("heavy: []")


def test_the_lock_names_versions_and_hashes_and_no_registry() -> None:
    lines = (TOP / "requirements.lock").read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if line and line[0] not in " #"]
    assert len(packages) > 30
    assert [line for line in packages if "==" not in line or not line.endswith("\\")] == []
    assert [line for line in lines if "://" in line or line.startswith("-")] == []


def test_what_pyproject_asks_for_is_locked() -> None:
    import re
    import tomllib

    told = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*told["project"]["dependencies"], *told["project"]["optional-dependencies"]["postgresql"], *told["project"]["optional-dependencies"]["ocr"], *told["dependency-groups"]["dev"]]
    locked = {line.split("==")[0] for line in (TOP / "requirements.lock").read_text(encoding="utf-8").splitlines() if "==" in line}
    assert [a for a in asked if re.split(r"[\[>=<;]", a)[0].strip().lower().replace(".", "-") not in locked] == []


def test_whatever_is_imported_is_asked_for() -> None:
    """A distribution that only happens to be here is missing on the next machine."""
    import ast
    import re
    import tomllib
    from importlib.metadata import packages_distributions

    told = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*told["dependencies"], *(a for extra in told["optional-dependencies"].values() for a in extra)]
    names = {re.split(r"[\[>=<;]", a)[0].strip().lower() for a in asked}
    whose = packages_distributions()
    missing = set()
    for path in (p for room in ("mailflow", "parsers", "store") for p in (TOP / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            for top in (m.split(".")[0] for m in modules):
                ours = not top or top in sys.stdlib_module_names or top in ("mailflow", "parsers", "store")
                if not ours and not names & {d.lower() for d in whose.get(top, [top])}:  # an extra need not be installed here
                    missing.add((top, path.relative_to(TOP).as_posix(), *whose.get(top, [])))
    assert missing == set()
