"""The cache of states: what it finds, and that it stays within its bound."""

import numpy as np

from app.inference.batching.state_cache import Entry, StateCache
from model.nn.inference import LazyLogits
from tests.model.tiny_model import random_model


def entry(size: int = 10) -> Entry:
    return Entry(np.zeros((1, size), np.float32))


def logits() -> LazyLogits:
    model = random_model()
    return LazyLogits(model.network, np.zeros(model.network.config.embedding, np.float32))


def test_the_longest_beginning_is_found() -> None:
    cache = StateCache(10**6)
    short, long = entry(), entry()
    cache.put((1, 2), short)
    cache.put((1, 2, 3, 4), long)
    assert cache.longest((1, 2, 3, 4)) == (4, long)
    assert cache.longest((1, 2, 3, 5)) == (2, short)
    assert cache.longest((2, 1)) == (0, None)
    assert cache.longest(()) == (0, None)


def test_a_cache_of_nothing_keeps_nothing() -> None:
    cache = StateCache(0)
    cache.put((1,), entry())
    cache.put_logits((1,), logits())
    assert cache.get((1,)) is None and cache.logits((1,)) is None and cache.bytes == 0


def test_the_last_states_logits_and_inputs_are_kept_within_the_bound() -> None:
    cache = StateCache(300_000)
    for i in range(1000):
        cache.put((i,), entry())
        cache.put_logits((i,), logits())
        cache.put_inputs(i, np.full(100, i, np.float32))
    states = [i for i in range(1000) if cache.get((i,))]
    assert states == list(range(1000 - len(states), 1000)) and len(states) > 100
    typed = [i for i in range(1000) if cache.logits((i,)) is not None]
    assert typed == list(range(1000 - len(typed), 1000)) and len(typed) > 1
    tokens = [i for i in range(1000) if cache.inputs(i) is not None]
    assert tokens == list(range(1000 - len(tokens), 1000)) and len(tokens) > 100
    np.testing.assert_array_equal(cache.inputs(999), np.full(100, 999))
    assert cache.bytes <= 300_000
