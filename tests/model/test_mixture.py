"""The mixture of the network with n-grams."""

from dataclasses import replace

import numpy as np
import pytest

from model.storage import LanguageModel
from model.suggest import candidates
from model.text import TEXT_START
from tests.model.test_ngram import ngrams_of
from tests.model.tiny_model import output_of, random_model, read

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


TEXTS = ("", "the ", "the do", "the don'", "the dog eats ", "the dog eats a", "the dog eats app", "CAFE", "q", "xyz")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_mixture_of_both_over_the_words_that_fit(text: str, share: float) -> None:
    model = mixed_model(share)
    query = read(model, "complete", text)
    output = output_of(model, query.context)
    ids, p = candidates(model, query, output)
    plain_ids, network = candidates(MODEL, query, output)
    np.testing.assert_array_equal(ids, plain_ids)
    if not len(ids):
        return
    assert p.sum() == pytest.approx(1, abs=1e-5)
    assert model.ngrams is not None
    ngrams = model.ngrams.probabilities(query.context, range(len(model.vocabulary)))
    if not query.prefix:
        # The next word: both distributions whole, but for what cannot follow a space.
        by_network = np.exp(model.network.logits(output.astype(np.float64)))
        by_network[MODEL.vocabulary.closing] = ngrams[MODEL.vocabulary.closing] = 0
        expected = (1 - share) * by_network / by_network.sum() + share * ngrams / ngrams.sum()
    elif "'" in query.prefix:
        # Mixed over all that begins with the letters, then cut down to what has the apostrophe too.
        everything, p_letters = candidates(model, query._replace(prefix="don"), output)
        expected = p_letters[np.isin(everything, ids)]
        expected = expected / expected.sum()
    else:
        expected = (1 - share) * network + share * ngrams[ids] / ngrams[ids].sum()
    np.testing.assert_allclose(p, expected, rtol=1e-4, atol=1e-7)


def test_words_that_no_ngram_allows_are_left_to_the_network() -> None:
    the = TOKEN["the"]
    sure = ngrams_of({(the,): {TOKEN["dog"]: 1.0}}, np.full(len(MODEL.vocabulary), 0.01, dtype=np.float32), share=0.5)
    model = replace(MODEL, ngrams=sure)
    query = read(model, "complete", "the ap")
    output = output_of(model, query.context)
    np.testing.assert_array_equal(candidates(model, query, output)[1], candidates(MODEL, query, output)[1])
