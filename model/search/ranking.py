"""Ranking: which candidates are offered, in which order, and in which letter case."""

from typing import NamedTuple

import numpy as np

from model.arrays import BoolArray, FloatArray, IntArray
from model.lm.language_model import LanguageModel
from model.search.query import Query
from model.text.tokens import (
    APOSTROPHES,
    fold,
    straight,
    unaccented,
)
from model.text.vocabulary import Vocabulary

# Rare words and corrections less likely than this are noise.
LEAST_SHARE = 1e-4
# How often a word with a capital of its own is begun with a small letter, roughly: people are lazy, but not all.
SMALL_FOR_CAPITAL = 0.2
# Groups of values, at least, in the search for the likeliest.
_GROUPS = 256


class Suggestion(NamedTuple):
    """A word, what to put in the place of the replaced span, P(word | context, prefix), and its kind."""

    text: str
    insert: str
    probability: float
    kind: str


def has_apostrophe(prefix: str) -> bool:
    """Whether an apostrophe was typed, of whatever kind."""
    return any(c in APOSTROPHES for c in prefix)


def fitting_apostrophes(prefix: str, forms: list[str]) -> BoolArray:
    """Which words a typed apostrophe leaves: ``don'`` is not on its way to *done*."""
    typed = unaccented(prefix)
    return np.array([unaccented(form).startswith(typed) for form in forms], dtype=bool)


def rank(
    model: LanguageModel,
    query: Query,
    ids: range,
    probabilities: FloatArray,
    limit: int,
    min_probability: float,
) -> list[Suggestion]:
    """Candidates as suggestions: offered words only, written as the person writes, each word once."""
    if not len(ids):
        return []
    vocabulary = model.vocabulary
    probabilities = probabilities * model.offered(ids, len(fold(query.prefix)))
    shares = _shares(vocabulary, ids, probabilities, _likely(vocabulary, probabilities, limit + 1))
    typed = straight(query.prefix)
    kind = "completion" if query.prefix else "next-word"
    suggestions = []
    for first in sorted(shares, key=lambda first: -shares[first])[: limit + 1]:
        share = round(shares[first], 6)
        if share <= 0 or share < min_probability:
            break
        text = written(_spelling(vocabulary, first, ids, probabilities, query.prefix), query)
        if text != typed:
            suggestions.append(Suggestion(text, query.lead + text + query.trail, share, kind))
    return suggestions[:limit]


def _shares(vocabulary: Vocabulary, ids: range, probabilities: FloatArray, places: IntArray) -> dict[int, float]:
    """The chances of the words at some places, by their first spelling.

    Spellings that differ only in case are one suggestion: their chances add up.
    """
    shares: dict[int, float] = {}
    firsts = vocabulary.first_spelling[places + ids.start].tolist()
    for first, p in zip(firsts, probabilities[places].tolist(), strict=True):
        if first not in shares:
            same = vocabulary.spellings.get(first)
            shares[first] = p if same is None else sum(probabilities[i - ids.start].item() for i in same)
    return shares


def _likely(vocabulary: Vocabulary, values: FloatArray, most: int) -> IntArray:
    """Where those of n values stand of which the ``most`` likeliest words are, each with all of its spellings.

    As many values as ``most`` words have spellings reach the bound, so ``most`` words do. One that comes before them
    does too, and one of its spellings the so-manieth part of it.
    """
    bound = reached(values, most * vocabulary.most_spellings)
    return np.flatnonzero(values >= bound / vocabulary.most_spellings)


def reached(values: FloatArray, most: int) -> FloatArray:
    """For each row of values (…, n) a bound that ``most`` of them reach, or more: all where there are no more.

    The values are dealt to groups, each of which has a largest one.
    """
    *rows, n = values.shape
    deals = max(1, n // max(_GROUPS, 4 * most))
    groups = n // deals
    if groups <= most:
        least: FloatArray = values.min(axis=-1, initial=np.inf)
        return least
    largest = values[..., : deals * groups].reshape(*rows, deals, groups).max(axis=-2)
    bound: FloatArray = np.partition(largest, groups - most)[..., groups - most]
    return bound


def _spelling(vocabulary: Vocabulary, first: int, ids: range, probabilities: FloatArray, prefix: str) -> str:
    """Of the spellings of a word (apple, Apple) the likeliest, given that the person began it small."""
    same = vocabulary.spellings.get(first)
    if same is None:
        return vocabulary.forms[first]
    small = prefix[:1].islower()
    chances = {
        form: float(probabilities[i - ids.start]) * (1 if not small or form[0].islower() else SMALL_FOR_CAPITAL)
        for i in same
        for form in (vocabulary.forms[i],)
    }
    return max(chances, key=lambda form: chances[form])


def written(form: str, query: Query) -> str:
    """A true-cased form in the letter case of the person: app → apple, App → Apple, APP → APPLE."""
    prefix = query.prefix
    if prefix.isupper() and sum(c.isalpha() for c in prefix) > 1:
        return form.upper()
    if (prefix[:1].isupper() or (not prefix and query.capital)) and form[1:] == form[1:].lower():
        return form[0].upper() + form[1:]
    return form


def merge(
    ranked: list[Suggestion],
    beside: list[tuple[str, float, str]],
    query: Query,
    limit: int,
    min_probability: float,
) -> list[Suggestion]:
    """One list, best first, each word once: of two spellings of a word the likelier is shown."""
    typed = straight(query.prefix)
    shares: dict[str, float] = {}
    best: dict[str, tuple[float, str, str]] = {}
    for form, share, kind in beside:
        key = form.casefold()
        shares[key] = shares.get(key, 0.0) + share
        if key not in best or share > best[key][0]:
            best[key] = (share, form, kind)
    merged = {suggestion.text.casefold(): suggestion for suggestion in ranked}
    for key, (_, form, kind) in best.items():
        share, text = round(shares[key], 6), written(form, query)
        if key not in merged and share >= max(LEAST_SHARE, min_probability) and text != typed:
            suggestion = Suggestion(text, query.lead + text + query.trail, share, kind)
            merged.setdefault(text.casefold(), suggestion)
    return sorted(merged.values(), key=lambda suggestion: -suggestion.probability)[:limit]
