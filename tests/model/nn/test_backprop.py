"""The whole network's gradients against finite differences: every weight, both kinds of softmax, dropout."""

from collections.abc import Callable

import numpy as np
import pytest

from model.arrays import Array, FloatArray, IntArray
from model.nn.backprop import NO_DROPOUT, Gradients, Masks, dropout_masks, gradients, sum_rows
from model.nn.cells import Workspace
from model.nn.network import Network, NetworkConfig, initial_weights
from model.nn.softmax import Negatives, NegativeSampler, RowGradient

NumericGradient = Callable[[Callable[[], float], FloatArray], FloatArray]

V, E, H, B = 9, 3, 4, 2
SCALE = 0.25
COUNTS = np.arange(V, 0, -1.0) ** 2

every_cell = pytest.mark.parametrize("cell", ["rnn", "lstm", "lstmp", "gru"])


def a_network(cell: str) -> Network:
    network = Network(*_config_and_weights(cell))
    rng = np.random.default_rng(5)
    for value in network.weights.values():
        # Larger than initial weights, so that no gradient is lost among rounding errors.
        value += rng.normal(0, 0.5, value.shape)
    return network


def _config_and_weights(cell: str) -> tuple[NetworkConfig, dict[str, Array]]:
    config = NetworkConfig(cell, V, E, H)
    return config, initial_weights(config, np.log(COUNTS / COUNTS.sum()), 1, np.float64)


def some_text(T: int) -> tuple[IntArray, IntArray]:
    """Ids and targets (T, B); with T > 1 some stand several times, and among the targets too."""
    ids = np.resize([[3, 5], [3, 1], [0, 3], [8, 5]], (T, B)).astype(np.int64)
    targets = np.resize([[3, 1], [0, 3], [8, 5], [3, 3]], (T, B)).astype(np.int64)
    return ids, targets


def some_masks(cell: str) -> Masks:
    masks = dropout_masks(a_network(cell), np.random.default_rng(2), 0.4, B)
    assert masks.embedding is not None and masks.hidden is not None
    # Both kinds must occur, or the test tests nothing.
    for mask in (masks.embedding, masks.hidden):
        assert 0 < (mask == 0).sum() < mask.size
    return masks


def dense(gradient: RowGradient, shape: tuple[int, ...]) -> FloatArray:
    """The rows in the array that they belong to."""
    assert len(np.unique(gradient.ids)) == len(gradient.ids)
    whole: FloatArray = np.zeros(shape)
    whole[gradient.ids] = gradient.values
    return whole


@every_cell
@pytest.mark.parametrize("T", [1, 4])
@pytest.mark.parametrize("negatives", [0, 6], ids=["full", "sampled"])
@pytest.mark.parametrize("dropout", [False, True], ids=["whole", "dropout"])
def test_every_weight(cell: str, T: int, negatives: int, dropout: bool, numeric_gradient: NumericGradient) -> None:
    masks = some_masks(cell) if dropout else NO_DROPOUT
    network = a_network(cell)
    ids, targets = some_text(T)
    state = np.random.default_rng(4).uniform(-1, 1, network.zero_state(B).shape)
    sample = NegativeSampler(np, COUNTS, negatives).draw(np.random.default_rng(6)) if negatives else None

    def run() -> Gradients:
        return gradients(
            network, ids, targets, state, negatives=sample, scale=SCALE, work=Workspace(np, np.float64), masks=masks
        )

    result = run()
    found = result.dense | {name: dense(rows, network.weights[name].shape) for name, rows in result.rows.items()}
    assert set(found) == set(network.weights)
    for name, weight in network.weights.items():
        expected = numeric_gradient(lambda: run().loss * SCALE, weight)
        assert np.abs(expected).max() > 1e-4, name
        np.testing.assert_allclose(found[name], expected, rtol=1e-6, atol=1e-8, err_msg=name)


@every_cell
def test_loss_and_state_come_from_the_steps_of_serving(cell: str) -> None:
    network = a_network(cell)
    ids, targets = some_text(4)
    result = gradients(
        network, ids, targets, network.zero_state(B), negatives=None, scale=1.0, work=Workspace(np, np.float64)
    )
    state, loss = network.zero_state(B), 0.0
    for t in range(4):
        state = network.step(ids[t], state)
        logits = network.logits(network.project(state))
        loss += float((np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(B), targets[t]]).sum())
    assert result.loss == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(result.state, state, rtol=1e-12)


def test_only_the_rows_of_the_batch_are_touched() -> None:
    network = a_network("lstm")
    ids, targets = np.array([[2, 2]]), np.array([[4, 2]])
    sample = Negatives(np.array([7, 7]), NegativeSampler(np, COUNTS, 2).draw(np.random.default_rng(1)).log_expected)
    result = gradients(
        network, ids, targets, network.zero_state(B), negatives=sample, scale=1.0, work=Workspace(np, np.float64)
    )
    assert result.rows["embedding"].ids.tolist() == [2, 4, 7]
    assert result.rows["bias"].ids.tolist() == [2, 4, 7]


def test_the_gradient_is_that_of_the_scaled_loss_and_the_loss_is_not_scaled() -> None:
    network = a_network("gru")
    ids, targets = some_text(3)
    one, half = (
        gradients(
            network, ids, targets, network.zero_state(B), negatives=None, scale=scale, work=Workspace(np, np.float64)
        )
        for scale in (1.0, 0.5)
    )
    assert one.loss == half.loss
    for name in one.dense:
        np.testing.assert_allclose(half.dense[name], one.dense[name] / 2, rtol=1e-12)
    np.testing.assert_allclose(half.rows["bias"].values, one.rows["bias"].values / 2, rtol=1e-12)


def test_weights_and_inputs_stay_as_they_are() -> None:
    network = a_network("lstm")
    ids, targets = some_text(4)
    state = network.zero_state(B) + 0.5
    masks = some_masks("lstm")
    before = [a.copy() for a in (*network.weights.values(), ids, targets, state, *masks)]
    sample = NegativeSampler(np, COUNTS, 3).draw(np.random.default_rng(1))
    gradients(network, ids, targets, state, negatives=sample, scale=1.0, work=Workspace(np, np.float64), masks=masks)
    for array, kept in zip((*network.weights.values(), ids, targets, state, *masks), before, strict=True):
        np.testing.assert_array_equal(array, kept)


def test_rows_of_the_same_id_are_added_up() -> None:
    parts = [
        RowGradient(np.array([4, 1, 4]), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])),
        RowGradient(np.array([1, 0]), np.array([[10.0, 20.0], [7.0, 8.0]])),
    ]
    total = sum_rows(np, parts)
    assert total.ids.tolist() == [0, 1, 4]
    assert total.values.tolist() == [[7, 8], [13, 24], [6, 8]]
    single = sum_rows(np, [RowGradient(np.array([2, 0, 2]), np.array([1.0, 2.0, 4.0]))])
    assert single.ids.tolist() == [0, 2]
    assert single.values.tolist() == [2, 5]


def test_dropout_leaves_out_its_share_and_scales_the_rest() -> None:
    config = NetworkConfig("rnn", V, embedding=50, hidden=30)
    network = Network(config, initial_weights(config, np.zeros(V), 1))
    masks = dropout_masks(network, np.random.default_rng(1), 0.25, 200)
    assert masks.embedding is not None and masks.hidden is not None
    assert masks.embedding.shape == (200, 50) and masks.hidden.shape == (200, 30)
    for mask in (masks.embedding, masks.hidden):
        assert mask.dtype == np.float32
        np.testing.assert_allclose(np.unique(mask), [0, 1 / 0.75], rtol=1e-6)
        assert (mask == 0).mean() == pytest.approx(0.25, abs=0.02)
        assert mask.mean() == pytest.approx(1, abs=0.03)
    assert dropout_masks(network, np.random.default_rng(1), 0, 200) == NO_DROPOUT


def test_dropout_leaves_out_the_same_units_at_every_time_step() -> None:
    network = a_network("rnn")
    ids, targets = some_text(4)
    # With these units gone, nothing may depend on their columns of the weights.
    masks = Masks(np.array([[1.0, 0, 1]] * B), np.array([[1.0, 1, 0, 1]] * B))
    result = gradients(
        network,
        ids,
        targets,
        network.zero_state(B),
        negatives=None,
        scale=1.0,
        work=Workspace(np, np.float64),
        masks=masks,
    )
    assert np.abs(result.dense["W_in"][1]).max() == 0 < np.abs(result.dense["W_in"][[0, 2]]).min()
    assert np.abs(result.dense["projection"][2]).max() == 0 < np.abs(result.dense["projection"][[0, 1, 3]]).min()
