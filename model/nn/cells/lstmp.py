"""Long short-term memory with a recurrent projection (LSTMP): Sak, Senior & Beaufays (2014).

i, f, o = σ(W_in x_t + W_hidden r_{t-1} + b)    the gates, as in the LSTM
g = tanh(W_in x_t + W_hidden r_{t-1} + b)
c_t = f c_{t-1} + i g                           the memory, H wide
h_t = o tanh(c_t)
r_t = h_t projection                            the output, E wide, which is also fed back

More memory for the same products: W_hidden is (E, 4 H) in place of (H, 4 H). The output is what the output layer
multiplies, without a further projection. The state is (r, c).
"""

import numpy as np

from model.arrays import Array, Arrays
from model.nn.cells.base import Parameters, Workspace, parameter_gradients
from model.nn.cells.lstm_gates import GatePasses, step_gates


class ProjectedLSTMCell:
    """Long short-term memory with a recurrent projection."""

    gates = 4
    projects = True

    def state_width(self, hidden: int, embedding: int) -> int:
        """The state is r and c: E + H."""
        return embedding + hidden

    def step(self, w: Parameters, z: Array, state: Array) -> Array:
        """Compute one time step: z = x W_in + b (B, 4 H), state (B, E + H) → the next state."""
        H, E = w.projection.shape
        z += state[:, :E] @ w.W_hidden
        after = np.empty_like(state)
        h = np.empty((len(z), H), state.dtype)
        step_gates(z, state[:, E:], after[:, E:], h)
        after[:, :E] = h @ w.projection
        return after

    def forward(self, w: Parameters, X: Array, state: Array, work: Workspace) -> tuple[Array, Array]:
        """Compute all time steps: X (T, B, E) → r (T, B, E), and the state after them."""
        xp = work.xp
        T, B, _ = X.shape
        H, E = w.projection.shape
        Z = work.array("Z", T, B, 4 * H)
        r = work.array("r", T + 1, B, E)
        h = work.array("h", T, B, H)
        c = work.array("c", T + 1, B, H)
        tanh_c = work.array("tanh_c", T, B, H)
        A = work.array("A", B, 4 * H)
        passes = GatePasses(work, B, H)
        r[0], c[0] = state[:, :E], state[:, E:]
        xp.matmul(X.reshape(T * B, E), w.W_in, out=Z.reshape(T * B, 4 * H))
        for t in range(T):
            xp.matmul(r[t], w.W_hidden, out=A)
            passes.forward(Z[t], A, w.b, c[t], c[t + 1], tanh_c[t], h[t])
            xp.matmul(h[t], w.projection, out=r[t + 1])
        return r[1:], xp.concatenate((r[T], c[T]), axis=1)

    def backward(
        self, w: Parameters, X: Array, dh: Array, work: Workspace, dstate: Array | None = None
    ) -> tuple[Array, Array, Arrays]:
        """Go back through the steps of the last ``forward``: the gradient ``dh`` (T, B, E) of r → dX, dstate, dw."""
        xp = work.xp
        T, B, E = dh.shape
        H = w.projection.shape[0]
        Z = work.array("Z", T, B, 4 * H)
        r = work.array("r", T + 1, B, E)
        h = work.array("h", T, B, H)
        c = work.array("c", T + 1, B, H)
        tanh_c = work.array("tanh_c", T, B, H)
        dZ = work.array("dZ", T, B, 4 * H)
        dr = work.array("dr", T, B, E)
        fed_back = work.array("fed_back", B, E)
        dh_t = work.array("dh_t", B, H)
        dc = work.array("dc", B, H)
        passes = GatePasses(work, B, H)
        fed_back[...] = 0 if dstate is None else dstate[:, :E]
        dc[...] = 0 if dstate is None else dstate[:, E:]
        for t in reversed(range(T)):
            xp.add(dh[t], fed_back, out=dr[t])
            xp.matmul(dr[t], w.projection.T, out=dh_t)
            passes.backward(Z[t], dZ[t], dh_t, dc, c[t], tanh_c[t])
            xp.matmul(dZ[t], w.W_hidden.T, out=fed_back)
        dX, dw = parameter_gradients(w, X, r[:T], dZ, dZ)
        return (
            dX,
            xp.concatenate((fed_back, dc), axis=1),
            dw | {"projection": h.reshape(T * B, H).T @ dr.reshape(T * B, E)},
        )
