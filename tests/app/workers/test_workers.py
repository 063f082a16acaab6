"""Several workers, as real processes: one copy of the models, figures of all, and nothing lost when one ends."""

import json
import os
import re
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from urllib.parse import urlsplit

import httpx
import pytest

from tests.app.http.test_keys import ADMIN, bearer
from tests.app.inference.test_reload import damage, train_again
from tests.app.running import Load, Running, ready, wait_until

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that can fork")

MOST_MEGABYTES = 60


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_folder, tmp_path / "model"))


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Running]]:
    """Start a service; it ends with the test."""
    started: list[Running] = []

    def make(*options: str, models: Path = folder, command: tuple[str, ...] = ("-m", "app")) -> Running:
        started.append(Running(models, *options, command=command))
        return started[-1]

    yield make
    for running in started:
        running.process.terminate()
        running.end()
        assert running.process.stderr is not None
        running.process.stderr.close()


@pytest.fixture
def running(start: Callable[..., Running]) -> Running:
    return ready(start())


def versions(running: Running) -> set[str]:
    """What the models say that answer on new connections."""
    return {httpx.get(f"{running.address}/models").json()["models"][0]["version"] for _ in range(20)}


def test_the_figures_are_those_of_all_workers(running: Running) -> None:
    with Load(running) as load:
        load.more(300)
    assert set(load.statuses) == {200} and not load.broken
    labels = {"route": "/complete", "method": "POST", "status": "200"}
    for _ in range(10):
        assert running.figure("tsuzuki_requests_total", **labels) == len(load.statuses)
        assert running.figure("tsuzuki_request_duration_seconds_count", route="/complete") == len(load.statuses)
    lookups = [running.figure(f"tsuzuki_state_cache_{name}_total", model="mine") for name in ("hits", "misses")]
    assert sum(lookups) >= len(load.statuses)
    text = httpx.get(f"{running.address}/metrics").text
    assert "process_cpu_seconds_total" not in text, "that would be of one worker"
    cache_of_both = running.figure("tsuzuki_state_cache_bytes", model="mine")
    assert cache_of_both > 0


def test_both_workers_answer(running: Running) -> None:
    # A stopped worker takes no connection, so the other one has to answer.
    for pid in running.pids:
        os.kill(pid, signal.SIGSTOP)
        try:
            assert httpx.get(f"{running.address}/health/ready", timeout=60).status_code == 200
        finally:
            os.kill(pid, signal.SIGCONT)


def test_a_killed_worker_comes_back_and_the_service_goes_on(running: Running) -> None:
    labels = {"route": "/complete", "method": "POST", "status": "200"}
    killed = running.pids[0]
    with Load(running) as load:
        counted = running.figure("tsuzuki_requests_total", **labels)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: len(running.logged("Started server process")) == 3)
        load.more(200)
        assert running.figure("tsuzuki_requests_total", **labels) >= counted + 200
    wait_until(lambda: running.figure("tsuzuki_workers") == 2)
    assert set(load.statuses) == {200}
    assert len(load.broken) <= 6, "each client lost its connection at most once"
    assert killed not in running.pids and len(running.pids) == 2
    assert running.figure("tsuzuki_workers_replaced_total") == 1
    (ended,) = running.logged("worker ended")
    assert (ended["pid"], ended["status"]) == (killed, -signal.SIGKILL)


def test_the_same_seed_gives_the_same_text_from_either_worker(running: Running) -> None:
    body = {"text": "the dog eats", "seed": 3, "stop": "length", "max_words": 20}
    texts = []
    for pid in running.pids:
        os.kill(pid, signal.SIGSTOP)
        try:
            texts.append(httpx.post(f"{running.address}/generate", json=body, timeout=60).json()["text"])
        finally:
            os.kill(pid, signal.SIGCONT)
    assert len(texts) == 2 and texts[0] == texts[1] != ""


def test_texts_that_are_written_on_are_ended_cleanly_at_the_end(running: Running) -> None:
    begun = Barrier(9)

    def last_event(seed: int) -> str:
        body = {"text": "the dog eats", "stop": "length", "max_words": 100, "seed": seed}
        events = {"Accept": "text/event-stream"}
        with httpx.stream("POST", f"{running.address}/generate", json=body, headers=events, timeout=60) as response:
            lines = response.iter_lines()
            assert next(lines) == "event: word"
            begun.wait(60)
            return [line for line in lines if line.startswith("event: ")][-1]

    with ThreadPoolExecutor(8) as pool:
        streams = [pool.submit(last_event, seed) for seed in range(8)]
        begun.wait(60)
        running.process.terminate()
        assert {stream.result() for stream in streams} <= {"event: end", "event: error"}
    assert running.end() == (0, "")


def test_requests_under_way_are_finished_before_the_end(running: Running) -> None:
    body = json.dumps({"text": "the app"}).encode()
    head = f"POST /complete HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    parts = urlsplit(running.address)
    connections = [socket.create_connection((parts.hostname, parts.port), timeout=60) for _ in range(8)]
    for connection in connections:
        connection.sendall(head.encode() + b"Expect: 100-continue\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 "), "the service waits for the body"
    running.process.terminate()
    running.wait_for("Shutting down", 2)
    for connection in connections:
        with connection:
            connection.sendall(body)
            answer = b""
            while received := connection.recv(65536):
                answer += received
        assert answer.startswith(b"HTTP/1.1 200 ")
    assert running.end() == (0, "")
    assert len(running.logged("Application shutdown complete.")) == 2


def test_the_signal_puts_new_models_into_all_workers(running: Running, folder: Path) -> None:
    (before,) = versions(running)
    requests = {"route": "/complete", "method": "POST", "status": "200"}
    with Load(running) as load:
        for times in (1, 2):
            if times == 1:
                train_again(folder)
            running.process.send_signal(signal.SIGHUP)
            told = running.wait_for("models reloaded", times)[-1]
            load.more()
        assert running.figure("tsuzuki_requests_total", **requests) >= 200, "they do not begin anew"
    assert set(load.statuses) == {200} and not load.broken
    assert versions(running) == {told["models"]["mine"]} != {before}
    wait_until(lambda: len(running.pids) == 2)
    assert not running.logged("worker ended"), "they were asked to"
    assert running.figure("tsuzuki_workers") == 2


def test_a_reload_over_http_is_answered_for_all(running: Running, folder: Path) -> None:
    (before,) = versions(running)
    with httpx.Client(base_url=running.address, timeout=60) as client:
        train_again(folder)
        answer = client.post("/models/reload", headers=bearer(ADMIN))
        assert answer.status_code == 200
        (model,) = answer.json()["models"]
        assert client.get("/models").json() == answer.json()
        assert versions(running) == {model["version"]} != {before}

        damage(folder)
        refused = client.post("/models/reload", headers=bearer(ADMIN))
        assert refused.status_code == 422
        assert f"{folder}/words.txt" in refused.json()["detail"]
        running.process.send_signal(signal.SIGHUP)
        first, second = running.wait_for("reload failed", 2)
        assert first["detail"] == second["detail"] and f"{folder}/words.txt" in first["detail"]
        assert versions(running) == {model["version"]}
    assert len(running.logged("models reloaded")) == 1


# A worker that fails while a file is there.
FAILING = """
import os, sys
from app.workers import supervisor
from app.__main__ import main
work, flag = supervisor.work, sys.argv.pop(1)
supervisor.work = lambda *arguments: 1 if os.path.exists(flag) else work(*arguments)
sys.exit(main())
"""


def test_a_worker_that_cannot_start_is_tried_at_growing_intervals(
    start: Callable[..., Running], tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    running = ready(start(command=("-c", FAILING, str(flag))))
    flag.touch()
    os.kill(running.pids[0], signal.SIGKILL)
    pauses = running.wait_for("worker to be replaced", 3)
    assert [line["pause_seconds"] for line in pauses[:3]] == [0, 1, 2]
    assert httpx.get(f"{running.address}/health/ready").status_code == 200
    assert httpx.post(f"{running.address}/models/reload", headers=bearer(ADMIN)).status_code == 500
    flag.unlink()
    wait_until(lambda: running.figure("tsuzuki_workers") == 2)
    assert httpx.post(f"{running.address}/models/reload", headers=bearer(ADMIN)).status_code == 200


def test_where_no_worker_can_start_the_service_ends(start: Callable[..., Running], tmp_path: Path) -> None:
    (tmp_path / "flag").touch()
    running = start(command=("-c", FAILING, str(tmp_path / "flag")))
    assert running.end()[0] == 3
    assert [line["message"] for line in running.log][-1] == "no worker can start"
    assert 2 <= len(running.logged("worker ended")) <= 4, "each once, or a second time at once"


def test_without_the_supervisor_the_workers_end(running: Running) -> None:
    address = running.address
    running.process.kill()

    def is_gone() -> bool:
        try:
            httpx.get(f"{address}/health/live", timeout=60)
        except httpx.ConnectError:
            return True
        except httpx.TransportError:
            pass
        return False

    wait_until(is_gone)


def test_an_address_that_is_taken_is_told(start: Callable[..., Running], running: Running) -> None:
    other = start("--port", running.address.rpartition(":")[2])
    assert other.end()[0] == 3
    assert "in use" in other.logged("cannot listen")[0]["detail"]


@pytest.mark.slow
def test_a_further_worker_takes_little_memory(start: Callable[..., Running], shipped_folder: Path) -> None:
    if not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("the system does not tell what memory is shared")
    running = ready(start(models=shipped_folder))
    words = (Path(__file__).parents[3] / "docs" / "operations.md").read_text("utf-8").split()

    def ask(i: int) -> None:
        with httpx.Client(base_url=running.address, timeout=60) as client:
            for place in range(2 * i, len(words) - 8, 16):
                text = " ".join(words[place : place + 8])
                for path in ("complete", "next-word", "correct"):
                    assert client.post(f"/{path}", json={"text": text[: len(text) - place % 3]}).status_code == 200

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    asked = sum(
        running.figure("tsuzuki_request_duration_seconds_count", route=f"/{path}")
        for path in ("complete", "next-word", "correct")
    )
    assert asked > 1500
    for pid in running.pids:
        fields = Path(f"/proc/{pid}/smaps_rollup").read_text()
        private = sum(int(kilobytes) for kilobytes in re.findall(r"^Private_\w+: +(\d+) kB$", fields, re.MULTILINE))
        assert private / 1024 < MOST_MEGABYTES
