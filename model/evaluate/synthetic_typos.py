"""Synthetic typos: drawn from a seed and put into words, to measure corrections with.

Apart from the error model on purpose: uniform over the places of a word, and over its own classes.
"""

from typing import NamedTuple

import numpy as np

from model.search.typos.keyboards import DEFAULT_LAYOUT, neighbours

# The share of words with a typo.
TYPO_SHARE = 0.12
# The shares of the classes of typos; where a word cannot have one of a class, another is drawn.
CLASSES = {
    "substitution": 0.30,
    "transposition": 0.18,
    "omission": 0.20,
    "addition": 0.14,
    "doubled letter": 0.08,
    "missed apostrophe": 0.05,
    "missed space": 0.05,
}
# In a word with an apostrophe, that is the likeliest thing to go.
APOSTROPHE_FACTOR = 10.0
# Words with fewer letters are typed rightly: a typo in "to" is mostly another word.
LEAST_LETTERS = 3
_TRIES = 20


class Typo(NamedTuple):
    """The string typed for a word, the class of the typo, and its place in the word."""

    typed: str
    kind: str
    place: int


class TypoGenerator:
    """Draws typos; the same seed draws the same ones."""

    def __init__(self, seed: int, layout: str = DEFAULT_LAYOUT) -> None:
        self._rng = np.random.default_rng(seed)
        self._near = {key: sorted(c for c in others if c.isalpha()) for key, others in neighbours(layout).items()}

    def sometimes(self, word: str) -> Typo | None:
        """Draw a typo in ``word`` with the chance ``TYPO_SHARE``, else None."""
        if self._rng.random() >= TYPO_SHARE or sum(c.isalpha() for c in word) < LEAST_LETTERS:
            return None
        return self.draw(word)

    def draw(self, word: str, kinds: tuple[str, ...] = tuple(CLASSES)) -> Typo | None:
        """Draw a typo of one of the classes; None where the word can have none of those drawn."""
        chances = np.array([CLASSES[kind] for kind in kinds])
        if "'" in word:
            chances[[kind == "missed apostrophe" for kind in kinds]] *= APOSTROPHE_FACTOR
        for _ in range(_TRIES):
            kind = kinds[int(self._rng.choice(len(kinds), p=chances / chances.sum()))]
            typo = self._make(word, kind)
            if typo is not None and typo.typed != word:
                return typo
        return None

    def _make(self, word: str, kind: str) -> Typo | None:
        n = len(word)
        if kind == "missed space":
            # The space behind the word: the caller leaves it out.
            return Typo(word + " ", kind, n)
        if kind == "missed apostrophe":
            place = word.find("'")
            return Typo(word.replace("'", ""), kind, place) if 0 < place < n - 1 else None
        place = int(self._rng.integers(0, n))
        typed = self._replaced(word, kind, place) if word[place].isalpha() else None
        return None if typed is None else Typo(typed, kind, place)

    def _replaced(self, word: str, kind: str, place: int) -> str | None:
        """Make a typo at the letter of a place; a capital stays where it stands."""
        before, letter, rest = word[:place], word[place], word[place + 1 :]
        if kind == "transposition":
            if not rest[:1].isalpha():
                return None
            swapped = rest[0] + letter
            return before + (swapped.title() if place == 0 and letter.isupper() else swapped) + rest[1:]
        if kind == "omission":
            return before + (rest[:1].upper() + rest[1:] if letter.isupper() else rest)
        if kind == "doubled letter":
            return before + letter + letter.lower() + rest
        close = self._near.get(letter.lower(), [])
        if not close:
            return None
        other = close[int(self._rng.integers(0, len(close)))]
        if kind == "substitution":
            return before + (other.upper() if letter.isupper() else other) + rest
        return before + letter + other + rest
