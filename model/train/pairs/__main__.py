"""Train an encoder and a decoder: ``python -m model.train.pairs PAIRS.tsv… --out DIR``.

Each line of PAIRS.tsv is a sequence, a tab, and what answers it: message and reply, English and French, typo and word.
Budget, checkpoints, log and ``--resume`` are those of ``python -m model.train``.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from model.nn.cells import CELLS
from model.train.command import add_training_options, positive, run_command
from model.train.pairs.run import PairRun
from model.train.trainer import TrainingOptions


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status: 0 done, 1 the loss is not finite, 2 bad input, 128 + signal."""
    return run_command(PairRun, parser().parse_args(arguments))


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    p = argparse.ArgumentParser(prog="python -m model.train.pairs", description=__doc__.splitlines()[0])
    p.add_argument("pairs", nargs="*", type=Path, help="files of pairs, which may be compressed (.gz, .xz)")
    p.add_argument("--out", type=Path, required=True, help="folder for the model, its log and checkpoints")
    held = p.add_mutually_exclusive_group()
    held.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out, with its options")
    held.add_argument("--force", action="store_true", help="replace the model that --out holds")
    p.add_argument("--validation", type=Path, metavar="FILE", help="pairs held out (every 50th one)")
    p.add_argument("--unit", choices=("words", "characters"), default="words", help="tokens of a sequence")
    p.add_argument(
        "--embedding-from", type=Path, metavar="DIR", help="take words, and the rows they start from, from this model"
    )
    p.add_argument("--no-attention", dest="attention", action="store_false", help="the last state tells all")
    p.add_argument("--cell", choices=tuple(CELLS), default="lstm", help="recurrent cell of both")
    p.add_argument("--embedding", type=positive, help="embedding width E (128)")
    p.add_argument("--hidden", type=positive, default=256, help="hidden width H")
    p.add_argument("--vocabulary", type=positive, default=10_000, help="tokens V at most, the most frequent")
    add_training_options(p, replace(TrainingOptions(), negatives=0), epochs=10.0)
    # These are made of running text.
    p.set_defaults(ngrams=False, spelling=False)
    return p


if __name__ == "__main__":
    sys.exit(main())
