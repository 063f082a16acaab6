"""The metrics of typing, typos, perplexity and reliability, with bootstrap intervals and the reliability plot."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from model.arrays import FloatArray, IntArray
from model.evaluate.simulated_typing import MOST_LETTERS, STRIPS, TypedWord, keystrokes
from model.evaluate.simulated_typos import CompletedTypo, CorrectedWord
from model.evaluate.synthetic_typos import CLASSES
from model.plots import plot

RESAMPLES = 1000
BINS = 15


class Measure(NamedTuple):
    """A figure, the number of observations behind it, and its 95 % interval (None where there is none)."""

    value: float
    n: int
    interval: tuple[float, float] | None


class Reliability(NamedTuple):
    """The first suggestion's probability against how often it was right: number, mean P and share right of each bin."""

    n: FloatArray
    confidence: FloatArray
    accuracy: FloatArray

    @property
    def error(self) -> float:
        """Expected calibration error (Guo et al. 2017): mean |accuracy - confidence|, weighted by number."""
        return float((self.n * np.abs(self.accuracy - self.confidence)).sum() / max(1, self.n.sum()))


def typing_measures(words: Sequence[TypedWord]) -> dict[str, Measure]:
    """Compute the shares that typing gives; lines are resampled, since the words of a line go together."""
    line = np.array([word.line for word in words], dtype=np.int64)
    measures = {
        "next_word_top1": ratio(line, [_hit(word, 0, 1) for word in words], np.ones(len(words))),
        "next_word_top3": ratio(line, [_hit(word, 0, 3) for word in words], np.ones(len(words))),
    }
    for n in range(1, MOST_LETTERS + 1):
        longer = [word.length > n for word in words]
        hits = [_hit(word, n, 3) for word in words]
        measures[f"completion_top3@{n}"] = ratio(line, np.multiply(hits, longer), longer)
    for strip in STRIPS:
        characters = [word.length + 1 for word in words]
        saved = [word.length + 1 - keystrokes(word, strip) for word in words]
        measures[f"keystroke_savings@{strip}"] = ratio(line, saved, characters)
    return measures


def learning_measures(later: Sequence[TypedWord]) -> dict[str, Measure]:
    """Compute keystroke savings over the second half of what a person wrote, and of two kinds of words there.

    ``…_own_words`` are those that the vocabulary does not hold, from their third use on; ``…_known_words`` those that
    it does.
    """
    kinds = {
        "second_half": later,
        "known_words": [word for word in later if word.earlier_uses < 0],
        "own_words": [word for word in later if word.earlier_uses >= 2],
    }
    measures = {}
    for kind, words in kinds.items():
        line = np.array([word.line for word in words], dtype=np.int64)
        saved = [word.length + 1 - keystrokes(word, STRIPS[0]) for word in words]
        measures[f"keystroke_savings@{STRIPS[0]}_{kind}"] = ratio(line, saved, [word.length + 1 for word in words])
    return measures


def _hit(word: TypedWord, letters: int, strip: int) -> bool:
    return any(ask.letters == letters and ask.rank is not None and ask.rank <= strip for ask in word.asks)


def ratio(line: IntArray, above: Sequence[float] | FloatArray, below: Sequence[float] | FloatArray) -> Measure:
    """Compute Σ above / Σ below, an entry a word, and the percentile bootstrap (Efron 1979) over lines."""
    _, unit = np.unique(line, return_inverse=True)
    a = np.bincount(unit, np.asarray(above, dtype=np.float64))
    b = np.bincount(unit, np.asarray(below, dtype=np.float64))
    count = int(np.asarray(below).sum())
    if not count:
        return Measure(0.0, 0, None)
    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(RESAMPLES):
        drawn = rng.integers(0, len(a), len(a))
        ratios.append(a[drawn].sum() / max(b[drawn].sum(), 1e-9))
    low, high = np.percentile(ratios, [2.5, 97.5])
    return Measure(float(a.sum() / b.sum()), count, (float(low), float(high)))


def perplexity_measure(losses: FloatArray) -> Measure:
    """Compute exp of the mean loss; the interval resamples blocks of 50 tokens."""
    blocks = np.array([block.sum() for block in np.array_split(losses, max(1, len(losses) // 50))])
    rng = np.random.default_rng(0)
    means = [blocks[rng.integers(0, len(blocks), len(blocks))].sum() / len(losses) for _ in range(RESAMPLES)]
    low, high = np.exp(np.percentile(means, [2.5, 97.5]))
    return Measure(float(np.exp(losses.mean())), len(losses), (float(low), float(high)))


def reliability(words: Sequence[TypedWord], completion: bool) -> Reliability:
    """Compare the first suggestion's probability with its accuracy, before any letter or after one to three."""
    asks = [ask for word in words for ask in word.asks if (1 <= ask.letters <= MOST_LETTERS) == completion]
    asks = [ask for ask in asks if ask.letters <= MOST_LETTERS and ask.first_probability > 0]
    p = np.array([ask.first_probability for ask in asks])
    right = np.array([ask.rank == 1 for ask in asks], dtype=np.float64)
    bins = np.minimum((p * BINS).astype(np.int64), BINS - 1)
    count = np.bincount(bins, minlength=BINS).astype(np.float64)
    filled = np.maximum(count, 1)
    return Reliability(count, np.bincount(bins, p, BINS) / filled, np.bincount(bins, right, BINS) / filled)


def typo_measures(corrected: Sequence[CorrectedWord], completed: Sequence[CompletedTypo]) -> dict[str, Measure]:
    """Compute precision and recall of corrections, right words changed, and completions behind a typo.

    ``correction_precision`` is the share of changes that gave the word that was meant, ``correction_recall`` the share
    of typos that were changed to it, ``right_words_changed`` the share of words typed rightly that were changed.
    ``completion_top3_after_typo`` is how often the word is among three once the typo is made, over all letters
    behind it, ``completion_top3_instead`` the same without the typo, ``…_kept`` the one divided by the other.
    """
    measures: dict[str, Measure] = {}
    if corrected:
        line = np.array([word.line for word in corrected])
        typo = np.array([bool(word.kind) for word in corrected])
        changed = np.array([word.changed for word in corrected])
        fixed = np.array([word.changed and word.right and bool(word.kind) for word in corrected])
        measures["correction_precision"] = ratio(line, fixed, changed)
        measures["correction_recall"] = ratio(line, fixed, typo)
        measures["right_words_changed"] = ratio(line, changed & ~typo, ~typo)
        for kind in CLASSES:
            of_kind = np.array([word.kind == kind for word in corrected])
            measures[f"correction_recall, {kind}"] = ratio(line, fixed & of_kind, of_kind)
    if completed:
        line = np.array([word.line for word in completed])
        asks, hits, without = (
            np.array([getattr(word, name) for word in completed]) for name in ("asks", "hits", "hits_without")
        )
        measures["completion_top3_after_typo"] = ratio(line, hits, asks)
        measures["completion_top3_instead"] = ratio(line, without, asks)
        measures["completion_top3_kept"] = ratio(line, hits, without)
        for kind in CLASSES:
            of_kind = np.array([word.kind == kind for word in completed])
            if of_kind.any():
                measures[f"completion_top3_kept, {kind}"] = ratio(line, hits * of_kind, without * of_kind)
    return measures


def plot_reliability(path: Path, diagrams: dict[str, Reliability]) -> None:
    """Draw a reliability diagram: how often the first suggestion was right, over its probability."""
    with plot(path, 5, 5) as axes:
        axes.plot((0, 1), (0, 1), color="grey", linewidth=1, linestyle="--")
        for name, bins in diagrams.items():
            filled = bins.n > 0
            label = f"{name}, expected calibration error {bins.error:.3f}"
            axes.plot(bins.confidence[filled], bins.accuracy[filled], marker="o", markersize=4, label=label)
        axes.set(xlabel="probability of the first suggestion", ylabel="share in which it was the word")
        axes.legend()
