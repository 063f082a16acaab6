"""What the two endpoints answer, over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.app.conftest import MakeApp

ENDPOINTS = ("/complete", "/next-word")


def ask(client: TestClient, endpoint: str, **body: Any) -> dict[str, Any]:
    response = client.post(endpoint, json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def accept(text: str, answer: dict[str, Any], suggestion: dict[str, Any]) -> str:
    start, end = answer["replace"]["start"], answer["replace"]["end"]
    return text[:start] + str(suggestion["insert"]) + text[end:]


def test_completion_has_the_shape_of_the_contract(client: TestClient) -> None:
    answer = ask(client, "/complete", text="I'd like an app", cursor=15, limit=5)
    assert list(answer) == ["suggestions", "prefix", "replace", "model"]
    assert answer["prefix"] == "app"
    assert answer["replace"] == {"start": 12, "end": 15}
    assert answer["model"] == "tiny"
    for suggestion in answer["suggestions"]:
        assert list(suggestion) == ["text", "insert", "probability", "kind"]
        assert suggestion["kind"] == "completion"
        assert suggestion["insert"] == suggestion["text"]
    assert {s["text"].casefold() for s in answer["suggestions"]} == {"apple", "application", "apply"}


def test_next_word_has_the_same_shape_and_no_prefix(client: TestClient) -> None:
    answer = ask(client, "/next-word", text="the dog eats", limit=3)
    assert answer["prefix"] == ""
    assert answer["replace"] == {"start": 12, "end": 12}
    assert len(answer["suggestions"]) == 3
    for suggestion in answer["suggestions"]:
        assert suggestion["kind"] == "next-word"
        assert suggestion["insert"] == " " + suggestion["text"]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(
    "body",
    [
        {"text": "the dog ea"},
        {"text": "café: l’eau & 50% + 👍 or", "cursor": 3, "limit": 2},
        {"text": "I", "min_probability": 0.01, "model": "other"},
        {"text": ""},
    ],
)
def test_get_answers_as_post(client: TestClient, endpoint: str, body: dict[str, Any]) -> None:
    assert client.get(endpoint, params=body).json() == ask(client, endpoint, **body)


def test_a_whole_number_may_have_a_decimal_point(client: TestClient) -> None:
    assert ask(client, "/complete", text="the a", cursor=5.0, limit=2.0) == ask(
        client, "/complete", text="the a", limit=2
    )


def test_null_is_the_default(client: TestClient) -> None:
    given = ask(client, "/complete", text="the a", cursor=None, limit=None, model=None)
    assert given == ask(client, "/complete", text="the a")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_suggestions_are_sorted_distinct_and_as_many_as_asked(client: TestClient, endpoint: str) -> None:
    suggestions = ask(client, endpoint, text="the dog a", limit=4)["suggestions"]
    chances = [s["probability"] for s in suggestions]
    assert len(suggestions) == 4
    assert chances == sorted(chances, reverse=True)
    assert len({s["text"].casefold() for s in suggestions}) == 4


def test_default_limit_is_a_setting_and_never_above_the_largest(make_app: MakeApp) -> None:
    with TestClient(make_app(default_limit=2)) as client:
        assert len(ask(client, "/next-word", text="the")["suggestions"]) == 2
    with TestClient(make_app(max_limit=3)) as client:
        assert len(ask(client, "/next-word", text="the")["suggestions"]) == 3


def test_min_probability_leaves_out_the_unsure(client: TestClient) -> None:
    every = ask(client, "/complete", text="the d", limit=50)["suggestions"]
    least = every[1]["probability"]
    sure = ask(client, "/complete", text="the d", limit=50, min_probability=least)["suggestions"]
    assert sure == [s for s in every if s["probability"] >= least]
    assert len(sure) < len(every)


def test_no_suggestion_is_an_answer(client: TestClient) -> None:
    answer = ask(client, "/complete", text="xyzzyx")
    assert answer["suggestions"] == []
    assert answer["replace"] == {"start": 0, "end": 6}


def test_only_what_stands_before_the_cursor_counts(client: TestClient) -> None:
    within = ask(client, "/complete", text="the dog and the cat", cursor=6)
    alone = ask(client, "/complete", text="the do")
    assert within["prefix"] == "do"
    assert within["replace"] == {"start": 4, "end": 7}
    assert within["suggestions"] == alone["suggestions"]


def test_cursor_counts_code_points(client: TestClient) -> None:
    # 👍 is one code point, two UTF-16 units, four bytes.
    answer = ask(client, "/complete", text="👍 app", cursor=5)
    assert answer["prefix"] == "app"
    assert answer["replace"] == {"start": 2, "end": 5}


def test_completion_behind_white_space_is_the_next_word(client: TestClient) -> None:
    assert ask(client, "/complete", text="the dog ") == ask(client, "/next-word", text="the dog ")


@pytest.mark.parametrize(
    ("text", "cursor", "accepted"),
    [
        ("the dog eats", None, "the dog eats {}"),
        ("the dog eats ", None, "the dog eats {}"),
        ("the  food", 4, "the {} food"),
        ("", None, "{}"),
    ],
)
def test_accepting_a_next_word_gives_the_right_spaces(
    client: TestClient, text: str, cursor: int | None, accepted: str
) -> None:
    answer = ask(client, "/next-word", text=text, cursor=cursor)
    for suggestion in answer["suggestions"]:
        assert accept(text, answer, suggestion) == accepted.format(suggestion["text"])


def test_accepting_a_completion_replaces_the_whole_word(client: TestClient) -> None:
    text = "the appxx of my cat"
    answer = ask(client, "/complete", text=text, cursor=7)
    assert accept(text, answer, answer["suggestions"][0]) == f"the {answer['suggestions'][0]['text']} of my cat"


def test_the_model_can_be_chosen(client: TestClient) -> None:
    assert ask(client, "/complete", text="a", model="other")["model"] == "other"


@pytest.fixture(scope="module")
def shipped(shipped_folder: Path) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(models={"en": shipped_folder}))) as client:
        yield client


def test_the_shipped_model_completes_words_that_people_type(shipped: TestClient) -> None:
    for text, word in [("Good mor", "morning"), ("Thank yo", "you"), ("I would like an app", "appointment")]:
        assert word in [s["text"] for s in ask(shipped, "/complete", text=text)["suggestions"]]


def test_the_shipped_model_offers_words_that_follow(shipped: TestClient) -> None:
    for text, word in [("Thank", "you"), ("I am looking forward", "to"), ("on the other", "hand")]:
        assert word in [s["text"] for s in ask(shipped, "/next-word", text=text)["suggestions"]]
