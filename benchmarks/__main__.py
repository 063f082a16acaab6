"""The benchmarks of speed in turn, some ten minutes: ``python -m benchmarks``.

Not among them are those that take longer or compare something else: benchmarks.overload for ten minutes,
benchmarks.memory for a million keystrokes, benchmarks.body_routing, benchmarks.workers, benchmarks.cells,
benchmarks.correction, benchmarks.phrases, benchmarks.writing.
"""

from collections.abc import Callable

from benchmarks import browser, in_process, load, memory, networks, overload, serving, training

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
