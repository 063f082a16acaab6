"""Rules of vocabularies: names, entries, their number, and any text as an entry."""

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.vocabularies import store
from tests.app.api.test_errors import refused
from tests.app.conftest import MakeApp
from tests.app.vocabularies.test_vocabularies import EMPTY, words


def test_a_name_that_breaks_the_rule_is_told_wherever_it_stands(kept: TestClient) -> None:
    rule = "is not allowed, it must be 1 to 64 letters, digits, _, . and - of ASCII, the first a letter or digit"
    by_query = kept.get("/complete?text=a&vocabularies=one,!")
    assert refused(by_query) == (422, f"vocabularies.1: ! {rule}")
    assert refused(kept.post("/correct", json={"text": "a", "vocabularies": ["!"]})) == (
        422,
        f"vocabularies.0: '!' {rule}",
    )


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"entries": [{"text": ""}]}, "entries.0.text: '' is not allowed, it must have 1 to 100 code points"),
        ({"entries": [{"text": " "}]}, "entries.0.text: ' ' is not allowed, it must have 1 to 100 code points"),
        ({"entries": [{"text": "a"}, {"text": "!a"}]}, "entries.1.text: '!a' is not allowed, it must begin with a l"),
        ({"entries": [{"text": "a\nb"}]}, r"entries.0.text: 'a\nb' is not allowed, it must be one line without contr"),
        ({"entries": [{"text": "a" * 101}]}, "entries.0.text: '" + "a" * 40 + "'… is not allowed, it must have 1 to"),
        ({"entries": [{"text": 7}]}, "entries.0.text: 7 is not allowed, it must be a string"),
        ({"entries": [{"weight": 1}]}, "entries.0.text: required"),
        ({"entries": [{"text": "a", "weight": 0}]}, "entries.0.weight: 0 is not allowed, it must be above 0"),
        ({"entries": [{"text": "a", "weight": 101}]}, "entries.0.weight: 101 is not allowed, it must be at most 100"),
        ({"entries": [{"text": "a", "weight": True}]}, "entries.0.weight: true is not allowed, it must be a number"),
        ({"entries": [{"text": "a", "wait": 1}]}, "entries.0.wait: there is no such field, there are text, weight"),
        ({"entries": "a"}, "entries: 'a' is not allowed, it must be a list"),
        ({"entries": ["a"]}, "entries.0: 'a' is not allowed, it must be a JSON object"),
        ({"blocked": ["-"]}, "blocked.0: '-' is not allowed, it must have a letter or a digit"),
        ({"words": []}, "words: there is no such field, there are entries, blocked"),
        ([], "body: a list is not allowed, it must be a JSON object"),
        ({"blocked": ["a"] * 20_001}, "blocked: a list is not allowed, it must have at most 20000 items"),
    ],
)
def test_what_breaks_a_rule_is_named(kept: TestClient, body: Any, detail: str) -> None:
    status, told = refused(kept.put("/vocabularies/products", json=body))
    assert status == 422 and told.startswith(detail)


@pytest.mark.parametrize("name", ["-a", ".a", "a b", "a,b", "é", "a" * 65, "%00", "a%0A", "'", '"'])
def test_names_are_bounded(kept: TestClient, name: str) -> None:
    for response in (kept.get(f"/vocabularies/{name}"), kept.put(f"/vocabularies/{name}", json=EMPTY)):
        status, told = refused(response)
        assert status == 422 and told.startswith("name: ") and "it must be 1 to 64 letters, digits, _, . and -" in told


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"entries": NaN}', "application/json", 400),
        (b'{"blocked": [], "blocked": []}', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"", "application/json", 422),
        (b"{}", "text/plain", 415),
        (b'{"blocked": ["\\ud800"]}', "application/json", 422),
        (b" " * (4 * 2**20 + 1), "application/json", 413),
        (b" " * 200_000 + b"{}", "application/json", 200),
    ],
)
def test_bodies_are_checked_as_those_of_other_operations(
    kept: TestClient, content: bytes, kind: str, status: int
) -> None:
    response = kept.put("/vocabularies/products", content=content, headers={"Content-Type": kind})
    assert response.status_code == status
    assert status == 200 or isinstance(response.json()["detail"], str)


def test_all_vocabularies_together_are_bounded(kept: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_ENTRIES", 5)
    assert kept.put("/vocabularies/one", json={"blocked": ["a", "b", "c"]}).status_code == 200
    assert kept.put("/vocabularies/one", json={"entries": [{"text": "a"}, {"text": "b"}]}).status_code == 200
    assert refused(kept.put("/vocabularies/two", json={"blocked": ["a", "b", "c", "d"]})) == (
        409,
        "all vocabularies together would have 6 entries and blocked words, they may have 5",
    )
    assert kept.get("/vocabularies/two").status_code == 404


TEXTS = st.text(st.characters(categories=None), max_size=30) | st.text(
    "aBéİßıſ7 -.'’+&\u0301\u200d\u00ad日ｱ한👍\x00\n\t\u2028", max_size=12
)


@pytest.fixture(scope="module")
def any_text(make_app: MakeApp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with TestClient(make_app(database=f"sqlite:///{tmp_path_factory.mktemp('any')}/test.db")) as client:
        yield client


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS, blocked=TEXTS)
def test_any_text_is_an_entry_that_is_offered_or_refused_with_a_rule(
    any_text: TestClient, text: str, blocked: str
) -> None:
    body = {"entries": [{"text": text, "weight": 100}], "blocked": [blocked] if blocked else []}
    headers = {"Content-Type": "application/json"}
    response = any_text.put("/vocabularies/any", content=json.dumps(body), headers=headers)
    if response.status_code == 422:
        assert ": " in response.json()["detail"] and "Traceback" not in response.text
        return
    assert response.status_code == 200, response.text
    kept = any_text.get("/vocabularies/any").json()
    (entry,) = kept["entries"]
    assert entry["text"] == " ".join(unicodedata.normalize("NFC", text).split())
    for typed in (entry["text"], entry["text"][:1], f"the {entry['text'][:3]}", entry["text"][:-1]):
        for path in ("/complete", "/next-word", "/correct"):
            asked = any_text.post(path, json={"text": typed, "vocabularies": ["any"]})
            assert asked.status_code == 200, asked.text


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.sampled_from("zyxßéдק"), rest=st.text("zaéßдק -.&7", min_size=3, max_size=12))
def test_an_entry_is_offered_after_its_first_letters(any_text: TestClient, first: str, rest: str) -> None:
    name = unicodedata.normalize("NFC", " ".join(f"{first}{first}q{rest}".split()))
    any_text.put("/vocabularies/any", json={"entries": [{"text": name, "weight": 100}]})
    assert name.casefold() in [s.casefold() for s in words(any_text, f"the {name[:3]}", vocabularies=["any"])]
