"""Two workers, those of the service and uvicorn's own: ``python -m benchmarks.service.workers``.

Memory of each, and the requests that are lost where all are replaced (SIGHUP) or one is killed, both under load.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI

from app.main import create_app
from app.settings import read_settings
from benchmarks.traffic.servers import free_port, machine

CLIENTS = 6
TIMES = 2
_TEXTS = ("the dog eats a", "my cat", "a big world and the", "I am")


def uvicorn_app() -> FastAPI:
    """Make the app as uvicorn's workers do, each with models of its own and its share of the cache."""
    settings = read_settings()
    return create_app(settings.model_copy(update={"cache_megabytes": settings.cache_megabytes // 2}))


class Load:
    """Clients that ask without a pause, each over one connection, until ``stop``."""

    def __init__(self, port: int) -> None:
        self.answered, self.lost = [0] * CLIENTS, [0] * CLIENTS
        self._port, self._stopped = port, threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(i,)) for i in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> str:
        """End the clients; return how many requests were answered with 200, and how many were not."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        return f"{sum(self.lost)} of {sum(self.answered) + sum(self.lost):,}"

    def _ask(self, i: int) -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{self._port}", timeout=60) as client:
            while not self._stopped.is_set():
                text = f"{_TEXTS[self.answered[i] % 4]} {'the ' * (self.answered[i] % 7)}a"
                try:
                    right = client.post("/complete", json={"text": text}).status_code == 200
                except httpx.TransportError:
                    right = False
                self.answered[i] += right
                self.lost[i] += not right


def workers(parent: int) -> set[int]:
    """The processes of the workers; one that multiprocessing starts beside them is none."""
    found = set()
    for pid in map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split()):
        with suppress(FileNotFoundError):  # it has ended meanwhile
            if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.add(pid)
    return found


def private_megabytes(pid: int) -> float:
    """The memory that a process shares with no other."""
    fields = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(map(int, re.findall(r"^Private_\w+: +(\d+) kB$", fields, re.MULTILINE))) / 1024


def until(condition: Callable[[], bool]) -> float:
    """Wait for a condition; return the seconds that it took."""
    begun = time.perf_counter()
    while not condition():
        if time.perf_counter() - begun > 120:
            raise SystemExit("it took more than two minutes")
        time.sleep(0.02)
    return time.perf_counter() - begun


def is_ready(port: int) -> bool:
    """Tell whether the service answers."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200
    except httpx.TransportError:
        return False


def replaced(service: "subprocess.Popen[bytes]", old: set[int], number: signal.Signals) -> float:
    """Kill some workers, or have the service replace all; the seconds until there are two others in their place."""
    for pid in old if number == signal.SIGKILL else {service.pid}:
        os.kill(pid, number)
    return until(lambda: len(workers(service.pid)) == 2 and not workers(service.pid) & old)


def measured(command: list[str], port: int) -> list[str]:
    """Start a service with two workers and measure it; the cells of its column."""
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        start = until(lambda: is_ready(port))
        until(lambda: len(workers(process.pid)) == 2)
        load = Load(port)
        time.sleep(5)
        private = sorted(map(private_megabytes, workers(process.pid)))
        load.stop()
        load = Load(port)
        reload_seconds = max(replaced(process, workers(process.pid), signal.SIGHUP) for _ in range(TIMES))
        reloaded = load.stop()
        load = Load(port)
        for _ in range(TIMES):
            time.sleep(2)
            replaced(process, {min(workers(process.pid))}, signal.SIGKILL)
        time.sleep(2)
        return [
            f"{start:.1f} s",
            " and ".join(f"{megabytes:.0f} MB" for megabytes in private),
            f"{reload_seconds:.1f} s",
            reloaded,
            load.stop(),
        ]
    finally:
        process.terminate()
        process.wait(60)


def main(arguments: list[str] | None = None) -> None:
    """Measure both and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service.workers", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, help="only serve, with uvicorn's workers")
    options = parser.parse_args(arguments)
    if options.port is not None:
        uvicorn.run(
            "benchmarks.service.workers:uvicorn_app",
            factory=True,
            port=options.port,
            workers=2,
            access_log=False,
            ws="none",
            timeout_graceful_shutdown=5,
            # With the usual 5 s no reload succeeds under load: it takes longer to load the models.
            timeout_worker_healthcheck=60,
        )
        return
    port = free_port()
    ours = measured(["-m", "app", "--workers", "2", "--port", str(port)], port)
    port = free_port()
    theirs = measured(["-m", "benchmarks.service.workers", "--port", str(port)], port)
    rows = [
        "start to ready",
        "memory of its own of each worker, under load",
        f"all workers replaced, the slower of {TIMES} reloads",
        f"requests lost over {TIMES} reloads",
        f"requests lost over {TIMES} workers killed (SIGKILL)",
    ]
    print(f"{machine()}; two workers, {CLIENTS} clients\n\n| | ours | uvicorn's own |\n|---|---|---|")
    for row, own, other in zip(rows, ours, theirs, strict=True):
        print(f"| {row} | {own} | {other} |")


if __name__ == "__main__":
    main()
