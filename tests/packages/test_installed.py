"""The wheel as its users install it: by pipx and by uv, with no make or git at hand, beside an ``app`` of their own."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from scripts.container.checks import training_text
from tests.docs.walkthrough import service
from tests.packages.test_wheel import PROJECT

NO_NETWORK = re.compile(
    r"connect|resolve|network|timed out|No matching distribution|not found in the cache", re.IGNORECASE
)
SMALL = "--epochs=1 --embedding=8 --hidden=16 --batch=8 --length=10"


class Installed(NamedTuple):
    """The commands that an installation gave, a folder to run them in, and what the environment of each holds."""

    commands: Path
    folder: Path
    packages: Path
    variables: dict[str, str]

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run one of the commands, with nothing else on the path."""
        return subprocess.run(
            f"{self.commands}/{command}",
            shell=True,
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=300,
        )


Install = Callable[[str, str], Installed]


def tool(name: str) -> str:
    """Where a program is: beside the Python of the tests, or anywhere."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture
def install(wheel: Path, elsewhere: Path, tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Install the wheel with a tool, into an empty environment."""

    def with_tool(command: str, home: str) -> Installed:
        folder = tmp_path_factory.mktemp("tools")
        empty, commands = folder / "path", folder / "bin"
        empty.mkdir()
        kinds = {"PIPX_HOME": folder, "PIPX_BIN_DIR": commands, "UV_TOOL_DIR": folder, "UV_TOOL_BIN_DIR": commands}
        variables = {"PATH": str(empty), "HOME": str(Path.home())} | {key: str(path) for key, path in kinds.items()}
        done = subprocess.run(
            [tool(command.split()[0]), *command.split()[1:], "--python", sys.executable],
            env={**pip_variables(), **variables},
            capture_output=True,
            text=True,
            timeout=300,
        )
        if done.returncode and NO_NETWORK.search(done.stderr):
            pytest.skip(f"what the package needs cannot be had here: {done.stderr[-300:]}")
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        (packages,) = (folder / home).glob("lib/*/site-packages")
        return Installed(commands, elsewhere, packages, variables)

    return with_tool


def pip_variables() -> dict[str, str]:
    """The settings of pip and uv in this environment, which may say where packages are."""
    return {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))}


def check_installed(installed: Installed) -> None:
    """It owns one name, and knows its version."""
    assert (installed.packages / "tsuzuki" / "app").is_dir()
    assert not {"app", "model", "tests"} & {path.name for path in installed.packages.iterdir()}
    assert installed.run("tsuzuki --version").stdout == f"tsuzuki {PROJECT['version']}\n"


def check_answers(installed: Installed, command: str, text: str) -> str:
    """Serve, and return the first suggestion."""
    with service(f"exec {installed.commands}/{command}", installed.folder, installed.variables) as address:
        answer = httpx.post(f"{address}/complete", json={"text": text}, timeout=60)
        assert answer.status_code == 200
        first: str = answer.json()["suggestions"][0]["text"]
        return first


@pytest.mark.slow
def test_pipx_installs_a_service(install: Install, wheel: Path) -> None:
    installed = install(f"pipx install {wheel}", "venvs/tsuzuki")
    check_installed(installed)
    assert check_answers(installed, "tsuzuki", "the d")
    trained = installed.run("tsuzuki train text.txt --out mine")
    assert trained.returncode == 2 and "training needs matplotlib and tqdm" in trained.stderr
    drawn = installed.run("tsuzuki evaluate mine held-out.txt --plot plot.png")
    assert drawn.returncode == 2 and "a plot needs matplotlib:" in drawn.stderr


@pytest.mark.slow
def test_uv_installs_what_trains_a_model_and_serves_it(install: Install, wheel: Path) -> None:
    installed = install(f"uv tool install tsuzuki[train]@{wheel.as_uri()}", "tsuzuki")
    check_installed(installed)
    (installed.folder / "text.txt").write_text(training_text(400), "utf-8")
    (installed.folder / "held-out.txt").write_text(training_text(20), "utf-8")
    trained = installed.run(f"tsuzuki train text.txt --out mine {SMALL}")
    assert trained.returncode == 0, trained.stderr[-3000:]
    # It says what to do next, and that is done.
    following = re.findall(r"^    (tsuzuki .*)$", trained.stdout, re.MULTILINE)
    assert len(following) == 2
    measured = installed.run(following[0].replace("HELD-OUT.txt", "held-out.txt"))
    assert measured.returncode == 0 and "keystroke_savings@3" in measured.stdout, measured.stderr[-3000:]
    assert check_answers(installed, following[1], "The do") == "dog"
