"""The values of the last range: the same as computed anew, and computed anew only where they are not known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.arrays import FloatArray
from model.last_range import MOST_KEPT, LastRange

VALUES = np.arange(3 * MOST_KEPT, dtype=np.float32)
RANGES = st.tuples(st.integers(0, len(VALUES)), st.integers(0, len(VALUES))).map(sorted)


def of(last: LastRange, begin: int, end: int) -> tuple[FloatArray, list[tuple[int, int]]]:
    """The values of a range, and the ranges that were computed for it."""
    computed: list[tuple[int, int]] = []

    def compute(begin: int, end: int) -> FloatArray:
        computed.append((begin, end))
        return VALUES[begin:end].copy()

    return last.of(begin, end, compute), computed


@given(st.lists(RANGES, min_size=1, max_size=5))
def test_ranges_one_after_the_other(ranges: list[list[int]]) -> None:
    last = LastRange()
    for begin, end in ranges:
        np.testing.assert_array_equal(of(last, begin, end)[0], VALUES[begin:end])


def test_a_part_of_the_last_range_is_not_computed_again() -> None:
    last = LastRange()
    assert of(last, 10, 90)[1] == [(10, 90)]
    assert of(last, 10, 90)[1] == of(last, 20, 30)[1] == of(last, 90, 90)[1] == []
    assert of(last, 9, 30)[1] == [(9, 30)]
    assert of(last, 30, 31)[1] == [(30, 31)]


def test_a_long_range_is_not_kept_and_leaves_the_kept_one() -> None:
    last = LastRange()
    of(last, 0, MOST_KEPT)
    for _ in range(2):
        assert of(last, 0, MOST_KEPT + 1)[1] == [(0, MOST_KEPT + 1)]
    assert of(last, 0, MOST_KEPT)[1] == []


def test_nobody_can_write_to_what_is_kept() -> None:
    last = LastRange()
    for begin in (0, 1):  # computed, and kept
        with pytest.raises(ValueError, match="read-only"):
            of(last, begin, 10)[0][0] = 1
