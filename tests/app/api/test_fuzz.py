"""Requests that nobody thought of: any text and cursor, and whatever the OpenAPI document allows or forbids."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from app.main import create_app
from app.schemas.vocabularies import MOST_ASKED_VOCABULARIES, VOCABULARY_NAME
from app.settings import Settings
from model.lm.language_model import LanguageModel
from tests.app.conftest import MakeApp
from tests.serving import serving

# Any code point, those too that JSON can spell and nothing can encode.
texts = st.text(st.characters(categories=None), max_size=200) | st.text(
    "ap'’- \n\".,İıſßé\u0301👍\u200d日", max_size=60
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts, cursor=st.none() | st.integers(-1, 210), limit=st.none() | st.integers(-1, 60))
def test_any_text_and_cursor_are_answered_or_refused(
    client: TestClient, text: str, cursor: int | None, limit: int | None
) -> None:
    for endpoint in ("/complete", "/next-word"):
        body = json.dumps({"text": text, "cursor": cursor, "limit": limit})
        response = client.post(endpoint, content=body, headers={"Content-Type": "application/json"})
        assert response.status_code in (200, 422)
        answer = response.json()
        if response.status_code == 422:
            assert isinstance(answer["detail"], str)
            continue
        place = len(text) if cursor is None else cursor
        start, end = answer["replace"]["start"], answer["replace"]["end"]
        assert 0 <= start <= end <= len(text)
        if answer["prefix"]:
            assert start < place <= end and answer["prefix"] == text[start:place]
        else:
            assert place <= start == end
        assert len(answer["suggestions"]) <= (5 if limit is None else limit)
        for suggestion in answer["suggestions"]:
            assert 0 < suggestion["probability"] <= 1
            assert suggestion["text"] in suggestion["insert"]


document = create_app(Settings(models={"tiny": Path(), "other": Path()}, max_text_length=2000)).openapi()
schema = schemathesis.openapi.from_dict(document)


@pytest.fixture(scope="module")
def fuzzed(
    make_app: MakeApp, answering_model: LanguageModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a server with a database and replies."""
    url = f"sqlite:///{tmp_path_factory.mktemp('fuzzed')}/test.db"
    with serving(make_app(answering_model, database=url)) as address:
        yield address


@schema.parametrize()
@settings(max_examples=150)  # some 2,400 cases of all operations together
def test_whatever_the_document_allows_or_forbids(case: "schemathesis.Case[Any]", fuzzed: str) -> None:
    fields: Any
    for fields in (case.body, case.query):
        # A cursor behind the text's end is a rule that the document cannot tell, and which vocabularies there are.
        # Halves, and true and false, which are numbers to Python, stay as they are: they must be refused.
        cursor = fields.get("cursor") if isinstance(fields, dict) else None
        if isinstance(cursor, int | float) and not isinstance(cursor, bool) and cursor % 1 == 0:
            fields["cursor"] = min(fields["cursor"], len(str(fields.get("text"))))
        # Nor that a text and what it answers are bounded together.
        if isinstance(fields, dict) and isinstance(fields.get("reply_to"), str) and len(fields["reply_to"]) <= 2000:
            fields["reply_to"] = fields["reply_to"][: max(0, 2000 - len(str(fields.get("text"))))]
        names = fields.get("vocabularies") if isinstance(fields, dict) else None
        # In a query string they stand with commas already.
        if names and _are_names(names.split(",") if fields is case.query and isinstance(names, str) else names):
            fields["vocabularies"] = []
    if case.meta is not None and case.meta.generation.mode.is_negative and case.query.get("vocabularies") in ("", [""]):
        # An empty name that is to be refused looks like the empty list in a query string.
        case.query["vocabularies"] = ["!"]
    # Nor can it tell that a word is one word, that the sequences of an export are of its words, what begins an entry.
    untold = ("PUT /users/{user}/export", "PUT /vocabularies/{name}")
    is_untold = "{word}" in case.operation.path or case.operation.label in untold
    case.call_and_validate(base_url=fuzzed, excluded_checks=[positive_data_acceptance] if is_untold else None)


def _are_names(names: object) -> bool:
    if not isinstance(names, list) or len(names) > MOST_ASKED_VOCABULARIES:
        return False
    return all(isinstance(name, str) and re.fullmatch(VOCABULARY_NAME, name) for name in names)
