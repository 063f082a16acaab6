"""The network alone beside ONNX Runtime and PyTorch: ``python -m benchmarks.network.networks``.

The same weights, one thread each: a token goes in, the LSTM with a projection makes a step, and the ten most probable
of all words come out. What is not installed (the extra ``compare``) is left out.
"""

import argparse
import importlib
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

import model
from benchmarks.checks import Check, print_checks
from benchmarks.traffic.servers import machine
from model.arrays import FloatArray, IntArray
from model.lm.storage import load_model
from model.nn.inference import InferenceNetwork
from model.nn.network import Network
from model.search.ranking import reached

MOST = 10
BATCHES = (1, 32)
# By turns, so that one that finds its input in the processor's cache has no advantage.
INPUTS = 8
# In the columns of our weights the gates are i, f, o, g; of PyTorch's i, f, g, o.
_TORCH_ORDER = (0, 1, 3, 2)


class Input(NamedTuple):
    """Token ids (B,) and the states before them: the output h (B, E) and the memory c (B, H)."""

    ids: IntArray
    h: FloatArray
    c: FloatArray


class Top(NamedTuple):
    """The best logits of each row, falling, and the ids that they belong to: both (B, 10)."""

    values: FloatArray
    ids: IntArray


# It gives h and c too, as a service needs them for the next token; whatever their type is.
Runner = Callable[[Input], tuple[Top, Any]]


def ours(network: Network) -> Runner:
    """The code of the service."""

    memory = np.empty((max(BATCHES), network.output_width), np.float32)

    def run(x: Input) -> tuple[Top, Any]:
        state = network.step(x.ids, np.concatenate((x.h, x.c), axis=1))
        logits = memory[: len(x.ids)]
        network.write_logits(network.project(state), logits)
        logits = logits[:, : network.config.vocabulary]
        found = np.stack([_largest(*row) for row in zip(logits, reached(logits, MOST), strict=True)])
        return Top(np.take_along_axis(logits, found, axis=1), found), state

    return run


def _largest(values: FloatArray, bound: FloatArray) -> IntArray:
    places = np.flatnonzero(values >= bound)
    best: IntArray = places[np.argsort(-values[places], kind="stable")[:MOST]]
    return best


def pytorch(network: Network) -> Runner:
    """PyTorch's own LSTM, which has a projection, and top-k."""
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)
    w, config = network.weights, network.config
    lstm = torch.nn.LSTM(config.embedding, config.hidden, proj_size=config.embedding)
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(torch.tensor(_gates(w["W_in"]).T))
        lstm.weight_hh_l0.copy_(torch.tensor(_gates(w["W_hidden"]).T))
        lstm.weight_hr_l0.copy_(torch.tensor(w["projection"].T))
        lstm.bias_ih_l0.copy_(torch.tensor(_gates(w["b"])))
        lstm.bias_hh_l0.zero_()
    embedding, bias = torch.tensor(w["embedding"]), torch.tensor(w["bias"])
    # Laid out anew: with the columns side by side the product of one row takes a third of the time.
    output = torch.tensor(w["embedding"].T.copy())

    def run(x: Input) -> tuple[Top, Any]:
        with torch.inference_mode():
            states = torch.from_numpy(x.h)[None], torch.from_numpy(x.c)[None]
            h, after = lstm(embedding[torch.from_numpy(x.ids)][None], states)
            best = torch.topk(torch.addmm(bias, h[0], output), MOST)
            return Top(best.values.numpy(), best.indices.numpy()), after

    return run


def onnx_runtime(network: Network) -> Runner:
    """A graph of ONNX's operators in ONNX Runtime; its LSTM has no projection, so the gates are written out."""
    runtime = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = runtime.InferenceSession(_graph(network), options, providers=["CPUExecutionProvider"])

    def run(x: Input) -> tuple[Top, Any]:
        values, ids, h, c = session.run(None, x._asdict())
        return Top(values, ids), (h, c)

    return run


def _graph(network: Network) -> bytes:
    onnx = importlib.import_module("onnx")
    helper, number, whole = onnx.helper, onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
    w, config = network.weights, network.config
    constants = {name: w[name] for name in ("embedding", "bias", "projection", "W_in", "W_hidden", "b")}
    constants["most"] = np.array([MOST], dtype=np.int64)
    nodes = [
        helper.make_node("Gather", ["embedding", "ids"], ["x"]),
        helper.make_node("Gemm", ["x", "W_in", "b"], ["z_in"]),
        helper.make_node("Gemm", ["h", "W_hidden", "z_in"], ["z"]),
        helper.make_node("Split", ["z"], ["z_i", "z_f", "z_o", "z_g"], axis=1),
        *(helper.make_node("Sigmoid", [f"z_{gate}"], [gate]) for gate in "ifo"),
        helper.make_node("Tanh", ["z_g"], ["g"]),
        helper.make_node("Mul", ["f", "c"], ["kept"]),
        helper.make_node("Mul", ["i", "g"], ["new"]),
        helper.make_node("Add", ["kept", "new"], ["c_after"]),
        helper.make_node("Tanh", ["c_after"], ["tanh_c"]),
        helper.make_node("Mul", ["o", "tanh_c"], ["inside"]),
        helper.make_node("MatMul", ["inside", "projection"], ["h_after"]),
        helper.make_node("Gemm", ["h_after", "embedding", "bias"], ["logits"], transB=1),
        helper.make_node("TopK", ["logits", "most"], ["values", "best"]),
    ]
    widths = {"h": config.embedding, "c": config.hidden}
    graph = helper.make_graph(
        nodes,
        "step",
        [helper.make_tensor_value_info("ids", whole, ["batch"])]
        + [helper.make_tensor_value_info(name, number, ["batch", width]) for name, width in widths.items()],
        [helper.make_tensor_value_info("values", number, ["batch", MOST])]
        + [helper.make_tensor_value_info("best", whole, ["batch", MOST])]
        + [helper.make_tensor_value_info(f"{name}_after", number, ["batch", width]) for name, width in widths.items()],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    # Versions that every ONNX Runtime of the last years reads.
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    serialized: bytes = made.SerializeToString()
    return serialized


def _gates(weights: FloatArray) -> FloatArray:
    """The columns with the gates in PyTorch's order."""
    parts = np.split(weights, 4, axis=-1)
    return np.concatenate([parts[i] for i in _TORCH_ORDER], axis=-1)


def inputs(network: Network, batch: int) -> list[Input]:
    """States as they are after some tokens."""
    rng = np.random.default_rng(1)
    state = network.zero_state(batch)
    found = []
    for _ in range(INPUTS):
        ids = rng.integers(network.config.vocabulary, size=batch)
        state = network.step(ids, state)
        h, c = np.split(state, [network.config.embedding], axis=1)
        found.append(Input(ids, np.ascontiguousarray(h), np.ascontiguousarray(c)))
    return found


def differ(one: Top, other: Top) -> bool:
    """Compare two results; true where the words differ. Those whose logits are as good as equal may change places."""
    close = bool(np.allclose(one.values, other.values, rtol=0, atol=1e-4))
    apart = np.abs(np.diff(one.values, axis=1)) > 2e-4
    edge = np.ones((len(apart), 1), bool)
    alone = np.hstack([edge, apart]) & np.hstack([apart, ~edge])
    return not close or bool((one.ids != other.ids)[alone].any())


def milliseconds(run: Runner, given: list[Input], calls: int) -> float:
    """Measure the mean time of a call."""
    begun = time.perf_counter()
    for i in range(calls):
        run(given[i % INPUTS])
    return 1000 * (time.perf_counter() - begun) / calls


def installed() -> dict[str, Callable[[Network], Runner]]:
    """Find what is installed, by name and version; prints a line about what is not."""
    found: dict[str, Callable[[Network], Runner]] = {"NumPy (Tsuzuki)": lambda network: ours(InferenceNetwork(network))}
    wanted = (("ONNX Runtime", ("onnxruntime", "onnx"), onnx_runtime), ("PyTorch", ("torch",), pytorch))
    for name, packages, make in wanted:
        try:
            module, *_ = [importlib.import_module(package) for package in packages]
        except ImportError as error:
            print(f"{name} is left out: {error.name} is not installed (the extra `compare`).\n")
        else:
            found[f"{name} {module.__version__}"] = make
    return found


def main(arguments: list[str] | None = None) -> None:
    """Compare the answers, then measure by turns; each figure is the median of the rounds."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.network.networks", description=__doc__.splitlines()[0])
    p.add_argument("--model", type=Path, default=Path(model.__file__).parent / "en")
    p.add_argument("--rounds", type=int, default=15)
    options = p.parse_args(arguments)
    network = load_model(options.model).network
    if network.config.cell != "lstmp":
        raise SystemExit(f"{options.model}: only an LSTM with a projection is compared")
    with threadpool_limits(1):
        runners = {name: make(network) for name, make in installed().items()}
        times: dict[int, dict[str, float]] = {}
        for batch in BATCHES:
            given = inputs(network, batch)
            expected = [runners["NumPy (Tsuzuki)"](x)[0] for x in given]
            for name, run in runners.items():
                if any(differ(one, run(x)[0]) for one, x in zip(expected, given, strict=True)):
                    raise SystemExit(f"{name} answers something else at batch {batch}")
            rounds = [
                {name: milliseconds(run, given, max(INPUTS, 64 // batch)) for name, run in runners.items()}
                for _ in range(options.rounds)
            ]
            times[batch] = {name: median(found[name] for found in rounds) for name in runners}
    report(network, times, options.rounds)


def report(network: Network, times: dict[int, dict[str, float]], rounds: int) -> None:
    """The table, and whether ours is no slower than the faster of the others."""
    V = network.config.vocabulary
    print(f"{machine()}; one thread each, a step and the top {MOST} of {V:,}, medians of {rounds} rounds\n")
    print("| | " + " | ".join(f"batch {batch}" for batch in times) + " |\n|---|" + "---|" * len(times))
    for name in times[BATCHES[0]]:
        print(f"| {name} | " + " | ".join(f"{found[name]:.2f} ms" for found in times.values()) + " |")
    print()
    checks = []
    for batch, found in times.items():
        mine, *others = found.values()
        if others:
            checks.append(Check(f"batch {batch}: time, of that of the faster of the others", mine / min(others), 1))
    if checks:
        print_checks(checks)


if __name__ == "__main__":
    main()
