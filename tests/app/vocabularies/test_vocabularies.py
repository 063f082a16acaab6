"""Vocabularies over HTTP: put in, offered in context, blocked, left alone, listed, deleted, an administrator's."""

import json
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.database.engine import open_database
from app.keys import read_keys
from app.settings import read_settings
from app.vocabularies import store
from model.lm.storage import load_model
from tests.app.api.test_errors import refused
from tests.app.conftest import MakeApp
from tests.app.http.test_keys import ADMIN, KEY, bearer
from tests.app.postgresql import new_database

PRODUCTS = {
    "entries": [{"text": "Kubeflow"}, {"text": "Acme Cloud Backup", "weight": 2.0}, {"text": "Grünwald"}],
    "blocked": ["banana", "app store"],
}
EMPTY: dict[str, Any] = {}


@pytest.fixture
def kept(make_app: MakeApp, tmp_path: Path) -> Iterator[TestClient]:
    """A service with a database."""
    with TestClient(make_app(database=f"sqlite:///{tmp_path}/test.db")) as client:
        yield client


@pytest.fixture(scope="module")
def english(make_app: MakeApp, shipped_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service with the shipped model, a database, and a vocabulary of products that counts by default."""
    database = f"sqlite:///{tmp_path_factory.mktemp('english')}/test.db"
    app = make_app(load_model(shipped_folder), database=database, vocabularies=("products", "none-such"))
    with TestClient(app) as client:
        assert client.put("/vocabularies/products", json=PRODUCTS).status_code == 200
        yield client


def words(client: TestClient, text: str, path: str = "/complete", **fields: Any) -> list[str]:
    answer = client.post(path, json={"text": text, **fields})
    assert answer.status_code == 200, answer.text
    return [suggestion["text"] for suggestion in answer.json()["suggestions"]]


def test_a_vocabulary_is_kept_listed_and_deleted(kept: TestClient) -> None:
    assert kept.get("/vocabularies").json() == {"vocabularies": []}
    summary = kept.put("/vocabularies/products", json=PRODUCTS).json()
    assert (summary["name"], summary["entries"], summary["blocked"]) == ("products", 3, 2)
    assert kept.put("/vocabularies/a.team-1", json=EMPTY).json()["entries"] == 0
    listed = kept.get("/vocabularies").json()["vocabularies"]
    assert [one["name"] for one in listed] == ["a.team-1", "products"] and listed[1] == summary
    got = kept.get("/vocabularies/products").json()
    assert sorted(got["entries"], key=lambda entry: entry["text"]) == [
        {"text": "Acme Cloud Backup", "weight": 2.0},
        {"text": "Grünwald", "weight": 1.0},
        {"text": "Kubeflow", "weight": 1.0},
    ]
    assert got["blocked"] == PRODUCTS["blocked"]
    assert kept.put("/vocabularies/again", json=got).status_code == 200
    assert kept.get("/vocabularies/again").json() == got
    assert kept.delete("/vocabularies/products").json() == summary
    assert [one["name"] for one in kept.get("/vocabularies").json()["vocabularies"]] == ["a.team-1", "again"]
    for request in (kept.get, kept.delete):
        assert refused(request("/vocabularies/products")) == (404, "products: there is no vocabulary of this name")


def test_it_outlives_the_service(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(database=f"sqlite:///{tmp_path}/test.db")
    with TestClient(app) as client:
        client.put("/vocabularies/products", json=PRODUCTS)
    with TestClient(make_app(database=f"sqlite:///{tmp_path}/test.db")) as client:
        assert words(client, "We run Kubefl", vocabularies=["products"]) == ["Kubeflow"]


@pytest.mark.parametrize(
    ("text", "wanted", "result"),
    [
        ("We run Kubefl", "Kubeflow", "We run Kubeflow"),
        ("WE RUN KUBEFL", "KUBEFLOW", "WE RUN KUBEFLOW"),
        ("We use Acme Cl", "Cloud Backup", "We use Acme Cloud Backup"),
        ("We use acm", "Acme Cloud Backup", "We use Acme Cloud Backup"),
        ("we met gru", "Grünwald", "we met Grünwald"),
    ],
)
def test_entries_are_offered_in_context(english: TestClient, text: str, wanted: str, result: str) -> None:
    for asked in ({"vocabularies": ["products"]}, {"vocabularies": None}, {}):
        answer = english.post("/complete", json={"text": text, **asked}).json()
        first, span = answer["suggestions"][0], answer["replace"]
        assert first["text"] == wanted
        assert text[: span["start"]] + first["insert"] + text[span["end"] :] == result


def test_an_entry_goes_on_as_the_next_word(english: TestClient) -> None:
    answer = english.post("/next-word", json={"text": "We use Acme"}).json()
    assert answer["suggestions"][0]["insert"] == " Cloud Backup" and answer["suggestions"][0]["kind"] == "next-word"


def test_blocked_words_are_never_offered(english: TestClient) -> None:
    assert "banana" in words(english, "she ate a bana", vocabularies=[])
    assert "banana" not in words(english, "she ate a bana", limit=50)
    assert "store" in words(english, "from the app sto", vocabularies=[])
    assert "store" not in words(english, "from the app sto", limit=50)


def test_corrections_leave_its_words_alone(english: TestClient) -> None:
    text = "we run kubeflo on Kubeflow for Grünwald with kubeflow's help, and Acme"
    for asked in ({}, {"vocabularies": ["products"]}):
        answer = english.post("/correct", json={"text": text, "all": True, **asked}).json()
        changed = [one["prefix"] for one in answer["corrections"]]
        assert not {"Kubeflow", "Grünwald", "kubeflow's", "Acme"} & set(changed)
    english.put("/vocabularies/typos", json={"entries": [{"text": "Teh Tarik"}, {"text": "recieve"}]})
    for text in ("I love teh", "you will recieve"):
        free, held = (
            english.post("/correct", json={"text": text, "vocabularies": names}).json()["suggestions"][0]
            for names in ([], ["typos"])
        )
        assert (free["kind"], held["kind"]) == ("correction", "typed")


def test_a_request_names_vocabularies_in_a_list_or_with_commas(kept: TestClient) -> None:
    for name, text in (("one", "Zorgon"), ("two", "Zorbas")):
        kept.put(f"/vocabularies/{name}", json={"entries": [{"text": text}]})
    assert set(words(kept, "zor", vocabularies=["one", "two"], fuzzy=False)) == {"Zorgon", "Zorbas"}
    assert words(kept, "zor", vocabularies=["two", "two"], fuzzy=False) == ["Zorbas"]
    assert words(kept, "zor", vocabularies=[], fuzzy=False) == words(kept, "zor", fuzzy=False) == []
    by_query = kept.get("/complete?text=zor&vocabularies=one,two&fuzzy=false").json()["suggestions"]
    assert {suggestion["text"] for suggestion in by_query} == {"Zorgon", "Zorbas"}
    assert kept.get("/correct?text=zorbas&vocabularies=two").json()["suggestions"][0]["kind"] == "typed"
    assert refused(kept.post("/next-word", json={"text": "a", "vocabularies": ["one", "three"]})) == (
        422,
        "vocabularies: 'three' is not allowed, it must be the name of a vocabulary",
    )


def test_a_name_that_breaks_the_rule_is_told_wherever_it_stands(kept: TestClient) -> None:
    rule = "is not allowed, it must be 1 to 64 letters, digits, _, . and - of ASCII, the first a letter or digit"
    by_query = kept.get("/complete?text=a&vocabularies=one,!")
    assert refused(by_query) == (422, f"vocabularies.1: ! {rule}")
    assert refused(kept.post("/correct", json={"text": "a", "vocabularies": ["!"]})) == (
        422,
        f"vocabularies.0: '!' {rule}",
    )


def test_the_new_content_takes_the_place_of_the_old_at_once(kept: TestClient) -> None:
    for text in ("Zorgon", "Zorbas", "Zorrilla"):
        kept.put("/vocabularies/z", json={"entries": [{"text": text}]})
        assert words(kept, "zor", vocabularies=["z"], fuzzy=False) == [text]
    kept.delete("/vocabularies/z")
    assert kept.post("/complete", json={"text": "zor", "vocabularies": ["z"]}).status_code == 422


def test_a_reload_of_the_models_keeps_them(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(database=f"sqlite:///{tmp_path}/test.db", admin_keys=read_keys(ADMIN))
    with TestClient(app, headers=bearer(ADMIN)) as client:
        client.put("/vocabularies/z", json={"entries": [{"text": "Zorgon"}], "blocked": ["apple"]})
        before = words(client, "app", vocabularies=["z"])
        assert client.post("/models/reload").status_code == 200
        assert words(client, "app", vocabularies=["z"]) == before and "apple" not in before
        assert words(client, "zor", vocabularies=["z"], fuzzy=False) == ["Zorgon"]


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


def test_without_a_database_nothing_is_kept(client: TestClient) -> None:
    assert client.get("/vocabularies").json() == {"vocabularies": []}
    told = (403, "nothing is kept here, TSUZUKI_DATABASE is none")
    assert refused(client.put("/vocabularies/products", json=PRODUCTS)) == told
    assert refused(client.get("/vocabularies/products")) == told
    assert refused(client.delete("/vocabularies/products")) == told
    assert client.post("/complete", json={"text": "a", "vocabularies": ["products"]}).status_code == 422


def test_suggestions_go_on_where_the_database_is_away(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with TestClient(make_app(database=f"sqlite:///{tmp_path}/file/test.db")) as client:
        assert words(client, "the app", vocabularies=["products"]) == words(client, "the app")
        for response in (
            client.put("/vocabularies/products", json=PRODUCTS),
            client.get("/vocabularies"),
            client.get("/vocabularies/products"),
            client.delete("/vocabularies/products"),
        ):
            assert refused(response)[0] == 503 and response.headers["Retry-After"] == "1"


def everything(client: TestClient, headers: dict[str, str]) -> Iterator[int]:
    yield client.put("/vocabularies/products", json=PRODUCTS, headers=headers).status_code
    yield client.get("/vocabularies", headers=headers).status_code
    yield client.get("/vocabularies/products", headers=headers).status_code
    yield client.delete("/vocabularies/products", headers=headers).status_code


def test_with_keys_it_is_an_administrators(make_app: MakeApp, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/test.db"
    both = {"api_keys": read_keys(KEY), "admin_keys": read_keys(ADMIN)}
    for keys in (both, {"admin_keys": read_keys(ADMIN)}):
        with TestClient(make_app(database=database, **keys)) as client:
            assert set(everything(client, {})) == {401}
            assert set(everything(client, bearer("wrong-wrong-wrong"))) == {401}
            assert set(everything(client, bearer(ADMIN))) == {200}
    with TestClient(make_app(database=database, **both)) as client:
        assert set(everything(client, bearer(KEY))) == {403}
        client.put("/vocabularies/products", json=PRODUCTS, headers=bearer(ADMIN))
        asked = client.post("/complete", json={"text": "kubefl", "vocabularies": ["products"]}, headers=bearer(KEY))
        assert [suggestion["text"] for suggestion in asked.json()["suggestions"]] == ["Kubeflow"]
    with TestClient(make_app(database=database, api_keys=read_keys(KEY))) as client:
        assert set(everything(client, bearer(KEY))) == {403}, "there are no administrators"
    with TestClient(make_app(database=database)) as client:
        assert set(everything(client, {})) == {200}, "without keys whoever reaches the service may"


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


def test_ten_thousand_entries_are_taken_and_found(english: TestClient) -> None:
    letters = "abcdefghij"
    entries = [{"text": f"Zu{''.join(letters[int(d)] for d in f'{i:04}')} Pro"} for i in range(10_000)]
    assert english.put("/vocabularies/many", json={"entries": entries}).json()["entries"] == 10_000
    for i in (0, 4711, 9999):
        name = entries[i]["text"]
        assert words(english, f"We sell {name[:5]}", vocabularies=["many", "products"], limit=50).count(name) == 1
        assert words(english, f"We sell {name[:6]} P", vocabularies=["many", "products"])[0] == "Pro"
    # Of what a text does not need nothing is seen.
    for text in ("I would like an app", "the dog eats ", "See you tomorow"):
        assert words(english, text, vocabularies=["many"], limit=3) == words(english, text, vocabularies=[], limit=3)
    english.delete("/vocabularies/many")


def test_the_guard_holds_for_entries(make_app: MakeApp, english: TestClient) -> None:
    english.put("/vocabularies/guarded", json={"entries": [{"text": "Dick's Sporting Goods", "weight": 100}]})
    assert not any("Dick" in word for word in words(english, "at Di", vocabularies=["guarded"], limit=50))
    assert words(english, "at Dick's ", vocabularies=["guarded"])[0] == "Sporting Goods"


def test_postgresql_keeps_them_too(make_app: MakeApp, postgresql: str) -> None:
    url = new_database(postgresql, "vocabularies")
    database = open_database(read_settings({"database": url}))
    assert database is not None
    database.upgrade()
    database.close()
    with TestClient(make_app(database=url)) as client, TestClient(make_app(database=url)) as other:
        with ThreadPoolExecutor(4) as pool:
            puts = [pool.submit(one.put, "/vocabularies/p", json=PRODUCTS) for one in (client, other) * 5]
        assert {put.result().status_code for put in puts} == {200}, "of changes at once each has its turn"
        assert other.get("/vocabularies/p").json()["blocked"] == PRODUCTS["blocked"]
        assert words(client, "We run Kubefl", vocabularies=["p"], fuzzy=False) == ["Kubeflow"]
        assert other.delete("/vocabularies/p").status_code == 200
