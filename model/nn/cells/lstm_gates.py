"""The element-wise part of a time step of an LSTM, forward and backward; both kinds of LSTM share it.

On a GPU each direction is one kernel in place of a dozen passes, which take longer to start than to run.
"""

from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from model.arrays import Array, FloatArray
from model.nn.cells.base import Workspace, sigmoid_


def step_gates(z: FloatArray, c_before: FloatArray, c: FloatArray, h: FloatArray) -> None:
    """Write c_t and h_t (B, H) of one time step for inference, from the sums ``z`` (B, 4 H), which are overwritten."""
    H = c.shape[1]
    sigmoid_(np, z[:, : 3 * H])
    g = z[:, 3 * H :]
    np.tanh(g, out=g)
    i, f, o = z[:, :H], z[:, H : 2 * H], z[:, 2 * H : 3 * H]
    np.multiply(f, c_before, out=c)
    c += np.multiply(i, g, out=g)
    np.tanh(c, out=h)
    h *= o


class GatePasses:
    """The passes of training over arrays (B, H), and z, dz (B, 4 H)."""

    def __init__(self, work: Workspace, B: int, H: int) -> None:
        self._xp, self._H = work.xp, H
        self._part = work.array("part", B, H)
        # CuPy has kernels of one's own; NumPy, and what only looks like CuPy, has not.
        self._kernels = _kernels(work.xp) if hasattr(work.xp, "ElementwiseKernel") else None

    def forward(self, z: Array, A: Array, b: Array, c_before: Array, c: Array, tanh_c: Array, h: Array) -> None:
        """Add A = h_{t-1} W_hidden and b to z, squash it, and write c_t, tanh(c_t) and h_t."""
        if self._kernels:
            self._kernels[0](A, b, c_before, self._H, z, c, tanh_c, h)
            return
        xp, H = self._xp, self._H
        z += A
        z += b
        sigmoid_(xp, z[:, : 3 * H])
        i, f, o, g = z[:, :H], z[:, H : 2 * H], z[:, 2 * H : 3 * H], z[:, 3 * H :]
        xp.tanh(g, out=g)
        xp.multiply(f, c_before, out=c)
        xp.multiply(i, g, out=self._part)
        c += self._part
        xp.tanh(c, out=tanh_c)
        xp.multiply(o, tanh_c, out=h)

    def backward(self, z: Array, dz: Array, dh: Array, dc: Array, c_before: Array, tanh_c: Array) -> None:
        """Write dz from dh and from the dc of the step behind, and turn dc into that of the step before."""
        if self._kernels:
            self._kernels[1](z, dh, c_before, tanh_c, self._H, dz, dc)
            return
        xp, H, part = self._xp, self._H, self._part
        i, f, o, g = z[:, :H], z[:, H : 2 * H], z[:, 2 * H : 3 * H], z[:, 3 * H :]
        # dz starts as the derivatives of the squashing functions: σ' = σ - σ², tanh' = 1 - tanh²
        xp.multiply(z, z, out=dz)
        xp.subtract(z[:, : 3 * H], dz[:, : 3 * H], out=dz[:, : 3 * H])
        xp.subtract(1, dz[:, 3 * H :], out=dz[:, 3 * H :])
        # h = o tanh(c)
        xp.multiply(dh, tanh_c, out=part)
        dz[:, 2 * H : 3 * H] *= part
        xp.multiply(tanh_c, tanh_c, out=part)
        xp.subtract(1, part, out=part)
        part *= o
        part *= dh
        dc += part
        # c_t = f c_{t-1} + i g
        xp.multiply(dc, g, out=part)
        dz[:, :H] *= part
        xp.multiply(dc, c_before, out=part)
        dz[:, H : 2 * H] *= part
        xp.multiply(dc, i, out=part)
        dz[:, 3 * H :] *= part
        dc *= f


@cache
def _kernels(xp: ModuleType) -> tuple[Any, Any]:
    """The two passes as kernels of CUDA: one thread for each of the B · H units, whose gates lie H apart in z."""
    forward = xp.ElementwiseKernel(
        "raw T A, raw T b, T c_before, int64 H",
        "raw T z, T c, T tanh_c, T h",
        """
        long long k = (i / H) * 4 * H + i % H, unit = i % H;
        T in = 0.5f + 0.5f * tanh(0.5f * (z[k] + A[k] + b[unit]));
        T keep = 0.5f + 0.5f * tanh(0.5f * (z[k + H] + A[k + H] + b[unit + H]));
        T out = 0.5f + 0.5f * tanh(0.5f * (z[k + 2 * H] + A[k + 2 * H] + b[unit + 2 * H]));
        T g = tanh(z[k + 3 * H] + A[k + 3 * H] + b[unit + 3 * H]);
        z[k] = in; z[k + H] = keep; z[k + 2 * H] = out; z[k + 3 * H] = g;
        c = keep * c_before + in * g;
        tanh_c = tanh(c);
        h = out * tanh_c;
        """,
        "lstm_forward",
    )
    backward = xp.ElementwiseKernel(
        "raw T z, T dh, T c_before, T tanh_c, int64 H",
        "raw T dz, T dc",
        """
        long long k = (i / H) * 4 * H + i % H;
        T in = z[k], keep = z[k + H], out = z[k + 2 * H], g = z[k + 3 * H];
        T d = dc + dh * out * (1 - tanh_c * tanh_c);
        dz[k] = d * g * in * (1 - in);
        dz[k + H] = d * c_before * keep * (1 - keep);
        dz[k + 2 * H] = dh * tanh_c * out * (1 - out);
        dz[k + 3 * H] = d * in * (1 - g * g);
        dc = d * keep;
        """,
        "lstm_backward",
    )
    return forward, backward
