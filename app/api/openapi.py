"""The OpenAPI document, with the bounds that are settings and with examples written into it."""

import json
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app import errors, problems
from app.http.access import LIMIT, POLICY
from app.http.middleware import REQUEST_ID
from app.keys import KEY_HEADER
from app.paths import UNCOUNTED_PATHS, USERS, is_administration, is_open
from app.settings import Settings

_DESCRIPTION = """\
Finishes the word that a person is typing, and offers the next one. Nothing leaves this machine.

- **Text** goes in as JSON in UTF-8, or as a query string. Positions (`cursor`, `replace`) are Unicode code points.
- **Limits** here: a text of {text:,} code points, a body or query string of {bytes:,} bytes, {limit:,} suggestions.
  They and the names of the models are settings.
- **Keys**: where the service has some (`TSUZUKI_API_KEYS`), a request brings one as `Authorization: Bearer KEY` or
  `X-API-Key: KEY` (in `/docs` by *Authorize*). Only the pages, `/openapi.json` and the health checks go without.
- **Vocabularies** are words and names that are offered without training, and words that never are. With keys, only
  those of administrators (`TSUZUKI_ADMIN_KEYS`) put them in and read them; every request may ask for them by name.
- **Versions**: every address stands under `/v1` too, as `/v1/complete`, and what is said here will hold there. An
  address without it means the newest version; today both are the same, in limits, metrics and logs too.
- **Errors** are problems as RFC 9457 has them (`application/problem+json`). `detail` is one sentence that names the
  field, the value and the rule: `limit: 0 is not allowed, it must be at least 1`. Beside it stand `status`, its name
  as `title`, and `type`, always `about:blank`. Beside those that stand with each operation, an address that is not
  there is a 404; one that has other methods a 405, and `Allow` lists them; address and header fields that take 64 KiB
  more than the longest query string are a 431 and the end of the connection, what is no HTTP at all a 400.
- **Ids**: every answer carries `X-Request-ID`, the caller's, where it is 1 to 128 visible ASCII characters, or a new
  one. The log has a line for each request with this id, and never what was typed.
- **Rate limit**: where there is one (`TSUZUKI_RATE_LIMIT`), answers tell how much of it is left, as the IETF's draft
  *RateLimit header fields for HTTP* (version 10) has it.
- **Scripts of other pages**, where their origins are allowed (`TSUZUKI_CORS_ORIGINS`), may send `Authorization`,
  `Content-Type`, `X-API-Key` and `X-Request-ID`, and read `RateLimit`, `RateLimit-Policy`, `Retry-After` and
  `X-Request-ID`.
- **Pages**: `/` lets you write, and shows the request, the answer and a curl line meanwhile; `/docs` is this
  description to try out, `/openapi.json` the same for client generators; `/tsuzuki.js` gives the textareas of any page
  suggestions (`docs/widget.md`), and pages of every origin may load it. They load their parts from `/static/` and ask
  no other host. Browsers keep them and ask with `If-None-Match` whether they are still right.
"""


_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "The key as `Authorization: Bearer KEY`."},
    "header": {"type": "apiKey", "in": "header", "name": KEY_HEADER, "description": f"The key as `{KEY_HEADER}: KEY`."},
}
# The header fields of answers, and their meaning.
_FIELDS = {
    REQUEST_ID: "The request's id, as it stands in the log.",
    "Retry-After": "Whole seconds after which to try again.",
    "WWW-Authenticate": "How to send a key.",
    "Connection": "`close` where the connection ends, since nobody reads the rest of the request.",
    POLICY: "Where there is a rate limit: `q` requests are allowed in `w` seconds.",
    LIMIT: "Of those `r` are left, and after `t` seconds there are more.",
}
_ALWAYS = {REQUEST_ID: "4f1c8e0ad2f14b7c9a51d0a6c3f5e7b2"}
_WHERE_LIMITED = {POLICY: '"default";q=600;w=60', LIMIT: '"default";r=598;t=17'}
# By the name of an operation: what it can be asked, and what the shipped model answers (`python -m scripts.docs.api`).
_SAME = {
    "complete_get": "complete",
    "next_word_get": "next_word",
    "correct_get": "correct",
    "reload_models": "list_models",
}
# Examples of what stands in paths.
_IN_PATHS = {"name": "products"}
_EXAMPLES = files("app") / "examples.json"


def description(settings: Settings) -> str:
    """Write the description of the whole service."""
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
            _write_examples(schema)
            _write_access(schema, settings)
            _write_errors_and_headers(schema, settings)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _write_bounds(schema: dict[str, Any], settings: Settings) -> None:
    names = list(settings.models)
    bounds: dict[str, Any] = {
        "text": {"maxLength": settings.max_text_length},
        "reply_to": {"maxLength": settings.max_text_length},
        "limit": {"maximum": settings.max_limit},
        "model": {"enum": names},
    }
    defaults: dict[str, Any] = {
        "limit": {"default": min(settings.default_limit, settings.max_limit)},
        "model": {"default": names[0], "examples": names[:1]},
    }
    schemas = schema["components"]["schemas"]
    fields: dict[str, Any] = {}
    # How many replies may be asked for is no setting.
    _typed(schemas["ReplyRequest"]["properties"]["message"]).update(bounds["text"])
    schemas["ReplyRequest"]["properties"]["model"].update(defaults["model"])
    _typed(schemas["ReplyRequest"]["properties"]["model"]).update(bounds["model"])
    for request in ("CorrectionRequest", "GenerationRequest", "LearnRequest", "SuggestionRequest"):
        for name, field in schemas[request]["properties"].items():
            _typed(field).update(bounds.get(name, {}))
            field.update(defaults.get(name, {}))
            fields[name] = field
    for asked, path in schema["paths"].items():
        if asked.startswith(USERS):  # what is paged there has bounds of its own
            continue
        for parameter in path.get("get", {}).get("parameters", []):
            name = parameter["name"]
            if parameter["in"] != "query":
                continue
            # A query string has no null: a parameter is there or not.
            parameter["schema"] = _typed(fields[name]) | defaults.get(name, {})
            parameter["example"] = fields[name]["examples"][0]
            if parameter["schema"]["type"] == "array":
                # One parameter, with commas between the items.
                parameter |= {"style": "form", "explode": False}


def _typed(field: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a field's schema that says its type: of *type or null*, the type."""
    variants: list[dict[str, Any]] = field.get("anyOf", [field])
    return variants[0]


def _write_examples(schema: dict[str, Any]) -> None:
    known = json.loads(_EXAMPLES.read_text("utf-8"))
    for path in schema["paths"].values():
        for operation in path.values():
            name = operation["operationId"]
            examples = known[_SAME.get(name, name)]
            if name.endswith("_get"):
                examples = examples[:1]
            _write_requests(operation, examples)
            (content,) = operation["responses"]["200"]["content"].values()
            content |= _named(examples, "answer")


def _named(examples: list[dict[str, Any]], part: str) -> dict[str, Any]:
    """One example as it is; of several, each by its name."""
    if len(examples) == 1:
        return {"example": examples[0][part]}
    return {"examples": {example["name"]: {"summary": example["name"], "value": example[part]} for example in examples}}


def _write_access(schema: dict[str, Any], settings: Settings) -> None:
    """Name the keys that operations ask for; *Authorize* of the OpenAPI page sends one."""
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            has_keys = bool(settings.api_keys or settings.admin_keys)
            for_administrators = is_administration(method.upper(), path, has_keys)
            keys = settings.admin_keys if for_administrators else () if is_open(path) else settings.api_keys
            if keys:
                schema["components"]["securitySchemes"] = _SCHEMES
                operation["security"] = [{name: []} for name in _SCHEMES]


def _write_errors_and_headers(schema: dict[str, Any], settings: Settings) -> None:
    """Give each error the example of its class, and each answer its header fields."""
    for path, operations in schema["paths"].items():
        limited = settings.rate_limit and not is_open(path) and path not in UNCOUNTED_PATHS
        for operation in operations.values():
            for response in operation["responses"].values():
                headers = _ALWAYS | (_WHERE_LIMITED if limited else {})
                if problems.ERRORS_KEY in response:
                    names = response.pop(problems.ERRORS_KEY)
                    error: errors.ServiceError = getattr(errors, names[0]).example(settings)
                    headers = headers | dict(error.headers or {})
                    (content,) = response["content"].values()
                    # A problem whatever else the operation answers.
                    example = problems.problem_of(error.status, error.detail)
                    response["content"] = {problems.PROBLEM_TYPE: content | {"example": example}}
                response["headers"] = {
                    name: {"description": text, "schema": {"type": "string"}, "example": headers[name]}
                    for name, text in _FIELDS.items()
                    if name in headers
                }


def _write_requests(operation: dict[str, Any], examples: list[dict[str, Any]]) -> None:
    if "requestBody" in operation:
        operation["requestBody"]["content"]["application/json"] |= _named(examples, "request")
    asked = examples[0].get("request", {})
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path" and parameter["name"] in _IN_PATHS:
            parameter["example"] = _IN_PATHS[parameter["name"]]
        elif parameter["name"] in asked:
            parameter["example"] = asked[parameter["name"]]
        elif parameter["name"] == "cursor":
            parameter["example"] = len(asked["text"])
        elif "examples" in parameter["schema"]:
            (parameter["example"],) = parameter["schema"]["examples"]
