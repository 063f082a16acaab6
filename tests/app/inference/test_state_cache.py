"""The cache of states: what it finds, and that it stays within its bound."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.inference.state_cache import LOGITS_SHARE, Entry, LastUsed, StateCache


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
    kept: LastUsed[str] = LastUsed(10**6)
    kept.put((1,), "a", 100)
    kept.most_bytes = 3 * kept.bytes
    kept.put((2,), "b", 100)
    kept.put((3,), "c", 100)
    assert kept.get((1,)) == "a"
    kept.put((4,), "d", 100)
    assert kept.get((2,)) is None
    assert [kept.get((i,)) for i in (1, 3, 4)] == ["a", "c", "d"]


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


@given(
    st.lists(st.tuples(st.lists(st.integers(0, 3), max_size=3), st.integers(1, 200)), max_size=40), st.integers(0, 5000)
)
def test_bytes_are_counted_and_bounded(puts: list[tuple[list[int], int]], most: int) -> None:
    kept: LastUsed[int] = LastUsed(most)
    for ids, size in puts:
        kept.put(tuple(ids), size, size)
        assert kept.bytes <= most
    sizes = {tuple(ids): size for ids, size in puts}
    found = [size for ids, size in sizes.items() if kept.get(ids) is not None]
    assert all(kept.get(ids) in (None, size) for ids, size in sizes.items())
    assert len(kept) == len(found) and (kept.bytes > sum(found) if found else kept.bytes == 0)
    kept.most_bytes = 0
    kept.put((9, 9, 9, 9), 0, 1)
    assert kept.bytes == 0 and len(kept) == 0
