"""uvicorn's server, which takes more connections in a turn of the event loop."""

import asyncio
import socket
from typing import Any

import uvicorn

# The connections that are accepted in a turn. The event loop accepts one from each socket, and under load a turn takes
# milliseconds: with a single socket a health check waited for seconds while a thousand connections were opened.
PER_TURN = 32


class Server(uvicorn.Server):
    """Listens to each of its sockets through ``PER_TURN`` duplicates."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets)
        loop, config = asyncio.get_running_loop(), self.config

        def protocol() -> asyncio.Protocol:
            kind: Any = config.http_protocol_class
            made: asyncio.Protocol = kind(config, self.server_state, self.lifespan.state)
            return made

        listening = [listener for server in self.servers for listener in server.sockets]
        for listener in listening * (PER_TURN - 1):
            duplicate = socket.socket(fileno=socket.dup(listener.fileno()))
            self.servers.append(await loop.create_server(protocol, sock=duplicate, backlog=config.backlog))
