"""The training command, run in this process, and a text to train on."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from threadpoolctl import threadpool_limits

from model.train.__main__ import main

SIZES = ["--embedding=6", "--hidden=8", "--batch=8", "--length=10", "--negatives=16", "--validation-tokens=100"]
NETWORK_ALONE = ["--no-ngrams", "--no-spelling"]


@pytest.fixture
def text(toy_text: str, tmp_path: Path) -> Path:
    path = tmp_path / "toy.txt"
    path.write_text(toy_text, "utf-8")
    return path


Command = Callable[..., tuple[int, str]]


def in_process(
    main: Callable[[list[str]], int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Make what runs a command in this process; gives its exit status and what it wrote to stderr."""
    monkeypatch.setattr("model.train.run.plot_learning_curve", lambda folder: None)

    def run(*arguments: Any) -> tuple[int, str]:
        with threadpool_limits(1):
            status = main([str(argument) for argument in arguments])
        return status, capsys.readouterr().err.replace("\r", "\n")

    return run


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], one_process: None) -> Command:
    """Run the command in this process."""
    return in_process(main, monkeypatch, capsys)


def refused(result: tuple[int, str], *told: str) -> None:
    """Exit status 2, and after what the counting showed one line that says why."""
    status, written = result
    assert status == 2
    assert "Traceback" not in written and written.count("error: ") == 1
    message = written.rstrip("\n").splitlines()[-1]
    assert message.startswith("error: ")
    for part in told:
        assert part in message
