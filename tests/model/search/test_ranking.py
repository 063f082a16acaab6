"""Ranking: the search for the likeliest of many values."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.search.ranking import reached


@given(st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5]) | st.floats(0, 1, width=32), max_size=2000), st.integers(1, 300))
def test_a_bound_that_enough_values_reach(values: list[float], most: int) -> None:
    array = np.array(values, dtype=np.float32)
    bound = reached(array, most)
    above = int((array >= bound).sum())
    assert above >= min(most, len(values))
    # It leaves out most of many values, whatever their order.
    spread = np.random.default_rng(len(values)).permutation(np.arange(32_000, dtype=np.float32))
    assert most <= int((spread >= reached(spread, most)).sum()) <= 20 * most + 500
    rows = np.stack([spread, -spread, np.roll(spread, 7)])
    np.testing.assert_array_equal(reached(rows, most), [reached(row, most) for row in rows])
