"""Phrases over HTTP, and how the engine computes them."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.inference.engine import Engine
from app.main import create_app
from app.settings import Settings
from model.lm.language_model import LanguageModel
from tests.app.api.test_suggestions import ask
from tests.app.conftest import MakeApp
from tests.app.counting import counting
from tests.app.engines import run
from tests.model.tiny_model import model_of, read


@pytest.fixture(scope="module")
def loose(make_app: MakeApp) -> Iterator[TestClient]:
    """A service whose model says mostly the same word."""
    with TestClient(make_app(model_of({"the": 0.8, "dog": 0.1}), phrase_probability=0.01)) as client:
        yield client


@pytest.mark.parametrize("endpoint", ["/complete", "/next-word"])
def test_phrases_have_the_shape_of_the_contract(loose: TestClient, endpoint: str) -> None:
    body: dict[str, Any] = {"text": "a dog ", "limit": 10}
    plain, answer = ask(loose, endpoint, **body), ask(loose, endpoint, words=4, **body)
    assert {one["text"].split()[0] for one in answer["suggestions"]} == {one["text"] for one in plain["suggestions"]}
    phrases = [one for one in answer["suggestions"] if one["kind"] == "phrase"]
    assert phrases
    for one in phrases:
        assert 2 <= len(one["text"].split()) <= 4
        assert one["insert"] == one["text"]
    assert answer == loose.get(endpoint, params={"words": 4, **body}).json()
    assert plain == ask(loose, endpoint, words=1, **body)


def test_a_phrase_is_not_less_probable_than_asked_for(loose: TestClient) -> None:
    answer = ask(loose, "/next-word", text="the dog", words=8, limit=10, min_probability=0.05)
    assert answer["suggestions"]
    assert all(one["probability"] >= 0.05 for one in answer["suggestions"])


@pytest.mark.parametrize(
    ("words", "rule"), [(0, "must be at least 1"), (9, "must be at most 8"), ("4", "must be a whole number")]
)
def test_a_number_of_words_that_is_not_allowed_is_refused(client: TestClient, words: Any, rule: str) -> None:
    response = client.post("/complete", json={"text": "a", "words": words})
    assert response.status_code == 422
    assert "words" in response.json()["detail"] and rule in response.json()["detail"]


def test_the_beams_of_several_requests_share_steps_and_are_remembered(tiny_model: LanguageModel) -> None:
    model, network = counting(tiny_model)

    async def work(engine: Engine) -> tuple[int, int]:
        engine.phrase_probability = 0.01
        texts = [f"{word} dog eats " for word in ("the", "my", "big", "a")]
        asked = [engine.suggest(read(model, "next-word", text), 5, 0.0, words=4) for text in texts]
        before = await asyncio.gather(*asked)
        steps = len(network.batches)
        assert steps < network.tokens_read, "beams are stepped together"
        again = [await engine.suggest(read(model, "next-word", text), 5, 0.0, words=4) for text in texts]
        assert again == before
        return steps, len(network.batches)

    steps, afterwards = run(model, work)
    assert steps == afterwards, "what follows is remembered"


def test_the_shipped_model_goes_on_where_everybody_would(shipped_folder: Any) -> None:
    with TestClient(create_app(Settings())) as client:
        first = {
            text: ask(client, "/complete", text=text, words=4)["suggestions"][0]
            for text in ("Please le", "I'm looking forw", "It has been a lon")
        }
    assert [one["text"] for one in first.values()] == ["let me know", "forward to", "long time"]
    assert {one["kind"] for one in first.values()} == {"phrase"}
