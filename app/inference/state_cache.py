"""What is known of contexts that were read before: the network's states, and of the last ones the logits too."""

from collections import OrderedDict
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from model.arrays import FloatArray

Context = tuple[int, ...]
Value = TypeVar("Value")


# What a key and its place in the dictionary take beside the arrays: measured, and rounded up.
_ENTRY_BYTES = 400
_TOKEN_BYTES = 8
# The part of the bound that logits may take. Those after one context take as much as some thirty states, and are asked
# for with each letter of one word; the states of a text that somebody goes back to are needed for longer.
LOGITS_SHARE = 0.75


class LastUsed(Generic[Value]):
    """What was used last, by its context, bounded in bytes; for several threads."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._kept: OrderedDict[Context, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, context: Context) -> Value | None:
        """What is kept of exactly this context."""
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
    """States and logits, together at most so many bytes."""

    def __init__(self, most_bytes: int) -> None:
        for_logits = int(LOGITS_SHARE * most_bytes)
        self._entries: LastUsed[Entry] = LastUsed(most_bytes - for_logits)
        self._logits: LastUsed[FloatArray] = LastUsed(for_logits)

    @property
    def bytes(self) -> int:
        """How much is taken."""
        return self._entries.bytes + self._logits.bytes

    def get(self, context: Context) -> Entry | None:
        """The entry of exactly this context."""
        return self._entries.get(context)

    def longest(self, context: Context) -> tuple[int, Entry | None]:
        """The longest beginning of ``context`` that is kept: its length (0 where there is none) and its entry."""
        for length in range(len(context), 0, -1):
            entry = self.get(context[:length])
            if entry is not None:
                return length, entry
        return 0, None

    def put(self, context: Context, entry: Entry) -> None:
        """Keep an entry."""
        self._entries.put(context, entry, entry.state.nbytes + (0 if entry.output is None else entry.output.nbytes))

    def logits(self, context: Context) -> FloatArray | None:
        """The logits (V,) of what follows a context."""
        return self._logits.get(context)

    def put_logits(self, context: Context, logits: FloatArray) -> None:
        """Keep the logits after a context."""
        self._logits.put(context, logits, logits.nbytes)
