"""The client: against the running service, and where a service is busy, slow, or fails."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from app.schemas.vocabularies import VocabularyEntry
from tests.app.conftest import MakeApp
from tests.serving import serving
from tsuzuki.client import AsyncClient, Client, TsuzukiError, accepted
from tsuzuki.operations import Operation, Operations, Request

TEXT = "the dog eats an app"
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("complete", {"text": TEXT, "limit": 3}),
    ("complete", {"text": TEXT, "cursor": 6, "fuzzy": False}),
    ("next_word", {"text": "the dog", "model": "other"}),
    ("correct", {"text": "teh dog"}),
    ("correct_all", {"text": "teh dog eats teh app"}),
    ("generate", {"text": "the dog eats", "seed": 3, "max_words": 4}),
    ("next_word", {"text": "the dog", "reply_to": "What does the dog eat?"}),
    ("reply", {"message": "Can you come to dinner?"}),
    ("models", {}),
    ("ready", {}),
]
# What the service has and the client has not, and why.
LEFT_OUT = {
    ("GET", "/complete"): "the same as POST",
    ("GET", "/next-word"): "the same as POST",
    ("GET", "/correct"): "the same as POST",
    ("GET", "/metrics"): "for Prometheus",
    ("GET", "/health/live"): "for probes",
}
OPERATIONS = {name: value for name, value in vars(Operations).items() if isinstance(value, Operation)}
NOTHING = {"suggestions": [], "prefix": "", "replace": {"start": 0, "end": 0}, "model": "en"}


@pytest.mark.parametrize(("name", "arguments"), CALLS)
def test_both_clients_answer_what_the_service_answers(name: str, arguments: dict[str, Any], server: str) -> None:
    async def answer() -> Any:
        async with AsyncClient(server) as client:
            return await getattr(client, name)(**arguments)

    with Client(server) as client:
        found = getattr(client, name)(**arguments)
    assert found == asyncio.run(answer())
    operation = OPERATIONS[name]
    raw = httpx.request(operation._method, server + operation._path, json={**arguments, **operation._fixed} or None)
    assert found.model_dump(exclude_unset=True) == raw.json()


def test_every_operation_of_the_service_is_one_of_the_client(make_app: MakeApp) -> None:
    paths = make_app().openapi()["paths"]
    served = {(method.upper(), path.removeprefix("/v1")) for path, methods in paths.items() for method in methods}
    called = {(operation._method, operation._path) for operation in OPERATIONS.values()}
    missing = served - called - LEFT_OUT.keys()
    assert not missing, f"add a line to Operations in tsuzuki/operations.py for each of {missing}, or to LEFT_OUT here"
    assert called | LEFT_OUT.keys() <= served


def test_a_suggestion_is_taken(server: str) -> None:
    with Client(server) as client:
        answer = client.complete(text="👍 an app is", cursor=7)
        assert answer.suggestions
        for suggestion in answer.suggestions:
            text, cursor = accepted("👍 an app is", answer, suggestion)
            assert text == f"👍 an {suggestion.insert} is" and text[:cursor].endswith(suggestion.insert)


def test_an_error_says_what_is_wrong(server: str) -> None:
    with Client(server) as client:
        with pytest.raises(TsuzukiError, match="422: model: 'none' is not allowed") as caught:
            client.complete(text="a", model="none")
        assert caught.value.status == 422 and caught.value.retry_after is None
        with pytest.raises(ValidationError):
            client.complete(text="a", limit=0)


def test_the_key_is_sent(make_app: MakeApp) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        known = request.headers.get("Authorization") == "Bearer secret"
        return httpx.Response(200, json={"models": []}) if known else httpx.Response(401, json={"detail": "no key"})

    with Client(key="secret", transport=httpx.MockTransport(answer)) as client:
        assert client.models().models == []
    with Client(transport=httpx.MockTransport(answer)) as client, pytest.raises(TsuzukiError, match="401: no key"):
        client.models()


def both(answers: Callable[[httpx.Request], httpx.Response], ask: Callable[[Any], Any], **options: Any) -> list[Any]:
    """What each client returns or raises, against a service of canned answers."""

    async def asynchronous() -> Any:
        async with AsyncClient(transport=httpx.MockTransport(answers), **options) as client:
            return await ask(client)

    found: list[Any] = []
    for run in (lambda: ask(Client(transport=httpx.MockTransport(answers), **options)), asynchronous):
        try:
            result = run()
            found.append(asyncio.run(result) if isinstance(result, Coroutine) else result)
        except TsuzukiError as error:
            found.append(error)
    return found


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the clients waited, without waiting."""
    seconds: list[float] = []

    async def sleep(wait: float) -> None:
        seconds.append(wait)

    # Of the client alone: others in this process sleep on.
    monkeypatch.setattr("tsuzuki.client.time", SimpleNamespace(sleep=seconds.append, time=time.time))
    monkeypatch.setattr("tsuzuki.client.asyncio", SimpleNamespace(sleep=sleep))
    return seconds


def test_a_busy_service_is_asked_again_when_it_says(waited: list[float]) -> None:
    asked = 0

    def answers(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        if asked % 3:
            return httpx.Response(503, json={"detail": "busy"}, headers={"Retry-After": str(asked % 3)})
        return httpx.Response(200, json=NOTHING)

    for answer in both(answers, lambda client: client.complete(text="a")):
        assert answer.model == "en"
    assert asked == 6 and waited == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("status", "header", "retries", "waits"),
    [
        (503, "1", 2, [1, 1]),
        (503, "1", 0, []),
        (503, "60", 2, []),  # longer than anybody waits who types
        (503, None, 2, []),
        (503, "soon", 2, []),
        (429, "1", 2, []),
        (500, "1", 2, []),
    ],
)
def test_what_stays_busy_or_is_no_matter_of_time_is_raised(
    status: int, header: str | None, retries: int, waits: list[float], waited: list[float]
) -> None:
    headers = {"Retry-After": header} if header else {}

    def answers(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content="<html>Bad day</html>", headers=headers)

    for error in both(answers, lambda client: client.ready(), retries=retries):
        assert isinstance(error, TsuzukiError) and error.status == status and error.detail == HTTPStatus(status).phrase
        assert error.retry_after == (float(header) if header and header.isdecimal() else None)
    assert waited == waits * 2


def test_a_point_in_time_is_waited_for(waited: list[float]) -> None:
    def busy(seconds: float) -> Callable[[httpx.Request], httpx.Response]:
        when = formatdate(time.time() + seconds, usegmt=True)
        return lambda request: httpx.Response(503, headers={"Retry-After": when})

    both(busy(3), lambda client: client.ready(), retries=1)
    assert len(waited) == 2 and all(0 <= seconds <= 3 for seconds in waited)
    both(busy(-60), lambda client: client.ready(), retries=1)
    assert waited[2:] == [0, 0]


def test_fields_go_where_the_path_names_them() -> None:
    path = "/users/{user}/words/{word}"
    put = Request("PUT", path, {"user": "a/b?", "word": "naïve", "weight": 2}, {"kept": True})
    assert (put.path, put.content) == ("/users/a%2Fb%3F/words/na%C3%AFve", {"json": {"weight": 2, "kept": True}})
    get = Request("GET", "/users/{user}", {"user": "anna", "limit": 3}, {})
    assert (get.path, get.content) == ("/users/anna", {"params": {"limit": 3}})
    assert Request("DELETE", "/users/{user}", {"user": "anna"}, {}).content == {}


def test_an_answer_without_content_is_none() -> None:
    class Deleting(Client):
        delete = Operation("DELETE", "/users/{user}", lambda user: {"user": user}, type(None))

    def answers(request: httpx.Request) -> httpx.Response:
        return httpx.Response(204 if request.url.path == "/users/anna" else 404)

    with Deleting(transport=httpx.MockTransport(answers)) as client:
        assert client.delete("anna") is None
        with pytest.raises(TsuzukiError, match="404"):
            client.delete("bert")


def test_what_people_and_vocabularies_teach_goes_through_the_client(make_app: MakeApp, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'people.db'}"
    with serving(make_app(database=database)) as url, Client(url, timeout=30) as client:
        for _ in range(2):
            client.learn(user="a/b", text="Zorbal eats")
        assert client.person("a/b").texts == 2
        assert [found.word for found in client.words("a/b", own=True).words] == ["Zorbal"]
        assert client.teach_word("a/b", "Kubeflow").words == client.person("a/b").words
        client.import_person("other", client.export_person("a/b"))
        assert client.forget_word("other", "Zorbal").forgotten == 1
        assert client.forget_person("a/b").words == 0
        assert client.put_vocabulary("team", [{"text": "Kubeflow", "weight": 2.0}]).entries == 1
        assert client.put_vocabulary("team", [VocabularyEntry(text="Grünwald")], ["legacy"]).entries == 1
        assert [found.name for found in client.vocabularies().vocabularies] == ["team"]
        assert client.vocabulary("team").entries[0].text == "Grünwald"
        client.delete_vocabulary("team")
        assert client.vocabularies().vocabularies == []
