"""Training speed beside PyTorch, by turns in one process. ``python -m benchmarks.network.training``.

Both train the same network on the same ids: V tokens, an LSTM, the output tied to the embedding through a
projection, K sampled negatives that the whole batch shares, gradients clipped, Adam that moves only the rows
a batch touched. For PyTorch that is what makes it fastest on a CPU: nn.LSTM, fused Adam, and one small dense
matrix of the rows in use instead of its sparse tensors.
"""

import argparse
import importlib
import importlib.util
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.traffic.servers import machine
from model.arrays import array_module
from model.errors import UserError
from model.nn.network import Network, NetworkConfig, initial_weights
from model.nn.softmax import NegativeSampler
from model.text.encoding import id_type
from model.text.vocabulary import Vocabulary
from model.train.dataset import Dataset, Epoch
from model.train.trainer import Trainer, TrainingOptions

# Seconds for the threads of the one to fall asleep before the other is timed.
PAUSE = 0.5
RATE, CLIP = 2e-3, 1.0


class Setting(NamedTuple):
    """The sizes, as in the shipped model but for the batch; T and K are those of the training command."""

    V: int
    E: int
    H: int
    T: int
    K: int
    batch: int
    threads: int
    device: str
    steps: int
    rounds: int


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.network.training", description=__doc__.splitlines()[0])
    p.add_argument("--vocabulary", dest="V", type=int, default=32_000)
    p.add_argument("--embedding", dest="E", type=int, default=256)
    p.add_argument("--hidden", dest="H", type=int, default=512)
    p.add_argument("--length", dest="T", type=int, default=35)
    p.add_argument("--negatives", dest="K", type=int, default=1024)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    p.add_argument("--steps", type=int, default=15, help="training steps in a round")
    p.add_argument("--rounds", type=int, default=7, help="rounds of each that count")
    return p


def made_up_text(folder: Path, setting: Setting) -> Dataset:
    """Ids that are as unevenly frequent as words are (Zipf's law), prepared as a corpus is."""
    V = setting.V
    rank = np.random.default_rng(1).permutation(V - 4) + 1
    shares = np.concatenate([np.full(4, 1.0 / V), 1 / rank])
    shares /= shares.sum()
    counts = np.maximum(1, 5e7 * shares).astype(np.int64).tolist()
    vocabulary = Vocabulary.from_counts({}, {f"w{i:06}": n for i, n in enumerate(counts[4:])}, {})
    tokens = setting.batch * setting.T * setting.steps * (setting.rounds + 2)
    ids = np.random.default_rng(2).choice(V, tokens, p=shares).astype(id_type(V))
    ids.tofile(folder / "ids.bin")
    ids[:2].tofile(folder / "validation.bin")
    np.save(folder / "documents.npy", np.array([[0, tokens], [0, -1]], dtype=np.int64))
    (folder / "corpus.json").write_text(json.dumps({"weights": [1.0], "late_weights": [1.0]}))
    return Dataset(folder, vocabulary)


def network_of(setting: Setting, vocabulary: Vocabulary, xp: Any) -> Network:
    """Initial weights, the same for both."""
    config = NetworkConfig("lstm", setting.V, setting.E, setting.H)
    weights = initial_weights(config, vocabulary.log_unigrams(), seed=1)
    return Network(config, {name: xp.asarray(value) for name, value in weights.items()}, xp)


def ours(dataset: Dataset, setting: Setting) -> Iterator[float]:
    """The loss of step after step of the project's trainer."""
    xp = array_module(setting.device)
    options = TrainingOptions(
        batch=setting.batch, length=setting.T, negatives=setting.K, peak_rate=RATE, warm_up=0.0, clip=CLIP, epochs=1e6
    )
    network = network_of(setting, dataset.vocabulary, xp)
    for step in Trainer(dataset, network, options, setting.threads if xp is np else 1).steps():
        yield step.loss


def theirs(torch: Any, dataset: Dataset, setting: Setting) -> Iterator[float]:
    """The loss of step after step of the same training in PyTorch."""
    device = torch.device(setting.device)
    start = network_of(setting, dataset.vocabulary, np).weights
    tensor = {name: torch.tensor(value, device=device) for name, value in start.items()}
    lstm = torch.nn.LSTM(setting.E, setting.H).to(device)
    projection = torch.nn.Parameter(tensor["projection"])
    dense = [*lstm.parameters(), projection]
    adam = torch.optim.Adam(dense, lr=RATE, fused=True)
    tables = {name: RowTable(torch, tensor[name]) for name in ("embedding", "bias")}
    sampler = NegativeSampler(np, np.asarray(dataset.vocabulary.counts, dtype=np.float64), setting.K)
    rng = np.random.default_rng(1)
    while True:
        for inputs, targets in dataset.windows(Epoch(1, 0, False), setting.batch, setting.T, 0):
            negatives = sampler.draw(rng)
            host = np.concatenate([inputs.reshape(-1), targets.reshape(-1), negatives.ids])
            unique, where = torch.unique(torch.tensor(host, device=device), return_inverse=True)
            x, wanted, sampled = where.split([inputs.size, targets.size, setting.K])
            rows, bias = (tables[name].take(unique) for name in ("embedding", "bias"))
            log_expected = torch.tensor(negatives.log_expected[negatives.ids], device=device)

            X = torch.nn.functional.embedding(x.reshape(setting.T, setting.batch), rows)
            h, _ = lstm(X)
            p = h.reshape(-1, setting.H) @ projection
            z = torch.addmm(bias[sampled] - log_expected, p, torch.nn.functional.embedding(sampled, rows).T)
            z = z.masked_fill(wanted[:, None] == sampled, -torch.inf)
            of_target = (p * torch.nn.functional.embedding(wanted, rows)).sum(dim=1) + bias[wanted]
            logits = torch.cat([of_target[:, None], z], dim=1)
            loss = torch.nn.functional.cross_entropy(logits, torch.zeros_like(wanted))

            loss.backward()
            gradients = [w.grad for w in (*dense, rows, bias)]
            norms = torch._foreach_norm(gradients)
            factor = torch.clamp(CLIP / torch.linalg.vector_norm(torch.stack(norms)), max=1.0)
            torch._foreach_mul_(gradients, factor)
            adam.step()
            for name, leaf in (("embedding", rows), ("bias", bias)):
                tables[name].move(unique, leaf.grad, RATE)
            adam.zero_grad(set_to_none=True)
            yield float(loss.detach())


class RowTable:
    """A large array of which each step reads and moves a few rows, with Adam's moments of its own."""

    def __init__(self, torch: Any, weight: Any) -> None:
        self._torch, self._weight = torch, weight
        self._first, self._second = torch.zeros_like(weight), torch.zeros_like(weight)
        self._steps = 0

    def take(self, ids: Any) -> Any:
        """The rows as a small array that gradients are taken of."""
        return self._weight[ids].requires_grad_()

    def move(self, ids: Any, gradient: Any, rate: float) -> None:
        """Adam for these rows."""
        self._steps += 1
        first = self._first[ids].lerp_(gradient, 0.1)
        second = self._second[ids].mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        self._first.index_copy_(0, ids, first)
        self._second.index_copy_(0, ids, second)
        correction: float = (1 - 0.999**self._steps) ** 0.5
        moved = first.div_(second.sqrt_().add_(1e-8 * correction)).mul_(-rate * correction / (1 - 0.9**self._steps))
        self._weight.index_add_(0, ids, moved)


def timed(steps: Iterator[float], number: int) -> tuple[float, float]:
    """The seconds and the last loss of some steps."""
    time.sleep(PAUSE)
    begun = time.perf_counter()
    for _ in range(number):
        loss = next(steps)
    return time.perf_counter() - begun, loss


def pytorch(device: str) -> Any:
    """The module, or None with a note why it is left out."""
    if importlib.util.find_spec("torch") is None:
        print("PyTorch is not installed (the extra `torch`): only ours is measured.\n")
        return None
    torch = importlib.import_module("torch")
    if device == "cuda" and not torch.cuda.is_available():
        print("This PyTorch finds no GPU: only ours is measured.\n")
        return None
    return torch


def main(arguments: list[str] | None = None) -> None:
    """Measure and print a table: medians over rounds in which the two take turns."""
    setting = Setting(**vars(parser().parse_args(arguments)))
    try:
        array_module(setting.device)
    except UserError as error:
        raise SystemExit(f"error: {error}") from None
    torch = pytorch(setting.device)
    tokens = setting.batch * setting.T * setting.steps
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        runs: dict[str, Callable[[int], tuple[float, float]]] = {}
        our_steps = ours(made_up_text(Path(one), setting), setting)

        def run_ours(number: int) -> tuple[float, float]:
            # As the training command does it: threads of its own, one BLAS thread in each.
            with threadpool_limits(1, user_api="blas"):
                return timed(our_steps, number)

        runs["Tsuzuki"] = run_ours
        if torch:
            torch.set_num_threads(setting.threads)
            their_steps = theirs(torch, made_up_text(Path(other), setting), setting)
            runs[f"PyTorch {torch.__version__}"] = lambda number: timed(their_steps, number)

        for run in runs.values():
            run(3)  # warm up: memory, threads, the first epoch
        speeds: dict[str, list[float]] = {name: [] for name in runs}
        losses: dict[str, float] = {}
        for _ in range(setting.rounds):
            for name, run in runs.items():
                seconds, losses[name] = run(setting.steps)
                speeds[name].append(tokens / seconds)
        report(setting, speeds, losses)


def report(setting: Setting, speeds: dict[str, list[float]], losses: dict[str, float]) -> None:
    """The table, and how many times as fast ours is."""
    sizes = ", ".join(f"{name} = {getattr(setting, name):,}" for name in ("V", "E", "H", "T", "K"))
    where = f"{setting.threads} threads" if setting.device == "cpu" else f"on {setting.device}"
    print(f"{machine()}; {where}")
    print(
        f"LSTM, {sizes}, batch {setting.batch}, float32; medians of {setting.rounds} rounds of {setting.steps} steps\n"
    )
    print("| | tokens/s | slowest to fastest round | loss at the end |\n|---|---|---|---|")
    for name, rates in speeds.items():
        print(f"| {name} | {median(rates):,.0f} | {min(rates):,.0f} to {max(rates):,.0f} | {losses[name]:.3f} |")
    if len(speeds) == 2:
        first, second = (median(rates) for rates in speeds.values())
        print(f"\nTsuzuki trains {first / second:.2f} times as fast as PyTorch.")


if __name__ == "__main__":
    main()
