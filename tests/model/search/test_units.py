"""Ordinals and units behind a digit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.search.place.query import Query
from model.search.units import UNITS, ordinal, units
from tests.model.tiny_model import random_model, read, words_of

MODEL = random_model()


def said(n: int) -> str:
    """The last word of an ordinal; one that stands for all others that end alike."""
    if n % 100 in (11, 12, 13):
        return ("eleventh", "twelfth", "thirteenth")[n % 100 - 11]
    return {1: "first", 2: "second", 3: "third"}.get(n % 10, "fourth")


def test_ordinals_end_as_they_are_said() -> None:
    for n in range(201):
        assert ordinal(str(n)) == said(n)[-2:], n


def query(number: str, typed: str) -> Query:
    return read(MODEL, "complete", f"we {number}{typed}")


@pytest.mark.parametrize(
    ("number", "typed", "expected"),
    [
        ("4", "t", {"th", "TB"}),
        ("2", "n", {"nd"}),
        ("22", "n", {"nd"}),
        ("3", "r", {"rd"}),
        ("12", "n", set()),
        ("5", "k", {"k", "kg", "km", "kbps", "kW", "kHz", "kWh", "kcal", "km/h", "KB"}),
        ("5", "K", {"KB"}),
        ("5", "km", {"km", "km/h"}),
        ("5", "gh", {"GHz"}),
        ("5", "GH", {"GHz"}),
        ("$5", "k", {"k", "kg", "km", "kbps", "kW", "kHz", "kWh", "kcal", "km/h", "KB"}),
        ("5", "q", set()),
        ("5", "thr", set()),
    ],
)
def test_what_begins_as_typed(number: str, typed: str, expected: set[str]) -> None:
    assert {candidate.form for candidate in units(query(number, typed))} == expected


def test_a_number_with_a_point_has_seldom_an_ordinal() -> None:
    def chance(number: str) -> float:
        return {c.form: c.probability for c in units(query(number, "t"))}["th"]

    assert chance("14") > 0.9 and chance("1.4") < 0.5


@given(
    st.integers(0, 200), st.sampled_from(sorted(UNITS)).flatmap(lambda u: st.integers(1, len(u)).map(lambda n: u[:n]))
)
def test_chances_are_shares(number: int, typed: str) -> None:
    found = units(query(str(number), typed))
    assert all(0 < candidate.probability <= 1 for candidate in found)
    assert sum(candidate.probability for candidate in found) <= 1


def test_no_word_is_glued_to_a_number() -> None:
    for typed, unit in (("4t", "th"), ("2n", "nd"), ("5k", "km"), ("10m", "mm")):
        offered = set(words_of(MODEL, f"we {typed}"))
        assert unit in offered and not offered & {"the", "not", "known", "my", "may", "Monday"}
    assert words_of(MODEL, "we 5do") == []
