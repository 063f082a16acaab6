"""Corrections over HTTP: completions with them and without, the last word, every word."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.main import create_app
from app.settings import Settings
from model.lm.storage import load_model
from tests.app.api.test_fuzz import texts
from tests.app.api.test_suggestions import accept, ask
from tests.app.conftest import MakeApp

LEFT_ALONE = Path(__file__).with_name("left_alone.txt")


def test_completions_hold_corrections_unless_they_are_not_wanted(client: TestClient) -> None:
    kinds = {s["text"]: s["kind"] for s in ask(client, "/complete", text="the aplpi", limit=50)["suggestions"]}
    assert kinds["application"] == "correction"
    assert ask(client, "/complete", text="the aplpi", fuzzy=False)["suggestions"] == []
    by_query = client.get("/complete", params={"text": "the aplpi", "fuzzy": "false"})
    assert by_query.json()["suggestions"] == []


def test_the_last_word_is_corrected(client: TestClient) -> None:
    for text in ("the aplication", "the aplication ", "the aplication, "):
        answer = ask(client, "/correct", text=text)
        assert list(answer) == ["suggestions", "prefix", "replace", "model"]
        assert answer["prefix"] == "aplication" and answer["replace"] == {"start": 4, "end": 14}
        best = answer["suggestions"][0]
        assert (best["text"], best["kind"]) == ("application", "correction")
        assert accept(text, answer, best) == text.replace("aplication", "application")


def test_the_cursor_says_which_word_is_last(client: TestClient) -> None:
    answer = ask(client, "/correct", text="the aplication food", cursor=15)
    assert answer["prefix"] == "aplication"
    inside = ask(client, "/correct", text="the aplication food", cursor=8)
    assert inside["prefix"] == "aplication" and inside["replace"] == {"start": 4, "end": 14}


def test_where_no_word_stands_there_is_nothing_to_correct(client: TestClient) -> None:
    for text in ("", "12 ", "?!"):
        answer = ask(client, "/correct", text=text)
        assert (answer["suggestions"], answer["prefix"]) == ([], "")
        assert answer["replace"] == {"start": len(text), "end": len(text)}
        assert ask(client, "/correct", text=text, all=True) == {"corrections": [], "model": "tiny"}


def test_by_query_and_by_body_the_answers_are_the_same(client: TestClient) -> None:
    by_query = client.get("/correct", params={"text": "the aplication", "limit": 2}).json()
    assert by_query == ask(client, "/correct", text="the aplication", limit=2)
    assert len(by_query["suggestions"]) <= 2


def test_all_words_of_a_text_that_should_change(client: TestClient) -> None:
    text = "the aplication is fuller, helllo wordl"
    answer = ask(client, "/correct", text=text, all=True, limit=1)
    assert list(answer) == ["corrections", "model"]
    for correction in reversed(answer["corrections"]):
        assert correction["suggestions"][0]["kind"] == "correction"
        text = accept(text, correction, correction["suggestions"][0])
    assert text.startswith("the application is fuller, hello wo")
    places = [correction["replace"]["start"] for correction in answer["corrections"]]
    assert places == sorted(places)


def test_a_threshold_leaves_out_the_unsure(client: TestClient) -> None:
    every = ask(client, "/correct", text="the aplication", limit=50)["suggestions"]
    least = every[0]["probability"]
    assert ask(client, "/correct", text="the aplication", min_probability=least)["suggestions"] == every[:1]
    unsure = ask(client, "/correct", text="the dod", all=True)["corrections"]
    assert unsure and unsure[0]["suggestions"][0]["probability"] < 1
    assert ask(client, "/correct", text="the dod", all=True, min_probability=1.0)["corrections"] == []


@pytest.mark.parametrize("body", [{"text": "a", "fuzzy": True}, {"text": "a", "all": 1}, {"all": True}, {"text": 1}])
def test_what_does_not_fit_is_refused(client: TestClient, body: dict[str, Any]) -> None:
    assert client.post("/correct", json=body).status_code == 422


def test_all_is_no_parameter_of_a_query(client: TestClient) -> None:
    assert client.get("/correct", params={"text": "a", "all": "true"}).status_code == 422


def test_the_keyboard_decides_what_is_near(make_app: MakeApp) -> None:
    shares = {}
    for keyboard in ("qwerty", "dvorak"):
        with TestClient(make_app(keyboard=keyboard)) as client:
            answer = ask(client, "/correct", text="the applicayion")["suggestions"]
            shares[keyboard] = {s["text"]: s["probability"] for s in answer}["application"]
    assert shares["qwerty"] >= shares["dvorak"]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts, cursor=st.none() | st.integers(-1, 210), every=st.booleans())
def test_any_text_is_corrected_or_refused(client: TestClient, text: str, cursor: int | None, every: bool) -> None:
    body = json.dumps({"text": text, "cursor": cursor, "all": every})
    response = client.post("/correct", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code in (200, 422)
    if response.status_code == 422:
        return
    answer = response.json()
    for word in answer["corrections"] if every else [answer]:
        start, end = word["replace"]["start"], word["replace"]["end"]
        assert 0 <= start <= end <= len(text)
        assert text[start:end].endswith(word["prefix"])
        assert all(0 < s["probability"] <= 1 and s["text"] in s["insert"] for s in word["suggestions"])
        if every:
            assert word["suggestions"][0]["kind"] == "correction"


@pytest.fixture(scope="module")
def english(shipped_folder: Path) -> Iterator[TestClient]:
    if load_model(shipped_folder).spelling is None:
        pytest.skip("model/en holds no spelling files yet")
    with TestClient(create_app(Settings(models={"en": shipped_folder}))) as client:
        yield client


@pytest.mark.parametrize(
    ("text", "word", "kind"),
    [
        ("See you tomorow", "tomorrow", "correction"),
        ("I recieved your mes", "message", "completion"),
        ("teh", "the", "correction"),
        ("Kubern", "Kubernetes", "completion"),
    ],
)
def test_the_english_model_corrects_typos(english: TestClient, text: str, word: str, kind: str) -> None:
    kinds = {s["text"]: s["kind"] for s in ask(english, "/complete", text=text)["suggestions"]}
    assert kinds[word] == kind


def test_the_english_model_corrects_a_sentence(english: TestClient) -> None:
    text = "I wnat to go to the libary tomorow, what are you doinghere?"
    for correction in reversed(ask(english, "/correct", text=text, all=True)["corrections"]):
        text = accept(text, correction, correction["suggestions"][0])
    assert text == "I want to go to the library tomorrow, what are you doing here?"


def test_the_english_model_leaves_names_and_rare_words_alone(english: TestClient) -> None:
    before = {"surnames": "I talked to", "places": "We went to", "products": "We use", "medical": "The patient had"}
    before |= {"code": "You have to call"}
    words = kept = 0
    for line in LEFT_ALONE.read_text("utf-8").splitlines():
        kind, _, listed = line.partition(": ")
        if kind not in before:
            continue
        for word in listed.split():
            suggestions = ask(english, "/correct", text=f"{before[kind]} {word} ", limit=1)["suggestions"]
            words += 1
            kept += suggestions[0]["kind"] == "typed"
    # The shipped model leaves 0.957; a little room for the next one.
    assert words >= 200 and kept / words >= 0.94
