"""uvicorn's HTTP protocol with two limits that it lacks: the bytes and the seconds that a request's head may take.

The application sees a request only once its head is whole, so that no middleware can guard it.
"""

import asyncio
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.errors import HeadTooLargeError, SlowRequestError
from app.http.cross_origin import readable_by
from app.http.joining_transport import JoiningTransport
from app.http.middleware import REQUEST_ID
from app.problems import answer, problem
from app.settings import Settings


class BoundedProtocol(HttpToolsProtocol):
    """Refuses a head that grows too large or comes too slowly, and ends the connection."""

    head_bytes: int
    head_seconds: float
    cross_origins: tuple[str, ...]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock of the first request."""
        super().connection_made(JoiningTransport(transport, self.loop))  # type: ignore[arg-type]
        self._in_head = False
        self._received = 0
        self._timer: asyncio.TimerHandle | None = None
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop_timer()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Count the bytes of a head from here."""
        self._in_head, self._received = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop counting and the clock."""
        self._in_head = False
        self._stop_timer()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Parse what has come, and refuse a head that is too large."""
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        if self._timer is None:
            self._start_timer()
        self._received += len(data)
        if self._received > self.head_bytes:
            self._refuse(answer(HeadTooLargeError(self.head_bytes)))

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        self._refuse(problem(400, msg, {"Connection": "close"}))

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(self.head_seconds, self._time_out)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _time_out(self) -> None:
        self._timer = None
        if self._in_head:
            self._refuse(answer(SlowRequestError(self.head_seconds)))
        else:  # it has not sent a byte
            self.transport.close()

    def _refuse(self, response: Response) -> None:
        self._stop_timer()
        if self.transport.is_closing():
            return
        # Behind the answer to an earlier request it would be taken for a part of that.
        if self.cycle is None or self.cycle.response_complete:
            response.headers[REQUEST_ID] = uuid4().hex
            response.headers.update(readable_by(self._origin(), self.cross_origins))
            lines = [f"HTTP/1.1 {response.status_code} {HTTPStatus(response.status_code).phrase}".encode()]
            lines += [name + b": " + value for name, value in response.raw_headers]
            self.transport.write(b"\r\n".join([*lines, b"", bytes(response.body)]))
        self.transport.close()

    def _origin(self) -> str | None:
        """Return the page's origin, where that field has come."""
        return next((value.decode("latin-1") for name, value in self.headers or () if name == b"origin"), None)


def bounded_protocol(settings: Settings) -> type[BoundedProtocol]:
    """Make the protocol with the limits of the settings."""
    bounds: dict[str, Any] = {
        "head_bytes": settings.max_head_bytes,
        "head_seconds": settings.timeout_seconds,
        "cross_origins": settings.cors_origins,
    }
    return type("BoundedProtocol", (BoundedProtocol,), bounds)
