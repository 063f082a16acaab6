"""Perplexity, always from the full softmax: exp of the mean negative log probability of each token."""

import numpy as np

from model.arrays import FloatArray, IntArray, to_host
from model.nn.cells import Workspace
from model.nn.network import Network
from model.nn.softmax import cross_entropy

# Sequences side by side, and time steps at once: 512 rows of logits are 64 MB at V = 32,000.
LANES, STEPS = 16, 32


def token_losses(network: Network, ids: IntArray) -> FloatArray:
    """Compute −ln P(ids[i] | ids[:i]) in nats for i = 1 … n-1 on the network's device, state carried over.

    The text is cut into a few lanes that run side by side; each begins with an empty state.
    """
    xp = network.xp
    n = len(ids) - 1
    reach = -(-n // LANES)
    padded = np.zeros(LANES * reach + 1, dtype=np.int64)
    padded[: n + 1] = ids
    inputs = xp.asarray(padded[:-1].reshape(LANES, reach).T)
    targets = xp.asarray(padded[1:].reshape(LANES, reach).T)
    work = Workspace(xp, network.weights["bias"].dtype)
    state = network.zero_state(LANES)
    losses = np.empty((reach, LANES), dtype=np.float64)
    for t in range(0, reach, STEPS):
        X = network.weights["embedding"][inputs[t : t + STEPS]]
        h, state = network.cell.forward(network.parameters, X, state, work)
        logits = network.logits(network.project(h)).reshape(-1, network.config.vocabulary)
        loss, _ = cross_entropy(xp, logits, targets[t : t + STEPS].reshape(-1))
        losses[t : t + STEPS] = to_host(loss).reshape(-1, LANES)
    return losses.T.reshape(-1)[:n]


def perplexity(losses: FloatArray) -> float:
    """Compute exp of the mean loss in nats."""
    return float(np.exp(losses.mean()))
