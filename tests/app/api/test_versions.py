"""Every address stands under ``/v1`` too, and nothing treats the two differently."""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.keys import read_keys
from tests.app.api.test_errors import refused
from tests.app.conftest import MakeApp
from tests.app.http.test_keys import ADMIN, KEY, bearer

BODY = {"text": "the dog eats", "limit": 3}
# What differs from one request to the next.
OWN = {"x-request-id", "content-length"}


def operations(client: TestClient) -> list[tuple[str, str]]:
    """Every operation of the document, and every page."""
    paths = client.get("/openapi.json").json()["paths"]
    found = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    return found + [("GET", path) for path in ("/", "/docs", "/tsuzuki.js", "/static/page.css", "/openapi.json")]


def ask(client: TestClient, method: str, path: str, **options: Any) -> Any:
    """Ask with what any operation needs; those that need nothing of it refuse it, at both addresses alike."""
    if method == "GET":
        return client.get(path, params={"text": "a"} if "health" not in path else None, **options)
    return client.request(method, path, json=BODY, **options)


@pytest.mark.parametrize("prefix", ["/v1", "/suggest/v1"])
def test_both_addresses_answer_alike(make_app: MakeApp, prefix: str) -> None:
    with TestClient(make_app(admin_keys=read_keys(ADMIN))) as client:
        outer = FastAPI()
        outer.mount("/suggest", client.app)
        asked = TestClient(outer) if prefix.startswith("/suggest") else client
        tried = operations(client)
        assert ("POST", "/complete") in tried and ("GET", "/models") in tried
        for method, path in tried:
            bare, prefixed = ask(client, method, path), ask(asked, method, prefix + path)
            assert bare.status_code == prefixed.status_code, path
            assert kept(bare) == kept(prefixed), path
            if path not in ("/metrics", "/openapi.json"):
                assert bare.content == prefixed.content, path


def kept(response: Any) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in OWN}


def test_metrics_and_the_log_do_not_tell_them_apart(make_app: MakeApp, caplog: pytest.LogCaptureFixture) -> None:
    with TestClient(make_app()) as client, caplog.at_level("INFO", "tsuzuki"):
        for path in ("/complete", "/v1/complete"):
            client.post(path, json=BODY)
            client.get(f"{path}?text=a&limit=0")
        text = client.get("/v1/metrics").text
    assert 'tsuzuki_requests_total{method="POST",route="/complete",status="200"} 2.0' in text
    assert 'tsuzuki_requests_total{method="GET",route="/complete",status="422"} 2.0' in text
    assert "/v1" not in text
    paths = [record.__dict__["fields"]["path"] for record in caplog.records if record.getMessage() == "request"]
    assert paths == ["/complete"] * 4 + ["/metrics"]


def test_keys_and_the_rate_limit_hold_for_both(make_app: MakeApp) -> None:
    settings = {"api_keys": read_keys(KEY), "admin_keys": read_keys(ADMIN), "rate_limit": "3/day"}
    with TestClient(make_app(**settings)) as client:
        for path in ("/models", "/complete?text=a", "/metrics"):
            assert refused(client.get(f"/v1{path}"))[0] == 401
        assert refused(client.get("/v1/models"))[0] == 429
        assert refused(client.post("/v1/models/reload", headers=bearer(KEY)))[0] == 403
        for path in ("/v1/models", "/models"):
            assert client.get(path, headers=bearer(KEY)).status_code == 200
        assert refused(client.get("/v1/models", headers=bearer(KEY)))[0] == 429
        for path in ("/v1/metrics", "/v1/health/ready", "/v1/docs", "/v1/static/page.css"):
            assert client.get(path, headers=bearer(KEY)).status_code == 200


def test_errors_under_the_prefix_name_the_address_that_was_asked(client: TestClient) -> None:
    assert refused(client.get("/v1/nope")) == (404, "/v1/nope: there is nothing here, /docs lists what there is")
    response = client.delete("/v1/complete")
    assert refused(response) == (405, "DELETE: not allowed for /v1/complete, it must be GET, POST")
    for path in ("/v1", "/v1/v1/complete", "/v2/complete", "/v1complete", "/v1//complete", "/V1/complete"):
        assert refused(client.post(path, json=BODY))[0] == 404, path


@pytest.mark.parametrize(
    ("path", "servers"),
    [
        ("/openapi.json", ["/v1", "/"]),
        ("/v1/openapi.json", ["/v1", "/"]),
        ("/suggest/openapi.json", ["/suggest/v1", "/suggest"]),
        ("/suggest/v1/openapi.json", ["/suggest/v1", "/suggest"]),
    ],
)
def test_the_document_names_both_addresses(make_app: MakeApp, path: str, servers: list[str]) -> None:
    outer = FastAPI()
    outer.mount("/suggest", make_app())
    client = TestClient(outer if path.startswith("/suggest") else make_app())
    document = json.loads(client.get(path).content)
    assert [server["url"] for server in document["servers"]] == servers
    assert "/complete" in document["paths"]
