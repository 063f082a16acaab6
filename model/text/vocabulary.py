"""The vocabulary: the words a network knows, sorted so that those with the same prefix are one range of ids.

Ids: the special tokens, then marks, then words sorted by folded key; ids of words that share a key
stand by falling count. A form here is a *true-cased* one: *monday* and *Monday* are one entry, *may*
and *May* two, as the text that was counted writes them inside sentences.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from model.arrays import FloatArray
from model.errors import ModelError
from model.text.packed_strings import PackedStrings
from model.text.tokens import CLOSING_MARKS, LINE_END, SPECIAL_TOKENS, TEXT_START, UNKNOWN, fold, sentence_starts

# Marks a line of the words file whose word is known but never suggested.
WITHHELD = "\t-"
# Behind a key: greater than whatever begins with that key.
AFTER_ALL = "\U0010ffff"
# Words of one letter; all other single letters are initials, list marks, or typos.
_ONE_LETTER_WORDS = frozenset({"a", "I"})


class SortedWords:
    """Words sorted by folded key, so that those with the same prefix are one range of places."""

    def __init__(self, forms: Sequence[str], first_word: int = 0) -> None:
        self.forms = PackedStrings(forms)
        self.first_word = first_word
        keys = [fold(form) for form in self.forms[first_word:]]
        self.keys = PackedStrings(keys)
        if any(a > b for a, b in pairwise(keys)):
            raise ModelError("the words are not sorted by their folded keys")

    def __len__(self) -> int:
        return len(self.forms)

    def prefix_range(self, prefix: str) -> range:
        """Find the words whose folded key begins with ``fold(prefix)`` by two binary searches."""
        key = fold(prefix)
        low = bisect_left(self.keys, key)
        high = bisect_left(self.keys, key + AFTER_ALL, low)
        return range(self.first_word + low, self.first_word + high)


class Vocabulary(SortedWords):
    """V forms and their counts in the training text.

    ``forms[i]`` is token i; ids below ``first_word`` are special tokens and marks. ``offered`` (V,) is true where a
    token may be suggested: words, but of single letters only *a* and *I*, and none that is withheld.
    ``closing`` are the ids of what never follows a space, line ends and starts among it.
    ``surprise`` (V,) is (log P)² of a word by its count, 0 of what is not offered.
    ``first_spelling`` (V,) is the lowest id of the same word in any case; ``spellings`` holds all ids by that one where
    there are several. ``is_first`` (V,) is 1 for the first spelling of each word, and 0 for others; ``spelling_counts``
    (V,) is how many spellings a token's word has.
    """

    def __init__(self, forms: Sequence[str], counts: Sequence[int], withheld: Container[str] = ()) -> None:
        super().__init__(forms, next((i for i, form in enumerate(forms) if form[0].isalpha()), len(forms)))
        self.counts = list(counts)
        listed = list(self.forms)
        self._id = {form: i for i, form in enumerate(listed)}
        self.offered = np.array(
            [
                i >= self.first_word and (len(form) > 1 or form in _ONE_LETTER_WORDS) and form not in withheld
                for i, form in enumerate(self.forms)
            ]
        )
        self._check()
        surprise = self.log_unigrams() ** 2
        surprise[~self.offered] = 0
        self.surprise: list[float] = surprise.tolist()
        ends = CLOSING_MARKS | {LINE_END, TEXT_START}
        self.closing = np.array([i for i, form in enumerate(self.forms[: self.first_word]) if form in ends])
        self._by_case = self._likeliest(listed, str.casefold)
        self._by_key = self._likeliest(listed, fold)
        first: dict[str, int] = {}
        self.first_spelling = np.array([first.setdefault(form.casefold(), i) for i, form in enumerate(self.forms)])
        self.spellings: dict[int, list[int]] = {}
        for i in np.flatnonzero(self.first_spelling != np.arange(len(self.forms))).tolist():
            one = int(self.first_spelling[i])
            self.spellings.setdefault(one, [one]).append(i)
        self._kept_spelled: dict[int, tuple[str, tuple[tuple[int, str], ...]]] = {}
        self.spelling_counts: FloatArray = np.ones(len(self.forms), np.float32)
        self.is_first: FloatArray = (self.first_spelling == np.arange(len(self.forms))).astype(np.float32)
        for same in self.spellings.values():
            self.spelling_counts[same] = len(same)

    def _check(self) -> None:
        if tuple(self.forms[: len(SPECIAL_TOKENS)]) != SPECIAL_TOKENS:
            raise ModelError(f"the vocabulary must begin with {' '.join(SPECIAL_TOKENS)}")
        if len(self._id) != len(self.forms) or len(self.counts) != len(self.forms):
            raise ModelError("the vocabulary holds a form twice, or a count is missing")
        if not all(form[0].isalpha() for form in self.forms[self.first_word :]):
            raise ModelError("a mark or special token stands among the words of the vocabulary")

    def _likeliest(self, forms: list[str], key: Callable[[str], str]) -> dict[str, int]:
        """For each key the id of its most frequent word."""
        best: dict[str, int] = {}
        for i, form in enumerate(forms[self.first_word :], self.first_word):
            k = key(form)
            # One string for both takes half of the memory.
            k = form if k == form else k
            if k not in best or self.counts[i] > self.counts[best[k]]:
                best[k] = i
        return best

    def spelled(self, first: int) -> tuple[str, tuple[tuple[int, str], ...]]:
        """Return a word by its first spelling: in small letters, and all its spellings with their ids."""
        kept = self._kept_spelled.get(first)
        if kept is None:
            ids = self.spellings.get(first, (first,))
            kept = self.forms[first].casefold(), tuple((id_, self.forms[id_]) for id_ in ids)
            self._kept_spelled[first] = kept
        return kept

    def log_unigrams(self, added: float = 1.0) -> FloatArray:
        """Compute ln P of each token (V,) by its count, ``added`` to each: one that was never counted has a chance."""
        smoothed = np.asarray(self.counts, dtype=np.float64) + added
        log_p: FloatArray = np.log(smoothed / smoothed.sum())
        return log_p

    @classmethod
    def from_counts(
        cls,
        marks: Mapping[str, int],
        words: Mapping[str, int],
        specials: Mapping[str, int],
        withheld: Container[str] = (),
    ) -> "Vocabulary":
        """Make a vocabulary from counts of its marks, words and special tokens in any order."""
        ordered = [(form, specials.get(form, 0)) for form in SPECIAL_TOKENS]
        ordered += sorted(marks.items())
        ordered += sorted(words.items(), key=lambda item: (fold(item[0]), -item[1], item[0]))
        return cls([form for form, _ in ordered], [count for _, count in ordered], withheld)

    def __contains__(self, form: str) -> bool:
        return form in self._id

    def id_of(self, form: str, at_start: bool = False) -> int:
        """Look up a token's id; ``<unk>``'s where there is none.

        Inside a sentence a form that is listed is itself. At the start of one a capital says nothing,
        so the most frequent spelling is meant, unless the form is all small or all capitals.
        """
        exact = self._id.get(form)
        title = form[0].isupper() and not (len(form) > 1 and form.isupper())
        if exact is not None and not (at_start and title):
            return exact
        if not form[0].isalpha():
            return self._id[UNKNOWN]
        by_case = self._by_case.get(form.casefold())
        return self._by_key.get(fold(form), self._id[UNKNOWN]) if by_case is None else by_case

    def encode(self, forms: Sequence[str], from_start: bool = True) -> list[int]:
        """Encode a run of tokens as ids; ``from_start`` where the first of them begins a sentence."""
        starts = sentence_starts(forms)
        starts[0] = from_start
        return [self.id_of(form, start) for form, start in zip(forms, starts, strict=False)]

    def digest(self) -> str:
        """SHA-256 over the forms in order: weights are only good with the words they were trained with."""
        return hashlib.sha256("\n".join(self.forms).encode()).hexdigest()

    def lines(self) -> Iterator[str]:
        """Yield the lines of the words file: ``form TAB count``, and a further ``TAB -`` where it is withheld."""
        for i, form in enumerate(self.forms):
            withheld = i >= self.first_word and len(form) > 1 and not self.offered[i]
            yield f"{form}\t{self.counts[i]}{WITHHELD if withheld else ''}\n"
