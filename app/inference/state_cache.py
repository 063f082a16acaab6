"""LRU cache of recurrent states and logits, keyed by the context's token ids and bounded in bytes."""

from collections import OrderedDict
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from model.arrays import FloatArray

Context = tuple[int, ...]
Value = TypeVar("Value")


# The bytes of a key and its place in the dictionary, beside the arrays: measured, and rounded up.
_ENTRY_BYTES = 400
_TOKEN_BYTES = 8
# The part of the bound that logits may take. Those after one context take as much as some thirty states, and are needed
# for each letter of one word; the states of a text are needed for longer, since people go back to it.
LOGITS_SHARE = 0.75


class LastUsed(Generic[Value]):
    """LRU cache by context, bounded in bytes; safe for several threads."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._kept: OrderedDict[Context, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, context: Context) -> Value | None:
        """Return the value of exactly this context."""
        with self._lock:
            found = self._kept.get(context)
            if found is None:
                return None
            self._kept.move_to_end(context)
            return found[0]

    def put(self, context: Context, value: Value, size: int) -> None:
        """Keep ``value``, whose arrays take ``size`` bytes; drop the least recently used ones that no longer fit."""
        size += len(context) * _TOKEN_BYTES + _ENTRY_BYTES
        with self._lock:
            self._drop(context)
            self._kept[context] = value, size
            self.bytes += size
            while self.bytes > self.most_bytes:
                self._drop(next(iter(self._kept)))

    def _drop(self, context: Context) -> None:
        if context in self._kept:
            self.bytes -= self._kept.pop(context)[1]


class Entry(NamedTuple):
    """The state (S, H) after a context, and the projected output (E,) once it was asked for."""

    state: FloatArray
    output: FloatArray | None = None


class StateCache:
    """States and logits, together at most ``most_bytes``."""

    def __init__(self, most_bytes: int) -> None:
        for_logits = int(LOGITS_SHARE * most_bytes)
        self._entries: LastUsed[Entry] = LastUsed(most_bytes - for_logits)
        self._logits: LastUsed[FloatArray] = LastUsed(for_logits)

    @property
    def bytes(self) -> int:
        """The bytes that are taken."""
        return self._entries.bytes + self._logits.bytes

    def get(self, context: Context) -> Entry | None:
        """Return the entry of exactly this context."""
        return self._entries.get(context)

    def longest(self, context: Context) -> tuple[int, Entry | None]:
        """Find the longest prefix of ``context`` that is cached: its length (0 where there is none) and its entry."""
        for length in range(len(context), 0, -1):
            entry = self.get(context[:length])
            if entry is not None:
                return length, entry
        return 0, None

    def put(self, context: Context, entry: Entry) -> None:
        """Keep an entry."""
        self._entries.put(context, entry, entry.state.nbytes + (0 if entry.output is None else entry.output.nbytes))

    def logits(self, context: Context) -> FloatArray | None:
        """Return the logits (V,) after a context."""
        return self._logits.get(context)

    def put_logits(self, context: Context, logits: FloatArray) -> None:
        """Keep the logits after a context."""
        self._logits.put(context, logits, logits.nbytes)
