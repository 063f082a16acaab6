"""The mixture of the network with n-grams and with the words that the context holds."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.arrays import NO_IDS, FloatArray
from model.lm import recent_words as recency
from model.lm.language_model import LanguageModel
from model.lm.mixture import AGREED, mixture
from model.lm.recent_words import HALF_SURPRISE, LEFT_OUT, SHARE, recent_words, weigh
from model.search.place.query import Query
from model.text.tokens import TEXT_START, UNKNOWN
from tests.model.lm.test_ngrams import ngrams_of
from tests.model.tiny_model import WORDS, answer, logits_of, random_model, read

MODEL = random_model(4)
TOKEN = {form: MODEL.vocabulary.id_of(form) for form in ("the", "dog", "eats", "food", "apple", "app", "don't", "done")}


def mixed_model(share: float) -> LanguageModel:
    """The tiny model with n-grams of a few of its words."""
    unigrams = np.array(MODEL.vocabulary.counts, dtype=np.float32)
    dog, the, eats = TOKEN["dog"], TOKEN["the"], TOKEN["eats"]
    tables = {(the,): {dog: 0.5, TOKEN["don't"]: 0.125, TOKEN["done"]: 0.25}, (the, dog): {eats: 0.75}}
    tables |= {(the, dog, eats): {TOKEN["food"]: 0.5, TOKEN["apple"]: 0.25, TOKEN["app"]: 0.0625}}
    start = MODEL.vocabulary.id_of(TEXT_START)
    return replace(MODEL, ngrams=ngrams_of(tables, unigrams / unigrams.sum(), start, share))


def mixed(model: LanguageModel, query: Query) -> tuple[range, FloatArray]:
    """The ids that can stand at a place, and their probabilities."""
    vocabulary = model.vocabulary
    span = vocabulary.prefix_range(query.prefix) if query.prefix else range(len(vocabulary))
    excluded = NO_IDS if query.prefix else vocabulary.closing
    logits = logits_of(model, query.context)[span.start : span.stop]
    return span, mixture(model, query.context, logits, span, excluded=excluded)


TEXTS = ("", "the ", "the do", "the don'", "the dog eats ", "the dog eats a", "the dog eats app", "CAFE")


def combined(network: FloatArray, ngrams: FloatArray, share: float) -> FloatArray:
    """Both, and what they agree on; without a share there is nothing to agree with."""
    both = [math.sqrt(a * b) for a, b in zip(network.tolist(), ngrams.tolist(), strict=True)]
    agreed = AGREED if share and sum(both) else 0.0
    linear = (1 - share) * network + share * ngrams
    return (1 - agreed) * linear + agreed * np.array(both) / (sum(both) or 1)


@pytest.fixture
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recent words count for nothing."""
    monkeypatch.setattr(recency, "SHARE", 0.0)


@pytest.mark.usefixtures("no_memory")
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_mixture_of_both_over_the_words_that_fit(text: str, share: float) -> None:
    model = mixed_model(share)
    query = read(model, "complete", text)
    ids, p = mixed(model, query)
    network = np.exp(logits_of(MODEL, query.context).astype(np.float64))
    if not query.prefix:
        network[MODEL.vocabulary.closing] = 0
    network = network[ids.start : ids.stop] / network[ids.start : ids.stop].sum()
    assert p.sum() == pytest.approx(1, abs=1e-5)
    assert model.ngrams is not None
    ngrams = model.ngrams.probabilities(query.context).copy()
    if not query.prefix:
        # What cannot follow a space is no next word for the n-grams either.
        ngrams[MODEL.vocabulary.closing] = 0
    counted = ngrams[ids.start : ids.stop]
    expected = combined(network, counted / counted.sum(), share)
    if len(query.context) == 1:
        # At the start of a text half of P(word) is how common the word is, of all words.
        counts = WORDS | {UNKNOWN: 100}
        common = np.array([counts.get(MODEL.vocabulary.forms[i], 0) / sum(counts.values()) for i in ids])
        expected = 0.5 * expected * counted.sum() + 0.5 * common
        expected /= expected.sum()
    np.testing.assert_allclose(p, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.usefixtures("no_memory")
def test_words_that_no_ngram_allows_are_left_to_the_network() -> None:
    the = TOKEN["the"]
    sure = ngrams_of({(the,): {TOKEN["dog"]: 1.0}}, np.full(len(MODEL.vocabulary), 0.01, dtype=np.float32), share=0.5)
    model = replace(MODEL, ngrams=sure)
    query = read(model, "complete", "the ap")
    np.testing.assert_array_equal(mixed(model, query)[1], mixed(MODEL, query)[1])


def ids_of(*forms: str) -> tuple[int, ...]:
    return tuple(map(MODEL.vocabulary.id_of, forms))


def test_recent_words_count_by_their_surprise() -> None:
    vocabulary = MODEL.vocabulary
    everything = range(len(vocabulary))
    context = ids_of(TEXT_START, "London", ",", "the", "London", "dog", "is", "in")
    total = HALF_SURPRISE + sum(vocabulary.surprise[token] for token in context)
    recent = recent_words(weigh(vocabulary, context), everything)
    found = dict(zip(recent.ids, recent.chances.tolist(), strict=True))
    london, the, dog = (
        SHARE * n * vocabulary.surprise[TOKEN.get(form) or vocabulary.id_of(form)] / total
        for form, n in (("London", 2), ("the", 1), ("dog", 1))
    )
    # The two words written last are left out, and marks are no words.
    assert LEFT_OUT == 2
    assert found == pytest.approx(dict(zip(ids_of("London", "the", "dog"), (london, the, dog), strict=True)))
    assert london > 5 * the and sum(found.values()) < SHARE
    (only,) = recent_words(weigh(vocabulary, context), vocabulary.prefix_range("lon")).ids
    assert vocabulary.forms[only] == "London"


def test_what_stood_before_the_start_of_the_text_is_forgotten() -> None:
    context = ids_of("London", TEXT_START, "is", "in")
    assert recent_words(weigh(MODEL.vocabulary, context), range(len(MODEL.vocabulary))).ids == []
    assert recent_words(weigh(MODEL.vocabulary, ()), range(len(MODEL.vocabulary))).ids == []


def test_a_name_that_was_written_is_likely_once_its_first_letters_are_typed() -> None:
    model = mixed_model(0.25)

    def chance(text: str) -> float:
        return {s.text: s.probability for s in answer(model, text)}["NASA"]

    assert chance("hello NASA, may I help in the n") > 0.1 + chance("hello London, may I help in the n")


@given(st.lists(st.sampled_from([*WORDS, ",", "\n"]), max_size=9), st.sampled_from(["", "a", "th", "is", "do"]))
def test_probabilities_add_up_to_1(words: list[str], prefix: str) -> None:
    model = mixed_model(0.25)
    query = read(model, "complete", " ".join(words) + " " + prefix)
    _, p = mixed(model, query)
    assert p.sum() == pytest.approx(1, abs=1e-5) and (p >= 0).all()


@pytest.mark.parametrize("model", [MODEL, mixed_model(0.25)], ids=["network alone", "mixed"])
def test_what_is_ruled_out_may_be_far_likelier_than_all_else(model: LanguageModel) -> None:
    query = read(model, "complete", "the dog ")
    logits = logits_of(model, query.context)
    closing = model.vocabulary.closing
    expected = mixture(model, query.context, logits, range(len(logits)), excluded=closing)
    logits[closing] += 1000
    p = mixture(model, query.context, logits, range(len(logits)), excluded=closing)
    np.testing.assert_array_equal(p, expected)
    assert p.sum() == pytest.approx(1, abs=1e-5) and (p[closing] == 0).all()


def test_an_excluded_word_has_no_chance_though_it_stood_before() -> None:
    model = mixed_model(0.25)
    context = ids_of(TEXT_START, "London", "the", "dog", "is", "in")
    excluded = np.array(ids_of("London", "dog"))
    everything = range(len(MODEL.vocabulary))
    p = mixture(model, context, logits_of(model, context), everything, excluded=excluded)
    assert set(recent_words(weigh(MODEL.vocabulary, context), everything).ids) == set(ids_of("London", "the", "dog"))
    assert p[excluded].tolist() == [0, 0] and p.sum() == pytest.approx(1, abs=1e-5)
