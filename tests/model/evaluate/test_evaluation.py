"""The evaluation command on a tiny model: its figures against brute force, its options, and every way it says no."""

import json
import re
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from model.evaluate import evaluation as module
from model.evaluate.__main__ import main, parser
from model.evaluate.baseline import frequency_model
from model.evaluate.metrics import typing_measures
from model.evaluate.simulated_typing import ModelSuggester, TypedWord, TypingTrial
from model.lm.language_model import LanguageModel
from model.lm.storage import WEIGHTS, load_model, save_model
from model.text.tokens import LINE_END, TEXT_START, UNKNOWN, tokens
from tests.model.tiny_model import random_model

CHAT = [["The dog eats my food.", "I'd like an apple, please"], ["Hello world!", "it's 5 o'clock", "may I help?"]]
MAIL = [["My cat doesn't know London", "the café is well-known"]]
STEPS = 16


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


def losses(model: LanguageModel, text: list[list[str]]) -> tuple[list[float], int]:
    """−ln P of each token after those of its block and of the one before it; and how many are unknown."""
    vocabulary, network = model.vocabulary, model.network
    ids: list[int] = []
    for lines in text:
        ids.append(vocabulary.id_of(TEXT_START))
        for line in lines:
            ids += vocabulary.encode([token.form for token in tokens(line)])
            ids.append(vocabulary.id_of(LINE_END))
    found = []
    for i, wanted in enumerate(ids[1:]):
        state = network.zero_state(1)
        for read in ids[max(0, i // STEPS - 1) * STEPS : i + 1]:
            state = network.step(np.array([read]), state)
        logits = network.logits(network.project(state))[0].astype(np.float64)
        found.append(float(np.log(np.exp(logits).sum()) - logits[wanted]))
    return found, ids[1:].count(vocabulary.id_of(UNKNOWN))


def typed(model: LanguageModel, text: list[list[str]]) -> list[TypedWord]:
    """All words of a file, its lines numbered through."""
    trial, lengths = TypingTrial(ModelSuggester(model, 64)), [len(lines) for lines in text]
    firsts = [sum(lengths[:i]) for i in range(len(text))]
    return [word for lines, first in zip(text, firsts, strict=True) for word in trial.words(lines, first)]


def test_every_figure_of_every_file_and_of_all(measured: Measured, tiny_folder: Path, chat: Path, mail: Path) -> None:
    (result,) = measured(chat, mail)
    model = load_model(tiny_folder)
    assert (result["model"], result["vocabulary"]) == (str(tiny_folder), len(model.vocabulary))
    assert list(result["files"]) == ["chat.txt", "mail.txt", "all"]
    every_loss, every_unknown = [], 0
    for name, text in (("chat.txt", CHAT), ("mail.txt", MAIL)):
        of_file, unknown = losses(model, text)
        every_loss += of_file
        every_unknown += unknown
        found = result["files"][name]
        assert found["perplexity"]["value"] == pytest.approx(np.exp(np.mean(of_file)), rel=1e-4)
        assert found["perplexity"]["n"] == len(of_file)
        assert found["unknown_share"]["value"] == unknown / len(of_file) > 0
        for measure, expected in typing_measures(typed(model, text)).items():
            assert (found[measure]["value"], found[measure]["n"]) == (expected.value, expected.n)
            assert tuple(found[measure]["interval"]) == pytest.approx(expected.interval)
    everything = result["files"]["all"]
    assert everything["perplexity"]["value"] == pytest.approx(np.exp(np.mean(every_loss)), rel=1e-4)
    assert everything["unknown_share"]["value"] == pytest.approx(every_unknown / len(every_loss))
    # Lines of two files are not the same lines, though their numbers are.
    mails = [word._replace(line=word.line + 100) for word in typed(model, MAIL)]
    for measure, expected in typing_measures(typed(model, CHAT) + mails).items():
        assert everything[measure]["value"] == pytest.approx(expected.value)
        assert tuple(everything[measure]["interval"]) == pytest.approx(expected.interval)
    assert {"calibration_error_next_word", "calibration_error_complete"} < set(everything)


def test_the_table_shows_the_figures_of_the_json(
    command: Command, tiny_folder: Path, chat: Path, mail: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.json"
    status, table, _ = command(tiny_folder, chat, mail, "--json", out)
    assert status == 0
    rows = [re.split(r" *\| *", line.strip("| ")) for line in table.splitlines() if line.startswith("|")]
    (result,) = json.loads(out.read_text("utf-8"))
    assert f"**{tiny_folder}**, V = {result['vocabulary']}" in table
    assert rows[0] == ["measure", *result["files"]] and set("".join(rows[1])) == {"-"}
    assert [row[0] for row in rows[2:]] == list(result["files"]["all"])
    for name, *cells in rows[2:]:
        for cell, by_name in zip(cells, result["files"].values(), strict=True):
            value, n = re.fullmatch(r"([\d.]+)(?: \([\d.]+ to [\d.]+\))? n=([\d,]+)", cell).groups()  # type: ignore[union-attr]
            places = len(value.partition(".")[2])
            assert float(value) == pytest.approx(by_name[name]["value"], abs=10**-places)
            assert int(n.replace(",", "")) == by_name[name]["n"]


def test_against_the_baseline_and_another_model(
    measured: Measured, tiny_folder: Path, chat: Path, tmp_path: Path
) -> None:
    other = random_model(9, "gru", {"the": 50, "dog": 20, "eats": 3, "apple": 2})
    save_model(tmp_path / "other", other.vocabulary, other.network, {})
    results = measured(chat, "--against=frequency", "--against", tmp_path / "other")
    assert [result["model"] for result in results] == [str(tiny_folder), "frequency", str(tmp_path / "other")]
    models = [
        load_model(tiny_folder),
        frequency_model(load_model(tiny_folder).vocabulary),
        load_model(tmp_path / "other"),
    ]
    for result, model in zip(results, models, strict=True):
        found = result["files"]["all"]
        assert result["vocabulary"] == len(model.vocabulary)
        assert found["perplexity"]["value"] == pytest.approx(np.exp(np.mean(losses(model, CHAT)[0])), rel=1e-4)
        for measure, expected in typing_measures(typed(model, CHAT)).items():
            assert found[measure]["value"] == pytest.approx(expected.value)


def test_a_sample_is_seeded_and_of_about_so_many_words(measured: Measured, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    words = ["the", "dog", "apple", "application", "I", "may", "known", "eats", "London", "5"]
    text = write(tmp_path / "long.txt", [[" ".join(rng.choice(words, 5)) for _ in range(10)] for _ in range(20)])
    first, again, other = (measured(text, "--max-words=100", f"--seed={seed}") for seed in (1, 1, 2))
    assert first == again != other
    whole = measured(text)[0]["files"]["all"]
    for sample in (first, other):
        found = sample[0]["files"]["all"]
        assert 80 <= found["next_word_top1"]["n"] <= 105 < whole["next_word_top1"]["n"]
        # Perplexity is always of everything.
        assert found["perplexity"] == whole["perplexity"]
    assert measured(text, "--max-words=100000")[0]["files"]["all"] == whole


def test_lines_of_a_sample_are_typed_after_the_lines_before_them(tiny_folder: Path, chat: Path) -> None:
    options = parser().parse_args([str(tiny_folder), str(chat), "--max-words=8"])
    ((part, (first, wanted)),) = module._parts(CHAT, options)
    assert wanted is not None and 0 < len(wanted) < 5
    model = load_model(tiny_folder)
    sample = module._type(str(tiny_folder), options, CHAT[part], (first, wanted)).words
    whole = [word for word in typed(model, CHAT) if word.line in wanted]
    assert [(w.line, [ask[:3] for ask in w.asks]) for w in sample] == [(w.line, [a[:3] for a in w.asks]) for w in whole]


def test_typos_bring_the_figures_of_corrections(measured: Measured, chat: Path) -> None:
    (plain,), (typos,) = measured(chat), measured(chat, "--typos")
    assert not any(name.startswith("correction") for name in plain["files"]["all"])
    for name in ("correction_precision", "correction_recall", "right_words_changed", "correction_recall, omission"):
        assert 0 <= typos["files"]["all"][name]["value"] <= 1
    assert typos["files"]["all"]["next_word_top1"] == plain["files"]["all"]["next_word_top1"]


def test_perplexity_alone(measured: Measured, chat: Path) -> None:
    (result,) = measured(chat, "--perplexity-only")
    assert list(result["files"]["all"]) == ["perplexity", "unknown_share"]
    assert result["files"]["all"]["perplexity"] == measured(chat)[0]["files"]["all"]["perplexity"]


def test_files_of_the_same_name_are_told_apart(measured: Measured, chat: Path, tmp_path: Path) -> None:
    twin = write(tmp_path / "more" / "chat.txt", MAIL)
    folder = write(tmp_path / "all" / "a.txt", CHAT).parent
    (result,) = measured(chat, twin, folder)
    assert list(result["files"]) == [str(chat), str(twin), str(folder), "all"]
    n = [by_name["next_word_top1"]["n"] for by_name in result["files"].values()]
    assert n == [17, 9, 17, 43]


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


def test_the_reliability_diagram_is_a_png(command: Command, tiny_folder: Path, chat: Path, tmp_path: Path) -> None:
    assert command(tiny_folder, chat, "--plot", tmp_path / "diagram")[0] == 0
    assert (tmp_path / "diagram").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_several_processes_find_the_same(
    measured: Measured, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = write(tmp_path / "long.txt", [*CHAT, *MAIL] * 40)
    alone = measured(text)
    whole = typing_measures(typed(load_model(tiny_folder), [*CHAT, *MAIL] * 40))["keystroke_savings@3"]
    assert alone[0]["files"]["all"]["keystroke_savings@3"] == whole._asdict() | {"interval": [*(whole.interval or ())]}
    monkeypatch.undo()
    assert measured(text) == alone
