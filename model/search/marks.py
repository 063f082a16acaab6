"""How well a word goes with what was typed beside plain letters: letter case, apostrophes and accents."""

import numpy as np

from model.arrays import BoolArray, FloatArray
from model.text.tokens import APOSTROPHES, fold, straight, unaccented

# How often a word with a capital of its own is begun with a small letter, roughly: people are lazy, but not all.
SMALL_FOR_CAPITAL = 0.2
# How often a word of small letters is begun with a capital where no sentence begins, in titles and after a forgotten
# full stop; chosen on the development texts.
CAPITAL_FOR_SMALL = 0.1
# How likely capitals inside a word, or accents, are typed for a word that has others: WiF for Wife, café for cafeteria.
OTHER_MARKS = 0.01


def case_fits(prefix: str, capital: bool) -> tuple[float, float]:
    """How often a word of small letters, and one with a capital of its own, is begun in the letter case of a prefix.

    ``capital`` is true where a sentence begins. Capitals throughout say nothing of the word.
    """
    if prefix[:1].islower():
        return 1.0, SMALL_FOR_CAPITAL
    if prefix[:1].isupper() and not capital and not (len(prefix) > 1 and prefix.isupper()):
        return CAPITAL_FOR_SMALL, 1.0
    return 1.0, 1.0


def fits_of_case(is_small: BoolArray, prefix: str, capital: bool) -> FloatArray:
    """How often each word is begun in the letter case of a prefix: ``is_small`` (N,) → (N,)."""
    small, own_capital = case_fits(prefix, capital)
    return np.where(is_small, np.float32(small), np.float32(own_capital))


def has_inner_capital(prefix: str) -> bool:
    """True for a prefix with a capital behind its first letter, as in "iPh", unless all its letters are capitals."""
    return prefix[1:] != prefix[1:].lower() and not prefix.isupper()


def has_marks(prefix: str) -> bool:
    """True for a prefix with more than plain letters: an apostrophe, an accent, a capital inside."""
    return not prefix.isascii() or any(c in APOSTROPHES for c in prefix) or has_inner_capital(prefix)


def marks_fit(prefix: str, form: str) -> float:
    """How well a word goes with the apostrophes, the accents and the capitals inside that were typed."""
    if not has_marks(prefix):
        return 1.0
    fit = 1.0
    if any(c in APOSTROPHES for c in prefix) and not unaccented(form).startswith(unaccented(prefix)):
        return 0.0
    if not prefix.isascii():
        letters = straight(prefix).casefold()
        # The same letters without their accents would take away what was typed.
        if fold(form) == fold(prefix) and form.casefold() != letters:
            return 0.0
        fit *= 1.0 if form.casefold().startswith(letters) else OTHER_MARKS
    if has_inner_capital(prefix):
        fit *= 1.0 if form.startswith(prefix) else OTHER_MARKS
    return fit
