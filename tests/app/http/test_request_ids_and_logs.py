"""Each request has an id and a line in the log, and no line holds what somebody typed."""

import json
import logging
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.log import JsonFormatter
from model.lm.language_model import LanguageModel
from tests.app.conftest import MakeApp
from tests.app.counting import counting

CANARY = "Kanarienvogel"


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """What the log would hold."""
    return [json.loads(JsonFormatter().format(record)) for record in caplog.records]


def test_a_sane_id_comes_back(client: TestClient) -> None:
    for sane in ("a", "Req-42/é".replace("é", "e"), "x" * 128, '"}{'):
        assert client.get("/models", headers={"X-Request-ID": sane}).headers["X-Request-ID"] == sane


@pytest.mark.parametrize("given", [None, "", "two words", "x" * 129, b"caf\xe9", "tab\there"])
def test_any_other_is_replaced_by_a_new_one(client: TestClient, given: str | bytes | None) -> None:
    headers: Any = {} if given is None else {b"X-Request-ID": given if isinstance(given, bytes) else given.encode()}
    ids = {client.get("/health/live", headers=headers).headers["X-Request-ID"] for _ in range(2)}
    assert len(ids) == 2
    assert all(len(id_) == 32 and id_.isalnum() for id_ in ids)


def test_a_request_is_one_line_of_json(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "tsuzuki"):
        client.post("/complete", json={"text": "a"}, headers={"X-Request-ID": "abc"})
    (line,) = [line for line in lines(caplog) if line["message"] == "request"]
    assert list(line) == ["time", "level", "message", "method", "path", "status", "ms", "request_id"]
    assert line["time"].endswith("+00:00")
    assert line["ms"] >= 0
    expected = {"level": "info", "method": "POST", "path": "/complete", "status": 200, "request_id": "abc"}
    assert line.items() >= expected.items()


def test_health_checks_are_only_logged_in_detail(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "tsuzuki"):
        client.get("/health/ready")
    assert not caplog.records


def test_typed_text_is_never_logged(
    make_app: MakeApp, tiny_model: LanguageModel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "httpx2")  # the client of the tests, which logs addresses
    caplog.set_level(logging.DEBUG)
    model, network = counting(tiny_model)
    with TestClient(make_app(model, log_level="debug", cors_origins=("*",))) as client:
        for endpoint in ("/complete", "/next-word"):
            for query in ("", "&limit=0", f"&{CANARY}=1", f"&model={CANARY}", f"&text={CANARY}", f"&cursor={CANARY}"):
                client.get(f"{endpoint}?text={CANARY}{query}")
            for body in ({"text": CANARY}, {"text": [CANARY]}, {"text": CANARY, CANARY: 1}, {"text": CANARY * 999}):
                client.post(endpoint, json=body)
            client.post(endpoint, content=f"{{{CANARY}", headers={"Content-Type": "application/json"})
            client.post(endpoint, content=CANARY, headers={"Content-Type": f"text/{CANARY}"})
            client.put(endpoint, content=CANARY)
            client.get(f"{endpoint}/{CANARY}")
        network.error = ValueError(CANARY)
        assert client.get(f"/complete?text=dog dog dog {CANARY}").status_code == 500
    written = json.dumps(lines(caplog))
    assert written.count('"message": "request"') == 29
    assert '"error": "ValueError"' in written
    assert CANARY.lower() not in written.lower()


def test_a_failure_is_logged_with_its_place_and_request(
    make_app: MakeApp, tiny_model: LanguageModel, caplog: pytest.LogCaptureFixture
) -> None:
    model, network = counting(tiny_model)
    with TestClient(make_app(model)) as client:
        network.error = ZeroDivisionError()
        client.get("/next-word?text=the dog", headers={"X-Request-ID": "abc"})
    (line,) = [line for line in lines(caplog) if line["message"] == "failure"]
    assert (line["level"], line["request_id"], line["error"]) == ("error", "abc", "ZeroDivisionError")
    assert any("counting.py" in place and place.endswith(" step_on") for place in line["trace"])


def test_the_log_of_the_server_and_its_failures_are_json_too() -> None:
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        info: Any = (type(error), error, error.__traceback__)
    record = logging.LogRecord("uvicorn.error", logging.ERROR, __file__, 1, "it %s", ("failed",), info)
    line = json.loads(JsonFormatter().format(record))
    assert (line["message"], line["error"]) == ("it failed", "ValueError")
    assert CANARY not in json.dumps(line)
