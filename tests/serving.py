"""A real server in a thread, for the tests that need an address."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from app.http.protocol import bounded_protocol
from app.settings import Settings


@contextmanager
def serving(app: FastAPI, **options: Any) -> Iterator[str]:
    """Serve the app on a free port, with further options of the server; gives its address."""
    ready = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            ready.set()

    usual: dict[str, Any] = {"http": bounded_protocol(Settings()), "lifespan": "on", "ws": "none", "log_config": None}
    config = uvicorn.Config(app, port=0, access_log=False, **usual | {"timeout_graceful_shutdown": 5} | options)
    running = Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    assert ready.wait(60)
    try:
        yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join()
