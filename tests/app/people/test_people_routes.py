"""What people teach, over HTTP: it is offered to them alone, told, and carried elsewhere."""

import logging
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.errors import DatabaseAwayError
from app.keys import read_keys
from app.people.people import People
from tests.app.api.test_errors import refused
from tests.app.conftest import MakeApp
from tests.app.http.test_keys import KEY, OTHER, bearer

TEXT = "I like Kubeflow and Grünwald. Kubeflow is a big app in Grünwald"


def offered(client: TestClient, text: str, user: str | None, path: str = "/complete", **headers: Any) -> dict[str, str]:
    """The suggestions and their kinds."""
    answer = client.post(path, json={"text": text, "user": user, "limit": 50}, **headers)
    assert answer.status_code == 200
    return {suggestion["text"]: suggestion["kind"] for suggestion in answer.json()["suggestions"]}


def learn(client: TestClient, user: str, text: str = TEXT, **headers: Any) -> dict[str, Any]:
    answer = client.post("/learn", json={"user": user, "text": text}, **headers)
    assert answer.status_code == 200
    learned: dict[str, Any] = answer.json()
    return learned


def people(client: TestClient) -> People:
    found: People = client.app.state.service.people.people  # type: ignore[attr-defined]
    return found


def test_a_word_is_offered_from_its_second_use_on_and_to_nobody_else(client: TestClient) -> None:
    learn(client, "a", "I like Kubeflow")
    assert "Kubeflow" not in offered(client, "the Kub", "a")
    learn(client, "a", "my kubeflow. Kubeflow")
    assert offered(client, "the Kub", "a")["Kubeflow"] == "learned", "in the case it was mostly written"
    assert offered(client, "I like ", "a", "/next-word")["Kubeflow"] == "learned"
    assert "Kubeflow" not in offered(client, "the Kub", "b") | offered(client, "the Kub", None)
    assert offered(client, "the ", None) == offered(client, "the ", "b")


def test_the_words_of_the_model_move_up_with_use(client: TestClient) -> None:
    def place(user: str | None) -> int:
        return list(offered(client, "my hello ", user)).index("straße")

    for _ in range(5):
        learn(client, "a", "my hello straße")
    assert place("a") < place(None)


def test_a_learned_word_is_guarded_like_all(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("kubeflow\n")
    with TestClient(make_app(database=f"sqlite:///{tmp_path}/a.db")) as client:
        from model.lm.words.offensive import Guard

        for engine in client.app.state.service.model_set.engines.values():  # type: ignore[attr-defined]
            object.__setattr__(engine.model, "guard", Guard(tmp_path / "list"))
        try:
            learn(client, "a")
            assert "Kubeflow" not in offered(client, "the Kub", "a") | offered(client, "I like ", "a", "/next-word")
            assert "Kubeflow" in offered(client, "the Kubefl", "a")
        finally:
            for engine in client.app.state.service.model_set.engines.values():  # type: ignore[attr-defined]
                object.__setattr__(engine.model, "guard", Guard(None))


def test_a_word_of_the_persons_own_is_not_corrected(client: TestClient) -> None:
    # One letter from "dog".
    assert next(iter(offered(client, "the doq", None, "/correct").items())) != ("doq", "typed")
    for _ in range(3):
        learn(client, "a", "the doq doq")
    assert next(iter(offered(client, "the doq", "a", "/correct").items())) == ("doq", "typed")


def test_what_is_known_is_told_and_paged(client: TestClient) -> None:
    assert client.get("/users/a").json() == {"texts": 0, "words": 0, "sequences": 0, "forgotten": 0, "since": None}
    before = time.time()
    learned = learn(client, "a")
    assert client.get("/users/a").json() == learned
    assert learned["texts"] == 1 and before <= learned["since"] <= time.time()
    listed = client.get("/users/a/words", params={"own": True}).json()["words"]
    assert {word["word"]: word["uses"] for word in listed}.items() >= {"Grünwald": 2, "Kubeflow": 2}.items()
    assert all(word["own"] for word in listed)
    everything = client.get("/users/a/words").json()
    pages = [
        client.get("/users/a/words", params={"offset": i, "limit": 1}).json()["words"][0]
        for i in range(everything["total"])
    ]
    assert pages == everything["words"]
    assert client.get("/users/a/words", params={"offset": 1000}).json()["words"] == []


def test_all_of_a_person_can_be_carried_elsewhere(client: TestClient) -> None:
    learn(client, "a")
    client.delete("/users/a/words/dogs")
    exported = client.get("/users/a/export").json()
    assert client.put("/users/b/export", json=exported).status_code == 200
    assert client.get("/users/b/export").json() == exported
    for text in ("the Kub", "the do", "I like "):
        assert offered(client, text, "a") == offered(client, text, "b")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"words": [{"word": "two words", "uses": 1, "weight": 1, "age": 0}]}, "must be one word or mark"),
        ({"words": [{"word": "me@example.com", "uses": 1, "weight": 1, "age": 0}]}, "must be one word or mark"),
        ({"words": [{"word": "a", "uses": 0, "weight": 1, "age": 0}]}, "must be at least 1"),
        (
            {"words": [{"word": "a", "uses": 1, "weight": 0, "age": 0}]},
            "words.0.weight: 0 is not allowed, it must be at least",
        ),
        ({"words": [{"word": "a", "uses": 1, "weight": 1, "age": 9}]}, "must be at most 1, the number of texts"),
        ({"words": [{"word": "a", "uses": 1, "weight": 1, "age": 0}] * 2, "sequences": []}, "must be there once"),
        ({"sequences": [{"sequence": ["no", "such"], "weight": 1, "age": 0}]}, "must be among the words"),
        ({"forgetting": "12"}, "forgetting"),
        ({"forgotten": ["x"]}, "forgotten"),
        ({"more": 1}, "there is no such field"),
    ],
)
def test_an_export_that_breaks_a_rule_is_refused(shared: TestClient, change: dict[str, Any], rule: str) -> None:
    shared.delete("/users/a")
    learn(shared, "a", "the dog")
    before = shared.get("/users/a/export").json()
    status, detail = refused(shared.put("/users/a/export", json=before | change))
    assert status == 422 and rule in detail
    assert shared.get("/users/a/export").json() == before


def test_whatever_was_taught_can_be_carried_elsewhere(shared: TestClient) -> None:
    """What the service learns and gives it takes again: words of secrets, contractions, marks of every kind."""
    for user in "ab":
        shared.delete(f"/users/{user}")
    marks = "".join(map(chr, (*range(0x400), *range(0x2000, 0x2100)))) + "👍🏽 👨\u200d👩\u200d👧"
    texts = ["My password is hunter\ndont cant", "e" + "\u0301" * 150, "_" + "\u0301" * 150]
    for text in texts + [" ".join(marks[i : i + 90]) for i in range(0, len(marks), 90)]:
        learn(shared, "a", text)
    for word in ("dont", "password", "cafe\u0301", "e-mail", "o\u2019clock"):
        assert shared.put(f"/users/a/words/{word}").status_code == 200
    known = {word["word"] for word in shared.get("/users/a/words?limit=1000").json()["words"]}
    assert {"don't", "password", "café", "e-mail", "o'clock"} <= known and "dont" not in known
    exported = shared.get("/users/a/export").json()
    assert shared.put("/users/b/export", json=exported).status_code == 200
    assert shared.get("/users/b/export").json() == exported
    for word in ("dont", "password", "cafe\u0301", "E-MAIL", "O'clock"):
        assert shared.delete(f"/users/b/words/{word}").status_code == 200
    left = {word["word"] for word in shared.get("/users/b/words?limit=1000").json()["words"]}
    assert left == known - {"don't", "password", "café", "e-mail", "o'clock"}


@pytest.mark.parametrize("name", ["texts", "uses", "weight", "age", "passed_over"])
@pytest.mark.parametrize("least", [False, True])
def test_an_export_at_its_limits_can_be_used(shared: TestClient, name: str, least: bool) -> None:
    shared.delete("/users/a")
    learn(shared, "a")
    exported = shared.get("/users/a/export").json()
    value = {"texts": 1, "uses": 1, "weight": 1e-6}.get(name, 0) if least else 10**9
    exported["texts"] = 10**9 if not (name == "texts" and least) else 1
    for row in (*exported["words"], *exported["sequences"]):
        if name in row:
            row[name] = value
    assert shared.put("/users/a/export", json=exported).status_code == 200
    learn(shared, "a")
    again = shared.get("/users/a/export")
    assert again.status_code == 200 and shared.put("/users/a/export", json=again.json()).status_code == 200
    offered(shared, "the Kub", "a"), offered(shared, "I like ", "a", "/next-word"), offered(shared, "kubeflwo", "a")


@pytest.mark.parametrize("user", ["a/b", "../etc", "%2F", "日本 語", "a?b#c", ".", "x" * 128, "\0"])
def test_an_id_may_be_any_string(shared: TestClient, user: str) -> None:
    from urllib.parse import quote

    learn(shared, user)
    path = f"/users/{quote(user, safe='')}".replace("/.", "/%2E", 1)
    assert shared.get(path).json()["texts"] == 1
    assert shared.get(f"{path}/words").json()["total"] > 5
    assert shared.delete(path).json()["texts"] == 0
    assert "Kubeflow" not in offered(shared, "the Kub", user)


@pytest.mark.parametrize(
    ("method", "path", "rule"),
    [
        ("GET", f"/users/{'x' * 129}", "user"),
        ("GET", "/users/%FF", "not valid Unicode"),
        ("PUT", "/users/a/words/two%20words", "must be one word"),
        ("DELETE", "/users/a/words/two%0Awords", "must be one word"),
        ("PUT", "/users/a/words/1234567", "must be one word"),
        ("PUT", "/users/a/words/a1b2c3d4e5f6g7", "nothing that may be a secret"),
        ("PUT", f"/users/a/words/{'x' * 101}", "must have at most 100 code points"),
        ("GET", "/users/a/words?limit=1001", "must be at most 1000"),
        ("GET", "/users/a/words?other=1", "there is no such field"),
    ],
)
def test_bad_paths_are_told(shared: TestClient, method: str, path: str, rule: str) -> None:
    status, detail = refused(shared.request(method, path))
    assert status == 422 and rule in detail


def test_people_belong_to_the_key_that_taught_them(make_app: MakeApp, tmp_path: Path) -> None:
    keys = read_keys(f"{KEY},{OTHER}")
    with TestClient(make_app(database=f"sqlite:///{tmp_path}/a.db", api_keys=keys)) as client:
        learn(client, "a", headers=bearer(KEY))
        assert "Kubeflow" in offered(client, "the Kub", "a", headers=bearer(KEY))
        assert "Kubeflow" not in offered(client, "the Kub", "a", headers=bearer(OTHER))
        assert client.get("/users/a", headers=bearer(OTHER)).json()["texts"] == 0
        client.delete("/users/a", headers=bearer(OTHER))
        assert client.get("/users/a", headers=bearer(KEY)).json()["texts"] == 1
        for path in ("/users/a", "/users/a/words", "/users/a/export"):
            assert refused(client.get(path))[0] == 401
        assert refused(client.post("/learn", json={"user": "a", "text": "a"}))[0] == 401


def test_without_a_database_nothing_is_learned(make_app: MakeApp) -> None:
    with TestClient(make_app(database=None)) as client:
        assert "dog" in offered(client, "the do", "a")
        for answer in (
            client.post("/learn", json={"user": "a", "text": "a"}),
            client.get("/users/a"),
            client.delete("/users/a"),
        ):
            assert refused(answer) == (403, "nothing is kept here, TSUZUKI_DATABASE is none")


def test_a_database_that_is_away_is_a_503_and_nothing_to_suggestions(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn(client, "a")

    def away(*arguments: object) -> None:
        raise DatabaseAwayError

    for name in ("digest", "learn", "load", "changes", "tidy"):
        monkeypatch.setattr(people(client).store, name, away)
    answer = client.post("/learn", json={"user": "a", "text": "a"})
    assert refused(answer) == (503, "the database is away, nothing was changed, try again in a second")
    assert answer.headers["Retry-After"] == "1"
    assert "Kubeflow" in offered(client, "the Kub", "a"), "what is in memory stays"
    assert "dogs" in offered(client, "the do", "b")
    assert client.get("/health/ready").status_code == 200


def test_another_process_sees_it_within_two_seconds(make_app: MakeApp, tmp_path: Path) -> None:
    app = {"database": f"sqlite:///{tmp_path}/a.db"}
    with TestClient(make_app(**app)) as one, TestClient(make_app(**app)) as two:
        offered(two, "the Kub", "a")
        learn(one, "a")
        for wanted in (True, False):
            begun = time.monotonic()
            while ("Kubeflow" in offered(two, "the Kub", "a")) is not wanted:
                assert time.monotonic() - begun < 30, "a busy machine is no fault, but this is never"
                time.sleep(0.05)
            one.delete("/users/a")


def test_memory_stays_within_its_setting(make_app: MakeApp, tmp_path: Path) -> None:
    with TestClient(make_app(database=f"sqlite:///{tmp_path}/a.db", people_megabytes=1)) as client:
        for i in range(60):
            words = " ".join(f"word{chr(97 + j % 26)}{chr(97 + i % 26)}x{chr(97 + j // 26)}" for j in range(120))
            learn(client, f"person {i}", f"{TEXT} {words}")
            assert 0 < people(client).bytes <= 2**20
        assert 2 < len(people(client)._known) < 60
        assert "Kubeflow" in offered(client, "the Kub", "person 59")


def test_nothing_of_a_text_or_an_id_is_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        learn(client, "Anneliese")
        client.get("/users/Anneliese/words")
        client.put("/users/Anneliese/words/Kubeflow")
        client.delete("/users/Anneliese")
    told = " ".join(
        str(record.__dict__) for record in caplog.records if record.name.startswith(("tsuzuki", "sqlalchemy"))
    )
    assert "/users/{user}" in told
    assert "Anneliese" not in told and "Kubeflow" not in told and "Grünwald" not in told
    metrics = client.get("/metrics").text
    assert "Anneliese" not in metrics and 'route="/users/{user}/words/{word}"' in metrics
