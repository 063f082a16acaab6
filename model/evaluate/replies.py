"""Measure a network of replies: ``python -m model.evaluate.replies MODEL HELD_OUT.tsv --train PAIRS.tsv``.

Of each held-out message the reply that was given stands among those to other messages. How often is it the likeliest?
Beside the network stand two that know no order of words: how often a reply is given at all, and TF-IDF, the cosine of
the words that message and reply share. The network is measured by ln P(reply | message), and with how likely the reply
is after any message taken off (Li et al. 2016), else what would answer anything comes first.
"""

import argparse
import math
import sys
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from model.arrays import FloatArray
from model.errors import UserError
from model.lm.pair_model import PairModel, load_pair_model
from model.search.writing.replies import PRIOR_SHARE
from model.text.pairs import TextPair, load_pairs, normal, words

AMONG = (10, 100)


class Baselines:
    """Judges replies by counts of the training pairs, without a network."""

    def __init__(self, pairs: list[TextPair]) -> None:
        self._times = Counter(normal(reply) for _, reply in pairs)
        self._pairs = pairs

    def frequency(self, replies: Sequence[str]) -> FloatArray:
        """Count how often each reply was given (n,)."""
        return np.array([self._times[normal(reply)] for reply in replies], dtype=np.float64)

    @cached_property
    def _idf(self) -> dict[str, float]:
        held = Counter(word for pair in self._pairs for text in pair for word in set(words(text)))
        return {word: math.log(2 * len(self._pairs) / n) for word, n in held.items()}

    def tf_idf(self, message: str, replies: Sequence[str]) -> FloatArray:
        """Compute the cosine of message and reply, words weighted by how few texts hold them (n,)."""
        asked = self._vector(message)
        return np.array([_cosine(asked, self._vector(reply)) for reply in replies])

    def _vector(self, text: str) -> dict[str, float]:
        rarest = math.log(2 * len(self._pairs))
        return {word: n * self._idf.get(word, rarest) for word, n in Counter(words(text)).items()}


def _cosine(a: dict[str, float], b: dict[str, float]) -> float:
    lengths = math.sqrt(sum(x * x for x in a.values()) * sum(x * x for x in b.values()))
    return sum(x * b.get(word, 0.0) for word, x in a.items()) / lengths if lengths else 0.0


def recall(scores: FloatArray) -> float:
    """Give 1 where the first score is the highest, and of n equal highest ones 1/n."""
    highest = scores == scores.max()
    return float(highest[0] / highest.sum())


def measure(
    model: PairModel, baselines: Baselines, held: list[TextPair], count: int, seed: int
) -> dict[str, list[float]]:
    """Measure the recall among 10 and among 100 candidates, by who judges them, over ``count`` messages."""
    rng = np.random.default_rng(seed)
    some = [held[i] for i in rng.permutation(len(held))[:count]]
    messages, replies = [message for message, _ in some], [reply for _, reply in some]
    keys = np.array([normal(reply) for reply in replies])
    if len(set(keys)) < AMONG[-1]:
        raise UserError(f"{len(set(keys))} different replies are drawn, {AMONG[-1]} are needed")
    likely = np.array([model.log_probabilities(message, replies) for message in messages])
    highest = likely.max(axis=0)
    # How likely a reply is after any of the messages.
    prior = highest + np.log(np.exp(likely - highest).mean(axis=0))
    found: dict[str, list[list[float]]] = {}
    for i, message in enumerate(messages):
        others = rng.permutation(np.flatnonzero(keys != keys[i]))
        _, first = np.unique(keys[others], return_index=True)
        drawn = [i, *others[np.sort(first)][: AMONG[-1] - 1].tolist()]
        candidates = [replies[j] for j in drawn]
        judged = {
            "frequency": baselines.frequency(candidates),
            "TF-IDF": baselines.tf_idf(message, candidates),
            "network": likely[i, drawn],
            "network, less ln P(reply)": likely[i, drawn] - PRIOR_SHARE * prior[drawn],
        }
        for name, scores in judged.items():
            found.setdefault(name, []).append([recall(scores[:n]) for n in AMONG])
    return {name: np.mean(hits, axis=0).tolist() for name, hits in found.items()}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, or 2 for bad input."""
    options = parser().parse_args(arguments)
    try:
        model, baselines = load_pair_model(options.model), Baselines(load_pairs(options.train))
        with threadpool_limits(1):  # the products are small
            found = measure(model, baselines, load_pairs(options.held_out), options.messages, options.seed)
    except (UserError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"| | {' | '.join(f'1 of {n}' for n in AMONG)} |\n|---|{'---|' * len(AMONG)}")
    for name, shares in found.items():
        print(f"| {name} | {' | '.join(f'{share:.3f}' for share in shares)} |")
    return 0


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    p = argparse.ArgumentParser(prog="python -m model.evaluate.replies", description=__doc__.splitlines()[0])
    p.add_argument("model", type=Path, help="folder of an encoder and decoder")
    p.add_argument("held_out", type=Path, help="pairs that were not trained on")
    p.add_argument("--train", type=Path, required=True, help="the pairs that were, for the baselines")
    p.add_argument("--messages", type=int, default=200, help="held-out messages that are measured")
    p.add_argument("--seed", type=int, default=1)
    return p


if __name__ == "__main__":
    sys.exit(main())
