"""The operations of the HTTP API: one function for each method and path."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from app.api.json_routes import StrictRoute, TheOwner, TheService
from app.api.refusals import ADMINISTRATION, ASKED, BODY, FIELDS, UNAVAILABLE
from app.errors import (
    MissingKeyError,
    NotReadyError,
    QueryTooLongError,
    ReloadFailedError,
    ReloadRunningError,
    RepeatedParameterError,
    TimeLimitError,
    UnknownKeyError,
)
from app.inference.service import Answered
from app.metrics.table import DOCUMENTATION
from app.problems import responses
from app.schemas.service import Health, ModelList
from app.schemas.suggestions import (
    CorrectionList,
    CorrectionQuery,
    CorrectionRequest,
    SuggestionAnswer,
    SuggestionQuery,
    SuggestionRequest,
)

Parameters = Annotated[SuggestionQuery, Query()]
CorrectionParameters = Annotated[CorrectionQuery, Query()]


_BY_QUERY = responses(*ASKED, QueryTooLongError, *FIELDS, RepeatedParameterError, *UNAVAILABLE)
_BY_BODY = responses(*ASKED, *BODY, *FIELDS, *UNAVAILABLE)


# An operation is called as its function: that gives generated clients good names.
router = APIRouter(route_class=StrictRoute, generate_unique_id_function=lambda route: route.name)


@router.post(
    "/complete",
    summary="Finish a word",
    tags=["suggestions"],
    responses=_BY_BODY,
    response_model=SuggestionAnswer,
)
async def complete(body: SuggestionRequest, service: TheService, owner: TheOwner) -> Answered:
    """Finish the word being typed.

    Answers words that begin with the letters before the cursor, the most probable first. There may be none: that is an
    answer, not an error. Where no word is being typed, after a space for example, it answers as `/next-word` does.
    Letter case and apostrophes follow what was typed: `App` gives *Apple*, `APP` gives *APPLE*, `dont` gives *don't*.

    From three typed letters on, words that the letters may be a typo of stand among them, with the `kind`
    `correction`, ranked by how likely they are here and how likely the typo is: `See you tomorow` gives *tomorrow*. Of
    two letters only that they changed places is such a typo (`ht` gives *the*). Beside letters that are a whole word
    only likely words are offered, in an address none, and behind a digit endings and units (`July 4t` gives *th*). A
    word of the context with a typo (`I recieved your mes`) is read as the word that was surely meant. Rarer words than
    the network knows (`Kubern` gives *Kubernetes*), and names that stand earlier in the text, are offered too.

    With `words` likely words go on to phrases: `Please le` gives *let me know*. A mark that ends the sentence is a part
    of a phrase where it is almost sure. The list still holds one suggestion for each first word.

    In a language whose strings count UTF-16 units (JavaScript, Java, C#), convert the positions; in JavaScript:

    ```js
    const points = Array.from(text);
    const accepted = points.slice(0, replace.start).join("") + insert + points.slice(replace.end).join("");
    ```
    """
    return await service.complete(body, owner)


@router.get(
    "/complete",
    summary="Finish a word, by query string",
    tags=["suggestions"],
    responses=_BY_QUERY,
    response_model=SuggestionAnswer,
)
async def complete_get(query: Parameters, service: TheService, owner: TheOwner) -> Answered:
    """Finish the word being typed, by query string.

    As `POST /complete`, with each field as a query parameter, at most once. Addresses end up in histories and in the
    logs of proxies, so prefer `POST` for what people type. Text that is not ASCII has to be percent-encoded:

    ```sh
    curl -G http://127.0.0.1:8000/complete --data-urlencode 'text=the café is cl' -d limit=3
    ```
    """
    return await service.complete(query, owner)


@router.post(
    "/next-word",
    summary="Offer the next word",
    tags=["suggestions"],
    responses=_BY_BODY,
    response_model=SuggestionAnswer,
)
async def next_word(body: SuggestionRequest, service: TheService, owner: TheOwner) -> Answered:
    """Offer the word that comes next.

    Takes the word before the cursor as finished and answers words that can follow, the most probable first.
    `insert` brings the space that is missing: after `the dog eats` there is one in it, after `the dog eats ` none.
    """
    return await service.next_word(body, owner)


@router.get(
    "/next-word",
    summary="Offer the next word, by query string",
    tags=["suggestions"],
    responses=_BY_QUERY,
    response_model=SuggestionAnswer,
)
async def next_word_get(query: Parameters, service: TheService, owner: TheOwner) -> Answered:
    """Offer the word that comes next, by query string.

    As `POST /next-word`, for trying it out: addresses end up in histories and logs of proxies, bodies do not.
    """
    return await service.next_word(query, owner)


@router.post("/correct", summary="Correct finished words", tags=["suggestions"], responses=_BY_BODY)
async def correct(body: CorrectionRequest, service: TheService, owner: TheOwner) -> SuggestionAnswer | CorrectionList:
    """Correct the last word that begins before the cursor, or with `all` every word.

    Answers what the word may have been meant for, in the light of what stands before it, the most probable first,
    whether a space follows it or not. The typed word itself, of the `kind` `typed`, is the first where it should stay:
    names, rare words, abbreviations, code, addresses, words that fit. `probability` is P(meant | typed,
    context); a client that corrects by itself can wait for 0.9 or more.

    `prefix` is the word. `replace` covers it; where a stray space is to go (`to gether`) it covers the word before it
    too, and each `insert` then holds both. A missed space (`doinghere`) is an `insert` of two words. Letter case stays
    as it is, but for a second capital (`THis`); a word in capitals among such words is corrected too. Where there is no
    word before the cursor, `suggestions` is empty.

    With `all`, the answer lists the words that should change, in the order of the text, each with its own
    `suggestions`, the best correction first; `min_probability` leaves out the unsure ones. Each word is judged by what
    stands before it and by the word behind it. To apply several, begin with the last one: the spans before it then stay
    right.
    """
    return await (service.correct_all(body, owner) if body.all else service.correct(body, owner))


@router.get(
    "/correct",
    summary="Correct a finished word, by query string",
    tags=["suggestions"],
    responses=_BY_QUERY,
)
async def correct_get(query: CorrectionParameters, service: TheService, owner: TheOwner) -> SuggestionAnswer:
    """Correct the last word that begins before the cursor, by query string.

    As `POST /correct` without `all`, for trying it out: addresses end up in histories and logs of proxies, bodies do
    not.
    """
    return await service.correct(query, owner)


@router.get(
    "/models", summary="List the models", tags=["service"], responses=responses(*ASKED, NotReadyError, TimeLimitError)
)
async def list_models(service: TheService) -> ModelList:
    """List the loaded models with their sizes and the figures of their training."""
    return service.models


@router.post(
    "/models/reload",
    summary="Load the models anew",
    tags=["service"],
    responses=responses(*ASKED, *ADMINISTRATION, ReloadRunningError, ReloadFailedError, NotReadyError),
)
async def reload_models(service: TheService) -> ModelList:
    """Load all models anew from their folders, and put them in place of the old ones at once.

    For administrators: it needs one of `TSUZUKI_ADMIN_KEYS`, and is a 403 where there are none.

    ```sh
    curl -X POST -H "Authorization: Bearer $KEY" http://127.0.0.1:8000/models/reload
    ```

    It answers once the old models have finished the requests that they had begun. Where a model cannot be loaded, the
    old ones go on. The signal `SIGHUP` does the same.
    """
    return await service.reload()


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    description=DOCUMENTATION,
    tags=["service"],
    response_class=PlainTextResponse,
    responses=responses(MissingKeyError, UnknownKeyError),
)
async def metrics(request: Request) -> Response:
    """Answer the metrics of the service."""
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)


@router.get("/health/live", summary="Is the process alive?", tags=["service"])
async def health_live() -> Health:
    """Say that the process answers."""
    return Health(status="live")


@router.get(
    "/health/ready",
    summary="Can it answer?",
    tags=["service"],
    responses=responses(NotReadyError, TimeLimitError),
)
async def health_ready(service: TheService) -> Health:
    """Say whether the models are loaded and have answered a first request.

    A 503 before that and while the service stops. A stopping service still answers what it has accepted.
    """
    if not service.ready:
        raise NotReadyError
    return Health(status="ready")
