"""A new context through the network, inputs one by one or ahead: ``python -m benchmarks.network.prefill``.

For the cells that a service may have, with random weights of the shipped sizes, one thread.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.traffic.servers import machine
from model.arrays import Array, IntArray
from model.nn.inference import InferenceNetwork
from model.nn.network import Network, NetworkConfig, initial_weights

V, E, TOKENS = 32_000, 256, 20
NETWORKS = (("lstm", 512), ("lstmp", 1024), ("gru", 512))


def one_by_one(network: Network, ids: IntArray) -> Array:
    state = network.zero_state(1)
    for id_ in ids:
        state = network.step(np.array([id_]), state)
    return network.project(state)


def ahead(network: Network, ids: IntArray) -> Array:
    state = network.zero_state(1)
    for inputs in network.inputs(ids):
        state = network.step_on(inputs[None], state)
    return network.project(state)


def output(network: Network, ids: IntArray) -> Array:
    """The product with the whole output layer alone."""
    return network.logits(network.project(network.zero_state(1)))


WAYS: dict[str, Callable[[Network, IntArray], Array]] = {
    "one by one": one_by_one,
    "inputs ahead": ahead,
    "output layer": output,
}


def made(cell: str, hidden: int) -> InferenceNetwork:
    config = NetworkConfig(cell, V, E, hidden)
    return InferenceNetwork(Network(config, initial_weights(config, np.zeros(V, np.float32), seed=1)))


def main() -> None:
    p = argparse.ArgumentParser(prog="python -m benchmarks.network.prefill", description=__doc__.splitlines()[0])
    p.add_argument("--rounds", type=int, default=40)
    options = p.parse_args()
    rng = np.random.default_rng(1)
    with threadpool_limits(1):
        networks = {f"{cell}, H = {hidden}": made(cell, hidden) for cell, hidden in NETWORKS}
        times: dict[tuple[str, str], list[float]] = {(name, way): [] for name in networks for way in WAYS}
        for _ in range(options.rounds):
            ids = rng.integers(0, V, TOKENS)
            for name, network in networks.items():
                np.testing.assert_allclose(one_by_one(network, ids), ahead(network, ids), atol=1e-5)
                for way, run in WAYS.items():
                    begun = time.perf_counter()
                    run(network, ids)
                    times[name, way].append(1000 * (time.perf_counter() - begun))
    print(f"{machine()}; one thread, {TOKENS} tokens, medians of {options.rounds} rounds\n")
    print("| ms | " + " | ".join(WAYS) + " |\n|---|" + "---|" * len(WAYS))
    for name in networks:
        print(f"| {name} | " + " | ".join(f"{median(times[name, way]):.2f}" for way in WAYS) + " |")


if __name__ == "__main__":
    main()
