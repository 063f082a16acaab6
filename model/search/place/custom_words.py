"""The custom vocabularies at a place in a text: their entries as candidates, and the words that they block.

P(entry | context) = P(<unk> | context) · P(entry | unknown) for an entry that the model does not know as one word, with
P(entry | unknown) = SHARE · weight / (W + OTHERS), W the weights of all such entries together; the rest of the chance
of ``<unk>`` is for all other strings. A word that the model knows becomes 1 + weight times as likely.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from model.arrays import FloatArray
from model.lm.words.custom_vocabulary import CustomVocabulary, Known, compared
from model.lm.words.word_list import WordList

# P(any entry | unknown) where there are many: an application that brings a vocabulary means it to be used.
SHARE = 0.5
# So many entries of the weight 1 have half of that. It keeps the entries of a small vocabulary from being offered where
# any name fits.
OTHERS = 50.0


class Going(NamedTuple):
    """The rest of an entry whose beginning stands before a place, and its chance there, whatever letters were typed."""

    rest: str
    chance: float


class CustomWords:
    """The vocabularies that a request asks for, at its place in a text. It only reads, so threads may share it.

    ``going`` are ways to go on with an entry whose beginning stands before the place, ``goes_on`` is the chance of all
    of them and of those that the typed letters rule out. ``before`` are the words before the place, as ``compared``
    gives them, and ``share`` is P(any entry | unknown).
    """

    def __init__(
        self,
        vocabularies: tuple[CustomVocabulary, ...] = (),
        known: tuple[Known, ...] = (),
        going: tuple[Going, ...] = (),
        goes_on: float = 0.0,
        before: tuple[str, ...] = (),
    ) -> None:
        self._vocabularies, self._known, self._before = vocabularies, known, before
        self.going, self.goes_on = going, goes_on
        self._unit = entry_share(known)
        self.share = self._unit * sum(one.total for one in known)
        self._blocking = tuple(one for one in vocabularies if one.blocks_any)

    def __bool__(self) -> bool:
        return bool(self._vocabularies)

    def holds(self, word: str) -> bool:
        """True for a word that is not to be changed."""
        return any(one.holds(word) for one in self._vocabularies)

    def spelled(self, word: str) -> str:
        """Return a word that the model has no spelling of as an entry spells it, in its letter case."""
        small = word.casefold()
        return next((one.spellings[small] for one in self._vocabularies if small in one.spellings), word)

    def blocks(self, text: str) -> bool:
        """True for a text that may not be offered here."""
        return bool(self._blocking) and any(one.blocks(compared(text), self._before) for one in self._blocking)

    def weigh(self, probabilities: FloatArray, span: range) -> None:
        """Make the known words of a span of ids likelier, in place."""
        for known in self._known:
            low, high = np.searchsorted(known.ids, (span.start, span.stop))
            probabilities[known.ids[low:high] - span.start] *= known.factors[low:high]

    def allowed(self, probabilities: FloatArray, span: range) -> FloatArray:
        """Return the probabilities of a span of ids, with 0 for blocked words."""
        for known in self._known if self._blocking else ():
            low, high = np.searchsorted(known.blocked, (span.start, span.stop))
            if low < high:
                probabilities = probabilities.copy()
                probabilities[known.blocked[low:high] - span.start] = 0
        return probabilities

    def words(self) -> Iterator[tuple[CustomVocabulary, WordList, FloatArray]]:
        """Go through the vocabularies with entries of one word: these, and P(entry | unknown) of all their entries."""
        for one, known in zip(self._vocabularies, self._known, strict=True):
            if one.typed is not None:
                yield one, one.typed, self._unit * known.unknown

    def begun(self, key: str, most: int, capital_share: float) -> tuple[list[Going], float]:
        """The likeliest ``most`` unknown entries that begin with a key, with P(entry | unknown), and that of all.

        One with a capital counts by ``capital_share`` only.
        """
        found, total = [], 0.0
        for one, known in zip(self._vocabularies, self._known, strict=True):
            span = one.range_of(key)
            weights = known.unknown[span] * np.where(one.is_small[span], 1.0, capital_share)
            total += float(weights.sum())
            for i in largest(weights, most):
                found.append(Going(one.texts[span.start + i], self._unit * float(weights[i])))
        return found, self._unit * total


def entry_share(known: tuple[Known, ...]) -> float:
    """P(entry | unknown) of an entry of the weight 1."""
    return SHARE / (sum(one.total for one in known) + OTHERS)


def largest(weights: FloatArray, most: int) -> list[int]:
    """The places of the largest weights above 0."""
    places = np.flatnonzero(weights)
    if len(places) > most:
        places = places[np.argpartition(-weights[places], most)[:most]]
    found: list[int] = places.tolist()
    return found


NO_CUSTOM = CustomWords()
