"""Adam against the paper's formulas written out, clipping, and the schedule of the learning rate."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.arrays import FloatArray
from model.nn.optimiser import Adam, clip_factor, learning_rate
from model.nn.softmax import RowGradient


class WrittenOut:
    """Algorithm 1 of Kingma & Ba (2015), line by line, for one array."""

    def __init__(self, theta: FloatArray) -> None:
        self.theta = theta.copy()
        self.m = np.zeros_like(theta)
        self.v = np.zeros_like(theta)
        self.t = 0

    def step(self, g: FloatArray, alpha: float) -> None:
        self.t += 1
        self.m = 0.9 * self.m + (1 - 0.9) * g
        self.v = 0.999 * self.v + (1 - 0.999) * g**2
        m_hat = self.m / (1 - 0.9**self.t)
        v_hat = self.v / (1 - 0.999**self.t)
        self.theta = self.theta - alpha * m_hat / (np.sqrt(v_hat) + 1e-8)


def some_gradients(shape: tuple[int, ...], steps: int = 6) -> list[FloatArray]:
    rng = np.random.default_rng(3)
    # From far below epsilon to far above 1.
    return [rng.normal(size=shape) * 10.0 ** rng.integers(-9, 3, shape) for _ in range(steps)]


def test_adam_is_the_one_of_the_paper() -> None:
    start = np.random.default_rng(1).normal(size=(5, 3))
    adam, reference = Adam(np, {"w": start.copy()}), WrittenOut(start)
    for t, g in enumerate(some_gradients(start.shape), 1):
        adam.begin_step()
        adam.update("w", g.copy(), rate=0.1 / t)
        reference.step(g, 0.1 / t)
        np.testing.assert_allclose(adam._weights["w"], reference.theta, rtol=1e-12)
        np.testing.assert_allclose(adam.first["w"], reference.m, rtol=1e-12)
        np.testing.assert_allclose(adam.second["w"], reference.v, rtol=1e-12)


def test_weights_move_in_place() -> None:
    weights = {"w": np.ones((4, 2)), "b": np.ones(4)}
    adam = Adam(np, weights)
    adam.begin_step()
    adam.update("w", np.ones((4, 2)), 0.1)
    adam.update_rows("b", RowGradient(np.array([1]), np.ones(1)), 0.1)
    np.testing.assert_allclose(weights["w"], 0.9)
    np.testing.assert_allclose(weights["b"], [1, 0.9, 1, 1])


@pytest.mark.parametrize("shape", [(5, 3), (5,)])
def test_updating_every_row_is_the_dense_update(shape: tuple[int, ...]) -> None:
    start = np.random.default_rng(1).normal(size=shape)
    rows, dense = Adam(np, {"w": start.copy()}), Adam(np, {"w": start.copy()})
    order = np.array([3, 0, 4, 2, 1])
    for g in some_gradients(shape):
        for adam in (rows, dense):
            adam.begin_step()
        rows.update_rows("w", RowGradient(order, g[order]), 0.01)
        dense.update("w", g.copy(), 0.01)
        for a, b in ((rows._weights, dense._weights), (rows.first, dense.first), (rows.second, dense.second)):
            np.testing.assert_array_equal(a["w"], b["w"])


def test_untouched_rows_keep_weights_and_moments() -> None:
    start = np.random.default_rng(1).normal(size=(5, 3))
    adam = Adam(np, {"w": start.copy()})
    adam.begin_step()
    adam.update("w", np.ones((5, 3)), 0.1)
    kept = [a["w"].copy() for a in (adam._weights, adam.first, adam.second)]
    adam.begin_step()
    adam.update_rows("w", RowGradient(np.array([1, 4]), np.full((2, 3), 2.0)), 0.1)
    for array, before in zip((adam._weights["w"], adam.first["w"], adam.second["w"]), kept, strict=True):
        np.testing.assert_array_equal(array[[0, 2, 3]], before[[0, 2, 3]])
        assert (array[[1, 4]] != before[[1, 4]]).all()


def test_single_precision_stays_single() -> None:
    adam = Adam(np, {"w": np.ones((2, 2), dtype=np.float32)})
    adam.begin_step()
    adam.update("w", np.full((2, 2), 1e-3, dtype=np.float32), 1e-2)
    assert {a["w"].dtype for a in (adam._weights, adam.first, adam.second)} == {np.dtype(np.float32)}
    np.testing.assert_allclose(adam._weights["w"], 0.99, rtol=1e-5)


def test_clipping_is_by_the_norm_of_all_gradients_together() -> None:
    parts = [np.array([[3.0, 0.0]]), np.array([0.0, 4.0]), np.array([12.0])]
    norm, factor = clip_factor(np, parts, largest=6.5)
    assert norm == pytest.approx(13)
    assert factor == pytest.approx(0.5)
    assert clip_factor(np, parts, largest=13.1)[1] == 1.0
    assert clip_factor(np, [np.zeros(3)], largest=1.0) == (0.0, 1.0)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_norm_that_is_no_number_is_told(bad: float) -> None:
    norm, _ = clip_factor(np, [np.ones(3), np.array([1.0, bad])], largest=1.0)
    assert not math.isfinite(norm)


def test_the_learning_rate_rises_from_nothing_and_falls_to_nothing() -> None:
    assert learning_rate(0.2, 0.0, 0.1) == 0
    assert learning_rate(0.2, 0.05, 0.1) == pytest.approx(0.1)
    assert learning_rate(0.2, 0.1, 0.1) == pytest.approx(0.2)
    assert learning_rate(0.2, 0.55, 0.1) == pytest.approx(0.1)
    assert learning_rate(0.2, 1.0, 0.1) == pytest.approx(0, abs=1e-15)
    assert learning_rate(0.2, 1.5, 0.1) == pytest.approx(0, abs=1e-15)
    assert learning_rate(0.2, 0.0, 0.0) == pytest.approx(0.2)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.99))
def test_the_learning_rate_has_one_peak(a: float, b: float, warm_up: float) -> None:
    low, high = sorted((a, b))
    first, second = learning_rate(1.0, low, warm_up), learning_rate(1.0, high, warm_up)
    assert 0 <= first <= 1 and 0 <= second <= 1
    if high <= warm_up:
        assert first <= second
    if low >= warm_up:
        assert first >= second
