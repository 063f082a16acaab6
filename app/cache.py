"""The states of the network after contexts that were read before."""

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

from model.network import FloatArray

Context = tuple[int, ...]

# What a key and its place in the dictionary take beside the arrays: measured, and rounded up.
_ENTRY_BYTES = 400
_TOKEN_BYTES = 8


class Entry(NamedTuple):
    """The state (S, H) after a context, and the projected output (E,) once it was asked for."""

    state: FloatArray
    output: FloatArray | None = None


class StateCache:
    """Least recently used states, bounded in bytes; for several threads."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._entries: OrderedDict[Context, Entry] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, context: Context) -> Entry | None:
        """The entry of exactly this context."""
        with self._lock:
            entry = self._entries.get(context)
            if entry is not None:
                self._entries.move_to_end(context)
            return entry

    def longest(self, context: Context) -> tuple[int, Entry | None]:
        """The longest beginning of ``context`` that is kept: its length (0 where there is none) and its entry."""
        for length in range(len(context), 0, -1):
            entry = self.get(context[:length])
            if entry is not None:
                return length, entry
        return 0, None

    def put(self, context: Context, entry: Entry) -> None:
        """Keep ``entry``, and drop the least recently used ones that no longer fit."""
        with self._lock:
            self._drop(context)
            self._entries[context] = entry
            self.bytes += _size(context, entry)
            while self.bytes > self.most_bytes:
                self._drop(next(iter(self._entries)))

    def _drop(self, context: Context) -> None:
        entry = self._entries.pop(context, None)
        if entry is not None:
            self.bytes -= _size(context, entry)


def _size(context: Context, entry: Entry) -> int:
    output = 0 if entry.output is None else entry.output.nbytes
    return entry.state.nbytes + output + len(context) * _TOKEN_BYTES + _ENTRY_BYTES
