"""Long short-term memory: Hochreiter & Schmidhuber (1997), with the forget gate of Gers et al. (2000).

i, f, o = σ(W_in x_t + W_hidden h_{t-1} + b)    input, forget and output gate
g = tanh(W_in x_t + W_hidden h_{t-1} + b)       what could be written
c_t = f c_{t-1} + i g                           the memory
h_t = o tanh(c_t)                               the output

The four stand side by side in the columns of W_in, W_hidden and b in the order i, f, o, g, so that the
three gates are one block for the logistic function. The state is (h, c).
"""

import numpy as np

from model.arrays import Array, Arrays
from model.nn.cells.base import Parameters, Workspace, parameter_gradients
from model.nn.cells.lstm_gates import GatePasses, step_gates


class LSTMCell:
    """Long short-term memory."""

    gates = 4
    projects = False

    def state_width(self, hidden: int, embedding: int) -> int:
        """The state is h and c: 2 H."""
        return 2 * hidden

    def step(self, w: Parameters, z: Array, state: Array) -> Array:
        """Compute one time step: z = x W_in + b (B, 4 H), state (B, 2 H) → the next state."""
        H = w.W_hidden.shape[0]
        z += state[:, :H] @ w.W_hidden
        after = np.empty_like(state)
        step_gates(z, state[:, H:], after[:, H:], after[:, :H])
        return after

    def forward(self, w: Parameters, X: Array, state: Array, work: Workspace) -> tuple[Array, Array]:
        """Compute all time steps: X (T, B, E) → h (T, B, H), and the state after them."""
        xp = work.xp
        T, B, E = X.shape
        H = w.W_hidden.shape[0]
        Z = work.array("Z", T, B, 4 * H)
        h = work.array("h", T + 1, B, H)
        c = work.array("c", T + 1, B, H)
        tanh_c = work.array("tanh_c", T, B, H)
        A = work.array("A", B, 4 * H)
        passes = GatePasses(work, B, H)
        h[0], c[0] = state[:, :H], state[:, H:]
        xp.matmul(X.reshape(T * B, E), w.W_in, out=Z.reshape(T * B, 4 * H))
        for t in range(T):
            xp.matmul(h[t], w.W_hidden, out=A)
            passes.forward(Z[t], A, w.b, c[t], c[t + 1], tanh_c[t], h[t + 1])
        return h[1:], xp.concatenate((h[T], c[T]), axis=1)

    def backward(
        self, w: Parameters, X: Array, dh: Array, work: Workspace, dstate: Array | None = None
    ) -> tuple[Array, Array, Arrays]:
        """Go back through the steps of the last ``forward``: dh (T, B, H) → dX, dstate, dw."""
        T, B, H = dh.shape
        Z = work.array("Z", T, B, 4 * H)
        h = work.array("h", T + 1, B, H)
        c = work.array("c", T + 1, B, H)
        tanh_c = work.array("tanh_c", T, B, H)
        dZ = work.array("dZ", T, B, 4 * H)
        dh_t = work.array("dh_t", B, H)
        dc = work.array("dc", B, H)
        passes = GatePasses(work, B, H)
        dh_t[...] = 0 if dstate is None else dstate[:, :H]
        dc[...] = 0 if dstate is None else dstate[:, H:]
        for t in reversed(range(T)):
            dh_t += dh[t]
            passes.backward(Z[t], dZ[t], dh_t, dc, c[t], tanh_c[t])
            work.xp.matmul(dZ[t], w.W_hidden.T, out=dh_t)
        dX, dw = parameter_gradients(w, X, h[:T], dZ, dZ)
        return dX, work.xp.concatenate((dh_t, dc), axis=1), dw
