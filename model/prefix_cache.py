"""An LRU cache keyed by sequences, which finds the longest known beginning of one."""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from threading import Lock
from typing import Generic, TypeVar, cast

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class PrefixCache(Generic[Key, Value]):
    """LRU cache keyed by sequences (texts, token ids), whose beginnings can be looked up too; for several threads.

    ``most`` bounds the sum of the entries' sizes, which are 1 unless ``put`` says more.
    """

    def __init__(self, most: int) -> None:
        self.most, self.size = most, 0
        self._entries: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Value | None:
        """Return the value of exactly this sequence, None where there is none."""
        with self._lock:
            found = self._entries.get(key)
            if found is None:
                return None
            self._entries.move_to_end(key)
            return found[0]

    def longest(self, key: Key) -> tuple[int, Value | None]:
        """Return the length and the value of the longest known beginning of a sequence; 0 and None without one."""
        sequence = cast(Sequence[object], key)
        for length in range(len(sequence), 0, -1):
            value = self.get(cast(Key, sequence[:length]))
            if value is not None:
                return length, value
        return 0, None

    def put(self, key: Key, value: Value, size: int = 1) -> None:
        """Keep a value, and drop the least recently used ones beyond the bound."""
        with self._lock:
            self._drop(key)
            self._entries[key] = value, size
            self.size += size
            while self.size > self.most:
                self._drop(next(iter(self._entries)))

    def _drop(self, key: Key) -> None:
        if key in self._entries:
            self.size -= self._entries.pop(key)[1]
