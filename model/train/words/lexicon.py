"""The choice of the lexicon: the words of a corpus that are too rare for the vocabulary, but not its typos."""

import math
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping

import numpy as np

from model.lm.words.spelling import LONGEST, Lexicon
from model.search.typos.error_model import ErrorModel
from model.text.tokens import fold
from model.text.vocabulary import SortedWords, Vocabulary
from model.train.words.counts import Counts
from model.train.words.vocabulary import true_cased

# The least count of a word of the lexicon; a word that was written once may be anything.
LEAST_COUNT = 2
# How much rarer typos are in text that was edited than the error model says.
TYPOS_LEFT_BY_EDITING = 0.15
# The discount of a word's count n in favour of words never seen: this much of n/(1 + n), as in absolute discounting
# (Ney, Essen & Kneser 1994).
DISCOUNT = 0.5
# Typos of words less frequent than this are too rare to be seen twice.
LEAST_FREQUENT = 500
# Typos that come of not knowing the spelling may be this much more frequent than the error model says. A word whose
# whole count they may account for keeps this share of it.
MOST_TYPOS = 30.0
LEAST_OWN_SHARE = 0.005


def rare_words(
    counts: Counts, vocabulary: Vocabulary, vouched: Container[str] = (), misspelled: Container[str] = ()
) -> dict[str, int]:
    """Count how often each word outside the vocabulary was written, by true-cased form.

    A word that is ``vouched`` for (in small letters) need not have been written more than once. Left out are
    ``misspelled`` words, words with digits, and words with a capital that only private sources hold.
    """
    known = {form.casefold() for form in vocabulary.forms}
    written: Counter[str] = Counter()
    for form, n in counts.words():
        written[form.casefold()] += n
    public = counts.public or counts.sources
    words = {}
    for form in true_cased(counts):
        key = form.casefold()
        if key in known or key in misspelled or len(form) < 2 or len(form) > LONGEST or any(c.isdigit() for c in form):
            continue
        if (written[key] >= LEAST_COUNT or key in vouched) and (form.islower() or public.get(key, 0)):
            # A common word is not capitalised because it stands in titles and at the start of sentences.
            small = key in vouched and form not in counts.trusted
            words[key if small else form] = written[key]
    return words


def expected_typos(words: Mapping[str, int], vocabulary: Vocabulary) -> dict[str, float]:
    """Estimate how often each rare word would be typed for a frequent one, if nobody corrected anything."""
    letters = sorted({c for form in vocabulary.forms[vocabulary.first_word :] for c in fold(form)})
    errors = ErrorModel(letters)
    frequent: dict[str, list[int]] = {}
    for i in range(vocabulary.first_word, len(vocabulary)):
        if vocabulary.counts[i] > LEAST_FREQUENT and len(vocabulary.forms[i]) > 3:
            for rest in one_left_out(fold(vocabulary.forms[i])):
                frequent.setdefault(rest, []).append(i)
    expected = {}
    for form in words:
        key = fold(form)
        meant = {i for rest in one_left_out(key) for i in frequent.get(rest, ())} if len(key) > 3 else set()
        expected[form] = sum(
            vocabulary.counts[i] * math.exp(-errors.cost(key, fold(vocabulary.forms[i])))
            for i in meant
            if fold(vocabulary.forms[i]) != key
        )
    return expected


def is_typo(count: int, expected: float) -> bool:
    """Decide whether a rare word is probably a typo: it was written no more often than typos account for."""
    return count <= TYPOS_LEFT_BY_EDITING * expected


def own_count(count: int, expected: float) -> float:
    """Estimate how often a rare word was meant: its count without what typos may account for, but not nothing."""
    return max(count - MOST_TYPOS * expected, LEAST_OWN_SHARE * count)


def one_left_out(key: str) -> Iterator[str]:
    """Yield the key, and the key without each of its letters: words one edit apart share one of these (Garbe 2012)."""
    yield key
    yield from {key[:i] + key[i + 1 :] for i in range(len(key))}


def make_lexicon(
    words: Mapping[str, float], unknown: float, log_spelling: Callable[[list[str]], list[float]]
) -> Lexicon:
    """Compute ln P(word | unknown) from counts and spelling; ``unknown`` counts all words outside the vocabulary."""
    forms = sorted(words, key=lambda form: (fold(form), -words[form], form))
    share = np.array([words[form] * (1 - DISCOUNT / (1 + words[form])) for form in forms]) / max(1.0, unknown)
    novel = max(1e-4, 1.0 - float(share.sum()))
    spelled = np.exp(np.array(log_spelling(forms))) if forms else np.zeros(0)
    return Lexicon(SortedWords(forms), np.log(share + novel * spelled).astype(np.float32))
