"""Ranking: the search for the likeliest of many values."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.search.ranking import NEXT_WORD, likely_words, reached
from tests.model.tiny_model import random_model


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


@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_the_likeliest_words_are_those_of_the_sums_over_their_spellings(seed: int, most: int) -> None:
    model = random_model()
    forms, first = model.vocabulary.forms, model.vocabulary.first_word
    p = np.random.default_rng(seed).dirichlet(np.full(len(forms), 0.3)).astype(np.float32)
    sums: dict[str, float] = {}
    for form, chance in zip(forms[first:], p[first:].tolist(), strict=True):
        sums[form.casefold()] = sums.get(form.casefold(), 0.0) + chance
    p[:first] = 0
    found: dict[str, float] = {}
    for one in likely_words(model, range(len(forms)), p, None, most, NEXT_WORD):
        found[one.word] = found.get(one.word, 0.0) + one.probability
    wanted = [word for word in sorted(sums, key=lambda word: -sums[word])[:most] if sums[word] > 1e-5]
    assert [word for word in found if sums[word] > 1e-5] == wanted
    assert all(abs(found[word] - sums[word]) < 1e-6 for word in found)
