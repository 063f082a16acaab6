"""Measure a model's suggestions on text: ``python -m model.evaluate MODEL TEXT…``.

Prints, for each file and over all, the keystrokes that suggestions save, how often the wanted word is among them,
perplexity, and calibration. The model must not have been trained on the text.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from model.errors import UserError
from model.evaluate.evaluation import ALL, FREQUENCY, FileResult, Typed, evaluate, figures, table, unmet
from model.evaluate.simulated_typing import Ask, TypedWord
from model.evaluate.simulated_typos import CompletedTypo, CorrectedWord


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, 1 where a requirement is not met, 2 for bad input."""
    options = parser().parse_args(arguments)
    try:
        _check(options)
        report = evaluate(options)
        for result in report:
            print(table(result))
        if options.json:
            options.json.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
        failed = unmet(report[0]["files"][ALL], options.require)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for requirement in failed:
        print(f"not met: {requirement}", file=sys.stderr)
    return 1 if failed else 0


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    p = argparse.ArgumentParser(prog="python -m model.evaluate", description=__doc__.splitlines()[0])
    p.add_argument("model", type=Path, help="a trained model's folder")
    p.add_argument("texts", nargs="+", type=Path, help="held-out text: one utterance a line, blank lines between texts")
    p.add_argument("--against", action="append", default=[], metavar="MODEL", help=f"another folder, or {FREQUENCY!r}")
    p.add_argument(
        "--max-words", type=int, help="type a seeded sample of lines of each file, with about this many words"
    )
    p.add_argument("--seed", type=int, default=1, help="of the sample")
    p.add_argument("--typos", action="store_true", help="type the text with typos too, and measure corrections")
    p.add_argument("--literal", action="store_true", help="offer no corrections, as with fuzzy=false")
    p.add_argument(
        "--learn", action="store_true", help="type each file as one person's, without teaching and with: texts in order"
    )
    p.add_argument("--perplexity-only", action="store_true", help="leave out the typing")
    p.add_argument("--json", type=Path, help="write the figures here too")
    p.add_argument("--plot", type=Path, help="write a reliability diagram (PNG) here")
    p.add_argument("--require", action="append", default=[], metavar="'NAME>=X'", help="exit with 1 if it is not met")
    return p


def _check(options: argparse.Namespace) -> None:
    """Raise ``UserError`` for options that could not be used, before any work is done."""
    if options.max_words is not None and options.max_words < 1:
        raise UserError(f"--max-words {options.max_words}: must be above 0")
    if options.seed < 0:
        raise UserError(f"--seed {options.seed}: must not be below 0")
    for path in (options.json, options.plot):
        if path and (path.is_dir() or not path.parent.is_dir()):
            raise UserError(f"{path}: no file can be written there")
    # All figures there will be, of a made-up word.
    typed = Typed([], [], [])
    if not options.perplexity_only:
        typed.words.append(TypedWord(0, 1, [Ask(0, None, 0.0, 0.0)]))
        if options.typos:
            typed.corrected.append(CorrectedWord(0, "", False, True))
            typed.completed.append(CompletedTypo(0, "", 1, 0, 0))
    unmet(figures(FileResult(typed, np.zeros(1), 0, typed.words if options.learn else ())), options.require)


if __name__ == "__main__":
    sys.exit(main())
