"""Error handlers: every error of the app, the framework's own too, becomes a problem of RFC 9457."""

from collections.abc import Iterable
from typing import Any, get_args

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route

from app.errors import ServiceError
from app.problems import answer, problem
from app.validation_messages import sentence, show


async def answer_http_error(request: Request, error: Exception) -> JSONResponse:
    """Answer our errors as they are, the framework's with a sentence instead of a status phrase."""
    assert isinstance(error, HTTPException)
    if isinstance(error, ServiceError):
        return answer(error)
    path = show(request.url.path, quotes=False)
    if error.status_code == 404:
        return problem(404, f"{path}: there is nothing here, /docs lists what there is")
    if error.status_code == 405:
        methods = ", ".join(request.app.state.methods[request.scope["route"].path])
        return problem(405, f"{request.method}: not allowed for {path}, it must be {methods}", {"Allow": methods})
    return answer(error)


def methods_by_path(routes: Iterable[BaseRoute]) -> dict[str, list[str]]:
    """List all methods of each path; the framework's own 405 names only those of one of a path's routes."""
    methods: dict[str, set[str]] = {}
    for route in routes:
        if isinstance(route, Route):
            methods.setdefault(route.path, set()).update(route.methods or ())
    return {path: sorted(found) for path, found in methods.items()}


async def answer_invalid_request(request: Request, error: Exception) -> JSONResponse:
    """Answer a request that breaks rules with all of them in one line."""
    assert isinstance(error, RequestValidationError)
    fields: tuple[str, ...] = getattr(request.scope.get("route"), "fields", ())
    sentences = []
    for found in error.errors():
        place, *names = found["loc"]
        told = ".".join(map(str, names)) or place
        is_inside = found["type"] == "extra_forbidden" and len(names) > 1
        known = _fields(request, names) if is_inside else fields
        sentences.append(sentence(told, found, known, quotes=place == "body"))
    return problem(422, "; ".join(sentences[:10]))


def _fields(request: Request, names: list[str | int]) -> Iterable[str]:
    """List the fields that an object inside a request's body may have, where ``names`` lead to one of them."""
    model: Any = request.scope["route"].body_field.field_info.annotation
    for name in names[:-1]:
        # From a list to what is in it, from an object to the type of its field.
        model = get_args(model)[0] if isinstance(name, int) else model.model_fields[name].annotation
    return getattr(model, "model_fields", ())


def add_error_handlers(app: FastAPI, *routers: APIRouter) -> None:
    """Give every error of the app, and of the routers it includes, the one shape."""
    app.state.methods = methods_by_path([*app.routes, *(route for router in routers for route in router.routes)])
    app.add_exception_handler(HTTPException, answer_http_error)
    app.add_exception_handler(RequestValidationError, answer_invalid_request)
