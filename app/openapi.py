"""The OpenAPI document, with the bounds that are settings and with examples written into it."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.access import ADMIN_OPERATIONS, LIMIT, POLICY, UNCOUNTED_PATHS, is_open
from app.errors import (
    AdminKeyError,
    BodyTooLargeError,
    InvalidFieldError,
    MalformedBodyError,
    MissingKeyError,
    NotReadyError,
    QueryTooLongError,
    RateLimitError,
    ReloadFailedError,
    ReloadRunningError,
    ServiceError,
    SlowRequestError,
    WrongContentTypeError,
)
from app.keys import KEY_HEADER
from app.middleware import REQUEST_ID
from app.settings import Settings

_DESCRIPTION = """\
Finishes the word that a person is typing, and offers the next one. Nothing leaves this machine.

- Positions (`cursor`, `replace`) are Unicode code points.
- Every error is `{{"detail": "…"}}`, a sentence that names the field, the value and the rule.
- Every answer carries `X-Request-ID`: the caller's, where it is 1 to 128 visible ASCII characters, or a new one.
- Where the service has keys, a request brings one as `Authorization: Bearer KEY` or `X-API-Key: KEY`.
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
    "correct": {
        "the last word": {"text": "Hello wrold", "limit": 2},
        "all words": {"text": "I wnat to go to the libary", "all": True, "limit": 1},
    },
}
_COMPLETED = {
    "suggestions": [
        {"text": "appointment", "insert": "appointment", "probability": 0.867386, "kind": "completion"},
        {"text": "apple", "insert": "apple", "probability": 0.053125, "kind": "completion"},
        {"text": "appropriate", "insert": "appropriate", "probability": 0.018621, "kind": "completion"},
    ],
    "prefix": "app",
    "replace": {"start": 16, "end": 19},
    "model": "en",
}
_CONTINUED = {
    "suggestions": [
        {"text": "a", "insert": " a", "probability": 0.099158, "kind": "next-word"},
        {"text": "the", "insert": " the", "probability": 0.040652, "kind": "next-word"},
        {"text": "it", "insert": " it", "probability": 0.031021, "kind": "next-word"},
    ],
    "prefix": "",
    "replace": {"start": 12, "end": 12},
    "model": "en",
}
_CORRECTED = {
    "suggestions": [
        {"text": "world", "insert": "world", "probability": 0.977471, "kind": "correction"},
        {"text": "World", "insert": "World", "probability": 0.02249, "kind": "correction"},
    ],
    "prefix": "wrold",
    "replace": {"start": 6, "end": 11},
    "model": "en",
}
_FIGURES = """\
# HELP tsuzuki_requests_total Requests that were answered.
# TYPE tsuzuki_requests_total counter
tsuzuki_requests_total{method="POST",route="/complete",status="200"} 1207.0
"""
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The key as `Authorization: Bearer KEY`."},
    "header": {"type": "apiKey", "in": "header", "name": KEY_HEADER, "description": f"The key as `{KEY_HEADER}: KEY`."},
}
# The fields of answers: what they say, and an example.
_REQUEST_ID = (REQUEST_ID, "The request's id, as it stands in the log.", "4f1c8e0ad2f14b7c9a51d0a6c3f5e7b2")
_RETRY_AFTER = ("Retry-After", "Whole seconds after which to try again.", "1")
_CHALLENGE = ("WWW-Authenticate", "How to send a key.", "Bearer")
_LIMITS = (
    (POLICY, "The quota `q` of the window of `w` seconds.", '"default";q=600;w=60'),
    (LIMIT, "What remains, `r` requests, and the seconds `t` after which there are more.", '"default";r=599;t=42'),
)
_ANSWERS: dict[str, Any] = {
    "metrics": _FIGURES,
    "complete": _COMPLETED,
    "complete_get": _COMPLETED,
    "next_word": _CONTINUED,
    "next_word_get": _CONTINUED,
    "correct": _CORRECTED,
    "correct_get": _CORRECTED,
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
            _write_access(schema, settings)
            _write_headers(schema, settings)
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
                error = errors.get((name, int(status))) or errors.get(int(status))
                if error and "text/plain" in response["content"]:
                    # Errors are JSON whatever else the operation answers.
                    response["content"] = {"application/json": response["content"].pop("text/plain")}
                example = {"detail": error.detail} if error else _ANSWERS.get(name)
                if example:
                    (content,) = response["content"].values()
                    content["example"] = example


def _write_access(schema: dict[str, Any], settings: Settings) -> None:
    """The keys that operations ask for, where the settings have some: "Authorize" of the OpenAPI page sends one."""
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            is_administration = (method.upper(), path) in ADMIN_OPERATIONS
            keys = settings.admin_keys if is_administration else () if is_open(path) else settings.api_keys
            if keys:
                schema["components"]["securitySchemes"] = _SCHEMES
                operation["security"] = [{name: []} for name in _SCHEMES]


def _write_headers(schema: dict[str, Any], settings: Settings) -> None:
    for path, operations in schema["paths"].items():
        limited = settings.rate_limit and not is_open(path) and path not in UNCOUNTED_PATHS
        for operation in operations.values():
            for status, response in operation["responses"].items():
                headers = [_REQUEST_ID]
                headers += [_RETRY_AFTER] if status in ("429", "503") else []
                headers += [_CHALLENGE] if status == "401" else []
                headers += _LIMITS if limited else []
                response["headers"] = {
                    name: {"description": text, "schema": {"type": "string"}, "example": example}
                    for name, text, example in headers
                }


def _errors(settings: Settings) -> dict[int | tuple[str, int], ServiceError]:
    """An error of each status, as the service raises it; of some operations, one of their own."""
    most = settings.max_limit
    errors = (
        MissingKeyError(),
        AdminKeyError(),
        SlowRequestError(settings.timeout_seconds),
        ReloadRunningError(),
        RateLimitError(600, 60, 3),
        MalformedBodyError("body: not JSON at character 9: Expecting value"),
        BodyTooLargeError(settings.max_request_bytes),
        QueryTooLongError(settings.max_request_bytes),
        WrongContentTypeError("text/plain"),
        InvalidFieldError("limit", most + 1, f"must be at most {most}"),
        NotReadyError(),
    )
    missing = "models/mine/words.txt: cannot be read: No such file or directory"
    own: dict[int | tuple[str, int], ServiceError] = {("reload_models", 422): ReloadFailedError(missing)}
    return own | {error.status_code: error for error in errors}


def _write_requests(operation: dict[str, Any], texts: dict[str, dict[str, Any]]) -> None:
    if texts and "requestBody" in operation:
        named = {name: {"summary": f"At {name}", "value": value} for name, value in texts.items()}
        operation["requestBody"]["content"]["application/json"]["examples"] = named
    for parameter in operation.get("parameters", []):
        first = next(iter(texts.values()))
        if parameter["name"] in ("text", "cursor"):
            parameter["example"] = first.get(parameter["name"], len(first["text"]))
