"""Dot-product attention of a decoder over what an encoder put out: Luong, Pham & Manning (2015), global, "dot".

score_ts = h_t · m_s                     how much the decoder at step t looks for what stands at s
α_t = softmax(score_t)                   the shares, of sum 1
c_t = Σ_s α_ts m_s                       the context vector: what it finds
a_t = tanh([c_t, h_t] W_attention)       what the output layer sees in place of h_t

Notation: T steps of the decoder, S of the encoder, B sequences, O output width. h (T, B, O), m (S, B, O),
W_attention (2 O, O). ``dh`` is the gradient of h. Inside, sequences come first, so that each has its own products.
"""

from types import ModuleType
from typing import NamedTuple

from model.arrays import Array


class Attended(NamedTuple):
    """The output a (T, B, O), and what its way back needs: α (B, T, S), [c, h] (B, T, 2 O), h, m and a with B first."""

    output: Array
    shares: Array
    joint: Array
    h: Array
    m: Array
    a: Array


def attend(xp: ModuleType, h: Array, m: Array, W: Array) -> Attended:
    """Look for each h_t among the m: h (T, B, O), m (S, B, O), W (2 O, O) → a (T, B, O)."""
    # Copies: BLAS wants the numbers of a matrix side by side.
    h, m = (xp.ascontiguousarray(x.transpose(1, 0, 2)) for x in (h, m))
    shares = xp.matmul(h, m.transpose(0, 2, 1))
    shares -= shares.max(axis=2, keepdims=True)
    xp.exp(shares, out=shares)
    shares /= shares.sum(axis=2, keepdims=True)
    joint = xp.concatenate((xp.matmul(shares, m), h), axis=2)
    a = xp.matmul(joint, W)
    xp.tanh(a, out=a)
    return Attended(a.transpose(1, 0, 2), shares, joint, h, m, a)


def attend_backward(xp: ModuleType, kept: Attended, da: Array, W: Array) -> tuple[Array, Array, Array]:
    """Go back through ``attend``: da (T, B, O) → dh (T, B, O), dm (S, B, O), dW (2 O, O)."""
    _, shares, joint, h, m, a = kept
    width = h.shape[2]
    # tanh' = 1 - tanh²
    dz = a * a
    xp.subtract(1, dz, out=dz)
    dz *= da.transpose(1, 0, 2)
    dW = joint.reshape(-1, 2 * width).T @ dz.reshape(-1, width)
    d_joint = xp.matmul(dz, W.T)
    dc, dh = d_joint[:, :, :width], d_joint[:, :, width:]
    # c = α m
    d_shares = xp.matmul(dc, m.transpose(0, 2, 1))
    dm = xp.matmul(shares.transpose(0, 2, 1), dc)
    # α = softmax(score): d_score = α (dα - Σ α dα)
    d_shares -= (shares * d_shares).sum(axis=2, keepdims=True)
    d_shares *= shares
    # score = h mᵀ
    dh = dh + xp.matmul(d_shares, m)
    dm += xp.matmul(d_shares.transpose(0, 2, 1), h)
    return dh.transpose(1, 0, 2), dm.transpose(1, 0, 2), dW
