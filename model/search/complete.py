"""Completing the word being typed, corrections of its letters among the suggestions."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from model.arrays import BoolArray, FloatArray, IntArray
from model.lm.person import Person
from model.lm.words.word_list import WordList
from model.nn.inference import LazyLogits
from model.search.marks import case_fits, fits_of_case, has_inner_capital, has_marks, marks_fit
from model.search.next_words import NextWords
from model.search.own_words import own_words
from model.search.place.kinds import Place
from model.search.place.query import Query
from model.search.ranking import (
    COMPLETION,
    CORRECTION,
    LEAST_SHARE,
    SPARE,
    Candidate,
    Suggestion,
    likely_words,
    listed,
    rank,
)
from model.search.scorer import NOT_LISTED, OWN_SHARE, Scored, Scorer, finished_word, share_of
from model.search.typos.candidates import NO_CANDIDATES, Candidates
from model.search.typos.error_model import RATES, cost
from model.search.units import units
from model.text.tokens import fold, straight, unaccented

# A correction's cost beyond what the error model says, so that a literal completion does not yield to a word that is
# only frequent. Chosen on held-out text: keystroke savings without typos stay what they are without corrections.
CORRECTION_COST = 1.0
# Rare words offered beside those of the vocabulary, at most.
_MOST_RARE = 20
# Prefixes that are remembered: some 5 kB each.
_KEPT_PREFIXES = 2000
_NOTHING: tuple[IntArray, FloatArray] = np.zeros(0, np.int64), np.zeros(0, np.float32)
# Beside a whole word, completions and corrections less likely than these are not worth an interruption.
FINISHED_COMPLETION = 0.003
FINISHED_CORRECTION = 0.05


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


class Completer:
    """Finishes words. It keeps caches and belongs to one thread."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer, self.model = scorer, scorer.model
        self.next_words = NextWords(scorer.model)
        self._typed = lru_cache(_KEPT_PREFIXES)(self._prepare)

    def complete(
        self,
        query: Query,
        logits: FloatArray | LazyLogits,
        limit: int,
        least: float,
        fuzzy: bool = True,
        person: Person | None = None,
    ) -> list[Suggestion]:
        """At most ``limit`` suggestions: words that begin as typed, rarer ones too, and where ``fuzzy`` corrections.

        ``logits`` (V,) are the network's after the query's context. Without a prefix the next words. What ``person``
        has taught counts, words of their own too.
        """
        if not query.prefix:
            return self.next_words.suggest(query, logits[:], limit, least, person)
        if query.place is Place.DIGIT:
            return rank(self.model, query, units(query), limit, least)
        if query.place is Place.ADDRESS:
            return []
        custom, scorer, forms = query.custom, self.scorer, self.scorer.index.forms
        may_correct = fuzzy and query.place is Place.TEXT and not has_inner_capital(query.prefix)
        # What a custom vocabulary holds is no typo, nor what the person has taught.
        may_correct = may_correct and not custom.holds(query.prefix)
        may_correct = may_correct and not (person is not None and person.holds(straight(query.prefix)))
        typed = self._typed(query.prefix, may_correct, query.capital)
        literal, others = logits[typed.span.start : typed.span.stop], logits[typed.scored.ids]
        # What begins no word of the vocabulary may be a typo of another's.
        is_lost = may_correct and not len(typed.span)
        places, fits = _NOTHING if person is None else self._learned(person, query, typed, is_lost)
        share = None if person is None else share_of(self.model, person, query, places)
        joint = scorer.joint(query.context, np.concatenate((literal, others)), typed.span, typed.scored, share)
        p_literal = joint.literal
        if typed.fits is not None:
            p_literal *= typed.fits
        custom.weigh(p_literal, typed.span)
        entries, all_entries = self._entries(query, typed, joint.unknown, logits, limit + SPARE, is_lost)
        # What the entries leave of the chance of an unknown word.
        unknown = joint.unknown * (1 - custom.share)
        own = self._own(query, typed.key, joint.unknown)
        p_meant = joint.others * typed.meant_shares
        for i, (first, second) in enumerate(typed.splits, len(typed.meant)):
            p_meant[i] *= scorer.following((*query.context, first), second)
        total = float(np.add.reduce(p_literal)) + unknown * typed.rest + float(np.add.reduce(p_meant)) + all_entries
        if own:
            total += sum(own.values())
        p_learned = None if person is None else joint.own * fits
        if p_learned is not None:
            total += float(p_learned.sum())
        if total <= 0:
            return []
        p_literal /= total
        p_allowed = custom.allowed(p_literal, typed.span)
        found = likely_words(self.model, typed.span, p_allowed, typed.offered, limit + SPARE, COMPLETION)
        found += [Candidate(form.casefold(), form, p / total, kind) for form, p, kind in entries]
        # Where a whole word stands, only likely words are worth an interruption.
        if typed.is_word:
            found = [one for one in found if one.probability >= FINISHED_COMPLETION]
        found += [Candidate(form.casefold(), form, p / total, COMPLETION) for form, p in own.items()]
        rare_shares = typed.rare_shares * (unknown / total)
        found += listed(
            forms, typed.rare, rare_shares, FINISHED_COMPLETION if typed.is_word else LEAST_SHARE, COMPLETION
        )
        least_meant = FINISHED_CORRECTION if typed.is_word else LEAST_SHARE
        found += listed(forms, typed.meant, p_meant[: len(typed.meant)] / total, least_meant, CORRECTION)
        found += self._split(typed, p_meant / total, least_meant)
        if person is not None and p_learned is not None:
            is_typo = is_lost and not person.own_range(typed.key)
            found += own_words(person, places, p_learned / total, limit, CORRECTION if is_typo else COMPLETION)
        return rank(self.model, query, found, limit, least, person)

    def _prepare(self, prefix: str, fuzzy: bool, capital: bool) -> Typed:
        scorer, index, vocabulary = self.scorer, self.scorer.index, self.model.vocabulary
        key = fold(prefix)
        rows = scorer.candidates.literal_rows(key)
        found = self._meant(straight(prefix), key) if fuzzy else NO_CANDIDATES
        span = vocabulary.prefix_range(prefix)
        fits = self._fits(prefix, capital, np.arange(span.start, span.stop)) * scorer.stands[span.start : span.stop]
        rare = index.word[rows.start : rows.stop]
        rare = rare[rare >= index.vocabulary_size]
        log_p = index.lexicon.log_probability[rare - index.vocabulary_size]
        if len(rare) > _MOST_RARE:
            best = np.argpartition(-log_p, _MOST_RARE)[:_MOST_RARE]
            rare, log_p = rare[best], log_p[best]
        able = self.model.letters_needed[rare] <= len(key)
        rare, log_p = rare[able], log_p[able]
        rare_shares = np.exp(log_p.astype(np.float64)) * self._fits(prefix, capital, rare)
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
        firsts = np.array([first for first, _ in splits], dtype=found.words.dtype)
        meant_shares = np.exp(-np.append(found.cost, [cost("missed space")] * len(splits))) * typo_share
        meant_shares[: len(found.words)] *= fits_of_case(index.is_small[found.words], prefix, capital)
        is_word = finished is not NOT_LISTED or any(
            unaccented(index.forms[word]) == typed and self.model.letters_needed[word] == 0
            for word in scorer.candidates.exact_words(key).tolist()
        )
        scored = scorer.prepare(np.append(found.words, firsts))
        meant = found.words.astype(np.int32), splits, scored, meant_shares.astype(np.float32), typo_share
        offered = _unless_ones(self.model.offered(span, len(key)))
        return Typed(key, span, _unless_ones(fits), offered, *meant, rare, rare_shares, rest, is_word)

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

    def _learned(self, person: Person, query: Query, typed: Typed, is_lost: bool) -> tuple[IntArray, FloatArray]:
        """The places of the person's own words that the letters may become, and how well each goes with what was typed.

        With typos too where the letters are lost.
        """
        begun = person.own_range(typed.key)
        if not is_lost or begun or person.typed is None:
            places = person.everything[begun.start : begun.stop]
            return places, fits_of_case(person.is_small[places], query.prefix, query.capital)
        return self._mistyped(person.typed, person.is_small, query, typed)

    def _mistyped(
        self, words: WordList, is_small: BoolArray, query: Query, typed: Typed
    ) -> tuple[IntArray, FloatArray]:
        """The words of a list that were begun with a typo, and P(typed | word) of each relative to no typo."""
        found = self.scorer.search_in(words).completions(typed.key)
        case = fits_of_case(is_small[found.words], query.prefix, query.capital)
        return found.words, np.exp(-found.cost) * np.float32(typed.typo_share) * case

    def _own(self, query: Query, key: str, unknown: float) -> dict[str, float]:
        """The person's own words that begin as typed, and P(word | context)."""
        if not query.unknown or len(key) < 2:
            return {}
        forms = [form for _, form in query.unknown]
        fits = [form for form in forms if len(fold(form)) > len(key) and fold(form).startswith(key)]
        words = list(dict.fromkeys(fits))
        small, own_capital = case_fits(query.prefix, query.capital)
        share = unknown * OWN_SHARE / len(forms)
        return {form: share * fits.count(form) * (small if form[0].islower() else own_capital) for form in words}

    def _entries(
        self, query: Query, typed: Typed, unknown: float, logits: FloatArray | LazyLogits, most: int, is_lost: bool
    ) -> tuple[list[tuple[str, float, str]], float]:
        """The entries of custom vocabularies that begin or go on as typed, their kinds, and the chance of all that do.

        Where the letters are lost, those of one word with typos too. In the units of ``unknown``, the chance of
        ``<unk>``.
        """
        custom = query.custom
        if not custom:
            return [], 0.0
        _, capital_share = case_fits(query.prefix, query.capital)
        begun, share = custom.begun(typed.key, most, capital_share)
        found = [(form, unknown * p * marks_fit(query.prefix, form), COMPLETION) for form, p in begun]
        total = unknown * share
        for one, words_of, shares in custom.words() if is_lost and not begun else ():
            words, fits = self._mistyped(words_of, one.is_small, query, typed)
            chances = unknown * shares[words] * fits
            found += [(one.texts[i], p, CORRECTION) for i, p in zip(words.tolist(), chances.tolist(), strict=True)]
            total += float(chances.sum())
        if custom.going:
            # The units are those of what may have been typed here; beside that an entry goes on.
            mass = self.scorer.mass(query.context, logits, typed.span, typed.scored)
            unit = 1 / ((1 - custom.goes_on) * mass)
            for form, p in custom.going:
                chance = p * unit * marks_fit(query.prefix, form) * (1.0 if form[0].islower() else capital_share)
                found.append((form, chance, COMPLETION))
                total += chance
        return found, total

    def _split(self, typed: Typed, shares: FloatArray, least: float) -> list[Candidate]:
        """The letters as two words, where these are no noise; ``shares`` are those of ``typed.scored``."""
        forms = self.model.vocabulary.forms
        pairs = zip(typed.splits, shares[len(typed.meant) :].tolist(), strict=True)
        texts = ((f"{forms[first]} {forms[second]}", share) for (first, second), share in pairs if share >= least)
        return [Candidate(text.casefold(), text, share, CORRECTION) for text, share in texts]


def _unless_ones(array: FloatArray) -> FloatArray | None:
    """Return None in the place of an array of ones, which most are."""
    return None if (array == 1).all() else array
