"""The language model as it is loaded: vocabulary, network, n-grams, spelling, and the words it may offer."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from model.arrays import BoolArray, ByteArray, FloatArray
from model.lm.ngrams import NGrams
from model.lm.recent_words import Weights, weigh
from model.lm.words.known_words import NO_WORDS, KnownWords
from model.lm.words.offensive import NEVER, Guard
from model.lm.words.spelling import EMPTY_LEXICON, Spelling
from model.lm.words.word_index import WordIndex
from model.nn.inference import InferenceNetwork
from model.nn.network import Network
from model.text.tokens import UNKNOWN, capitalised
from model.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from model.search.writing.replies import ReplySearch

NO_GUARD = Guard(None)
# While a word is typed its context is asked about with every letter: less than 4 kB each.
_KEPT_CONTEXTS = 500


@dataclass(frozen=True)
class LanguageModel:
    """A loaded model: read-only once made; ``guard`` decides what may be offered, ``known`` which words exist.

    ``common_counts`` (V,) says how common each word is, whatever the source; None leaves that to the vocabulary's.
    ``titled_words`` (V,) is true of those that have a capital behind a word with one, as in *Assistant Secretary*.
    ``replies`` answers messages, where the model comes with an encoder and decoder.
    """

    vocabulary: Vocabulary
    network: Network
    information: dict[str, Any]
    ngrams: NGrams | None = None
    spelling: Spelling | None = None
    guard: Guard = NO_GUARD
    known: KnownWords = NO_WORDS
    common_counts: FloatArray | None = None
    titled_words: BoolArray | None = None
    replies: "ReplySearch | None" = None

    @cached_property
    def words(self) -> WordIndex:
        """All its words in one index; made when first asked for."""
        return WordIndex(self.vocabulary, self.spelling.lexicon if self.spelling else EMPTY_LEXICON)

    @cached_property
    def recent(self) -> Callable[[tuple[int, ...]], Weights]:
        """How much each word of a context counts as a recent one; the last contexts are remembered."""
        return lru_cache(_KEPT_CONTEXTS)(partial(weigh, self.vocabulary))

    def titled(self, form: str) -> str:
        """Write a form as it stands behind a word with a capital: secretary → Secretary, said → said."""
        is_titled = self.titled_words is not None and bool(self.titled_words[self.vocabulary.id_of(form)])
        return capitalised(form) if is_titled else form

    def offered(self, ids: range, letters: int) -> FloatArray:
        """Return 1 for those of a range of ids that may be offered after some typed letters, 0 for the others."""
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
        vocabulary, guard = self.vocabulary, self.guard
        needed = np.maximum(np.where(vocabulary.offered, 0, NEVER).astype(np.uint8), guard.letters_needed(vocabulary))
        return np.append(needed, guard.letters_needed(self.words.lexicon.words))

    @cached_property
    def common(self) -> FloatArray:
        """How common each word is, ``<unk>`` among them, (V,), of sum 1; marks have 0."""
        counts = self.vocabulary.counts if self.common_counts is None else self.common_counts
        common = np.array(counts, dtype=np.float32)
        common[: self.vocabulary.first_word] = 0
        # Unknown words have their share as the vocabulary counts it.
        unknown, first = self.vocabulary.id_of(UNKNOWN), self.vocabulary.first_word
        unknown_count, words = self.vocabulary.counts[unknown], sum(self.vocabulary.counts[first:])
        share = unknown_count / max(1, unknown_count + words)
        common *= (1 - share) / max(1e-30, float(common.sum()))
        common[unknown] = share
        return common

    def for_inference(self) -> "LanguageModel":
        """Lay out the network's weights for products with a few rows at a time; the rest stays the same."""
        return replace(self, network=InferenceNetwork(self.network))
