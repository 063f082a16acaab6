"""From a keystroke to the painted suggestion, in a browser. ``python -m benchmarks.service.browser``."""

import argparse
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.service.serving import ROUNDS
from benchmarks.traffic.servers import machine, running_server
from benchmarks.traffic.typing_trace import TEXTS
from scripts.chromium import chromium, missing

if TYPE_CHECKING:
    from playwright.sync_api import Page

KEYSTROKES = 150

# The time of a keystroke is that of the key event; what the next frame shows is painted when a task behind it runs.
_WATCH = """
  measured = { answered: [], painted: [] };
  pressed = 0;
  addEventListener("keydown", (event) => { pressed = event.timeStamp; }, true);
  addEventListener("tsuzuki:answered", () => {
    const begun = pressed;
    measured.answered.push(performance.now() - begun);
    requestAnimationFrame(() => setTimeout(() => measured.painted.push(performance.now() - begun)));
  });
"""


def type_and_measure(page: "Page", text: str) -> dict[str, list[float]]:
    """Type each letter once the suggestions for the one before are painted; milliseconds of each."""
    for count, letter in enumerate(text, 1):
        page.keyboard.press("Enter" if letter == "\n" else "Space" if letter == " " else letter)
        page.wait_for_function("count => measured.painted.length === count", arg=count)
    times: dict[str, list[float]] = page.evaluate("measured")
    return times


def main(arguments: list[str] | None = None) -> None:
    """Measure and print a table; every figure is the median of several rounds, each with a new server."""
    argparse.ArgumentParser(prog="python -m benchmarks.service.browser", description=__doc__).parse_args(arguments)
    if reason := missing():
        print(f"skipped: {reason}")
        return
    quantiles: dict[str, list[tuple[float, float]]] = {}
    with chromium() as browser:
        for text in TEXTS[:ROUNDS]:
            with running_server() as server:
                page = browser.new_page()
                page.add_init_script(_WATCH)
                page.goto(f"http://127.0.0.1:{server.port}")
                page.locator("#text").click()
                page.wait_for_function("() => measured.painted.length > 0")
                page.evaluate("measured = { answered: [], painted: [] }")
                for case, times in type_and_measure(page, text[:KEYSTROKES]).items():
                    pair = (float(np.percentile(times, 50)), float(np.percentile(times, 99)))
                    quantiles.setdefault(case, []).append(pair)
                page.close()
        version = browser.version
    print(f"{machine()}; Chromium {version}, medians of {ROUNDS} rounds of {KEYSTROKES} keystrokes\n")
    print("| from the keystroke to | p50 | p99 |\n|---|---|---|")
    for case, name in (("answered", "the answer in the page"), ("painted", "the painted suggestions")):
        p50, p99 = (median(figures) for figures in zip(*quantiles[case], strict=True))
        print(f"| {name} | {p50:.1f} ms | {p99:.1f} ms |")


if __name__ == "__main__":
    main()
