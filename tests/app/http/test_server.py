"""The server takes several connections in each turn of the event loop."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
import uvloop
from starlette.applications import Starlette

from app.http.server import PER_TURN, Server

CONNECTIONS = 3 * PER_TURN


@contextmanager
def opened(address: tuple[str, int]) -> Iterator[list[socket.socket]]:
    clients = [socket.create_connection(address, timeout=5) for _ in range(CONNECTIONS)]
    try:
        yield clients
    finally:
        for client in clients:
            client.close()


@pytest.mark.parametrize("given", [False, True])
def test_many_connections_are_accepted_in_few_turns(given: bool) -> None:
    async def turns() -> int:
        server = Server(uvicorn.Config(Starlette(), port=0, http="httptools", ws="none", log_config=None))
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        sockets = [socket.create_server(("127.0.0.1", 0))] if given else None
        await server.startup(sockets)
        count = 0
        # They are all in the queue of the kernel before the loop goes on.
        with opened(server.servers[0].sockets[0].getsockname()):
            while len(server.server_state.connections) < CONNECTIONS and count < 10 * CONNECTIONS:
                await asyncio.sleep(0)
                count += 1
        await server.shutdown(sockets)
        return count

    # One for each turn would take as many turns as there are connections.
    assert uvloop.run(turns()) < CONNECTIONS / 2
