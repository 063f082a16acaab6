"""Show what attention is good for: ``python -m scripts.docs.attention_curves --out DIR --plot PICTURE``.

Trains networks with and without attention to copy and to reverse strings of 20 letters, prints how many held-out
strings each gets exactly right after so many steps, and draws the learning curves. Takes some minutes; what was trained
in ``--out`` before is not trained again.
"""

import argparse
import random
import string
import sys
from pathlib import Path
from typing import Any

from model.plots import plot
from model.train.pairs.__main__ import main as train
from model.train.progress import load_log

STRINGS, LETTERS = 20_000, 20
OPTIONS = [
    "--unit=characters",
    "--embedding=64",
    "--hidden=128",
    "--peak-rate=5e-3",
    "--epochs=4",
    "--validate-every=200",
    "--threads=2",
]
TASKS = ("copy", "reverse")
COLOURS = {True: "tab:blue", False: "tab:orange"}


def main(arguments: list[str] | None = None) -> int:
    p = argparse.ArgumentParser(prog="python -m scripts.docs.attention_curves", description=__doc__.splitlines()[0])
    p.add_argument("--out", type=Path, required=True, help="folder for the pairs and the networks")
    p.add_argument("--plot", type=Path, help="image of the learning curves")
    options = p.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    curves = {(task, attention): curve(options.out, task, attention) for task in TASKS for attention in (False, True)}
    for line in table(curves):
        print(line)
    if options.plot:
        draw(curves, options.plot)
    return 0


def write_pairs(path: Path, task: str) -> None:
    """Random strings, each with itself or its reverse."""
    rng = random.Random(1)
    made = ("".join(rng.choice(string.ascii_lowercase) for _ in range(LETTERS)) for _ in range(STRINGS))
    path.write_text("".join(f"{text}\t{text[::-1] if task == 'reverse' else text}\n" for text in made), "utf-8")


def curve(folder: Path, task: str, attention: bool) -> list[dict[str, Any]]:
    """The validations of a network; it is trained unless it was."""
    out = folder / (task if attention else f"{task}-plain")
    if not (out / "config.json").exists():
        pairs = folder / f"{task}.tsv"
        write_pairs(pairs, task)
        more = [] if attention else ["--no-attention"]
        if train([str(pairs), *OPTIONS, *more, "--out", str(out)]):
            raise SystemExit(f"{out}: the training failed")
    return [line for line in load_log(out / "log.jsonl") if "exactly_right" in line]


def table(curves: dict[tuple[str, bool], list[dict[str, Any]]]) -> list[str]:
    """The rows of a table in Markdown: after so many steps the perplexity of a letter, and the strings all right."""
    steps = [line["step"] for line in next(iter(curves.values()))]
    lines = [f"| steps | {' | '.join(map(str, steps))} |", "|---|" + "---|" * len(steps)]
    for (task, attention), points in curves.items():
        name = f"{task}, {'with' if attention else 'without'} attention"
        cells = (f"{point['validation_perplexity']:.2f}, {100 * point['exactly_right']:.0f} %" for point in points)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def draw(curves: dict[tuple[str, bool], list[dict[str, Any]]], path: Path) -> None:
    """Perplexity over steps, a task beside the other."""
    with plot(path, 9, 3.8, columns=len(TASKS)) as axes:
        for axis, task in zip(axes, TASKS, strict=True):
            for attention, colour in COLOURS.items():
                points = curves[task, attention]
                axis.plot(
                    [point["step"] for point in points],
                    [point["validation_perplexity"] for point in points],
                    color=colour,
                    marker="o",
                    markersize=3,
                    label="with attention" if attention else "without",
                )
            axis.set(title=f"{task} {LETTERS} letters", xlabel="steps", yscale="log")
            axis.legend()
        axes[0].set_ylabel("perplexity of a held-out letter")


if __name__ == "__main__":
    sys.exit(main())
