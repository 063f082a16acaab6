"""The OpenAPI document, with the bounds that are settings written into it."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.settings import Settings

DESCRIPTION = """\
Finishes the word that a person is typing, and offers the next one. Nothing leaves this machine.

- Positions (`cursor`, `replace`) are Unicode code points.
- Every error is `{"detail": "…"}`, a sentence that names the field, the value and the rule.
- Every answer carries `X-Request-ID`: the caller's, where it is 1 to 128 visible ASCII characters, or a new one.
"""


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
        "model": {"default": names[0]},
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
