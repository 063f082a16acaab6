"""Serving at one connection: time to the first answer, memory, latency. ``python -m benchmarks.serving``."""

import argparse
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

from benchmarks.typing_trace import Keystroke, fresh_contexts, keystrokes, words_with_slips

ROUNDS = 3
CONTEXT_WORDS = 20


class Server(NamedTuple):
    """A running service: its address and process, and the seconds from its start to its first answer."""

    port: int
    process: subprocess.Popen[bytes]
    start_seconds: float

    def memory_mib(self) -> float:
        """Resident memory (Linux)."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return float("nan")


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_server() -> Iterator[Server]:
    """Start ``python -m app``, wait for its first suggestion, and end it with SIGTERM."""
    port = free_port()
    command = [sys.executable, "-m", "app", "--port", str(port)]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                ask(connection, Keystroke("/complete", "I would like an app"))
                break
            except ConnectionError:
                if process.poll() is not None or time.perf_counter() - begun > 60:
                    raise SystemExit("the server did not start; try: python -m app") from None
                time.sleep(0.005)
        connection.close()
        yield Server(port, process, time.perf_counter() - begun)
    finally:
        process.terminate()
        process.wait(20)


def ask(connection: http.client.HTTPConnection, keystroke: Keystroke) -> float:
    """Send one request and read its answer; the seconds it took."""
    body = json.dumps({"text": keystroke.text, "limit": 5, "fuzzy": keystroke.fuzzy})
    begun = time.perf_counter()
    connection.request("POST", keystroke.path, body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    seconds = time.perf_counter() - begun
    if response.status != 200:
        raise SystemExit(f"{keystroke.path}: {response.status} {answer[:200]!r}")
    return seconds


def latencies(port: int, requests: Iterable[Keystroke]) -> dict[str, list[float]]:
    """Milliseconds of each request over one kept connection, by endpoint."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    taken: dict[str, list[float]] = {}
    for keystroke in requests:
        taken.setdefault(keystroke.path, []).append(1000 * ask(connection, keystroke))
    connection.close()
    return taken


def machine() -> str:
    """The processor and how many cores may be used."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else 'unknown processor'}, {len(os.sched_getaffinity(0))} cores, NumPy {np.__version__}"


def main() -> None:
    """Measure and print a table; every figure is the median of several rounds, each with a new server."""
    argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__).parse_args()
    starts, memories = [], []
    quantiles: dict[str, list[tuple[float, float]]] = {}
    for _ in range(ROUNDS):
        with running_server() as server:
            starts.append(server.start_seconds)
            typed = latencies(server.port, keystrokes())
            cold = latencies(server.port, fresh_contexts(CONTEXT_WORDS))
            slips = latencies(server.port, words_with_slips())
            memories.append(server.memory_mib())
        # A new server: the first one's caches hold these contexts by now.
        with running_server() as server:
            literal = latencies(server.port, (keystroke._replace(fuzzy=False) for keystroke in keystrokes()))
        cases = {
            "/complete, as people type": typed["/complete"],
            "/complete, the same with `fuzzy=false`": literal["/complete"],
            "/complete, words with a slip never seen": slips["/complete"],
            "/next-word, as people type": typed["/next-word"],
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
