"""Custom vocabularies: found by their beginnings, whatever their letters; what they hold and what they block."""

import gc
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.lm.words.custom_vocabulary import CustomVocabulary, Entry, compared
from model.text.tokens import fold
from tests.model.tiny_model import plain, tiny_vocabulary

VOCABULARY = tiny_vocabulary()
LETTERS = st.text(st.sampled_from("aAbcéßİı'’ -.+&1日한اд"), max_size=8)
TEXTS = st.builds(str.__add__, st.sampled_from("aBéßİ日д7"), LETTERS)


@given(st.lists(TEXTS, max_size=30), LETTERS)
def test_the_entries_that_begin_with_a_key_are_one_range(texts: list[str], typed: str) -> None:
    custom = CustomVocabulary(map(Entry, texts))
    found = custom.texts[custom.range_of(fold(typed))]
    assert sorted(found) == sorted(text for text in set(texts) if plain(text).startswith(plain(typed)))


def test_an_entry_that_is_given_twice_counts_once_with_its_greatest_weight() -> None:
    custom = CustomVocabulary([Entry("Acme", 2), Entry("Acme", 5), Entry("Acme", 3)])
    assert list(custom.texts) == ["Acme"] and custom.weights.tolist() == [5]


@pytest.mark.parametrize(
    ("word", "held"),
    [
        ("Kubeflow", True),
        ("kubeflow", True),
        ("Kubeflow's", True),
        ("Kubeflow’s", True),
        ("Kubeflow-based", True),
        ("cloud", True),
        ("Grünwald", True),
        ("Gru\u0308nwald", True),
        ("Grunwald", False),
        ("Kubeflo", False),
        ("Kubeflows", False),
        ("Acme Cloud", False),  # no word
    ],
)
def test_every_word_of_an_entry_is_held(word: str, held: bool) -> None:
    custom = CustomVocabulary([Entry("Kubeflow"), Entry("Acme Cloud Backup"), Entry("Grünwald")])
    assert custom.holds(word) == held


@pytest.mark.parametrize(
    ("before", "text", "blocked"),
    [
        ("a", "banana", True),
        ("a", "Banana's", True),
        ("a", "bananas", False),
        ("", "it's", True),
        ("", "it", False),
        ("a", "split banana", True),
        ("a", "banana-split", True),
        ("the New York", "Times", True),
        ("the New", "York Times", True),
        ("the new york", "TIMES", True),
        ("the York", "Times", False),
        ("", "New York Times", True),
        ("New York Times", "and", False),  # it was typed
        ("a banana", "split", False),
        ("a", "Müller", True),
        ("a", "Muller", True),
        ("", "", False),
    ],
)
def test_blocked_words_are_found_in_texts_and_across_their_beginning(before: str, text: str, blocked: bool) -> None:
    custom = CustomVocabulary([], ["banana", "New York Times", "müller", "it's"])
    assert custom.blocks(compared(text), compared(before)) == blocked


def test_a_model_knows_single_words_of_its_own_spelling_that_it_offers() -> None:
    custom = CustomVocabulary([Entry("apple", 3), Entry("NASA"), Entry("APP"), Entry("Zorg", 4), Entry("b", 2)])
    known = custom.known_in(VOCABULARY)
    forms = [VOCABULARY.forms[i] for i in known.ids.tolist()]
    assert dict(zip(forms, known.factors.tolist(), strict=True)) == {"apple": 4, "NASA": 2}
    weights = dict(zip(custom.texts, known.unknown.tolist(), strict=True))
    # Of single letters it offers none but words.
    assert weights == {"apple": 0, "NASA": 0, "APP": 1, "Zorg": 4, "b": 2} and known.total == 7


def test_blocked_words_of_a_model_are_found_in_every_spelling() -> None:
    custom = CustomVocabulary([], ["may", "cafe", "big apple"])
    forms = {VOCABULARY.forms[i] for i in custom.known_in(VOCABULARY).blocked.tolist()}
    assert forms == {"may", "May", "café", "café's"}


def test_what_a_model_knows_is_looked_up_once_and_goes_with_the_model() -> None:
    custom, other = CustomVocabulary([Entry("apple")]), tiny_vocabulary({"pear": 3})
    known = custom.known_in(VOCABULARY)
    assert custom.known_in(VOCABULARY) is known and custom.known_in(other).total == 1
    gone = weakref.ref(other)
    del other
    gc.collect()
    assert gone() is None
