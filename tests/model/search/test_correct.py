"""Corrections of finished words: what they become, and what is left alone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.search.correct import Correction
from model.text.vocabulary import Vocabulary
from tests.model.search.bench import CHANCES, MODEL, Search
from tests.model.tiny_model import model_of, unhurried

SEARCH = Search(MODEL)
texts = st.text(st.characters(categories=None), max_size=80) | st.text("aeplthiTs'’-. \n@_3éß", max_size=60)


def corrected(text: str, search: Search = SEARCH) -> Correction:
    return search.correct(text)


def first(text: str) -> str:
    """The text once its last word is corrected."""
    suggestions, start, end = corrected(text)
    return text[:start] + suggestions[0].insert + text[end:]


def test_a_string_longer_than_any_word_is_left_alone() -> None:
    long = "tomorow" * 1000
    assert SEARCH.complete(long) == [] and SEARCH.scorer.meant(long) is None
    assert corrected(long)[0][0].kind == "typed"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see you tomorow", "see you tomorrow"),
        ("see you tomorow ", "see you tomorrow "),
        ("Tomorow", "Tomorrow"),
        ("TOMOROW", "TOMORROW"),
        ("I recieved", "I received"),
        ("doinghere", "doing here"),
        ("to gether", "together"),
        ("THis", "This"),
        ("dont", "don't"),
        ("the cafe", "the café"),
        ("this", "this"),
        ("form", "form"),
        ("to", "to"),
        ("Kubernetes", "Kubernetes"),
    ],
)
def test_the_finished_word_is_corrected(text: str, expected: str) -> None:
    assert first(text) == expected


def test_the_typed_word_is_offered_too_and_comes_first_where_it_should_stay() -> None:
    suggestions, start, end = corrected("this from")
    assert (suggestions[0].text, suggestions[0].kind, start, end) == ("from", "typed", 5, 9)
    kinds = {s.text: s.kind for s in corrected("the teh")[0]}
    assert kinds["the"] == "correction" and kinds.get("teh", "typed") == "typed"


def test_what_is_withheld_may_not_stand_but_a_name_may() -> None:
    chances = {"received": 0.2, "recieved": 0.2, "a": 0.2, "lot": 0.2, "alot": 0.1, "Cheryl": 0.05, "cheryls": 0.01}
    model = model_of(chances)
    withheld = Vocabulary(model.vocabulary.forms, model.vocabulary.counts, {"recieved", "alot", "Cheryl"})
    search = Search(replace(MODEL, vocabulary=withheld, network=model.network))
    assert corrected("recieved", search)[0][0].text == "received"
    assert corrected("Cheryl", search)[0][0].text == "Cheryl"
    # Neither is what a typo is corrected to.
    for typo in ("recievd", "Cherylo"):
        assert not {"recieved", "Cheryl"} & {s.text for s in corrected(typo, search)[0]}
    assert "a lot" in [s.text for s in corrected("alot", search)[0]]


@pytest.mark.parametrize(
    "word",
    [
        "tomorow.py",
        "tomorow_2",
        "@tomorow",
        "#tomorow",
        "a/tomorow",
        "tomorow@x",
        "tomOrow",
        "x=tomorow",
        "qzjxk",
    ],
)
def test_code_names_and_addresses_are_left_alone(word: str) -> None:
    assert first(word) == word


def test_capitals_inside_and_code() -> None:
    for text in ("NASA", "iPhone", "camelCase", "a.b", "x_y", "b2b"):
        assert SEARCH.corrector._stays(SEARCH.reader.finished(text, 0, len(text))), text
    for text in ("Apple", "THis", "apple", "it's", "well-known"):
        assert not SEARCH.corrector._stays(SEARCH.reader.finished(text, 0, len(text))), text


def test_the_last_word_is_found_past_spaces_and_marks() -> None:
    assert SEARCH.reader.last_word("one two ", 8) == (4, 7)
    assert SEARCH.reader.last_word("one two!", 8) == (4, 7)
    assert SEARCH.reader.last_word("one two", 5) == (4, 7)
    assert SEARCH.reader.last_word(" 12 ", 4) is None


@given(text=texts)
@unhurried
def test_any_text_is_answered(text: str) -> None:
    for fuzzy in (True, False):
        SEARCH.complete(text, fuzzy)
    place = SEARCH.reader.last_word(text, len(text))
    if place is None:
        return
    suggestions, start, end = corrected(text)
    assert 0 <= start <= place[0] < place[1] == end <= len(text)
    assert all(0 < suggestion.probability <= 1 for suggestion in suggestions)
    if not any(c.isalpha() for c in text[start:end]):
        assert all(suggestion.kind == "typed" for suggestion in suggestions)


@given(text=st.text("0123456789.,;:!?@#%&*()-+=/\\ \n\t👍", max_size=40))
@unhurried
def test_nothing_without_letters_is_corrected(text: str) -> None:
    assert SEARCH.reader.last_word(text, len(text)) is None


PROBABLE = sorted(form for form, chance in CHANCES.items() if chance >= 0.01 and form[0].isalpha())


@given(before=st.lists(st.sampled_from(PROBABLE), max_size=5), word=st.sampled_from(PROBABLE))
@unhurried
def test_a_probable_word_typed_exactly_is_never_corrected(before: list[str], word: str) -> None:
    text = " ".join([*before, word])
    suggestions, _, _ = corrected(text)
    assert (suggestions[0].text, suggestions[0].kind) == (word, "typed")


def test_a_model_without_spelling_files_corrects_too() -> None:
    search = Search(model_of(CHANCES))
    assert search.complete("tomorow")[0].text == "tomorrow"
    assert corrected("tomorow", search)[0][0].text == "tomorrow"
