"""Long short-term memory: Hochreiter & Schmidhuber (1997), with the forget gate of Gers et al. (2000).

i, f, o = σ(W_in x_t + W_hidden h_{t-1} + b)    input, forget and output gate
g = tanh(W_in x_t + W_hidden h_{t-1} + b)       what could be written
c_t = f c_{t-1} + i g                           the memory
h_t = o tanh(c_t)                               the output

The four stand side by side in the columns of W_in, W_hidden and b in the order i, f, o, g, so that the
three gates are one block for the logistic function. The state is (h, c).
"""

import numpy as np

from model.arrays import Array
from model.nn.cells.base import Parameters, Workspace, parameter_gradients, sigmoid_


class LSTMCell:
    """Long short-term memory."""

    gates = 4
    state_parts = 2

    def step(self, w: Parameters, x: Array, state: Array) -> Array:
        """Compute one time step: x (B, E), state (2, B, H) → the next state."""
        H = w.W_hidden.shape[0]
        z = x @ w.W_in
        z += state[0] @ w.W_hidden
        z += w.b
        sigmoid_(np, z[:, : 3 * H])
        g = z[:, 3 * H :]
        np.tanh(g, out=g)
        i, f, o = z[:, :H], z[:, H : 2 * H], z[:, 2 * H : 3 * H]
        after = np.empty_like(state)
        h, c = after
        np.multiply(f, state[1], out=c)
        c += np.multiply(i, g, out=g)
        np.tanh(c, out=h)
        h *= o
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
        written = work.array("written", B, H)
        h[0], c[0] = state[0], state[1]
        xp.matmul(X.reshape(T * B, E), w.W_in, out=Z.reshape(T * B, 4 * H))
        for t in range(T):
            z = Z[t]
            xp.matmul(h[t], w.W_hidden, out=A)
            z += A
            z += w.b
            sigmoid_(xp, z[:, : 3 * H])
            i, f, o, g = z[:, :H], z[:, H : 2 * H], z[:, 2 * H : 3 * H], z[:, 3 * H :]
            xp.tanh(g, out=g)
            xp.multiply(f, c[t], out=c[t + 1])
            xp.multiply(i, g, out=written)
            c[t + 1] += written
            xp.tanh(c[t + 1], out=tanh_c[t])
            xp.multiply(o, tanh_c[t], out=h[t + 1])
        return h[1:], xp.stack((h[T], c[T]))

    def backward(self, w: Parameters, X: Array, dh: Array, work: Workspace) -> tuple[Array, Parameters]:
        """Go back through the steps of the last ``forward``: dh (T, B, H) → dX, dw."""
        xp = work.xp
        T, B, H = dh.shape
        Z = work.array("Z", T, B, 4 * H)
        h = work.array("h", T + 1, B, H)
        c = work.array("c", T + 1, B, H)
        tanh_c = work.array("tanh_c", T, B, H)
        dZ = work.array("dZ", T, B, 4 * H)
        dh_t = work.array("dh_t", B, H)
        dc = work.array("dc", B, H)
        part = work.array("part", B, H)
        dh_t[...] = 0
        dc[...] = 0
        for t in reversed(range(T)):
            z, dz = Z[t], dZ[t]
            i, f, o, g = z[:, :H], z[:, H : 2 * H], z[:, 2 * H : 3 * H], z[:, 3 * H :]
            dh_t += dh[t]
            # dz starts as the derivatives of the squashing functions: σ' = σ - σ², tanh' = 1 - tanh²
            xp.multiply(z, z, out=dz)
            xp.subtract(z[:, : 3 * H], dz[:, : 3 * H], out=dz[:, : 3 * H])
            xp.subtract(1, dz[:, 3 * H :], out=dz[:, 3 * H :])
            # h = o tanh(c)
            xp.multiply(dh_t, tanh_c[t], out=part)
            dz[:, 2 * H : 3 * H] *= part
            xp.multiply(tanh_c[t], tanh_c[t], out=part)
            xp.subtract(1, part, out=part)
            part *= o
            part *= dh_t
            dc += part
            # c_t = f c_{t-1} + i g
            xp.multiply(dc, g, out=part)
            dz[:, :H] *= part
            xp.multiply(dc, c[t], out=part)
            dz[:, H : 2 * H] *= part
            xp.multiply(dc, i, out=part)
            dz[:, 3 * H :] *= part
            dc *= f
            xp.matmul(dz, w.W_hidden.T, out=dh_t)
        return parameter_gradients(xp, w, X, h[:T], dZ, dZ)
