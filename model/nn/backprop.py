"""Back-propagation: loss and gradients of the language network over one stretch of T time steps.

Back-propagation through time, truncated at T with the state carried over (Werbos 1990; Williams & Peng
1990): forward through embedding, cell, projection and softmax, then the same way back by the chain rule.
"""

from types import ModuleType
from typing import NamedTuple

import numpy as np

from model.arrays import Array, Arrays
from model.nn.cells import Workspace
from model.nn.network import Network
from model.nn.softmax import Negatives, RowGradient, softmax_loss


class Masks(NamedTuple):
    """Dropout masks (B, E) and (B, O), the same at every time step (Gal & Ghahramani 2016), or ``None``."""

    embedding: Array | None
    hidden: Array | None


NO_DROPOUT = Masks(None, None)


class Gradients(NamedTuple):
    """The summed loss in nats, the state after the last step, and the gradients of scale · Σ loss."""

    loss: float
    state: Array
    dense: Arrays
    rows: dict[str, RowGradient]


def dropout_masks(network: Network, rng: np.random.Generator, rate: float, batch: int) -> Masks:
    """Draw inverted dropout: what stays is scaled by 1 / (1 - rate), so that inference needs no scaling."""
    if rate == 0:
        return NO_DROPOUT
    xp, dtype = network.xp, network.weights["bias"].dtype
    E = network.config.embedding
    H = E if network.cell.projects else network.config.hidden
    draws = (rng.random((batch, E + H)) >= rate).astype(dtype) / np.asarray(1 - rate, dtype=dtype)
    return Masks(xp.asarray(draws[:, :E]), xp.asarray(draws[:, E:]))


def gradients(
    network: Network,
    ids: Array,
    targets: Array,
    state: Array,
    *,
    negatives: Negatives | None,
    scale: float,
    work: Workspace,
    masks: Masks = NO_DROPOUT,
) -> Gradients:
    """Run forward and backward over ids and targets (T, B) from ``state`` (B, S).

    Without ``negatives`` the softmax is over the whole vocabulary. The gradients are those of ``scale`` · Σ loss.
    """
    xp, w = network.xp, network.weights
    T, B = ids.shape
    flat_targets = targets.reshape(-1)

    X = w["embedding"][ids]
    if masks.embedding is not None:
        X *= masks.embedding
    h, state_after = network.cell.forward(network.parameters, X, state, work)
    if masks.hidden is not None:
        h = xp.multiply(h, masks.hidden, out=work.array("dropped", *h.shape))
    h_rows = h.reshape(T * B, -1)
    is_projected = network.cell.projects
    p = h_rows if is_projected else xp.matmul(h_rows, w["projection"], out=work.array("p", T * B, X.shape[2]))
    output = softmax_loss(xp, p, flat_targets, w["embedding"], w["bias"], negatives, scale)

    dense = {} if is_projected else {"projection": h_rows.T @ output.dp}
    dh = output.dp if is_projected else xp.matmul(output.dp, w["projection"].T, out=work.array("dh", *h_rows.shape))
    dh = dh.reshape(h.shape)
    if masks.hidden is not None:
        dh *= masks.hidden
    dX, _, d_cell = network.cell.backward(network.parameters, X, dh, work)
    if masks.embedding is not None:
        dX *= masks.embedding
    inputs = RowGradient(ids.reshape(-1), dX.reshape(T * B, -1))
    if negatives is None:
        # The output layer's part is every row already: no need to look which rows are the same.
        (embedding,), (bias,) = output.rows, output.bias
        own = sum_rows(xp, [inputs])
        embedding.values[own.ids] += own.values
    else:
        embedding, bias = sum_rows(xp, [inputs, *output.rows]), sum_rows(xp, output.bias)
    return Gradients(
        float(output.loss),
        state_after,
        dense | d_cell,
        {"embedding": embedding, "bias": bias},
    )


def sum_rows(xp: ModuleType, parts: list[RowGradient]) -> RowGradient:
    """Add up what belongs to the same row; the ids of the result are sorted and unique."""
    ids, where = xp.unique(xp.concatenate([part.ids for part in parts]), return_inverse=True)
    values = xp.concatenate([part.values for part in parts])
    width = values.size // len(values)
    # On flat arrays add.at takes a path several times faster than on rows.
    flat = xp.zeros(len(ids) * width, dtype=values.dtype)
    xp.add.at(flat, (where[:, None] * width + xp.arange(width)).reshape(-1), values.reshape(-1))
    return RowGradient(ids, flat.reshape(len(ids), *values.shape[1:]))
