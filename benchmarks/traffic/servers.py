"""The servers that are measured, each a process of its own, and the machine they run on."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.traffic.typing_trace import Keystroke


class Server(NamedTuple):
    """A running server: its address and process, and the seconds from its start to its first answer."""

    port: int
    process: subprocess.Popen[bytes]
    start_seconds: float

    def memory(self) -> int:
        """Bytes of resident memory (Linux)."""
        return self._status("VmRSS")

    def peak_memory(self) -> int:
        """The highest resident memory so far, in bytes."""
        return self._status("VmHWM")

    def _status(self, name: str) -> int:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def free_port() -> int:
    """Find a port that is free at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_server(module: str = "app", *options: str) -> Iterator[Server]:
    """Start ``python -m module``, wait for its first suggestion, and end it with SIGTERM."""
    port = free_port()
    command = [sys.executable, "-m", module, "--port", str(port), *options]
    begun = time.perf_counter()
    # Not the database of who measures.
    without = os.environ | {"TSUZUKI_DATABASE": "none"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=without)
    try:
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                ask(connection, Keystroke("/complete", "I would like an app"))
                break
            except ConnectionError:
                if process.poll() is not None or time.perf_counter() - begun > 60:
                    raise SystemExit(f"the server did not start; try: python -m {module}") from None
                time.sleep(0.005)
        connection.close()
        yield Server(port, process, time.perf_counter() - begun)
    finally:
        process.terminate()
        process.wait(20)


def body(keystroke: Keystroke) -> bytes:
    """The request's JSON."""
    asked = {"text": keystroke.text, "limit": 5, "fuzzy": keystroke.fuzzy}
    return json.dumps(asked if keystroke.words == 1 else asked | {"words": keystroke.words}).encode()


def ask(connection: http.client.HTTPConnection, keystroke: Keystroke) -> float:
    """Send one request and read its answer; the seconds it took."""
    begun = time.perf_counter()
    connection.request("POST", keystroke.path, body(keystroke), {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    seconds = time.perf_counter() - begun
    if response.status != 200:
        raise SystemExit(f"{keystroke.path}: {response.status} {answer[:200]!r}")
    return seconds


def machine() -> str:
    """The processor and how many cores may be used."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else 'unknown processor'}, {len(os.sched_getaffinity(0))} cores, NumPy {np.__version__}"
