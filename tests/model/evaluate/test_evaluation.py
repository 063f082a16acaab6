"""The evaluation command on a tiny model: its figures against brute force, and its options."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from model.evaluate import evaluation as module
from model.evaluate.__main__ import parser
from model.evaluate.baseline import frequency_model
from model.evaluate.metrics import typing_measures
from model.evaluate.simulated_typing import ModelSuggester, TypedWord, TypingTrial
from model.lm.language_model import LanguageModel
from model.lm.storage import load_model, save_model
from model.text.tokens import LINE_END, TEXT_START, UNKNOWN, tokens
from tests.model.evaluate.conftest import CHAT, MAIL, Command, Measured, write
from tests.model.tiny_model import random_model

STEPS = 16


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
