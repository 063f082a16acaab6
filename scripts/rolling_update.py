"""An update without a failed request: ``python -m scripts.rolling_update [--requests 20000]``.

Two services stand behind nginx with ``deploy/nginx.conf``. While people type, each is ended with SIGTERM in turn and
a new one is started in its place, again and again. Every request has to get the right answer. Needs nginx.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.traffic.client import Connection
from benchmarks.traffic.judge import RIGHT, judge
from benchmarks.traffic.servers import free_port
from benchmarks.traffic.typing_trace import Keystroke
from scripts.nginx import missing, nginx

PEOPLE = 16
# So long both serve before the next one goes.
_CALM_SECONDS = 0.5
_TEXTS = ("I would like an app", "the dog eats a", "See you tom", "Thank you for your h", "my c", "I am look")


class Outcome(NamedTuple):
    """The requests that were answered right, those that failed, and how often the service was replaced."""

    right: int
    failed: list[str]
    replaced: int


class Service:
    """``python -m app`` on a port of its own, replaced as often as asked."""

    def __init__(self, models: str | None) -> None:
        self.port = free_port()
        self._environment = os.environ | ({"TSUZUKI_MODELS": models} if models else {})
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        command = [sys.executable, "-m", "app", "--port", str(self.port)]
        quiet = subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(
            *command, env=self._environment, stdout=quiet, stderr=quiet
        )
        while self._process.returncode is None:
            if await asyncio.to_thread(is_ready, self.port):
                return
            await asyncio.sleep(0.02)
        raise SystemExit("the service did not start; try: python -m app")

    async def end(self) -> None:
        """End it as an orchestrator does, and wait for that."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            status = await self._process.wait()
            assert status == 0, f"the service ended with {status}"


def is_ready(port: int) -> bool:
    """Ask as a readiness probe does."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


class People:
    """People who type through the proxy, each from an address of their own, so that both services are asked."""

    def __init__(self, address: str, requests: int) -> None:
        self._port = urlsplit(address).port or 80
        self._left = requests
        self.updated = asyncio.Event()
        self.right, self.failed = 0, list[str]()
        self._expected: dict[str, object] = {}

    async def type(self) -> None:
        """Type until the requests are used up and the updates are over."""
        await asyncio.gather(*(self._person(number) for number in range(PEOPLE)))

    async def _person(self, number: int) -> None:
        connection: Connection | None = None
        while self._left > 0 or not self.updated.is_set():
            self._left -= 1
            keystroke = Keystroke("/v1/complete", _TEXTS[(self._left + number) % len(_TEXTS)])
            try:
                if connection is None or not connection.is_open:
                    connection = await self._connect(number)
                answer = await connection.ask(keystroke)
            except OSError as error:
                self.failed.append(f"{type(error).__name__}: {error}")
                connection = None
                continue
            expected = self._expected.setdefault(keystroke.text, answer.json())
            if judge(keystroke, answer, expected) == RIGHT:
                self.right += 1
            else:
                self.failed.append(f"{answer.status}: {answer.content[:200]!r}")
            if answer.headers.get("connection") == "close":
                connection.close()
        if connection is not None:
            connection.close()

    async def _connect(self, number: int) -> Connection:
        loop = asyncio.get_running_loop()
        local = (f"127.0.1.{number + 1}", 0)
        _, connection = await loop.create_connection(Connection, "127.0.0.1", self._port, local_addr=local)
        return connection


async def update_under_load(requests: int, models: str | None = None) -> Outcome:
    """Replace the two services in turn until so many requests are answered, and each at least once."""
    services = [Service(models), Service(models)]
    replaced = 0
    with tempfile.TemporaryDirectory() as folder, nginx(Path(folder), [each.port for each in services]) as address:
        async with AsyncExitStack() as stack:
            for service in services:
                stack.push_async_callback(service.end)
            await asyncio.gather(*(service.start() for service in services))
            people = People(address, requests)
            typing = asyncio.create_task(people.type())
            while not typing.done():
                service = services[replaced % len(services)]
                await service.end()
                await service.start()
                replaced += 1
                await asyncio.sleep(_CALM_SECONDS)
                if replaced >= len(services):
                    people.updated.set()
            await typing
    return Outcome(people.right, people.failed, replaced)


def main() -> int:
    """Print how many requests failed; the exit status is 1 where one did."""
    parser = argparse.ArgumentParser(prog="python -m scripts.rolling_update", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000, help="how many are sent, 20000 by default")
    if reason := missing():
        raise SystemExit(reason)
    outcome = asyncio.run(update_under_load(parser.parse_args().requests))
    requests = len(outcome.failed) + outcome.right
    print(f"{len(outcome.failed):,} failed of {requests:,} requests; a service was replaced {outcome.replaced} times")
    for failure in outcome.failed[:5]:
        print(failure)
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    sys.exit(main())
