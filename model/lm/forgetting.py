"""Forgotten words: known by digests alone, and found in whatever names them."""

from collections.abc import Container
from hashlib import blake2b

from model.text.tokens import straight, tokens

_DIGEST_BYTES = 16
# With 's these are contractions: *it's* is not what is *it*'s.
_NO_OWNERS = frozenset("it that what he she who there here where how when why let".split())  # noqa: SIM905


def named_in(text: str) -> set[str]:
    """The words that a text names, in small letters: its own, the parts of hyphened ones, and whose possessives are.

    What stands between white space is one, whatever it is made of: *Node.js*.
    """
    words = {token.form.casefold() for token in tokens(text) if token.is_word} | {*straight(text).casefold().split()}
    words |= {part for word in words for part in word.split("-")}
    return words | {owner for word in words if (owner := word.removesuffix("'s")) not in _NO_OWNERS}


def is_forgotten(text: str, forgotten: Container[bytes], key: bytes) -> bool:
    """True where a text names a word whose digest with ``key`` is among those of forgotten words."""
    return any(digest(word, key) in forgotten for word in named_in(text))


def digest(word: str, key: bytes) -> bytes:
    """Make the digest that a forgotten word is known by, whatever its letter case."""
    return blake2b(straight(word).casefold().encode(), key=key, digest_size=_DIGEST_BYTES).digest()
