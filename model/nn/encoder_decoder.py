"""The encoder and decoder: one network reads a message, another writes the answer (Sutskever, Vinyals & Le 2014).

encoder   m_s = cell(embedding[message_s], m_{s-1})      from an empty state
bridge    s_0 = s_S W_bridge + bridge_bias               the encoder's last state begins the decoder's
decoder   h_t = cell(embedding[reply_{t-1}], h_{t-1})    with weights of its own
output    p_t = a_t projection, y_t = softmax(embedding p_t + bias)

a_t is h_t, or with attention what model.nn.attention makes of h_t and all m_s. One embedding serves the message, the
reply and the output layer. Where the projection is a part of the cell, p_t = a_t.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from model.arrays import Array, Arrays, FloatArray
from model.nn.attention import attend
from model.nn.cells import CELLS, Parameters
from model.nn.network import Network, NetworkConfig, initial_weights

# The encoder's weights stand under these names beside the decoder's.
ENCODER = "encoder_"


@dataclass(frozen=True)
class EncoderDecoderConfig(NetworkConfig):
    """The sizes of encoder and decoder, which share them, and whether the decoder attends to the encoder's outputs."""

    attention: bool = True

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """List the shape of every weight array by its name: the decoder's, the encoder's, the bridge's, attention's."""
        shapes = super().shapes()
        cell = CELLS[self.cell]
        own = Parameters._fields if cell.projects else Parameters._fields[:3]
        shapes |= {ENCODER + name: shapes[name] for name in own}
        S = cell.state_width(self.hidden, self.embedding)
        shapes |= {"bridge": (S, S), "bridge_bias": (S,)}
        if self.attention:
            width = self.embedding if cell.projects else self.hidden
            shapes["attention"] = (2 * width, width)
        return shapes

    @property
    def cell_biases(self) -> tuple[str, ...]:
        """The names of the biases of recurrent cells."""
        return ("b", f"{ENCODER}b")


def initial_pair_weights(
    config: EncoderDecoderConfig, log_unigrams: FloatArray, seed: int, dtype: Any = np.float32
) -> Arrays:
    """Draw random weights; the bridge hands the state over as it is, until it learns better."""
    weights = initial_weights(config, log_unigrams, seed, dtype)
    weights["bridge"][:] = np.eye(len(weights["bridge"]))
    return weights


class Encoded(NamedTuple):
    """A read message: the decoder's first state (B, S), and the encoder's outputs m (S, B, O)."""

    state: Array
    outputs: Array


class EncoderDecoder(Network):
    """The weights, and the functions of inference; ``step`` and ``logits`` are those of the decoder."""

    config: EncoderDecoderConfig

    @property
    def encoder_parameters(self) -> Parameters:
        """The weights of the encoder's cell."""
        # Cells that do not project never read the projection.
        return Parameters(*(self.weights.get(ENCODER + name) for name in Parameters._fields))

    def encode(self, message: Array) -> Encoded:
        """Read B messages of one length: ids (S, B), S ≥ 1."""
        state = self.zero_state(message.shape[1])
        width = self.config.embedding if self.cell.projects else self.config.hidden
        outputs = []
        for ids in message:
            z = self.weights["embedding"][ids] @ self.weights[f"{ENCODER}W_in"] + self.weights[f"{ENCODER}b"]
            state = self.cell.step(self.encoder_parameters, z, state)
            outputs.append(state[:, :width])
        w = self.weights
        return Encoded(state @ w["bridge"] + w["bridge_bias"], self.xp.stack(outputs))

    def project_attending(self, state: Array, message: Encoded) -> Array:
        """Project the decoder's states (B, S) to p (B, E), by which the output rows are multiplied."""
        if not self.config.attention:
            return self.project(state)
        h = state[None, :, : message.outputs.shape[2]]
        return self.project(attend(self.xp, h, message.outputs, self.weights["attention"]).output[0])

    def greedy(self, message: Array, start: int, end: int, longest: int) -> list[list[int]]:
        """Answer B messages of one length, ids (S, B), each step with the likeliest token; ``end`` is left out."""
        read = self.encode(message)
        state, ids = read.state, np.full(message.shape[1], start)
        answers: list[list[int]] = [[] for _ in ids]
        going = np.ones(len(ids), dtype=bool)
        for _ in range(longest):
            state = self.step(ids, state)
            ids = self.logits(self.project_attending(state, read)).argmax(axis=1)
            going &= ids != end
            if not going.any():
                break
            for i in np.flatnonzero(going):
                answers[i].append(int(ids[i]))
        return answers
