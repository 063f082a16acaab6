"""The wheel: it owns one name, and works where others own app and model."""

import ast
import subprocess
import sys
import tomllib
from email import message_from_string
from pathlib import Path

import httpx
import pytest

from packages.python.wheel_backend import MOVED, moved
from tests.docs.test_links import ROOT
from tests.docs.walkthrough import run, service
from tests.packages.conftest import files_below

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.mark.parametrize(
    ("source", "there"),
    [
        ("from app.schemas.service import Health\n", "from tsuzuki.app.schemas.service import Health\n"),
        ("from app import log\n", "from tsuzuki.app import log\n"),
        ("import model\n", "from tsuzuki import model\n"),
        ("import app as service\n", "from tsuzuki import app as service\n"),
        ("def f():\n    from model.errors import (\n        UserError,\n    )\n", None),
        ("from application import app\n", "from application import app\n"),
        ("from .app import x\n", "from .app import x\n"),
        ("import os; import app\n", "import os; from tsuzuki import app\n"),
        ("é = 1; from app import log\n", "é = 1; from tsuzuki.app import log\n"),
        ('files("app") / "x"\n', 'files("tsuzuki.app") / "x"\n'),
        ('resources.files("model.lm")\n', 'resources.files("tsuzuki.model.lm")\n'),
        ('fields("app")\n', 'fields("app")\n'),
        ('prog="python -m model.train"\n', 'prog="tsuzuki train"\n'),
        ("# `python -m app --help`\n", "# `tsuzuki --help`\n"),
        ("# python -m model.train.words.known\n", "# python -m tsuzuki.model.train.words.known\n"),
        ("# python -m app.workers\n", "# python -m tsuzuki.app.workers\n"),
        ("# python -m apple\n", "# python -m apple\n"),
    ],
)
def test_a_module_fits_its_place_in_the_package(source: str, there: str | None) -> None:
    expected = source.replace("from model", "from tsuzuki.model") if there is None else there
    assert moved(source) == expected


@pytest.mark.parametrize("source", ["import app.main\n", "import os, app\n", "import model.lm as lm\n"])
def test_an_import_that_cannot_be_moved_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="write `import app`"):
        moved(source)


def test_it_holds_everything_in_one_package(unpacked: Path, sources: Path) -> None:
    folders = {"tsuzuki": "tsuzuki", **{f"tsuzuki/{name}": name for name in MOVED}}
    expected = {f"{there}/{file}" for there, here in folders.items() for file in files_below(sources / here)}
    metadata = f"tsuzuki-{PROJECT['version']}.dist-info"
    assert {name for name in files_below(unpacked) if not name.startswith(metadata)} == expected
    assert (unpacked / metadata / "top_level.txt").read_text().split() == ["tsuzuki"]
    for name in MOVED:
        for file in files_below(sources / name):
            if not file.endswith(".py"):
                assert (unpacked / "tsuzuki" / name / file).read_bytes() == (sources / name / file).read_bytes()


def test_its_metadata_are_those_of_the_project(unpacked: Path) -> None:
    (file,) = unpacked.glob("*.dist-info/METADATA")
    metadata = message_from_string(file.read_text("utf-8"))
    assert (metadata["Name"], metadata["Version"]) == ("tsuzuki", PROJECT["version"])
    assert {"train", "redis"} <= set(metadata.get_all("Provides-Extra", []))
    assert metadata.get_payload() == (ROOT / PROJECT["readme"]).read_text("utf-8")


def test_nothing_in_it_names_a_package_that_is_not_there(unpacked: Path) -> None:
    """No import, and no string that is the name of a module of the checkout."""
    modules = {
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
        for name in MOVED
        for path in (ROOT / name).rglob("*.py")
    }
    for file in (unpacked / "tsuzuki").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert not {alias.name.split(".")[0] for alias in node.names} & set(MOVED), file
            elif isinstance(node, ast.ImportFrom):
                assert node.level or (node.module or "").split(".")[0] not in MOVED, file
            elif isinstance(node, ast.Constant):
                assert node.value not in modules, f"{file}: {node.value}"


def test_every_module_is_imported_beside_others_of_the_same_names(unpacked: Path, elsewhere: Path) -> None:
    script = elsewhere / "imports.py"
    script.write_text(
        "import importlib, pkgutil, sys, tsuzuki\n"
        "found = [module.name for module in pkgutil.walk_packages(tsuzuki.__path__, 'tsuzuki.')]\n"
        "for name in found:\n"
        "    importlib.import_module(name)\n"
        "assert not {'app', 'model'} & sys.modules.keys()\n"
        "print(len(found))\n"
    )
    number = int(run(f"PYTHONPATH={unpacked} {sys.executable} -W error imports.py", elsewhere))
    assert number > 80


def test_its_command_names_its_commands(unpacked: Path, elsewhere: Path) -> None:
    command = f"PYTHONPATH={unpacked} {sys.executable} -m tsuzuki"
    assert run(f"{command} --version", elsewhere) == f"tsuzuki {PROJECT['version']}\n"
    served = run(f"{command} --help", elsewhere)
    assert "usage: tsuzuki [" in served and all(f"tsuzuki {name} " in served for name in ("train", "evaluate"))
    assert "usage: tsuzuki train " in run(f"{command} train --help", elsewhere)
    wrong = subprocess.run(f"{command} trian x", shell=True, cwd=elsewhere, capture_output=True, text=True, timeout=60)
    assert wrong.returncode == 2 and wrong.stdout == ""
    assert wrong.stderr.startswith("tsuzuki: trian is no command") and "tsuzuki train " in wrong.stderr
    assert "usage: tsuzuki evaluate " in run(f"{command} evaluate --help", elsewhere)
    for text in (served, run(f"{command} train --help", elsewhere), run(f"{command} evaluate --help", elsewhere)):
        assert "python -m app" not in text and "python -m model" not in text


def test_it_answers_from_a_folder_with_an_app_of_its_own(unpacked: Path, elsewhere: Path) -> None:
    command = f"exec {sys.executable} -W error -m tsuzuki --workers 2"
    with service(command, elsewhere, {"PYTHONPATH": str(unpacked)}) as address:
        answer = httpx.post(f"{address}/complete", json={"text": "the d"}, timeout=60)
        assert answer.status_code == 200 and answer.json()["model"] == "en"
        assert httpx.get(f"{address}/openapi.json", timeout=60).json()["info"]["version"] == PROJECT["version"]
        for page in ("/", "/docs", "/tsuzuki.js", "/static/widget/index.js"):
            assert httpx.get(address + page, timeout=60).status_code == 200
