"""Training on pairs: what the command leaves behind, that it learns to copy and reverse, how it goes on."""

import json
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.errors import ModelError
from model.lm.pair_model import PairModel, load_pair_model
from model.lm.storage import CONFIG, WEIGHTS, load_model
from model.nn import pair_backprop
from model.train.checkpoint import load_checkpoint
from model.train.dataset import Epoch
from model.train.pairs.__main__ import main
from model.train.pairs.dataset import PairDataset, Pairs, batches
from model.train.progress import load_log
from tests.model.train.conftest import Command, in_process

SIZES = ["--embedding=8", "--hidden=12", "--batch=16", "--threads=2"]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command in this process."""
    return in_process(main, monkeypatch, capsys)


def strings(number: int, letters: int, alphabet: str, seed: int = 1) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices(alphabet, k=letters)) for _ in range(number)]


def a_file(path: Path, pairs: list[tuple[str, str]]) -> Path:
    path.write_text("".join(f"{message}\t{reply}\n" for message, reply in pairs), "utf-8")
    return path


@pytest.fixture
def sentences(tmp_path: Path) -> Path:
    """Questions with their answers, of many lengths."""
    rng = random.Random(2)
    pairs = []
    for _ in range(300):
        who = " and ".join(rng.sample(["Anna", "the dog", "my friend", "London"], rng.randint(1, 3)))
        pairs.append((f"Do you like {who}?", rng.choice(["Yes.", "No, I don't.", f"I like {who}."])))
    return a_file(tmp_path / "pairs.tsv", pairs)


def right(model: PairModel, messages: list[str], change: Callable[[str], str]) -> float:
    return sum("".join(model.answer(message)) == change(message) for message in messages) / len(messages)


def backwards(text: str) -> str:
    return text[::-1]


@pytest.mark.parametrize("change", [str, backwards], ids=["copy", "reverse"])
def test_short_strings_are_copied_and_reversed(change: Callable[[str], str], tmp_path: Path, command: Command) -> None:
    made = strings(3000, 5, "abcdefgh")
    file = a_file(tmp_path / "pairs.tsv", [(text, change(text)) for text in made])
    out = tmp_path / "out"
    arguments = ["--unit=characters", "--embedding=24", "--hidden=48", "--batch=32", "--peak-rate=0.01", "--epochs=6"]
    assert command(file, *arguments, "--out", out)[0] == 0
    new = [text for text in strings(120, 5, "abcdefgh", seed=3) if text not in set(made)]
    assert len(new) > 50
    assert right(load_pair_model(out), new, change) > 0.95


@pytest.mark.slow
@pytest.mark.parametrize("change", [str, backwards], ids=["copy", "reverse"])
def test_strings_of_twenty_letters_are_copied_and_reversed(
    change: Callable[[str], str], tmp_path: Path, command: Command
) -> None:
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    file = a_file(tmp_path / "pairs.tsv", [(text, change(text)) for text in strings(20_000, 20, alphabet)])
    out = tmp_path / "out"
    arguments = ["--unit=characters", "--embedding=64", "--hidden=128", "--peak-rate=0.005", "--epochs=1.8"]
    assert command(file, *arguments, "--out", out)[0] == 0
    # None of these, of 26^20, was trained on.
    assert right(load_pair_model(out), strings(100, 20, alphabet, seed=3), change) == 1


@pytest.mark.parametrize("cell", ["rnn", "lstm", "lstmp", "gru"])
@pytest.mark.parametrize("attention", [True, False])
def test_every_cell_gives_a_model_that_loads(
    cell: str, attention: bool, sentences: Path, tmp_path: Path, command: Command
) -> None:
    out = tmp_path / "out"
    more = [] if attention else ["--no-attention"]
    assert command(sentences, *SIZES, *more, "--cell", cell, "--epochs=3", "--out", out)[0] == 0
    model = load_pair_model(out)
    assert (model.network.config.cell, model.network.config.attention, model.unit) == (cell, attention, "words")
    figures = model.information["training"]
    assert figures["steps"] == load_checkpoint(out)[1]["step"] == load_log(out / "log.jsonl")[-1]["step"]
    losses = [line["loss"] for line in load_log(out / "log.jsonl") if "loss" in line]
    assert losses[-1] < losses[0]
    assert {"exactly_right", "validation_perplexity"} <= load_log(out / "log.jsonl")[-1].keys()
    assert all(form in model.vocabulary for form in model.answer("Do you like Anna?"))
    # It is no language model, and a language model is none of pairs.
    with pytest.raises(ModelError):
        load_model(out)


def test_a_language_model_answers_nothing(tiny_folder: Path) -> None:
    with pytest.raises(ModelError, match="no model of pairs"):
        load_pair_model(tiny_folder)


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not(
    sentences: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def stopping(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 20:
            signal.raise_signal(signal.SIGTERM)
        return pair_backprop.pair_gradients(*arguments, **named)

    arguments = [sentences, *SIZES[:3], "--threads=1", "--epochs=3", "--dropout=0.2", "--negatives=10"]
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    assert command(*arguments, "--out", whole)[0] == 0
    with monkeypatch.context() as patch:
        patch.setattr("model.train.pairs.run.pair_gradients", stopping)
        status, written = command(*arguments, "--out", parted)
    assert status == 128 + signal.SIGTERM and "go on with --resume" in written
    assert load_checkpoint(parted)[1]["step"] == 20
    assert command("--resume", "--threads=1", "--out", parted)[0] == 0
    assert (whole / WEIGHTS).read_bytes() == (parted / WEIGHTS).read_bytes()


def test_words_and_rows_come_from_a_language_model(
    sentences: Path, tiny_folder: Path, tmp_path: Path, command: Command
) -> None:
    out, base = tmp_path / "out", load_model(tiny_folder)
    width = base.network.config.embedding
    words = base.vocabulary.forms[base.vocabulary.first_word :]
    # Not those of several spellings, of which the start of a sentence chooses one.
    known = [form for form in words if base.vocabulary.encode([form]) == [base.vocabulary.id_of(form)]][:6]
    pairs = [(f"{known[i % 6]} zzyzx", known[(i + 1) % 6]) for i in range(100)]
    file = a_file(tmp_path / "known.tsv", pairs)
    run = [file, "--hidden=8", "--epochs=0.01", "--peak-rate=1e-9", "--embedding-from", tiny_folder, "--out", out]
    assert command(*run)[0] == 0
    model = load_pair_model(out)
    assert set(model.vocabulary.forms) <= set(base.vocabulary.forms)
    assert model.network.config.embedding == width
    for form in known:
        np.testing.assert_allclose(
            model.network.weights["embedding"][model.vocabulary.id_of(form)],
            base.network.weights["embedding"][base.vocabulary.id_of(form)],
            atol=1e-3,
        )
    status, written = command(*run, "--force", f"--embedding={width + 1}")
    assert status == 2 and f"has {width}" in written


def test_batches_hold_every_pair_once_and_messages_of_one_length(
    sentences: Path, tmp_path: Path, command: Command
) -> None:
    out = tmp_path / "out"
    assert command(sentences, *SIZES, "--epochs=0.01", "--out", out)[0] == 0
    dataset = PairDataset(out / "pairs")
    pairs, end = dataset.pairs, dataset.vocabulary.id_of("<eol>")
    chosen = batches(pairs, 16, np.random.default_rng(1))
    assert sorted(np.concatenate(chosen).tolist()) == list(range(len(pairs.lengths[0])))
    assert all(len(part) <= 16 and len(set(pairs.lengths[0][part].tolist())) == 1 for part in chosen)
    seen = []
    for message, inputs, targets in dataset.windows(Epoch(1, 0, False), 16, 35, 0):
        assert (message[-1] == end).all()
        for m, x, y in zip(message.T, inputs.T, targets.T, strict=True):
            reply = y[y >= 0]
            assert reply[-1] == end and (y[len(reply) :] < 0).all()
            assert x[: len(reply)].tolist() == [dataset.vocabulary.id_of("<start>"), *reply[:-1].tolist()]
            seen.append((m.tolist(), reply.tolist()))
    b = pairs.bounds.tolist()
    wanted = [
        (pairs.ids[b[2 * i] : b[2 * i + 1]].tolist(), [*pairs.ids[b[2 * i + 1] : b[2 * i + 2]].tolist(), end])
        for i in range(len(pairs.lengths[0]))
    ]
    assert sorted(seen) == sorted(wanted)
    assert dataset.epoch_tokens() == sum(len(reply) for _, reply in wanted)


def test_empty_sequences_are_sequences() -> None:
    pairs = Pairs(np.array([2, 2, 5], np.uint32), np.array([0, 1, 1, 2, 3]))
    assert [lengths.tolist() for lengths in pairs.lengths] == [[1, 1], [0, 1]]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        (b"no tab\n" * 60, "line 1: 0 tabs"),
        (b"a\tb\tc\n" * 60, "line 1: 2 tabs"),
        (b"Hello.\tHi!\n" * 20, "too few pairs"),
        ("café\tfine\n".encode("latin-1") * 60, "not UTF-8"),
        (b"Hello.\t" + b"long " * 40 + b"\n" + b"Hello.\tHi!\n" * 0, "too few pairs"),
        ((b"Hello.\t" + b"long " * 40 + b"\n") * 60, "longer than --length"),
    ],
)
def test_bad_pairs(content: bytes | None, told: str, tmp_path: Path, command: Command) -> None:
    if content is not None:
        (tmp_path / "pairs.tsv").write_bytes(content)
    status, written = command(tmp_path / "pairs.tsv", *SIZES, "--out", tmp_path / "out")
    assert status == 2 and "Traceback" not in written and told in written
    assert not (tmp_path / "out" / WEIGHTS).exists()


def test_bad_arguments(sentences: Path, tiny_folder: Path, tmp_path: Path, command: Command) -> None:
    out = tmp_path / "out"
    for arguments, told in (
        (["--out", out], "name a file of pairs"),
        (["--resume", "--out", out], "no checkpoint"),
        ([sentences, "--unit=characters", "--embedding-from", tiny_folder, "--out", out], "--unit words"),
    ):
        status, written = command(*arguments)
        assert status == 2 and told in written


def test_a_damaged_model_is_refused(sentences: Path, tmp_path: Path, command: Command) -> None:
    out = tmp_path / "out"
    assert command(sentences, *SIZES, "--epochs=0.1", "--out", out)[0] == 0
    config = json.loads((out / CONFIG).read_text("utf-8"))
    for wrong in ({"attention": 1}, {"attention": False}, {"unit": "lines"}, {"hidden": 13}, {"words_sha256": "0"}):
        (out / CONFIG).write_text(json.dumps(config | wrong), "utf-8")
        with pytest.raises(ModelError):
            load_pair_model(out)
