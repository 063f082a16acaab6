"""Perplexity against one token after the other through the steps of serving."""

from collections.abc import Callable

import numpy as np
import pytest

from model.arrays import to_host
from model.nn import perplexity as module
from model.nn.network import Network
from model.nn.perplexity import perplexity, token_losses
from model.text.vocabulary import Vocabulary

MakeNetwork = Callable[..., Network]


def a_vocabulary() -> Vocabulary:
    return Vocabulary.from_counts({".": 5}, {f"w{chr(97 + i)}": 9 - i for i in range(9)}, {})


def step_by_step(network: Network, ids: np.ndarray[tuple[int], np.dtype[np.int64]], steps: int) -> list[float]:
    """−ln P of each token after ``steps`` of the tokens before it and those of its own block."""
    losses = []
    for i, after in enumerate(ids[1:]):
        state = network.zero_state(1)
        for now in ids[max(0, i // steps - 1) * steps : i + 1]:
            state = network.step(np.array([now]), state)
        logits = network.logits(network.project(state))[0]
        losses.append(float(np.log(np.exp(logits).sum()) - logits[after]))
    return losses


@pytest.mark.parametrize("cell", ["rnn", "lstm", "lstmp", "gru"])
@pytest.mark.parametrize("n", [1, 5, 17, 40, 100])
def test_every_token_is_predicted_from_those_before_it(
    cell: str, n: int, make_network: MakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LANES", 4)
    monkeypatch.setattr(module, "STEPS", 3)
    network = make_network(a_vocabulary(), cell, np.float64)
    ids = np.random.default_rng(n).integers(0, len(a_vocabulary()), n + 1)
    losses = token_losses(network, ids)
    assert losses.shape == (n,)
    np.testing.assert_allclose(losses, step_by_step(network, ids, steps=3), rtol=1e-9)


def test_ids_may_be_of_the_small_type_they_are_stored_in(make_network: MakeNetwork) -> None:
    network = make_network(a_vocabulary())
    ids = np.arange(12, dtype=np.uint16)
    np.testing.assert_array_equal(token_losses(network, ids), token_losses(network, ids.astype(np.int64)))


def test_a_network_that_knows_nothing_is_as_perplexed_as_there_are_tokens(make_network: MakeNetwork) -> None:
    network = make_network(a_vocabulary())
    for name in ("embedding", "bias"):
        network.weights[name][:] = 0
    V = len(a_vocabulary())
    assert perplexity(token_losses(network, np.arange(V))) == pytest.approx(V, rel=1e-6)


def test_perplexity_is_the_geometric_mean() -> None:
    assert perplexity(np.log([2.0, 8.0])) == pytest.approx(4)


def test_numpy_arrays_are_on_the_host_already() -> None:
    array = np.ones(3)
    assert to_host(array) is array
