"""Reads what custom vocabularies have to say at a place: above all, which entries of several words were begun there.

Where a text ends with the beginning of an entry, the chance that the entry goes on is by Bayes' rule
P(entry) / (P(entry) + P(beginning)), whatever stands before it: nearly sure behind *Kubeflow*, unlikely behind *the*.
"""

import math
from functools import lru_cache

import numpy as np

from model.lm.words.custom_vocabulary import LETTERS, CustomVocabulary, compared
from model.search.place.custom_words import CustomWords, Going, entry_share, largest
from model.search.place.query import Query
from model.search.scorer import Scorer
from model.text.tokens import NUMBER, fold, straight, tokens

# What begins an entry may stand alone, be it nothing but its beginning: a name, of which the entry is only a part.
_MOST_SURE = 0.8
_KEPT_BEGINNINGS = 2000


class CustomReader:
    """Reads what custom vocabularies have to say at a place. It keeps a cache and belongs to one thread."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer, self._vocabulary = scorer, scorer.model.vocabulary
        self._log_beginning = lru_cache(_KEPT_BEGINNINGS)(self._log_p)

    def read(self, query: Query, vocabularies: tuple[CustomVocabulary, ...], most: int) -> Query:
        """The query with the words of vocabularies; at most ``most`` ways to go on from each beginning."""
        if not vocabularies:
            return query
        before = straight(query.before) + query.lead
        plain = compared(before) if any(one.blocks_any for one in vocabularies) else ()
        known = tuple(one.known_in(self._vocabulary) for one in vocabularies)
        going, goes_on = self._going(before, query.prefix, vocabularies, entry_share(known), most)
        return query._replace(custom=CustomWords(vocabularies, known, going, goes_on, plain))

    def _going(
        self, before: str, prefix: str, vocabularies: tuple[CustomVocabulary, ...], unit: float, most: int
    ) -> tuple[tuple[Going, ...], float]:
        """The ways to go on with entries that the text before a place ends with a beginning of."""
        if not before or before[-1].isalnum():
            return (), 0.0
        going: list[Going] = []
        rest = 1.0
        for match in LETTERS.finditer(before):
            first = fold(match[0])
            begun = [one for one in vocabularies if first in one.beginnings]
            if not begun or not _begins_word(before, match.start()):
                continue
            head = " ".join(before[match.start() :].split()) + (" " if before[-1].isspace() else "")
            key = fold(head)
            for one in begun:
                everything = one.range_of(key)
                weight = float(one.weights[everything].sum())
                if not weight:
                    continue
                log_entry = self._log_of(self._scorer.unknown_id) + math.log(unit * weight)
                chance = _MOST_SURE / (1.0 + math.exp(min(700.0, self._log_beginning(head) - log_entry)))
                # The beginning may be an entry itself.
                chance *= weight / (weight + one.weight_of(key.rstrip()))
                rest *= 1.0 - chance
                span = one.range_of(key + fold(prefix))
                for i in largest(one.weights[span], most):
                    text = _behind(one.texts[span.start + i], key)
                    # Behind a space a mark is a word of the entry too: Müller & Söhne.
                    if text[:1].isalnum() or (text and before[-1].isspace()):
                        going.append(Going(text, chance * float(one.weights[span][i]) / weight))
        return tuple(going), 1.0 - rest

    def _log_p(self, beginning: str) -> float:
        """Return ln P(words), whatever stands before them."""
        total = 0.0
        context: tuple[int, ...] = ()
        for token in tokens(beginning):
            if token.is_word or token.form == NUMBER:
                total += self._log_word(context, token.form)
                context = (*context, self._vocabulary.id_of(token.form))
        return total

    def _log_word(self, context: tuple[int, ...], form: str) -> float:
        scorer, id_ = self._scorer, self._vocabulary.id_of(form)
        log_p = math.log(max(1e-30, scorer.following(context, id_))) if context else self._log_of(id_)
        if id_ != scorer.unknown_id:
            return log_p
        V = scorer.index.vocabulary_size
        rare = scorer.candidates.exact_words(fold(form))
        rare = rare[rare >= V]
        if len(rare):
            return log_p + float(np.logaddexp.reduce(scorer.index.lexicon.log_probability[rare - V]))
        return log_p + math.log(scorer.novel(form))

    def _log_of(self, id_: int) -> float:
        return float(self._scorer.index.log_counts[id_])


def _begins_word(text: str, start: int) -> bool:
    """True where what begins at ``start`` is no part of a word or number: not behind a letter, a joiner or a mark."""
    return start == 0 or text[start - 1].isspace() or text[start - 1] in "([{\"'«“‘„¿¡/"


def _behind(text: str, key: str) -> str:
    """The rest of a text behind the beginning whose folded key is ``key``."""
    for end in range(1, len(text)):
        if fold(text[:end]) == key:
            return text[end:]
    return ""
