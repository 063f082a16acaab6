"""The language network: embedding → recurrent cell → projection → softmax over V tokens.

x_t = embedding[w_t]; h_t = cell(x_t, h_{t-1}); p_t = h_t projection; y_t = softmax(embedding p_t + bias)

Where the projection is a part of the cell, p_t = h_t.

The embedding is tied to the output layer (Press & Wolf 2017; Inan et al. 2017) through the projection,
which lets H and E differ. The same network over characters spells words.
"""

from dataclasses import dataclass
from hashlib import sha256
from types import ModuleType
from typing import Any

import numpy as np

from model.arrays import Array, Arrays, FloatArray
from model.nn.cells import CELLS, Cell, Parameters

# Every 101st weight goes into the digest: training changes them all, and hashing them all takes long.
_SAMPLED = 101


@dataclass(frozen=True)
class NetworkConfig:
    """The name of the cell, and the sizes V, E and H."""

    cell: str
    vocabulary: int
    embedding: int
    hidden: int

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """List the shape of every weight array by its name."""
        V, E, H = self.vocabulary, self.embedding, self.hidden
        cell = CELLS[self.cell]
        columns = cell.gates * H
        return {
            "embedding": (V, E),
            "W_in": (E, columns),
            "W_hidden": (E if cell.projects else H, columns),
            "b": (columns,),
            "projection": (H, E),
            "bias": (V,),
        }

    @property
    def cell_biases(self) -> tuple[str, ...]:
        """The names of the biases of recurrent cells."""
        return ("b",)

    @property
    def parameter_count(self) -> int:
        """The number of weights."""
        return sum(int(np.prod(shape)) for shape in self.shapes().values())


def initial_weights(config: NetworkConfig, log_unigrams: FloatArray, seed: int, dtype: Any = np.float32) -> Arrays:
    """Draw random weights; the output bias starts as the ``log_unigrams`` (V,), ln P of each token by its count.

    Uniform in ±1/√fan-in; the LSTM's forget gates start open, b = 1 (Jozefowicz et al. 2015).
    """
    rng = np.random.default_rng(seed)
    weights: Arrays = {}
    for name, shape in config.shapes().items():
        bound = 1 / np.sqrt(config.embedding if name in ("embedding", "bias") else shape[0])
        weights[name] = rng.uniform(-bound, bound, shape).astype(dtype)
        if len(shape) == 1:
            weights[name][:] = log_unigrams if name == "bias" else 0
    H = config.hidden
    if config.cell in ("lstm", "lstmp"):
        for name in config.cell_biases:
            weights[name][H : 2 * H] = 1
    return weights


class Network:
    """The weights, and the functions of inference. A state is (B, S), the output h in its first columns."""

    def __init__(self, config: NetworkConfig, weights: Arrays, xp: ModuleType = np) -> None:
        self.config, self.weights, self.xp = config, weights, xp
        self.cell: Cell = CELLS[config.cell]

    @property
    def parameters(self) -> Parameters:
        """The weights of the cell."""
        return Parameters(*(self.weights[name] for name in Parameters._fields))

    def zero_state(self, batch: int) -> Array:
        """Make the state (B, S) before any token."""
        width = self.cell.state_width(self.config.hidden, self.config.embedding)
        return self.xp.zeros((batch, width), dtype=self.weights["bias"].dtype)

    def embed(self, ids: Array) -> Array:
        """Look up the rows of tokens: ids (n,) → x (n, E)."""
        return self.weights["embedding"][ids]

    def inputs(self, ids: Array) -> Array:
        """Compute the part of a step that needs no state, x W_in + b: ids (n,) → (n, G·H)."""
        w = self.parameters
        z = self.embed(ids) @ w.W_in
        z += w.b
        return z

    def step(self, ids: Array, state: Array) -> Array:
        """Step over one token in each of B sequences: ids (B,), state (B, S) → the next state."""
        return self.step_on(self.inputs(ids), state)

    def step_on(self, inputs: Array, state: Array) -> Array:
        """Step over tokens whose ``inputs`` (B, G·H) were computed before, and are overwritten."""
        return self.cell.step(self.parameters, inputs, state)

    def project(self, h: Array) -> Array:
        """Project outputs, or those of states: (…, O or S) → p (…, E), by which the output rows are multiplied."""
        if self.cell.projects:
            return h[..., : self.config.embedding]
        return h[..., : self.config.hidden] @ self.parameters.projection

    def logits(self, p: Array, ids: Array | slice | None = None) -> Array:
        """Unnormalised log probabilities of n tokens, by default all: p (…, E) → (…, n)."""
        if ids is None:
            logits = p @ self.weights["embedding"].T
            logits += self.weights["bias"]
        else:
            logits = p @ self.weights["embedding"][ids].T + self.weights["bias"][ids]
        return logits

    def write_logits(self, p: Array, out: Array, part: int = 0, parts: int = 1) -> None:
        """Write the logits of all tokens into ``out``, or one of so many parts of them.

        p (B, E), out (B, ``output_width``), where those of the V tokens come first.
        """
        V = self.config.vocabulary
        columns = slice(V * part // parts, V * (part + 1) // parts)
        out[:, columns] = self.logits(p, columns)

    @property
    def output_width(self) -> int:
        """The numbers that a row of ``out`` in ``write_logits`` takes."""
        return self.config.vocabulary

    def digest(self) -> str:
        """Hexadecimal digits that tell these weights from others."""
        digest = sha256()
        for name in sorted(self.weights):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(self.weights[name].reshape(-1)[::_SAMPLED]).tobytes())
        return digest.hexdigest()
