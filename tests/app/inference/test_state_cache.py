"""The cache of states: what it finds, and that it stays within its bound."""

import numpy as np

from app.inference.batching.state_cache import LOGITS_SHARE, Entry, StateCache


def entry(size: int = 10) -> Entry:
    return Entry(np.zeros((1, size), np.float32))


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
    cache.put_logits((1,), np.zeros(3, np.float32))
    assert cache.get((1,)) is None and cache.logits((1,)) is None and cache.bytes == 0


def test_logits_leave_room_for_states() -> None:
    cache = StateCache(100_000)
    for i in range(100):
        cache.put((i,), entry())
        cache.put_logits((i,), np.full(1000, i, np.float32))
    assert all(cache.get((i,)) for i in range(60, 100))
    kept = [i for i in range(100) if cache.logits((i,)) is not None]
    assert kept == list(range(100 - len(kept), 100)) and 4000 * len(kept) > (LOGITS_SHARE - 0.1) * 100_000
    np.testing.assert_array_equal(cache.logits((99,)), np.full(1000, 99))
    assert cache.bytes <= 100_000
