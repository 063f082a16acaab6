"""The share of ``BodyMiddleware`` in the time of a request: ``python -m benchmarks.service.body_routing``.

It types the same texts at two servers in turns, of which one sends every POST the framework's usual way.
"""

import argparse
import http.client
from statistics import median

import uvicorn

from app.api.json_routes import BodyMiddleware
from app.main import create_app
from benchmarks.traffic.servers import ask, machine, running_server
from benchmarks.traffic.typing_trace import keystrokes

ROUNDS = 5


def serve_the_usual_way(port: int) -> None:
    """Serve without the middleware, with the server that ``python -m app`` has."""
    app = create_app()
    app.user_middleware = [
        middleware for middleware in app.user_middleware if str(middleware.cls) != str(BodyMiddleware)
    ]
    uvicorn.run(app, port=port, access_log=False, ws="none", server_header=False)


def typed_in_turns(ports: tuple[int, int]) -> tuple[float, float]:
    """Milliseconds of the median ``/complete`` at each of two servers, over one connection to each."""
    connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=30) for port in ports]
    taken: tuple[list[float], list[float]] = ([], [])
    for number, keystroke in enumerate(keystrokes()):
        for place in (0, 1) if number % 2 else (1, 0):
            seconds = ask(connections[place], keystroke)
            if keystroke.path == "/complete":
                taken[place].append(1000 * seconds)
    for connection in connections:
        connection.close()
    return median(taken[0]), median(taken[1])


def main(arguments: list[str] | None = None) -> None:
    """Measure and print a table of medians over the rounds, each with new servers."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.service.body_routing", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--port", type=int, help="only serve, without the middleware")
    options = parser.parse_args(arguments)
    if options.port is not None:
        serve_the_usual_way(options.port)
        return
    rounds = []
    for _ in range(ROUNDS):
        with running_server() as with_it, running_server("benchmarks.service.body_routing") as without:
            ports = with_it.port, without.port
            rounds.append((typed_in_turns(ports), typed_in_turns(ports)))
    print(f"{machine()}; one connection to each, medians of {ROUNDS} rounds\n")
    print("| `/complete`, as people type | with it | without | without takes longer by |\n|---|---|---|---|")
    for case, pairs in zip(("new contexts", "cached contexts"), zip(*rounds, strict=True), strict=True):
        with_it_ms, without_ms = (median(times) for times in zip(*pairs, strict=True))
        gain = median(b / a - 1 for a, b in pairs)
        print(f"| {case} | {with_it_ms:.2f} ms | {without_ms:.2f} ms | {gain:.0%} |")


if __name__ == "__main__":
    main()
