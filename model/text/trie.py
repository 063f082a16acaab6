"""A trie over sorted words, in arrays, which the search for typos walks through.

Rows are words sorted by folded key, so a node is a range of rows. Nodes stand by depth and then by row, so the
children of a node are neighbours too.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from model.arrays import FloatArray, IntArray

# Rows with longer keys are only found as they are typed: no typo is looked for in them.
LONGEST_KEY = 32


class _Depth(NamedTuple):
    """The nodes of one depth, an entry each, in the order of their rows."""

    character: IntArray
    low: IntArray
    high: IntArray
    exact: IntArray
    best: FloatArray


class Trie:
    """N nodes over R rows; node 0 is the root.

    ``character[i]`` is the code of the node's last letter in ``alphabet``, ``low[i]:high[i]`` its rows, of which those
    up to ``exact[i]`` are spelled by the node itself. ``best[i]`` is the highest of its rows' ``log_p``. Its
    ``children[i]`` children begin at node ``first_child[i]``.
    """

    def __init__(self, keys: Sequence[str], log_p: FloatArray) -> None:
        codes, self.alphabet = _matrix(keys)
        self.code = {c: i for i, c in enumerate(self.alphabet)}
        R = len(keys)
        length = np.array([min(len(key), LONGEST_KEY) for key in keys], dtype=np.int64)
        # One entry more, so that the end of the last row is a place too.
        padded_p = np.append(log_p, np.float32(-np.inf))
        root = np.array([0]), np.array([R])
        depths = [_nodes(np.array([len(self.alphabet)]), *root, np.append(length == 0, False), padded_p)]
        parents: list[IntArray] = []
        first_of_depth = 0
        # True where a row differs from the one before it in the letters so far; the node of each row one depth above.
        differs = np.arange(R) == 0
        above = np.zeros(R, dtype=np.int64)
        for depth in range(1, codes.shape[1] + 1):
            differs[1:] |= codes[1:, depth - 1] != codes[:-1, depth - 1]
            bounds = np.flatnonzero(differs)
            deep = length[bounds] >= depth
            low, high = bounds[deep], np.append(bounds[1:], R)[deep]
            parents.append(above[low])
            first_of_depth += len(depths[-1].low)
            depths.append(_nodes(codes[low, depth - 1], low, high, np.append(length == depth, False), padded_p))
            above[low] = first_of_depth + np.arange(len(low))
            # Rows of a node take its number from its first row.
            np.maximum.accumulate(above, out=above)
        nodes = _Depth(*map(np.concatenate, zip(*depths, strict=True)))
        self.character: IntArray = nodes.character.astype(np.uint16)
        self.low: IntArray = nodes.low.astype(np.int32)
        self.high: IntArray = nodes.high.astype(np.int32)
        self.exact: IntArray = nodes.exact.astype(np.int32)
        self.best: FloatArray = nodes.best.astype(np.float32)
        children = np.bincount(np.concatenate(parents), minlength=len(self.low)) if parents else np.zeros(1)
        self.children: IntArray = children.astype(np.int32)
        self.first_child: IntArray = (1 + np.cumsum(children) - children).astype(np.int32)

    @property
    def bytes(self) -> int:
        """The memory that its arrays take."""
        nodes = (self.character, self.low, self.high, self.exact, self.best, self.children, self.first_child)
        return sum(array.nbytes for array in nodes)

    def expand(self, nodes: IntArray) -> tuple[IntArray, IntArray]:
        """Find the children of some nodes: to which of the nodes each belongs, by place, and its number."""
        counts = self.children[nodes]
        owner = np.repeat(np.arange(len(nodes)), counts)
        ends = np.cumsum(counts)
        offset = np.repeat(self.first_child[nodes] - (ends - counts), counts)
        return owner, offset + np.arange(len(owner))

    def encode(self, key: str) -> list[int]:
        """Encode a key's letters; those that no word has are one past the alphabet."""
        return [self.code.get(c, len(self.alphabet)) for c in key]


def _nodes(character: IntArray, low: IntArray, high: IntArray, ends: IntArray, log_p: FloatArray) -> _Depth:
    """Nodes from their ranges of rows; ``ends`` (R + 1,) says which rows are spelled out at this depth."""
    # reduceat takes places: every second result is of a range that lies between two nodes.
    bounds = np.stack([low, high], axis=1).ravel()
    exact = low + np.add.reduceat(ends.astype(np.int64), bounds)[::2]
    return _Depth(character, low, high, exact, np.maximum.reduceat(log_p, bounds)[::2])


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
