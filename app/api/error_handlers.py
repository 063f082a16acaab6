"""Error handlers: every error of the app, the framework's own too, becomes a problem of RFC 9457."""

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route

from app.errors import answer, problem
from app.schemas import SuggestionQuery
from app.validation_messages import sentence, show


async def answer_http_error(request: Request, error: Exception) -> JSONResponse:
    """Answer our errors as they are, the framework's with a sentence instead of a status phrase."""
    assert isinstance(error, HTTPException)
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
    sentences = []
    for found in error.errors():
        place, *names = found["loc"]
        name = str(names[0] if names else place)
        sentences.append(sentence(name, found, SuggestionQuery.model_fields, quotes=place == "body"))
    return problem(422, "; ".join(sentences[:10]))


def add_error_handlers(app: FastAPI, *routers: APIRouter) -> None:
    """Give every error of the app, and of the routers it includes, the one shape."""
    app.state.methods = methods_by_path([*app.routes, *(route for router in routers for route in router.routes)])
    app.add_exception_handler(HTTPException, answer_http_error)
    app.add_exception_handler(RequestValidationError, answer_invalid_request)
