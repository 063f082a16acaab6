"""The stretches that a network of words is trained on: each from where a line or a sentence begins, as a text does.

A service meets a text from its start, with an empty state, and a few dozen tokens of it. So does the training: a
stretch is the start of a text and the T tokens behind a random beginning, and no state is carried from one to the next.
In a sentence longer than T a stretch may begin anywhere, as a service cuts off what stands too far back.
"""

from collections.abc import Iterator

import numpy as np

from model.arrays import FloatArray, IntArray
from model.text.tokens import LINE_END, SENTENCE_ENDS, TEXT_START
from model.text.vocabulary import Vocabulary

# Ids looked at together while the beginnings are searched.
_AT_ONCE = 1 << 24


def beginnings(ids: IntArray, vocabulary: Vocabulary) -> IntArray:
    """Find where a line or a sentence begins in the ids (N,) of a text: places, rising."""
    start = vocabulary.id_of(TEXT_START)
    lines = np.array([start, vocabulary.id_of(LINE_END)])
    # Behind these a sentence begins, if a word follows; a quotation mark there may close the sentence before.
    sentences = np.array([vocabulary.id_of(mark) for mark in SENTENCE_ENDS if mark in vocabulary], dtype=np.int64)
    found = []
    for begin in range(1, len(ids), _AT_ONCE):
        here = np.asarray(ids[begin : begin + _AT_ONCE])
        before = np.asarray(ids[begin - 1 : begin - 1 + len(here)])
        is_word = here >= vocabulary.first_word
        able = np.isin(before, lines) | (np.isin(before, sentences) & is_word)
        found.append(begin + np.flatnonzero(able & (here != start)))
    return np.concatenate([np.zeros(0, dtype=np.int64), *found])


class Stretches:
    """Draws the stretches of an epoch from S sources, which lie one behind the other in ``ids``."""

    def __init__(self, ids: IntArray, ends: IntArray, vocabulary: Vocabulary) -> None:
        self._ids, self._ends = ids, ends
        self.beginnings = beginnings(ids[: ends[-1]] if len(ends) else ids, vocabulary)
        self._start = vocabulary.id_of(TEXT_START)

    def places(self, weights: FloatArray, length: int, rng: np.random.Generator) -> IntArray:
        """Draw where the stretches of an epoch begin, shuffled.

        Those of a source are spread evenly over it, enough to read each of its tokens ``weights[source]`` times on
        average.
        """
        drawn = [np.zeros(0, dtype=np.int64)]
        begin = 0
        for end, weight in zip(self._ends, weights, strict=True):
            n = int(weight * (end - begin) / length + rng.random())
            if n and len(self.beginnings):
                wanted = begin + (np.arange(n) + rng.random(n)) * ((end - begin) / n)
                anywhere = wanted.astype(np.int64)
                nearest = self.beginnings[np.searchsorted(self.beginnings, anywhere).clip(max=len(self.beginnings) - 1)]
                is_near = (nearest >= anywhere) & (nearest - anywhere < length)
                drawn.append(np.where(is_near, nearest, anywhere))
            begin = end
        places = np.concatenate(drawn)
        return rng.permutation(places[places <= len(self._ids) - length])

    def windows(self, places: IntArray, batch: int, length: int, skip: int) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield inputs and targets (T, B) of ``batch`` stretches each, without the first ``skip`` pairs."""
        steps = np.arange(length)
        for i in range(skip, len(places) // batch):
            here = places[i * batch : (i + 1) * batch]
            targets = self._ids[steps[:, None] + here].astype(np.int64)
            inputs = np.empty_like(targets)
            inputs[0], inputs[1:] = self._start, targets[:-1]
            yield inputs, targets
