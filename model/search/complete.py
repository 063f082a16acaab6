"""Completing the word being typed, corrections of its letters among the suggestions."""

import numpy as np

from model.arrays import BoolArray, FloatArray, IntArray
from model.lm.person import Person
from model.lm.words.word_list import WordList
from model.nn.inference import LazyLogits
from model.search.marks import case_fits, fits_of_case, has_inner_capital, marks_fit
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
from model.search.scorer import OWN_SHARE, Scorer, share_of
from model.search.typed_words import Typed, TypedWords
from model.search.units import units
from model.text.tokens import fold, straight

_NOTHING: tuple[IntArray, FloatArray] = np.zeros(0, np.int64), np.zeros(0, np.float32)
# Beside a whole word, completions and corrections less likely than these are not worth an interruption.
FINISHED_COMPLETION = 0.003
FINISHED_CORRECTION = 0.05


class Completer:
    """Finishes words. It keeps caches and belongs to one thread."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer, self.model = scorer, scorer.model
        self.next_words = NextWords(scorer.model)
        self.typed_words = TypedWords(scorer)

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
        typed = self.typed_words.of(query.prefix, may_correct, query.capital)
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
