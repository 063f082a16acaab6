"""The baseline ranks words by their counts, whatever is written before them."""

import numpy as np
import pytest

from model.evaluate.baseline import frequency_model
from model.text.vocabulary import Vocabulary
from tests.model.tiny_model import WORDS, answer, plain, tiny_vocabulary, words_of

MODEL = frequency_model(tiny_vocabulary())


def counts(prefix: str) -> dict[str, float]:
    """How often the words stand that begin with some letters, and one more each; one in another case is the same.

    The letters are small, so one with a capital counts a fifth.
    """
    found: dict[str, float] = {}
    for form, count in WORDS.items():
        if plain(form).startswith(prefix) and form not in ("b", "B", "à"):
            worth = 0.2 if prefix and not form[0].islower() else 1.0
            found[form.casefold()] = found.get(form.casefold(), 0) + (count + 1) * worth
    return found


@pytest.mark.parametrize("prefix", ["", "app", "do", "h", "ca", "lo"])
@pytest.mark.parametrize("context", ["", "the dog eats ", "Hi.\n", "I'd like an ", "xyzzy 👍 5 "])
def test_the_most_frequent_words_come_first_in_any_context(context: str, prefix: str) -> None:
    counted = counts(prefix)
    found = [word.casefold() for word in words_of(MODEL, context + prefix)]
    assert set(found) == set(counted) - {prefix}
    assert [counted[word] for word in found] == sorted((counted[word] for word in found), reverse=True)


def test_probabilities_are_shares_of_the_counts() -> None:
    total = sum(counts("app").values())
    suggestions = answer(MODEL, "an app")
    assert [s.text for s in suggestions] == ["apple", "application", "apply"]
    assert [s.probability for s in suggestions] == pytest.approx([99.2 / total, 51 / total, 31 / total], abs=1e-5)
    # Before any letter: shares of all that can follow a space, other marks too. The first is "may", May included.
    everything = np.delete(np.array(MODEL.vocabulary.counts) + 1, MODEL.vocabulary.closing).sum()
    assert answer(MODEL, "dog ")[0].probability == pytest.approx(1202 / everything, rel=1e-3)


def test_a_word_that_was_never_counted_is_possible() -> None:
    assert words_of(frequency_model(tiny_vocabulary({"the": 1000, "then": 0})), "th") == ["the", "then"]


def test_it_offers_what_the_vocabulary_offers_and_guards_nothing() -> None:
    vocabulary = Vocabulary(MODEL.vocabulary.forms, MODEL.vocabulary.counts, {"apply"})
    model = frequency_model(vocabulary)
    assert model.vocabulary is vocabulary and model.ngrams is None and model.guard.allows("damn", "")
    assert words_of(model, "an app") == ["apple", "application"]
