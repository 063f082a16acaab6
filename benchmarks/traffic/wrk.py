"""wrk, the load generator (Debian's package of that name), with requests that Python has written."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from benchmarks.traffic.servers import body
from benchmarks.traffic.typing_trace import Keystroke

_SCRIPT = Path(__file__).with_name("typing.lua")


class Measured(NamedTuple):
    """The result of a run of wrk; quantiles in milliseconds."""

    requests: int
    per_second: float
    p50: float
    p99: float


def missing() -> str | None:
    """Name what is missing to measure, or None."""
    return None if shutil.which("wrk") else "wrk is not installed (apt install wrk)"


def write_streams(folder: Path, streams: Sequence[Iterator[Keystroke]], requests: int) -> None:
    """Write the ``requests`` of all people into a folder, a file for each person."""
    folder.mkdir()
    for number, stream in enumerate(streams):
        part = islice(stream, requests // len(streams))
        with (folder / str(number)).open("wb") as file:
            file.writelines(b"%s %s\n" % (keystroke.path.encode(), body(keystroke)) for keystroke in part)


def run(port: int, folder: Path, connections: int, seconds: int) -> Measured:
    """Send the requests of a folder for some ``seconds``; ends the program where an answer is not 200."""
    command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", "10s", "-s", str(_SCRIPT)]
    command += [f"http://127.0.0.1:{port}", "--", str(folder), str(len(list(folder.iterdir())))]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"wrk failed: {ended.stdout}{ended.stderr}")
    found = json.loads(ended.stdout.splitlines()[-1])
    faults = {name: found[name] for name in ("not_200", "connect", "read", "write", "timeout", "ran_out")}
    if any(faults.values()) or not found["requests"]:
        raise SystemExit(f"wrk, {folder.name}: {found['requests']} requests, but {faults}")
    return Measured(
        found["requests"], 1e6 * found["requests"] / found["microseconds"], found["p50"] / 1000, found["p99"] / 1000
    )
