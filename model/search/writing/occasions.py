"""The occasion of a message (an invitation, thanks, bad news): kernel ridge regression over example messages.

A message is three vectors, each of length 1: its words' embeddings, weighted by how rare they are; the encoder's
outputs, on average; and its last output. Where embeddings and encoder put things near each other that are answered
alike, a few examples do: *dinner* is near *lunch*.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from model.arrays import FloatArray
from model.lm.pair_model import PairModel
from model.text.everyday import Occasion
from model.text.tokens import UNKNOWN

# The power of the rareness of words, the slope of the kernel exp(slope · (cosine − 1)), and the strength of the
# regularisation: chosen by leaving out each example once.
_RARENESS = 0.5
_SLOPE = 3.0
_RIDGE = 0.3
# The weight of the outputs beside the words.
_OUTPUTS = 0.7


class Guess(NamedTuple):
    """An occasion by its number, and how sure it is: about 1 for an example, about 0 for what resembles none."""

    number: int
    sureness: float


class OccasionClassifier:
    """Tells which of some occasions a message is of."""

    def __init__(self, model: PairModel, occasions: Sequence[Occasion]) -> None:
        self._model = model
        counts = np.array(model.vocabulary.counts, dtype=np.float64)
        mean = counts @ model.network.weights["embedding"] / max(1.0, counts.sum())
        self._mean: FloatArray = mean.astype(np.float32)
        self._rareness: FloatArray = np.log(max(1.0, counts.sum()) / (counts + 1)).clip(0) ** _RARENESS
        self._rareness[model.vocabulary.id_of(UNKNOWN)] = 0
        self.examples = [(number, message) for number, one in enumerate(occasions) for message in one.messages]
        self._vectors = self._vectors_of([message for _, message in self.examples])
        kernel = _kernel(self._vectors @ self._vectors.T)
        targets = np.eye(len(occasions))[[number for number, _ in self.examples]]
        self._inverse = np.linalg.inv(kernel + _RIDGE * np.eye(len(kernel)))
        self._weights = self._inverse @ targets

    def guesses(self, message: str) -> list[Guess]:
        """Judge all occasions, the likeliest first."""
        return _sorted(_kernel(self._vectors @ self._vectors_of([message])[0]) @ self._weights)

    def left_out(self) -> list[list[Guess]]:
        """Judge each example by the others alone, in closed form."""
        targets = np.eye(self._weights.shape[1])[[number for number, _ in self.examples]]
        judged = targets - self._weights / np.diag(self._inverse)[:, None]
        return [_sorted(row) for row in judged]

    def _vectors_of(self, messages: Sequence[str]) -> FloatArray:
        """The vectors (n, …) of n messages; those of one length are encoded together."""
        encoded = [self._model.encode(message) for message in messages]
        vectors: list[Any] = [None] * len(encoded)
        for length in set(map(len, encoded)):
            places = [i for i, ids in enumerate(encoded) if len(ids) == length]
            ids = np.array([encoded[i] for i in places]).T
            outputs = self._model.network.encode(ids).outputs
            rows = _unit(self._model.network.weights["embedding"][ids[:-1]] - self._mean)
            words = _unit((rows * self._rareness[ids[:-1], None]).sum(axis=0))
            parts = [words, _OUTPUTS * _unit(outputs.mean(axis=0)), _OUTPUTS * _unit(outputs[-1])]
            for i, vector in zip(places, _unit(np.concatenate(parts, axis=1)), strict=True):
                vectors[i] = vector
        return np.array(vectors)


def _unit(rows: Any) -> Any:
    return rows / np.maximum(1e-9, np.linalg.norm(rows, axis=-1, keepdims=True))


def _kernel(cosines: FloatArray) -> FloatArray:
    kernel: FloatArray = np.exp(_SLOPE * (cosines - 1))
    return kernel


def _sorted(judged: FloatArray) -> list[Guess]:
    return [Guess(int(i), float(judged[i])) for i in np.argsort(-judged, kind="stable")]
