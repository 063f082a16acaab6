"""API keys: who is let in, what the others are told, and that no key shows anywhere."""

import json
import logging
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.__main__ import main
from app.keys import read_keys
from app.log import JsonFormatter
from app.settings import SettingsError, read_settings
from tests.app.api.test_errors import refused
from tests.app.conftest import MakeApp

KEY, OTHER, ADMIN = "sesame-open-sesame", "another-key-of-ours", "the-master-of-keys"
OPEN = ("/", "/docs", "/openapi.json", "/tsuzuki.js", "/static/page.css", "/health/live", "/health/ready")
CLOSED = ("/complete?text=a", "/next-word?text=a", "/correct?text=a", "/models", "/metrics", "/nothing-here")


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture(scope="module")
def locked(make_app: MakeApp) -> Iterator[TestClient]:
    """A service with two keys and an administrator's."""
    with TestClient(make_app(api_keys=read_keys(f"{KEY},{OTHER}"), admin_keys=read_keys(ADMIN))) as client:
        yield client


@pytest.mark.parametrize("path", CLOSED)
def test_without_a_key_the_door_is_shut_and_says_how_it_opens(locked: TestClient, path: str) -> None:
    response = locked.get(path)
    assert refused(response) == (
        401,
        "a key is missing: send it as Authorization: Bearer KEY, or as X-API-Key: KEY",
    )
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", OPEN)
def test_pages_and_health_checks_need_none(locked: TestClient, path: str) -> None:
    assert locked.get(path).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        bearer(KEY),
        bearer(OTHER),
        bearer(ADMIN),
        {"Authorization": f"bearer   {KEY} "},
        {"X-API-Key": KEY},
        {"Authorization": "Basic dXNlcjp3b3Jk", "X-API-Key": KEY},
    ],
)
def test_any_of_the_keys_opens_it(locked: TestClient, headers: dict[str, str]) -> None:
    for path in CLOSED[:-1]:
        assert locked.get(path, headers=headers).status_code == 200
    assert locked.get(CLOSED[-1], headers=headers).status_code == 404


@pytest.mark.parametrize(
    "key", ["wrong-wrong-wrong!", KEY[:-1], KEY + "x", KEY.upper(), "sha256:" + sha256(KEY.encode()).hexdigest()]
)
def test_a_wrong_key_is_refused_and_never_repeated(locked: TestClient, key: str) -> None:
    for headers in (bearer(key), {"X-API-Key": key}):
        response = locked.get("/models", headers=headers)
        assert refused(response) == (401, "the key that was sent is not known here")
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert key not in str(response.headers)


def test_a_key_that_is_not_ascii_is_not_known(locked: TestClient) -> None:
    headers: Any = {b"Authorization": b"Bearer caf\xe9" + bytes(range(128, 160))}
    assert locked.get("/models", headers=headers).status_code == 401


def test_only_an_administrator_reloads(locked: TestClient, make_app: MakeApp, client: TestClient) -> None:
    assert refused(locked.post("/models/reload"))[0] == 401
    assert refused(locked.post("/models/reload", headers=bearer(KEY))) == (
        403,
        "this needs an administrator's key, one of TSUZUKI_ADMIN_KEYS",
    )
    assert locked.post("/models/reload", headers=bearer(ADMIN)).status_code == 200
    nobody = (403, "nobody may do this here, TSUZUKI_ADMIN_KEYS holds no keys")
    assert refused(client.post("/models/reload", headers=bearer(ADMIN))) == nobody
    with TestClient(make_app(admin_keys=read_keys(ADMIN))) as half_open:
        assert half_open.get("/complete?text=a").status_code == 200, "without API keys the rest stays open"
        assert half_open.post("/models/reload").status_code == 401


def test_under_another_path_the_same_doors_are_shut(make_app: MakeApp) -> None:
    outer = FastAPI()
    outer.mount("/suggest", make_app(admin_keys=read_keys(ADMIN), api_keys=read_keys(KEY)))
    client = TestClient(outer)
    assert client.get("/suggest/health/live").status_code == 200
    assert client.get("/suggest/models").status_code == 401
    assert client.get("/suggest/static/page.css").status_code == 200
    assert client.post("/suggest/models/reload", headers=bearer(KEY)).status_code == 403


def test_a_page_of_an_allowed_origin_can_read_why_it_is_refused(make_app: MakeApp) -> None:
    with TestClient(make_app(api_keys=read_keys(KEY), cors_origins=("https://a.example",))) as client:
        page = {"Origin": "https://a.example"}
        assert client.get("/models", headers=page).headers["Access-Control-Allow-Origin"] == page["Origin"]
        preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        assert client.options("/complete", headers=page | preflight).status_code == 200


def test_the_openapi_page_can_authorize(locked: TestClient, client: TestClient) -> None:
    document = locked.get("/openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()
    schemes = document["components"]["securitySchemes"]
    assert {(s["type"], s.get("scheme"), s.get("name")) for s in schemes.values()} == {
        ("http", "bearer", None),
        ("apiKey", None, "X-API-Key"),
    }
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert ("security" in operation) == (not path.startswith("/health/"))
    assert "securitySchemes" not in client.get("/openapi.json").json()["components"]


def test_no_key_is_ever_logged(locked: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "httpx2")
    caplog.set_level(logging.DEBUG)
    for key in (KEY, ADMIN, "wrong-wrong-wrong"):
        for headers in (bearer(key), {"X-API-Key": key}):
            locked.get("/models", headers=headers)
            locked.post("/models/reload", headers=headers)
            locked.get("/nothing-here", headers=headers)
    written = json.dumps([json.loads(JsonFormatter().format(record)) for record in caplog.records])
    assert '"message": "request"' in written
    assert '"path": "/models", "status": 401' in written
    for key in (KEY, ADMIN, "wrong-wrong-wrong"):
        assert key not in written and sha256(key.encode()).hexdigest()[:12] not in written
    assert KEY not in locked.get("/metrics", headers=bearer(KEY)).text


def digest_of(key: str) -> bytes:
    return sha256(key.encode()).digest()


def test_keys_come_from_a_list_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = "sha256:" + digest_of(OTHER).hex()
    expected = (digest_of(KEY), digest_of(OTHER))
    monkeypatch.setenv("TSUZUKI_API_KEYS", f" {KEY} , {told.upper().replace('SHA', 'sha')}")
    assert read_settings().api_keys == expected
    file = tmp_path / "keys"
    file.write_text(f"# the desk\n{KEY}\n\n  {told}\n")
    settings = read_settings({"api_keys": str(file)})
    assert settings.api_keys == expected
    assert KEY not in repr(settings) and "api_keys" not in repr(settings)
    slash = "abc/def+0123456789=="
    file.write_text(slash)
    assert read_settings({"api_keys": str(file)}).api_keys == (digest_of(slash),)


@pytest.mark.parametrize(
    "value",
    ["", "short", f"{KEY},", f"{KEY},short", "two words in a key", "secrets/no-such-file", "sha256:12", "é" * 20],
)
def test_bad_keys_stop_the_start_and_are_not_told(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("--api-keys", "--admin-keys"):
        assert main([name, value]) == 2
        error = capsys.readouterr().err
        assert re.match(rf"tsuzuki: {name}: the value is not allowed, it must be a file with one key a line, ", error)
        assert error.count("\n") == 1
        assert not value or value not in error


@pytest.mark.parametrize(("content", "rule"), [(b"# none\n\n", "at least one key"), (b"\xff\xfe", "ASCII text")])
def test_a_file_without_keys_stops_it_too(tmp_path: Path, content: bytes, rule: str) -> None:
    file = tmp_path / "keys"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=rule):
        read_settings({"api_keys": str(file)})


def test_help_shows_no_key(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TSUZUKI_API_KEYS", KEY)
    monkeypatch.setenv("TSUZUKI_RATE_LIMIT_STORAGE", "redis://:hunter2@host:6379")
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert "TSUZUKI_API_KEYS, default none" in " ".join(text.split())
    assert KEY not in text and "hunter2" not in text
