"""Documented commands run for real: in a copy of the repository, in a shell, beside a service from ``make run``."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from scripts.container.checks import training_text
from tests.app.running import wait_until
from tests.docs.test_links import ROOT

# The address that the pages name.
ADDRESS = "http://127.0.0.1:8000"
# The key that $KEY stands for.
KEY = "0123456789abcdef" * 2
LONGEST = 300  # seconds of a command, where it hangs
_OF_MAKE = {"ARGS", "MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS"}
COPIED = ("app", "benchmarks", "docs", "examples", "model", "scripts", "tsuzuki", "Makefile", "pyproject.toml")
# The texts that the pages take for granted, and how many lines they have here: where they are trained on, enough for
# one batch.
DOCUMENTS = {
    "dev/chat.txt": 4,
    "dev/web.txt": 4,
    "held-out.txt": 12,
    "mails/one.txt": 90,
    "my-mails.txt": 330,
    "tickets.txt": 330,
}
LISTS = {
    "PAIRS": "tomorrow\ttomorow\n",
    "misspelled.txt": "tomorow->tomorrow\n",
    "names.tsv": "Naoki\tname\nbrb\tshorthand\n",
    "words.txt": "egret\n",
}


def copy_of_repository(folder: Path, model: Path) -> Path:
    """A copy to run commands in, with another model in the place of the shipped one, and texts beside it."""
    left_out = shutil.ignore_patterns("en")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=left_out)
        else:
            shutil.copy2(source, folder)
    for lock in ROOT.glob("requirements*.lock"):
        shutil.copy2(lock, folder)
    (folder / "model" / "en").symlink_to(model)
    _make_environment(folder / ".venv")
    _write_inputs(folder)
    return folder


def _make_environment(folder: Path) -> None:
    """The Python of the tests as that of the copy; make takes it for complete, and installs nothing."""
    (folder / "bin").mkdir(parents=True)
    python = folder / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    for stamp in (".runtime", ".train", ".dev"):
        (folder / stamp).touch()


def _write_inputs(folder: Path) -> None:
    for name, documents in DOCUMENTS.items():
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(training_text(documents), "utf-8")
    lines = training_text(90).split("\n\n")
    (folder / "tickets.jsonl").write_text("".join(f'{{"body": "{line.strip()}"}}\n' for line in lines), "utf-8")
    for name, content in LISTS.items():
        (folder / name).write_text(content, "utf-8")
    recipe = (ROOT / "docs" / "train-your-own.md").read_text("utf-8").split("```toml\n# support.toml")[1]
    (folder / "support.toml").write_text("#" + recipe.split("```")[0], "utf-8")


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """What commands find in the environment: the copy's Python first, and a free port in place of 8000."""
    path = f"{folder / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    # Where make runs the tests, it hands its own options and variables on to a make that they run.
    inherited = {name: value for name, value in os.environ.items() if name not in _OF_MAKE}
    # Threads of so small products would only wait for each other.
    return inherited | {"PATH": path, "KEY": KEY, "TSUZUKI_PORT": "0", "OPENBLAS_NUM_THREADS": "1"} | variables


def run(command: str, folder: Path) -> str:
    """What a command prints; the test fails where the command does."""
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )
    assert done.returncode == 0, f"{command}\nended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}"
    return done.stdout


@contextmanager
def service(command: str, folder: Path, variables: Mapping[str, str] | None = None) -> Iterator[str]:
    """A command that serves until the ``with`` ends; gives its address."""
    log = folder / "service.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            command,
            shell=True,
            cwd=folder,
            env=environment(folder, **variables or {}),
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # make, its shell and the service are stopped together
        )
        try:
            announced = "Uvicorn running on "
            wait_until(lambda: announced in log.read_text() or process.poll() is not None)
            text = log.read_text()
            if announced not in text:
                pytest.fail(f"{command}\nended:\n{text[-3000:]}")
            yield text.split(announced)[1].split('"')[0].split()[0]
        finally:
            with suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()
