"""A worker process: its server, and its line (a socket) to the supervisor.

On the line each message is JSON, one a line. A worker says ``"ready"``, and ``"reload"`` where a caller asks for that.
The supervisor answers the latter with ``models`` (which), ``failed`` (why), ``running``, ``stopping`` or ``broken``,
and says ``retire`` once others have taken over. A line that ends tells a worker that the supervisor is gone.
"""

import asyncio
import json
import logging
import socket
from typing import Any

import uvicorn
from fastapi import FastAPI

from app.errors import NotReadyError, ReloadFailedError, ReloadRunningError
from app.http.server import Server
from app.log import failure
from app.metrics.prometheus import Metrics
from app.schemas.service import ModelList

READY, RELOAD = "ready", "reload"
MODELS, FAILED, RUNNING, STOPPING, BROKEN = "models", "failed", "running", "stopping", "broken"
RETIRE = "retire"


_LONGEST_MESSAGE = 2**20
_TICKS_A_SECOND = 10  # of uvicorn's main loop
_CLOSE = (b"connection", b"close")


log = logging.getLogger("tsuzuki")


class SupervisorError(Exception):
    """The supervisor could not do what it was asked for, through a fault of ours that its log tells of."""


class WorkerServer(Server):
    """A server that tells the supervisor when it is ready, and ends when the supervisor says so."""

    def __init__(self, config: uvicorn.Config, line: socket.socket, metrics: Metrics) -> None:
        super().__init__(config)
        self._line, self._metrics = line, metrics
        self._reloaded: asyncio.Future[ModelList] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, then tell the supervisor."""
        reader, self._writer = await asyncio.open_connection(sock=self._line, limit=_LONGEST_MESSAGE)
        await super().startup(sockets)
        self._tasks.append(asyncio.create_task(self._listen(reader)))
        self._metrics.set_ready()
        self._say(READY)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End cleanly, the line last."""
        await super().shutdown(sockets)
        self._writer.close()
        await asyncio.gather(*self._tasks)

    async def on_tick(self, counter: int) -> bool:
        """Publish the gauges of this worker for the others, once a second."""
        if counter % _TICKS_A_SECOND == 0:
            self._metrics.publish()
        return await super().on_tick(counter)

    async def reload(self) -> ModelList:
        """Have the supervisor reload the models in all workers."""
        if self._reloaded is not None:
            raise ReloadRunningError
        self._reloaded = asyncio.get_running_loop().create_future()
        self._say(RELOAD)
        try:
            return await self._reloaded
        finally:
            self._reloaded = None

    def _say(self, message: str) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            ((kind, content),) = json.loads(line).items()
            if kind == RETIRE:
                self._tasks.append(asyncio.create_task(self._retire()))
            else:
                self._settle(_outcome(kind, content))
        self._settle(NotReadyError())
        self.should_exit = True

    def _settle(self, outcome: ModelList | Exception) -> None:
        if self._reloaded is None or self._reloaded.done():
            return
        if isinstance(outcome, Exception):
            self._reloaded.set_exception(outcome)
        else:
            self._reloaded.set_result(outcome)

    async def _retire(self) -> None:
        """Take no new connections, and end the others with their next answer.

        To close them at once, as at a shutdown, would lose the requests that are on their way. An idle one is closed
        after its usual time.
        """
        self._metrics.set_ready(False)
        for server in self.servers:
            server.close()
        self.config.encoded_headers.append(_CLOSE)
        self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
        for connection in self.server_state.connections:
            cycle = getattr(connection, "cycle", None)
            if cycle is not None:
                cycle.keep_alive = False
        for _ in range(_TICKS_A_SECOND * (self.config.timeout_keep_alive + 1)):
            if not self.server_state.connections:
                break
            await asyncio.sleep(1 / _TICKS_A_SECOND)
        self.should_exit = True


def _outcome(kind: str, content: Any) -> ModelList | Exception:
    """Turn the supervisor's message about a reload into its result."""
    if kind == MODELS:
        return ModelList.model_validate({"models": content})
    if kind == FAILED:
        return ReloadFailedError(content)
    errors: dict[str, type[Exception]] = {
        RUNNING: ReloadRunningError,
        STOPPING: NotReadyError,
        BROKEN: SupervisorError,
    }
    return errors[kind]()


def work(config: uvicorn.Config, listener: socket.socket, line: socket.socket, row: int) -> int:
    """Serve in this process until a signal or the supervisor ends it; returns its exit status."""
    app = config.app
    assert isinstance(app, FastAPI)
    metrics: Metrics = app.state.metrics
    metrics.enter(row)
    server = WorkerServer(config, line, metrics)
    app.state.reload_all = server.reload
    try:
        server.run(sockets=[listener])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except KeyboardInterrupt:
        return 0
    except BaseException as error:
        log.error("failure", extra={"fields": failure(error)})
        return 1
    return 0
