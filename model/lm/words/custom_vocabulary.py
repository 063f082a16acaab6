"""Custom vocabularies: the words and names of a product, a team or a customer, and words that are never offered.

They need no training. A text of theirs that is one word of the model's vocabulary is made likelier; any other, of one
word or of several, gets a share of the chance of ``<unk>``. A vocabulary belongs to no model and never changes once it
is made, so threads and models share it.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from model.arrays import FloatArray, IntArray
from model.lm.words.word_list import WordList
from model.text.tokens import fold, straight, tokens, unaccented
from model.text.vocabulary import AFTER_ALL, Vocabulary

# The longest text of an entry, in code points.
LONGEST_ENTRY = 100
_LEAST_WEIGHT = 1e-6
# The letters and digits of a text, by which the beginnings of entries are found in it.
LETTERS = re.compile(r"[^\W_]+")


class Entry(NamedTuple):
    """A word or several, as they are to be written, and how much more likely than an entry of the weight 1."""

    text: str
    weight: float = 1.0


class Known(NamedTuple):
    """A custom vocabulary beside the vocabulary of a model.

    The K entries that the model knows have the ``ids`` (K,), sorted, and become ``factors`` (K,) times as likely.
    ``unknown`` (N,) are the weights of all entries, 0 for those that the model knows, of the sum ``total``, and
    ``blocked`` (B,) the ids of words that are never offered.
    """

    ids: IntArray
    factors: FloatArray
    unknown: FloatArray
    total: float
    blocked: IntArray


class CustomVocabulary:
    """Entries sorted by folded key, and blocked words.

    An entry that is given twice counts once, with its greatest weight. Texts are in NFC, with single spaces, and begin
    with a letter or a digit. ``beginnings`` are the folded first letters of entries that go on behind a space or mark,
    ``spellings`` the texts by their small letters. ``texts`` (N,) and ``weights`` (N,) are the entries. ``typed`` are
    the numbers of those of one word, for the search of what was meant; None where there are none.
    """

    def __init__(self, entries: Iterable[Entry], blocked: Iterable[str] = ()) -> None:
        weights: dict[str, float] = {}
        for text, weight in entries:
            weights[text] = max(weight, weights.get(text, 0.0))
        keys = {text: fold(text) for text in weights}
        texts = sorted(weights, key=lambda text: (keys[text], text))
        self.texts = texts
        # A list, which takes more memory than packed strings, but is searched in a tenth of the time.
        self._keys = [keys[text] for text in texts]
        self.weights: FloatArray = np.array([weights[text] for text in texts], dtype=np.float64)
        self.is_small = np.array([text[0].islower() for text in texts], dtype=bool)
        first = ((text, LETTERS.match(text)) for text in texts)
        self.beginnings = frozenset(fold(match[0]) for text, match in first if match and len(match[0]) < len(text))
        self.spellings = {text.casefold(): text for text in texts}
        self.typed = self._list()
        self._held = frozenset(_written(text[t.start : t.end]) for text in texts for t in tokens(text) if t.is_word)
        # By their last word the blocked words that end with it; most are that one word.
        self._blocked: dict[str, list[tuple[str, ...]]] = {}
        for text in blocked:
            plain = compared(text)
            if plain:
                self._blocked.setdefault(plain[-1], []).append(plain)
        self._known: WeakKeyDictionary[Vocabulary, Known] = WeakKeyDictionary()

    def entries(self) -> list[Entry]:
        """List the entries, sorted."""
        return list(map(Entry, self.texts, self.weights.tolist()))

    def range_of(self, key: str) -> slice:
        """Find the entries whose folded key begins with ``key``, by two binary searches."""
        low = bisect_left(self._keys, key)
        return slice(low, bisect_left(self._keys, key + AFTER_ALL, low))

    def weight_of(self, key: str) -> float:
        """Return the weight of the entries whose folded key is ``key``, 0 where there are none."""
        low, high = bisect_left(self._keys, key), bisect_right(self._keys, key)
        return float(self.weights[low:high].sum())

    def holds(self, word: str) -> bool:
        """True for a word of any entry, in any letter case, its possessive, and what it is a hyphened part of."""
        written = _written(word).removesuffix("'s")
        return written in self._held or any(part in self._held for part in written.split("-"))

    @property
    def blocks_any(self) -> bool:
        """True where any word is blocked."""
        return bool(self._blocked)

    def blocks(self, text: tuple[str, ...], before: tuple[str, ...]) -> bool:
        """True where a blocked word ends in a text behind some words; both are words as ``compared`` gives them."""
        everything = before + text
        for end in range(len(before), len(everything)):
            for last in _possessor(everything[end]):
                for words in self._blocked.get(last, ()):
                    if everything[max(0, end + 1 - len(words)) : end] == words[:-1]:
                        return True
        return False

    def known_in(self, vocabulary: Vocabulary) -> Known:
        """Look all words up in a model's vocabulary; done once, then remembered for as long as that exists."""
        found = self._known.get(vocabulary)
        if found is None:
            found = self._known[vocabulary] = self._look_up(vocabulary)
        return found

    def _list(self) -> WordList | None:
        """List the entries of one word."""
        numbers = np.array([i for i, text in enumerate(self.texts) if _is_word(text)], dtype=np.int64)
        if not len(numbers):
            return None
        log_p = np.log(np.maximum(self.weights[numbers], _LEAST_WEIGHT))
        return WordList([self._keys[i] for i in numbers.tolist()], numbers, log_p)

    def _look_up(self, vocabulary: Vocabulary) -> Known:
        factors: dict[int, float] = {}
        unknown = self.weights.copy()
        for i, text in enumerate(self.texts):
            form = straight(text)
            if form not in vocabulary:
                continue
            id_ = vocabulary.id_of(form)
            # A word that the model withholds is only offered because it stands here: as one that it does not know.
            if vocabulary.offered[id_]:
                factors[id_] = 1.0 + float(self.weights[i])
                unknown[i] = 0.0
        ids = sorted(factors)
        blocked = {id_ for last, all_ in self._blocked.items() if (last,) in all_ for id_ in _spelled(vocabulary, last)}
        return Known(
            np.array(ids, dtype=np.int64),
            np.array([factors[id_] for id_ in ids], dtype=np.float32),
            unknown,
            float(unknown.sum()),
            np.array(sorted(blocked), dtype=np.int64),
        )


def compared(text: str) -> tuple[str, ...]:
    """The words of a text as blocked words are compared: small, without accents, apart at hyphens."""
    return tuple(unaccented(text).replace("-", " ").split())


def _possessor(word: str) -> tuple[str, ...]:
    """A word, and where it is a possessive whose it is."""
    return (word, word[:-2]) if word.endswith("'s") else (word,)


def _is_word(text: str) -> bool:
    """True of an entry that is one word, and nothing beside it."""
    first = next(tokens(text), None)
    return first is not None and first.is_word and first.end == len(text)


def _written(word: str) -> str:
    return straight(word).casefold()


def _spelled(vocabulary: Vocabulary, plain: str) -> list[int]:
    """The ids of a word in every spelling, and of its possessive."""
    found, keys, first = [], vocabulary.keys, vocabulary.first_word
    for key in (fold(plain), fold(plain) + "s"):
        place = bisect_left(keys, key)
        while place < len(keys) and keys[place] == key:
            if plain in _possessor(unaccented(vocabulary.forms[first + place])):
                found.append(first + place)
            place += 1
    return found
