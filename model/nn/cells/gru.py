"""The gated recurrent unit of Cho et al. (2014), in the form of its version 3 (reset after the product).

z, r = σ(W_in x_t + b + W_hidden h_{t-1})           update and reset gate
n = tanh(W_in x_t + b + r (W_hidden h_{t-1}))       the candidate
h_t = (1 - z) n + z h_{t-1}

The columns of W_in, W_hidden and b stand in the order z, r, n. With the reset after the product, one
product gives all of W_hidden h_{t-1}, as cuDNN computes it too.
"""

import numpy as np

from model.arrays import Array, Arrays
from model.nn.cells.base import Parameters, Workspace, parameter_gradients, sigmoid_


class GRUCell:
    """The gated recurrent unit."""

    gates = 3
    projects = False

    def state_width(self, hidden: int, embedding: int) -> int:
        """The state is the output: H."""
        return hidden

    def step(self, w: Parameters, z: Array, state: Array) -> Array:
        """Compute one time step: z = x W_in + b (B, 3 H), state (B, H) → the next state."""
        H = w.W_hidden.shape[0]
        A = state @ w.W_hidden
        z[:, : 2 * H] += A[:, : 2 * H]
        sigmoid_(np, z[:, : 2 * H])
        z, r, n = z[:, :H], z[:, H : 2 * H], z[:, 2 * H :]
        n += np.multiply(r, A[:, 2 * H :], out=r)
        np.tanh(n, out=n)
        h = state - n
        h *= z
        h += n
        return h

    def forward(self, w: Parameters, X: Array, state: Array, work: Workspace) -> tuple[Array, Array]:
        """Compute all time steps: X (T, B, E) → h (T, B, H), and the state after them."""
        xp = work.xp
        T, B, E = X.shape
        H = w.W_hidden.shape[0]
        Z = work.array("Z", T, B, 3 * H)
        A = work.array("A", T, B, 3 * H)
        h = work.array("h", T + 1, B, H)
        reset = work.array("reset", B, H)
        h[0] = state
        xp.matmul(X.reshape(T * B, E), w.W_in, out=Z.reshape(T * B, 3 * H))
        for t in range(T):
            xp.matmul(h[t], w.W_hidden, out=A[t])
            Z[t] += w.b
            Z[t][:, : 2 * H] += A[t][:, : 2 * H]
            sigmoid_(xp, Z[t][:, : 2 * H])
            z, r, n = Z[t][:, :H], Z[t][:, H : 2 * H], Z[t][:, 2 * H :]
            xp.multiply(r, A[t][:, 2 * H :], out=reset)
            n += reset
            xp.tanh(n, out=n)
            # (1 - z) n + z h = n + z (h - n)
            xp.subtract(h[t], n, out=h[t + 1])
            h[t + 1] *= z
            h[t + 1] += n
        return h[1:], h[T].copy()

    def backward(
        self, w: Parameters, X: Array, dh: Array, work: Workspace, dstate: Array | None = None
    ) -> tuple[Array, Array, Arrays]:
        """Go back through the steps of the last ``forward``: dh (T, B, H) → dX, dstate, dw."""
        xp = work.xp
        T, B, H = dh.shape
        Z = work.array("Z", T, B, 3 * H)
        A = work.array("A", T, B, 3 * H)
        h = work.array("h", T + 1, B, H)
        dZ = work.array("dZ", T, B, 3 * H)
        dA = work.array("dA", T, B, 3 * H)
        dh_t = work.array("dh_t", B, H)
        product = work.array("product", B, H)
        part = work.array("part", B, H)
        dh_t[...] = 0 if dstate is None else dstate
        for t in reversed(range(T)):
            z, r, n = Z[t][:, :H], Z[t][:, H : 2 * H], Z[t][:, 2 * H :]
            dz, dr, dn = dZ[t][:, :H], dZ[t][:, H : 2 * H], dZ[t][:, 2 * H :]
            dh_t += dh[t]
            # σ' = σ - σ², tanh' = 1 - tanh²
            xp.multiply(Z[t], Z[t], out=dZ[t])
            xp.subtract(Z[t][:, : 2 * H], dZ[t][:, : 2 * H], out=dZ[t][:, : 2 * H])
            xp.subtract(1, dn, out=dn)
            # h_t = n + z (h_{t-1} - n)
            xp.subtract(h[t], n, out=part)
            part *= dh_t
            dz *= part
            xp.subtract(1, z, out=part)
            part *= dh_t
            dn *= part
            # n = tanh(… + r A_n)
            xp.multiply(dn, A[t][:, 2 * H :], out=part)
            dr *= part
            dA[t][:, : 2 * H] = dZ[t][:, : 2 * H]
            xp.multiply(dn, r, out=dA[t][:, 2 * H :])
            xp.matmul(dA[t], w.W_hidden.T, out=product)
            dh_t *= z
            dh_t += product
        dX, dw = parameter_gradients(w, X, h[:T], dZ, dA)
        return dX, dh_t.copy(), dw
