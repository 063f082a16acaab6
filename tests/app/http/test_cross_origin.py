"""A page of an allowed origin can read every answer, whatever goes wrong."""

import contextlib
import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import Headers

from app.http.protocol import bounded_protocol
from app.keys import read_keys
from app.problems import problem_of
from app.settings import Settings
from model.lm.language_model import LanguageModel
from tests.app.conftest import MakeApp
from tests.app.counting import counting
from tests.app.http.test_keys import KEY, bearer
from tests.serving import serving

PAGE = "https://a.example"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(params=[(PAGE,), ("https://b.example", PAGE), ("*",)], ids=["one", "two", "any"])
def origins(request: pytest.FixtureRequest) -> tuple[str, ...]:
    allowed: tuple[str, ...] = request.param
    return allowed


def check(status: int, headers: Any, origins: tuple[str, ...]) -> None:
    """Check that the page may read this answer, and which of its fields."""
    assert headers["Access-Control-Allow-Origin"] == ("*" if origins == ("*",) else PAGE), status
    assert headers["Access-Control-Expose-Headers"] == "RateLimit, RateLimit-Policy, Retry-After, X-Request-ID", status
    assert origins == ("*",) or headers["Vary"] == "Origin", status


REQUESTS: list[tuple[int, dict[str, Any]]] = [
    (200, {"json": {"text": "a"}}),
    (400, {"content": b"{", "headers": JSON}),
    (401, {"json": {"text": "a"}, "headers": {"Authorization": "Bearer wrong"}}),
    (403, {"method": "POST", "url": "/v1/models/reload"}),
    (404, {"url": "/v1/nothing"}),
    (405, {"method": "DELETE"}),
    (413, {"content": b" " * 200_000, "headers": JSON}),
    (414, {"method": "GET", "params": {"text": "a" * 30_000}}),
    (415, {"content": b"a"}),
    (422, {"json": {}}),
    (500, {"json": {"text": "the dog eats a"}}),
]


def test_all_that_the_app_answers(make_app: MakeApp, tiny_model: LanguageModel, origins: tuple[str, ...]) -> None:
    model, network = counting(tiny_model)
    settings = {"api_keys": read_keys(KEY), "cors_origins": origins}
    with TestClient(make_app(model, **settings)) as client:
        for status, options in REQUESTS:
            network.error = ZeroDivisionError() if status == 500 else None
            headers = bearer(KEY) | {"Origin": PAGE} | options.get("headers", {})
            response = client.request(**{"method": "POST", "url": "/v1/complete"} | options | {"headers": headers})
            assert response.status_code == status
            check(status, response.headers, origins)
    with TestClient(make_app(rate_limit="1/day", cors_origins=origins)) as client:
        for status in (200, 429):
            response = client.get("/models", headers={"Origin": PAGE})
            assert response.status_code == status
            check(status, response.headers, origins)
    response = client.get("/health/ready", headers={"Origin": PAGE})  # it has ended
    assert response.status_code == 503
    check(503, response.headers, origins)


def test_what_is_refused_before_the_app_sees_it(make_app: MakeApp, origins: tuple[str, ...]) -> None:
    settings = Settings(cors_origins=origins, timeout_seconds=1.0)
    # The parser tells of a field once the next one begins.
    head = b"POST /complete HTTP/1.1\r\nHost: x\r\nOrigin: %s\r\nAccept: */*\r\n" % PAGE.encode()
    with serving(make_app(cors_origins=origins), http=bounded_protocol(settings)) as address:
        for status, request, detail in (
            (408, head, "the request must arrive within 1 s"),
            (431, head + b"X: " + b"x" * settings.max_head_bytes, "address and header fields: must be at most"),
            (400, head + b"no colon here\r\n\r\n", "Invalid HTTP request received."),
        ):
            head_lines, _, content = sent(address, request).partition(b"\r\n\r\n")
            first, *lines = head_lines.decode().split("\r\n")
            headers = Headers(dict(line.split(": ", 1) for line in lines))
            body = json.loads(content)
            assert first.startswith(f"HTTP/1.1 {status} ")
            assert body == problem_of(status, body["detail"]) and body["detail"].startswith(detail)
            assert headers["connection"] == "close" and headers["x-request-id"]
            assert headers["content-type"] == "application/problem+json"
            check(status, headers, origins)


def sent(address: str, request: bytes) -> bytes:
    """Send it, and read until the server closes."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        connection.sendall(request)
        return b"".join(pieces(connection))


def pieces(connection: socket.socket) -> Iterator[bytes]:
    """Read until the server closes, or drops what came too late for it."""
    with contextlib.suppress(ConnectionError):
        while piece := connection.recv(65536):
            yield piece


def test_no_other_page_can_read_it(make_app: MakeApp) -> None:
    for allowed, origin in (((PAGE,), "https://b.example"), ((), PAGE), ((PAGE,), None)):
        settings = Settings(cors_origins=allowed)
        page = f"Origin: {origin}\r\n".encode() if origin else b""
        with serving(make_app(cors_origins=allowed), http=bounded_protocol(settings)) as address:
            answer = sent(address, b"GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + page + b"\r\n")
            answer += sent(address, b"POST /complete HTTP/1.1\r\nHost: x\r\n" + page + b"no colon here\r\n\r\n")
            assert answer.count(b"HTTP/1.1 4") == 2
            assert b"allow-origin" not in answer.lower()


def test_every_method_of_the_service_may_be_used(make_app: MakeApp, client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    with TestClient(make_app(cors_origins=(PAGE,))) as asked:
        for method in {method.upper() for operations in paths.values() for method in operations}:
            preflight = {"Origin": PAGE, "Access-Control-Request-Method": method}
            assert asked.options("/v1/complete", headers=preflight).status_code == 200
        refused = asked.options("/complete", headers={"Origin": PAGE, "Access-Control-Request-Method": "BREW"})
        assert refused.json() == problem_of(400, "Disallowed CORS method")
