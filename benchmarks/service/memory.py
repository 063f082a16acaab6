"""Time to the first answer, and memory after many keystrokes: ``python -m benchmarks.service.memory``."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.checks import Check, print_checks
from benchmarks.traffic import wrk
from benchmarks.traffic.load_trace import read_text, streams, typing
from benchmarks.traffic.servers import Server, machine, running_server

CONNECTIONS = 64
STARTS = 3
RUN_SECONDS = 10
# More than are sent in such a run.
RUN_REQUESTS = 100_000


def typed(server: Server, text: str, keystrokes: int) -> Iterator[tuple[int, int]]:
    """Type ``keystrokes`` letters, each person their own texts; yields those sent and the memory after each run."""
    sent = run = 0
    while sent < keystrokes:
        run += 1
        with TemporaryDirectory() as root:
            folder = Path(root) / "keystrokes"
            wrk.write_streams(folder, streams(typing, text, run, CONNECTIONS), RUN_REQUESTS)
            sent += wrk.run(server.port, folder, CONNECTIONS, RUN_SECONDS).requests
        yield sent, server.memory()


def main(arguments: list[str] | None = None) -> None:
    """Measure and print how memory grows."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.service.memory", description=__doc__.splitlines()[0])
    p.add_argument("--keystrokes", type=int, default=1_000_000)
    p.add_argument("--text", type=Path, help="what is typed, a text file; by default a text of the project's own")
    options = p.parse_args(arguments)
    if reason := wrk.missing():
        print(f"skipped: {reason}")
        return
    print(f"{machine()}; one worker, {CONNECTIONS} connections\n\n| keystrokes | resident memory |\n|---|---|")
    starts = []
    for _ in range(STARTS):
        with running_server() as server:
            starts.append(server.start_seconds)
    with running_server() as server:
        print(f"| 0 | {server.memory() / 1e6:.0f} MB |")
        shown = 0
        for sent, memory in typed(server, read_text(options.text), options.keystrokes):
            if sent >= min(options.keystrokes, 2 * shown):
                print(f"| {sent:,} | {memory / 1e6:.0f} MB |")
                shown = sent
        peak = server.peak_memory()
    print()
    checks = [
        Check(f"process start to first answer, median of {STARTS}", median(starts), 2, unit=" s"),
        Check(f"resident memory after {sent:,} keystrokes", memory / 1e6, 250, unit=" MB"),
        Check("the most that it was", peak / 1e6, 250, unit=" MB"),
    ]
    print_checks(checks)


if __name__ == "__main__":
    main()
