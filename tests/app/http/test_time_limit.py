"""Requests that take too long are given up, and cost nothing more."""

import json
import select
import socket
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient

from app.http.protocol import bounded_protocol
from app.problems import problem_of
from app.settings import Settings
from model.lm.language_model import LanguageModel
from tests.app.api.test_errors import refused
from tests.app.conftest import MakeApp
from tests.app.counting import counting
from tests.app.test_server import exchange
from tests.serving import serving


@pytest.mark.parametrize("path", ["/complete", "/next-word", "/correct"])
def test_a_request_without_an_answer_in_time_is_given_up(
    make_app: MakeApp, tiny_model: LanguageModel, path: str
) -> None:
    model, network = counting(tiny_model)
    with TestClient(make_app(model, timeout_seconds=30.0)) as client:
        client.get("/complete?text=the a")  # the start of a text is known from here on
    with TestClient(make_app(model, timeout_seconds=0.05)) as client:
        network.go_on.clear()
        try:
            first = client.post(path, json={"text": "the dog eats a"})
            read = network.tokens_read
            for _ in range(5):
                response = client.post(path, json={"text": "my big cat eats food and is full now a"})
                assert refused(response) == (503, "no answer within 0.05 s, try again in a second")
                assert response.headers["Retry-After"] == "1"
        finally:
            network.go_on.set()
        assert refused(first)[0] == 503
    # The engine has ended, having emptied its queue: it ended the step it was in, and began none of the others.
    assert network.tokens_read <= read + 2


def test_after_that_the_service_answers_as_before(make_app: MakeApp, tiny_model: LanguageModel) -> None:
    model, network = counting(tiny_model)
    with TestClient(make_app(model, timeout_seconds=1.0)) as client:
        network.go_on.clear()
        try:
            assert client.post("/complete", json={"text": "the dog eats a"}).status_code == 503
        finally:
            network.go_on.set()
        while client.post("/complete", json={"text": "my cat a"}).status_code == 503:
            pass
        assert 'tsuzuki_waiting_requests{model="tiny"} 0.0' in client.get("/metrics").text
        assert 'route="/complete",status="503"' in client.get("/metrics").text


def test_a_body_that_does_not_arrive_in_time_is_not_waited_for(make_app: MakeApp) -> None:
    head = b"POST /complete HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    with serving(make_app(timeout_seconds=0.1)) as address:
        status, headers, body = exchange(address, head)
        assert (status, headers["connection"]) == (408, "close")
        assert json.loads(body) == problem_of(408, "the request must arrive within 0.1 s")
        assert httpx.get(f"{address}/health/ready").status_code == 200


@pytest.mark.parametrize("sent", [b"", b"GET /comp", b"GET /models HTTP/1.1\r\nHost: x\r\nX: y"])
def test_a_head_that_does_not_arrive_in_time_is_not_waited_for(make_app: MakeApp, sent: bytes) -> None:
    impatient = bounded_protocol(Settings(timeout_seconds=1.0))
    with serving(make_app(), http=impatient) as address:
        parts = urlsplit(address)
        with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
            connection.sendall(sent)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n") if sent else not answer
        status = exchange(address, b"GET /models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")[0]
        assert status == 200


def test_a_second_request_on_a_connection_has_its_time_too(make_app: MakeApp) -> None:
    with serving(make_app(), http=bounded_protocol(Settings(timeout_seconds=1.0))) as address:
        whole = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
        parts = urlsplit(address)
        with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
            connection.sendall(whole)
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
            connection.sendall(whole[:20])
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("line", [b"y" * 16_000, b"X: y\r\n" * 2500])
def test_a_head_that_grows_without_end_is_refused(server: str, line: bytes) -> None:
    most = Settings().max_request_bytes + 65536
    parts = urlsplit(server)
    sent = 0
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        connection.sendall(b"GET /models HTTP/1.1\r\nHost: x\r\nX: ")
        # What is sent behind the answer would make the system drop it.
        while not select.select([connection], [], [], 0.05)[0]:
            assert sent < 2 * most
            connection.sendall(line)
            sent += len(line)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert b"connection: close" in head and b"x-request-id: " in head
    assert json.loads(body) == problem_of(431, f"address and header fields: must be at most {most} bytes")
    assert httpx.get(f"{server}/models").status_code == 200
