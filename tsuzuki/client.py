"""A client of the service: ``Client``, ``AsyncClient`` for asyncio, and ``AsYouType`` for somebody who types.

    with Client("http://127.0.0.1:8000") as tsuzuki:
        answer = tsuzuki.complete(text="I would like an app", limit=3)

Arguments and answers are those of the service, the same models. An operation of the service is one line of
``operations.Operations``, and both clients have it.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any, Self

import httpx
from pydantic import TypeAdapter

from app.schemas.suggestions import Suggestion, SuggestionAnswer, WordAnswer
from tsuzuki.operations import Answer, Operations, Request

DEFAULT_URL = "http://127.0.0.1:8000"
# An answer that comes later is of no use to somebody who types.
TIMEOUT_SECONDS = 2.0
RETRIES = 2
# A service that asks for more patience than this is reported instead.
LONGEST_WAIT_SECONDS = 5.0
# The service ends an idle connection after five seconds. Where the client does so first, none breaks under a request.
_LIMITS = httpx.Limits(keepalive_expiry=4.0)
_BUSY = 503


class TsuzukiError(Exception):
    """An answer that is an error: its ``status``, its ``detail``, and the seconds to wait, where it names them."""

    def __init__(self, status: int, detail: str, retry_after: float | None) -> None:
        super().__init__(f"{status}: {detail}")
        self.status, self.detail, self.retry_after = status, detail, retry_after


class Client(Operations):
    """A client that keeps one connection open; close it, or use it in a ``with``.

    ``key`` is for a service with keys. A 503 is asked again ``retries`` times, after the seconds that it names.
    ``timeout`` is for each of connecting, sending and reading, in seconds.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        key: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        retries: int = RETRIES,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._retries = retries
        self._http = httpx.Client(
            base_url=url, headers=_headers(key), timeout=timeout, limits=_LIMITS, transport=transport
        )

    def send(self, request: Request, answer: TypeAdapter[Answer]) -> Answer:
        """Send a request until it is answered; the operations call it."""
        for tried in range(self._retries + 1):
            response = self._http.request(request.method, request.path, **request.content)
            wait = _wait(response)
            if wait is None or tried == self._retries:
                break
            time.sleep(wait)
        return _read(response, answer)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(Operations):
    """``Client`` for asyncio: each operation is to be awaited, and it is used in an ``async with``."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        key: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        retries: int = RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._retries = retries
        self._http = httpx.AsyncClient(
            base_url=url, headers=_headers(key), timeout=timeout, limits=_LIMITS, transport=transport
        )

    async def send(self, request: Request, answer: TypeAdapter[Answer]) -> Answer:
        """Send a request until it is answered; the operations call it."""
        for tried in range(self._retries + 1):
            response = await self._http.request(request.method, request.path, **request.content)
            wait = _wait(response)
            if wait is None or tried == self._retries:
                break
            await asyncio.sleep(wait)
        return _read(response, answer)

    async def close(self) -> None:
        """Close the connection."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class AsYouType:
    """Suggestions for the newest text of somebody who types: one request at a time, over one connection.

    ``show(text, answer)`` is called for the newest text alone: an answer that comes when there is a newer one is
    dropped, and the newer text asked for at once. Where the service fails, nothing is shown until the next change.
    ``arguments`` are further ones of ``complete``.
    """

    def __init__(self, client: AsyncClient, show: Callable[[str, SuggestionAnswer], None], **arguments: Any) -> None:
        self._client, self._show, self._arguments = client, show, arguments
        self._newest: tuple[str, int] | None = None
        self._asking: asyncio.Task[None] | None = None

    def changed(self, text: str, cursor: int | None = None) -> None:
        """Take note of a change of text or cursor, in code points; to be called in the event loop."""
        self._newest = text, len(text) if cursor is None else cursor
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())

    def forget(self) -> None:
        """Show nothing for the newest text: it was sent off, or the field has lost its focus."""
        self._newest = None

    async def settled(self) -> None:
        """Wait until the newest text is answered."""
        if self._asking is not None:
            await self._asking

    async def _ask(self) -> None:
        asked = None
        while self._newest is not None and self._newest != asked:
            asked = text, cursor = self._newest
            with suppress(TsuzukiError, httpx.TransportError):
                answer = await self._client.complete(text=text, cursor=cursor, **self._arguments)
                if self._newest == asked:
                    self._show(text, answer)


def accepted(text: str, answer: WordAnswer, suggestion: Suggestion) -> tuple[str, int]:
    """Return the text with a suggestion taken, and where the cursor stands then."""
    start, end = answer.replace.start, answer.replace.end
    return text[:start] + suggestion.insert + text[end:], start + len(suggestion.insert)


def _headers(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def _wait(response: httpx.Response) -> float | None:
    """Return the seconds after which a busy service is to be asked again; None where it is not."""
    seconds = _retry_after(response)
    is_busy = response.status_code == _BUSY and seconds is not None and seconds <= LONGEST_WAIT_SECONDS
    return seconds if is_busy else None


def _retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of a ``Retry-After``, which may name a point in time instead."""
    value = response.headers.get("Retry-After", "")
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _read(response: httpx.Response, answer: TypeAdapter[Answer]) -> Answer:
    if response.is_success:
        return answer.validate_json(response.content or b"null")
    raise TsuzukiError(response.status_code, _detail(response), _retry_after(response))


def _detail(response: httpx.Response) -> str:
    """Return what an error says, or its status in words: a proxy's is no JSON."""
    with suppress(ValueError):
        body = response.json()
        if isinstance(body, dict) and isinstance(body.get("detail"), str):
            return body["detail"]  # type: ignore[no-any-return]
    return response.reason_phrase or "no detail"
