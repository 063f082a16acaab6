"""People who type while texts are written on, beside people alone: ``python -m benchmarks.service.streaming``.

64 people send a keystroke each fifth of a second, as fast typists do, with and without 64 streams of ``/generate``, by
turns. A stream that ends is followed by another one.
"""

import argparse
import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import uvloop

from benchmarks.checks import Check, print_checks
from benchmarks.traffic.client import connect
from benchmarks.traffic.load_trace import Messages, read_text, streams, typing
from benchmarks.traffic.servers import machine, running_server
from benchmarks.traffic.typing_trace import Keystroke

PEOPLE = 64
STREAMS = 64
KEY_SECONDS = 0.2
MOST_RATIO = 1.2


class Round(NamedTuple):
    """The p50 and p99 in milliseconds of the people's answers; a second's words written on, and refused streams."""

    p50: float
    p99: float
    words: float
    refused: float


async def type_keys(port: int, person: Iterator[Keystroke], wait: float, seconds: float, taken: list[float]) -> None:
    """Send a person's keystrokes, one each fifth of a second, from ``wait`` seconds on."""
    connection = await connect(port)
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    due = loop.time() + wait
    while due < end:
        await asyncio.sleep(max(0.0, due - loop.time()))
        answer = await connection.ask(next(person))
        if answer.status != 200:
            raise SystemExit(f"a keystroke got {answer.status} {answer.content[:200]!r}")
        taken.append(1000 * answer.seconds)
        due = max(due + KEY_SECONDS, loop.time())
    connection.close()


async def write_on(port: int, messages: Messages, counts: Counter[str]) -> None:
    """Stream one text after the other, without end; one that is refused is asked for again after a second."""
    while True:
        content = json.dumps({"text": messages.next(), "stop": "length", "max_words": 50}).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = "POST /generate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n"
        writer.write(f"{head}Connection: close\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
        try:
            is_refused = b" 200 " not in await reader.readline()
            while line := await reader.readline():
                counts["words"] += line == b"event: word\n"
        finally:
            writer.close()
        if is_refused:
            counts["refused"] += 1
            await asyncio.sleep(1)


async def measure(port: int, people: list[Iterator[Keystroke]], messages: Messages, streams_: int, s: float) -> Round:
    """Let people type for ``s`` seconds beside a number of streams."""
    counts, taken = Counter[str](), list[float]()
    writing = [asyncio.create_task(write_on(port, messages, counts)) for _ in range(streams_)]
    await asyncio.sleep(bool(streams_))
    counts.clear()
    waits = np.linspace(0, KEY_SECONDS, len(people), endpoint=False)
    await asyncio.gather(*(type_keys(port, *one, s, taken) for one in zip(people, waits.tolist(), strict=True)))
    for task in writing:
        task.cancel()
    await asyncio.gather(*writing, return_exceptions=True)
    p50, p99 = np.percentile(taken, (50, 99))
    return Round(float(p50), float(p99), counts["words"] / s, counts["refused"] / s)


async def rounds(port: int, text: str, number: int, seconds: float) -> list[tuple[Round, Round]]:
    """Measure alone and beside streams, by turns."""
    people, messages = streams(typing, text, 1, PEOPLE)[:PEOPLE], Messages(text, 2)
    await measure(port, people, messages, 0, 2)
    return [
        (await measure(port, people, messages, 0, seconds), await measure(port, people, messages, STREAMS, seconds))
        for _ in range(number)
    ]


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print a table and the limit."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.service.streaming", description=__doc__.splitlines()[0])
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=float, default=5.0, help="of each half of a round")
    p.add_argument("--text", type=Path, help="what is typed, a text file; by default a text of the project's own")
    options = p.parse_args(arguments)
    with running_server("app", "--generate-limit", str(STREAMS)) as server:
        found = uvloop.run(rounds(server.port, read_text(options.text), options.rounds, options.seconds))
    print(f"{machine()}; one worker; {PEOPLE} people, {1 / KEY_SECONDS:.0f} keystrokes a second each\n")
    print("| | p50 | p99 | words written on, a second | streams refused, a second |\n|---|---|---|---|---|")
    for name, column in (("alone", 0), (f"beside {STREAMS} streams", 1)):
        p50, p99, words, refused = (median(values) for values in zip(*(pair[column] for pair in found), strict=True))
        print(f"| {name} | {p50:.2f} ms | {p99:.2f} ms | {words:.0f} | {refused:.1f} |")
    ratio = median(beside.p50 / alone.p50 for alone, beside in found)
    print()
    print_checks([Check(f"p50 beside {STREAMS} streams, of that alone", ratio, MOST_RATIO)])


if __name__ == "__main__":
    main()
