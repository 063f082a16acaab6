"""The training loop: from batches to updated weights, resumable after any step.

With several threads each takes a share of the batch's sequences, with one BLAS thread: NumPy's loops and
BLAS both release the interpreter's lock, so that all cores work on element-wise passes too.
"""

import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Any, NamedTuple, Protocol

import numpy as np

from model.arrays import Array, Arrays, IntArray
from model.errors import UserError
from model.nn.backprop import Gradients, Masks, dropout_masks, gradients, sum_rows
from model.nn.cells import Workspace
from model.nn.network import Network
from model.nn.optimiser import Adam, clip_factor, learning_rate
from model.nn.softmax import NegativeSampler, RowGradient
from model.text.vocabulary import Vocabulary
from model.train.dataset import Epoch

# Arrays whose columns are the sequences, (…, B); the last holds the targets (T, B), below 0 where there is none.
Batch = tuple[IntArray, ...]

# From this share of the budget on the sources have their late weights.
LATE_FROM = 0.75


@dataclass(frozen=True)
class TrainingOptions:
    """The options of a run; B = batch sequences, T = length time steps, K = negatives (0: full softmax).

    From the share ``full_from`` of the budget on the softmax is full, whatever K.
    """

    batch: int = 64
    length: int = 35
    negatives: int = 1024
    full_from: float = 1.0
    dropout: float = 0.0
    peak_rate: float = 2e-3
    warm_up: float = 0.02
    clip: float = 1.0
    seed: int = 1
    epochs: float = 1.0
    minutes: float | None = None


class TrainingText(Protocol):
    """Text to train on, as token ids of ``vocabulary``.

    ``carries_state``: the windows of an epoch go on where the ones before them ended, and so does the state.
    """

    vocabulary: Vocabulary
    carries_state: bool

    def epoch_tokens(self) -> int:
        """Compute the expected number of tokens in an epoch."""
        ...

    def windows(self, epoch: Epoch, batch: int, length: int, skip: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, without the first ``skip``; the same for the same epoch.

        Raises ``UserError`` where the text is too short for one.
        """
        ...


class Step(NamedTuple):
    """The figures of one step: mean loss in nats a token (of the sample, if sampled), gradient norm, learning rate."""

    loss: float
    norm: float
    rate: float


class NotFiniteError(UserError):
    """The loss or a gradient is not finite; the message gives the step."""


class Trainer:
    """The owner of weights, moments, states and the position in the text; ``steps()`` moves them on."""

    def __init__(self, text: TrainingText, network: Network, options: TrainingOptions, threads: int) -> None:
        self.text, self.network, self.options = text, network, options
        self.xp: ModuleType = network.xp
        self.adam = Adam(self.xp, network.weights)
        self.shards = _split(options.batch, threads)
        self.states = [network.zero_state(len(shard)) for shard in self.shards]
        self.works = [Workspace(self.xp, network.weights["bias"].dtype) for _ in self.shards]
        self.pool = ThreadPoolExecutor(len(self.shards))
        counts = np.asarray(text.vocabulary.counts, dtype=np.float64)
        self.sampler = NegativeSampler(self.xp, counts, options.negatives) if options.negatives else None
        self.epoch = self.window = self.tokens = 0
        self.late = False
        self.seconds = 0.0
        self.total_tokens = max(1, int(options.epochs * text.epoch_tokens()))

    @property
    def progress(self) -> float:
        """The used share of the budget, epochs or minutes, whichever is further; 1 at the end."""
        share = self.tokens / self.total_tokens
        if self.options.minutes is not None:
            share = max(share, self.seconds / (60 * self.options.minutes))
        return min(1.0, share)

    def steps(self) -> Iterator[Step]:
        """Train until the budget is used up; a checkpoint may be taken after each step."""
        while self.progress < 1:
            epoch = Epoch(self.options.seed, self.epoch, self.late)
            for batch in self.text.windows(epoch, self.options.batch, self.options.length, self.window):
                begun = time.perf_counter()
                tokens = int((batch[-1] >= 0).sum())
                step = self._step(batch, tokens)
                self.window += 1
                self.tokens += tokens
                self.seconds += time.perf_counter() - begun
                yield step
                if self.progress >= 1:
                    return
                if self.progress >= LATE_FROM and not self.late:
                    break
            self.epoch, self.window = self.epoch + 1, 0
            self.late = self.progress >= LATE_FROM

    def shard_gradients(self, number: int, batch: tuple[Array, ...], **shared: Any) -> Gradients:
        """Compute the gradients of a thread's share of a batch."""
        ids, targets = batch
        return gradients(self.network, ids, targets, self.states[number], **shared)

    def _step(self, batch: Batch, tokens: int) -> Step:
        options, width = self.options, batch[-1].shape[1]
        shards = self.shards if width == options.batch else _split(width, len(self.shards))
        rate = learning_rate(options.peak_rate, self.progress, options.warm_up)
        self.adam.begin_step()
        # Random numbers depend on seed and step alone, so a resumed run draws the same ones.
        rng = np.random.default_rng([options.seed, self.adam.steps])
        negatives = self.sampler.draw(rng) if self.sampler and self.progress < options.full_from else None
        if not self.text.carries_state:
            self.states = [self.network.zero_state(len(shard)) for shard in shards]
        masks = dropout_masks(self.network, rng, options.dropout, width)

        def of_shard(number: int) -> Gradients:
            own = slice(shards[number][0], shards[number][-1] + 1)
            return self.shard_gradients(
                number,
                tuple(self.xp.asarray(array[:, own]) for array in batch),
                negatives=negatives,
                scale=1 / tokens,
                work=self.works[number],
                masks=Masks(*(None if mask is None else mask[own] for mask in masks)),
            )

        parts = list(self.pool.map(of_shard, range(len(shards))))
        self.states = [part.state for part in parts]
        loss = sum(part.loss for part in parts) / tokens
        norm = self._update(parts, rate)
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise NotFiniteError(f"the loss is not finite at step {self.adam.steps} (loss {loss}, gradient {norm})")
        return Step(loss, norm, rate)

    def _update(self, parts: list[Gradients], rate: float) -> float:
        """Add up the shards' gradients, clip them and update the weights; returns the norm before clipping."""
        row_names, dense_names = list(parts[0].rows), list(parts[0].dense)

        def total(name: str) -> Array | RowGradient:
            if name in row_names:
                return sum_rows(self.xp, [part.rows[name] for part in parts])
            return sum((part.dense[name] for part in parts[1:]), start=parts[0].dense[name])

        names = row_names + dense_names
        totals = dict(zip(names, self.pool.map(total, names), strict=True))
        values = [totals[name].values if name in row_names else totals[name] for name in names]
        norm, factor = clip_factor(self.xp, values, self.options.clip)
        if not math.isfinite(norm):
            return norm

        def update(name: str, value: Array) -> None:
            value *= factor
            if name in row_names:
                self.adam.update_rows(name, totals[name], rate)
            else:
                self.adam.update(name, value, rate)

        list(self.pool.map(update, names, values))
        return norm

    def arrays(self) -> Arrays:
        """Collect every array that changes, by name, for a checkpoint."""
        arrays = {f"weight.{name}": value for name, value in self.network.weights.items()}
        arrays |= {f"first.{name}": value for name, value in self.adam.first.items()}
        arrays |= {f"second.{name}": value for name, value in self.adam.second.items()}
        if self.text.carries_state:
            arrays["state"] = self.xp.concatenate(self.states)
        return arrays

    def position(self) -> dict[str, Any]:
        """Describe where the run stands, and its options, for a checkpoint."""
        return {
            "step": self.adam.steps,
            "epoch": self.epoch,
            "window": self.window,
            "late": self.late,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "options": asdict(self.options),
        }

    def restore(self, arrays: Arrays, position: dict[str, Any]) -> None:
        """Go back to where a checkpoint was taken."""
        for name in self.network.weights:
            self.network.weights[name][...] = self.xp.asarray(arrays[f"weight.{name}"])
            self.adam.first[name][...] = self.xp.asarray(arrays[f"first.{name}"])
            self.adam.second[name][...] = self.xp.asarray(arrays[f"second.{name}"])
        if self.text.carries_state:
            state = self.xp.asarray(arrays["state"])
            self.states = [state[part[0] : part[-1] + 1].copy() for part in self.shards]
        self.adam.steps = position["step"]
        self.epoch, self.window, self.late = position["epoch"], position["window"], position["late"]
        self.tokens, self.seconds = position["tokens"], position["seconds"]


def _split(width: int, threads: int) -> list[IntArray]:
    """Share the sequences of a batch among threads."""
    return np.array_split(np.arange(width), min(threads, width))
