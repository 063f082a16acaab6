"""Inference: a trained network laid out for a few rows at a time, one token after the other.

OpenBLAS copies both matrices into panels before it multiplies them, which takes longer than the product where one of
them has few rows. Small matrices it multiplies as they stand. So the columns are cut into blocks, one behind the other,
and NumPy multiplies block by block (docs/performance.md has the figures). Other libraries lose nothing by it.
"""

import math
import time
from functools import cache
from typing import Any

import numpy as np

from model.arrays import Array, FloatArray, IntArray
from model.last_range import MOST_KEPT, LastRange
from model.nn.cells import Parameters
from model.nn.network import Network

# Rows multiplied at once.
ROWS = 32
# Up to this many multiplications OpenBLAS does without the copy; a block of columns stays below it, where K allows.
_SMALL = 1_000_000
_COLUMNS = (64, 32, 16)


class BlockedMatrix:
    """A matrix (K, N) in blocks of columns; ``x @ matrix`` multiplies as with an array."""

    # The array on the left leaves the product to this class.
    __array_ufunc__ = None

    def __init__(self, matrix: FloatArray) -> None:
        self.shape = K, N = matrix.shape
        self._columns = next((n for n in _COLUMNS if ROWS * K * n <= _SMALL), _COLUMNS[-1])
        blocks, rest = divmod(N, self._columns)
        self._blocks = np.zeros((blocks + bool(rest), K, self._columns), matrix.dtype)
        self._blocks[:blocks] = matrix[:, : N - rest].reshape(K, blocks, self._columns).swapaxes(0, 1)
        if rest:
            self._blocks[-1, :, :rest] = matrix[:, N - rest :]
        self._blocks.flags.writeable = False

    @property
    def width(self) -> int:
        """The number of columns of all blocks: N, and zeros up to the end of the last one."""
        return len(self._blocks) * self._columns

    def part(self, part: int, parts: int) -> slice:
        """The columns of one of so many parts; none goes through a block."""
        blocks = len(self._blocks)
        begin, end = (self._columns * (blocks * i // parts) for i in (part, part + 1))
        return slice(min(begin, self.shape[1]), min(end, self.shape[1]))

    def __rmatmul__(self, x: FloatArray) -> FloatArray:
        rows = x.reshape(math.prod(x.shape[:-1]), self.shape[0])
        product = self.multiply(rows, np.empty((len(rows), self.width), np.result_type(rows, self._blocks)))
        return product.reshape(*x.shape[:-1], self.shape[1])

    def multiply(self, x: FloatArray, out: FloatArray, part: slice = slice(None)) -> FloatArray:
        """Multiply x (B, K) by the matrix: (B, N) in the memory of ``out`` (B, ``width``), which is contiguous.

        Of the columns of a ``part`` only those are written.
        """
        if len(x) == 1 and _prefers_pairs(x.dtype):
            pair = np.empty((2, self.width), out.dtype)
            self.multiply(np.repeat(x, 2, axis=0), pair, part)
            out[:, part] = pair[:1, part]
            return out[:, : self.shape[1]]
        begin, end, _ = part.indices(self.width)
        blocks = slice(begin // self._columns, -(-end // self._columns))
        for row in range(0, len(x), ROWS):
            rows = out[row : row + ROWS]
            into = rows.reshape(len(rows), len(self._blocks), self._columns, copy=False).swapaxes(0, 1)
            np.matmul(x[row : row + ROWS], self._blocks[blocks], out=into[blocks])
        return out[:, : self.shape[1]]

    def multiply_columns(self, x: FloatArray, columns: slice) -> FloatArray:
        """Multiply x (B, K) by the columns of a slice: (B, n). Only the blocks that hold them are read."""
        begin, end, _ = columns.indices(self.shape[1])
        first = begin // self._columns
        products = np.matmul(x, self._blocks[first : -(-end // self._columns)])
        product: FloatArray = products.swapaxes(0, 1).reshape(len(x), len(products) * self._columns)
        offset = first * self._columns
        return product[:, begin - offset : end - offset]

    def columns(self, places: IntArray) -> FloatArray:
        """Take some columns (n, K), each as a row."""
        found: FloatArray = self._blocks[places // self._columns, :, places % self._columns]
        return found


@cache
def _prefers_pairs(dtype: np.dtype[np.floating[Any]]) -> bool:
    """Measure whether a row multiplied twice takes less time than once, which takes a millisecond.

    For one row NumPy calls another function of BLAS than for two: with AVX-512 it takes a quarter longer, with AVX2
    alone a third as long.
    """
    blocks = np.ones((64, 256, 64), dtype)
    seconds = []
    for rows in (1, 2):
        x = np.ones((rows, blocks.shape[1]), dtype)
        runs = []
        for _ in range(5):
            begun = time.perf_counter()
            np.matmul(x, blocks)
            runs.append(time.perf_counter() - begun)
        seconds.append(min(runs))
    return seconds[1] < seconds[0]


class InferenceNetwork(Network):
    """A network whose matrices are blocked, so that it cannot be trained; ``weights`` holds the others only."""

    def __init__(self, network: Network) -> None:
        self._digest = network.digest()
        weights = dict(network.weights)
        self._output = BlockedMatrix(weights.pop("embedding").T)
        W_in, W_hidden, projection = (BlockedMatrix(weights.pop(name)) for name in ("W_in", "W_hidden", "projection"))
        self._parameters = Parameters(W_in, W_hidden, weights["b"], projection)
        super().__init__(network.config, weights)

    @property
    def parameters(self) -> Parameters:
        """The weights of the cell, the matrices in blocks."""
        return self._parameters

    @property
    def output_width(self) -> int:
        """The numbers that a row of ``out`` in ``logits`` takes: V, and the padding of the last block."""
        return self._output.width

    def digest(self) -> str:
        """Hexadecimal digits that tell the weights from others, as before they were laid out."""
        return self._digest

    def embed(self, ids: Array) -> Array:
        """Look up the rows of tokens: ids (n,) → x (n, E)."""
        return self._output.columns(ids)

    def logits(self, p: Array, ids: Array | slice | None = None) -> Array:
        """Compute the logits of n tokens, by default all: p (…, E) → (…, n)."""
        if isinstance(ids, slice):
            product = self._output.multiply_columns(p.reshape(-1, p.shape[-1]), ids)
            return product.reshape(*p.shape[:-1], product.shape[1]) + self.weights["bias"][ids]
        if ids is not None:
            return p @ self._output.columns(ids).T + self.weights["bias"][ids]
        logits = p @ self._output
        logits += self.weights["bias"]
        return logits

    def write_logits(self, p: Array, out: Array, part: int = 0, parts: int = 1) -> None:
        """Write the logits of all tokens into ``out``, or one of so many parts of them."""
        columns = self._output.part(part, parts)
        self._output.multiply(p, out, columns)
        out[:, columns] += self.weights["bias"][columns]


class LazyLogits:
    """The logits (V,) after a context, of which only those that are asked for are computed, and the last slice kept."""

    def __init__(self, network: Network, output: FloatArray) -> None:
        self._network, self._output = network, output
        self._last = LastRange()

    @property
    def most_bytes(self) -> int:
        """The most bytes that it may come to take."""
        return self._output.nbytes + MOST_KEPT * self._output.itemsize

    def __getitem__(self, ids: slice | IntArray) -> FloatArray:
        if not isinstance(ids, slice):
            some: FloatArray = self._network.logits(self._output, ids)
            return some
        begin, end, _ = ids.indices(self._network.config.vocabulary)
        return self._last.of(begin, end, self._of_range)

    def _of_range(self, begin: int, end: int) -> FloatArray:
        logits: FloatArray = self._network.logits(self._output, slice(begin, end))
        return logits


class ContextRunner:
    """Steps the network over contexts, each from where it differs from the one before it."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._ids: list[int] = []
        self._states = [self._network.zero_state(1)]
        self._logits: FloatArray | None = None

    def output(self, context: tuple[int, ...]) -> FloatArray:
        """Compute the projected output (E,) after the context."""
        shared = 0
        for a, b in zip(self._ids, context, strict=False):
            if a != b:
                break
            shared += 1
        if shared < max(len(self._ids), len(context)):
            self._logits = None
        del self._states[shared + 1 :], self._ids[shared:]
        for token in context[shared:]:
            self._states.append(self._network.step(np.array([token]), self._states[-1]))
            self._ids.append(token)
        output: FloatArray = self._network.project(self._states[-1])[0]
        return output

    def logits(self, context: tuple[int, ...]) -> FloatArray:
        """Compute the logits (V,) of what follows the context; they are kept until the context changes."""
        output = self.output(context)
        if self._logits is None:
            self._logits = self._network.logits(output)
        return self._logits
