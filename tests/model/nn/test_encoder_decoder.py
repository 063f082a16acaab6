"""Encoder, bridge, decoder and attention: every gradient against finite differences and PyTorch, and inference."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from model.arrays import FloatArray
from model.nn.attention import attend, attend_backward
from model.nn.backprop import NO_DROPOUT, Gradients, Masks, dropout_masks
from model.nn.cells import Workspace
from model.nn.encoder_decoder import EncoderDecoder, EncoderDecoderConfig, initial_pair_weights
from model.nn.pair_backprop import NO_TARGET, pair_gradients
from model.nn.softmax import NegativeSampler, RowGradient

NumericGradient = Callable[[Callable[[], float], FloatArray], FloatArray]

V, E, H, B = 9, 3, 4, 2
SCALE = 0.25
COUNTS = np.arange(V, 0, -1.0) ** 2
MESSAGE = np.array([[3, 5], [3, 1], [8, 5]])
INPUTS = np.array([[0, 0], [4, 3], [4, 8], [1, 5]])
# The second reply is shorter than the first.
TARGETS = np.array([[4, 3], [4, 8], [1, 0], [7, NO_TARGET]])

every_cell = pytest.mark.parametrize("cell", ["rnn", "lstm", "lstmp", "gru"])
with_and_without = pytest.mark.parametrize("attention", [False, True], ids=["plain", "attention"])


def a_network(cell: str, attention: bool) -> EncoderDecoder:
    config = EncoderDecoderConfig(cell, V, E, H, attention)
    network = EncoderDecoder(config, initial_pair_weights(config, np.log(COUNTS / COUNTS.sum()), 1, np.float64))
    rng = np.random.default_rng(5)
    for value in network.weights.values():
        # Larger than initial weights, so that no gradient is lost among rounding errors.
        value += rng.normal(0, 0.5, value.shape)
    return network


def dense(gradient: RowGradient, shape: tuple[int, ...]) -> FloatArray:
    whole: FloatArray = np.zeros(shape)
    whole[gradient.ids] = gradient.values
    return whole


def all_gradients(network: EncoderDecoder, result: Gradients) -> dict[str, FloatArray]:
    return result.dense | {name: dense(rows, network.weights[name].shape) for name, rows in result.rows.items()}


@every_cell
@with_and_without
@pytest.mark.parametrize("negatives", [0, 6], ids=["full", "sampled"])
@pytest.mark.parametrize("dropout", [False, True], ids=["whole", "dropout"])
def test_every_weight(
    cell: str, attention: bool, negatives: int, dropout: bool, numeric_gradient: NumericGradient
) -> None:
    network = a_network(cell, attention)
    masks = dropout_masks(network, np.random.default_rng(2), 0.4, B) if dropout else NO_DROPOUT
    sample = NegativeSampler(np, COUNTS, negatives).draw(np.random.default_rng(6)) if negatives else None
    work = Workspace(np, np.float64)

    def run() -> Gradients:
        return pair_gradients(network, MESSAGE, INPUTS, TARGETS, negatives=sample, scale=SCALE, work=work, masks=masks)

    found = {name: value.copy() for name, value in all_gradients(network, run()).items()}
    assert set(found) == set(network.weights)
    for name, weight in network.weights.items():
        expected = numeric_gradient(lambda: run().loss * SCALE, weight)
        assert np.abs(expected).max() > 1e-4, name
        np.testing.assert_allclose(found[name], expected, rtol=1e-5, atol=1e-8, err_msg=name)


@pytest.mark.parametrize(("T", "S"), [(1, 1), (3, 5)])
def test_attention_alone(T: int, S: int, numeric_gradient: NumericGradient) -> None:
    rng = np.random.default_rng(3)
    h, m, W, da = (rng.normal(size=shape) for shape in ((T, B, H), (S, B, H), (2 * H, H), (T, B, H)))
    kept = attend(np, h, m, W)
    np.testing.assert_allclose(kept.shares.sum(axis=2), 1)
    # The formula of the paper, a step and a sequence at a time.
    for t in range(T):
        for b in range(B):
            scores = np.array([h[t, b] @ m[s, b] for s in range(S)])
            alpha = np.exp(scores) / np.exp(scores).sum()
            c = sum(alpha[s] * m[s, b] for s in range(S))
            np.testing.assert_allclose(kept.output[t, b], np.tanh(np.concatenate([c, h[t, b]]) @ W), rtol=1e-10)

    def loss() -> float:
        return float((attend(np, h, m, W).output * da).sum())

    for found, array in zip(attend_backward(np, kept, da, W), (h, m, W), strict=True):
        np.testing.assert_allclose(found, numeric_gradient(loss, array), rtol=1e-6, atol=1e-8)


@every_cell
@with_and_without
def test_the_loss_is_that_of_serving(cell: str, attention: bool) -> None:
    network = a_network(cell, attention)
    result = pair_gradients(
        network, MESSAGE, INPUTS, TARGETS, negatives=None, scale=1.0, work=Workspace(np, np.float64)
    )
    message = network.encode(MESSAGE)
    state, loss = message.state, 0.0
    for inputs, targets in zip(INPUTS, TARGETS, strict=True):
        state = network.step(inputs, state)
        logits = network.logits(network.project_attending(state, message))
        losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(B), targets]
        loss += float(losses[targets != NO_TARGET].sum())
    assert result.loss == pytest.approx(loss, rel=1e-12)


@with_and_without
def test_a_new_bridge_hands_the_state_over(attention: bool) -> None:
    config = EncoderDecoderConfig("lstm", V, E, H, attention)
    network = EncoderDecoder(config, initial_pair_weights(config, np.zeros(V), 1, np.float64))
    state = network.zero_state(B)
    for ids in MESSAGE:
        z = network.weights["embedding"][ids] @ network.weights["encoder_W_in"] + network.weights["encoder_b"]
        state = network.cell.step(network.encoder_parameters, z, state)
    np.testing.assert_allclose(network.encode(MESSAGE).state, state)
    assert (network.weights["encoder_b"][H : 2 * H] == 1).all()


@pytest.mark.parametrize("cell", ["rnn", "lstm", "lstmp", "gru"])
@with_and_without
def test_pytorch_agrees(cell: str, attention: bool) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra `torch`)")
    network = a_network(cell, attention)
    masks = dropout_masks(network, np.random.default_rng(2), 0.4, B)
    result = pair_gradients(
        network,
        MESSAGE,
        INPUTS,
        TARGETS,
        negatives=None,
        scale=SCALE,
        work=Workspace(np, np.float64),
        masks=Masks(masks.embedding, masks.hidden),
    )
    w = {name: torch.tensor(value, requires_grad=True) for name, value in network.weights.items()}
    # PyTorch's order of the gates, given by the places of ours.
    order = {"rnn": [0], "lstm": [0, 1, 3, 2], "lstmp": [0, 1, 3, 2], "gru": [1, 0, 2]}[cell]

    def gates(name: str) -> Any:
        blocks = torch.chunk(w[name], len(order), dim=-1)
        return torch.cat([blocks[i] for i in order], dim=-1)

    def read(prefix: str, x: Any, begin: tuple[Any, ...] | None) -> tuple[Any, tuple[Any, ...]]:
        kind = {"rnn": "RNN", "lstm": "LSTM", "lstmp": "LSTM", "gru": "GRU"}[cell]
        module = getattr(torch.nn, kind)(E, H, **({"proj_size": E} if cell == "lstmp" else {})).double()
        own = {
            "weight_ih_l0": gates(f"{prefix}W_in").T,
            "weight_hh_l0": gates(f"{prefix}W_hidden").T,
            "bias_ih_l0": gates(f"{prefix}b"),
            "bias_hh_l0": torch.zeros(len(order) * H, dtype=torch.float64),
        }
        if cell == "lstmp":
            own["weight_hr_l0"] = w[f"{prefix}projection"].T
        arguments = (x,) if begin is None else (x, begin if len(begin) > 1 else begin[0])
        outputs, after = torch.func.functional_call(module, own, arguments)
        return outputs, after if isinstance(after, tuple) else (after,)

    embedding_mask, hidden_mask = torch.tensor(masks.embedding), torch.tensor(masks.hidden)
    m, after = read("encoder_", w["embedding"][torch.tensor(MESSAGE)] * embedding_mask, None)
    begin = torch.cat([part[0] for part in after], dim=1) @ w["bridge"] + w["bridge_bias"]
    sizes = [part.shape[2] for part in after]
    parts = tuple(part[None].contiguous() for part in torch.split(begin, sizes, dim=1))
    a, _ = read("", w["embedding"][torch.tensor(INPUTS)] * embedding_mask, parts)
    if attention:
        # (B, T, O) queries over (B, S, O): PyTorch's own attention, with the scores as they are.
        query, read_out = a.transpose(0, 1), m.transpose(0, 1)
        context = torch.nn.functional.scaled_dot_product_attention(query, read_out, read_out, scale=1.0)
        a = torch.tanh(torch.cat([context.transpose(0, 1), a], dim=2) @ w["attention"])
    a = a * hidden_mask
    p = a if cell == "lstmp" else a @ w["projection"]
    logits = p @ w["embedding"].T + w["bias"]
    loss = torch.nn.functional.cross_entropy(
        logits.reshape(-1, V), torch.tensor(TARGETS.reshape(-1)), ignore_index=NO_TARGET, reduction="sum"
    )
    (loss * SCALE).backward()
    assert result.loss == pytest.approx(float(loss.detach()), rel=1e-10)
    for name, gradient in all_gradients(network, result).items():
        np.testing.assert_allclose(gradient, w[name].grad.numpy(), rtol=1e-7, atol=1e-10, err_msg=name)
