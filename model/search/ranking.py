"""Ranking: the one way from candidates to suggestions, with one rule for letter case and one guard."""

from collections.abc import Iterable, Sequence
from math import floor
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from model.arrays import FloatArray, IntArray
from model.lm.language_model import LanguageModel
from model.lm.person import Person
from model.lm.words.offensive import LONGEST_BEGINNING
from model.search.place.query import Query
from model.text.tokens import capitalised, straight

COMPLETION, CORRECTION, NEXT_WORD, TYPED = "completion", "correction", "next-word", "typed"
LEARNED = "learned"
PHRASE = "phrase"
# More words than are asked for are ranked: the typed letters themselves and guarded words are left out of them.
SPARE = 8
# Rare words, own words and corrections less likely than this, all spellings together, are noise.
LEAST_SHARE = 1e-4
# The least probability that is shown as more than 0.
LEAST_SHOWN = 1e-6
# A spelling that is less likely decides nothing.
_LEAST_SPELLING = 1e-7
# The most spellings of a word, differing in case, that are listed.
_MOST_SPELLINGS = 4
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
    whole = 0.0
    for candidate in candidates:
        word, form, probability, kind, _ = candidate
        # The chance of a phrase of own words is a part of its first word's.
        if kind != LEARNED or " " not in form:
            whole += probability
        known = words.get(word)
        if known is None:
            words[word] = probability, candidate
        else:
            share, best = known
            words[word] = share + probability, candidate if probability > best.probability else best
    # Sums of rounded numbers may come to a little more than 1.
    whole = max(1.0, whole)
    shares = [found for found in words.values() if found[0] >= LEAST_SHOWN]
    # The typed word goes first where another is as likely.
    shares.sort(key=lambda share: (-share[0], share[1].kind != TYPED))
    typed, custom, guard = straight(query.prefix), query.custom, model.guard
    keeps_case = not query.prefix[:1].isupper() and (bool(query.prefix) or not query.capital)
    may_be_titled = query.behind_capital and not query.prefix
    before: tuple[str, ...] | None = None
    shown: set[str] = set()
    suggestions: list[Suggestion] = []
    for exact, best in shares:
        share = floor(exact / whole * 1e6) / 1e6
        if len(suggestions) == limit or share <= 0 or share < least:
            break
        _, text, _, kind, insert = best
        if kind != TYPED:
            if custom and text not in model.vocabulary:
                text = custom.spelled(text)
            if not keeps_case:
                text = cased(text, query)
            elif may_be_titled:
                text = model.titled(text)
            # Other words may be written alike with a capital: ı and I.
            if text == typed or text in shown or custom.blocks(text):
                continue
            if not guard.is_harmless(text):
                if before is None:
                    before = tuple(model.vocabulary.forms[i] for i in query.context[-LONGEST_BEGINNING:])
                if not guard.allows(text, query.prefix, before):
                    continue
            if person is not None and person.forgets(text):
                continue
        shown.add(text)
        insert = query.lead + text + query.trail if insert is None else insert
        suggestions.append(Suggestion(text, insert, share, kind))
    return suggestions


def cased(form: str, query: Query) -> str:
    """Write a true-cased form as the person writes: app → apple, App → Apple, APP → APPLE.

    Of several words the first decides: *iSCSI Target* has a capital of its own, *white House* has not.
    """
    prefix = query.prefix
    if prefix.isupper() and sum(c.isalpha() for c in prefix) > 1:
        return form.upper()
    if prefix[:1].isupper() or (not prefix and query.capital):
        first = form.partition(" ")[0]
        if first[1:] == first[1:].lower():
            return capitalised(form)
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
    chances: list[float]
    if len(ids) > _FEW:
        bound = reached(p * vocabulary.is_first[start : ids.stop], most)
        high = p * vocabulary.spelling_counts[start : ids.stop] >= bound if bound > 0 else p
        places = high.nonzero()[0]
        firsts, chances = vocabulary.first_spelling[places + start].tolist(), p[places].tolist()
    else:
        firsts = vocabulary.first_spelling[start : ids.stop].tolist()
        chances = p.tolist()
    # Plain Python is faster from here on: there are a few dozen values left.
    totals: dict[int, float] = {}
    spellings_of = vocabulary.spellings.get
    for first, chance in zip(firsts, chances, strict=True):
        if chance >= _LEAST_SPELLING and first not in totals:
            # The other spellings of the word count, though they may not reach their share of the bound.
            same = spellings_of(first)
            totals[first] = chance if same is None else sum(p.item(id_ - start) for id_ in same)
    found = []
    for first, total in sorted(totals.items(), key=itemgetter(1), reverse=True)[:most]:
        word, spellings = vocabulary.spelled(first)
        if len(spellings) == 1:
            found.append(Candidate(word, spellings[0][1], total, kind))
        else:
            found += [Candidate(word, form, p.item(id_ - start), kind) for id_, form in spellings]
    return found


def listed(forms: Sequence[str], words: IntArray, shares: FloatArray, least: float, kind: str) -> list[Candidate]:
    """Words by their numbers in ``forms`` as candidates, without those that are noise."""
    able = (shares >= least / _MOST_SPELLINGS).nonzero()[0] if len(shares) else shares
    if not len(able):
        return []
    found = []
    together: dict[str, float] = {}
    for form, share in zip(map(forms.__getitem__, words[able].tolist()), shares[able].tolist(), strict=True):
        found.append(Candidate(form.casefold(), form, share, kind))
        together[found[-1].word] = together.get(found[-1].word, 0.0) + share
    return [one for one in found if together[one.word] >= least]


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
    largest = np.maximum.reduce(values[..., : deals * groups].reshape(*rows, deals, groups), axis=-2)
    largest.partition(groups - most)
    bound: FloatArray = largest[..., groups - most]
    return bound
