"""Softmax and cross-entropy, over all tokens and, for training, over a sample of them.

N predictions p (N, E), targets (N,), V output rows (V, E) with bias (V,). Losses are in nats.
"""

from types import ModuleType
from typing import NamedTuple

import numpy as np

from model.arrays import Array, FloatArray


class RowGradient(NamedTuple):
    """The gradient of some rows of an array: values (n, …) belong to rows ids (n,), which may repeat."""

    ids: Array
    values: Array


class OutputGradient(NamedTuple):
    """The output layer's backward pass: the summed loss, dp (N, E), and the gradients of rows and bias."""

    loss: Array
    dp: Array
    rows: list[RowGradient]
    bias: list[RowGradient]


class Negatives(NamedTuple):
    """K sampled tokens, and log(K q(w)), how often each token w of the vocabulary is expected among them."""

    ids: Array
    log_expected: Array


def cross_entropy(xp: ModuleType, logits: Array, targets: Array, scale: float = 1.0) -> tuple[Array, Array]:
    """Compute losses (N,), and scale · (softmax(logits) - onehot(target)), the gradient of scale · Σ loss.

    Overwrites the ``logits`` (N, V) with the gradient.
    """
    rows = xp.arange(len(targets))
    logits -= logits.max(axis=1, keepdims=True)
    wanted = logits[rows, targets]
    xp.exp(logits, out=logits)
    total = logits.sum(axis=1, keepdims=True)
    logits *= scale / total
    logits[rows, targets] -= scale
    return xp.log(total[:, 0]) - wanted, logits


def full_softmax(xp: ModuleType, p: Array, targets: Array, rows: Array, bias: Array, scale: float) -> OutputGradient:
    """Cross-entropy over all V tokens; gradients are those of scale · Σ loss."""
    logits = p @ rows.T
    logits += bias
    losses, d = cross_entropy(xp, logits, targets, scale)
    everything = xp.arange(len(rows))
    return OutputGradient(
        losses.sum(), d @ rows, [RowGradient(everything, d.T @ p)], [RowGradient(everything, d.sum(axis=0))]
    )


def sampled_softmax(
    xp: ModuleType, p: Array, targets: Array, rows: Array, bias: Array, negatives: Negatives, scale: float
) -> OutputGradient:
    """Cross-entropy of the target against K negatives that the whole batch shares.

    The logit of a negative is lowered by log(K q(w)), the log of how often the token is expected in the
    sample; the target's is not, for it is there for certain, and a negative that is the target of a row is
    left out of that row. So the sum over the sample is right on average, and the gradient approaches that of
    the full softmax as K grows (Bengio & Senécal 2008; Blanc & Rendle 2018).
    """
    target_rows = rows[targets]
    negative_rows = rows[negatives.ids]
    wanted = xp.einsum("ne,ne->n", p, target_rows)
    wanted += bias[targets]
    z = p @ negative_rows.T
    z += bias[negatives.ids] - negatives.log_expected[negatives.ids]
    z[targets[:, None] == negatives.ids] = -xp.inf

    highest = xp.maximum(z.max(axis=1), wanted)
    z -= highest[:, None]
    xp.exp(z, out=z)
    wanted -= highest
    total = z.sum(axis=1) + xp.exp(wanted)
    losses = xp.log(total) - wanted

    z *= (scale / total)[:, None]
    d_wanted = (xp.exp(wanted) / total - 1) * scale
    dp = z @ negative_rows
    target_rows *= d_wanted[:, None]
    dp += target_rows
    d_target_rows = p * d_wanted[:, None]
    return OutputGradient(
        losses.sum(),
        dp,
        [RowGradient(targets, d_target_rows), RowGradient(negatives.ids, z.T @ p)],
        [RowGradient(targets, d_wanted), RowGradient(negatives.ids, z.sum(axis=0))],
    )


def softmax_loss(
    xp: ModuleType, p: Array, targets: Array, rows: Array, bias: Array, negatives: Negatives | None, scale: float
) -> OutputGradient:
    """Cross-entropy against a sample of ``negatives``, or where there is none over the whole vocabulary."""
    if negatives is None:
        return full_softmax(xp, p, targets, rows, bias, scale)
    return sampled_softmax(xp, p, targets, rows, bias, negatives, scale)


class NegativeSampler:
    """Draws tokens in proportion to count^0.75 (the exponent of Mikolov et al. 2013), with replacement."""

    def __init__(self, xp: ModuleType, counts: FloatArray, size: int) -> None:
        q = (np.asarray(counts, dtype=np.float64) + 1) ** 0.75
        q /= q.sum()
        self._xp, self._size = xp, size
        self._cumulative = np.cumsum(q)
        self._log_expected = xp.asarray(np.log(size * q).astype(np.float32))

    def draw(self, rng: np.random.Generator) -> Negatives:
        """Draw a fresh sample, on the host, so that a run does not depend on the device."""
        ids = np.searchsorted(self._cumulative, rng.random(self._size) * self._cumulative[-1])
        return Negatives(self._xp.asarray(ids), self._log_expected)
