"""The benchmarks of speed in turn, some ten minutes: ``python -m benchmarks``.

Not among them are those that take longer or compare something else: benchmarks.service.overload for ten minutes,
benchmarks.service.memory for a million keystrokes, body_routing, streaming, workers and answers there,
benchmarks.network.cells, benchmarks.network.prefill, and all of benchmarks.suggestions, benchmarks.people and
benchmarks.peers.
"""

from collections.abc import Callable

from benchmarks.network import networks, training
from benchmarks.service import browser, in_process, load, memory, overload, serving

BENCHMARKS: dict[str, Callable[[], None]] = {
    "Serving": lambda: serving.main([]),
    "Where the time goes": lambda: in_process.main([]),
    "Many at once": lambda: load.main([]),
    "The network alone": lambda: networks.main([]),
    "Start and memory": lambda: memory.main(["--keystrokes", "50000"]),
    "Twice the load that it can bear": lambda: overload.main(["--minutes", "1"]),
    "In the browser": lambda: browser.main([]),
    "Training": lambda: training.main([]),
}

if __name__ == "__main__":
    for number, (title, measure) in enumerate(BENCHMARKS.items()):
        print("\n" * bool(number) + f"# {title}\n", flush=True)
        measure()
