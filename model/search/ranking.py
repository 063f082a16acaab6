"""Ranking: the one way from candidates to suggestions, with one rule for letter case and one guard."""

from collections.abc import Iterable
from math import floor
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from model.arrays import FloatArray
from model.lm.language_model import LanguageModel
from model.lm.person import Person
from model.lm.words.offensive import LONGEST_BEGINNING
from model.search.place.query import Query
from model.text.tokens import straight

COMPLETION, CORRECTION, NEXT_WORD, TYPED = "completion", "correction", "next-word", "typed"
LEARNED = "learned"
PHRASE = "phrase"
# More words than are asked for are ranked: the typed letters themselves and guarded words are left out of them.
SPARE = 8
# Rare words, own words and corrections less likely than this, all spellings together, are noise.
LEAST_SHARE = 1e-4
# Of so many words all are looked at one by one.
_FEW = 32
# Groups of values, at least, in the search for the likeliest.
_GROUPS = 256


class Candidate(NamedTuple):
    """A spelling of a word and its probability; ``word`` is the same for all spellings that are one suggestion.

    ``insert`` is what to put into the text, where that is not the suggestion with the query's lead and trail.
    """

    word: str
    form: str
    probability: float
    kind: str
    insert: str | None = None


class Suggestion(NamedTuple):
    """A word, what to put in the place of the replaced span, P(word | context, prefix), and its kind."""

    text: str
    insert: str
    probability: float
    kind: str


def rank(
    model: LanguageModel,
    query: Query,
    candidates: Iterable[Candidate],
    limit: int,
    least: float,
    person: Person | None = None,
) -> list[Suggestion]:
    """Turn candidates into at most ``limit`` suggestions of at least ``least``, best first.

    Spellings of one word are one suggestion: their chances add up, and the likeliest is shown, in the letter case of
    the person. Blocked words are left out, and those that the person has forgotten; the guard decides of each other
    whether it may be shown. The typed letters alone are no suggestion, unless they are a candidate of the kind
    ``typed``.
    """
    # By word its chance and its likeliest spelling.
    words: dict[str, tuple[float, Candidate]] = {}
    for candidate in candidates:
        share, best = words.get(candidate.word, (0.0, candidate))
        if candidate.probability > best.probability:
            best = candidate
        words[candidate.word] = share + candidate.probability, best
    # Sums of rounded numbers may come to a little more than 1.
    whole = max(1.0, sum(share for share, _ in words.values()))
    # The typed word goes first where another is as likely.
    shares = sorted(words.values(), key=lambda share: (-share[0], share[1].kind != TYPED))
    typed = straight(query.prefix)
    forms = model.vocabulary.forms
    before = tuple([forms[i] for i in query.context[-LONGEST_BEGINNING:]])
    suggestions: list[Suggestion] = []
    for exact, best in shares:
        share = floor(exact / whole * 1e6) / 1e6
        if len(suggestions) == limit or share <= 0 or share < least:
            break
        text = best.form
        if best.kind != TYPED:
            text = cased(text if text in model.vocabulary else query.custom.spelled(text), query)
        if best.kind != TYPED and (
            text == typed or query.custom.blocks(text) or not model.guard.allows(text, query.prefix, before)
        ):
            continue
        if person is not None and best.kind != TYPED and person.forgets(text):
            continue
        insert = query.lead + text + query.trail if best.insert is None else best.insert
        suggestions.append(Suggestion(text, insert, share, best.kind))
    return suggestions


def cased(form: str, query: Query) -> str:
    """Write a true-cased form as the person writes: app → apple, App → Apple, APP → APPLE."""
    prefix = query.prefix
    if prefix.isupper() and sum(c.isalpha() for c in prefix) > 1:
        return form.upper()
    if (prefix[:1].isupper() or (not prefix and query.capital)) and form[1:] == form[1:].lower():
        return form[0].upper() + form[1:]
    return form


def likely_words(
    model: LanguageModel, ids: range, probabilities: FloatArray, offered: FloatArray | None, most: int, kind: str
) -> list[Candidate]:
    """The ``most`` likeliest words of a range, all their spellings; ``offered`` is 0 for those that may not be.

    All may be offered where that is None. As many first spellings as ``most`` reach the bound, so ``most`` words do. A
    word that comes before them does too, with one of its spellings reaching its share of the bound.
    """
    vocabulary, start = model.vocabulary, ids.start
    p = probabilities if offered is None else probabilities * offered
    firsts: list[int]
    if len(ids) > _FEW:
        bound = reached(p * vocabulary.is_first[start : ids.stop], most)
        high = p * vocabulary.spelling_counts[start : ids.stop] >= bound if bound > 0 else p
        firsts = vocabulary.first_spelling[high.nonzero()[0] + start].tolist()
    else:
        firsts = vocabulary.first_spelling[start : ids.stop].tolist()
    # Below some fifty values plain Python is faster.
    words = []
    for first in dict.fromkeys(firsts):
        word, spellings = vocabulary.spelled(first)
        chances = [p.item(id_ - start) for id_, _ in spellings]
        words.append((sum(chances), word, spellings, chances))
    words.sort(key=itemgetter(0), reverse=True)
    return [
        Candidate(word, form, chance, kind)
        for _, word, spellings, chances in words[:most]
        for (_, form), chance in zip(spellings, chances, strict=True)
        if chance > 0
    ]


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
