"""Choosing the lexicon: the words of a corpus that are too rare for the vocabulary, without its misspellings."""

import math
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping

import numpy as np

from model.lm.spelling import LONGEST, Lexicon
from model.search.error_model import ErrorModel
from model.text.tokens import fold
from model.text.vocabulary import SortedWords, Vocabulary
from model.train.choose_vocabulary import true_cased
from model.train.word_counts import Counts

# A word of the lexicon was written at least so often; what stands once may be anything.
LEAST_COUNT = 2
# How much rarer slips are in text that was edited than in what the error model describes.
SLIPS_LEFT_BY_EDITING = 0.15
# What a word loses of its count n to those never seen: this much of n/(1 + n), as in absolute discounting (Ney,
# Essen & Kneser 1994).
DISCOUNT = 0.5
# Words less frequent than this are no source of slips that are seen again.
LEAST_FREQUENT = 500
# Slips that spelling, not the fingers, is to blame for are so much more frequent than the error model says; what they
# may account for leaves a word with this share of its count.
MOST_SLIPS = 30.0
LEAST_OWN_SHARE = 0.005


def rare_words(
    counts: Counts, vocabulary: Vocabulary, vouched: Container[str] = (), misspelled: Container[str] = ()
) -> dict[str, int]:
    """How often each word outside the vocabulary was written, by true-cased form.

    A word that is ``vouched`` for (in small letters) need not have been written more than once; one that is known to
    be ``misspelled`` is left out, as are those with digits, and those with a capital that only private sources hold.
    """
    known = {form.casefold() for form in vocabulary.forms}
    written: Counter[str] = Counter()
    for counted in (counts.inside, counts.anyhow):
        for form, n in counted.items():
            written[form.casefold()] += n
    public = counts.public or counts.sources
    words = {}
    for form in true_cased(counts):
        key = form.casefold()
        if key in known or key in misspelled or len(form) < 2 or len(form) > LONGEST or any(c.isdigit() for c in form):
            continue
        if (written[key] >= LEAST_COUNT or key in vouched) and (form.islower() or public.get(key, 0)):
            # A capital that only titles and sentence starts show says nothing of a common word.
            small = key in vouched and form not in counts.inside
            words[key if small else form] = written[key]
    return words


def expected_slips(words: Mapping[str, int], vocabulary: Vocabulary) -> dict[str, float]:
    """How often each rare word would be written as a slip of frequent ones, were all their writers careless."""
    letters = sorted({c for form in vocabulary.forms[vocabulary.first_word :] for c in fold(form)})
    errors = ErrorModel(letters)
    frequent: dict[str, list[int]] = {}
    for i in range(vocabulary.first_word, len(vocabulary)):
        if vocabulary.counts[i] > LEAST_FREQUENT and len(vocabulary.forms[i]) > 3:
            for rest in _one_left_out(fold(vocabulary.forms[i])):
                frequent.setdefault(rest, []).append(i)
    expected = {}
    for form in words:
        key = fold(form)
        meant = {i for rest in _one_left_out(key) for i in frequent.get(rest, ())} if len(key) > 3 else set()
        expected[form] = sum(
            vocabulary.counts[i] * math.exp(-errors.cost(key, fold(vocabulary.forms[i])))
            for i in meant
            if fold(vocabulary.forms[i]) != key
        )
    return expected


def is_slip(count: int, expected: float) -> bool:
    """Whether a rare word is probably a slip of a frequent one: not written more often than that is mistyped."""
    return count <= SLIPS_LEFT_BY_EDITING * expected


def own_count(count: int, expected: float) -> float:
    """How often a rare word was meant: what slips may account for does not count, but for a little."""
    return max(count - MOST_SLIPS * expected, LEAST_OWN_SHARE * count)


def _one_left_out(key: str) -> Iterator[str]:
    """The key, and what is left of it without one letter: words one edit apart share one of these (Garbe 2012)."""
    yield key
    yield from {key[:i] + key[i + 1 :] for i in range(len(key))}


def make_lexicon(
    words: Mapping[str, float], unknown: float, log_spelling: Callable[[list[str]], list[float]]
) -> Lexicon:
    """ln P(word | unknown) from counts and spelling; ``unknown`` is how often any word outside the vocabulary came."""
    forms = sorted(words, key=lambda form: (fold(form), -words[form], form))
    share = np.array([words[form] * (1 - DISCOUNT / (1 + words[form])) for form in forms]) / max(1.0, unknown)
    novel = max(1e-4, 1.0 - float(share.sum()))
    spelled = np.exp(np.array(log_spelling(forms))) if forms else np.zeros(0)
    return Lexicon(SortedWords(forms), np.log(share + novel * spelled).astype(np.float32))
