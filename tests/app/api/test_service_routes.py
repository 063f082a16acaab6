"""Models, health, the way to the documentation, and the OpenAPI document."""

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import fastapi.routing
import pytest
from fastapi.testclient import TestClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.main import create_app
from app.problems import problem_of
from app.settings import Settings
from model.lm.language_model import LanguageModel
from tests.app.conftest import MakeApp


def test_models_are_listed_the_default_first(client: TestClient, tiny_model: LanguageModel) -> None:
    first, second = client.get("/models").json()["models"]
    assert re.fullmatch("[0-9a-f]{12}", first["version"])
    weights = tiny_model.network.weights.values()
    assert first == {
        "name": "tiny",
        "default": True,
        "version": first["version"],
        "cell": "lstm",
        "vocabulary": len(tiny_model.vocabulary),
        "parameters": sum(w.size for w in weights),
        "bytes": 4 * sum(w.size for w in weights),
        "replies": False,
        "training": {"tokens": 1000, "validation_perplexity": 99.5},
    }
    assert second == first | {"name": "other", "default": False}


@pytest.mark.parametrize(
    ("training", "told"), [({"a": "\ud800", "loss": math.nan}, {"a": "?", "loss": None}), (None, {}), ([1], {})]
)
def test_odd_training_figures_do_no_harm(
    make_app: MakeApp, tiny_model: LanguageModel, training: object, told: object
) -> None:
    with TestClient(make_app(replace(tiny_model, information={"training": training}))) as client:
        assert client.get("/models").json()["models"][0]["training"] == told


def test_health(client: TestClient) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready"}


@pytest.mark.parametrize("path", ["/health/ready", "/models", "/complete?text=a", "/next-word?text=a"])
def test_before_the_start_all_but_life_is_a_503(make_app: MakeApp, path: str) -> None:
    client = TestClient(make_app())  # not entered: the lifespan has not begun
    response = client.get(path)
    assert response.status_code == 503
    assert response.json() == problem_of(503, "the service is starting or stopping, try again in a second")
    assert response.headers["Retry-After"] == "1"
    assert client.get("/health/live").status_code == 200


def test_after_the_end_as_well(make_app: MakeApp) -> None:
    with TestClient(make_app()) as client:
        assert client.get("/health/ready").status_code == 200
    assert client.get("/health/ready").status_code == 503
    assert client.get("/complete?text=a").status_code == 503


def test_the_models_are_loaded_at_the_start_where_none_are_handed_in(tiny_folder: Path) -> None:
    with TestClient(create_app(Settings(models={"tiny": tiny_folder}))) as client:
        assert client.get("/complete?text=app").json()["prefix"] == "app"


def test_operations_have_names_fit_for_methods(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    names = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    suggestions = {"complete", "complete_get", "next_word", "next_word_get", "correct", "correct_get"} | {
        "generate",
        "reply",
    }
    people = {"learn", "get_user", "delete_user", "get_words", "put_word", "delete_word", "get_export", "put_export"}
    vocabularies = {"list_vocabularies", "put_vocabulary", "get_vocabulary", "delete_vocabulary"}
    service = {"list_models", "reload_models", "metrics", "health_live", "health_ready"}
    assert names == suggestions | people | vocabularies | service


def test_every_field_and_parameter_is_described_by_example(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for schema in document["components"]["schemas"].values():
        for name, field in schema["properties"].items():
            assert field["description"], name
            assert field.get("examples") or "$ref" in field or "items" in field, name
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["summary"] and operation["description"]
            for parameter in operation.get("parameters", []):
                assert parameter["description"] and "example" in parameter
            for status, response in operation["responses"].items():
                ((kind, content),) = response["content"].items()
                is_text = (operation["operationId"], status) == ("metrics", "200")
                usual = "application/json" if status == "200" else "application/problem+json"
                assert kind == ("text/plain" if is_text else usual)
                assert content.get("example") or content["examples"]
                assert all(field["description"] and field["example"] for field in response["headers"].values())
                assert "X-Request-ID" in response["headers"]


def test_settings_are_in_the_document(make_app: MakeApp) -> None:
    with TestClient(make_app(max_limit=9, default_limit=4, max_text_length=77)) as client:
        document = client.get("/openapi.json").json()
    fields = document["components"]["schemas"]["SuggestionRequest"]["properties"]
    assert fields["text"]["maxLength"] == 77
    assert fields["limit"]["anyOf"][0]["maximum"] == 9 and fields["limit"]["default"] == 4
    assert fields["model"]["anyOf"][0]["enum"] == ["tiny", "other"] and fields["model"]["default"] == "tiny"
    parameters = {p["name"]: p["schema"] for p in document["paths"]["/complete"]["get"]["parameters"]}
    assert parameters["limit"] == {"type": "integer", "minimum": 1, "maximum": 9, "default": 4}
    limits = "a text of 77 code points, a body or query string of 5,020 bytes, 9 suggestions"
    assert limits in document["info"]["description"]


def test_the_document_is_valid(client: TestClient) -> None:
    OpenAPIV31SpecValidator(client.get("/openapi.json").json()).validate()


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        ("400", {"content": '{"text": app}'}),
        ("413", {"json": {"text": "a" * 30_000}}),
        ("414", {"method": "GET", "params": {"text": "a" * 30_000}}),
        ("415", {"content": "{}", "headers": {"Content-Type": "text/plain"}}),
        ("422", {"json": {"text": "a", "limit": 51}}),
    ],
)
def test_the_examples_of_errors_are_what_the_service_answers(
    client: TestClient, status: str, request_: dict[str, Any]
) -> None:
    request_ = {"method": "POST", "headers": {"Content-Type": "application/json"}} | request_
    response = client.request(url="/complete", **request_)
    operation = client.get("/openapi.json").json()["paths"]["/complete"][request_["method"].lower()]
    example = operation["responses"][status]["content"]["application/problem+json"]["example"]
    assert (str(response.status_code), response.json()) == (status, example)


@pytest.mark.parametrize("path", ["/complete", "/next-word", "/correct"])
def test_the_examples_of_requests_and_answers_belong_together(client: TestClient, path: str) -> None:
    operation = client.get("/openapi.json").json()["paths"][path]["post"]
    requests = operation["requestBody"]["content"]["application/json"]["examples"]
    answers = operation["responses"]["200"]["content"]["application/json"]["examples"]
    assert list(requests) == list(answers)
    by_query = client.get("/openapi.json").json()["paths"][path]["get"]
    told = by_query["responses"]["200"]["content"]["application/json"]["example"]
    assert told == answers[next(iter(requests))]["value"]
    asked = {parameter["name"]: parameter["example"] for parameter in by_query["parameters"]}
    assert client.get(path, params=asked).json()["replace"] == told["replace"]


def test_pages_of_other_origins_may_call_only_where_a_setting_says_so(make_app: MakeApp, client: TestClient) -> None:
    page = {"Origin": "https://a.example"}
    assert "Access-Control-Allow-Origin" not in client.get("/models", headers=page).headers
    with TestClient(make_app(cors_origins=("https://a.example",))) as open_client:
        allowed = open_client.get("/complete?text=a&limit=0", headers=page)
        assert allowed.headers["Access-Control-Allow-Origin"] == "https://a.example"
        exposed = "RateLimit, RateLimit-Policy, Retry-After, X-Request-ID"
        assert allowed.headers["Access-Control-Expose-Headers"] == exposed
        preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
        assert open_client.options("/complete", headers=page | preflight).status_code == 200
        refused = open_client.options("/complete", headers={"Origin": "https://b.example"} | preflight)
        assert refused.status_code == 400
        assert refused.json() == problem_of(400, "Disallowed CORS origin")
        assert refused.headers["X-Request-ID"]
        for header in ("authorization", "x-api-key", "x-request-id"):
            with_key = preflight | {"Access-Control-Request-Headers": f"{header},content-type"}
            assert open_client.options("/complete", headers=page | with_key).status_code == 200


def test_the_first_request_builds_no_routes(tiny_model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(Settings(models={"tiny": Path()}), {"tiny": tiny_model})

    def build(*_: object, **__: object) -> None:
        pytest.fail("a route is built while somebody waits")

    monkeypatch.setattr(fastapi.routing, "get_dependant", build)
    with TestClient(app) as client:
        assert client.get("/complete", params={"text": "app"}).status_code == 200
        assert client.get("/nowhere").status_code == 404
