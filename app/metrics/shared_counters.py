"""Numbers that several processes count up together: memory that they share, in which each has a row of its own.

Made before the processes are forked. Nobody waits for a lock, for each writes in its own row only; and what a process
has counted stays there when it is killed, so that no sum ever goes down.
"""

from collections.abc import Mapping
from itertools import accumulate
from mmap import mmap
from typing import Any

import numpy as np

FloatArray = np.ndarray[Any, np.dtype[np.float64]]


_BYTES = 8


class SharedCounters:
    """Rows of named blocks of numbers; ``row`` is the one that this process writes."""

    def __init__(self, rows: int, sizes: Mapping[str, int]) -> None:
        ends = list(accumulate(sizes.values()))
        self._blocks = {name: slice(end - sizes[name], end) for name, end in zip(sizes, ends, strict=True)}
        self._width = ends[-1]
        self._memory = mmap(-1, rows * self._width * _BYTES)
        self._rows: FloatArray = np.frombuffer(self._memory, dtype=np.float64).reshape(rows, self._width)
        self.row = 0

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def own(self, block: str, row: int | None = None) -> "memoryview[float]":
        """A block of this process's row, or of another one's."""
        begin = (self.row if row is None else row) * self._width
        whole = memoryview(self._memory).cast("d")
        own: memoryview[float] = whole[begin + self._blocks[block].start : begin + self._blocks[block].stop]
        return own

    def total(self, block: str) -> FloatArray:
        """A block, summed over all rows."""
        total: FloatArray = self._rows[:, self._blocks[block]].sum(axis=0)
        return total

    def clear(self, block: str, row: int) -> None:
        """Set a block of a row to nothing."""
        self._rows[row, self._blocks[block]] = 0
