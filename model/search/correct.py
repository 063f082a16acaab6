"""Correcting a finished word: the words it may have been meant for, by its letters and by the words around it.

The typed word itself is one of the candidates. It competes with words a few typos away, with two words whose space was
missed, and with the word that it makes together with the one before it.
"""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from model.arrays import FloatArray
from model.lm.person import Person
from model.search.place.query import FinishedWord, Query
from model.search.ranking import CORRECTION, LEAST_SHARE, TYPED, Candidate, Suggestion, cased, rank
from model.search.scorer import CHANGE_COST, LISTED, SHORTHAND, Existence, Scorer, share_of
from model.search.typos.candidates import NO_CANDIDATES, Candidates
from model.search.typos.error_model import RATES, cost, most_edits
from model.text.tokens import fold, straight, unaccented

# The further cost of a change to a word of the lexicon, whose words are less to be trusted.
RARE_COST = 8.0
# The same of a word with a capital: there are more names than any lexicon holds.
NAME_COST = 14.0
# What a capital costs in addition where the word has a spelling with a small letter, as it was typed.
SMALL_INSTEAD_COST = 2.0
LONGEST_WORD = 40
# Candidates less likely than this part of the likeliest one are not weighed by the next word.
_LEAST_WEIGHED = 1e-3
_LEAST_FOLLOWING = 1e-6
# The further cost of a change for each unknown word close before: the text may be in another language.
FOREIGN_COST = 1.0
_CLOSE = 4
# A word in capitals alone among small ones is an abbreviation, if it is not as long as this.
_LONG_CAPITALS = 6
# THis is a typo of a word at least as frequent as this, as ln P; MSc is none of one that is not.
_COMMON = -9.0
_PLURAL_OF_CAPITALS = re.compile(r"[A-Z]{2,}'?s")


# A word that may have been meant: its form, −ln P(typed | word), P(word | context), and a further cost.
_Meant = tuple[str, float, float, float]


class Correction(NamedTuple):
    """Suggestions for ``text[start:end]``, the best first, the typed word among them."""

    suggestions: list[Suggestion]
    start: int
    end: int


class Corrector:
    """Corrects finished words. It belongs to one thread."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer, self.model, self.vocabulary = scorer, scorer.model, scorer.model.vocabulary

    def correct(
        self,
        word: FinishedWord,
        output: FloatArray,
        limit: int,
        min_probability: float,
        person: Person | None = None,
    ) -> Correction:
        """At most ``limit`` texts that the word may have been meant for, the word itself among them.

        What ``person`` has taught is never changed, and counts. ``output`` (E,) is the network's projected output
        after the context before the word.
        """
        query, typed = word.query, straight(word.query.prefix)
        key = fold(typed)
        if self._stays(word, person) or not 0 < len(key) <= LONGEST_WORD:
            itself = Candidate(typed, typed, 1.0, TYPED, query.prefix)
            return Correction(rank(self.model, query, [itself], limit, min_probability, person), query.start, query.end)
        in_capitals = typed.isupper() and len(typed) > 1
        if in_capitals:
            # As the same word in small letters; what is found is written in capitals again.
            small = query._replace(prefix=typed.lower())
            options = self._options(small, small.prefix, key, output, person)
            options[typed] = options.pop(small.prefix)
        else:
            options = self._options(query, typed, key, output, person)
        self._weigh_by_following(options, query.context, word.following)
        joined = self._joined(word)
        if joined:
            # The ratio of the joined word to the two as they stand.
            options[joined[0]] = options[typed] * joined[1]
            query = query._replace(start=word.previous_start, lead=word.previous + " ")
        total = sum(options.values())
        inserts = {typed: query.lead + query.prefix} | ({joined[0]: joined[0]} if joined else {})
        found = []
        for text, p in options.items() if total > 0 else ():
            # Birthday and birthday are one suggestion; what was typed is one for itself.
            word_key, kind = (typed, TYPED) if text == typed else (f"{text.casefold()} ", CORRECTION)
            found.append(Candidate(word_key, text, p / total, kind, inserts.get(text)))
        least = max(min_probability, LEAST_SHARE)
        return Correction(rank(self.model, query, found, limit, least, person), query.start, query.end)

    def _options(
        self, query: Query, typed: str, key: str, output: FloatArray, person: Person | None
    ) -> dict[str, float]:
        """Unnormalised P(word | context) P(typed | word) of each text that may have been meant, the typed one too."""
        scorer, index = self.scorer, self.scorer.index
        found = scorer.whole_words(key)
        exact = scorer.candidates.exact_words(key)
        splits = scorer.splits(typed)
        words = np.concatenate([found.words, exact, np.array([a for a, _ in splits], dtype=np.int64)])
        scored = scorer.prepare(words)
        small = typed.casefold()
        standing = [index.forms[w].casefold() == small and scorer.may_stand(int(w)) for w in exact]
        is_known = bool((exact[standing] < index.vocabulary_size).any())
        # What the vocabulary holds is taken for no typo of another's word.
        own = NO_CANDIDATES
        if person is not None and person.typed is not None and not is_known:
            own = scorer.search_in(person.typed).whole_words(key)
        share = None if person is None else share_of(self.model, person, query, own.words)
        joint = scorer.joint(query.context, self.model.network.logits(output, scored.ids), range(0), scored, share)
        p_found, p_exact, p_first = np.split(joint.others, np.cumsum([len(found.words), len(exact)]))
        exists = self._existence(typed, query)
        p_typed = float(p_exact[standing].sum()) or joint.unknown * scorer.novel(typed)
        p_typed = max(p_typed, joint.unknown * exists.share) + joint.unknown * scorer.own_share(query, typed)
        options = {typed: p_typed * (1 - RATES["a letter"]) ** len(key)}
        if typed[1:] != typed[1:].lower():
            # THis: the same word with one capital competes with it.
            options[cased(typed.lower(), query)] = options[typed]
            options[typed] *= RATES["stray capital"]
        if is_known:
            change = max(CHANGE_COST, exists.cost if exists is SHORTHAND else 0.0)
        else:
            close = sum(place > len(query.context) - _CLOSE for place, _ in query.unknown)
            change = max(exists.cost, CHANGE_COST if typed[0].isupper() else exists.cost) + FOREIGN_COST * close
        allowed = most_edits(len(key))
        rare = NAME_COST if typed[0].isupper() else RARE_COST
        meant = [
            (index.forms[w], price, p, 0.0 if w < index.vocabulary_size else rare)
            for w, price, p in zip(found.words.tolist(), found.cost.tolist(), p_found.tolist(), strict=True)
        ]
        if person is not None:
            meant += _meant(person.forms, own, joint.own)
        if not is_known:
            meant += self._entries(query, key, joint.unknown)
        for form, price, p, further in meant:
            if form.casefold() == small or (price > 0 and allowed == 0):
                continue
            price += _marks_cost(typed, form) + _case_cost(form, query, form.casefold() in self.vocabulary)
            price += (change if price else 0.0) + further
            text = cased(form, query)
            if text != typed:
                options[text] = options.get(text, 0.0) + p * math.exp(-price)
        for (a, b), p in zip(splits, p_first.tolist(), strict=True):
            price = cost("missed space") + change
            text = f"{cased(index.forms[a], query)} {index.forms[b]}"
            p *= scorer.following((*query.context, a), b)
            options[text] = options.get(text, 0.0) + p * math.exp(-price)
        return options

    def _entries(self, query: Query, key: str, unknown: float) -> list[_Meant]:
        """The entries of custom vocabularies that may have been meant; ``unknown`` is P(unknown | context)."""
        found: list[_Meant] = []
        for one, words, shares in query.custom.words():
            meant = self.scorer.search_in(words).whole_words(key)
            found += _meant(one.texts, meant, unknown * shares[meant.words])
        return found

    def _weigh_by_following(self, options: dict[str, float], context: tuple[int, ...], following: str) -> None:
        """Multiply what may have been meant with the chance of the word behind it, by n-grams."""
        next_id = self.vocabulary.id_of(straight(following)) if following else self.scorer.unknown_id
        if next_id == self.scorer.unknown_id:
            return
        least = _LEAST_WEIGHED * max(options.values())
        for text, p in options.items():
            ids = tuple(map(self.vocabulary.id_of, text.split()))
            # Candidates too unlikely for that count as if the next word were nearly impossible behind them.
            options[text] = p * max(
                _LEAST_FOLLOWING, self.scorer.following((*context, *ids), next_id) if p > least else 0
            )

    def _stays(self, word: FinishedWord, person: Person | None = None) -> bool:
        """True for code, words that nobody mistypes, letters left out on purpose, and capitals as names have them.

        The words are those of custom vocabularies and of the person, and guarded ones, typed on purpose.
        """
        typed = straight(word.query.prefix)
        rest = typed[1:]
        if word.is_code or word.is_elided or word.query.custom.holds(typed) or self.model.guard.guards(typed):
            return True
        if person is not None and person.holds(typed):
            return True
        if rest == rest.lower():
            return False
        if typed.isupper():
            return not self._is_shouted(typed, word)
        # THis is a typo; GHz, PCs, iPhone and camelCase are not.
        is_typo = (
            len(typed) > 2 and typed[:2].isupper() and typed[2:].islower() and not _PLURAL_OF_CAPITALS.fullmatch(typed)
        )
        return typed in self.vocabulary or not (is_typo and self._is_common(typed))

    def _is_shouted(self, typed: str, word: FinishedWord) -> bool:
        """True for capitals that are no abbreviation's: of a long word, or among common words in capitals."""
        # I and A are capitals anywhere.
        shouting = [other.isupper() for other in word.neighbours if len(other) > 1]
        common = any(map(self._is_common, word.neighbours))
        return len(typed) >= _LONG_CAPITALS or (common and bool(shouting) and all(shouting))

    def _is_common(self, word: str) -> bool:
        id_ = self.vocabulary.id_of(word.lower())
        return id_ != self.scorer.unknown_id and float(self.scorer.index.log_counts[id_]) > _COMMON

    def _existence(self, typed: str, query: Query) -> Existence:
        # A hyphened word whose plural was counted exists too.
        has_plural = "-" in typed and len(self.scorer.candidates.exact_words(fold(typed) + "s")) > 0
        return LISTED if has_plural else self.scorer.existence(typed, query.capital)

    def _joined(self, word: FinishedWord) -> tuple[str, float] | None:
        """The word that the one before and this one make without their space, and how much likelier it is than both.

        Only where one of the two is no word of the vocabulary: *every day* is not *everyday*.
        """
        scorer, vocabulary = self.scorer, self.vocabulary
        parts = (straight(word.previous), straight(word.query.prefix))
        if not word.previous or len(word.previous) + len(fold(parts[1])) < 5 or word.query.custom.holds(word.previous):
            return None
        ids = [vocabulary.id_of(part) for part in parts]
        whole = scorer.whole("".join(parts).casefold())
        if whole is None or scorer.unknown_id not in ids:
            return None
        log_ratio = float(scorer.context_free(np.array([whole]))[0]) - cost("stray space") - CHANGE_COST
        for part, id_ in zip(parts, ids, strict=True):
            log_ratio -= float(scorer.context_free(np.array([id_]))[0])
            if id_ == scorer.unknown_id:
                log_ratio -= math.log(scorer.novel(part))
        text = cased(vocabulary.forms[whole], word.query._replace(prefix=parts[0]))
        return text, math.exp(min(50.0, log_ratio))


def _meant(forms: Sequence[str], found: Candidates, p: FloatArray) -> list[_Meant]:
    """Words of a list that may have been meant."""
    numbers, costs = found.words.tolist(), found.cost.tolist()
    return [(forms[i], cost, chance, 0.0) for i, cost, chance in zip(numbers, costs, p.tolist(), strict=True)]


def _marks_cost(typed: str, form: str) -> float:
    """The cost of differences in apostrophes and accents, which the compared letters are without."""
    price = 0.0
    if "'" in form and "'" not in typed:
        price += cost("missed apostrophe")
    elif "'" in typed and "'" not in form:
        # Hardly anybody types one that is not meant: Qatar's is not Qatar.
        price += 2 * cost("a letter", "added")
    if not form.isascii() and typed.isascii() and unaccented(form) != form.casefold():
        price += cost("missed accent")
    elif form.isascii() and not typed.isascii():
        price += cost("a letter", "other letter")
    return price


def _case_cost(form: str, query: Query, has_small: bool) -> float:
    typed = query.prefix
    if typed[0].isupper() and form[0].islower() and not query.capital:
        return cost("stray capital")
    if typed[0].islower() and form[0].isupper():
        return cost("missed capital") + (SMALL_INSTEAD_COST if has_small else 0.0)
    return 0.0
