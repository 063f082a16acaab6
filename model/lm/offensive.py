"""Offensive words: known and read like any other, but offered only to who has typed most of them."""

from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from model.errors import UserError
from model.text.tokens import unaccented
from model.text.vocabulary import SortedWords

SHIPPED_LIST = Path(__file__).parent / "offensive.txt"
# The share of a guarded word's letters that must be typed before it is offered.
TYPED_SHARE = 0.75
# More letters than are ever typed of a word.
NEVER = 255


def guarded_mask(words: SortedWords, path: Path) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Which words (V,) a list guards: its words, and for a word with a star at its end what begins with it.

    Possessives go with their words, other words with an apostrophe do not: *hell* is not *he'll*.
    Raises ``UserError`` where the list cannot be read.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not a readable list of words: {error}") from None
    entries = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
    mask = np.zeros(len(words), dtype=bool)
    for entry in entries:
        plain = unaccented(entry.rstrip("*"))
        if not plain:
            raise UserError(f"{path}: {entry!r} would guard every word")
        for i in words.prefix_range(plain):
            word = unaccented(words.forms[i])
            if word in (plain, plain + "'s") or (entry.endswith("*") and word.startswith(plain)):
                mask[i] = True
    return mask


def guarded_letters(
    words: SortedWords, guarded: "np.ndarray[Any, np.dtype[np.bool_]]"
) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """How many letters must be typed before each word (V,) is offered: 0 of one that is not guarded."""
    needed = np.zeros(len(words), dtype=np.uint8)
    for i in np.flatnonzero(guarded).tolist():
        needed[i] = min(NEVER, ceil(TYPED_SHARE * len(words.keys[i - words.first_word])))
    return needed
