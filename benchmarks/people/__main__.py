"""The cost of a known person to a request, and of many in memory: ``python -m benchmarks.people``.

Types the same places without ``user``, as one with few rows and as one with many, in turn, and prints the medians. Then
teaches many people a text each, asks for each once more, and prints the memory that they take.
"""

import argparse
import http.client
import json
import random
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.people.service import request, start
from benchmarks.traffic.servers import free_port
from benchmarks.traffic.typing_trace import TEXTS

FEW, MANY = "few rows", "many rows"
# Of the one with many rows: texts of so many words each, until there are so many rows, words and sequences.
TEXT_WORDS = 1_000
MANY_ROWS = 45_000
# Of so many tries at each place the fastest counts: the others waited for other programs.
TRIES = 6


def timed(connection: http.client.HTTPConnection, path: str, text: str, user: str | None) -> float:
    body = json.dumps({"text": text, "limit": 5} | ({"user": user} if user else {}))
    begun = time.perf_counter()
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    response.read()
    assert response.status == 200
    return time.perf_counter() - begun


def teach(port: int, texts: list[str]) -> None:
    """Teach one person the texts some times, and the other their words in random order, until the rows are many."""
    for _ in range(20):
        for text in texts:
            request(port, "POST", "/learn", {"user": FEW, "text": text})
    rng, words = random.Random(1), " ".join(texts).split()
    rows = 0
    while rows < MANY_ROWS:
        text = " ".join(rng.choices(words, k=TEXT_WORDS))
        told = json.loads(request(port, "POST", "/learn", {"user": MANY, "text": text})[1])
        rows = told["words"] + told["sequences"]
    for user in (FEW, MANY):
        print(f"{user}:", request(port, "GET", f"/users/{user.replace(' ', '%20')}")[1].decode())


def cost(port: int, texts: list[str]) -> None:
    teach(port, texts)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    users = (None, FEW, MANY)
    for path in ("/complete", "/next-word", "/correct"):
        seconds: dict[str | None, list[float]] = {user: [] for user in users}
        for text in texts:
            for place in range(10, len(text), 6):
                timed(connection, path, text[:place], None)  # the context is read
                tries: dict[str | None, list[float]] = {user: [] for user in users}
                # Each first by turns: the next ones find what the first has left in the caches of the processor.
                for first in range(TRIES):
                    for user in users[first % 3 :] + users[: first % 3]:
                        tries[user].append(timed(connection, path, text[:place], user))
                for user in users:
                    seconds[user].append(min(tries[user]))
        plain, few, many = (1e6 * median(found) for found in seconds.values())
        print(f"{path} at p50: {plain:.0f} µs, {FEW} {few:.0f} µs, {few / plain - 1:+.1%}", end="")
        print(f"; {MANY} {many:.0f} µs, {many / plain - 1:+.1%}")


def memory(port: int, people: int, text: str) -> None:
    for i in range(people):
        status, _ = request(
            port, "POST", "/learn", {"user": f"person {i}", "text": f"{text} Own{'abcdefghij'[i % 10]}word"}
        )
        assert status == 200
    for i in range(people):
        request(port, "POST", "/complete", {"user": f"person {i}", "text": "the ap"})
    lines = request(port, "GET", "/metrics")[1].decode().splitlines()
    print("\n".join(line for line in lines if line.startswith(("tsuzuki_people", "process_resident"))))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.people", description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    options = parser.parse_args()
    texts = list(TEXTS)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        process = start(port, f"sqlite:///{Path(folder) / 'a.db'}", None, 1)
        try:
            cost(port, texts)
            memory(port, options.people, texts[0])
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
