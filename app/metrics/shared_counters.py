"""Counters that several processes share: memory in which each process has a row of its own.

They are made before the processes are forked. No lock is needed, since each process writes in its own row only. The
counts of a process stay when it is killed, so that no sum ever goes down.
"""

from collections.abc import Mapping
from itertools import accumulate
from mmap import mmap
from typing import Any

import numpy as np

FloatArray = np.ndarray[Any, np.dtype[np.float64]]


_BYTES = 8


class SharedCounters:
    """Rows of named blocks of float64 numbers; ``row`` is the one that this process writes."""

    def __init__(self, rows: int, sizes: Mapping[str, int]) -> None:
        ends = list(accumulate(sizes.values()))
        self._blocks = {name: slice(end - sizes[name], end) for name, end in zip(sizes, ends, strict=True)}
        self._width = ends[-1]
        self._memory = mmap(-1, rows * self._width * _BYTES)
        self._rows: FloatArray = np.frombuffer(self._memory, dtype=np.float64).reshape(rows, self._width)
        self.row = 0

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self._rows)

    def own(self, block: str, row: int | None = None) -> "memoryview[float]":
        """Return a block of this process's row, or of another one's."""
        begin = (self.row if row is None else row) * self._width
        whole = memoryview(self._memory).cast("d")
        own: memoryview[float] = whole[begin + self._blocks[block].start : begin + self._blocks[block].stop]
        return own

    def total(self, block: str) -> FloatArray:
        """Sum a block over all rows."""
        total: FloatArray = self._rows[:, self._blocks[block]].sum(axis=0)
        return total

    def clear(self, block: str, row: int) -> None:
        """Set a block of a row to zero."""
        self._rows[row, self._blocks[block]] = 0
