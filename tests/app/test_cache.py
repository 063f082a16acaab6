"""The cache of states: what it finds, and that it stays within its bound."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.cache import Entry, StateCache


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


def test_the_least_recently_used_goes_first() -> None:
    cache = StateCache(10**6)
    cache.put((1,), entry())
    cache.most_bytes = 3 * cache.bytes
    cache.put((2,), entry())
    cache.put((3,), entry())
    assert cache.get((1,)) is not None
    cache.put((4,), entry())
    assert cache.get((2,)) is None
    assert all(cache.get((i,)) is not None for i in (1, 3, 4))


def test_a_cache_of_nothing_keeps_nothing() -> None:
    cache = StateCache(0)
    cache.put((1,), entry())
    assert len(cache) == 0 and cache.bytes == 0


@given(
    st.lists(st.tuples(st.lists(st.integers(0, 3), max_size=3), st.integers(1, 200)), max_size=40), st.integers(0, 5000)
)
def test_bytes_are_counted_and_bounded(puts: list[tuple[list[int], int]], most: int) -> None:
    cache = StateCache(most)
    for ids, size in puts:
        output = np.zeros(size, np.float32) if size % 2 else None
        cache.put(tuple(ids), Entry(np.zeros((2, size), np.float32), output))
        assert cache.bytes <= most
    for ids, _ in puts:
        kept = cache.get(tuple(ids))
        if kept is not None:
            assert cache.bytes > kept.state.nbytes
    cache.most_bytes = 0
    cache.put((9, 9, 9, 9), entry())
    assert cache.bytes == 0 and len(cache) == 0
