"""The base of the cells: their interface, their parameters, and the arrays they work in.

Notation: T time steps, B sequences, E embedding width, H hidden width, O output width, G gates. x_t is a row of
X (T, B, E), h_t of h (T, B, O). O = H, but in the LSTM with a recurrent projection O = E. ``dX`` is the gradient of the
loss with respect to X.
"""

from types import ModuleType
from typing import Any, NamedTuple, Protocol

from model.arrays import Array, Arrays


class Workspace:
    """Arrays that are reused from step to step; fresh ones of megabytes cost a page fault every 4 KiB."""

    def __init__(self, xp: ModuleType, dtype: Any) -> None:
        self.xp, self.dtype = xp, dtype
        self._arrays: Arrays = {}
        self._parts: dict[str, Workspace] = {}

    def part(self, name: str) -> "Workspace":
        """Hand out a workspace in this one, so that two runs of a cell keep their arrays apart."""
        if name not in self._parts:
            self._parts[name] = Workspace(self.xp, self.dtype)
        return self._parts[name]

    def array(self, name: str, *shape: int) -> Array:
        """Hand out an uninitialised array; the same memory again for the same name and shape."""
        held = self._arrays.get(name)
        if held is None or held.shape != shape:
            held = self._arrays[name] = self.xp.empty(shape, dtype=self.dtype)
        return held


class Parameters(NamedTuple):
    """W_in (E, G·H), W_hidden (O, G·H), b (G·H), and the projection (H, E), which is a part of some cells only."""

    W_in: Array
    W_hidden: Array
    b: Array
    projection: Array


class Cell(Protocol):
    """A recurrent cell. A state is (B, S), the output h_t (B, O) in its first columns.

    ``projects``: the projection is a part of the cell, and O = E; otherwise O = H, and the projection comes behind it.
    """

    gates: int
    projects: bool

    def state_width(self, hidden: int, embedding: int) -> int:
        """S, the numbers of one sequence's state."""
        ...

    def step(self, w: Parameters, z: Array, state: Array) -> Array:
        """Compute one time step for inference: z = x W_in + b (B, G·H), state (B, S) → the next state (B, S).

        Overwrites ``z``.
        """
        ...

    def forward(self, w: Parameters, X: Array, state: Array, work: Workspace) -> tuple[Array, Array]:
        """Compute all time steps: X (T, B, E), state before them → h (T, B, O), state after them."""
        ...

    def backward(
        self, w: Parameters, X: Array, dh: Array, work: Workspace, dstate: Array | None = None
    ) -> tuple[Array, Array, Arrays]:
        """Go back through the time steps of the last ``forward`` on ``work``: dh (T, B, O) → dX, dstate, dw by name.

        ``dstate`` (B, S) is the gradient of the state after the last step, none where nothing reads it; the one that is
        returned is that of the state before the first step. Training on running text drops it: it is truncated there.
        """
        ...


def sigmoid_(xp: ModuleType, z: Array) -> None:
    """Apply the logistic function in place: σ(z) = ½ + ½ tanh(z/2), which neither overflows nor needs a branch."""
    z *= 0.5
    xp.tanh(z, out=z)
    z *= 0.5
    z += 0.5


def parameter_gradients(w: Parameters, X: Array, h_before: Array, dZ: Array, dZ_hidden: Array) -> tuple[Array, Arrays]:
    """Derive the gradients of X and the parameters from those of Z = X W_in + b and of A = h W_hidden.

    h_before (T, B, O) holds h_{t-1}; one product over all T·B rows each, instead of one a time step.
    """
    rows = dZ.reshape(-1, dZ.shape[-1])
    hidden_rows = dZ_hidden.reshape(rows.shape)
    dX = (rows @ w.W_in.T).reshape(X.shape)
    dW_in = X.reshape(len(rows), -1).T @ rows
    dW_hidden = h_before.reshape(len(rows), -1).T @ hidden_rows
    return dX, {"W_in": dW_in, "W_hidden": dW_hidden, "b": rows.sum(axis=0)}
