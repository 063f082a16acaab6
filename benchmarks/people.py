"""What a known person costs a request, and what many cost in memory: ``python -m benchmarks.people``.

Types the same places with ``user`` and without, in turn, and prints the median of both. Then teaches many people a text
each, asks for each once more, and prints the memory that they take.
"""

import argparse
import http.client
import json
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.people_killed import request, start
from benchmarks.servers import free_port
from benchmarks.typing_trace import TEXTS

USER = "one"


def timed(connection: http.client.HTTPConnection, path: str, text: str, user: str | None) -> float:

    body = json.dumps({"text": text, "limit": 5} | ({"user": user} if user else {}))
    begun = time.perf_counter()
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    response.read()
    assert response.status == 200
    return time.perf_counter() - begun


def cost(port: int, texts: list[str]) -> None:
    for _ in range(20):
        for text in texts:
            request(port, "POST", "/learn", {"user": USER, "text": text})
    print("known:", request(port, "GET", f"/users/{USER}")[1].decode())
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for path in ("/complete", "/next-word", "/correct"):
        seconds: dict[str | None, list[float]] = {None: [], USER: []}
        for text in texts:
            for place in range(10, len(text), 3):
                timed(connection, path, text[:place], None)  # the context is read
                # Each first by turns: the second finds what the first has left in the caches of the processor.
                for user in (None, USER) if place % 2 else (USER, None):
                    seconds[user].append(timed(connection, path, text[:place], user))
        plain, known = (1e6 * median(found) for found in seconds.values())
        print(f"{path}: {plain:.0f} µs, with a person {known:.0f} µs, {known / plain - 1:+.1%} at p50")


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
