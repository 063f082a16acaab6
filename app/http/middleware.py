"""The ASGI middleware of every request: prefix, id, access log, metrics, failures, limits of time and size."""

import asyncio
import logging
import re
import time
from random import getrandbits

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import BodyTooLargeError, QueryTooLongError, SlowRequestError, TimeLimitError
from app.header_fields import header_field
from app.log import failure
from app.metrics.prometheus import Metrics
from app.paths import ADMIN_WHERE_KEYS, EXPORT, USERS, VOCABULARY_BYTES, enter_prefix, route_path
from app.problems import answer, problem

REQUEST_ID = "X-Request-ID"
_REQUEST_ID = REQUEST_ID.lower().encode()
_SANE_ID = re.compile(r"[!-~]{1,128}")


log = logging.getLogger("tsuzuki")


class PrefixMiddleware:
    """Lets every address stand under ``/v1`` too; all that comes after it sees no difference."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on the request as one to an app that is mounted under the prefix."""
        if scope["type"] == "http":
            enter_prefix(scope)
        await self.app(scope, receive, send)


class PathMiddleware:
    """Leaves the paths of people percent-encoded: an id may hold a slash, which is none of the path."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its path as it was sent where it is about a person."""
        if scope["type"] == "http" and route_path(scope).startswith(USERS) and "raw_path" in scope:
            scope["path"] = scope["raw_path"].partition(b"?")[0].decode("latin-1")
        await self.app(scope, receive, send)


class RequestMiddleware:
    """Gives every answer its ``X-Request-ID``, writes the access log, and counts."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the request an id, and log and count it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begin = time.perf_counter()
        given = header_field(scope, _REQUEST_ID)
        request_id = given if _SANE_ID.fullmatch(given) else f"{getrandbits(128):032x}"
        scope[REQUEST_ID] = request_id
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (_REQUEST_ID, request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - begin
            _log_access(scope["method"], self.metrics.route(scope), status, seconds, request_id)
            if status:
                self.metrics.count(scope, status, seconds)


class FailureMiddleware:
    """Turns an unexpected exception into a 500 and a line of the log.

    It lies inside the CORS middleware: the page of another origin can read a 500 only with the header of that.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 500 where the app fails."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answered = False

        async def send_noting(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        except Exception as error:
            request_id = scope[REQUEST_ID]
            log.error("failure", extra={"fields": {"request_id": request_id, **failure(error)}})
            if not answered:
                detail = f"the service failed, its log says more under request id {request_id}"
                await problem(500, detail)(scope, receive, send)


def _log_access(method: str, path: str | None, status: int, seconds: float, request_id: str) -> None:
    # The path of the route: what was asked for may hold typed text, as the query string does.
    level = logging.DEBUG if path and path.startswith("/health/") else logging.INFO
    if not log.isEnabledFor(level):
        return
    fields = {
        "method": method,
        "path": path,
        "status": status,
        "ms": round(1000 * seconds, 2),
        "request_id": request_id,
    }
    # As `log.log` does, which looks for the line of code that called it first.
    log.handle(log.makeRecord(log.name, level, __file__, 0, "request", (), None, extra={"fields": fields}))


class TimeMiddleware:
    """Cancels a request that takes too long; the engine drops its work."""

    def __init__(self, app: ASGIApp, seconds: float, unlimited: frozenset[str]) -> None:
        self.app, self.seconds, self.unlimited = app, seconds, unlimited

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, for a limited time."""
        if scope["type"] != "http" or route_path(scope) in self.unlimited:
            await self.app(scope, receive, send)
            return
        awaits_body = answered = False

        async def receive_noting() -> Message:
            nonlocal awaits_body
            awaits_body = True
            message = await receive()
            awaits_body = message.get("more_body", False)
            return message

        async def send_noting(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            async with asyncio.timeout(self.seconds) as limit:
                await self.app(scope, receive_noting, send_noting)
        except TimeoutError:
            if answered or not limit.expired():
                raise
            error = SlowRequestError(self.seconds) if awaits_body else TimeLimitError(self.seconds)
            await answer(error)(scope, receive, send)


class SizeMiddleware:
    """Refuses a longer body or query string than any allowed text takes, before it is read or while it is.

    The body that brings all counts of a person may have ``most_of_export`` bytes, that of a vocabulary four million.
    """

    def __init__(self, app: ASGIApp, most: int, most_of_export: int) -> None:
        self.app, self.most, self.most_of_export = app, most, most_of_export

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request that is too long, pass on any other."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = self._most(route_path(scope))
        announced = header_field(scope, b"content-length")
        if len(scope["query_string"]) > self.most:
            await answer(QueryTooLongError(self.most))(scope, receive, send)
        elif announced.isascii() and announced.isdigit() and _longer(announced, most):
            await answer(BodyTooLargeError(most))(scope, receive, send)
        else:
            await self.app(scope, _counted(receive, most), send)

    def _most(self, path: str) -> int:
        """Return the most bytes of a body."""
        if path.startswith(USERS) and path.endswith(EXPORT):
            return self.most_of_export
        return max(self.most, VOCABULARY_BYTES) if ADMIN_WHERE_KEYS.fullmatch(path) else self.most


def _counted(receive: Receive, most: int) -> Receive:
    """Make a ``receive`` that raises ``BodyTooLargeError`` once a body has more bytes."""
    length = 0

    async def counted() -> Message:
        nonlocal length
        message = await receive()
        length += len(message.get("body", b""))
        if length > most:
            raise BodyTooLargeError(most)
        return message

    return counted


def _longer(digits: str, most: int) -> bool:
    # Python refuses to read numbers of thousands of digits.
    digits = digits.lstrip("0")
    return len(digits) > len(str(most)) or int(digits or "0") > most
