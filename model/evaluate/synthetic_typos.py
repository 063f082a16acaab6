"""Slips put into text by chance, from a seed: what corrections are measured with.

Apart from the error model on purpose: uniform over the places of a word, and over its own classes.
"""

from typing import NamedTuple

import numpy as np

from model.search.keyboards import DEFAULT_LAYOUT, neighbours

# The share of words with a slip.
SLIP_SHARE = 0.12
# How slips share out among classes; where a word cannot have one of a class, another is drawn.
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
# Words with fewer letters are typed rightly: what is a slip in "to" is mostly another word.
LEAST_LETTERS = 3
_TRIES = 20


class Slip(NamedTuple):
    """What was typed for a word, its class, and the place of the slip in the word."""

    typed: str
    kind: str
    place: int


class Noise:
    """Draws slips; the same seed draws the same ones."""

    def __init__(self, seed: int, layout: str = DEFAULT_LAYOUT) -> None:
        self._rng = np.random.default_rng(seed)
        self._near = {key: sorted(c for c in others if c.isalpha()) for key, others in neighbours(layout).items()}

    def slip(self, word: str, kinds: tuple[str, ...] = tuple(CLASSES)) -> Slip | None:
        """A slip in ``word`` with the chance ``SLIP_SHARE``, else None."""
        if self._rng.random() >= SLIP_SHARE or sum(c.isalpha() for c in word) < LEAST_LETTERS:
            return None
        return self.certain_slip(word, kinds)

    def certain_slip(self, word: str, kinds: tuple[str, ...] = tuple(CLASSES)) -> Slip | None:
        """A slip of one of the classes; None where the word can have none of those drawn."""
        chances = np.array([CLASSES[kind] for kind in kinds])
        if "'" in word:
            chances[[kind == "missed apostrophe" for kind in kinds]] *= APOSTROPHE_FACTOR
        for _ in range(_TRIES):
            kind = kinds[int(self._rng.choice(len(kinds), p=chances / chances.sum()))]
            slip = self._make(word, kind)
            if slip is not None and slip.typed != word:
                return slip
        return None

    def _make(self, word: str, kind: str) -> Slip | None:
        rng, n = self._rng, len(word)
        if kind == "missed space":
            # The space behind the word: whoever types the text leaves it out.
            return Slip(word + " ", kind, n)
        if kind == "missed apostrophe":
            place = word.find("'")
            return Slip(word.replace("'", ""), kind, place) if 0 < place < n - 1 else None
        place = int(rng.integers(0, n))
        letter = word[place]
        close = self._near.get(letter.lower(), [])
        if not letter.isalpha():
            return None
        if kind == "transposition":
            if place + 1 >= n or not word[place + 1].isalpha():
                return None
            swapped = word[place + 1] + letter
            if place == 0 and letter.isupper():
                swapped = swapped.title()
            return Slip(word[:place] + swapped + word[place + 2 :], kind, place)
        if kind == "omission":
            rest = word[place + 1 :]
            return Slip(word[:place] + (rest[:1].upper() + rest[1:] if letter.isupper() else rest), kind, place)
        if kind == "doubled letter":
            return Slip(word[: place + 1] + letter.lower() + word[place + 1 :], kind, place)
        if not close:
            return None
        other = close[int(rng.integers(0, len(close)))]
        if kind == "substitution":
            return Slip(word[:place] + (other.upper() if letter.isupper() else other) + word[place + 1 :], kind, place)
        return Slip(word[: place + 1] + other + word[place + 1 :], kind, place)
