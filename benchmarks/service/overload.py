"""Twice the load that one worker can bear, for ten minutes: ``python -m benchmarks.service.overload``.

First the load is found that it can bear: 64 people who type as fast as they are answered. Then twice as many requests
a second come, whether or not there are answers yet.
"""

import argparse
import asyncio
import http.client
import multiprocessing
import resource
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import uvloop

from benchmarks.checks import Check, print_checks
from benchmarks.traffic.client import Connection, connect
from benchmarks.traffic.judge import CLEAN, RIGHT, judge
from benchmarks.traffic.load_trace import Messages, read_text, streams, typing
from benchmarks.traffic.servers import Server, machine, running_server
from benchmarks.traffic.typing_trace import Keystroke

PEOPLE = 64
BEARABLE_SECONDS = 10
# At most this many people, since nobody asks anew while waiting: more than the service lets wait.
MOST_CONNECTIONS = 2000
# Every 20th request has an answer that is known from before the load.
KNOWN_EACH = 20
KNOWN = 200
TICK = 0.005
CALM_SECONDS = 2
HEALTH_EACH = 0.1
# In this time a thousand connections and more are opened.
OPENING_SECONDS = 2


class Quantiles(NamedTuple):
    """Quantiles of times, in milliseconds."""

    p50: float
    p99: float
    most: float

    def __str__(self) -> str:
        return f"p50 {self.p50:.2f} ms, p99 {self.p99:.2f} ms, at most {self.most:.2f} ms"


def quantiles(seconds: Sequence[float]) -> Quantiles:
    """Compute the quantiles of times; without any they are NaN."""
    return Quantiles(*(1000 * np.percentile(seconds or [np.nan], (50, 99, 100))).tolist())


class Found(NamedTuple):
    """The measurements of all phases."""

    bearable: float
    seconds: float
    answers: Counter[str]
    unsent: int
    answered: Quantiles
    health: Quantiles
    health_later: Quantiles
    memory: list[int]
    calm: dict[str, Quantiles]


class Load:
    """Requests to a service, and their answers by verdict."""

    def __init__(self, port: int, requests: Iterator[Keystroke], known: dict[Keystroke, Any]) -> None:
        self._port, self._requests = port, requests
        self._known = known
        self._again = cycle(list(known))
        self.sent = self.unsent = 0
        self.answers: Counter[str] = Counter()
        self.seconds: list[float] = []
        self._idle: deque[Connection] = deque()
        self._busy: set[asyncio.Task[None]] = set()

    async def closed(self, people: int, seconds: float) -> None:
        """Simulate ``people`` who send their next request as soon as the one before is answered."""
        end = time.perf_counter() + seconds

        async def person() -> None:
            connection = await connect(self._port)
            while time.perf_counter() < end:
                await self._ask(connection)
            connection.close()

        await asyncio.gather(*(person() for _ in range(people)))

    async def open(self, rate: float, seconds: float) -> None:
        """Send ``rate`` requests a second; one for which no connection is free stays unsent."""
        begun = time.perf_counter()
        due = 0
        while (passed := time.perf_counter() - begun) < seconds:
            while due < rate * passed:
                due += 1
                self._send()
            await asyncio.sleep(TICK)

    async def end(self) -> None:
        """Wait for what is under way, and close the connections."""
        await asyncio.gather(*self._busy)
        for connection in self._idle:
            connection.close()

    def _send(self) -> None:
        while self._idle and not self._idle[0].is_open:
            self._idle.popleft()
        if not self._idle and len(self._busy) >= MOST_CONNECTIONS:
            self.unsent += 1
            return
        task = asyncio.create_task(self._ask_over(self._idle.popleft() if self._idle else None))
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    async def _ask_over(self, connection: Connection | None) -> None:
        try:
            connection = connection or await connect(self._port)
            await self._ask(connection)
        except OSError:
            self.answers["no answer"] += 1
        else:
            self._idle.append(connection)

    async def _ask(self, connection: Connection) -> None:
        self.sent += 1
        keystroke = next(self._requests) if self.sent % KNOWN_EACH else next(self._again)
        answer = await connection.ask(keystroke)
        verdict = judge(keystroke, answer, self._known.get(keystroke))
        self.answers[verdict] += 1
        if verdict == RIGHT:
            self.seconds.append(answer.seconds)


async def alone(port: int, requests: Iterator[Keystroke], seconds: float) -> list[float]:
    """The times of answers to one person who types, one request after the other."""
    connection = await connect(port)
    end = time.perf_counter() + seconds
    times = []
    while time.perf_counter() < end:
        times.append((await connection.ask(next(requests))).seconds)
    connection.close()
    return times


async def answers_at_rest(port: int, requests: Iterator[Keystroke]) -> dict[Keystroke, Any]:
    """Ask for the answers to some requests."""
    connection = await connect(port)
    known = {keystroke: (await connection.ask(keystroke)).json() for keystroke in requests}
    connection.close()
    return known


def watch_health(port: int, results: Pipe) -> None:
    """Say that it begins, ask for the health until something comes through the pipe, then send back the times.

    Each with the time since the beginning.

    As probes do, over a new connection each time. In a process of its own: the one that makes the load has no time for
    it.
    """
    times: list[tuple[float, float]] = []
    results.send(times)
    start = time.perf_counter()
    while not results.poll(HEALTH_EACH):
        begun = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/health/live")
        if connection.getresponse().status != 200:
            raise SystemExit("the service says that it does not live")
        times.append((begun - start, time.perf_counter() - begun))
        connection.close()
    results.send(times)


async def watch_memory(server: Server, samples: list[int]) -> None:
    """Sample once a second."""
    while True:
        samples.append(server.memory())
        await asyncio.sleep(1)


async def measure(server: Server, text: str, seconds: float) -> Found:
    """All phases."""
    port = server.port
    people = cycle(streams(typing, text, 1, PEOPLE))
    requests = (next(person) for person in people)
    known = await answers_at_rest(port, islice(typing(Messages(text, 2)), KNOWN))
    calm = {"before": quantiles(await alone(port, requests, CALM_SECONDS))}
    bearable = Load(port, requests, known)
    await bearable.closed(PEOPLE, BEARABLE_SECONDS)
    if set(bearable.answers) != {RIGHT}:
        raise SystemExit(f"not all answers were right before the overload: {dict(bearable.answers)}")
    rate = len(bearable.seconds) / BEARABLE_SECONDS

    here, there = multiprocessing.Pipe()
    health = multiprocessing.get_context("spawn").Process(target=watch_health, args=(port, there))
    health.start()
    there.close()  # so that its end is noticed
    here.recv()
    load = Load(port, requests, known)
    memory: list[int] = []
    watching = asyncio.create_task(watch_memory(server, memory))
    await load.open(2 * rate, seconds)
    here.send("end")
    soon = asyncio.create_task(alone(port, requests, CALM_SECONDS))
    # Not behind a request of the first two seconds, which may have to wait for longer than that.
    await asyncio.sleep(CALM_SECONDS)
    calm["from 2 s after"] = quantiles(await alone(port, requests, CALM_SECONDS))
    calm["begun within 2 s after"] = quantiles(await soon)
    await load.end()
    watching.cancel()
    times = here.recv()
    health.join()
    later = [taken for begun, taken in times if begun > OPENING_SECONDS]
    healths = quantiles([taken for _, taken in times]), quantiles(later)
    return Found(rate, seconds, load.answers, load.unsent, quantiles(load.seconds), *healths, memory, calm)


def report(found: Found, alive: bool) -> None:
    """Print the measurements, and the limits that they are checked against."""
    print(f"bearable: {found.bearable:,.0f} requests/s; twice that for {found.seconds:.0f} s\n")
    print("| answers | |\n|---|---|")
    for verdict, number in found.answers.most_common():
        print(f"| {verdict} | {number:,} |")
    print(f"| not sent: {MOST_CONNECTIONS:,} waited already | {found.unsent:,} |")
    print(f"\nright answers under the load: {found.answered}")
    print(f"/health/live under the load: {found.health}")
    print(f"/health/live, {OPENING_SECONDS} s after its begin and later: {found.health_later}")
    for when, times in found.calm.items():
        print(f"one connection, {when}: {times}")
    settled = found.memory[len(found.memory) // 10]
    for when, memory in (("at the beginning", found.memory[0]), ("after a tenth of the time", settled)):
        print(f"memory {when}: {memory / 1e6:.0f} MB")
    print(f"memory at the end: {found.memory[-1] / 1e6:.0f} MB; the most: {max(found.memory) / 1e6:.0f} MB\n")
    faults = sum(number for verdict, number in found.answers.items() if verdict not in CLEAN)
    checks = [
        Check("process that ended", 0 if alive else 1, 0),
        Check("answers neither right nor a clean refusal", faults, 0),
        Check("the most memory, of that after a tenth of the time", max(found.memory) / settled, 1.1),
        Check("/health/live under the load, the slowest", found.health.most, 50, unit=" ms"),
        Check(
            "p50 from 2 s after the load, of that before",
            found.calm["from 2 s after"].p50 / found.calm["before"].p50,
            1.5,
        ),
    ]
    print_checks(checks)


def main(arguments: list[str] | None = None) -> None:
    """Load the service, and print what became of it."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.service.overload", description=__doc__.splitlines()[0])
    p.add_argument("--minutes", type=float, default=10.0)
    p.add_argument("--text", type=Path, help="what is typed, a text file; by default a text of the project's own")
    options = p.parse_args(arguments)
    # For this process and the service, which inherits it: each connection is an open file.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with running_server() as server:
        found = uvloop.run(measure(server, read_text(options.text), 60 * options.minutes))
        alive = server.process.poll() is None
    print(f"{machine()}; one worker")
    report(found, alive)


if __name__ == "__main__":
    main()
