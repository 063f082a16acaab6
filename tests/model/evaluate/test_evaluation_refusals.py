"""What the evaluation command asks of its input, and every way in which it says no."""

import re
from pathlib import Path

import pytest

from model.evaluate import evaluation as module
from model.lm.storage import WEIGHTS
from tests.model.evaluate.conftest import Command, write


def test_a_file_without_words(command: Command, tiny_folder: Path, chat: Path, tmp_path: Path) -> None:
    numbers = write(tmp_path / "numbers.txt", [["12 + 30 = 42"]])
    status, table, _ = command(tiny_folder, numbers, chat)
    assert status == 0 and "| next_word_top1 | – | 0." in table
    assert "next_word" not in command(tiny_folder, numbers)[1]


@pytest.mark.parametrize(
    ("requirements", "failed"),
    [
        (["perplexity>=1"], []),
        (["perplexity <= 1"], ["perplexity <= 1"]),
        (["keystroke_savings@3>=.01", "keystroke_savings@5 <= 1.0"], []),
        (["next_word_top1>=0.99", "perplexity>=1", "unknown_share<=0"], ["next_word_top1>=0.99", "unknown_share<=0"]),
    ],
)
def test_requirements(
    requirements: list[str], failed: list[str], command: Command, tiny_folder: Path, chat: Path
) -> None:
    options = [f"--require={requirement}" for requirement in requirements]
    status, table, error = command(tiny_folder, chat, "--against=frequency", *options)
    assert status == (1 if failed else 0) and "perplexity" in table
    told = [re.fullmatch(r"not met: (.*) \(measured \d+\.\d{4}\)", line) for line in error.splitlines()]
    assert [match and match[1] for match in told] == failed


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--require=keystrokes>=0.1"], "--require 'keystrokes>=0.1': write NAME>=X"),
        (["--require=perplexity<=1.2.3"], "--require 'perplexity<=1.2.3'"),
        (["--require=next_word_top1>=0", "--perplexity-only"], "NAME one of perplexity, unknown_share"),
        (["--against=nowhere"], "nowhere/config.json: not a readable JSON file: No such file"),
        (["missing.txt"], "missing.txt: no such file"),
        (["blank.txt"], "blank.txt: there is no text in it"),
        (["--max-words=0"], "--max-words 0: must be above 0"),
        (["--seed=-1"], "--seed -1: must not be below 0"),
        (["--json=none/out.json"], "none/out.json: no file can be written there"),
        (["--plot=."], ".: no file can be written there"),
    ],
)
def test_bad_input_is_one_line_before_any_work(
    arguments: list[str], told: str, command: Command, tiny_folder: Path, chat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(chat.parent)
    Path("blank.txt").write_text("\n \n\n")
    monkeypatch.setattr(module, "_type", None)
    status, out, error = command(tiny_folder, chat, *arguments)
    assert (status, out) == (2, "")
    assert error.startswith("error: ") and told in error and error.count("\n") == 1


def test_not_a_model(command: Command, chat: Path, tmp_path: Path, damaged_folder: Path) -> None:
    for folder in (tmp_path / "nothing", tmp_path, chat, damaged_folder):
        status, _, error = command(folder, chat)
        assert status == 2 and error.startswith("error: ") and error.count("\n") == 1
    assert str(damaged_folder / WEIGHTS) in error
