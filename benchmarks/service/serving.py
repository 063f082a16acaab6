"""Serving at one connection: time to the first answer, memory, latency. ``python -m benchmarks.service.serving``."""

import argparse
import http.client
from collections.abc import Iterable
from statistics import median

import numpy as np

from benchmarks.traffic.servers import ask, machine, running_server
from benchmarks.traffic.typing_trace import CONTEXT_WORDS, Keystroke, fresh_contexts, keystrokes, words_with_typos

ROUNDS = 3


def latencies(port: int, requests: Iterable[Keystroke]) -> dict[str, list[float]]:
    """Milliseconds of each request over one kept connection, by endpoint."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    taken: dict[str, list[float]] = {}
    for keystroke in requests:
        taken.setdefault(keystroke.path, []).append(1000 * ask(connection, keystroke))
    connection.close()
    return taken


def main(arguments: list[str] | None = None) -> None:
    """Measure and print a table; every figure is the median of several rounds, each with a new server."""
    argparse.ArgumentParser(prog="python -m benchmarks.service.serving", description=__doc__).parse_args(arguments)
    starts, memories = [], []
    quantiles: dict[str, list[tuple[float, float]]] = {}
    for _ in range(ROUNDS):
        with running_server() as server:
            starts.append(server.start_seconds)
            typed = latencies(server.port, keystrokes())
            cold = latencies(server.port, fresh_contexts())
            mistyped = latencies(server.port, words_with_typos())
            memories.append(server.memory() / 2**20)
        # A new server: the first one's caches hold these contexts by now.
        with running_server() as server:
            literal = latencies(server.port, (keystroke._replace(fuzzy=False) for keystroke in keystrokes()))
        with running_server() as server:
            phrases = latencies(server.port, (keystroke._replace(words=4) for keystroke in keystrokes()))
        cases = {
            "/complete, as people type": typed["/complete"],
            "/complete, the same with `fuzzy=false`": literal["/complete"],
            "/complete, the same with `words=4`": phrases["/complete"],
            "/complete, words with a typo never seen": mistyped["/complete"],
            "/next-word, as people type": typed["/next-word"],
            "/next-word, the same with `words=4`": phrases["/next-word"],
            f"/next-word, {CONTEXT_WORDS} words never seen": cold["/next-word"],
        }
        for case, times in cases.items():
            quantiles.setdefault(case, []).append((float(np.percentile(times, 50)), float(np.percentile(times, 99))))
    print(f"{machine()}; one connection, medians of {ROUNDS} rounds\n")
    print("| | p50 | p99 |\n|---|---|---|")
    for case, rounds in quantiles.items():
        p50, p99 = (median(figures) for figures in zip(*rounds, strict=True))
        print(f"| {case} | {p50:.2f} ms | {p99:.2f} ms |")
    print(f"\nprocess start to first answer: {median(starts):.2f} s; resident memory: {median(memories):.0f} MiB")


if __name__ == "__main__":
    main()
