"""The addresses of the service."""

import json
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from app.errors import MalformedBodyError, NotReadyError, RepeatedParameterError, WrongContentTypeError
from app.problems import show
from app.schemas import (
    CorrectionList,
    CorrectionQuery,
    CorrectionRequest,
    Health,
    ModelList,
    Problem,
    SuggestionAnswer,
    SuggestionQuery,
    SuggestionRequest,
)
from app.service import Service


class StrictRequest(Request):
    """A request whose JSON body is UTF-8, is strictly JSON, and says what is wrong where it is not."""

    async def json(self) -> Any:
        try:
            text = (await self.body()).decode("utf-8-sig")
            return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_each_once)
        except UnicodeDecodeError as error:
            raise MalformedBodyError(f"body: not UTF-8 at byte {error.start}") from None
        except json.JSONDecodeError as error:
            raise MalformedBodyError(f"body: not JSON at character {error.pos}: {error.msg}") from None
        except RecursionError:
            raise MalformedBodyError("body: nested too deeply") from None
        except ValueError:
            raise MalformedBodyError("body: a number in it has too many digits") from None


def _no_constant(name: str) -> None:
    raise MalformedBodyError(f"body: {name} is not JSON")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names differ: of equal ones some readers take the first, others the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        times = Counter(name for name, _ in pairs)
        name = next(name for name, count in times.items() if count > 1)
        raise MalformedBodyError(f"body: {show(name)} stands {times[name]} times in one object")
    return found


class StrictRoute(APIRoute):
    """A route that refuses what the framework would guess at: other content types, repeated parameters."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            request = StrictRequest(request.scope, request.receive)
            if self.body_field is not None:
                _check_content_type(request.headers.get("Content-Type"))
            elif request.scope["query_string"]:
                _check_parameters(request)
            return await handle(request)

        return handle_strictly


def _check_content_type(found: str | None) -> None:
    if found is None or found.partition(";")[0].strip().lower() != "application/json":
        raise WrongContentTypeError(found)


def _check_parameters(request: Request) -> None:
    times = Counter(name for name, _ in request.query_params.multi_items())
    for name, count in times.items():
        if count > 1:
            raise RepeatedParameterError(show(name, quotes=False), count)


async def the_service(request: Request) -> Service:
    """The service that the lifespan made."""
    service: Service | None = getattr(request.app.state, "service", None)
    if service is None:
        raise NotReadyError
    return service


TheService = Annotated[Service, Depends(the_service)]
Parameters = Annotated[SuggestionQuery, Query()]
CorrectionParameters = Annotated[CorrectionQuery, Query()]

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body is not JSON in UTF-8, or a name stands twice in an object."},
    401: {"model": Problem, "description": "A key is missing or not known, where the settings ask for one."},
    403: {"model": Problem, "description": "The key is not an administrator's, or no key is."},
    408: {"model": Problem, "description": "The request did not arrive in time."},
    409: {"model": Problem, "description": "A reload is running already."},
    413: {"model": Problem, "description": "The body has more bytes than the longest text can take."},
    414: {"model": Problem, "description": "The query string has more bytes than the longest text can take."},
    415: {"model": Problem, "description": "The body's content type is not application/json."},
    422: {"model": Problem, "description": "A field breaks a rule; the answer names field, value and rule."},
    429: {"model": Problem, "description": "More requests than the rate limit allows; `Retry-After` says when again."},
    503: {
        "model": Problem,
        "description": "Starting, stopping, too many requests wait, or no answer in time; try again in a second.",
    },
}


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: _PROBLEMS[status] for status in statuses}


_BY_QUERY = _problems(401, 414, 422, 429, 503)
_BY_BODY = _problems(400, 401, 408, 413, 415, 422, 429, 503)

# An operation is called as its function: that gives generated clients good names.
router = APIRouter(route_class=StrictRoute, generate_unique_id_function=lambda route: route.name)


@router.get(
    "/complete",
    summary="Finish a word, by query string",
    tags=["suggestions"],
    responses=_BY_QUERY,
)
async def complete_get(query: Parameters, service: TheService) -> SuggestionAnswer:
    """Finish the word being typed, by query string.

    As `POST /complete`, for trying it out: addresses end up in histories and logs of proxies, bodies do not.
    """
    return await service.complete(query)


@router.post("/complete", summary="Finish a word", tags=["suggestions"], responses=_BY_BODY)
async def complete(body: SuggestionRequest, service: TheService) -> SuggestionAnswer:
    """Finish the word being typed.

    Answers words that begin with the letters before the cursor, the most probable first. Where no word is
    being typed, after white space for example, it answers as `/next-word` does. Letter case and apostrophes
    follow what was typed: `App` gives *Apple*, `dont` gives *don't*. Words that the letters may be a slip for are
    among them, of the kind `correction`, unless `fuzzy` is false.
    """
    return await service.complete(body)


@router.get(
    "/next-word",
    summary="Offer the next word, by query string",
    tags=["suggestions"],
    responses=_BY_QUERY,
)
async def next_word_get(query: Parameters, service: TheService) -> SuggestionAnswer:
    """Offer the word that comes next, by query string.

    As `POST /next-word`, for trying it out: addresses end up in histories and logs of proxies, bodies do not.
    """
    return await service.next_word(query)


@router.post("/next-word", summary="Offer the next word", tags=["suggestions"], responses=_BY_BODY)
async def next_word(body: SuggestionRequest, service: TheService) -> SuggestionAnswer:
    """Offer the word that comes next.

    Takes the word before the cursor as finished and answers words that can follow, the most probable first.
    `insert` brings the space that is missing before the word.
    """
    return await service.next_word(body)


@router.get(
    "/correct",
    summary="Correct a finished word, by query string",
    tags=["suggestions"],
    responses=_BY_QUERY,
)
async def correct_get(query: CorrectionParameters, service: TheService) -> SuggestionAnswer:
    """Correct the last word before the cursor, by query string.

    As `POST /correct`, for trying it out: addresses end up in histories and logs of proxies, bodies do not.
    """
    return await service.correct(query)


@router.post("/correct", summary="Correct finished words", tags=["suggestions"], responses=_BY_BODY)
async def correct(body: CorrectionRequest, service: TheService) -> SuggestionAnswer | CorrectionList:
    """Correct the last word before the cursor, or with `all` every word.

    Answers what the word may have been meant for, in the light of what stands before it, the most probable first.
    The typed word itself, of the kind `typed`, is the first where it should stay. `replace` covers the word, or two
    of them where a stray space is to go. With `all` the answer lists the words that should change.
    """
    return await (service.correct_all(body) if body.all else service.correct(body))


@router.get("/models", summary="List the models", tags=["service"], responses=_problems(401, 429, 503))
async def list_models(service: TheService) -> ModelList:
    """List the loaded models with their sizes and the figures of their training."""
    return service.models


@router.post(
    "/models/reload",
    summary="Load the models anew",
    tags=["service"],
    responses=_problems(401, 403, 409, 429, 503)
    | {422: {"model": Problem, "description": "A model cannot be loaded; those that were loaded before stay."}},
)
async def reload_models(service: TheService) -> ModelList:
    """Load all models anew from their folders, and put them in place of the old ones.

    For administrators. Requests under way are finished by the old models. Where a new one cannot be loaded,
    nothing changes.
    """
    return await service.reload()


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    tags=["service"],
    response_class=PlainTextResponse,
    responses=_problems(401),
)
async def metrics(request: Request) -> Response:
    """Answer what the service counts, in Prometheus's text format."""
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)


@router.get("/health/live", summary="Is the process alive?", tags=["service"])
async def health_live() -> Health:
    """Say that the process answers."""
    return Health(status="live")


@router.get(
    "/health/ready",
    summary="Can it answer?",
    tags=["service"],
    responses=_problems(503),
)
async def health_ready(service: TheService) -> Health:
    """Say whether the models are loaded and have answered a first request; 503 while they have not."""
    if not service.ready:
        raise NotReadyError
    return Health(status="ready")
