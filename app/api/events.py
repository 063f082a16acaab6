"""Server-sent events: a response that streams the text that is written on, and ends it when the client goes away."""

import asyncio
import json
from collections.abc import AsyncGenerator

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.errors import NotReadyError, ServiceError
from app.schemas.generation import GenerationEnd

EVENTS = "text/event-stream"
# Proxies pass on each event as it comes.
_FIELDS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """Sends ``first`` and what follows it: a ``word`` event for each piece of text, then one ``end`` event."""

    def __init__(self, first: str | GenerationEnd, written: AsyncGenerator[str | GenerationEnd, None]) -> None:
        self._written = written
        super().__init__(_events(first, written), media_type=EVENTS, headers=_FIELDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events; however it ends, the place among those who write is free after it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._written.aclose()


async def _events(
    first: str | GenerationEnd, written: AsyncGenerator[str | GenerationEnd, None]
) -> AsyncGenerator[str, None]:
    yield _event(first)
    try:
        async for piece in written:
            yield _event(piece)
    except ServiceError as error:  # the service stops: the status has been sent already
        yield _error(error)
    except asyncio.CancelledError:  # the server has waited for it long enough, or the client went away
        yield _error(NotReadyError())


def _error(error: ServiceError) -> str:
    return f"event: error\ndata: {json.dumps({'detail': error.detail})}\n\n"


def _event(piece: str | GenerationEnd) -> str:
    if isinstance(piece, GenerationEnd):
        return f"event: end\ndata: {piece.model_dump_json()}\n\n"
    return f"event: word\ndata: {json.dumps({'text': piece}, ensure_ascii=False)}\n\n"
