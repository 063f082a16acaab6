"""The values of the last range of ids that was asked for: with each letter of a word that is typed, a part of it is."""

from collections.abc import Callable

from model.arrays import FloatArray

# The most values that are kept: of ten beginnings of words that people type nine have fewer.
MOST_KEPT = 2048


class LastRange:
    """Keeps the values of the last range, unless they are many; for several threads. Kept values are read-only."""

    def __init__(self) -> None:
        # In one piece, so that no other thread finds half of it.
        self._kept: tuple[int, FloatArray] | None = None

    def of(self, begin: int, end: int, compute: Callable[[int, int], FloatArray]) -> FloatArray:
        """Return the values of the ids from ``begin`` to ``end``; ``compute`` makes a new array of them."""
        if self._kept is not None:
            first, values = self._kept
            if first <= begin and end - first <= len(values):
                return values[begin - first : end - first]
        found = compute(begin, end)
        if end - begin <= MOST_KEPT:
            found.flags.writeable = False
            self._kept = begin, found
        return found
