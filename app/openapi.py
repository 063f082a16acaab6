"""The OpenAPI document, with the bounds that are settings and with examples written into it."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.errors import (
    BodyTooLargeError,
    InvalidFieldError,
    MalformedBodyError,
    NotReadyError,
    QueryTooLongError,
    ServiceError,
    WrongContentTypeError,
)
from app.settings import Settings

_DESCRIPTION = """\
Finishes the word that a person is typing, and offers the next one. Nothing leaves this machine.

- Positions (`cursor`, `replace`) are Unicode code points.
- Every error is `{{"detail": "…"}}`, a sentence that names the field, the value and the rule.
- Every answer carries `X-Request-ID`: the caller's, where it is 1 to 128 visible ASCII characters, or a new one.
- The limits here: a text of {text:,} code points, a body or query string of {bytes:,} bytes, {limit:,} suggestions.
"""

# By the name of the operation: the texts to try it with, and an answer of the shipped model to the first.
_TEXTS: dict[str, dict[str, dict[str, Any]]] = {
    "complete": {
        "the end of a text": {"text": "I would like an app", "limit": 3},
        "the middle of a text": {"text": "I would lik an apple", "cursor": 11, "limit": 3},
    },
    "next_word": {
        "a finished word": {"text": "the dog eats", "limit": 3},
        "the start of a text": {"text": "", "limit": 3},
    },
}
_COMPLETED = {
    "suggestions": [
        {"text": "appointment", "insert": "appointment", "probability": 0.732739, "kind": "completion"},
        {"text": "apple", "insert": "apple", "probability": 0.11092, "kind": "completion"},
        {"text": "appropriate", "insert": "appropriate", "probability": 0.058882, "kind": "completion"},
    ],
    "prefix": "app",
    "replace": {"start": 16, "end": 19},
    "model": "en",
}
_CONTINUED = {
    "suggestions": [
        {"text": "a", "insert": " a", "probability": 0.105448, "kind": "next-word"},
        {"text": "the", "insert": " the", "probability": 0.05055, "kind": "next-word"},
        {"text": "it", "insert": " it", "probability": 0.026297, "kind": "next-word"},
    ],
    "prefix": "",
    "replace": {"start": 12, "end": 12},
    "model": "en",
}
_ANSWERS: dict[str, dict[str, Any]] = {
    "complete": _COMPLETED,
    "complete_get": _COMPLETED,
    "next_word": _CONTINUED,
    "next_word_get": _CONTINUED,
    "health_live": {"status": "live"},
    "health_ready": {"status": "ready"},
}


def description(settings: Settings) -> str:
    """What the document says of the whole service."""
    return _DESCRIPTION.format(
        text=settings.max_text_length, bytes=settings.max_request_bytes, limit=settings.max_limit
    )


def describe(app: FastAPI, settings: Settings) -> None:
    """Make ``app.openapi`` answer the complete document, made once."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
            )
            _write_bounds(schema, settings)
            _write_examples(schema, settings)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _write_bounds(schema: dict[str, Any], settings: Settings) -> None:
    names = list(settings.models)
    bounds: dict[str, Any] = {
        "text": {"maxLength": settings.max_text_length},
        "limit": {"maximum": settings.max_limit},
        "model": {"enum": names},
    }
    defaults: dict[str, Any] = {
        "limit": {"default": min(settings.default_limit, settings.max_limit)},
        "model": {"default": names[0], "examples": names[:1]},
    }
    schemas = schema["components"]["schemas"]
    fields: dict[str, Any] = {}
    for request in ("CorrectionRequest", "SuggestionRequest"):
        for name, field in schemas[request]["properties"].items():
            _typed(field).update(bounds.get(name, {}))
            field.update(defaults.get(name, {}))
            fields[name] = field
    for path in schema["paths"].values():
        for parameter in path.get("get", {}).get("parameters", []):
            name = parameter["name"]
            # A query string has no null: a parameter is there or not.
            parameter["schema"] = _typed(fields[name]) | defaults.get(name, {})
            parameter["example"] = fields[name]["examples"][0]


def _typed(field: dict[str, Any]) -> dict[str, Any]:
    """The part of a field's schema that says its type: of *type or null*, the type."""
    variants: list[dict[str, Any]] = field.get("anyOf", [field])
    return variants[0]


def _write_examples(schema: dict[str, Any], settings: Settings) -> None:
    errors = _errors(settings)
    for path in schema["paths"].values():
        for operation in path.values():
            name = operation["operationId"]
            _write_requests(operation, _TEXTS.get(name.removesuffix("_get"), {}))
            for status, response in operation["responses"].items():
                error = errors.get(int(status))
                example = {"detail": error.detail} if error else _ANSWERS.get(name)
                if example:
                    response["content"]["application/json"]["example"] = example


def _errors(settings: Settings) -> dict[int, ServiceError]:
    """An error of each status, as the service raises it."""
    most = settings.max_limit
    errors = (
        MalformedBodyError("body: not JSON at character 9: Expecting value"),
        BodyTooLargeError(settings.max_request_bytes),
        QueryTooLongError(settings.max_request_bytes),
        WrongContentTypeError("text/plain"),
        InvalidFieldError("limit", most + 1, f"must be at most {most}"),
        NotReadyError(),
    )
    return {error.status_code: error for error in errors}


def _write_requests(operation: dict[str, Any], texts: dict[str, dict[str, Any]]) -> None:
    if texts and "requestBody" in operation:
        named = {name: {"summary": f"At {name}", "value": value} for name, value in texts.items()}
        operation["requestBody"]["content"]["application/json"]["examples"] = named
    for parameter in operation.get("parameters", []):
        first = next(iter(texts.values()))
        if parameter["name"] in ("text", "cursor"):
            parameter["example"] = first.get(parameter["name"], len(first["text"]))
