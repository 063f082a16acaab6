"""Offensive words: known and read like any other, but offered only to who has typed most of them."""

from pathlib import Path
from typing import Any

import numpy as np

from model.errors import UserError
from model.text import fold
from model.vocabulary import Vocabulary

SHIPPED_LIST = Path(__file__).parent / "offensive.txt"
# The share of a guarded word's letters that must be typed before it is offered.
TYPED_SHARE = 0.75


def guarded_mask(vocabulary: Vocabulary, path: Path) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Which tokens (V,) a list guards: its words, and for a word with a star at its end what begins with it.

    Raises ``UserError`` where the list cannot be read.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not a readable list of words: {error}") from None
    entries = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    mask = np.zeros(len(vocabulary), dtype=bool)
    for entry in entries:
        key = fold(entry.rstrip("*"))
        for i in vocabulary.prefix_range(key):
            possessive = vocabulary.keys[i - vocabulary.first_word] == key + "s" and "'" in vocabulary.forms[i]
            if entry.endswith("*") or possessive or vocabulary.keys[i - vocabulary.first_word] == key:
                mask[i] = True
    return mask
