"""Training on another array module than NumPy: on one that has CuPy's names only, and on a GPU where there is one.

What is computed on the stand-in must equal NumPy's to the last bit, for it is NumPy that computes it.
"""

import itertools
import operator
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from model.arrays import to_host
from model.nn.network import Network
from model.nn.perplexity import token_losses
from model.train.__main__ import main
from model.train.checkpoint import load_checkpoint, save_checkpoint
from model.train.dataset import Dataset
from model.train.trainer import Trainer, TrainingOptions
from tests.model.nn.cupy_stand_in import DeviceArray, cupy

MakeDataset = Callable[[str], Dataset]
MakeNetwork = Callable[..., Network]

OPTIONS = TrainingOptions(batch=4, length=7, negatives=15, dropout=0.2, peak_rate=0.01, clip=0.2)


def on(xp: Any, network: Network) -> Network:
    """The network with its weights on the device."""
    return Network(network.config, {name: xp.asarray(value) for name, value in network.weights.items()}, xp)


def train(dataset: Dataset, network: Network, options: TrainingOptions, steps: int) -> tuple[Trainer, list[float]]:
    trainer = Trainer(dataset, network, options, threads=1)
    return trainer, [step.loss for step in itertools.islice(trainer.steps(), steps)]


def assert_same(trainer: Trainer, other: Trainer, relative: float = 0) -> None:
    ours, theirs = trainer.arrays(), other.arrays()
    assert set(ours) == set(theirs)
    for name in ours:
        a, b = to_host(ours[name]), to_host(theirs[name])
        assert a.dtype == b.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=relative, atol=relative, err_msg=name)


@pytest.mark.parametrize(
    ("cell", "negatives", "dropout"), [("rnn", 15, 0.2), ("lstm", 15, 0.2), ("gru", 15, 0.2), ("lstm", 0, 0.0)]
)
def test_training_uses_only_what_cupy_has(
    cell: str, negatives: int, dropout: float, make_dataset: MakeDataset, make_network: MakeNetwork
) -> None:
    options = TrainingOptions(**{**vars(OPTIONS), "negatives": negatives, "dropout": dropout})
    trainers, losses = [], []
    for xp in (np, cupy):
        dataset = make_dataset(xp.__name__)
        trainer, loss = train(dataset, on(xp, make_network(dataset.vocabulary, cell)), options, steps=12)
        trainers.append(trainer)
        losses.append(loss)
    assert losses[0] == losses[1]
    assert isinstance(trainers[1].network.weights["embedding"], DeviceArray)
    assert_same(trainers[0], trainers[1])


def test_perplexity_uses_only_what_cupy_has(make_dataset: MakeDataset, make_network: MakeNetwork) -> None:
    dataset = make_dataset("corpus")
    network = make_network(dataset.vocabulary)
    losses = [token_losses(on(xp, network), dataset.validation) for xp in (np, cupy)]
    assert isinstance(losses[1], np.ndarray)
    np.testing.assert_array_equal(losses[0], losses[1])


def test_a_checkpoint_goes_from_one_module_to_the_other(
    make_dataset: MakeDataset, make_network: MakeNetwork, tmp_path: Path
) -> None:
    dataset = make_dataset("corpus")
    network = make_network(dataset.vocabulary)
    begun, _ = train(dataset, on(cupy, network), OPTIONS, steps=5)
    save_checkpoint(tmp_path, begun.arrays(), begun.position())
    arrays, position = load_checkpoint(tmp_path)
    for xp in (np, cupy):
        resumed = Trainer(dataset, on(xp, network), OPTIONS, threads=1)
        resumed.restore(arrays, position)
        assert_same(resumed, begun)
        assert resumed.position() == begun.position()


@pytest.mark.usefixtures("one_process")
def test_the_command_trains_on_the_device(toy_text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setattr("model.train.run.plot_learning_curve", lambda folder: None)
    (tmp_path / "toy.txt").write_text(toy_text, "utf-8")
    sizes = ["--embedding=4", "--hidden=6", "--batch=4", "--length=8", "--negatives=8", "--validation-tokens=50"]
    for device in ("cpu", "cuda"):
        out = str(tmp_path / device)
        assert (
            main([str(tmp_path / "toy.txt"), "--out", out, *sizes, "--threads=1", "--epochs=0.2", "--device", device])
            == 0
        )
    weights = [(tmp_path / device / "weights.safetensors").read_bytes() for device in ("cpu", "cuda")]
    assert weights[0] == weights[1]
    # The position is not looked at: it counts seconds.
    assert main(["--out", str(tmp_path / "cuda"), "--resume", "--device", "cuda"]) == 0


def no_gpu() -> int:
    raise RuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected\nsecond line")


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (None, "cupy"),
        (SimpleNamespace(cuda=SimpleNamespace(runtime=SimpleNamespace(getDeviceCount=no_gpu))), "no CUDA-capable"),
    ],
    ids=["no CuPy", "no GPU"],
)
def test_a_missing_device_is_one_line(
    module: Any, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "cupy", module)
    assert main(["some.txt", "--out", str(tmp_path), "--device", "cuda"]) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: --device cuda") and reason in message
    assert message.count("\n") == 1


def test_on_a_real_gpu(make_dataset: MakeDataset, make_network: MakeNetwork) -> None:
    real: ModuleType = pytest.importorskip("cupy", reason="CuPy is not installed (the extra `cuda`)")
    try:
        real.cuda.runtime.getDeviceCount()
    except Exception as error:
        pytest.skip(f"no usable GPU: {error}")
    trainers = []
    for xp in (np, real):
        dataset = make_dataset(xp.__name__)
        trainers.append(train(dataset, on(xp, make_network(dataset.vocabulary)), OPTIONS, steps=12)[0])
    # Another order of additions, and of Adam's quotients of tiny numbers.
    assert_same(trainers[0], trainers[1], relative=0.01)


def test_the_stand_in_refuses_what_cupy_refuses() -> None:
    device, host = cupy.asarray(np.arange(6.0)), np.arange(6.0)
    with pytest.raises(AttributeError, match="memmap"):
        _ = cupy.memmap
    with pytest.raises(AttributeError, match="'at'"):
        _ = cupy.multiply.at
    with pytest.raises(AttributeError, match="resize"):
        device.resize(3)
    with pytest.raises(TypeError, match="does not know sorted"):
        cupy.unique(device, sorted=False)
    with pytest.raises(TypeError, match="does not know out"):
        cupy.einsum("n->n", device, out=device)
    for function in (operator.add, operator.mul, operator.matmul, operator.eq, cupy.add, np.add):
        for mix in ((device, host), (host, device)):
            with pytest.raises(TypeError):
                function(*mix)
    for convert in (np.asarray, np.ascontiguousarray, np.sqrt, np.isfinite):
        with pytest.raises(TypeError):
            convert(device)
    with pytest.raises(TypeError):
        host[:] = device
    with pytest.raises(TypeError):
        device[:] = host


def test_the_stand_in_computes_in_place_through_views() -> None:
    array = cupy.asarray(np.arange(6.0).reshape(2, 3))
    row = array[1]
    row *= 2
    cupy.add(row, 1, out=row)
    array[0][1:] -= 5
    np.testing.assert_array_equal(array.get(), [[0, -4, -3], [7, 9, 11]])
    assert float(array.sum()) == 20
    assert isinstance(array.sum(), DeviceArray)
