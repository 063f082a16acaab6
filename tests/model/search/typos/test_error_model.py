"""The error model: what costs more than what, and that the dynamic programme finds the cheapest way."""

import itertools
import math
import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.search.typos.error_model import FIRST_LETTER_COST, RATES, ErrorModel, cost, most_edits
from model.search.typos.keyboards import LAYOUTS, neighbours
from tests.model.tiny_model import unhurried

ERRORS = ErrorModel(string.ascii_lowercase)
words = st.text(string.ascii_lowercase, min_size=1, max_size=8)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_keys_touch_each_other_mutually_and_each_letter_has_neighbours(layout: str) -> None:
    near = neighbours(layout)
    assert all(key in near[other] for key, others in near.items() for other in others)
    assert all(1 <= len(near[letter]) <= 8 and letter not in near[letter] for letter in string.ascii_lowercase)


def test_layouts_differ_where_their_keys_do() -> None:
    assert "w" in neighbours("qwerty")["q"] and "s" in neighbours("qwerty")["a"]
    assert "z" in neighbours("azerty")["a"] and "z" not in neighbours("qwerty")["y"]
    assert "z" in neighbours("qwertz")["t"] and "n" in neighbours("dvorak")["s"]
    assert "p" not in neighbours("qwerty")["q"]


def test_number_of_edits_grows_with_length() -> None:
    assert [most_edits(n) for n in range(1, 9)] == [0, 1, 1, 1, 1, 2, 2, 2]


@given(word=words)
@unhurried
def test_what_was_meant_costs_nothing(word: str) -> None:
    assert ERRORS.cost(word, word) == 0


@given(typed=words, meant=words)
@unhurried
def test_anything_else_costs_something(typed: str, meant: str) -> None:
    if typed != meant:
        assert 0 < ERRORS.cost(typed, meant) < math.inf


def test_likelier_typos_cost_less() -> None:
    price = ERRORS.cost
    assert price("thst", "that") < price("thpt", "that")  # a neighbouring key, a far one
    assert price("seperate", "separate") < price("sepxrate", "separate")  # a vowel for a vowel
    assert price("acomodate", "accomodate") < price("acomodate", "axcomodate")  # one of a double
    assert price("tomorroww", "tomorrow") < price("tomorrowk", "tomorrow")  # doubled, added
    assert price("freind", "friend") < 2 * price("frxend", "friend")
    assert price("freind", "friend") < price("frxxnd", "friend")


def test_a_transposition_is_one_edit() -> None:
    assert ERRORS.cost("freind", "friend") == pytest.approx(cost("a letter", "transposition"))


def test_the_first_letter_is_guarded() -> None:
    assert FIRST_LETTER_COST > 0
    assert ERRORS.cost("rhat", "that") > ERRORS.cost("thay", "that") + FIRST_LETTER_COST / 2


def test_the_layout_decides_what_is_near() -> None:
    azerty = ErrorModel(string.ascii_lowercase, "azerty")
    assert azerty.cost("zvec", "avec") < ERRORS.cost("zvec", "avec") + FIRST_LETTER_COST
    assert ErrorModel(string.ascii_lowercase, "qwertz").cost("tezt", "tett") < ERRORS.cost("tezt", "tett")


def test_rates_are_shares_and_the_kinds_of_typo_fill_about_one() -> None:
    assert all(rate > 0 for rate in RATES.values())
    kinds = itertools.islice(RATES.items(), 1, 11)
    assert 0.9 < sum(share for _, share in kinds) < 1.2
    chances = np.exp(-ERRORS.costs.substituted)[:-1, :-1]
    # Of one meant letter, what it is typed as instead has less than the chance of a typo.
    assert ((chances.sum(axis=0) - 1) < RATES["a letter"]).all()
