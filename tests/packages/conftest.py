"""The Python package, built as a release builds it, but with a tiny model in it, and a place to use it from."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.docs.test_links import ROOT

BUILT_FROM = ("app", "model", "tsuzuki", "packages/python", "pyproject.toml", "LICENSE", "MANIFEST.in", "CHANGELOG.md")


def files_below(folder: Path) -> set[str]:
    """The files of a folder, without what Python leaves there."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    """What the package is built from, with the tiny model as model/en."""
    folder = tmp_path_factory.mktemp("sources")
    ignored = shutil.ignore_patterns("__pycache__", "en")
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy2(ROOT / name, folder / name)
    shutil.copytree(tiny_folder, folder / "model" / "en")
    return folder


@pytest.fixture(scope="session")
def wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution, and so from what that holds alone."""
    folder = tmp_path_factory.mktemp("dist")
    command: list[str | Path] = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, sources]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    (found,) = folder.glob("*.whl")
    assert len(list(folder.glob("*.tar.gz"))) == 1
    return found


@pytest.fixture(scope="session")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an installation puts beside other packages."""
    folder = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder)
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Somebody's project, which has packages of its own with the names app and model."""
    for name in ("app", "model"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('this is not the package that was asked for')")
    return tmp_path
