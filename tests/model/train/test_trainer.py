"""The training loop: it learns, it ends, it can stop and go on at any step, and it always does the same."""

import dataclasses
import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from model.errors import UserError
from model.nn import backprop
from model.nn.backprop import Masks
from model.nn.network import Network
from model.nn.perplexity import perplexity, token_losses
from model.text import encoding
from model.text.corpus import Recipe, Source
from model.train.checkpoint import load_checkpoint, save_checkpoint
from model.train.dataset import Dataset, prepare
from model.train.trainer import NotFiniteError, Trainer, TrainingOptions
from model.train.words.vocabulary import VocabularyOptions

MakeDataset = Callable[[str], Dataset]
MakeNetwork = Callable[..., Network]

# An epoch of the toy text is 26 such steps.
OPTIONS = TrainingOptions(batch=32, length=7, negatives=15, dropout=0.1, peak_rate=0.01, epochs=1000)
STEPS_PER_EPOCH = 26

# "the" and "and" are followed by something else each time: what comes next takes a memory.
POEM = (
    "So the dog eats the food and the cat drinks the milk and then a bird sings the old song "
    "before the man closes the door and a child counts the stars until the day begins."
)


def run(trainer: Trainer, steps: int) -> list[float]:
    """The losses of the next steps."""
    return [step.loss for step in itertools.islice(trainer.steps(), steps)]


def contents(trainer: Trainer) -> dict[str, bytes]:
    return {name: np.ascontiguousarray(value).tobytes() for name, value in trainer.arrays().items()}


@pytest.mark.usefixtures("one_process")
@pytest.mark.parametrize("cell", ["rnn", "lstm", "lstmp", "gru"])
def test_a_text_is_learned_by_heart(
    cell: str, tmp_path: Path, make_network: MakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Documents that break off by chance cannot be foreseen.
    monkeypatch.setattr(encoding, "FRESH_START_SHARE", 0)
    (tmp_path / "poem.txt").write_text(f"{POEM}\n\n" * 100, "utf-8")
    recipe = Recipe([Source(tmp_path / "poem.txt")])
    dataset = prepare(recipe, tmp_path / "corpus", VocabularyOptions(), processes=1, progress=lambda what, done: None)
    network = make_network(dataset.vocabulary, cell, E=16, H=32)
    # Longer than the poem, so that every stretch begins where one does.
    options = TrainingOptions(batch=8, length=45, negatives=25, peak_rate=0.02, epochs=20, warm_up=0.1)
    with threadpool_limits(1):
        losses = run(Trainer(dataset, network, options, threads=1), 1000)
    assert len(losses) < 1000
    assert losses[-1] < 0.05 * losses[0]
    ids = np.array(dataset.ids)
    assert perplexity(token_losses(network, ids[:33])) < 1.05

    length = int(np.flatnonzero(ids == ids[0])[1])
    state = network.zero_state(1)
    foreseen = []
    for now in ids[: 2 * length].astype(np.int64):
        state = network.step(np.array([now]), state)
        foreseen.append(int(network.logits(network.project(state))[0].argmax()))
    forms = dataset.vocabulary.forms
    assert [forms[i] for i in foreseen[: length - 1]] == [forms[i] for i in ids[1:length]]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("stop", [5, STEPS_PER_EPOCH, STEPS_PER_EPOCH + 3])
def test_stopping_and_going_on_changes_no_bit(
    stop: int, threads: int, make_dataset: MakeDataset, make_network: MakeNetwork, tmp_path: Path
) -> None:
    dataset = make_dataset("whole")
    assert (dataset.epoch_tokens() - 1) // OPTIONS.batch // OPTIONS.length == STEPS_PER_EPOCH
    with threadpool_limits(1):
        whole = Trainer(dataset, make_network(dataset.vocabulary), OPTIONS, threads)
        losses = run(whole, 2 * STEPS_PER_EPOCH + 5)

        dataset = make_dataset("halves")
        first = Trainer(dataset, make_network(dataset.vocabulary), OPTIONS, threads)
        begun = run(first, stop)
        save_checkpoint(tmp_path, first.arrays(), first.position())

        second = Trainer(dataset, make_network(dataset.vocabulary), OPTIONS, threads)
        second.restore(*load_checkpoint(tmp_path))
        assert contents(second) == contents(first)
        assert second.position() == first.position()
        assert begun + run(second, len(losses) - stop) == losses
    assert contents(second) == contents(whole)
    place = ("step", "epoch", "window", "tokens")
    assert [second.position()[key] for key in place] == [whole.position()[key] for key in place]
    assert whole.epoch == 2


@pytest.mark.parametrize("threads", [1, 2])
def test_the_seed_decides_every_bit(threads: int, make_dataset: MakeDataset, make_network: MakeNetwork) -> None:
    results = []
    with threadpool_limits(1):
        for number, seed in enumerate([1, 1, 2]):
            dataset = make_dataset(str(number))
            trainer = Trainer(
                dataset, make_network(dataset.vocabulary), dataclasses.replace(OPTIONS, seed=seed), threads
            )
            run(trainer, 10)
            results.append(contents(trainer))
    assert results[0] == results[1]
    assert all(results[0][name] != results[2][name] for name in results[0])


def test_threads_share_the_work_and_change_nothing_else(make_dataset: MakeDataset, make_network: MakeNetwork) -> None:
    results = []
    for threads in (1, 3):
        dataset = make_dataset(str(threads))
        trainer = Trainer(dataset, make_network(dataset.vocabulary, dtype=np.float64), OPTIONS, threads)
        assert [len(shard) for shard in trainer.shards] == {1: [32], 3: [11, 11, 10]}[threads]
        run(trainer, 20)
        results.append(trainer.arrays())
    for name in results[0]:
        np.testing.assert_allclose(results[0][name], results[1][name], rtol=1e-6, atol=1e-9, err_msg=name)


def test_the_loss_falls(make_dataset: MakeDataset, make_network: MakeNetwork) -> None:
    dataset = make_dataset("corpus")
    network = make_network(dataset.vocabulary)
    before = perplexity(token_losses(network, dataset.validation))
    losses = run(Trainer(dataset, network, dataclasses.replace(OPTIONS, epochs=12), threads=1), 1000)
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10])
    assert perplexity(token_losses(network, dataset.validation)) < 0.5 * before
    assert {value.dtype for value in network.weights.values()} == {np.dtype(np.float32)}


def test_training_ends_when_the_epochs_are_read(make_dataset: MakeDataset, make_network: MakeNetwork) -> None:
    dataset = make_dataset("corpus")
    options = dataclasses.replace(OPTIONS, epochs=1.5, warm_up=0.25)
    trainer = Trainer(dataset, make_network(dataset.vocabulary), options, threads=1)
    steps = list(trainer.steps())
    assert trainer.progress == 1
    assert 0 <= trainer.tokens - 1.5 * dataset.epoch_tokens() <= OPTIONS.batch * OPTIONS.length
    assert trainer.tokens == len(steps) * OPTIONS.batch * OPTIONS.length
    rates = [step.rate for step in steps]
    assert rates[0] == 0 and rates[-1] < 0.1 * max(rates)
    assert rates.index(max(rates)) == pytest.approx(0.25 * len(rates), abs=1)
    assert list(trainer.steps()) == []


def test_training_ends_when_the_minutes_are_over(make_dataset: MakeDataset, make_network: MakeNetwork) -> None:
    dataset = make_dataset("corpus")
    options = dataclasses.replace(OPTIONS, epochs=1e6, minutes=0.2 / 60)
    trainer = Trainer(dataset, make_network(dataset.vocabulary), options, threads=1)
    run(trainer, 1_000_000)
    assert trainer.progress == 1
    assert trainer.seconds >= 0.2
    assert trainer.tokens < 0.5 * trainer.total_tokens


def test_gradients_are_clipped(make_dataset: MakeDataset, make_network: MakeNetwork) -> None:
    dataset = make_dataset("corpus")
    moved = []
    for clip in (1e9, 1e-3):
        trainer = Trainer(dataset, make_network(dataset.vocabulary), dataclasses.replace(OPTIONS, clip=clip), threads=1)
        step = next(trainer.steps())
        # After one step the first moment is a tenth of the gradient.
        squares = sum(float((m.astype(np.float64) ** 2).sum()) for m in trainer.adam.first.values())
        moved.append((step.norm, 10 * math.sqrt(squares)))
    assert moved[0][1] == pytest.approx(moved[0][0], rel=1e-4)
    assert moved[1][0] == moved[0][0] > 0.01
    assert moved[1][1] == pytest.approx(1e-3, rel=1e-4)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.filterwarnings("ignore:invalid value", "ignore:overflow")
def test_a_loss_that_is_no_number_stops_before_the_weights_move(
    bad: float, make_dataset: MakeDataset, make_network: MakeNetwork
) -> None:
    dataset = make_dataset("corpus")
    network = make_network(dataset.vocabulary)
    trainer = Trainer(dataset, network, OPTIONS, threads=1)
    run(trainer, 3)
    network.weights["b"][0] = bad
    network.weights["W_in"][0, 0] = bad
    before = contents(trainer)
    with pytest.raises(NotFiniteError, match="at step 4"):
        run(trainer, 1)
    after = contents(trainer)
    for name in network.weights:
        for kind in ("weight", "first", "second"):
            assert after[f"{kind}.{name}"] == before[f"{kind}.{name}"]


def test_too_little_text_for_one_step_is_told_before_the_first(
    make_dataset: MakeDataset, make_network: MakeNetwork
) -> None:
    dataset = make_dataset("corpus")
    trainer = Trainer(dataset, make_network(dataset.vocabulary), dataclasses.replace(OPTIONS, length=200), threads=1)
    before = contents(trainer)
    with pytest.raises(UserError, match=r"too little text: an epoch has \d+ stretches of 200 tokens, a batch 32"):
        run(trainer, 1)
    assert contents(trainer) == before


def test_every_sequence_has_its_own_dropout(
    make_dataset: MakeDataset, make_network: MakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    original = backprop.gradients

    def spy(*arguments: Any, masks: Masks, **named: Any) -> Any:
        seen.append(masks.hidden)
        return original(*arguments, masks=masks, **named)

    monkeypatch.setattr("model.train.trainer.gradients", spy)
    dataset = make_dataset("corpus")
    options = dataclasses.replace(OPTIONS, dropout=0.5)
    run(Trainer(dataset, make_network(dataset.vocabulary), options, threads=2), 2)
    assert [mask.shape for mask in seen] == [(16, 8)] * 4
    assert all((a != b).any() for a, b in itertools.combinations(seen, 2))
