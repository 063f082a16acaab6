"""LRU cache of recurrent states and logits, keyed by the context's token ids and bounded in bytes."""

from typing import NamedTuple

from model.arrays import FloatArray
from model.prefix_cache import PrefixCache

Context = tuple[int, ...]


# The bytes of a key and its place in the dictionary, beside the arrays: measured, and rounded up.
_ENTRY_BYTES = 400
_TOKEN_BYTES = 8
# The part of the bound that logits may take. Those after one context take as much as some thirty states, and are needed
# for each letter of one word; the states of a text are needed for longer, since people go back to it.
LOGITS_SHARE = 0.75


class Entry(NamedTuple):
    """The state (S,) after a context, and the projected output (E,) once it was asked for."""

    state: FloatArray
    output: FloatArray | None = None


class StateCache:
    """States and logits, together at most ``most_bytes``."""

    def __init__(self, most_bytes: int) -> None:
        for_logits = int(LOGITS_SHARE * most_bytes)
        self._entries: PrefixCache[Context, Entry] = PrefixCache(most_bytes - for_logits)
        self._logits: PrefixCache[Context, FloatArray] = PrefixCache(for_logits)

    @property
    def bytes(self) -> int:
        """How much is taken."""
        return self._entries.size + self._logits.size

    def get(self, context: Context) -> Entry | None:
        """Return the entry of exactly this context."""
        return self._entries.get(context)

    def longest(self, context: Context) -> tuple[int, Entry | None]:
        """The longest beginning of ``context`` that is kept: its length (0 where there is none) and its entry."""
        return self._entries.longest(context)

    def put(self, context: Context, entry: Entry) -> None:
        """Keep an entry."""
        size = entry.state.nbytes + (0 if entry.output is None else entry.output.nbytes)
        self._entries.put(context, entry, size + _overhead(context))

    def logits(self, context: Context) -> FloatArray | None:
        """Return the logits (V,) after a context."""
        return self._logits.get(context)

    def put_logits(self, context: Context, logits: FloatArray) -> None:
        """Keep the logits after a context."""
        self._logits.put(context, logits, logits.nbytes + _overhead(context))


def _overhead(context: Context) -> int:
    """The bytes of a key and its place in the dictionary."""
    return len(context) * _TOKEN_BYTES + _ENTRY_BYTES
