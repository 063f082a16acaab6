"""Completions with corrections, rare words and the person's own, and contexts read as they were meant."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.lm.language_model import LanguageModel
from model.lm.offensive import Guard
from model.lm.spelling import Lexicon, Speller, Spelling
from model.nn.network import Network, NetworkConfig, initial_weights
from model.search.correct import Correction
from model.search.ranking import Suggestion
from model.text.tokens import UNKNOWN
from model.text.vocabulary import SortedWords, Vocabulary
from model.train.spelling import character_vocabulary, log_spellings
from tests.model.search.bench import Search
from tests.model.tiny_model import answer, model_of, random_model, unhurried

CHANCES = {"the": 0.2, "then": 0.01, "tomorrow": 0.05, "form": 0.01, "from": 0.02, "message": 0.05, "received": 0.02}
CHANCES |= {"doing": 0.05, "here": 0.05, "together": 0.02, "café": 0.02, "don't": 0.05, "London": 0.02, "apple": 0.02}
CHANCES |= {"this": 0.05, "I": 0.05, "to": 0.05, "were": 0.02, "we're": 0.02}
texts = st.text(st.characters(categories=None), max_size=80) | st.text("aeplthiTs'’-. \n@_3éß", max_size=60)


def spelling_of(words: list[str], log_p: list[float]) -> Spelling:
    """Characters with random weights, and a lexicon."""
    characters = character_vocabulary(dict.fromkeys("abcdefghijklmnopqrstuvwxyz'-é", 1))
    config = NetworkConfig("gru", len(characters), 4, 6)
    network = Network(config, initial_weights(config, characters.log_unigrams(), 1))
    return Spelling(characters, network, Lexicon(SortedWords(words), np.array(log_p, np.float32)))


MODEL = replace(model_of(CHANCES), spelling=spelling_of(["Kubernetes", "thermal"], [-2.0, -2.0]))
SEARCH = Search(MODEL)
SCORER = SEARCH.scorer


def complete(text: str, fuzzy: bool = True, search: Search = SEARCH) -> list[Suggestion]:
    return search.complete(text, fuzzy)


def corrected(text: str, search: Search = SEARCH) -> Correction:
    return search.correct(text)


def first(text: str) -> str:
    """The text once its last word is corrected."""
    suggestions, start, end = corrected(text)
    return text[:start] + suggestions[0].insert + text[end:]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("see you tomorow", "tomorrow"),
        ("teh", "the"),
        ("recei", "received"),
        ("mesag", "message"),
        ("togteh", "together"),
    ],
)
def test_corrections_stand_among_the_completions(text: str, word: str) -> None:
    suggestions = complete(text)
    kinds = {suggestion.text: suggestion.kind for suggestion in suggestions}
    assert kinds[word] == ("completion" if word.startswith(text.split()[-1]) else "correction")
    assert all(suggestion.kind == "completion" for suggestion in complete(text, fuzzy=False))


def test_corrections_follow_the_case_of_the_person() -> None:
    assert complete("Tomorow")[0].text == "Tomorrow"
    assert complete("TOMOROW")[0].text == "TOMORROW"


def test_a_literal_completion_does_not_lose_to_a_frequent_word() -> None:
    assert complete("for")[0] == complete("for", fuzzy=False)[0]._replace(probability=complete("for")[0].probability)
    assert complete("for")[0].text == "form"


@pytest.mark.parametrize("typed", ["t", "to"])
def test_two_letters_are_taken_as_they_are(typed: str) -> None:
    assert all(suggestion.kind == "completion" for suggestion in complete(typed))


def test_probabilities_fall_and_do_not_exceed_one() -> None:
    for text in ("t", "the", "teh", "tomorow", "kub", "i "):
        shares = [suggestion.probability for suggestion in complete(text)]
        assert shares == sorted(shares, reverse=True) and 0 <= sum(shares) <= 1 + 1e-4


def test_a_string_longer_than_any_word_is_left_alone() -> None:
    long = "tomorow" * 1000
    assert complete(long) == [] and SCORER.meant(long) is None
    assert corrected(long)[0][0].kind == "typed"


def test_rare_words_are_completed() -> None:
    assert complete("Kubern")[0].text == "Kubernetes"
    assert "thermal" in [suggestion.text for suggestion in complete("ther")]
    assert complete("kubernetse")[0].text == "Kubernetes"


def test_the_persons_own_words_are_completed() -> None:
    assert complete("Hi Kaminski, hello Kami")[0].text == "Kaminski"
    assert not complete("hello Kami")


def test_guarded_rare_words_wait_for_most_of_their_letters(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("thermal")
    search = Search(replace(MODEL, guard=Guard(tmp_path / "list.txt")))
    assert "thermal" not in [s.text for s in complete("ther", search=search)]
    assert "thermal" in [s.text for s in complete("therma", search=search)]


def test_a_typo_in_the_context_is_read_as_what_was_meant() -> None:
    text = "I recieved "
    query = SEARCH.reader.next_word(text, len(text))
    read = SCORER.resolve(query)
    assert MODEL.vocabulary.forms[query.context[2]] == UNKNOWN
    assert MODEL.vocabulary.forms[read.context[2]] == "received"
    assert SCORER.meant("recieved") == MODEL.vocabulary.id_of("received")


@pytest.mark.parametrize("form", ["Recieved", "qzxqzx", "re3eived", "iPohne", "xy"])
def test_what_is_no_sure_typo_stays_unknown(form: str) -> None:
    assert SCORER.meant(form) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see you tomorow", "see you tomorrow"),
        ("see you tomorow ", "see you tomorrow "),
        ("Tomorow", "Tomorrow"),
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
        "TOMOROW",
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
        complete(text, fuzzy)
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
    assert complete("tomorow", search=search)[0].text == "tomorrow"
    assert corrected("tomorow", search)[0][0].text == "tomorrow"


def test_literal_completions_of_a_random_model_are_those_of_the_plain_search() -> None:
    model: LanguageModel = random_model()
    search = Search(model)
    for text in ("a", "the do", "don'", "caf", "Lon"):
        plain = [s.text for s in answer(model, text, limit=10)]
        assert [s.text for s in complete(text, fuzzy=False, search=search)] == plain


def test_letters_and_words_are_spelled_alike() -> None:
    spelling = MODEL.spelling
    assert spelling is not None
    speller = Speller(spelling, most_entries=5)
    words = ["apple", "Apple", "don’t", "日本", "é", "z" * 60]
    assert [speller.log_word(word) for word in words] == pytest.approx(log_spellings(spelling, words), rel=1e-4)
    beginnings = [speller.log_beginning("apple"[:n]) for n in range(6)]
    assert beginnings[0] == 0 and beginnings == sorted(beginnings, reverse=True)
    assert speller.log_word("apple") < speller.log_beginning("apple")


def test_the_chances_of_what_can_follow_a_beginning_add_up_to_its_own() -> None:
    spelling = MODEL.spelling
    assert spelling is not None
    speller = Speller(spelling)
    letters = [form for form in spelling.characters.forms if len(form) == 1]
    following = sum(np.exp(speller.log_beginning("app" + c)) for c in letters) + np.exp(speller.log_word("app"))
    # The special tokens have the rest.
    assert 0.2 < following / np.exp(speller.log_beginning("app")) <= 1 + 1e-5
