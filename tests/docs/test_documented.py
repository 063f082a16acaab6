"""The documentation names everything there is, and nothing else."""

import json
import re
from pathlib import Path

import pytest
from annotated_types import Ge, Le
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from pydantic import BaseModel, ValidationError

import app
from app.schemas import generation, people, replies, service, suggestions, vocabularies
from app.settings import PREFIX, Settings, variable
from tests.app.conftest import MakeApp

DOCS = Path(app.__file__).parent.parent / "docs"
SETTINGS = (DOCS / "settings.md").read_text("utf-8")
API = (DOCS / "api.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", SETTINGS, re.MULTILINE))


def test_exactly_the_settings_are_documented() -> None:
    assert list(ROWS) == [variable(name) for name in Settings.model_fields]
    assert set(re.findall(rf"{PREFIX}[A-Z_]+", SETTINGS)) == set(ROWS)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_is_documented_with_its_default_and_bounds(name: str) -> None:
    field = Settings.model_fields[name]
    default, allowed, meaning = ROWS[variable(name)].split(" | ")
    is_shipped_file = name in ("models", "offensive_words")
    assert default == "none" or is_shipped_file or default == f"`{field.default}`"
    low = [rule.ge for rule in field.metadata if isinstance(rule, Ge)]
    high = [rule.le for rule in field.metadata if isinstance(rule, Le)]
    if low:
        assert re.match(rf"{low[0]} to {high[0]}\b", allowed)
    assert len(meaning) > 20


def test_every_operation_status_and_field_is_documented(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert f"`{method.upper()} {path}`" in API
            for status in operation["responses"]:
                assert status == "200" or f"| {status} |" in API
    for schema in document["components"]["schemas"].values():
        for name in schema["properties"]:
            assert f"`{name}`" in API or f'"{name}"' in API


def test_the_documented_limits_are_the_defaults() -> None:
    settings = Settings()
    assert f"at most {settings.max_text_length:,} code points" in API
    assert f"1 to {settings.max_limit} | `{settings.default_limit}` |" in API


def test_the_examples_are_what_the_service_takes_and_gives() -> None:
    shapes: tuple[type[BaseModel], ...] = (
        service.Health,
        suggestions.SuggestionRequest,
        suggestions.SuggestionAnswer,
        suggestions.CorrectionRequest,
        suggestions.CorrectionList,
        generation.GenerationRequest,
        generation.Generation,
        replies.ReplyRequest,
        replies.ReplyAnswer,
        people.LearnRequest,
        people.PersonSummary,
        people.KnownWordList,
        people.PersonExport,
        service.ModelList,
        vocabularies.Vocabulary,
        vocabularies.VocabularySummary,
        vocabularies.VocabularyList,
        service.Problem,
    )
    found = re.findall(r"```json\n(.*?)```", API, re.DOTALL)
    assert len(found) > 20
    for example in found:
        body = json.loads(example)
        assert any(_fits(shape, body) for shape in shapes), example


def test_exactly_the_metrics_are_documented(client: TestClient, make_app: MakeApp) -> None:
    client.post("/complete", json={"text": "the app"})
    told = set(re.findall(r"^\| `(tsuzuki_\w+)` \| (\w+) \| (.*?) ?\| .+ \|$", API, re.MULTILINE))
    found = set()
    for text in (client.get("/metrics").text, make_app(workers=2).state.metrics.text().decode()):
        for family in text_string_to_metric_families(text):
            if family.name.startswith("tsuzuki_") and family.samples:
                name = f"{family.name}_total" if family.type == "counter" else family.name
                labels = sorted(set(family.samples[0].labels) - {"le"})
                found.add((name, family.type, ", ".join(f"`{label}`" for label in labels)))
    assert told == found


def _fits(shape: type[BaseModel], body: object) -> bool:
    try:
        return (
            shape.model_validate_json(json.dumps(body), extra="forbid").model_dump(mode="json", exclude_unset=True)
            == body
        )
    except ValidationError:
        return False
