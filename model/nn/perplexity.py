"""Perplexity, always from the full softmax: exp of the mean negative log probability of each token."""

import numpy as np

from model.arrays import FloatArray, IntArray, to_host
from model.nn.cells import Workspace
from model.nn.network import Network
from model.nn.softmax import cross_entropy

# Windows side by side, and the predictions of each: 512 rows of logits are 64 MB at V = 32,000.
LANES, STEPS = 16, 32


def token_losses(network: Network, ids: IntArray) -> FloatArray:
    """Compute −ln P(ids[i] | the tokens before it) in nats for i = 1 … n-1 on the network's device.

    As a service knows a bounded context only, a token is predicted from ``STEPS`` to twice as many tokens before it,
    read from an empty state; the first ones from what there is.
    """
    xp = network.xp
    n = len(ids) - 1
    blocks = -(-n // STEPS)
    padded = np.zeros((blocks + 1) * STEPS + 1, dtype=np.int64)
    padded[: n + 1] = ids
    work = Workspace(xp, network.weights["bias"].dtype)
    losses = np.empty((blocks, STEPS), dtype=np.float64)
    for first in range(0, blocks, LANES):
        numbers = np.arange(first, min(first + LANES, blocks))
        # A window begins one block before what it predicts; the first has none before it.
        places = np.maximum(numbers - 1, 0) * STEPS + np.arange(2 * STEPS)[:, None]
        X = network.weights["embedding"][xp.asarray(padded[places])]
        h, _ = network.cell.forward(network.parameters, X, network.zero_state(len(numbers)), work)
        own = np.where(numbers > 0, STEPS, 0) + np.arange(STEPS)[:, None]
        lanes = np.arange(len(numbers))
        logits = network.logits(network.project(h[xp.asarray(own), xp.asarray(lanes)]))
        targets = xp.asarray(padded[places[own, lanes] + 1])
        loss, _ = cross_entropy(xp, logits.reshape(-1, network.config.vocabulary), targets.reshape(-1))
        losses[numbers] = to_host(loss).reshape(STEPS, -1).T
    return losses.reshape(-1)[:n]


def perplexity(losses: FloatArray) -> float:
    """Compute exp of the mean loss in nats."""
    return float(np.exp(losses.mean()))
