"""The simple recurrent network of Elman, "Finding structure in time" (1990).

h_t = tanh(W_in x_t + W_hidden h_{t-1} + b)
"""

import numpy as np

from model.arrays import Array, Arrays
from model.nn.cells.base import Parameters, Workspace, parameter_gradients


class ElmanCell:
    """The simple recurrent network."""

    gates = 1
    projects = False

    def state_width(self, hidden: int, embedding: int) -> int:
        """The state is the output: H."""
        return hidden

    def step(self, w: Parameters, z: Array, state: Array) -> Array:
        """Compute one time step: z = x W_in + b (B, H), state (B, H) → the next state."""
        z += state @ w.W_hidden
        np.tanh(z, out=z)
        return z

    def forward(self, w: Parameters, X: Array, state: Array, work: Workspace) -> tuple[Array, Array]:
        """Compute all time steps: X (T, B, E) → h (T, B, H), and the state after them."""
        T, B, E = X.shape
        H = w.W_hidden.shape[0]
        h = work.array("h", T + 1, B, H)
        h[0] = state
        work.xp.matmul(X.reshape(T * B, E), w.W_in, out=h[1:].reshape(T * B, H))
        A = work.array("A", B, H)
        for t in range(T):
            work.xp.matmul(h[t], w.W_hidden, out=A)
            z = h[t + 1]
            z += A
            z += w.b
            work.xp.tanh(z, out=z)
        return h[1:], h[T].copy()

    def backward(
        self, w: Parameters, X: Array, dh: Array, work: Workspace, dstate: Array | None = None
    ) -> tuple[Array, Array, Arrays]:
        """Go back through the steps of the last ``forward``: dh (T, B, H) → dX, dstate, dw."""
        T, B, H = dh.shape
        h = work.array("h", T + 1, B, H)
        dZ = work.array("dZ", T, B, H)
        dh_next = work.array("dh_next", B, H)
        dh_next[...] = 0 if dstate is None else dstate
        for t in reversed(range(T)):
            dz = dZ[t]
            # tanh' = 1 - tanh²
            work.xp.multiply(h[t + 1], h[t + 1], out=dz)
            work.xp.subtract(1, dz, out=dz)
            dh_next += dh[t]
            dz *= dh_next
            work.xp.matmul(dz, w.W_hidden.T, out=dh_next)
        dX, dw = parameter_gradients(w, X, h[:T], dZ, dZ)
        return dX, dh_next.copy(), dw
