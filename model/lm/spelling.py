"""What stands outside the vocabulary: a network over characters, and a lexicon of rarer words.

P(string | context) = P(<unk> | context) · P(string | unknown). A word of the lexicon has its share from counts and
spelling; all other strings share what is left, as the network spells them:
P(string | unknown) = novel · P(spelling). The network reads ``<start> a p p l e <eol>``, casefolded.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from model.arrays import FloatArray
from model.nn.network import Network
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


def spelled(word: str) -> str:
    """The characters by which a word is spelled here: small, with straight apostrophes."""
    return straight(word).casefold()[:LONGEST]


class Speller:
    """Spells strings letter by letter and remembers the last ones. It belongs to one thread."""

    def __init__(self, spelling: Spelling | None, most_entries: int = 2000) -> None:
        self.spelling, self._most = spelling, most_entries
        # By the characters read: ln P of them, the state behind them, and ln P of each next one.
        self._states: OrderedDict[str, tuple[float, Any, FloatArray]] = OrderedDict()

    def log_beginning(self, prefix: str) -> float:
        """ln P that a spelling begins with these characters."""
        if self.spelling is None:
            return -len(spelled(prefix)) * math.log(_PLAIN_LETTERS)
        return self._read(spelled(prefix))[0]

    def log_word(self, word: str) -> float:
        """ln P(spelling): these characters, then the end."""
        if self.spelling is None:
            return -(len(spelled(word)) + 1) * math.log(_PLAIN_LETTERS)
        log_p, _, following = self._read(spelled(word))
        return log_p + float(following[self.spelling.end()])

    def _read(self, characters: str) -> tuple[float, Any, FloatArray]:
        length = len(characters)
        while length and characters[:length] not in self._states:
            length -= 1
        entry = self._states.get(characters[:length])
        for end in range(length if entry else -1, len(characters)):
            entry = self._step(entry, characters[end] if end >= 0 else "")
            self._states[characters[: end + 1]] = entry
        assert entry is not None
        self._states.move_to_end(characters)
        while len(self._states) > self._most:
            self._states.popitem(last=False)
        return entry

    def _step(self, before: tuple[float, Any, FloatArray] | None, character: str) -> tuple[float, Any, FloatArray]:
        spelling = self.spelling
        assert spelling is not None
        network = spelling.network
        log_p, state, following = before or (0.0, network.zero_state(1), None)
        id_ = spelling.encode(character)[-1]
        if following is not None:
            log_p += float(following[id_])
        state = network.step(np.array([id_]), state)
        z = network.logits(network.project(state[0]))[0]
        z -= z.max()
        z -= math.log(float(np.exp(z).sum()))
        return log_p, state, z
