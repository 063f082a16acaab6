"""Suggestions for somebody who types: late answers are dropped, failures show nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.tsuzuki.test_client import NOTHING
from tsuzuki.client import AsyncClient, AsYouType


class Slow:
    """A service on a real connection, which answers when it is told to."""

    def __init__(self) -> None:
        self.connections: list[asyncio.Task[Any] | None] = []
        self.asked: list[str] = []
        self.was_asked, self.may_answer = asyncio.Event(), asyncio.Event()
        self.status = 200

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(asyncio.current_task())
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length:")[1].split()[0])
                self.asked.append(json.loads(await reader.readexactly(length))["text"])
                self.was_asked.set()
                await self.may_answer.wait()
                body = json.dumps(NOTHING).encode()
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (self.status, len(body), body))
        except asyncio.IncompleteReadError:
            writer.close()
            await writer.wait_closed()


@asynccontextmanager
async def slow_service() -> AsyncIterator[tuple[Slow, AsyncClient]]:
    slow = Slow()
    async with await asyncio.start_server(slow.serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with AsyncClient(f"http://127.0.0.1:{port}", timeout=60) as client:
            yield slow, client
        await asyncio.gather(*filter(None, slow.connections))


def test_late_answers_are_dropped_and_one_connection_serves() -> None:
    shown: list[str] = []

    async def main() -> Slow:
        async with slow_service() as (slow, client):
            typing = AsYouType(client, lambda text, _: shown.append(text), limit=3)
            await typing.settled()
            typing.changed("a")
            await slow.was_asked.wait()
            for text in ("ap", "app", "appl"):
                typing.changed(text)
            slow.may_answer.set()
            await typing.settled()
            typing.changed("apple", 2)
            await typing.settled()
            return slow

    slow = asyncio.run(main())
    # What was overtaken before it was asked is never asked, what was overtaken after that never shown.
    assert slow.asked == ["a", "appl", "apple"] and shown == ["appl", "apple"]
    assert len(slow.connections) == 1


def test_what_is_forgotten_is_not_shown() -> None:
    async def main() -> None:
        async with slow_service() as (slow, client):
            typing = AsYouType(client, lambda *_: pytest.fail("nothing is to be shown"))
            typing.changed("a")
            await slow.was_asked.wait()
            typing.forget()
            slow.may_answer.set()
            await typing.settled()

    asyncio.run(main())


def test_a_failure_does_no_harm_to_who_types() -> None:
    shown: list[str] = []

    async def main() -> None:
        async with slow_service() as (slow, client):
            slow.may_answer.set()
            typing = AsYouType(client, lambda text, _: shown.append(text))
            slow.status = 500
            typing.changed("a")
            await typing.settled()
            slow.status = 200
            typing.changed("ap")
            await typing.settled()
        refused = AsYouType(client_without_service(), lambda text, _: shown.append(text))
        refused.changed("app")
        await refused.settled()

    asyncio.run(main())
    assert shown == ["ap"]


def client_without_service() -> AsyncClient:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    return AsyncClient(transport=httpx.MockTransport(refuse))
