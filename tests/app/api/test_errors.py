"""Every error says in one sentence what was wrong, with a fitting status; nothing is a 500."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.problems import problem_of
from tests.app.conftest import MakeApp
from tests.app.counting import counting

JSON = {"Content-Type": "application/json"}
NAMES = "text, cursor, limit, min_probability, model, user, vocabularies, fuzzy, words, reply_to"
# 2000 code points of 12 bytes, and 4096 for the rest: the settings of the tests.
MOST_BYTES = 28096


def refused(response: Any) -> tuple[int, str]:
    """The status and the detail; checks what holds for every error."""
    assert response.headers["X-Request-ID"]
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body == problem_of(response.status_code, body["detail"])
    assert isinstance(body["detail"], str)
    assert len(body["detail"]) < 1000 and "\n" not in body["detail"]
    return response.status_code, body["detail"]


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"", 422, "body: required"),
        (b"{}", 422, "text: required"),
        (b"[]", 422, "body: a list is not allowed, it must be a JSON object"),
        (b"null", 422, "body: null is not allowed, it must be a JSON object"),
        (b"5", 422, "body: 5 is not allowed, it must be a JSON object"),
        (b"{", 400, "body: not JSON at character 1: Expecting property name enclosed in double quotes"),
        (b"\xff", 400, "body: not UTF-8 at byte 0"),
        ('{"text": "é"}'.encode("utf-16"), 400, "body: not UTF-8 at byte 0"),
        (b"[" * 20_000, 400, "body: nested too deeply"),
        (b'{"text": ' + b"[" * 400 + b"]" * 400 + b"}", 422, "text: a list is not allowed, it must be a string"),
        (b'{"text": ' + b'{"a":' * 5_000, 400, "body: nested too deeply"),
        (b'{"text": "a", "text": "b"}', 400, "body: 'text' stands 2 times in one object"),
        (b'{"text": "a", "x": [{"limit": 1, "limit": 1}]}', 400, "body: 'limit' stands 2 times in one object"),
        (b'{"text": "a", "te\\u0078t": "a"}', 400, "body: 'text' stands 2 times in one object"),
        (b'{"text": "\\ud800"}', 422, "text: not valid Unicode, a surrogate stands alone"),
        (b'{"text": "a", "\\udfff": 1}', 422, "body: not valid Unicode, a surrogate stands alone"),
        (b'{"text": "a", "model": "\\ud800"}', 422, r"model: '\ud800' is not allowed, it must be one of tiny, other"),
        (b'{"text": null}', 422, "text: null is not allowed, it must be a string"),
        (b'{"text": 7}', 422, "text: 7 is not allowed, it must be a string"),
        (b'{"text": "a", "limit": 0}', 422, "limit: 0 is not allowed, it must be at least 1"),
        (b'{"text": "a", "limit": 51}', 422, "limit: 51 is not allowed, it must be at most 50"),
        (b'{"text": "a", "limit": true}', 422, "limit: true is not allowed, it must be a whole number"),
        (b'{"text": "a", "limit": "5"}', 422, "limit: '5' is not allowed, it must be a whole number"),
        (b'{"text": "a", "limit": 2.5}', 422, "limit: 2.5 is not allowed, it must be a whole number"),
        (b'{"text": "a", "cursor": -1}', 422, "cursor: -1 is not allowed, it must be at least 0"),
        (b'{"text": "a", "cursor": 2}', 422, "cursor: 2 is not allowed, it must be at most 1, the length of the text"),
        (
            b'{"text": "a", "cursor": ' + b"9" * 4000 + b"}",
            422,
            "cursor: a number of more than 40 digits is not allowed, it must be at most 1, the length of the text",
        ),
        (b'{"text": "a", "cursor": ' + b"9" * 5000 + b"}", 400, "body: a number in it has too many digits"),
        (b'{"text": "a", "min_probability": NaN}', 400, "body: NaN is not JSON"),
        (b'{"text": "a", "min_probability": -Infinity}', 400, "body: -Infinity is not JSON"),
        (
            b'{"text": "a", "min_probability": 1e999}',
            422,
            "min_probability: inf is not allowed, it must be a finite number",
        ),
        (
            b'{"text": "a", "min_probability": 1.5}',
            422,
            "min_probability: 1.5 is not allowed, it must be at most 1",
        ),
        (b'{"text": "a", "model": "de"}', 422, "model: 'de' is not allowed, it must be one of tiny, other"),
        (b'{"text": "a", "lang": 1}', 422, f"lang: there is no such field, there are {NAMES}"),
        (
            b'{"limit": 0, "cursor": "x"}',
            422,
            "text: required; cursor: 'x' is not allowed, it must be a whole number; "
            "limit: 0 is not allowed, it must be at least 1",
        ),
    ],
)
def test_body(client: TestClient, body: bytes, status: int, detail: str) -> None:
    for endpoint in ("/complete", "/next-word"):
        assert refused(client.post(endpoint, content=body, headers=JSON)) == (status, detail)


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("", "text: required"),
        ("text=a&limit=0", "limit: 0 is not allowed, it must be at least 1"),
        ("text=a&limit=five", "limit: five is not allowed, it must be a whole number"),
        ("text=a&limit=", "limit: an empty value is not allowed, it must be a whole number"),
        ("text=a&cursor=2", "cursor: 2 is not allowed, it must be at most 1, the length of the text"),
        ("text=a&min_probability=nan", "min_probability: nan is not allowed, it must be a finite number"),
        ("text=a&min_probability=-1", "min_probability: -1 is not allowed, it must be at least 0"),
        ("text=a&text=b", "text: given 2 times, it must be given once"),
        ("text=a&lang=en", f"lang: there is no such field, there are {NAMES}"),
        ("text=a&%00%0A=1", rf"\x00\n: there is no such field, there are {NAMES}"),
        ("text=a&model=de", "model: 'de' is not allowed, it must be one of tiny, other"),
        (
            "text=a&cursor=" + "9" * 5000,
            "cursor: " + "9" * 40 + "… is not allowed, it must be a whole number of a usual size",
        ),
        ("text=" + "a" * 2001, "text: 2001 code points are not allowed, it must have at most 2000"),
    ],
)
def test_query_string(client: TestClient, query: str, detail: str) -> None:
    for endpoint in ("/complete", "/next-word"):
        assert refused(client.get(f"{endpoint}?{query}")) == (422, detail)


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "garbage;;", ""])
def test_content_type(client: TestClient, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    status, detail = refused(client.post("/complete", content=b'{"text": "a"}', headers=headers))
    assert status == 415
    assert detail.startswith("Content-Type: ") and detail.endswith(" is not allowed, it must be application/json")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_content_type_may_have_parameters_and_capitals(client: TestClient, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    assert client.post("/complete", content=b'{"text": "a"}', headers=headers).status_code == 200


def test_a_byte_order_mark_and_nul_characters_are_no_error(client: TestClient) -> None:
    body = b'\xef\xbb\xbf{"text": "a\\u0000 app"}'
    answer = client.post("/complete", content=body, headers=JSON)
    assert answer.json()["replace"] == {"start": 3, "end": 6}


def test_the_longest_text_fits_in_any_spelling_and_one_more_does_not(client: TestClient) -> None:
    longest = "😀" * 2000
    spelled = json.dumps({"text": longest, "limit": 5})
    assert "\\ud83d\\ude00" in spelled
    assert client.post("/complete", content=spelled, headers=JSON).status_code == 200
    assert client.get("/complete", params={"text": longest}).status_code == 200
    assert refused(client.post("/complete", json={"text": longest + "a"})) == (
        422,
        "text: 2001 code points are not allowed, it must have at most 2000",
    )


def test_too_many_bytes_are_refused_by_their_announced_number(client: TestClient) -> None:
    for announced in ("28097", "9" * 5000):
        headers = JSON | {"Content-Length": announced}
        response = client.post("/complete", content=b"{}", headers=headers)
        assert refused(response) == (413, f"body: must be at most {MOST_BYTES} bytes")
        assert response.headers["Connection"] == "close"


def test_too_many_bytes_are_refused_while_they_come(client: TestClient) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b" " * 1000

    response = client.post("/complete", content=endless(), headers=JSON)
    assert refused(response) == (413, f"body: must be at most {MOST_BYTES} bytes")
    assert response.headers["Connection"] == "close"


def test_too_long_query_string(client: TestClient) -> None:
    response = client.get("/complete?text=" + "a" * MOST_BYTES)
    assert refused(response) == (414, f"query string: must be at most {MOST_BYTES} bytes")


def test_wrong_address_and_method(client: TestClient) -> None:
    assert refused(client.get("/nope")) == (404, "/nope: there is nothing here, /docs lists what there is")
    assert refused(client.post("/complete/", json={}))[0] == 404
    assert refused(client.get("/" + "x" * 5000))[0] == 404
    response = client.delete("/complete")
    assert refused(response) == (405, "DELETE: not allowed for /complete, it must be GET, POST")
    assert response.headers["Allow"] == "GET, POST"
    assert refused(client.post("/models"))[0] == 405


def test_a_failure_of_ours_is_a_500_of_the_same_shape_and_the_service_goes_on(
    make_app: MakeApp, tiny_model: Any
) -> None:
    model, network = counting(tiny_model)
    with TestClient(make_app(model)) as client:
        network.error = ZeroDivisionError("the dog eats")
        status, detail = refused(client.get("/complete?text=the dog eats a", headers={"X-Request-ID": "abc"}))
        assert status == 500
        assert detail == "the service failed, its log says more under request id abc"
        network.error = None
        assert client.get("/complete?text=the dog eats a").status_code == 200


def test_a_page_of_another_origin_can_read_a_500(make_app: MakeApp, tiny_model: Any) -> None:
    model, network = counting(tiny_model)
    with TestClient(make_app(model, cors_origins=("https://a.example",))) as client:
        network.error = ZeroDivisionError()
        response = client.get("/complete?text=the dog eats a", headers={"Origin": "https://a.example"})
        assert refused(response)[0] == 500
        assert response.headers["Access-Control-Allow-Origin"] == "https://a.example"
        assert "X-Request-ID" in response.headers["Access-Control-Expose-Headers"]
