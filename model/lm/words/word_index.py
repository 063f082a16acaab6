"""All words of a model, those of the vocabulary and the rarer ones of the lexicon, in one trie."""

import numpy as np

from model.arrays import BoolArray, FloatArray, IntArray
from model.lm.words.spelling import Lexicon
from model.text.packed_strings import PackedStrings
from model.text.tokens import UNKNOWN
from model.text.trie import Trie
from model.text.vocabulary import Vocabulary


class WordIndex:
    """Vocabulary and lexicon in one trie.

    A word's number is its id in the vocabulary, or V and more for those of the lexicon. ``word[row]`` is the word of
    a row of the trie, ``log_p[row]`` its context-free probability, and ``is_small[word]`` is true for words
    that begin with a small letter.
    """

    def __init__(self, vocabulary: Vocabulary, lexicon: Lexicon) -> None:
        V, first = len(vocabulary), vocabulary.first_word
        self.log_counts: FloatArray = vocabulary.log_unigrams(0.5)
        unknown = vocabulary.id_of(UNKNOWN)
        keys = [*vocabulary.keys, *lexicon.words.keys]
        order = np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)
        words = np.concatenate([np.arange(first, V), V + np.arange(len(lexicon.words))])
        log_p = np.concatenate([self.log_counts[first:], self.log_counts[unknown] + lexicon.log_probability])
        self.vocabulary_size = V
        self.lexicon = lexicon
        self.forms = PackedStrings([*vocabulary.forms, *lexicon.words.forms])
        self.is_small: BoolArray = np.array([form[0].islower() for form in self.forms])
        self.word: IntArray = words[order].astype(np.int32)
        self.log_p: FloatArray = log_p[order].astype(np.float32)
        self.trie = Trie([keys[i] for i in order.tolist()], self.log_p)
        # Σ of P(word | unknown) of the lexicon's words in rows before each one.
        share = np.concatenate([np.zeros(V - first), np.exp(lexicon.log_probability.astype(np.float64))])[order]
        self.lexicon_share: FloatArray = np.concatenate([[0.0], np.cumsum(share)])
