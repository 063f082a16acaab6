"""The training command: what it leaves behind, stopping and going on, starting from a model."""

import itertools
import json
import re
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from model.lm.ngrams import NGRAMS
from model.lm.storage import COMMON, CONFIG, LEXICON, SPELLING, WEIGHTS, WORDS, load_model
from model.lm.words.known_words import KNOWN_WORDS, KnownWords
from model.nn import backprop
from model.nn.perplexity import perplexity, token_losses
from model.train import ngrams, spelling
from model.train.checkpoint import load_checkpoint
from model.train.progress import load_log
from tests.model.train.conftest import NETWORK_ALONE, SIZES, Command, refused


def weights(out: Path) -> bytes:
    return (out / WEIGHTS).read_bytes()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_seed_gives_the_same_bytes(threads: int, text: Path, tmp_path: Path, command: Command) -> None:
    for out, seed in (("one", 1), ("again", 1), ("other", 2)):
        arguments = [text, *SIZES, *NETWORK_ALONE, "--epochs=1", f"--seed={seed}", f"--threads={threads}"]
        assert command(*arguments, "--out", tmp_path / out)[0] == 0
    assert weights(tmp_path / "one") == weights(tmp_path / "again") != weights(tmp_path / "other")


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_every_cell_gives_a_model_that_loads(cell: str, text: Path, tmp_path: Path, command: Command) -> None:
    out = tmp_path / "out"
    assert command(text, *SIZES, *NETWORK_ALONE, "--cell", cell, "--epochs=2", "--out", out)[0] == 0
    model = load_model(out)
    assert (model.network.config.cell, model.network.config.embedding, model.network.config.hidden) == (cell, 6, 8)
    figures = model.information["training"]
    assert figures["steps"] == load_checkpoint(out)[1]["step"] == load_log(out / "log.jsonl")[-1]["step"]
    assert figures["options"]["epochs"] == 2 and figures["device"] == "cpu"
    losses = [line["loss"] for line in load_log(out / "log.jsonl") if "loss" in line]
    assert losses[-1] < losses[0]


def test_a_budget_given_alone_is_the_budget(
    text: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.count(0, 0.01)
    monkeypatch.setattr("model.train.trainer.time", SimpleNamespace(perf_counter=lambda: next(clock)))

    def position(*budget: str) -> dict[str, Any]:
        out = tmp_path / "".join(budget)
        assert command(text, *SIZES, *NETWORK_ALONE, *budget, "--out", out)[0] == 0
        return load_checkpoint(out)[1]

    an_epoch, two = position(), position("--epochs=2")
    assert two["tokens"] == pytest.approx(2 * an_epoch["tokens"], rel=0.05)
    assert position("--epochs=2", "--minutes=1000")["tokens"] == two["tokens"]
    minutes = position("--minutes=0.05")
    assert minutes["seconds"] == pytest.approx(3, abs=0.02) and minutes["tokens"] > two["tokens"]


def test_a_model_is_replaced_only_by_force(text: Path, tmp_path: Path, command: Command) -> None:
    def contents() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}

    out = tmp_path / "out"
    assert command(text, *SIZES, "--epochs=0.5", "--out", out)[0] == 0
    KnownWords.of({"egret"}, set(), set(), set(), 100).save(out / KNOWN_WORDS)
    (out / COMMON).write_bytes(b"of another vocabulary")
    before = contents()
    refused(command(text, *SIZES, "--epochs=1", "--out", out), f"{out} holds a model", "--force", "--resume")
    assert contents() == before

    new = tmp_path / "new.txt"
    new.write_text("The printer needs toner. I like the printer.\n\n" * 200, "utf-8")
    assert command(new, *SIZES, *NETWORK_ALONE, "--epochs=1", "--force", "--out", out)[0] == 0
    left = contents()
    # A list of words that exist fits every model, what was made from the text before does not.
    assert left[out / KNOWN_WORDS] == before[out / KNOWN_WORDS]
    assert not {out / NGRAMS, out / COMMON, out / SPELLING / WORDS} & left.keys()
    model = load_model(out)
    assert "printer" in model.vocabulary and "dog" not in model.vocabulary
    assert model.ngrams is None and model.spelling is None


def test_one_command_gives_what_three_give(
    text: Path, tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    one, three = tmp_path / "one", tmp_path / "three"
    budget = [*SIZES, "--epochs=1", "--threads=1"]
    assert command(text, *budget, "--out", one)[0] == 0
    assert command(text, *budget, *NETWORK_ALONE, "--out", three)[0] == 0
    alone = load_model(three)
    assert alone.ngrams is None and alone.spelling is None
    assert ngrams.main([str(three)]) == 0
    assert spelling.main([str(three), str(text)]) == 0
    for name in (WEIGHTS, WORDS, NGRAMS, f"{SPELLING}/{WEIGHTS}", f"{SPELLING}/{LEXICON}"):
        assert (one / name).read_bytes() == (three / name).read_bytes(), name


def test_it_reports_each_part_in_a_line(
    text: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[str] = []
    monkeypatch.setattr("builtins.print", lambda *words, **_: printed.append(" ".join(map(str, words))))
    shown = command(text, *SIZES, "--epochs=2", "--out", tmp_path)[1]
    for stage in ("counting the lines of toy", "encoding the tokens of toy"):
        assert re.search(rf"^{stage}: [\d.]+k? \[", shown, re.MULTILINE), shown
    assert re.search(r"^100\.0% \|\S+\| [\d.]+k? tokens, [\d,]+ tokens/s, loss [\d.]+, 00:00 left", shown, re.MULTILINE)
    model = load_model(tmp_path)
    with_ngrams = model.information["ngrams"]
    told = "\n".join(printed)
    assert re.search(r"^spelling: [\d,]+ rarer words, [\d,]+ left out as typos; perplexity per character", told, re.M)
    alone = load_log(tmp_path / "log.jsonl")[-1]["validation_perplexity"]
    assert (
        f"{tmp_path}: {len(model.vocabulary)} words, validation perplexity {alone:.1f}, "
        f"{with_ngrams['validation_perplexity']:.1f} with n-grams at a share of {with_ngrams['share']:.2f}\n"
    ) in told


def test_a_text_without_blank_lines_is_noted(text: Path, toy_text: str, tmp_path: Path, command: Command) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text(re.sub("\n+", "\n", toy_text * 4), "utf-8")
    for path, is_noted in ((text, False), (lines, True)):
        status, told = command(path, *SIZES, *NETWORK_ALONE, "--epochs=0.1", "--out", tmp_path / path.stem)
        assert status == 0
        assert bool(re.search(r"^note: the text has \d+ documents, for a blank line ends one", told, re.M)) == is_noted


def test_at_its_end_it_says_what_to_do_next(
    text: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    printed: list[str] = []
    monkeypatch.setattr("builtins.print", lambda *words, **_: printed.append(" ".join(map(str, words))))
    out = tmp_path / "my model"
    assert command(text, *SIZES, *NETWORK_ALONE, "--epochs=0.5", "--out", out)[0] == 0
    told = "\n".join(printed)
    assert f"python -m model.evaluate '{out}'" in told and f"python -m app --models mine='{out}'" in told


def test_a_stopped_run_ends_as_it_was_begun(
    text: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopping(*arguments: Any, **named: Any) -> Any:
        signal.raise_signal(signal.SIGTERM)
        return backprop.gradients(*arguments, **named)

    for out, options in ((tmp_path / "all", []), (tmp_path / "network", NETWORK_ALONE)):
        with monkeypatch.context() as patch:
            patch.setattr("model.train.trainer.gradients", stopping)
            assert command(text, *SIZES, *options, "--epochs=0.5", "--out", out)[0] == 128 + signal.SIGTERM
        assert load_model(out).ngrams is None
        assert command("--resume", "--out", out)[0] == 0
        model = load_model(out)
        assert (model.ngrams is None) == (model.spelling is None) == bool(options)


def test_the_weights_that_predict_best_are_kept(
    text: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    perplexities = iter([50.0, 40.0, 40.1, 60.0, 70.0, 80.0])
    monkeypatch.setattr("model.train.run.perplexity", lambda losses: next(perplexities))
    options = [*SIZES, *NETWORK_ALONE, "--validate-every=10", "--epochs=0.8", "--checkpoint-minutes=1e-8"]
    assert command(text, *options, "--out", out)[0] == 0
    figures = json.loads((out / CONFIG).read_text("utf-8"))["training"]
    # 40.1 is as good as 40.0, and was reached later.
    assert (figures["steps"], figures["validation_perplexity"]) == (30, 40.1)
    arrays, position = load_checkpoint(out)
    assert position["step"] > 50
    saved = load_model(out).network.weights["embedding"]
    assert not np.allclose(saved, arrays["weight.embedding"], atol=1e-3)


def test_a_model_learns_the_words_of_new_text(text: Path, tmp_path: Path, command: Command) -> None:
    base, tuned, start_of = tmp_path / "base", tmp_path / "tuned", tmp_path / "start"
    assert command(text, *SIZES, *NETWORK_ALONE, "--epochs=3", "--out", base)[0] == 0
    new = tmp_path / "new.txt"
    new.write_text("The printer needs toner.\nI likes the printer.\n\n" * 200, "utf-8")
    run = [new, *SIZES[2:], *NETWORK_ALONE, "--init-from", base]
    assert command(*run, "--peak-rate=1e-9", "--epochs=0.1", "--out", start_of)[0] == 0
    assert command(*run, "--epochs=5", "--peak-rate=0.01", "--out", tuned)[0] == 0
    before, begun, after = (load_model(folder) for folder in (base, start_of, tuned))
    assert {"printer", "needs", "toner"} <= set(after.vocabulary.forms) - set(before.vocabulary.forms)
    assert set(before.vocabulary.forms) < set(after.vocabulary.forms)
    for form in before.vocabulary.forms:
        old, now = before.vocabulary.id_of(form), begun.vocabulary.id_of(form)
        np.testing.assert_allclose(
            begun.network.weights["embedding"][now], before.network.weights["embedding"][old], atol=1e-3
        )
    ids = np.fromfile(tuned / "corpus" / "validation.bin", dtype=np.uint16)
    assert perplexity(token_losses(after.network, ids)) < 0.5 * perplexity(token_losses(begun.network, ids))

    status, written = command(*run, "--hidden=16", "--out", tmp_path / "none")
    assert status == 2 and "--hidden 16" in written and "8" in written
    assert not (tmp_path / "none").exists()


def test_a_loss_that_is_no_number_keeps_the_last_checkpoint(
    text: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def failing(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        result = backprop.gradients(*arguments, **named)
        return result._replace(loss=float("nan")) if calls == 6 else result

    monkeypatch.setattr("model.train.trainer.gradients", failing)
    out = tmp_path / "out"
    arguments = [text, *SIZES, *NETWORK_ALONE, "--threads=1", "--epochs=3", "--out", out]
    status, written = command(*arguments, "--checkpoint-minutes=1e-8")
    assert status == 1 and "Traceback" not in written
    message = written.splitlines()[-1]
    assert message.startswith("error: the loss is not finite at step 6") and f"checkpoint is in {out}" in message
    arrays, position = load_checkpoint(out)
    assert position["step"] == 5
    assert all(np.isfinite(value).all() for value in arrays.values())
    load_model(out)


def test_without_a_checkpoint_none_is_promised(
    text: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    assert command(text, *SIZES, *NETWORK_ALONE, "--epochs=0.1", "--out", out)[0] == 0
    before = weights(out)
    monkeypatch.setattr(
        "model.train.trainer.gradients", lambda *a, **named: backprop.gradients(*a, **named)._replace(loss=float("inf"))
    )
    text.write_text(text.read_text("utf-8") + "The printer needs toner.\n\n" * 40, "utf-8")
    status, written = command(text, *SIZES, *NETWORK_ALONE, "--threads=1", "--force", "--out", out)
    assert status == 1 and "Traceback" not in written
    message = written.splitlines()[-1]
    assert message.startswith("error: the loss is not finite at step 1") and "checkpoint is in" not in message
    assert weights(out) == before
    # What lies there belongs to the text before, which is no longer prepared.
    monkeypatch.undo()
    refused(command("--resume", "--out", out), "other text")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_weights_too_large_for_the_file_are_not_saved_over_good_ones(
    text: Path, tmp_path: Path, command: Command
) -> None:
    out = tmp_path / "out"
    assert command(text, *SIZES, *NETWORK_ALONE, "--epochs=0.1", "--out", out)[0] == 0
    before = weights(out), load_checkpoint(out)[1]["step"]
    runaway = [*SIZES, *NETWORK_ALONE, "--peak-rate=9e8", "--warm-up=0", "--epochs=0.3", "--force"]
    status, written = command(text, *runaway, "--out", out)
    assert status in (1, 2) and written.splitlines()[-1].startswith("error: ")
    assert (weights(out), load_checkpoint(out)[1]["step"]) == before


def test_a_line_of_the_log_that_was_cut_does_not_matter(text: Path, tmp_path: Path, command: Command) -> None:
    out = tmp_path / "out"
    assert command(text, *SIZES, *NETWORK_ALONE, "--epochs=1", "--out", out)[0] == 0
    whole = load_log(out / "log.jsonl")
    with (out / "log.jsonl").open("a") as file:
        file.write('{"step": 1000, "los')
    assert command("--resume", "--out", out)[0] == 0
    assert load_log(out / "log.jsonl") == whole


def test_resuming_after_the_corpus_is_gone(text: Path, tmp_path: Path, command: Command) -> None:
    out = tmp_path / "out"
    assert command(text, *SIZES, *NETWORK_ALONE, "--epochs=0.2", "--out", out)[0] == 0
    assert json.loads((out / CONFIG).read_text("utf-8"))["training"]["steps"] > 0
    (out / "corpus" / "corpus.json").unlink()
    refused(command("--resume", "--out", out), "corpus")
    (out / "corpus" / "words.txt").unlink()
    refused(command("--resume", "--out", out), "words.txt")


def test_a_resumed_run_validates_as_it_did_before(
    text: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def validations(out: Path) -> list[dict[str, Any]]:
        return [line for line in load_log(out / "log.jsonl") if "validation_perplexity" in line]

    def stopping(*arguments: Any, **named: Any) -> Any:
        signal.raise_signal(signal.SIGTERM)
        return backprop.gradients(*arguments, **named)

    whole, parted = tmp_path / "whole", tmp_path / "parted"
    arguments = [text, *SIZES, *NETWORK_ALONE, "--threads=1", "--validate-every=7", "--epochs=1"]
    assert command(*arguments, "--out", whole)[0] == 0
    with monkeypatch.context() as patch:
        patch.setattr("model.train.trainer.gradients", stopping)
        assert command(*arguments, "--out", parted)[0] == 128 + signal.SIGTERM
    assert command("--resume", "--threads=1", "--out", parted)[0] == 0
    assert len(validations(whole)) > 2
    assert [line for line in validations(parted) if line["step"] != 1] == validations(whole)
