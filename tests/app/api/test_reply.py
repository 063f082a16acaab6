"""``POST /reply``, and ``reply_to`` in ``/complete`` and ``/next-word``, over HTTP and through a real server."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from app.inference import replying
from app.keys import read_keys
from app.main import create_app
from app.settings import Settings
from model.lm.pair_model import REPLIES
from model.search.writing.replies import ReplySearch
from tests.app.conftest import MakeApp
from tests.model.tiny_replies import OCCASIONS, save_tiny_replies
from tests.serving import serving

ADMIN = "administrator-0123"
INVITATION = "Can you come to dinner?"


@pytest.fixture(scope="module")
def folder(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with replies."""
    folder = tmp_path_factory.mktemp("answering") / "tiny"
    shutil.copytree(tiny_folder, folder)
    save_tiny_replies(folder / "reply")
    return folder


@pytest.fixture(scope="module")
def settings(folder: Path, tiny_folder: Path) -> Settings:
    return Settings(models={"tiny": folder, "other": tiny_folder}, max_text_length=2000)


@pytest.fixture(scope="module")
def answering(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings)) as client:
        yield client


def texts(client: TestClient, message: str, **fields: Any) -> list[str]:
    response = client.post("/reply", json={"message": message, **fields})
    assert response.status_code == 200, response.text
    return [reply["text"] for reply in response.json()["replies"]]


def test_it_has_the_shape_of_the_contract(answering: TestClient) -> None:
    answer = answering.post("/reply", json={"message": INVITATION}).json()
    assert list(answer) == ["replies", "model"] and answer["model"] == "tiny"
    assert len(answer["replies"]) == 3
    for reply in answer["replies"]:
        assert list(reply) == ["text", "probability"] and 0 < reply["probability"] < 1


@pytest.mark.parametrize("messages", OCCASIONS)
def test_the_replies_of_an_occasion_come_first_one_of_each_group(
    messages: tuple[str, ...], answering: TestClient
) -> None:
    (found,) = texts(answering, messages[0], limit=1)
    groups = [group.split("|") for group in OCCASIONS[messages]]
    assert any(found in group for group in groups)
    several = texts(answering, messages[0], limit=10)
    assert several[0] == found and len(set(several)) == len(several)
    assert all(sum(text in group for text in several) <= 1 for group in groups)


def test_an_empty_list_where_nothing_fits(answering: TestClient) -> None:
    assert all(texts(answering, message) == [] for message in ("", " ", "?!", "12 34", "\N{PILE OF POO}"))


def test_offensive_words_are_never_answered_nor_offered(answering: TestClient) -> None:
    assert texts(answering, "Thanks, you fucking idiot.") == []
    assert texts(answering, "I want to kill myself.") == []
    assert "Damn right." in texts(answering, "Thanks for your help.", limit=10)


def test_the_list_of_the_settings_is_the_one_that_guards(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("damn\nlost: keys\n", "utf-8")
    with TestClient(create_app(settings.model_copy(update={"offensive_words": tmp_path / "list.txt"}))) as client:
        found = texts(client, "Thanks for your help.", limit=10)
        assert found and "Damn right." not in found
        assert texts(client, "I lost keys.") == [] and texts(client, "I lost my coat.")


def test_a_name_that_the_message_does_not_hold_is_never_given(answering: TestClient) -> None:
    assert "In London?" not in texts(answering, "I lost my keys.", limit=10)
    assert "In London?" in texts(answering, "I lost my coat in London.", limit=10)


def test_a_model_without_replies_says_so(answering: TestClient) -> None:
    response = answering.post("/reply", json={"message": INVITATION, "model": "other"})
    assert response.status_code == 404
    assert response.json()["detail"] == "model: other has no replies, no folder reply lies in its folder"
    assert [model["replies"] for model in answering.get("/models").json()["models"]] == [True, False]


@pytest.mark.parametrize("space", ["\n", " ", "\r\n\r\n", "\t\u2028", "\u00a0"])
def test_white_space_around_a_message_says_nothing(answering: TestClient, space: str) -> None:
    message = f"{space}{INVITATION}{space}"
    assert texts(answering, message) == texts(answering, INVITATION)
    for path in ("/complete", "/next-word"):
        found = [
            answering.post(path, json={"text": "", "reply_to": given}).json()
            for given in (message, INVITATION, space, "", None)
        ]
        assert found[0] == found[1] and found[2] == found[3] == found[4]


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({}, "message: required"),
        ({"message": 5}, "message"),
        ({"message": "a" * 2001}, "message: 2001 code points are not allowed, it must have at most 2000"),
        ({"message": "a", "limit": 0}, "limit: 0 is not allowed, it must be at least 1"),
        ({"message": "a", "limit": 11}, "it must be at most 10"),
        ({"message": "a", "model": "none"}, "must be one of tiny, other"),
        ({"message": "a", "text": "b"}, "there are message, limit, model"),
    ],
)
def test_what_is_not_allowed_is_refused(fields: dict[str, Any], rule: str, answering: TestClient) -> None:
    response = answering.post("/reply", json=fields)
    assert response.status_code == 422 and rule in response.json()["detail"]


def test_a_long_message_is_answered_by_its_end(answering: TestClient) -> None:
    assert texts(answering, "coat keys " * 150 + INVITATION) == texts(answering, "coat keys " * 100 + INVITATION)


def test_those_who_type_are_answered_meanwhile_and_too_many_messages_are_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replying, "MOST_WAITING", 2)
    begun, go_on = threading.Event(), threading.Event()

    def wait(self: ReplySearch, *arguments: Any) -> list[Any]:
        begun.set()
        assert go_on.wait(30)
        return []

    monkeypatch.setattr(ReplySearch, "suggest", wait)
    with serving(create_app(settings)) as address:
        statuses: list[int] = []

        def ask() -> None:
            statuses.append(httpx.post(f"{address}/reply", json={"message": INVITATION}, timeout=30).status_code)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        try:
            for thread in threads:
                thread.start()
            assert begun.wait(30)
            assert httpx.post(f"{address}/complete", json={"text": "the app"}).status_code == 200
            while not statuses:  # the third is refused while the others wait
                threads[0].join(0.01)
            assert statuses == [503]
        finally:
            go_on.set()
            for thread in threads:
                thread.join()
    assert sorted(statuses) == [200, 200, 503]


def test_other_replies_make_another_version_after_a_reload(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "tiny"
    shutil.copytree(folder, copy)
    made = create_app(Settings(models={"tiny": copy}, admin_keys=read_keys(ADMIN)))
    with TestClient(made) as client:
        before = client.get("/models", headers={"X-API-Key": ADMIN}).json()["models"][0]
        (copy / "reply" / REPLIES).write_text("Oh no!\t-3.0\n", "utf-8")
        after = client.post("/models/reload", headers={"X-API-Key": ADMIN}).json()["models"][0]
        assert before.pop("version") != after.pop("version") and before == after
        assert texts(client, "I lost my keys.", limit=5) == ["Oh no!"]


MESSAGE = "Where does the dog eat the apple?"


@pytest.mark.parametrize("path", ["/complete", "/next-word"])
@pytest.mark.parametrize(("text", "cursor"), [("", None), ("The d", None), ("It eats an app in", 14), ("no. ", None)])
def test_reply_to_is_as_a_line_before_the_text(path: str, text: str, cursor: int | None, client: TestClient) -> None:
    answer = client.post(path, json={"text": text, "cursor": cursor, "reply_to": MESSAGE}).json()
    before = f"{MESSAGE}\n"
    place = (len(text) if cursor is None else cursor) + len(before)
    same = client.post(path, json={"text": before + text, "cursor": place}).json()
    shifted = {name: value - len(before) for name, value in same["replace"].items()}
    assert answer == same | {"replace": shifted}
    assert 0 <= answer["replace"]["start"] <= answer["replace"]["end"] <= len(text)


def test_reply_to_changes_what_is_offered_and_nothing_is_as_before(client: TestClient) -> None:
    bare = client.post("/next-word", json={"text": ""}).json()
    assert client.post("/next-word", json={"text": "", "reply_to": MESSAGE}).json() != bare
    for nothing in ("", None):
        assert client.post("/next-word", json={"text": "", "reply_to": nothing}).json() == bare
    by_query = client.get("/next-word", params={"text": "", "reply_to": MESSAGE}).json()
    assert by_query == client.post("/next-word", json={"text": "", "reply_to": MESSAGE}).json()


def test_text_and_message_together_have_the_limit_of_a_text(client: TestClient) -> None:
    fits, too_long = ({"text": "a " * 500, "reply_to": "b" * n} for n in (1000, 1001))
    assert client.post("/complete", json=fits).status_code == 200
    response = client.post("/complete", json=too_long)
    assert response.status_code == 422
    detail = "text and reply_to together: 2001 code points are not allowed, it must have at most 2000"
    assert response.json()["detail"] == detail


def test_a_name_of_a_vocabulary_does_not_begin_in_the_message(make_app: MakeApp, tmp_path: Path) -> None:
    with TestClient(make_app(database=f"sqlite:///{tmp_path}/a.db")) as client:
        entries = [{"text": "Blue Dog Bakery", "weight": 9}]
        assert client.put("/vocabularies/shops", json={"entries": entries}).status_code == 200
        asked = {"vocabularies": ["shops"]}
        answer = client.post("/complete", json={"text": "D", "reply_to": "Blue", **asked}).json()
        assert answer["replace"] == {"start": 0, "end": 1}
        assert all(not s["text"].startswith("Dog Bakery") for s in answer["suggestions"])
        whole = client.post("/complete", json={"text": "Blue D", **asked}).json()
        assert any(s["text"].startswith("Dog Bakery") for s in whole["suggestions"])


def test_with_a_decoder_it_counts_beside_the_message_as_a_line(answering: TestClient, client: TestClient) -> None:
    for path, text in (("/complete", "the d"), ("/next-word", "the dog "), ("/complete", "")):
        body = {"text": text, "reply_to": MESSAGE, "limit": 5}
        with_decoder, plain = (one.post(path, json=body).json() for one in (answering, client))
        assert with_decoder["suggestions"] and with_decoder["replace"] == plain["replace"]
        assert with_decoder["suggestions"] != plain["suggestions"]
        assert answering.post(path, json=body).json() == with_decoder
        assert answering.post(path, json=body | {"words": 3}).status_code == 200
        # Without it nothing changes.
        bare = {"text": text, "limit": 5}
        assert answering.post(path, json=bare).json() == client.post(path, json=bare).json()
