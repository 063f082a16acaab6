"""The operation that writes on: all at once as JSON, or word by word as events."""

import re

from fastapi import APIRouter, Request, Response

from app.api.events import EVENTS, EventStream
from app.api.json_routes import StrictRoute, TheOwner, TheService
from app.api.refusals import ASKED, BODY, FIELDS
from app.errors import BusyError, GenerateLimitError, NotReadyError, TimeLimitError
from app.problems import responses
from app.schemas.generation import Generation, GenerationEnd, GenerationRequest

_UNWANTED = re.compile(r"q=0(\.0*)?")

generation_router = APIRouter(route_class=StrictRoute, generate_unique_id_function=lambda route: route.name)


@generation_router.post(
    "/generate",
    summary="Write on",
    tags=["suggestions"],
    response_model=Generation,
    responses=responses(*ASKED, *BODY, *FIELDS, NotReadyError, BusyError, GenerateLimitError, TimeLimitError),
)
async def generate(
    body: GenerationRequest, service: TheService, _: TheOwner, request: Request
) -> Generation | Response:
    r"""Write on from the end of a text, by words drawn one after the other.

    Answers text to append, up to the end of a sentence, of a paragraph, or of `max_words`; a quotation that is open is
    closed. The same `seed` gives the same text. Words of the guard's list are never written, nor are numbers; no
    four words are written twice, and no word or sequence of up to three twice running.

    Where `Accept: text/event-stream` asks for it, the text comes word by word as server-sent events:

    ```sh
    curl -N -H 'Accept: text/event-stream' -H 'Content-Type: application/json' \
      -d '{"text": "Thank you for your", "seed": 7}' http://127.0.0.1:8000/generate
    ```

    Each event `word` has `{"text": …}`, a word or mark with its space; the last event, `end`, has the other fields of
    the answer. Where the service stops meanwhile, an event `error` with a `detail` comes in its place. A client that
    closes the connection ends it. After four fifths of the time limit a text ends with the `reason` `time`. More texts
    at a time than `TSUZUKI_GENERATE_LIMIT` get a 503. What a `user` has taught and vocabularies are not applied here.
    """
    written = service.generate(body)
    # The first word before the answer begins: until then it can be refused.
    first = await anext(written)
    if _accepts_events(", ".join(request.headers.getlist("Accept"))):
        return EventStream(first, written)
    pieces = [first]
    try:
        while not isinstance(pieces[-1], GenerationEnd) and not await request.is_disconnected():
            pieces.append(await anext(written))
    finally:
        await written.aclose()
    *texts, end = pieces
    if not isinstance(end, GenerationEnd):
        return Response(status_code=204)  # nobody hears it
    return Generation(text="".join(map(str, texts)), **end.model_dump())


def _accepts_events(accept: str) -> bool:
    """True where an ``Accept`` field names events, but not to say that they are unwanted (``q=0``)."""
    for kind in accept.lower().split(","):
        name, *parameters = (part.strip() for part in kind.split(";"))
        if name == EVENTS:
            return not any(_UNWANTED.fullmatch(parameter) for parameter in parameters)
    return False
