"""The service behind a real server: in a thread, and as ``python -m app``."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from app.problems import problem_of

COMMAND = [sys.executable, "-W", "error", "-m", "app", "--port", "0"]


def exchange(address: str, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send raw bytes; return status, headers and body of the answer. The server must close the connection."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, body


def test_suggestions_over_a_real_connection(server: str) -> None:
    with httpx.Client(base_url=server) as client:
        posted = client.post("/complete", json={"text": "👍 the app"})
        assert posted.json() == client.get("/complete", params={"text": "👍 the app"}).json()
        assert posted.json()["replace"] == {"start": 6, "end": 9}
        assert len(posted.headers["X-Request-ID"]) == 32


def test_many_clients_at_once_get_the_answers_of_one(server: str) -> None:
    texts = [f"{word} {other} a" for word in ("the", "my", "a", "big") for other in ("dog", "cat", "world", "food")] * 4
    with httpx.Client(base_url=server) as client, ThreadPoolExecutor(16) as pool:

        def ask(text: str) -> list[str]:
            return [s["text"] for s in client.post("/next-word", json={"text": text}).json()["suggestions"]]

        together = list(pool.map(ask, texts))
        assert together == [ask(text) for text in texts]


def test_a_body_that_is_announced_too_large_is_refused_unread(server: str) -> None:
    head = b"POST /complete HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
    status, headers, body = exchange(server, head)
    assert (status, headers["connection"]) == (413, "close")
    assert json.loads(body) == problem_of(413, "body: must be at most 28096 bytes")
    assert headers["x-request-id"]


def test_a_body_that_grows_too_large_is_refused(server: str) -> None:
    head = b"POST /complete HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    status, headers, body = exchange(server, head + b"7530\r\n" + b" " * 30000 + b"\r\n")
    assert (status, headers["connection"]) == (413, "close")
    assert json.loads(body) == problem_of(413, "body: must be at most 28096 bytes")


def test_a_client_that_leaves_in_the_middle_of_its_request_harms_nothing(server: str) -> None:
    parts = urlsplit(server)
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        connection.sendall(
            b"POST /complete HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )
    assert httpx.get(f"{server}/health/ready").status_code == 200


@pytest.fixture
def process(tiny_folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """``python -m app`` with the tiny model."""
    with subprocess.Popen(
        [*COMMAND, "--models", f"tiny={tiny_folder}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_the_command_serves_logs_and_ends(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None and process.stderr is not None
    running = "Uvicorn running on "
    started = next(line for line in map(json.loads, process.stdout) if line["message"].startswith(running))
    address = started["message"].removeprefix(running).split()[0]
    answer = httpx.get(f"{address}/complete", params={"text": "the app"}, headers={"X-Request-ID": "abc"})
    assert answer.json()["model"] == "tiny"
    assert "Server" not in answer.headers
    process.send_signal(signal.SIGTERM)
    rest = [json.loads(line) for line in process.stdout]
    assert [line["request_id"] for line in rest if line["message"] == "request"] == ["abc"]
    assert "Application shutdown complete." in [line["message"] for line in rest]
    assert process.stderr.read() == ""
    assert process.wait() == 0


@pytest.mark.parametrize(
    ("options", "warned"),
    [
        (["--host", "0.0.0.0"], True),
        (["--host", "0.0.0.0", "--api-keys", "sesame-open-sesame"], False),
        (["--host", "127.0.0.1"], False),
    ],
)
def test_an_open_door_to_the_network_is_warned_of(tiny_folder: Path, options: list[str], warned: bool) -> None:
    command = [*COMMAND, "--models", f"tiny={tiny_folder}", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = []
            for line in map(json.loads, process.stdout):
                lines.append(line)
                if line["message"].startswith("Uvicorn running on "):
                    break
        finally:
            process.kill()
    warnings = [line["message"] for line in lines if line["level"] == "warning"]
    assert len(warnings) == warned
    assert all("TSUZUKI_API_KEYS" in warning and "127.0.0.1" in warning for warning in warnings)
    assert "sesame" not in json.dumps(lines)


def test_the_command_ends_with_one_line_about_a_damaged_model(damaged_folder: Path) -> None:
    ended = subprocess.run([*COMMAND, "--models", f"en={damaged_folder}"], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"tsuzuki: {damaged_folder}/weights.safetensors: ")
    assert ended.stderr.count("\n") == 1


def test_matrix_products_use_as_many_threads_as_the_setting_says(tiny_folder: Path) -> None:
    # In a process of its own: the number of threads belongs to the process.
    script = f"""
import numpy
from fastapi.testclient import TestClient
from threadpoolctl import threadpool_info
from app.main import create_app
from app.settings import read_settings

def threads():
    print(*[library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"])

threads()
with TestClient(create_app(read_settings({{"models": "tiny={tiny_folder}", "blas_threads": "1"}}))):
    threads()
threads()
"""
    ended = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "2"},
    )
    before, serving, after = ended.stdout.splitlines()
    assert set(serving.split()) == {"1"}
    assert before == after
