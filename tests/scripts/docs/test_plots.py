"""The figures behind the plots of ``docs/how-it-works.md``."""

from pathlib import Path

import numpy as np
import pytest

from model.arrays import FloatArray, IntArray
from model.lm.language_model import LanguageModel
from model.nn.cells import Workspace
from model.nn.network import Network, NetworkConfig, initial_weights
from model.nn.softmax import cross_entropy
from scripts.docs import plots

T, B, V, H = 5, 2, 7, 4


def a_network(cell: str) -> Network:
    config = NetworkConfig(cell, V, embedding=3, hidden=H)
    return Network(config, initial_weights(config, np.full(V, -np.log(V)), seed=1, dtype=np.float64))


def last_loss(network: Network, ids: IntArray, state: FloatArray, target: IntArray) -> FloatArray:
    """The losses (B,) after reading ids from a state."""
    for row in ids:
        state = network.step(row, state)
    losses: FloatArray = cross_entropy(np, network.logits(network.project(state)), target)[0]
    return losses


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_gradient_norms_are_those_of_finite_differences(cell: str) -> None:
    network = a_network(cell)
    rng = np.random.default_rng(0)
    ids, target = rng.integers(0, V, (T, B)), rng.integers(0, V, B)
    state, small, norms = network.zero_state(B), 1e-6, []
    for t in range(T):
        state = network.step(ids[t], state)
        gradient = np.empty((B, H))
        for unit in range(H):
            losses = []
            for move in (small, -small):
                moved = state.copy()
                moved[:, unit] += move
                losses.append(last_loss(network, ids[t + 1 :], moved, target))
            gradient[:, unit] = (losses[0] - losses[1]) / (2 * small)
        norms.append(np.linalg.norm(gradient, axis=1))
    expected = np.array(norms) / norms[-1]
    np.testing.assert_allclose(plots.gradient_norms(network, ids, target), expected, rtol=1e-6)


def test_tokens_between_marks_are_flagged() -> None:
    assert plots.inside("(", ")", list("a(b)c")).tolist() == [0, 1, 1, 0, 0]
    assert plots.inside('"', '"', list('a"b"c')).tolist() == [0, 1, 1, 0, 0]


def test_units_are_those_that_go_with_a_property() -> None:
    forms = ["a", "(", "b", "c", ")", "d", '"', "e", '"', "f"]
    rng = np.random.default_rng(0)
    held = rng.normal(size=(len(forms), 9))
    held[:, 4] = -plots.inside("(", ")", forms)
    held[:, 7] = plots.inside('"', '"', forms)
    units = plots.choose_units([plots.Reading(forms, held)])
    best = {unit.property: unit for unit in reversed(units)}
    assert best["in brackets"].number == 4 and best["in brackets"].correlation == pytest.approx(-1)
    assert best["in quotes"].number == 7 and best["in quotes"].correlation == pytest.approx(1)


def test_a_reading_holds_what_the_network_holds(tiny_model: LanguageModel) -> None:
    reading = plots.read(tiny_model, "the dog eats")
    assert reading.forms == ["<start>", "the", "dog", "eats"]
    network = tiny_model.network
    ids = np.array(tiny_model.vocabulary.encode(reading.forms))
    X = network.weights["embedding"][ids][:, None]
    work = Workspace(np, np.float32)
    _, state = network.cell.forward(network.parameters, X, network.zero_state(1), work)
    np.testing.assert_allclose(reading.held[-1], np.tanh(state[0, network.config.hidden :]), rtol=1e-5)


def test_the_plots_are_small_files(tiny_model: LanguageModel, tmp_path: Path) -> None:
    plots.plot_gradients(tiny_model, tmp_path / "gradients.png")
    plots.plot_units(tiny_model, tmp_path / "units.png")
    for name in ("gradients.png", "units.png"):
        assert 1_000 < (tmp_path / name).stat().st_size < 100_000
        assert 1_000 < (plots.DOCS / "images" / name).stat().st_size < 100_000
