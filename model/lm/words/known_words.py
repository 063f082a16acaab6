"""Words that are known to exist, without being counted: a Bloom filter over the words and names of many lists.

To know that a word exists is worth more than to have counted it: *egret* and *Naoki* are no typos, however rare. The
filter (Bloom, "Space/time trade-offs in hash coding with allowable errors", 1970) holds none of the words themselves,
and takes one string in some 2,000 for a word that is none.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import chain
from pathlib import Path

import numpy as np

from model.arrays import ByteArray
from model.errors import ModelError
from model.files import loading, write_atomically
from model.text.tokens import straight, unaccented

KNOWN_WORDS = "known.bin"
MOST_BYTES = 2_000_000
# Bits set for a key. With 16 bits a key, as 2 MB have for a million, one string in 2,000 is taken for a word.
_HASHES = 9
# Parts of hyphened words as short as these may be anything: co-pilot, ex-wife.
_SHORT = 2
# Written before the key of a name, of a word that is mostly a typo of a frequent one, and of shorthand.
_NAME, _WEAK, _SHORTHAND = "name ", "weak ", "shorthand "


class KnownWords:
    """A set of words; case and accents do not count, apostrophes do. ``bits`` (n,) uint8 are those of the filter."""

    def __init__(self, bits: ByteArray) -> None:
        self._bits = bits.tobytes()

    @classmethod
    def of(
        cls,
        words: Iterable[str],
        names: Iterable[str] = (),
        weak: Iterable[str] = (),
        shorthand: Iterable[str] = (),
        size: int = MOST_BYTES,
    ) -> "KnownWords":
        """The set of some words, names, weak words and shorthand, in ``size`` bytes."""
        bits = np.zeros(8 * size, dtype=bool)
        marked = ((_NAME, names), (_WEAK, weak), (_SHORTHAND, shorthand))
        keys = chain(map(_key, words), (mark + _key(form) for mark, forms in marked for form in forms))
        for key in keys:
            bits[list(_places(key, size))] = True
        return cls(np.packbits(bits, bitorder="little"))

    def __contains__(self, word: str) -> bool:
        """True for a known word, its possessive, and a hyphened word whose longer parts are all known."""
        key = _key(word)
        parts = [part for part in key.removesuffix("'s").split("-") if len(part) > _SHORT]
        return self._holds_owner(key) or ("-" in key and bool(parts) and all(map(self._holds, parts)))

    def is_weak(self, word: str) -> bool:
        """True for a word that exists, but is mostly a typo of a frequent one: *sont*."""
        return self._holds(_WEAK + _key(word))

    def is_shorthand(self, word: str) -> bool:
        """True for what people write in chats for longer words: *brb*, *ty*."""
        return self._holds(_SHORTHAND + _key(word))

    def is_name(self, word: str) -> bool:
        """True for the name of a person, and its possessive."""
        return self._holds_owner(_NAME + _key(word))

    def save(self, path: Path) -> None:
        """Write the filter to a file."""
        write_atomically(path, self._bits)

    def _holds_owner(self, key: str) -> bool:
        """True for a key, and where it is a possessive, for whose it is."""
        return self._holds(key) or (key.endswith("'s") and self._holds(key.removesuffix("'s")))

    def _holds(self, key: str) -> bool:
        bits = self._bits
        return bool(bits) and all(bits[place >> 3] >> (place & 7) & 1 for place in _places(key, len(bits)))


NO_WORDS = KnownWords(np.zeros(0, np.uint8))


def load_known_words(path: Path) -> KnownWords:
    """Load a filter; ``ModelError`` names the file and the fault."""
    with loading(path, "filter of known words", ModelError):
        bits = np.fromfile(path, np.uint8)
    if not 0 < len(bits) <= MOST_BYTES:
        raise ModelError(f"{path}: has {len(bits)} bytes, must have 1 to {MOST_BYTES}")
    return KnownWords(bits)


def _key(word: str) -> str:
    return unaccented(straight(word))


def _places(key: str, size: int) -> Iterator[int]:
    """The bits of a key: double hashing (Kirsch & Mitzenmacher, "Less hashing, same performance", 2006)."""
    digest = blake2b(key.encode("utf-8", "replace"), digest_size=16).digest()
    first, second = int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little") | 1
    return ((first + i * second) % (8 * size) for i in range(_HASHES))
