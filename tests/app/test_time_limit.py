"""Requests that take too long are given up, and cost nothing more."""

import json
import socket
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient

from model.storage import LanguageModel
from tests.app.conftest import MakeApp
from tests.app.counting import counting
from tests.app.test_errors import refused
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
        first = client.post(path, json={"text": "the dog eats a"})
        read = network.tokens_read
        for _ in range(5):
            response = client.post(path, json={"text": "my big cat eats food and is full now a"})
            assert refused(response) == (503, "no answer within 0.05 s, try again in a second")
            assert response.headers["Retry-After"] == "1"
        network.go_on.set()
        assert refused(first)[0] == 503
    # The engine has ended, having emptied its queue: it ended the step it was in, and began none of the others.
    assert network.tokens_read <= read + 2


def test_after_that_the_service_answers_as_before(make_app: MakeApp, tiny_model: LanguageModel) -> None:
    model, network = counting(tiny_model)
    with TestClient(make_app(model, timeout_seconds=1.0)) as client:
        network.go_on.clear()
        assert client.post("/complete", json={"text": "the dog eats a"}).status_code == 503
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
        assert json.loads(body) == {"detail": "body: must arrive within 0.1 s"}
        assert httpx.get(f"{address}/health/ready").status_code == 200
        parts = urlsplit(address)
        with socket.create_connection((parts.hostname, parts.port), timeout=60):
            assert httpx.get(f"{address}/health/ready").status_code == 200, "a silent connection is in nobody's way"
