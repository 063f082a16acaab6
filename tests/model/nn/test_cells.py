"""The cells against their formulas, and their backward passes against finite differences.

Notation as in model.nn.cells.base: X (T, B, E), h (T, B, O), a state (B, S).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.arrays import FloatArray
from model.nn.cells import CELLS, Cell, Parameters, Workspace

NumericGradient = Callable[[Callable[[], float], FloatArray], FloatArray]

every_cell = pytest.mark.parametrize("name", sorted(CELLS))


class Case(NamedTuple):
    cell: Cell
    w: Parameters
    X: FloatArray
    state: FloatArray

    def forward(self, work: Workspace | None = None) -> tuple[FloatArray, FloatArray]:
        return self.cell.forward(self.w, self.X, self.state, work or workspace())


def workspace() -> Workspace:
    return Workspace(np, np.float64)


def a_case(name: str, T: int, B: int = 2, E: int = 3, H: int = 4) -> Case:
    rng = np.random.default_rng(T)
    cell = CELLS[name]
    columns = cell.gates * H
    w = Parameters(
        rng.normal(size=(E, columns)),
        rng.normal(size=(E if cell.projects else H, columns)),
        rng.normal(size=columns),
        rng.normal(size=(H, E)),
    )
    return Case(cell, w, rng.normal(size=(T, B, E)), rng.uniform(-1, 1, (B, cell.state_width(H, E))))


def a_gradient(case: Case) -> FloatArray:
    """Some dh (T, B, O)."""
    T, B, E = case.X.shape
    return np.random.default_rng(9).normal(size=(T, B, E if case.cell.projects else case.w.projection.shape[0]))


def parameters_of(cell: Cell) -> tuple[str, ...]:
    """The parameters that the cell itself has."""
    return Parameters._fields if cell.projects else Parameters._fields[:3]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def one_step(name: str, w: Parameters, x: Any, state: Any) -> Any:
    """The formulas at the heads of the cells' files, written down once more."""
    width = len(w.W_hidden)
    Z, A, h = x @ w.W_in + w.b, state[:, :width] @ w.W_hidden, state[:, :width]
    if name == "rnn":
        return np.tanh(Z + A)
    if name in ("lstm", "lstmp"):
        i, f, o, g = np.split(Z + A, 4, axis=-1)
        c = sigmoid(f) * state[:, width:] + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        return np.concatenate([h @ w.projection if name == "lstmp" else h, c], axis=1)
    (Zz, Zr, Zn), (Az, Ar, An) = np.split(Z, 3, axis=-1), np.split(A, 3, axis=-1)
    z, r = sigmoid(Zz + Az), sigmoid(Zr + Ar)
    n = np.tanh(Zn + r * An)
    return (1 - z) * n + z * h


@every_cell
def test_forward_follows_the_formulas(name: str) -> None:
    case = a_case(name, T=4)
    h, after = case.forward()
    state = case.state
    for t in range(4):
        state = one_step(name, case.w, case.X[t], state)
        np.testing.assert_allclose(h[t], state[:, : h.shape[2]], rtol=1e-12)
    np.testing.assert_allclose(after, state, rtol=1e-12)


@every_cell
@given(T=st.integers(1, 5), B=st.integers(1, 4), E=st.integers(1, 5), H=st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_step_equals_forward(name: str, T: int, B: int, E: int, H: int) -> None:
    case = a_case(name, T, B, E, H)
    h, after = case.forward()
    state = case.state
    for t in range(T):
        state = case.cell.step(case.w, case.X[t] @ case.w.W_in + case.w.b, state)
        np.testing.assert_allclose(state[:, : h.shape[2]], h[t], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(state, after, rtol=1e-10, atol=1e-14)


@every_cell
def test_two_stretches_equal_one_of_twice_the_length(name: str) -> None:
    whole = a_case(name, T=6)
    h, after = whole.forward()
    work = workspace()
    first, between = whole._replace(X=whole.X[:3]).forward(work)
    first = first.copy()
    second, end = whole._replace(X=whole.X[3:], state=between).forward(work)
    np.testing.assert_array_equal(np.concatenate([first, second]), h)
    np.testing.assert_array_equal(end, after)


@every_cell
@pytest.mark.parametrize("T", [1, 4])
@pytest.mark.parametrize("reads_state", [False, True], ids=["outputs", "and state"])
def test_backward_equals_finite_differences(
    name: str, T: int, reads_state: bool, numeric_gradient: NumericGradient
) -> None:
    case = a_case(name, T)
    dh = a_gradient(case)
    dstate = np.random.default_rng(8).normal(size=case.state.shape) if reads_state else None

    def loss() -> float:
        h, state = case.forward()
        return float((h * dh).sum() + (0 if dstate is None else (state * dstate).sum()))

    work = workspace()
    case.forward(work)
    dX, dstate_before, dw = case.cell.backward(case.w, case.X, dh, work, dstate)
    np.testing.assert_allclose(dX, numeric_gradient(loss, case.X), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(dstate_before, numeric_gradient(loss, case.state), rtol=1e-6, atol=1e-8)
    for parameter in parameters_of(case.cell):
        expected = numeric_gradient(loss, getattr(case.w, parameter))
        assert np.abs(expected).max() > 1e-3
        np.testing.assert_allclose(dw[parameter], expected, rtol=1e-6, atol=1e-8, err_msg=parameter)


@every_cell
def test_the_gradient_stops_where_the_stretch_begins(name: str) -> None:
    whole = a_case(name, T=6)
    dh = a_gradient(whole)
    dh[:3] = 0
    work = workspace()
    whole.forward(work)
    dX_whole, _, dw_whole = whole.cell.backward(whole.w, whole.X, dh, work)

    _, between = whole._replace(X=whole.X[:3]).forward(work)
    second = whole._replace(X=whole.X[3:], state=between)
    second.forward(work)
    dX, _, dw = second.cell.backward(second.w, second.X, dh[3:], work)

    np.testing.assert_allclose(dX, dX_whole[3:], rtol=1e-12)
    # The loss of the second stretch depends on the inputs of the first, but that part is dropped.
    assert np.abs(dX_whole[:3]).max() > 1e-3
    assert np.abs(dw["W_in"] - dw_whole["W_in"]).max() > 1e-3


@every_cell
def test_what_was_handed_over_stays_as_it_is(name: str) -> None:
    case = a_case(name, T=3)
    dh = a_gradient(case)
    handed = [*case.w, case.X, case.state, dh]
    before = [array.copy() for array in handed]
    work = workspace()
    case.forward(work)
    case.cell.backward(case.w, case.X, dh, work)
    case.cell.step(case.w, case.X[0] @ case.w.W_in + case.w.b, case.state)
    for array, kept in zip(handed, before, strict=True):
        np.testing.assert_array_equal(array, kept)


@every_cell
def test_a_used_workspace_changes_nothing(name: str) -> None:
    case, other = a_case(name, T=3), a_case(name, T=5)
    dh = a_gradient(case)
    fresh, used = workspace(), workspace()
    h, state = case.forward(fresh)
    dX, _, dw = case.cell.backward(case.w, case.X, dh, fresh)
    for _ in range(2):
        other.forward(used)
        other.cell.backward(other.w, other.X, np.ones_like(a_gradient(other)), used)
        h_again, state_again = case.forward(used)
        again = case.cell.backward(case.w, case.X, dh, used)
        for a, b in [(h, h_again), (state, state_again), (dX, again[0]), *((dw[name], again[2][name]) for name in dw)]:
            np.testing.assert_array_equal(a, b)


@every_cell
def test_the_state_handed_back_outlives_the_next_forward(name: str) -> None:
    case = a_case(name, T=3)
    work = workspace()
    _, state = case.forward(work)
    kept = state.copy()
    case._replace(X=-case.X).forward(work)
    np.testing.assert_array_equal(state, kept)


@every_cell
def test_huge_inputs_saturate_and_warn_of_nothing(name: str) -> None:
    case = a_case(name, T=3)
    w = Parameters(*(part.astype(np.float32) for part in case.w))
    X = np.float32(1e6) * case.X.astype(np.float32)
    state = case.state.astype(np.float32)
    h, _ = case.cell.forward(w, X, state, Workspace(np, np.float32))
    assert h.dtype == np.float32
    # Every output of the gates is at most 1; a projection adds up one for each unit.
    assert np.isfinite(h).all()
    assert np.abs(h).max() <= (np.abs(w.projection).sum(axis=0).max() if case.cell.projects else 1)
