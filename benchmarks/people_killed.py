"""What was answered survives ``kill -9``: ``python -m benchmarks.people_killed [--rounds 200] [--database URL]``.

In each round a service is killed amid texts that several clients teach at once. The next one must know all that was
answered, nothing twice, and at most the texts under way beside it.
"""

import argparse
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from benchmarks.servers import free_port

CLIENTS = 4
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Taught:
    """Texts of one word each, all different: those that were answered, and those under way at a kill."""

    def __init__(self) -> None:
        self.answered: list[str] = []
        self.unsure: list[str] = []


def word_of(number: int) -> str:
    letters = ""
    while number or not letters:
        number, digit = divmod(number, 26)
        letters += _LETTERS[digit]
    return f"zorb{letters}q"


def request(
    port: int, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"} | (headers or {}))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def start(port: int, database: str, models: str | None, workers: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "app", "--port", str(port), "--database", database, "--workers", str(workers)]
    if models:
        command += ["--models", models]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while True:
        try:
            if request(port, "GET", "/health/ready")[0] == 200:
                return process
        except OSError:
            if process.poll() is not None:
                raise SystemExit("the service did not start") from None
            time.sleep(0.02)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a service with all its workers."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def teach(
    port: int, taught: Taught, numbers: "list[int]", lock: threading.Lock, enough: threading.Event, least: int
) -> None:
    while True:
        with lock:
            numbers[0] += 1
            word = word_of(numbers[0])
        try:
            status, _ = request(port, "POST", "/learn", {"user": "one", "text": word})
        except (OSError, http.client.HTTPException):
            taught.unsure.append(word)
            return
        (taught.answered if status == 200 else taught.unsure).append(word)
        if len(taught.answered) >= least:
            enough.set()


def known(port: int) -> dict[str, int]:
    found: dict[str, int] = {}
    while True:
        status, answer = request(port, "GET", f"/users/one/words?limit=1000&offset={len(found)}")
        assert status == 200, answer
        rows = json.loads(answer)
        found |= {row["word"]: row["uses"] for row in rows["words"]}
        if len(found) >= rows["total"]:
            return found


def rounds(count: int, database: str, models: str | None = None, workers: int = 2, each: int = 10) -> dict[str, int]:
    """Teach and kill so often; raises where something that was answered is lost, or there twice."""
    taught, numbers, lock = Taught(), [0], threading.Lock()
    port = free_port()
    process = start(port, database, models, workers)
    try:
        for _ in range(count):
            enough = threading.Event()
            least = len(taught.answered) + each
            arguments = (port, taught, numbers, lock, enough, least)
            clients = [threading.Thread(target=teach, args=arguments) for _ in range(CLIENTS)]
            for client in clients:
                client.start()
            assert enough.wait(120)
            kill(process)
            for client in clients:
                client.join()
            process = start(port, database, models, workers)
            status, answer = request(port, "GET", "/users/one")
            texts = json.loads(answer)["texts"]
            assert status == 200 and len(taught.answered) <= texts <= len(taught.answered) + len(taught.unsure)
        found = known(port)
        lost = [word for word in taught.answered if word not in found]
        assert not lost, f"{len(lost)} answered texts are lost"
        assert set(found) <= {*taught.answered, *taught.unsure}
        assert set(Counter(found.values())) == {1}, "something is there twice"
        return {"rounds": count, "answered": len(taught.answered), "under way": len(taught.unsure), "known": len(found)}
    finally:
        kill(process)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.people_killed", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--database", help="its URL; by default a new SQLite file")
    parser.add_argument("--models", help="as for python -m app")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = options.database or f"sqlite:///{Path(folder) / 'a.db'}"
        print(rounds(options.rounds, database, options.models))


if __name__ == "__main__":
    main()
