"""Errors as they are answered: problems of RFC 9457."""

from collections.abc import Mapping
from http import HTTPStatus
from inspect import getdoc
from typing import Any

from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.errors import ServiceError
from app.schemas.service import Problem

# The key under which ``responses`` names the classes, for the OpenAPI document to write their examples.
ERRORS_KEY = "x-errors"
PROBLEM_TYPE = "application/problem+json"


def responses(*errors: type[ServiceError]) -> dict[int | str, dict[str, Any]]:
    """List errors as the ``responses`` of a route: by status, with all that it may mean."""
    found: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        response = found.setdefault(error.status, {"model": Problem, "description": "", ERRORS_KEY: []})
        response["description"] = f"{response['description']} {getdoc(error)}".strip()
        response[ERRORS_KEY].append(error.__name__)
    return found


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Make the answer for an error."""
    return JSONResponse(problem_of(status, detail), status, headers, media_type=PROBLEM_TYPE)


def problem_of(status: int, detail: str) -> dict[str, Any]:
    """Make the fields of ``Problem``. There is no type beyond the status, for which RFC 9457 has ``about:blank``."""
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}


def answer(error: HTTPException) -> JSONResponse:
    """Make the answer for an error that brings its own status, message and header fields."""
    return problem(error.status_code, str(error.detail), error.headers)
