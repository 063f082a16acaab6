"""The words that typed letters may become, whatever stands before them: those that begin so, rarer ones, and typos."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from model.arrays import FloatArray, IntArray
from model.search.marks import fits_of_case, has_marks, marks_fit
from model.search.scorer import NOT_LISTED, Scored, Scorer, finished_word
from model.search.typos.candidates import NO_CANDIDATES, Candidates
from model.search.typos.error_model import RATES, cost
from model.text.tokens import fold, straight, unaccented

# A correction's cost beyond what the error model says, so that a literal completion does not yield to a word that is
# only frequent. Chosen on held-out text: keystroke savings without typos stay what they are without corrections.
CORRECTION_COST = 1.0
# Rare words offered beside those of the vocabulary, at most.
_MOST_RARE = 20
# The word of a typo is not scored where, by how common words are, it is so much less likely than those that go on as
# typed: to be offered, it would have to be a hundred times likelier in its context than all of these.
LEAST_TYPO = 1e-6
# Prefixes that are remembered: some 4 kB each.
_KEPT_PREFIXES = 2000


class Typed(NamedTuple):
    """Words that typed letters may become, whatever stands before them; without typos where these are not looked for.

    ``span`` are the ids that begin so, ``fits`` how well these go with what was typed, 0 for a misspelling that is
    never offered: it is on its way to what it is a misspelling of. ``offered`` is 0 for those that may not be offered
    after so few letters. Both are None where they are 1 for all. ``meant`` (S,) are words that the letters may be a
    typo for, ``splits`` pairs of ids that they may be without a space; ``scored`` are the former and the first words of
    the latter, prepared, at ``meant_shares`` P(typed | word) relative to no typo: exp(-cost) times ``typo_share``.
    ``rare`` (R,) are the likeliest of the lexicon's that begin so, at ``rare_shares`` (R,)
    P(word | unknown); ``rest`` is the same of all that begins so and is not in the vocabulary. ``is_word`` is true of a
    whole word.
    """

    key: str
    span: range
    fits: FloatArray | None
    offered: FloatArray | None
    meant: IntArray
    splits: list[tuple[int, int]]
    scored: Scored
    meant_shares: FloatArray
    typo_share: float
    rare: IntArray
    rare_shares: FloatArray
    rest: float
    is_word: bool


class TypedWords:
    """Finds the words that typed letters may become. It keeps a cache and belongs to one thread."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer, self.model = scorer, scorer.model
        self.of = lru_cache(_KEPT_PREFIXES)(self._read)

    def _read(self, prefix: str, fuzzy: bool, capital: bool) -> Typed:
        """Find what a prefix may become; ``fuzzy`` with typos, ``capital`` where a sentence begins with it."""
        scorer, index, vocabulary = self.scorer, self.scorer.index, self.model.vocabulary
        key = fold(prefix)
        rows = scorer.candidates.literal_rows(key)
        span = vocabulary.prefix_range(prefix)
        fits = self._fits(prefix, capital, np.arange(span.start, span.stop)) * scorer.stands[span.start : span.stop]
        rare, rare_shares = self._rare(prefix, key, rows, capital)
        rest = float(index.lexicon_share[rows.stop] - index.lexicon_share[rows.start])
        rest += index.lexicon.novel * math.exp(scorer.speller.log_beginning(prefix))
        typed = unaccented(prefix)
        # Two letters are too few to be a word for sure: ta is on its way to table, or to at.
        exists = scorer.existence(straight(prefix), capital) if len(key) > 2 else NOT_LISTED
        finished = finished_word(prefix, exists)
        rest += finished.share
        no_typo = len(key) * math.log1p(-RATES["a letter"])
        typo_share = math.exp(NOT_LISTED.cost - finished.cost - CORRECTION_COST - no_typo)
        # Where the letters begin no word of the vocabulary but misspellings, a space may be missing.
        is_lost = fuzzy and not scorer.stands[span.start : span.stop].any()
        splits = scorer.splits(straight(prefix)) if is_lost else []
        begun = np.append(np.arange(span.start, span.stop), scorer.unknown_id)
        goes_on = float(np.exp(scorer.context_free(begun)) @ np.append(fits, rest))
        found = self._meant(straight(prefix), key) if fuzzy else NO_CANDIDATES
        words, shares = self._likely(found, prefix, capital, typo_share, goes_on)
        firsts = np.array([first for first, _ in splits], dtype=words.dtype)
        scored = scorer.prepare(np.append(words, firsts))
        meant_shares = np.append(shares, [math.exp(-cost("missed space")) * typo_share] * len(splits))
        is_word = finished is not NOT_LISTED or any(
            unaccented(index.forms[word]) == typed and self.model.letters_needed[word] == 0
            for word in scorer.candidates.exact_words(key).tolist()
        )
        meant = words.astype(np.int32), splits, scored, meant_shares.astype(np.float32), typo_share
        offered = _unless_ones(self.model.offered(span, len(key)))
        return Typed(key, span, _unless_ones(fits), offered, *meant, rare, rare_shares, rest, is_word)

    def _rare(self, prefix: str, key: str, rows: range, capital: bool) -> tuple[IntArray, FloatArray]:
        """The likeliest words of the lexicon in some rows of the index, and P(word | unknown) of each."""
        index = self.scorer.index
        rare = index.word[rows.start : rows.stop]
        rare = rare[rare >= index.vocabulary_size]
        log_p = index.lexicon.log_probability[rare - index.vocabulary_size]
        if len(rare) > _MOST_RARE:
            best = np.argpartition(-log_p, _MOST_RARE)[:_MOST_RARE]
            rare, log_p = rare[best], log_p[best]
        able = self.model.letters_needed[rare] <= len(key)
        rare, log_p = rare[able], log_p[able]
        return rare, np.exp(log_p.astype(np.float64)) * self._fits(prefix, capital, rare)

    def _likely(
        self, typos: Candidates, prefix: str, capital: bool, typo_share: float, goes_on: float
    ) -> tuple[IntArray, FloatArray]:
        """The words of likely typos, and P(typed | word) of each relative to no typo.

        ``goes_on`` is the chance that the letters go on as typed, whatever stands before them.
        """
        words = typos.words
        shares = np.exp(-typos.cost) * typo_share * fits_of_case(self.scorer.index.is_small[words], prefix, capital)
        able = np.exp(self.scorer.context_free(words)) * shares >= LEAST_TYPO * goes_on
        return words[able], shares[able]

    def _meant(self, typed: str, key: str) -> Candidates:
        """The words that letters may be a typo for: where they end with an apostrophe, words with one.

        *dotn'* is *don't*, but *goin'* not *gonna*: there it stands for a letter.
        """
        if typed.endswith("in'") and self.scorer.whole(f"{typed[:-1]}g".casefold()) is not None:
            return NO_CANDIDATES
        found = self.scorer.completions(key)
        if not typed.endswith("'"):
            return found
        forms = self.scorer.index.forms
        able = np.array(["'" in forms[word] for word in found.words.tolist()], dtype=bool)
        return Candidates(found.words[able], found.cost[able])

    def _fits(self, prefix: str, capital: bool, words: IntArray) -> FloatArray:
        """How well each word goes with the letter case, the apostrophes and the accents that were typed.

        ``don'`` is not on its way to *done*; ``WiF`` is to *WiFi*, not to *Wife*.
        """
        fits = fits_of_case(self.scorer.index.is_small[words], prefix, capital)
        if not has_marks(prefix):
            return fits
        forms = self.scorer.index.forms
        return fits * np.array([marks_fit(prefix, forms[word]) for word in words.tolist()], np.float32)


def _unless_ones(array: FloatArray) -> FloatArray | None:
    """Return None in the place of an array of ones, which most are."""
    return None if (array == 1).all() else array
