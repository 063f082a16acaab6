"""Vocabularies of a service with two workers: what one takes, the other has soon, and both after a reload."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.app.http.test_keys import ADMIN, bearer
from tests.app.running import Running, ready, wait_until

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that can fork")


@pytest.fixture
def running(tiny_folder: Path, tmp_path: Path) -> Iterator[Running]:
    running = Running(tiny_folder, "--database", f"sqlite:///{tmp_path}/test.db", "--vocabularies", "products")
    try:
        yield ready(running)
    finally:
        running.process.terminate()
        running.end()
        assert running.process.stderr is not None
        running.process.stderr.close()


def offered(running: Running) -> set[str]:
    """What each worker offers, with the other one stopped: only that one can answer."""
    found = set()
    for stopped in running.pids:
        os.kill(stopped, signal.SIGSTOP)
        try:
            body = {"text": "zor", "fuzzy": False}
            answer = httpx.post(f"{running.address}/complete", json=body, timeout=60).json()
            found.add(", ".join(suggestion["text"] for suggestion in answer["suggestions"]))
        finally:
            os.kill(stopped, signal.SIGCONT)
    return found


def test_all_workers_follow_every_change(running: Running) -> None:
    with httpx.Client(base_url=running.address, timeout=60, headers=bearer(ADMIN)) as client:
        for text in ("Zorgon", "Zorbas"):
            assert client.put("/vocabularies/products", json={"entries": [{"text": text}]}).status_code == 200
            wait_until(lambda text=text: offered(running) == {text})  # type: ignore[misc]
        assert client.post("/models/reload").status_code == 200
        wait_until(lambda: len(running.pids) == 2)
        assert offered(running) == {"Zorbas"}
        client.delete("/vocabularies/products")
        wait_until(lambda: offered(running) == {""})
