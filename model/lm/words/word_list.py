"""A list of words in a trie, in which what was meant is looked for: the own words of a person, or of a vocabulary."""

from collections.abc import Sequence

import numpy as np

from model.arrays import FloatArray, IntArray
from model.text.trie import Trie


class WordList:
    """Words of sorted folded ``keys`` (R,) in a trie.

    ``word[row]`` is the number of the word of a row, whatever that counts, and ``log_p[row]`` how likely it is beside
    the others, whatever stands before it.
    """

    def __init__(self, keys: Sequence[str], numbers: IntArray, log_p: FloatArray) -> None:
        self.word: IntArray = numbers.astype(np.int32)
        self.log_p: FloatArray = log_p.astype(np.float32)
        self.trie = Trie(keys, self.log_p)

    @property
    def bytes(self) -> int:
        """The memory that it takes."""
        return self.word.nbytes + self.log_p.nbytes + self.trie.bytes
