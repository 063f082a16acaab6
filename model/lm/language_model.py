"""The language model as it is loaded: vocabulary, network, n-grams, spelling, and the words it may offer."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from model.arrays import BoolArray, ByteArray, FloatArray
from model.lm.ngrams import NGrams
from model.lm.offensive import NEVER, guarded_letters
from model.lm.spelling import EMPTY_LEXICON, Spelling
from model.lm.word_index import WordTable
from model.nn.inference import InferenceNetwork
from model.nn.network import Network
from model.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class LanguageModel:
    """A loaded language model, read-only.

    ``guarded`` (V,) marks the words that are offered only once most of their letters are typed, ``guarded_rare`` those
    of the lexicon.
    """

    vocabulary: Vocabulary
    network: Network
    information: dict[str, Any]
    ngrams: NGrams | None = None
    guarded: BoolArray | None = None
    spelling: Spelling | None = None
    guarded_rare: BoolArray | None = None

    @cached_property
    def words(self) -> WordTable:
        """All words in one index; made on first use, in a fraction of a second."""
        return WordTable(self.vocabulary, self.spelling.lexicon if self.spelling else EMPTY_LEXICON)

    def offered(self, ids: range, letters: int) -> FloatArray:
        """Make a mask of a range of ids: 1 where a word may be offered after this many typed ``letters``, else 0."""
        if letters == 0:
            return self._offered_unasked[ids.start : ids.stop]
        able: FloatArray = (self.letters_needed[ids.start : ids.stop] <= letters).astype(np.float32)
        return able

    @cached_property
    def _offered_unasked(self) -> FloatArray:
        able: FloatArray = (self.letters_needed[: len(self.vocabulary)] == 0).astype(np.float32)
        return able

    @cached_property
    def letters_needed(self) -> ByteArray:
        """The typed letters after which each word may be offered: those of the vocabulary (V,), then the lexicon's.

        0 for most; most of its letters for a guarded word; more than any word has for what is never offered.
        """
        vocabulary = self.vocabulary
        needed = np.where(vocabulary.offered, 0, NEVER).astype(np.uint8)
        if self.guarded is not None:
            needed = np.maximum(needed, guarded_letters(vocabulary, self.guarded))
        if self.spelling is None:
            return needed
        words = self.spelling.lexicon.words
        rare = np.zeros(len(words), dtype=np.uint8)
        return np.append(needed, rare if self.guarded_rare is None else guarded_letters(words, self.guarded_rare))

    def for_inference(self) -> "LanguageModel":
        """Lay out the network's weights for products with a few rows at a time; the rest stays the same."""
        return replace(self, network=InferenceNetwork(self.network))
