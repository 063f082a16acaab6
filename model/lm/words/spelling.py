"""Words outside the vocabulary: a network over characters that spells them, and a lexicon of rarer words.

P(string | context) = P(<unk> | context) · P(string | unknown). A word of the lexicon has its share from counts and
spelling; all other strings share what is left, as the network spells them:
P(string | unknown) = novel · P(spelling). The network reads ``<start> a p p l e <eol>``, casefolded.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from model.arrays import FloatArray
from model.nn.network import Network
from model.prefix_cache import PrefixCache
from model.text.tokens import LINE_END, TEXT_START, UNKNOWN, straight
from model.text.vocabulary import SortedWords, Vocabulary

# Longer strings are no words; what is behind is not read.
LONGEST = 40
# Letters of an alphabet where no network knows how words are spelled, the end of the word among them.
_PLAIN_LETTERS = 27


@dataclass(frozen=True)
class Lexicon:
    """Rarer words, sorted by folded key, and ln P(word | unknown) (N,); what they leave is ``novel``'s."""

    words: SortedWords
    log_probability: FloatArray

    @cached_property
    def novel(self) -> float:
        """The share of unknown words that the lexicon does not hold either."""
        return max(1e-4, 1.0 - float(np.exp(self.log_probability.astype(np.float64)).sum()))


EMPTY_LEXICON = Lexicon(SortedWords([]), np.zeros(0, np.float32))


@dataclass(frozen=True)
class Spelling:
    """The network over characters, which are its vocabulary, and the lexicon."""

    characters: Vocabulary
    network: Network
    lexicon: Lexicon

    @cached_property
    def _id(self) -> dict[str, int]:
        return {form: i for i, form in enumerate(self.characters.forms)}

    def encode(self, word: str) -> list[int]:
        """The ids that a word is spelled with: a start, and its characters."""
        unknown = self._id[UNKNOWN]
        return [self._id[TEXT_START], *(self._id.get(c, unknown) for c in spelled(word))]

    def end(self) -> int:
        """The id that ends a word."""
        return self._id[LINE_END]


class _Spelled(NamedTuple):
    """The characters so far: ln P of them, the state behind them, and ln P of each next one."""

    log_p: float
    state: FloatArray
    following: FloatArray


def spelled(word: str) -> str:
    """The characters by which a word is spelled here: small, with straight apostrophes."""
    return straight(word).casefold()[:LONGEST]


class Speller:
    """Spells strings letter by letter and remembers the last ones. It belongs to one thread."""

    def __init__(self, spelling: Spelling | None, most_entries: int = 2000) -> None:
        self.spelling = spelling
        self._kept: PrefixCache[str, _Spelled] = PrefixCache(most_entries)

    def log_beginning(self, prefix: str) -> float:
        """Return ln P that a spelling begins with these characters."""
        if self.spelling is None:
            return -len(spelled(prefix)) * math.log(_PLAIN_LETTERS)
        return self._spell(self.spelling, spelled(prefix)).log_p

    def log_word(self, word: str) -> float:
        """Return ln P(spelling): these characters, then the end."""
        if self.spelling is None:
            return -(len(spelled(word)) + 1) * math.log(_PLAIN_LETTERS)
        found = self._spell(self.spelling, spelled(word))
        return found.log_p + float(found.following[self.spelling.end()])

    def _spell(self, spelling: Spelling, characters: str) -> _Spelled:
        length, found = self._kept.longest(characters)
        if found is None:
            found = self._start
        for end in range(length, len(characters)):
            found = _step(spelling, found, characters[end])
            self._kept.put(characters[: end + 1], found)
        return found

    @cached_property
    def _start(self) -> _Spelled:
        """The state before the first character."""
        assert self.spelling is not None
        network = self.spelling.network
        return _step(self.spelling, _Spelled(0.0, network.zero_state(1), np.zeros(0, np.float32)), "")


def _step(spelling: Spelling, before: _Spelled, character: str) -> _Spelled:
    """One character further; the empty one is the start."""
    network, id_ = spelling.network, spelling.encode(character)[-1]
    log_p = before.log_p + (float(before.following[id_]) if character else 0.0)
    state = network.step(np.array([id_]), before.state)
    z = network.logits(network.project(state))[0]
    z -= z.max()
    z -= math.log(float(np.exp(z).sum()))
    return _Spelled(log_p, state, z)
