"""The n-grams at serving time: probabilities against plain dictionaries."""

import itertools
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.arrays import FloatArray
from model.lm.ngrams import MOST_TOKENS, SHARES_OF_CODES, NGrams, coded, with_places

Context = tuple[int, ...]
Tables = Mapping[Context, Mapping[int, float]]

V, START = 7, 1
UNIGRAMS = np.array([0.05, 0.01, 0.14, 0.2, 0.3, 0.25, 0.05], dtype=np.float32)
# Every context is an n-gram of another row, as in any text.
TABLES: Tables = {
    (1,): {2: 0.75, 4: 0.125},
    (2,): {1: 0.0625, 3: 0.5, 5: 0.25},
    (3,): {4: 0.25},
    (4,): {2: 0.125, 4: 0.25, 6: 0.5},
    (5,): {3: 0.25, 6: 0.25},
    (1, 4): {6: 0.25},
    (2, 1): {4: 0.5},
    (3, 4): {0: 0.5},
    (5, 3): {4: 0.75},
    (5, 6): {2: 0.5},
    (5, 3, 4): {0: 0.25, 5: 0.5},
    (2, 1, 4): {3: 0.75},
}


def rounded(share: float) -> float:
    """A share as its code keeps it."""
    return float(SHARES_OF_CODES[coded(np.array(share))])


def rest_of(row: Mapping[int, float]) -> float:
    """What is left for the shorter context."""
    return rounded(max(0.0, 1 - sum(map(rounded, row.values()))))


def ngrams_of(tables: Tables, unigrams: FloatArray = UNIGRAMS, start: int = START, share: float = 0.25) -> NGrams:
    """N-grams from a table of next tokens for each context."""
    levels = []
    beginnings: list[Context] = [(token,) for token in range(len(unigrams))]
    for _ in range(3):
        rows = [tables.get(beginning, {}) for beginning in beginnings]
        levels.append(
            with_places(
                np.array([len(row) for row in rows], dtype=np.uint16),
                coded(np.array([rest_of(row) for row in rows])),
                np.array([token for row in rows for token in sorted(row)], dtype=np.uint16),
                coded(np.array([row[token] for row in rows for token in sorted(row)], dtype=np.float64)),
            )
        )
        beginnings = [(*b, token) for b, row in zip(beginnings, rows, strict=True) for token in sorted(row)]
    return NGrams(unigrams, tuple(levels), start, share)


def by_hand(tables: Tables, context: Context, token: int, unigrams: FloatArray = UNIGRAMS, start: int = START) -> float:
    """P(token | context): what the longest known end of the context says, its rest from the shorter ones."""
    context = context[-3:]
    if start in context:
        context = context[len(context) - 1 - context[::-1].index(start) :]
    if not context:
        return float(unigrams[token])
    shorter = by_hand(tables, context[1:], token, unigrams, start)
    row = tables.get(context, {})
    return (rounded(row[token]) if token in row else 0.0) + rest_of(row) * shorter


@given(st.floats(0, 1))
def test_a_code_keeps_a_share_within_2_percent(share: float) -> None:
    assert rounded(share) == pytest.approx(share, rel=0.022, abs=2.5e-5)
    assert coded(np.array(rounded(share))) == coded(np.array(share))


def test_every_context_by_hand() -> None:
    ngrams = ngrams_of(TABLES)
    for length in range(5):
        for context in itertools.product(range(V), repeat=length):
            p = ngrams.probabilities(context)
            np.testing.assert_allclose(p, [by_hand(TABLES, context, token) for token in range(V)], rtol=1e-5)
            assert p.dtype == np.float32 and p.sum() == pytest.approx(1, abs=0.03)


@st.composite
def tables_of_any(draw: st.DrawFn) -> dict[Context, dict[int, float]]:
    """Tables whose contexts are n-grams of other rows."""
    contexts = st.lists(st.integers(0, V - 1), min_size=1, max_size=3).map(tuple)
    rows = st.dictionaries(st.integers(0, V - 1), st.sampled_from([1 / 8, 1 / 16]), max_size=V)
    tables = draw(st.dictionaries(contexts, rows, max_size=12))
    for context in sorted(tables, key=len, reverse=True):
        for length in range(1, len(context)):
            tables.setdefault(context[:length], {}).setdefault(context[length], 1 / 16)
    return tables


@given(tables_of_any(), st.lists(st.integers(0, V - 1), max_size=5).map(tuple))
def test_any_context(tables: Tables, context: Context) -> None:
    ngrams = ngrams_of(tables)
    p = ngrams.probabilities(context)
    np.testing.assert_allclose(p, [by_hand(tables, context, token) for token in range(V)], rtol=1e-5)
    assert p.sum() == pytest.approx(1, abs=0.05)
    np.testing.assert_array_equal(ngrams.probabilities((*context[:-4], *context[-4:])), p)


@given(
    tables_of_any(),
    st.lists(st.integers(0, V - 1), max_size=5).map(tuple),
    st.tuples(st.integers(0, V), st.integers(0, V)).map(sorted),
    st.lists(st.integers(0, V - 1), max_size=5),
)
def test_a_part_of_the_tokens(tables: Tables, context: Context, bounds: list[int], others: list[int]) -> None:
    ngrams = ngrams_of(tables)
    everything = ngrams.probabilities(context)
    part = ngrams.probabilities(context, range(*bounds), np.array(others, dtype=np.uint16))
    np.testing.assert_array_equal(part, np.append(everything[slice(*bounds)], everything[others]))


@given(
    tables_of_any(),
    st.lists(st.integers(0, V - 1), max_size=5).map(tuple),
    st.lists(st.tuples(st.integers(0, V), st.integers(0, V)).map(sorted), min_size=2, max_size=4),
)
def test_ranges_one_after_the_other(tables: Tables, context: Context, ranges: list[list[int]]) -> None:
    """Who writes to an answer, as the mixture does, changes no later one."""
    ngrams = ngrams_of(tables)
    everything = ngrams.probabilities(context)
    for begin, end in ranges:
        part = ngrams.probabilities(context, range(begin, end))
        np.testing.assert_array_equal(part, everything[begin:end])
        part[:] = -1


def test_many_beginnings() -> None:
    size = 300
    rng = np.random.default_rng(1)
    chosen = {(token,): rng.choice(size, rng.integers(0, 9), replace=False).tolist() for token in range(size)}
    tables: Tables = {context: dict.fromkeys(row, 1 / 16) for context, row in chosen.items()}
    unigrams = np.full(size, 1 / size, dtype=np.float32)
    ngrams = ngrams_of(tables, unigrams, start=size)
    for context in chosen:
        expected = [by_hand(tables, context, token, unigrams, size) for token in range(size)]
        np.testing.assert_allclose(ngrams.probabilities(context), expected, rtol=1e-5)


def test_nothing_before_a_start_is_looked_at() -> None:
    assert (2, 1, 4) in TABLES
    ngrams = ngrams_of(TABLES)
    for context, before in itertools.product(((1,), (1, 4), (1, 1)), range(V)):
        p = ngrams.probabilities((before, *context))
        np.testing.assert_array_equal(p, ngrams.probabilities(context))


def test_the_highest_ids_fit_the_keys() -> None:
    top = MOST_TOKENS - 1
    unigrams = np.full(MOST_TOKENS, 1 / MOST_TOKENS, dtype=np.float32)
    tables = {(top,) * length: {top: 0.5, 0: 0.25} for length in (1, 2, 3)}
    ngrams = ngrams_of(tables, unigrams)
    p = ngrams.probabilities((top, top, top))
    assert p.sum() == pytest.approx(1, abs=0.05)
    for token in (0, top):
        assert p[token] == pytest.approx(by_hand(tables, (top, top, top), token, unigrams), rel=1e-5)
    for span in (range(MOST_TOKENS, MOST_TOKENS), range(top, MOST_TOKENS), range(top), range(0)):
        part = ngrams.probabilities((top, top, top), span, np.array([top]))
        np.testing.assert_array_equal(part, np.append(p[span.start : span.stop], p[top]))
