"""A trie over sorted words, in arrays: what the search for slips walks through.

Rows are words sorted by folded key, so a node is a range of rows. Nodes stand by depth and then by row, so the
children of a node are neighbours too.
"""

from collections.abc import Sequence

import numpy as np

from model.arrays import FloatArray, IntArray

# Rows with longer keys are only found as they are typed: nobody's slip is looked for in them.
LONGEST_KEY = 32


class Trie:
    """N nodes over R rows; node 0 is the root.

    ``character[i]`` is the code of the node's last letter in ``alphabet``, ``low[i]:high[i]`` its rows, of which those
    up to ``exact[i]`` are spelled by the node itself. ``best[i]`` is the highest of its rows' ``log_p``.
    """

    def __init__(self, keys: Sequence[str], log_p: FloatArray) -> None:
        codes, self.alphabet = _matrix(keys)
        self.code = {c: i for i, c in enumerate(self.alphabet)}
        R = len(keys)
        length = np.array([min(len(key), LONGEST_KEY) for key in keys], dtype=np.int64)
        characters: list[IntArray] = []
        lows: list[IntArray] = []
        highs: list[IntArray] = []
        bests: list[FloatArray] = []
        exacts: list[IntArray] = []
        firsts: list[IntArray] = []
        numbers: list[IntArray] = []
        parts = np.zeros(R, dtype=bool)
        if R:
            parts[0] = True
        # The node of each row at the depth above, the root at first.
        above = np.zeros(R, dtype=np.int64)
        self._add(lows, highs, bests, exacts, np.array([0]), np.array([R]), log_p, length, 0)
        characters.append(np.array([len(self.alphabet)]))
        size, width = 1, 1
        for depth in range(1, codes.shape[1] + 1):
            parts[1:] |= codes[1:, depth - 1] != codes[:-1, depth - 1]
            bounds = np.flatnonzero(parts)
            deep = length[bounds] >= depth
            low, high = bounds[deep], np.append(bounds[1:], R)[deep]
            self._add(lows, highs, bests, exacts, low, high, log_p, length, depth)
            characters.append(codes[low, depth - 1])
            count = np.bincount(above[low] - (size - width), minlength=width)
            numbers.append(count)
            firsts.append(size + np.cumsum(count) - count)
            above[low] = size + np.arange(len(low))
            # Rows of a node take its number from its first row.
            np.maximum.accumulate(above, out=above)
            size, width = size + len(low), len(low)
        numbers.append(np.zeros(width, dtype=np.int64))
        firsts.append(np.full(width, size))
        self.character: IntArray = np.concatenate(characters).astype(np.uint16)
        self.low: IntArray = np.concatenate(lows).astype(np.int32)
        self.high: IntArray = np.concatenate(highs).astype(np.int32)
        self.exact: IntArray = np.concatenate(exacts).astype(np.int32)
        self.best: FloatArray = np.concatenate(bests).astype(np.float32)
        self.first_child: IntArray = np.concatenate(firsts).astype(np.int32)
        self.children: IntArray = np.concatenate(numbers).astype(np.int32)

    @staticmethod
    def _add(
        lows: list[IntArray],
        highs: list[IntArray],
        bests: list[FloatArray],
        exacts: list[IntArray],
        low: IntArray,
        high: IntArray,
        log_p: FloatArray,
        length: IntArray,
        depth: int,
    ) -> None:
        """Nodes of one depth: their ranges, the best of each, and the end of the rows that end there."""
        lows.append(low)
        highs.append(high)
        if not len(log_p) or not len(low):
            bests.append(np.full(len(low), -np.inf))
            exacts.append(low)
            return
        # reduceat takes pairs of bounds; every second result is of a range between two nodes.
        pairs = np.minimum(np.stack([low, high], axis=1).ravel(), len(log_p) - 1)
        last = high == len(log_p)
        best = np.maximum.reduceat(log_p, pairs)[::2]
        if last.any():
            best[last] = [log_p[i:].max() for i in low[last]]
        bests.append(best)
        ends = np.add.reduceat((length == depth).astype(np.int64), pairs)[::2]
        if last.any():
            ends[last] = [int((length[i:] == depth).sum()) for i in low[last]]
        exacts.append(low + ends)

    def expand(self, nodes: IntArray) -> tuple[IntArray, IntArray]:
        """The children of some nodes: which of the nodes each belongs to, and its number."""
        counts = self.children[nodes]
        owner = np.repeat(np.arange(len(nodes)), counts)
        ends = np.cumsum(counts)
        offset = np.repeat(self.first_child[nodes] - (ends - counts), counts)
        return owner, offset + np.arange(len(owner))

    def encode(self, key: str) -> list[int]:
        """The codes of a key's letters; one past the alphabet for those that no word has."""
        return [self.code.get(c, len(self.alphabet)) for c in key]


def _matrix(keys: Sequence[str]) -> tuple[IntArray, list[str]]:
    """The letters of the keys as codes (R, L), and the alphabet; what is behind a key's end is −1."""
    longest = min(LONGEST_KEY, max(map(len, keys), default=0))
    points = np.array(keys, dtype=f"<U{max(1, longest)}").view(np.uint32).reshape(len(keys), max(1, longest))
    table = np.full(int(points.max()) + 1 if points.size else 1, -1, dtype=np.int32)
    table[points.ravel()] = 0
    table[0] = -1
    found = np.flatnonzero(table == 0)
    table[found] = np.arange(len(found))
    codes: IntArray = table[points] if longest else np.zeros((len(keys), 0), np.int32)
    return codes, [chr(c) for c in found.tolist()]
