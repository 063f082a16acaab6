"""Completing: the next word, and the word being typed, corrections of its letters among the suggestions."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from model.arrays import BoolArray, FloatArray, IntArray
from model.lm.language_model import LanguageModel
from model.lm.mixture import NO_IDS, mixture
from model.search.candidates import NO_CANDIDATES
from model.search.error_model import RATES
from model.search.query import Query
from model.search.ranking import COMPLETION, CORRECTION, NEXT_WORD, Candidate, Suggestion, likely_words, rank
from model.search.scorer import OWN_SHARE, Scored, Scorer
from model.text.tokens import APOSTROPHES, fold, unaccented

# A correction's cost beyond what the error model says, so that a literal completion does not yield to a word that is
# only frequent. Chosen on held-out text: keystroke savings without typos stay what they are without corrections.
CORRECTION_COST = 1.0
# Rare words offered beside those of the vocabulary, at most.
_MOST_RARE = 20
# Rare words and corrections less likely than this, all spellings together, are noise.
LEAST_SHARE = 1e-4
# A word is listed in at most so many ways of writing that differ in case.
_MOST_SPELLINGS = 4
# Prefixes that are remembered: some 5 kB each.
_KEPT_PREFIXES = 2000
# More words than are asked for are ranked: the typed letters themselves and guarded words are left out of them.
_SPARE = 8


class Typed(NamedTuple):
    """Words that typed letters may become, whatever stands before them; without typos where these are not looked for.

    ``span`` are the ids that begin so, ``fits`` of these what a typed apostrophe leaves (None: all). ``meant`` (S,) are
    words that the letters may be a typo for (``scored``: the same, prepared), at ``meant_shares`` (S,) P(typed | word)
    relative to no typo. ``rare`` (R,) are the likeliest of the lexicon's that begin so, at ``rare_shares`` (R,)
    P(word | unknown); ``rest`` is the same of all that begins so and is not in the vocabulary.
    """

    key: str
    span: range
    fits: BoolArray | None
    meant: IntArray
    scored: Scored
    meant_shares: FloatArray
    rare: IntArray
    rare_shares: FloatArray
    rest: float


def next_words(model: LanguageModel, query: Query, logits: FloatArray, limit: int, least: float) -> list[Suggestion]:
    """At most ``limit`` words of at least ``least`` for the place of a query without a prefix, best first.

    ``logits`` (V,) are the network's after the query's context. Where the text ends in a space, the marks that end
    something are ruled out: those stand behind a word, not apart from it. For any thread.
    """
    everything = range(len(model.vocabulary))
    excluded = NO_IDS if query.lead else model.vocabulary.closing
    p = mixture(model, query.context, logits, everything, excluded=excluded)
    return rank(model, query, likely_words(model, everything, p, limit + _SPARE, 0, NEXT_WORD), limit, least)


class Completer:
    """Finishes words. It keeps caches and belongs to one thread."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer, self.model = scorer, scorer.model
        self._typed = lru_cache(_KEPT_PREFIXES)(self._prepare)

    def complete(
        self, query: Query, logits: FloatArray, limit: int, least: float, fuzzy: bool = True
    ) -> list[Suggestion]:
        """At most ``limit`` suggestions: words that begin as typed, rarer ones too, and where ``fuzzy`` corrections.

        ``logits`` (V,) are the network's after the query's context. Without a prefix the next words.
        """
        if not query.prefix:
            return next_words(self.model, query, logits, limit, least)
        typed = self._typed(query.prefix, fuzzy)
        literal, others = logits[typed.span.start : typed.span.stop], logits[typed.scored.ids]
        joint = self.scorer.joint(query.context, np.concatenate((literal, others)), typed.span, typed.scored)
        p_literal = joint.literal if typed.fits is None else joint.literal * typed.fits
        own = self._own(query, typed.key, joint.unknown)
        p_meant = joint.others * typed.meant_shares
        total = float(p_literal.sum()) + joint.unknown * typed.rest + sum(own.values()) + float(p_meant.sum())
        if total <= 0:
            return []
        letters = len(typed.key)
        ranked = likely_words(self.model, typed.span, p_literal / total, limit + _SPARE, letters, COMPLETION)
        ranked += [Candidate(form.casefold(), form, p / total, COMPLETION) for form, p in own.items()]
        ranked += self._listed(typed.rare, typed.rare_shares * (joint.unknown / total), letters, COMPLETION)
        ranked += self._listed(typed.meant, p_meant / total, letters, CORRECTION)
        return rank(self.model, query, ranked, limit, least)

    def _prepare(self, prefix: str, fuzzy: bool) -> Typed:
        scorer, index, vocabulary = self.scorer, self.scorer.index, self.model.vocabulary
        key = fold(prefix)
        rows = scorer.candidates.literal_rows(key)
        found = scorer.candidates.completions(key) if fuzzy else NO_CANDIDATES
        span = vocabulary.prefix_range(prefix)
        has_apostrophe = any(c in APOSTROPHES for c in prefix)
        fits = _fitting_apostrophes(prefix, vocabulary.forms[span.start : span.stop]) if has_apostrophe else None
        rare = index.word[rows.start : rows.stop]
        rare = rare[rare >= index.vocabulary_size]
        log_p = index.lexicon.log_probability[rare - index.vocabulary_size]
        if len(rare) > _MOST_RARE:
            best = np.argpartition(-log_p, _MOST_RARE)[:_MOST_RARE]
            rare, log_p = rare[best], log_p[best]
        if has_apostrophe:
            fitting = _fitting_apostrophes(prefix, [index.forms[word] for word in rare])
            rare, log_p = rare[fitting], log_p[fitting]
        rest = float(index.lexicon_share[rows.stop] - index.lexicon_share[rows.start])
        rest += index.lexicon.novel * math.exp(scorer.speller.log_beginning(prefix))
        no_typo = len(key) * math.log1p(-RATES["a letter"])
        meant_shares = np.exp(-found.cost - CORRECTION_COST - no_typo)
        rare_shares = np.exp(log_p.astype(np.float64))
        return Typed(key, span, fits, found.words, scorer.prepare(found.words), meant_shares, rare, rare_shares, rest)

    def _own(self, query: Query, key: str, unknown: float) -> dict[str, float]:
        """The person's own words that begin as typed, and P(word | context)."""
        if not query.unknown or len(key) < 2:
            return {}
        forms = [form for _, form in query.unknown]
        fits = [form for form in forms if len(fold(form)) > len(key) and fold(form).startswith(key)]
        return {form: unknown * OWN_SHARE * fits.count(form) / len(forms) for form in dict.fromkeys(fits)}

    def _listed(self, words: IntArray, shares: FloatArray, letters: int, kind: str) -> list[Candidate]:
        """Words by their numbers as candidates, without those that are noise or may not be offered."""
        able = np.flatnonzero((shares >= LEAST_SHARE / _MOST_SPELLINGS) & (self.model.letters_needed[words] <= letters))
        if not len(able):
            return []
        _, word = np.unique(self.scorer.index.spelling[words[able]], return_inverse=True)
        able = able[np.bincount(word, shares[able])[word] >= LEAST_SHARE]
        forms = self.scorer.index.forms
        return [Candidate(forms[words[i]].casefold(), forms[words[i]], float(shares[i]), kind) for i in able.tolist()]


def _fitting_apostrophes(prefix: str, forms: list[str]) -> BoolArray:
    """Which words a typed apostrophe leaves: ``don'`` is not on its way to *done*."""
    typed = unaccented(prefix)
    return np.array([unaccented(form).startswith(typed) for form in forms], dtype=bool)
