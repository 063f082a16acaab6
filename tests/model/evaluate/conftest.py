"""The evaluation command, run in this process, and two files to measure."""

import json
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self

import pytest

from model.evaluate import evaluation as module
from model.evaluate.__main__ import main

CHAT = [["The dog eats my food.", "I'd like an apple, please"], ["Hello world!", "it's 5 o'clock", "may I help?"]]
MAIL = [["My cat doesn't know London", "the café is well-known"]]


class OneProcess:
    """Stands in for the pool of processes, the start of which costs seconds."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(work(*arguments))
        return future


def write(path: Path, text: list[list[str]]) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n\n".join("\n".join(lines) for lines in text) + "\n", "utf-8")
    return path


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    return write(tmp_path / "chat.txt", CHAT)


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    return write(tmp_path / "mail.txt", MAIL)


Command = Callable[..., tuple[int, str, str]]
Measured = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command in this process; gives its exit status and what it wrote to stdout and stderr."""
    monkeypatch.setattr(module, "ProcessPoolExecutor", OneProcess)

    def run(*arguments: Any) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def measured(command: Command, tiny_folder: Path, tmp_path: Path) -> Measured:
    """Run the command on the tiny model; gives its JSON without the times, which differ."""

    def run(*arguments: Any) -> list[dict[str, Any]]:
        assert command(tiny_folder, *arguments, "--json", tmp_path / "out.json")[0] == 0
        report: list[dict[str, Any]] = json.loads((tmp_path / "out.json").read_text("utf-8"))
        for result in report:
            for by_name in result["files"].values():
                by_name.pop("seconds_per_suggestion", None)
        return report

    return run
