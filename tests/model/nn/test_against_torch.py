"""Whole training steps beside PyTorch's autograd, torch.nn cells and torch.optim.Adam, in float64."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from model.arrays import Arrays, IntArray
from model.nn.backprop import dropout_masks
from model.nn.network import Network
from model.train.dataset import Dataset, Epoch
from model.train.trainer import Trainer, TrainingOptions

torch = pytest.importorskip("torch", reason="PyTorch is not installed (the extra `torch`)")

# PyTorch's order of the gates, given by the places of ours: i, f, g, o from i, f, o, g; r, z, n from z, r, n.
ORDER = {"rnn": [0], "lstm": [0, 1, 3, 2], "lstmp": [0, 1, 3, 2], "gru": [1, 0, 2]}
CELLS = {"rnn": "RNN", "lstm": "LSTM", "lstmp": "LSTM", "gru": "GRU"}


class Reference:
    """The same network in PyTorch, with a dense Adam over every weight."""

    def __init__(self, network: Network) -> None:
        self.cell = network.config.cell
        self.H = network.config.hidden
        kind = getattr(torch.nn, CELLS[self.cell])
        E = network.config.embedding
        self.projects = network.cell.projects
        self.recurrent = kind(E, self.H, **({"proj_size": E} if self.projects else {})).double()
        own = ("embedding", "bias") if self.projects else ("embedding", "projection", "bias")
        self.weights = {name: torch.nn.Parameter(torch.tensor(network.weights[name])) for name in own}
        with torch.no_grad():
            self.recurrent.weight_ih_l0.copy_(self.gates(network.weights["W_in"]).T)
            self.recurrent.weight_hh_l0.copy_(self.gates(network.weights["W_hidden"]).T)
            self.recurrent.bias_ih_l0.copy_(self.gates(network.weights["b"]))
            self.recurrent.bias_hh_l0.zero_()
            if self.projects:
                self.recurrent.weight_hr_l0.copy_(torch.tensor(network.weights["projection"]).T)
        # PyTorch has a second bias, which only repeats the first (in the GRU, almost).
        self.recurrent.bias_hh_l0.requires_grad_(False)
        self.parameters = [p for p in [*self.weights.values(), *self.recurrent.parameters()] if p.requires_grad]
        self.adam = torch.optim.Adam(self.parameters, lr=1.0, betas=(0.9, 0.999), eps=1e-8)

    def gates(self, ours: Any) -> Any:
        """The blocks of columns in PyTorch's order."""
        blocks = np.split(np.asarray(ours), len(ORDER[self.cell]), axis=-1)
        return torch.tensor(np.concatenate([blocks[i] for i in ORDER[self.cell]], axis=-1))

    def step(
        self, ids: IntArray, targets: IntArray, negatives: Any, masks: Any, clip: float, rate: float
    ) -> tuple[float, float]:
        """One training step; returns the mean loss and the norm of the gradient before it is clipped."""
        x = self.weights["embedding"][torch.tensor(ids)]
        if masks.embedding is not None:
            x = x * torch.tensor(masks.embedding)
        h, _ = self.recurrent(x)
        if masks.hidden is not None:
            h = h * torch.tensor(masks.hidden)
        p = (h if self.projects else h @ self.weights["projection"]).reshape(-1, self.weights["embedding"].shape[1])
        flat = torch.tensor(targets.reshape(-1))
        loss = self.sampled(p, flat, negatives) if negatives else self.full(p, flat)
        self.adam.zero_grad()
        loss.backward()
        norm = torch.nn.utils.get_total_norm([p.grad for p in self.parameters])
        for parameter in self.parameters:
            # Not clip_grad_norm_, which adds 1e-6 to the norm.
            parameter.grad *= min(1.0, clip / float(norm))
        self.adam.param_groups[0]["lr"] = rate
        self.adam.step()
        return float(loss.detach()), float(norm)

    def full(self, p: Any, targets: Any) -> Any:
        logits = p @ self.weights["embedding"].T + self.weights["bias"]
        return torch.nn.functional.cross_entropy(logits, targets)

    def sampled(self, p: Any, targets: Any, negatives: Any) -> Any:
        ids, log_expected = torch.tensor(negatives.ids), torch.tensor(negatives.log_expected)
        rows, bias = self.weights["embedding"], self.weights["bias"]
        wanted = (p * rows[targets]).sum(dim=1) + bias[targets]
        z = p @ rows[ids].T + bias[ids] - log_expected[ids]
        z = z.masked_fill(targets[:, None] == ids, -torch.inf)
        logits = torch.cat([wanted[:, None], z], dim=1)
        return torch.nn.functional.cross_entropy(logits, torch.zeros_like(targets))

    def as_ours(self) -> Arrays:
        projection = {"projection": self.recurrent.weight_hr_l0.detach().numpy().T} if self.projects else {}
        return (
            {name: p.detach().numpy() for name, p in self.weights.items()}
            | projection
            | {
                "W_in": self.recurrent.weight_ih_l0.detach().numpy().T,
                "W_hidden": self.recurrent.weight_hh_l0.detach().numpy().T,
                "b": self.recurrent.bias_ih_l0.detach().numpy(),
            }
        )


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Arrays of a few hundred numbers are no work to share."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# Where every row is touched in every step, Adam by rows is Adam: only then can several steps be compared.
@pytest.mark.parametrize(("negatives", "steps"), [(0, 4), (20, 1)], ids=["full", "sampled"])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "lstmp", "gru"])
def test_training_steps(
    cell: str,
    dropout: float,
    negatives: int,
    steps: int,
    make_dataset: Callable[[str], Dataset],
    make_network: Callable[..., Network],
) -> None:
    dataset = make_dataset("corpus")
    network = make_network(dataset.vocabulary, cell, np.float64)
    reference = Reference(network)
    options = TrainingOptions(
        batch=6, length=5, negatives=negatives, dropout=dropout, peak_rate=0.02, warm_up=0.0, clip=0.1
    )
    trainer = Trainer(dataset, network, options, threads=2)
    windows = dataset.windows(Epoch(options.seed, 0, False), options.batch, options.length, 0)
    for number, (ids, targets), step in zip(range(1, steps + 1), windows, trainer.steps(), strict=False):
        rng = np.random.default_rng([options.seed, number])
        sample = trainer.sampler.draw(rng) if trainer.sampler else None
        masks = dropout_masks(network, rng, dropout, options.batch)
        loss, norm = reference.step(ids, targets, sample, masks, options.clip, step.rate)
        assert norm > options.clip, "the gradient must be clipped here"
        assert step.loss == pytest.approx(loss, rel=1e-9)
        assert step.norm == pytest.approx(norm, rel=1e-6)
        for name, expected in reference.as_ours().items():
            mine = network.weights[name]
            if name in ("W_in", "W_hidden", "b"):
                mine = reference.gates(mine).numpy()
            np.testing.assert_allclose(mine, expected, rtol=1e-6, atol=1e-9, err_msg=f"{name}, step {number}")
    assert trainer.adam.steps == steps
