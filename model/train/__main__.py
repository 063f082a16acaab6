"""Train a model: ``python -m model.train RECIPE_OR_TEXT… --out DIR``.

Prepares the text, trains the network until the budget of epochs or minutes is used up, adds n-grams and spelling, and
so writes a model folder that the service can load. Ctrl-C or SIGTERM stops it; ``--resume`` goes on.
"""

import argparse
import sys
from pathlib import Path

from model.nn.cells import CELLS
from model.train.command import add_training_options, positive, run_command
from model.train.run import Run
from model.train.trainer import TrainingOptions
from model.train.words.vocabulary import LARGEST_VOCABULARY


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status: 0 done, 1 the loss is not finite, 2 bad input, 128 + signal."""
    return run_command(Run, parser().parse_args(arguments))


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line; the defaults are those of the shipped model."""
    p = argparse.ArgumentParser(prog="python -m model.train", description=__doc__.splitlines()[0])
    p.add_argument(
        "sources",
        nargs="*",
        type=Path,
        help="recipes (.toml), text files or folders of them; without any, the text that --out holds prepared",
    )
    p.add_argument("--out", type=Path, required=True, help="folder for the model, its log and checkpoints")
    p.add_argument("--root", type=Path, help="folder that the paths in recipes are relative to")
    held = p.add_mutually_exclusive_group()
    held.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out, with its options")
    held.add_argument("--force", action="store_true", help="replace the model that --out holds")
    p.add_argument("--no-ngrams", dest="ngrams", action="store_false", help="leave the n-grams out")
    p.add_argument("--no-spelling", dest="spelling", action="store_false", help="leave spelling and rarer words out")
    p.add_argument("--init-from", type=Path, metavar="DIR", help="start from this trained model")
    p.add_argument("--cell", choices=tuple(CELLS), help="recurrent cell (lstm)")
    p.add_argument("--embedding", type=positive, help="embedding width E (256)")
    p.add_argument("--hidden", type=positive, help="hidden width H (512)")
    p.add_argument("--vocabulary", type=positive, help=f"tokens V (as many as trusted, {LARGEST_VOCABULARY} at most)")
    p.add_argument("--withhold", type=Path, metavar="FILE", help="words, one a line, that are never suggested")
    add_training_options(p, TrainingOptions())
    return p


if __name__ == "__main__":
    sys.exit(main())
