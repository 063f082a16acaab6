"""The cells beside each other: each trained as long, on the same text. ``python -m benchmarks.network.cells TEXT…``.

One after the other, so run it on a machine that does nothing else. It prints a table and writes a plot.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from model.nn.cells import CELLS
from model.plots import plot
from model.train import __main__ as train
from model.train.progress import LOG_EVERY, load_log


class Curve(NamedTuple):
    """Validation perplexity over minutes of training, and over million tokens."""

    minutes: list[float]
    tokens: list[float]
    perplexity: list[float]


def main(arguments: list[str] | None = None) -> int:
    """Train each cell, print a table, write the plot; returns the exit status of the first training that failed."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.network.cells", description=__doc__.splitlines()[0])
    p.add_argument("sources", nargs="+", type=Path, help="recipes or text files, as for model.train")
    p.add_argument("--root", type=Path, help="folder that the paths in recipes are relative to")
    p.add_argument("--minutes", type=float, default=5.0, help="of training for each cell")
    p.add_argument("--hidden", type=int, default=512)
    p.add_argument("--embedding", type=int, default=256)
    p.add_argument("--plot", type=Path, default=Path("cells.png"))
    options = p.parse_args(arguments)
    curves: dict[str, Curve] = {}
    for cell in CELLS:
        with TemporaryDirectory() as folder:
            status = _train(cell, options, Path(folder))
            if status:
                return status
            curves[cell] = _curve(load_log(Path(folder) / "log.jsonl"))
    print("\n| cell | million tokens | tokens/s | validation perplexity |\n|---|---|---|---|")
    for cell, curve in curves.items():
        speed = 1e6 * curve.tokens[-1] / (60 * curve.minutes[-1])
        print(f"| {cell} | {curve.tokens[-1]:.2f} | {speed:,.0f} | {curve.perplexity[-1]:.1f} |")
    _plot(options.plot, curves)
    return 0


def _train(cell: str, options: argparse.Namespace, folder: Path) -> int:
    flags = {
        "--out": folder,
        "--cell": cell,
        "--hidden": options.hidden,
        "--embedding": options.embedding,
        "--minutes": options.minutes,
        "--epochs": 1000,  # the minutes end it
        "--validate-every": 4 * LOG_EVERY,
        "--validation-tokens": 50_000,
    }
    if options.root:
        flags["--root"] = options.root
    return train.main([*map(str, options.sources), *(str(part) for flag in flags.items() for part in flag)])


def _curve(log: list[dict[str, float]]) -> Curve:
    """The validations of a log; when each was is told by the training line before it."""
    curve, minutes = Curve([], [], []), 0.0
    for line in log:
        minutes = line.get("seconds", 60 * minutes) / 60
        if "validation_perplexity" in line:
            curve.minutes.append(minutes)
            curve.tokens.append(line["tokens"] / 1e6)
            curve.perplexity.append(line["validation_perplexity"])
    return curve


def _plot(path: Path, curves: dict[str, Curve]) -> None:
    with plot(path, 9, 4, columns=2) as (by_time, by_tokens):
        for cell, curve in curves.items():
            by_time.plot(curve.minutes, curve.perplexity, marker="o", markersize=3, label=cell)
            by_tokens.plot(curve.tokens, curve.perplexity, marker="o", markersize=3, label=cell)
        by_time.set(xlabel="minutes", ylabel="validation perplexity", yscale="log")
        by_tokens.set(xlabel="million tokens")
        by_time.legend()


if __name__ == "__main__":
    sys.exit(main())
