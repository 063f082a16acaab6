"""The spelling network asked letter by letter."""

import numpy as np
import pytest

from model.lm.words.spelling import Speller
from model.train.spelling import log_spellings
from tests.model.tiny_model import spelling_of

SPELLING = spelling_of(["Kubernetes", "thermal"], [-2.0, -2.0])


def test_letters_and_words_are_spelled_alike() -> None:
    speller = Speller(SPELLING, most_entries=5)
    words = ["apple", "Apple", "don’t", "日本", "é", "z" * 60]
    assert [speller.log_word(word) for word in words] == pytest.approx(log_spellings(SPELLING, words), rel=1e-4)
    beginnings = [speller.log_beginning("apple"[:n]) for n in range(6)]
    assert beginnings[0] == 0 and beginnings == sorted(beginnings, reverse=True)
    assert speller.log_word("apple") < speller.log_beginning("apple")


def test_the_chances_of_what_can_follow_a_beginning_add_up_to_its_own() -> None:
    speller = Speller(SPELLING)
    letters = [form for form in SPELLING.characters.forms if len(form) == 1]
    following = sum(np.exp(speller.log_beginning("app" + c)) for c in letters) + np.exp(speller.log_word("app"))
    # The special tokens have the rest.
    assert 0.2 < following / np.exp(speller.log_beginning("app")) <= 1 + 1e-5
