"""A client that costs little: HTTP/1.1 over kept connections, so that it can send more than a service can bear."""

import asyncio
import json
import time
from typing import Any, NamedTuple, cast

import httptools

from benchmarks.traffic.servers import body
from benchmarks.traffic.typing_trace import Keystroke


class Answer(NamedTuple):
    """The answer to a request, and the seconds that it took."""

    status: int
    headers: dict[str, str]
    content: bytes
    seconds: float

    def json(self) -> Any:
        """Decode the body; None where it is no JSON."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


class Connection(asyncio.Protocol):
    """A connection with one request at a time under way. Its parser calls the ``on_…`` methods."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._future: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None
        self._headers: dict[str, str] = {}
        self._parts: list[bytes] = []
        self._begun = 0.0

    @property
    def is_open(self) -> bool:
        """True while requests can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, keystroke: Keystroke) -> Answer:
        """Send a request and wait for its answer. Raises ``ConnectionError`` where none comes."""
        if self._transport is None or not self.is_open:
            raise ConnectionError("the connection is closed")
        content = body(keystroke)
        head = f"POST {keystroke.path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        self._future = asyncio.get_running_loop().create_future()
        self._headers, self._parts = {}, []
        self._begun = time.perf_counter()
        self._transport.write(b"%sContent-Length: %d\r\n\r\n%s" % (head.encode(), len(content), content))
        return await self._future

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_exception(ConnectionError("the connection was closed without an answer"))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, part: bytes) -> None:
        self._parts.append(part)

    def on_message_complete(self) -> None:
        if self._future is not None and not self._future.done():
            seconds = time.perf_counter() - self._begun
            status = self._parser.get_status_code()
            self._future.set_result(Answer(status, self._headers, b"".join(self._parts), seconds))


async def connect(port: int) -> Connection:
    """Open a connection to this machine."""
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection
