"""The cache of sequences and their beginnings: what it finds, what goes first, and that it stays within its bound."""

from hypothesis import given
from hypothesis import strategies as st

from model.prefix_cache import PrefixCache

KEYS = st.text("ab", max_size=4)


def test_the_longest_beginning_is_found() -> None:
    cache: PrefixCache[str, int] = PrefixCache(10)
    cache.put("ap", 1)
    cache.put("appl", 2)
    assert cache.longest("apple") == (4, 2)
    assert cache.longest("app") == (2, 1)
    assert cache.longest("a") == (0, None) == cache.longest("")


def test_the_least_recently_used_goes_first() -> None:
    kept: PrefixCache[tuple[int, ...], str] = PrefixCache(300)
    for i, value in enumerate("abc"):
        kept.put((i,), value, 100)
    assert kept.get((0,)) == "a"
    kept.put((3,), "d", 100)
    assert kept.get((1,)) is None
    assert [kept.get((i,)) for i in (0, 2, 3)] == ["a", "c", "d"]


@given(st.lists(st.tuples(KEYS, st.integers(1, 200)), max_size=40), st.integers(0, 1000))
def test_sizes_are_counted_and_bounded(puts: list[tuple[str, int]], most: int) -> None:
    kept: PrefixCache[str, int] = PrefixCache(most)
    last: dict[str, int] = {}
    for key, size in puts:
        kept.put(key, size, size)
        last[key] = size
        assert kept.size <= most
        assert (kept.get(key) == size) == (size <= most)
    assert kept.size == sum(size for key, size in last.items() if kept.get(key) is not None)


@given(st.lists(KEYS, max_size=20), KEYS)
def test_longest_is_the_longest_of_all(keys: list[str], asked: str) -> None:
    kept: PrefixCache[str, str] = PrefixCache(100)
    for key in keys:
        kept.put(key, key)
    known = [key for key in keys if key and asked.startswith(key)]
    best = max(known, key=len, default=None)
    assert kept.longest(asked) == ((len(best), best) if best is not None else (0, None))
