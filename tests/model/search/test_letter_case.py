"""The letter case that words are offered in where nothing is typed."""

from dataclasses import replace

import numpy as np

from tests.model.tiny_model import random_model, read, words_of

MODEL = random_model()


def test_a_capital_where_a_sentence_starts_and_nothing_is_typed() -> None:
    for text in ("", "Hi. ", "Hi!\n", "He said: “", "the cat\n\n"):
        words = set(words_of(MODEL, text))
        assert {"The", "I'm", "I", "London", "A", "NASA", "iPhone"} <= words
        assert not {"the", "i'm", "a", "IPhone"} & words
    for text in ("dog ", "Hi, ", "by J. ", "5 "):
        words = set(words_of(MODEL, text))
        assert {"the", "I'm", "I", "London", "Monday", "a"} <= words and "The" not in words
    # Who types a small letter there wants it.
    assert "the" in words_of(MODEL, "Hi. t")


def test_a_titled_word_has_a_capital_behind_a_word_with_one() -> None:
    titled = replace(MODEL, titled_words=np.array([form in ("dog", "cat", "well") for form in MODEL.vocabulary.forms]))
    for text in ("the Big ", "by J. Big ", "Hi, London ", "the BIG ", "the Big Cat "):
        words = set(words_of(titled, text))
        assert {"Dog", "Cat", "Well", "food", "I'm", "iPhone"} <= words and not {"dog", "cat", "well"} & words
    # A sentence begins with any word's capital, and I has one always.
    for text in ("Big ", "I ", "when I'm ", "the Big, ", "the big ", "the Big. It ", "the Big 5 "):
        words = set(words_of(titled, text))
        assert {"dog", "cat", "well", "food"} <= words and not {"Dog", "Cat", "Well"} & words
    # Who types a small letter wants it.
    assert "dog" in words_of(titled, "the Big d")


def test_a_contraction_without_its_apostrophe_is_read_alike_before_and_behind_a_space() -> None:
    model = random_model(words={"that's": 90, "THATS": 5, "what": 50, "Cant": 4, "can't": 80})
    for text in ("Thats", "what, thats", "what Cant", "cant"):
        assert read(model, "next-word", text).context == read(model, "next-word", text + " ").context


def test_a_long_quote_is_still_open_when_its_first_mark_is_out_of_the_context() -> None:
    quoted = 'He said: "' + "the dog eats my food, " * 20
    assert "food" in words_of(MODEL, quoted + 'the dog" ')
    assert "Food" in words_of(MODEL, quoted + 'the dog." ')
    inside = read(MODEL, "complete", quoted + 'the dog" Apple ').context
    assert MODEL.vocabulary.forms[inside[-1]] == "Apple"
