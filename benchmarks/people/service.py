"""A service of its own for a benchmark of people: started, asked and killed."""

import argparse
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@contextmanager
def chosen(command: str, doc: str | None, counted: str, count: int) -> Iterator[tuple[int, str, str | None]]:
    """Read the options of a command: how often, the address of a database, by default a new one, and the models."""
    parser = argparse.ArgumentParser(prog=command, description=doc)
    parser.add_argument(counted, dest="count", type=int, default=count)
    parser.add_argument("--database", help="its URL, once upgraded; by default a new SQLite file")
    parser.add_argument("--models", help="as for python -m app")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        yield options.count, options.database or f"sqlite:///{Path(folder) / 'a.db'}", options.models


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
    # Of what it logs only why it does not start is of interest.
    command = [sys.executable, "-m", "app", "--port", str(port), "--database", database, "--workers", str(workers)]
    command += ["--log-level", "error"]
    if models:
        command += ["--models", models]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
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
