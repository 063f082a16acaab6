"""A request's time by stage, without the HTTP server: ``python -m benchmarks.service.in_process``.

The app is called as a server calls it, one request after the other; then the model alone, stage by stage. A profiler
sees all of a request here but the HTTP server.
"""

import argparse
import asyncio
import time
from collections.abc import Iterable
from statistics import mean

from fastapi import FastAPI
from starlette.types import Message
from threadpoolctl import threadpool_limits

from app.inference.model_set import load_models
from app.main import create_app
from app.settings import Settings
from benchmarks.traffic.servers import body, machine
from benchmarks.traffic.typing_trace import Keystroke, keystrokes
from model.nn.inference import ContextRunner
from model.search.complete import Completer
from model.search.place.query import QueryReader
from model.search.scorer import Scorer

WHOLE = "the whole request, without the HTTP server"
# Seconds of each request, by endpoint and by stage.
Times = dict[str, dict[str, list[float]]]


async def ask(app: FastAPI, keystroke: Keystroke) -> bytes:
    """Call the app with a request; returns the body of its answer."""
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
        parts.append(message.get("body", b""))

    parts: list[bytes] = []
    await app(scope, receive, send)
    return b"".join(parts)


async def whole(requests: Iterable[Keystroke]) -> Times:
    """The time of each request to the app."""
    app = create_app()
    taken: Times = {}
    async with app.router.lifespan_context(app):
        for keystroke in requests:
            begun = time.perf_counter()
            await ask(app, keystroke)
            _note(taken, keystroke.path, WHOLE, begun)
    return taken


def stages(requests: Iterable[Keystroke]) -> Times:
    """The time of what the engine does for each, in this thread, which line_profiler sees."""
    settings = Settings()
    model = next(iter(load_models(settings).values()))
    scorer, network = Scorer(model, settings.keyboard), ContextRunner(model.network)
    completer, reader = Completer(scorer), QueryReader(model.vocabulary, settings.context_tokens)
    read = {"/complete": reader.completion, "/next-word": reader.next_word}
    taken: Times = {}
    with threadpool_limits(1, user_api="blas"):
        for path, text, fuzzy, _ in requests:
            begun = time.perf_counter()
            query = scorer.resolve(read[path](text, len(text)))
            begun = _note(taken, path, "reading the text", begun)
            logits = network.logits(query.context)
            begun = _note(taken, path, "the network, steps and logits that are new", begun)
            completer.complete(query, logits, settings.default_limit, 0.0, fuzzy)
            _note(taken, path, "finding the suggestions", begun)
    return taken


def _note(taken: Times, path: str, what: str, begun: float) -> float:
    now = time.perf_counter()
    taken.setdefault(path, {}).setdefault(what, []).append(now - begun)
    return now


def main(arguments: list[str] | None = None) -> None:
    """Measure and print a table."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.service.in_process", description=__doc__.splitlines()[0])
    p.parse_args(arguments)
    requests = list(keystrokes())
    parts, total = stages(requests), asyncio.run(whole(requests))
    print(f"{machine()}; one request after the other, means\n\n| | {' | '.join(total)} |\n|---|{'---|' * len(total)}")
    rows = {what: [1e6 * mean(parts[path][what]) for path in total] for what in parts["/complete"]}
    sums = [1e6 * mean(total[path][WHOLE]) for path in total]
    rest = [all_ - sum(row[i] for row in rows.values()) for i, all_ in enumerate(sums)]
    rows |= {"the rest: routes, validation, queue, threads, JSON": rest, WHOLE: sums}
    for what, row in rows.items():
        print(f"| {what} | {' | '.join(f'{micro:.0f} µs' for micro in row)} |")


if __name__ == "__main__":
    main()
