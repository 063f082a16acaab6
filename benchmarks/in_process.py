"""Requests without a network, for profilers: ``python -m benchmarks.in_process``.

The app is called as a server calls it, in one process and one after the other, so that a profiler sees all of a
request but the HTTP server.
"""

import argparse
import asyncio
import time
from collections.abc import Iterable
from statistics import median

from fastapi import FastAPI
from starlette.types import Message

from app.main import create_app
from benchmarks.servers import body, machine
from benchmarks.typing_trace import Keystroke, keystrokes


async def ask(app: FastAPI, keystroke: Keystroke) -> None:
    """Call the app with a request, and read its answer."""
    content = body(keystroke)
    length = str(len(content)).encode()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": keystroke.path,
        "raw_path": keystroke.path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"x"), (b"content-type", b"application/json"), (b"content-length", length)],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise SystemExit(f"{keystroke}: {message['status']}")

    await app(scope, receive, send)


async def measure(requests: Iterable[Keystroke]) -> dict[str, list[float]]:
    """The seconds of each request, by endpoint."""
    app = create_app()
    taken: dict[str, list[float]] = {}
    async with app.router.lifespan_context(app):
        for keystroke in requests:
            begun = time.perf_counter()
            await ask(app, keystroke)
            taken.setdefault(keystroke.path, []).append(time.perf_counter() - begun)
    return taken


def main() -> None:
    """Measure and print a table."""
    argparse.ArgumentParser(prog="python -m benchmarks.in_process", description=__doc__.splitlines()[0]).parse_args()
    taken = asyncio.run(measure(keystrokes()))
    print(f"{machine()}; one request after the other\n\n| | requests | p50 |\n|---|---|---|")
    for path, seconds in taken.items():
        print(f"| {path}, as people type | {len(seconds)} | {1e6 * median(seconds):.0f} µs |")


if __name__ == "__main__":
    main()
