"""Vocabularies over HTTP: put in, offered in context, blocked, left alone, listed, deleted, an administrator's."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.database.engine import open_database
from app.keys import read_keys
from app.settings import read_settings
from tests.app.api.test_errors import refused
from tests.app.conftest import MakeApp
from tests.app.http.test_keys import ADMIN, KEY, bearer
from tests.app.postgresql import new_database
from tests.app.vocabularies.conftest import PRODUCTS

EMPTY: dict[str, Any] = {}


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
