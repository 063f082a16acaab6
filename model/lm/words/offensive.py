"""The guard: keeps back offensive words until most of their letters were typed, and cruel continuations of a text.

A list holds one entry a line: a word; a word with a star, which means all that begins with it; or beginnings and the
words that never follow them unasked, as ``kill, hang: yourself, himself``. The words themselves stay known.
"""

import re
from functools import lru_cache
from math import ceil
from pathlib import Path

import numpy as np

from model.arrays import ByteArray
from model.errors import UserError
from model.files import load_word_list
from model.text.tokens import fold, unaccented
from model.text.vocabulary import SortedWords

SHIPPED_LIST = Path(__file__).parent / "offensive.txt"
# The share of a guarded word's letters that must be typed before it is offered.
TYPED_SHARE = 0.75
# More letters than are ever typed of a word.
NEVER = 255
# Words that are remembered as guarded or harmless: some 150 bytes each.
_KEPT = 5000
# A word of several, apart at hyphens too.
_PART = re.compile(r"[^\s-]+")
# The most tokens that a beginning in the list has.
LONGEST_BEGINNING = 3


class Guard:
    """Decides whether a suggestion may be shown; ``path`` is the list, None guards nothing.

    Raises ``UserError`` where the list cannot be read.
    """

    def __init__(self, path: Path | None) -> None:
        self._words: set[str] = set()
        self._stems: tuple[str, ...] = ()
        # By a word the beginnings that it is not to follow.
        self._cruel: dict[str, list[tuple[str, ...]]] = {}
        if path is not None:
            self._load(path)
        self.guards = lru_cache(_KEPT)(self._guards)
        self.is_harmless = lru_cache(_KEPT)(self._harmless)

    def _load(self, path: Path) -> None:
        stems = set()
        for entry in load_word_list(path):
            if ":" in entry:
                self._add_cruel(path, entry)
                continue
            plain = unaccented(entry.rstrip("*"))
            if not plain:
                raise UserError(f"{path}: {entry!r} would guard every word")
            self._words |= {plain, plain + "'s"}
            if entry.endswith("*"):
                stems.add(plain)
        self._stems = tuple(sorted(stems))

    def _add_cruel(self, path: Path, entry: str) -> None:
        before, after = ([unaccented(part.strip()) for part in side.split(",")] for side in entry.split(":", 1))
        if not all(before) or not all(after) or any(len(part.split()) > LONGEST_BEGINNING for part in before):
            raise UserError(
                f"{path}: {entry!r} must be beginnings of at most {LONGEST_BEGINNING} words, a colon, and words"
            )
        for word in after:
            self._cruel.setdefault(word, []).extend(tuple(part.split()) for part in before)

    def _guards(self, word: str) -> bool:
        """True for a word of the list, in any case and accents.

        Its possessive goes with it, other words with an apostrophe do not: *hell* is not *he'll*.
        """
        plain = unaccented(word)
        return plain in self._words or plain.startswith(self._stems)

    def allows(self, text: str, typed: str, before: tuple[str, ...] = ()) -> bool:
        """True where ``text`` may be offered for the letters ``typed`` behind the last tokens ``before``.

        A guarded word is offered only where the letters typed are a beginning of it, and most of it; one among other
        words only behind itself.
        """
        if self.is_harmless(text):
            return True
        if not self._any_guarded(text) and not self._is_cruel(text, before):
            return True
        key, letters = fold(text), fold(typed)
        needed = max(_letters_needed(key), 0 if self.guards(text) else self._end_of_guarded(text))
        return key.startswith(letters) and len(letters) >= needed

    def _end_of_guarded(self, text: str) -> int:
        """The letters of a text up to the end of its last word that is guarded by itself; 0 where there is none."""
        ends = [word.end() for word in _PART.finditer(text) if self.guards(word[0])]
        return len(fold(text[: ends[-1]])) if ends else 0

    def _any_guarded(self, text: str) -> bool:
        return self.guards(text) or any(map(self.guards, text.replace("-", " ").split()))

    def _harmless(self, text: str) -> bool:
        """Tell whether a text may be offered for whatever letters, behind whatever words."""
        return not self._any_guarded(text) and (not text or unaccented(text.split(maxsplit=1)[0]) not in self._cruel)

    def _is_cruel(self, text: str, before: tuple[str, ...]) -> bool:
        beginnings = self._cruel.get(unaccented(text.split(maxsplit=1)[0])) if text else None
        if not beginnings:
            return False
        words = tuple(map(unaccented, before))
        return any(words[-len(beginning) :] == beginning for beginning in beginnings)

    def letters_needed(self, words: SortedWords) -> ByteArray:
        """The number of letters to be typed before each word (V,) is offered: 0 for one that is not guarded."""
        needed = np.zeros(len(words), dtype=np.uint8)
        for plain in {*self._stems, *self._words}:
            for i in words.prefix_range(plain):
                if self.guards(words.forms[i]):
                    needed[i] = _letters_needed(words.keys[i - words.first_word])
        return needed


def _letters_needed(key: str) -> int:
    return min(NEVER, ceil(TYPED_SHARE * len(key)))
