"""A network laid out for serving does what the trained one does."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.nn.inference import ROWS, BlockedMatrix, InferenceNetwork, LazyLogits
from tests.model.tiny_model import random_model

LAID_OUT = random_model().for_inference().network
V = LAID_OUT.config.vocabulary


@given(
    st.integers(0, 2 * ROWS + 3),
    st.integers(1, 40),
    st.integers(1, 200),
    st.sampled_from([np.float32, np.float64]),
    st.integers(0, 1000),
)
def test_a_product_in_blocks(rows: int, inner: int, columns: int, dtype: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, matrix = rng.normal(size=(rows, inner)).astype(dtype), rng.normal(size=(inner, columns)).astype(dtype)
    blocked = BlockedMatrix(matrix)
    tolerance = 1e-4 if dtype is np.float32 else 1e-12
    product = x @ blocked
    assert product.dtype == dtype and product.shape == (rows, columns)
    np.testing.assert_allclose(product, x @ matrix, atol=tolerance)
    memory = np.full((rows, blocked.width), np.nan, dtype)
    into = blocked.multiply(x, memory)
    assert into.base is memory or into is memory
    np.testing.assert_allclose(into, x @ matrix, atol=tolerance)
    places = rng.integers(columns, size=7)
    np.testing.assert_array_equal(blocked.columns(places), matrix[:, places].T)
    begin, end = sorted(rng.integers(columns + 1, size=2).tolist())
    some = blocked.multiply_columns(x, slice(begin, end))
    np.testing.assert_allclose(some, (x @ matrix)[:, begin:end], atol=tolerance)


def test_a_wide_matrix_is_cut_into_narrower_blocks() -> None:
    assert [BlockedMatrix(np.zeros((inner, 70), np.float32)).width for inner in (8, 5000)] == [128, 80]
    rng = np.random.default_rng(1)
    x, matrix = rng.normal(size=(3, 5000)), rng.normal(size=(5000, 70))
    np.testing.assert_allclose(x @ BlockedMatrix(matrix), x @ matrix, atol=1e-9)


@pytest.mark.parametrize("in_pairs", [True, False])
def test_a_row_alone_is_multiplied_as_a_row_among_others(monkeypatch: pytest.MonkeyPatch, in_pairs: bool) -> None:
    monkeypatch.setattr("model.nn.inference._prefers_pairs", lambda dtype: in_pairs)
    rng = np.random.default_rng(2)
    x, blocked = rng.normal(size=(5, 30)), BlockedMatrix(rng.normal(size=(30, 100)))
    np.testing.assert_allclose(x[2] @ blocked, (x @ blocked)[2], atol=1e-12)
    with pytest.raises(ValueError, match=r"(?i)dimension|shape|size"):
        rng.normal(size=(5, 31)) @ blocked


@pytest.mark.parametrize("cell", ["rnn", "lstm", "lstmp", "gru"])
def test_steps_and_logits_are_those_of_the_trained_network(cell: str) -> None:
    trained = random_model(cell=cell).network
    laid_out = InferenceNetwork(trained)
    V = trained.config.vocabulary
    rng = np.random.default_rng(3)
    state = trained.zero_state(4)
    np.testing.assert_array_equal(laid_out.zero_state(4), state)
    for _ in range(3):
        ids = rng.integers(V, size=4)
        after = trained.step(ids, state)
        np.testing.assert_allclose(laid_out.step(ids, state), after, atol=1e-6)
        state = after
    p = trained.project(state)
    np.testing.assert_allclose(laid_out.project(state), p, atol=1e-6)
    logits = trained.logits(p)
    np.testing.assert_allclose(laid_out.logits(p), logits, atol=1e-5)
    np.testing.assert_allclose(laid_out.logits(p[0]), logits[0], atol=1e-5)
    for network in (trained, laid_out):
        for parts in (1, 2, 3):
            memory = np.empty((4, network.output_width), p.dtype)
            for part in range(parts):
                network.write_logits(p, memory, part, parts)
                network.write_logits(p[:1], memory[:1], part, parts)
            np.testing.assert_allclose(memory[:, :V], logits, atol=1e-5)
        some = np.array([V - 1, 0, 2])
        np.testing.assert_allclose(network.logits(p[1], some), logits[1, some], atol=1e-5)
        for columns in (slice(1, V - 1), slice(2, 2), slice(None)):
            np.testing.assert_allclose(network.logits(p, columns), logits[:, columns], atol=1e-5)
            np.testing.assert_allclose(LazyLogits(network, p[1])[columns], logits[1, columns], atol=1e-5)


@given(st.lists(st.tuples(st.integers(0, V), st.integers(0, V)).map(sorted), min_size=2, max_size=4))
def test_slices_of_lazy_logits_one_after_the_other(slices: list[list[int]]) -> None:
    output = np.linspace(-1, 1, LAID_OUT.config.embedding, dtype=np.float32)
    logits, lazy = LAID_OUT.logits(output), LazyLogits(LAID_OUT, output)
    for begin, end in slices:
        np.testing.assert_allclose(lazy[begin:end], logits[begin:end], atol=1e-5)
        some = np.array([0, V - 1])
        np.testing.assert_allclose(lazy[some], logits[some], atol=1e-5)


def test_the_digest_stays() -> None:
    model = random_model()
    assert model.for_inference().network.digest() == model.network.digest() != random_model(2).network.digest()
