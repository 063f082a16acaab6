"""``POST /generate``: as JSON and as events, over HTTP and through a real server."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from model.arrays import FloatArray
from model.lm.language_model import LanguageModel
from model.search.writing.writer import Writer
from tests.app.conftest import MakeApp
from tests.app.counting import counting
from tests.serving import serving

JSON, EVENT_STREAM = "application/json", "text/event-stream"
EVENTS = {"Accept": EVENT_STREAM}
BODY: dict[str, Any] = {"text": "the dog eats", "seed": 3, "stop": "length", "max_words": 12}


def events(text: str) -> Iterator[tuple[str, Any]]:
    for block in text.removesuffix("\n\n").split("\n\n"):
        name, data = block.split("\n")
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_it_has_the_shape_of_the_contract_and_the_same_seed_gives_the_same_text(
    client: TestClient, make_app: MakeApp
) -> None:
    answer = client.post("/generate", json=BODY).json()
    assert list(answer) == ["words", "reason", "seed", "model", "text"]
    assert (answer["words"], answer["reason"], answer["seed"], answer["model"]) == (12, "length", 3, "tiny")
    with TestClient(make_app(cache_megabytes=0)) as other:
        assert other.post("/generate", json=BODY).json() == answer
    assert client.post("/generate", json=BODY | {"seed": 4}).json()["text"] != answer["text"]


def test_texts_that_are_written_together_are_those_of_each_alone(client: TestClient) -> None:
    bodies = [BODY | {"seed": seed} for seed in range(8)]
    alone = [client.post("/generate", json=body).json() for body in bodies]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda body: client.post("/generate", json=body).json(), bodies))
    assert together == alone
    assert len({answer["text"] for answer in alone}) > 4


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/event-stream", EVENT_STREAM),
        ("application/json;q=0.5, Text/Event-Stream; q=1.0", EVENT_STREAM),
        ("text/event-stream;q=0", JSON),
        ("text/event-stream; q=0.000, */*", JSON),
        ("text/event-streams", JSON),
        ("*/*", JSON),
        ("", JSON),
    ],
)
def test_events_come_where_they_are_accepted(client: TestClient, accept: str, kind: str) -> None:
    answer = client.post("/generate", json=BODY, headers={"Accept": accept})
    assert answer.headers["Content-Type"].partition(";")[0] == kind


def test_without_a_seed_the_answer_holds_the_one_that_was_drawn(client: TestClient) -> None:
    body = BODY | {"seed": None}
    first, second = (client.post("/generate", json=body).json() for _ in range(2))
    assert first["seed"] != second["seed"]
    assert client.post("/generate", json=BODY | {"seed": first["seed"]}).json() == first


def test_events_are_the_same_text_word_by_word(client: TestClient) -> None:
    whole = client.post("/generate", json=BODY).json()
    response = client.post("/generate", json=BODY, headers=EVENTS)
    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert response.headers["X-Request-ID"]
    *words, (last, end) = events(response.text)
    assert {name for name, _ in words} == {"word"} and last == "end"
    assert "".join(data["text"] for _, data in words) == whole.pop("text")
    assert end == whole


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"max_words": 0}, "max_words: 0 is not allowed, it must be at least 1"),
        ({"max_words": 101}, "must be at most 100"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": 2.1}, "must be at most 2"),
        ({"top_p": 0}, "top_p"),
        ({"seed": -1}, "seed"),
        ({"stop": "never"}, "stop"),
        ({"model": "none"}, "must be one of tiny, other"),
        ({"text": "a" * 2001}, "it must have at most 2000"),
        ({"cursor": 1}, "there are text, max_words, temperature, top_p, seed, stop, model"),
    ],
)
@pytest.mark.parametrize("headers", [{}, EVENTS])
def test_what_is_not_allowed_is_refused_before_anything_is_written(
    client: TestClient, fields: dict[str, Any], rule: str, headers: dict[str, str]
) -> None:
    response = client.post("/generate", json=BODY | fields, headers=headers)
    assert response.status_code == 422
    assert rule in response.json()["detail"]


@pytest.fixture
def slow(make_app: MakeApp, tiny_model: LanguageModel) -> Iterator[tuple[FastAPI, str, Any]]:
    """A server that writes one text at a time, its app, and the network, which can be told to wait."""
    model, network = counting(tiny_model)
    app = make_app(model, generate_limit=1)
    with serving(app) as address:
        yield app, address, network
        network.go_on.set()


def test_one_text_too_many_is_refused_and_a_client_that_goes_away_frees_its_place(
    slow: tuple[FastAPI, str, Any],
) -> None:
    app, address, network = slow
    body = BODY | {"max_words": 100}
    with httpx.Client(base_url=address, timeout=30) as client:
        with client.stream("POST", "/generate", json=body, headers=EVENTS) as response:
            lines = response.iter_lines()
            assert next(lines) == "event: word"
            network.in_step.clear()
            network.go_on.clear()
            assert network.in_step.wait(10), "it waits in the middle of a step"
            refused = client.post("/generate", json=body)
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
            assert refused.json()["detail"].startswith("1 texts are being written on already")
        network.go_on.set()
        deadline = time.monotonic() + 30
        while client.post("/generate", json=BODY | {"max_words": 1}).status_code != 200:
            assert time.monotonic() < deadline, "the place is never free again"
            time.sleep(0.01)
    assert app.state.service.model_set.engines["tiny"].waiting == 0


def test_a_time_limit_ends_it_with_what_was_written(make_app: MakeApp) -> None:
    with TestClient(make_app(timeout_seconds=0.05)) as client:
        answer = client.post("/generate", json=BODY | {"max_words": 100}).json()
    assert answer["reason"] in ("time", "length")
    assert answer["words"] == len(answer["text"].replace(".", " ").split()) or answer["words"] <= 100


def test_a_service_that_stops_ends_it_with_an_error(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it takes longer than the server waits: the client hears of it, and the answer is whole."""

    def slowly(self: Writer, logits: FloatArray) -> str:
        time.sleep(0.05)
        return draw(self, logits)

    draw = Writer.draw
    monkeypatch.setattr(Writer, "draw", slowly)
    found: list[tuple[str, Any]] = []

    def listen(address: str) -> None:
        body = BODY | {"max_words": 100}
        with httpx.stream("POST", f"{address}/generate", json=body, headers=EVENTS, timeout=30) as response:
            text = ""
            for part in response.iter_text():
                text += part
                begun.set()
            found.extend(events(text))

    begun = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with serving(make_app(), timeout_graceful_shutdown=1) as address:
            heard = pool.submit(listen, address)
            assert begun.wait(30)
        heard.result()
    assert [name for name, _ in found[:-1]] == ["word"] * (len(found) - 1) and 1 < len(found) < 100
    assert found[-1] == ("error", {"detail": "the service is starting or stopping, try again in a second"})


def test_people_are_answered_while_texts_are_written(make_app: MakeApp) -> None:
    with serving(make_app()) as address, httpx.Client(base_url=address, timeout=30) as client:
        alone = client.post("/complete", json={"text": "the dog eats app"}).json()
        with client.stream("POST", "/generate", json=BODY | {"max_words": 100}, headers=EVENTS) as response:
            lines = response.iter_lines()
            next(lines)
            assert httpx.post(f"{address}/complete", json={"text": "the dog eats app"}).json() == alone
            rest = list(lines)
    assert "event: end" in rest


def test_the_shipped_model_writes_sentences(shipped_folder: Path) -> None:
    with TestClient(create_app(Settings())) as client:
        for text in ("Thank you for your help. I", "She said, \"I don't"):
            answer = client.post("/generate", json={"text": text, "seed": 1}).json()
            assert answer["reason"] == "sentence"
            assert answer["text"].rstrip('"')[-1] in ".!?"
            assert (text + answer["text"]).count('"') % 2 == 0
