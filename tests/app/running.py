"""A service with workers as real processes, and clients that load it."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.http.test_keys import ADMIN
from tests.app.metrics.test_metrics import parsed

TEXTS = ["the dog eats a", "my cat", "a big world and the", "I am"]


class Running:
    """A service with two workers, and what it logs."""

    def __init__(self, models: Path, *options: str, command: tuple[str, ...] = ("-m", "app")) -> None:
        given = ["--port", "0", "--workers", "2", "--admin-keys", ADMIN, "--models", f"mine={models}", *options]
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", *command, *given], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.log: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            self.log.extend(map(json.loads, lines))

    def logged(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.log if line["message"].startswith(message)]

    def wait_for(self, message: str, times: int = 1) -> list[dict[str, Any]]:
        """The lines with this message, once there are so many."""
        wait_until(lambda: len(self.logged(message)) >= times or self.process.poll() is not None)
        return self.logged(message)

    @property
    def address(self) -> str:
        return str(self.wait_for("Uvicorn running on ")[0]["message"].split()[-1])

    @property
    def pids(self) -> list[int]:
        """The processes of the workers, old ones that are about to end among them."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def figure(self, name: str, **labels: str) -> float:
        return parsed(httpx.get(f"{self.address}/metrics", timeout=60).text).get((name, frozenset(labels.items())), 0)

    def end(self) -> tuple[int, str]:
        """Exit status and standard error, once it has ended."""
        status = self.process.wait(60)
        self._reader.join()
        assert self.process.stderr is not None
        return status, self.process.stderr.read()


def wait_until(condition: Callable[[], bool]) -> None:
    """Look again and again; gives up where it will never be."""
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.02)
    pytest.fail("it did not come to that")


def ready(running: Running) -> Running:
    wait_until(lambda: running.figure("tsuzuki_workers") == 2)
    return running


class Load:
    """Clients that ask on and on, each on a connection that it keeps, until the ``with`` ends."""

    def __init__(self, running: Running, clients: int = 6) -> None:
        self.statuses: list[int] = []
        self.broken: list[httpx.TransportError] = []
        self._address, self._clients, self._stop = running.address, clients, threading.Event()

    def __enter__(self) -> "Load":
        self._pool = ThreadPoolExecutor(self._clients)
        self._tasks = [self._pool.submit(self._ask, i) for i in range(self._clients)]
        self.more()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown()
        for task in self._tasks:
            task.result()

    def more(self, answers: int = 100) -> None:
        """Wait for some more answers."""
        least = len(self.statuses) + answers
        wait_until(lambda: len(self.statuses) >= least)

    def _ask(self, i: int) -> None:
        with httpx.Client(base_url=self._address, timeout=60) as client:
            while not self._stop.is_set():
                i += 1
                try:
                    answer = client.post("/complete", json={"text": f"{TEXTS[i % 4]} {'the ' * (i % 7)}a"})
                    self.statuses.append(answer.status_code)
                except httpx.TransportError as error:
                    self.broken.append(error)
