"""Prefill: contexts that are new, or have grown, on the way through the network."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from app.inference.batching.jobs import Job
from app.inference.batching.state_cache import Context, StateCache
from model.arrays import FloatArray
from model.nn.network import Network

# The tokens of a context whose inputs are computed in one product: a new context then takes two thirds of the time
# (docs/performance.md).
AHEAD = 16


@dataclass(slots=True, eq=False)
class Prefill:
    """A context that is being stepped through: the state after its first ``position`` tokens, and the waiting jobs.

    ``inputs`` are those of the next tokens, as far as they were computed.
    """

    context: Context
    position: int
    state: FloatArray
    jobs: list[Job] = field(default_factory=list)
    inputs: deque[FloatArray] = field(default_factory=deque)


def next_inputs(network: Network, cache: StateCache, prefills: Sequence[Prefill]) -> FloatArray:
    """The inputs of the next token of each context (B, G·H): cached ones, and for all others together one product."""
    wanting = [prefill for prefill in prefills if not prefill.inputs]
    ahead = [prefill.context[prefill.position : prefill.position + AHEAD] for prefill in wanting]
    inputs: dict[int, FloatArray] = {}
    new: list[int] = []
    for token in set(chain.from_iterable(ahead)):
        cached = cache.inputs(token)
        if cached is None:
            new.append(token)
        else:
            inputs[token] = cached
    if new:
        for token, row in zip(new, network.inputs(np.array(new)), strict=True):
            # A copy: a view would keep the whole product in memory.
            inputs[token] = row.copy()
            cache.put_inputs(token, inputs[token])
    for prefill, tokens in zip(wanting, ahead, strict=True):
        prefill.inputs.extend(inputs[token] for token in tokens)
    return np.stack([prefill.inputs.popleft() for prefill in prefills])
