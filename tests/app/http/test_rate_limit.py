"""The rate limit: who is counted together, what is told, in memory and in a Redis."""

import logging
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from app.__main__ import main
from app.http import rate_limit
from app.keys import read_keys
from tests.app.api.test_errors import refused
from tests.app.conftest import MakeApp
from tests.app.http.test_keys import KEY, OTHER, bearer
from tests.serving import serving

# Windows so long that none ends in a test.
LIMIT = "3/day"
SLIDING = re.compile(r'"default";r=(\d+);t=([1-9]\d*)')


def left(response: Any) -> int:
    """The requests that remain, as the header fields say."""
    assert response.headers["RateLimit-Policy"] == '"default";q=3;w=86400'
    told = SLIDING.fullmatch(response.headers["RateLimit"])
    assert told is not None and int(told[2]) <= 86400
    return int(told[1])


def used_up(client: "TestClient | httpx.Client", headers: dict[str, str] | None = None) -> None:
    """Ask as often as is allowed; each answer tells what is left."""
    for remaining in (2, 1, 0):
        response = client.get("/models", headers=headers)
        assert (response.status_code, left(response)) == (200, remaining)


def test_more_requests_than_the_limit_are_refused(make_app: MakeApp) -> None:
    with TestClient(make_app(rate_limit=LIMIT)) as client:
        used_up(client)
        for path in ("/models", "/complete?text=a", "/nothing-here"):
            response = client.get(path)
            status, detail = refused(response)
            again = int(response.headers["Retry-After"])
            assert (status, left(response)) == (429, 0)
            assert 0 < again <= 86401
            assert detail == f"more than 3 requests in 86400 s, try again in {again} s"
        for path in ("/", "/docs", "/tsuzuki.js", "/health/ready", "/metrics"):
            response = client.get(path)
            assert response.status_code == 200 and "RateLimit" not in response.headers
        assert '{method="GET",route="/models",status="429"} 1.0' in client.get("/metrics").text


def test_without_the_setting_there_is_no_limit(client: TestClient) -> None:
    assert "RateLimit" not in client.get("/models").headers


def test_keys_are_counted_each_by_itself_and_wrong_ones_by_address(make_app: MakeApp) -> None:
    with TestClient(make_app(rate_limit=LIMIT, api_keys=read_keys(f"{KEY},{OTHER}"))) as client:
        used_up(client, bearer(KEY))
        assert client.get("/models", headers=bearer(KEY)).status_code == 429
        assert client.get("/models", headers={"X-API-Key": KEY}).status_code == 429
        used_up(client, bearer(OTHER))
        for key in ("guess-guess-guess-1", "guess-guess-guess-2"):
            assert client.get("/metrics", headers=bearer(key)).status_code == 401
        assert client.get("/models").status_code == 401
        assert client.get("/models", headers=bearer("guess-guess-guess-3")).status_code == 429
        assert client.get("/metrics", headers=bearer(KEY)).status_code == 200


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2:3::4", "2001:db8:1:2:ffff::1", True),
        ("2001:db8:1:2:3::4", "2001:db8:1:3:3::4", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("no address", "no address", True),
    ],
)
def test_addresses_are_counted_by_client_or_network(make_app: MakeApp, one: str, other: str, together: bool) -> None:
    app = make_app(rate_limit=LIMIT)
    with TestClient(app, client=(one, 1)) as first:
        used_up(first)
        status = TestClient(app, client=(other, 2)).get("/models").status_code
    assert status == (429 if together else 200)


def test_many_callers_are_counted_and_forgotten(make_app: MakeApp) -> None:
    app = make_app(rate_limit="1/second")
    with TestClient(app):
        for i in range(300):
            client = TestClient(app, client=(f"192.0.{i // 250}.{i % 250}", 1))
            assert client.get("/models").status_code == 200


def test_a_page_of_an_allowed_origin_can_read_what_is_left(make_app: MakeApp) -> None:
    with TestClient(make_app(rate_limit="1/day", cors_origins=("*",))) as client:
        page = {"Origin": "https://a.example"}
        client.get("/models", headers=page)
        response = client.get("/models", headers=page)
        assert response.status_code == 429
        exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID"} <= set(exposed)


def test_the_document_tells_of_the_fields(make_app: MakeApp, client: TestClient) -> None:
    for app_client, limited in ((TestClient(make_app(rate_limit=LIMIT)), True), (client, False)):
        responses = app_client.get("/openapi.json").json()["paths"]["/complete"]["post"]["responses"]
        assert "Retry-After" in responses["429"]["headers"]
        for response in responses.values():
            assert ({"RateLimit", "RateLimit-Policy"} <= set(response["headers"])) == limited


@pytest.mark.parametrize(("trusted", "believed"), [("127.0.0.1", True), ("127.0.0.0/8", True), ("192.0.2.9", False)])
def test_of_a_trusted_proxy_the_client_s_address_is_believed(make_app: MakeApp, trusted: str, believed: bool) -> None:
    with (
        serving(make_app(rate_limit=LIMIT), forwarded_allow_ips=trusted) as address,
        httpx.Client(base_url=address) as client,
    ):
        used_up(client, {"X-Forwarded-For": "192.0.2.1"})
        status = client.get("/models", headers={"X-Forwarded-For": "192.0.2.2"}).status_code
    assert status == (200 if believed else 429)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("rate-limit", "600", "600 is not allowed, it must be a number per second, minute, hour or day, as 600/minute"),
        ("rate-limit", "0/minute", "must be a number per second"),
        ("rate-limit", "5/fortnight", "must be a number per second"),
        ("rate-limit-storage", "redis://:hunter2@host", "the value is not allowed, it must be an address such as"),
        ("rate-limit-storage", "memcached://host:1", "must be an address such as redis://host:6379"),
        ("trusted-proxies", "proxy.example", "must be addresses or networks"),
        ("trusted-proxies", "10.0.0.0/33", "must be addresses or networks"),
        ("timeout-seconds", "0", "0 is not allowed, it must be at least 0.01"),
        ("timeout-seconds", "nan", "must be a finite number"),
    ],
)
def test_bad_settings_stop_the_start(name: str, value: str, rule: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"--{name}", value]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"tsuzuki: --{name}: ") and rule in error and error.count("\n") == 1
    assert "hunter2" not in error


@contextmanager
def redis_running(folder: Path, port: int = 0) -> Iterator[int]:
    """A Redis of its own on a free port, which it gives."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    if not port:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder)]
    with subprocess.Popen([program, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            # It ends by itself where it cannot start, and with it its output.
            assert any("Ready to accept connections" in line for line in process.stdout)
            yield port
        finally:
            process.kill()


def test_two_processes_count_together_in_redis(make_app: MakeApp, tmp_path: Path) -> None:
    with redis_running(tmp_path) as port:
        shared: dict[str, Any] = {"rate_limit": LIMIT, "rate_limit_storage": f"redis://127.0.0.1:{port}/0"}
        with TestClient(make_app(**shared)) as one, TestClient(make_app(**shared)) as other:
            for client, remaining in ((one, 2), (other, 1), (one, 0)):
                response = client.get("/models")
                assert (response.status_code, left(response)) == (200, remaining)
                assert int(response.headers["RateLimit"].partition("t=")[2]) > 86_000, "nothing is given back for long"
            assert one.get("/models").status_code == other.get("/models").status_code == 429


def test_where_redis_goes_away_requests_are_let_through_with_a_warning(
    make_app: MakeApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with redis_running(tmp_path) as port:
        app = make_app(rate_limit="1/day", rate_limit_storage=f"redis://:hunter2@127.0.0.1:{port}")
    with TestClient(app) as client, caplog.at_level(logging.WARNING, "tsuzuki"):
        for _ in range(4):
            response = client.get("/models")
            assert response.status_code == 200
            assert "RateLimit" not in response.headers
    (record,) = caplog.records
    assert record.getMessage() == "rate limit storage does not answer, requests are let through"
    assert "hunter2" not in str(record.__dict__)


def test_where_redis_comes_back_it_counts_again(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "_REDIS_PAUSE_SECONDS", 0.0)
    with redis_running(tmp_path) as port:
        pass
    with TestClient(make_app(rate_limit=LIMIT, rate_limit_storage=f"redis://127.0.0.1:{port}")) as client:
        assert "RateLimit" not in client.get("/models").headers
        with redis_running(tmp_path, port):
            assert left(client.get("/models")) == 2
        assert "RateLimit" not in client.get("/models").headers


def test_without_the_package_the_start_says_what_is_missing(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    options = ["--models", f"tiny={tiny_folder}", "--rate-limit", LIMIT]
    assert main([*options, "--rate-limit-storage", "redis://localhost:1"]) == 2
    expected = "tsuzuki: TSUZUKI_RATE_LIMIT_STORAGE: needs redis: install the extra tsuzuki[redis]\n"
    assert capsys.readouterr().err == expected


def test_a_redis_that_never_answers_holds_up_one_request_only(make_app: MakeApp) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        with TestClient(make_app(rate_limit="1/day", rate_limit_storage=f"redis://127.0.0.1:{port}")) as client:
            assert {client.get("/models").status_code for _ in range(3)} == {200}
