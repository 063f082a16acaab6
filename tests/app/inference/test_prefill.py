"""The inputs of steps: each token's are computed once, as long as the cache holds them."""

import numpy as np
import pytest

from app.inference.batching.prefill import AHEAD, Prefill, next_inputs
from app.inference.batching.state_cache import StateCache
from model.arrays import Array
from model.lm.language_model import LanguageModel
from model.nn.network import Network

CONTEXTS = [(1, 2, 3, 2, 1), (2, 4), tuple(range(5, 8)) * AHEAD]


class Noting(Network):
    """A network that writes down the tokens whose inputs it computes."""

    def __init__(self, network: Network) -> None:
        super().__init__(network.config, network.weights)
        self.computed: list[int] = []

    def inputs(self, ids: Array) -> Array:
        self.computed += ids.tolist()
        return super().inputs(ids)


def read(network: Noting, cache: StateCache) -> None:
    """Take all steps of the contexts, side by side, and compare their inputs with those of single tokens."""
    prefills = [Prefill(context, 0, network.zero_state(1)[0]) for context in CONTEXTS]
    while prefills:
        tokens = [prefill.context[prefill.position] for prefill in prefills]
        expected = Network.inputs(network, np.array(tokens))
        found = next_inputs(network, cache, prefills)
        np.testing.assert_allclose(found, expected, atol=1e-6)
        found[:] = np.nan  # a step writes over them
        for prefill in prefills:
            prefill.position += 1
        prefills = [prefill for prefill in prefills if prefill.position < len(prefill.context)]


@pytest.mark.parametrize("times", [1, 2])
def test_inputs_are_computed_once(tiny_model: LanguageModel, times: int) -> None:
    network, cache = Noting(tiny_model.network), StateCache(10**6)
    for _ in range(times):
        read(network, cache)
    assert sorted(network.computed) == sorted({token for context in CONTEXTS for token in context})


def test_without_a_cache_they_are_the_same(tiny_model: LanguageModel) -> None:
    network = Noting(tiny_model.network)
    read(network, StateCache(0))
    assert len(network.computed) > len(set(network.computed))
