"""LRU cache of recurrent states, keyed by the context's token ids and bounded in bytes."""

from typing import NamedTuple

from model.arrays import FloatArray
from model.prefix_cache import PrefixCache

Context = tuple[int, ...]


# The bytes of a key and its place in the dictionary, beside the arrays: measured, and rounded up.
_ENTRY_BYTES = 400
_TOKEN_BYTES = 8


class Entry(NamedTuple):
    """The state (S,) after a context, and the projected output (E,) once it was asked for."""

    state: FloatArray
    output: FloatArray | None = None


class StateCache:
    """States, together at most ``most_bytes``."""

    def __init__(self, most_bytes: int) -> None:
        self._entries: PrefixCache[Context, Entry] = PrefixCache(most_bytes)

    @property
    def bytes(self) -> int:
        """How much is taken."""
        return self._entries.size

    def get(self, context: Context) -> Entry | None:
        """Return the entry of exactly this context."""
        return self._entries.get(context)

    def longest(self, context: Context) -> tuple[int, Entry | None]:
        """The longest beginning of ``context`` that is kept: its length (0 where there is none) and its entry."""
        return self._entries.longest(context)

    def put(self, context: Context, entry: Entry) -> None:
        """Keep an entry."""
        size = entry.state.nbytes + (0 if entry.output is None else entry.output.nbytes)
        self._entries.put(context, entry, size + len(context) * _TOKEN_BYTES + _ENTRY_BYTES)
