"""Many people typing at once, beside the floor: ``python -m benchmarks.service.load``.

The service and a bare FastAPI app with a constant answer (benchmarks/traffic/floor.py), of as many workers, get the
same requests from wrk, by turns.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.checks import Check, print_checks
from benchmarks.traffic import wrk
from benchmarks.traffic.load_trace import Stream, completing, growing, read_text, streams, unseen
from benchmarks.traffic.servers import Server, machine, running_server
from benchmarks.traffic.typing_trace import CONTEXT_WORDS
from benchmarks.traffic.wrk import Measured

CONNECTIONS = 64
# A worker of the floor answers fewer: enough requests for each second of a run.
MOST_A_SECOND = 20_000


class Case(NamedTuple):
    """A stream of requests, and the number of connections it is sent over."""

    name: str
    stream: Stream
    connections: int


COMPLETE = Case("/complete, as people type", completing, CONNECTIONS)
UNSEEN = Case(f"/next-word, {CONTEXT_WORDS} words never seen", unseen, CONNECTIONS)
GROWING = Case("/next-word, growing by one word", growing, CONNECTIONS)
COMPLETE_ALONE = Case("/complete, as people type", completing, 1)
GROWING_ALONE = Case("/next-word, growing by one word", growing, 1)
CASES = (COMPLETE, UNSEEN, GROWING, COMPLETE_ALONE, GROWING_ALONE)


class Pair(NamedTuple):
    """The service and the floor under the same requests."""

    ours: Measured
    floor: Measured


def checks(found: dict[Case, Pair]) -> Iterator[Check]:
    """Check a worker against its limits."""

    def share(case: Case) -> float:
        return found[case].ours.per_second / found[case].floor.per_second

    def above(case: Case) -> float:
        return found[case].ours.p50 - found[case].floor.p50

    tail = found[COMPLETE].ours.p99 / found[COMPLETE].floor.p99
    many, one = f"{CONNECTIONS} connections", "one connection"
    yield Check(f"{COMPLETE.name}, {many}: requests/s, of the floor's", share(COMPLETE), 0.35, True)
    yield Check(f"{COMPLETE.name}, {many}: p99, of the floor's", tail, 3, False)
    yield Check(f"{UNSEEN.name}, {many}: requests/s, of the floor's", share(UNSEEN), 0.12, True)
    yield Check(f"{GROWING.name}, {many}: requests/s, of the floor's", share(GROWING), 0.25, True)
    yield Check(f"{COMPLETE.name}, {one}: p50 above the floor's", above(COMPLETE_ALONE), 0.3, False, " ms")
    yield Check(f"{GROWING.name}, {one}: p50 above the floor's", above(GROWING_ALONE), 1.5, False, " ms")


def measure(folders: dict[Case, Path], seconds: int, rounds: int, workers: int = 1) -> dict[Case, Pair]:
    """The medians of all cases; each round has new servers, so that no context is known from the one before."""
    runs: dict[Case, list[Pair]] = {case: [] for case in folders}
    many = ("--workers", str(workers))
    for _ in range(rounds):
        with running_server("app", *many) as ours, running_server("benchmarks.traffic.floor", *many) as floor:
            for case, folder in folders.items():
                runs[case].append(Pair(*_by_turns((ours, floor), folder, case.connections, seconds)))
    return {
        case: Pair(_median([pair.ours for pair in pairs]), _median([pair.floor for pair in pairs]))
        for case, pairs in runs.items()
    }


def _by_turns(servers: tuple[Server, ...], folder: Path, connections: int, seconds: int) -> Iterator[Measured]:
    for server in servers:
        yield wrk.run(server.port, folder, connections, seconds)


def _median(runs: list[Measured]) -> Measured:
    """Each figure's own median."""
    requests, *figures = (median(column) for column in zip(*runs, strict=True))
    return Measured(int(requests), *figures)


def report(found: dict[Case, Pair]) -> None:
    """Print the table of every figure."""
    print("| | connections | requests/s | p50 | p99 | floor: requests/s | p50 | p99 | requests/s, ratio | p99, ratio |")
    print("|" + "---|" * 10)
    for case, (ours, floor) in found.items():
        figures = " | ".join(f"{m.per_second:,.0f} | {m.p50:.2f} ms | {m.p99:.2f} ms" for m in (ours, floor))
        ratios = f"{ours.per_second / floor.per_second:.2f} | {ours.p99 / floor.p99:.2f}"
        print(f"| {case.name} | {case.connections} | {figures} | {ratios} |")


def main(arguments: list[str] | None = None) -> None:
    """Measure and print every figure, and of one worker those that a limit is set to."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.service.load", description=__doc__.splitlines()[0])
    p.add_argument("--text", type=Path, help="what is typed, a text file; by default a text of the project's own")
    p.add_argument("--seconds", type=int, default=8, help="of each run")
    p.add_argument("--rounds", type=int, default=3, help="the median of which is taken")
    p.add_argument("--workers", type=int, default=1, help="of the service, and of the floor; the limits are for one")
    options = p.parse_args(arguments)
    if reason := wrk.missing():
        print(f"skipped: {reason}")
        return
    text = read_text(options.text)
    with TemporaryDirectory() as root:
        folders = {}
        for number, case in enumerate(CASES):
            folders[case] = Path(root) / str(number)
            people = streams(case.stream, text, number, case.connections)
            wrk.write_streams(folders[case], people, options.seconds * options.workers * MOST_A_SECOND)
        found = measure(folders, options.seconds, options.rounds, options.workers)
    print(f"{machine()}; workers: {options.workers}, medians of {options.rounds} rounds of {options.seconds} s\n")
    report(found)
    if options.workers == 1:
        print()
        print_checks(checks(found))


if __name__ == "__main__":
    main()
