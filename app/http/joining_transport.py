"""A transport that writes the head of an answer together with the beginning of its body."""

import asyncio
from typing import Any


class JoiningTransport:
    """Holds what is written until more is, or until the next turn of the event loop.

    uvicorn writes head and body one after the other. Each would be a call of the system and a packet of its own, and
    wake the client, which can do nothing with a head alone.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._held = b""

    def write(self, data: bytes) -> None:
        """Write what is held and ``data``, or hold it."""
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held + data)
        elif data:
            self._held = data
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """Write what is held, then close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def __getattr__(self, name: str) -> Any:
        """All else is the transport's."""
        return getattr(self._transport, name)
