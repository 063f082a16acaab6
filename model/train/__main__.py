"""Train a model: ``python -m model.train RECIPE_OR_TEXT… --out DIR``.

Prepares the text, trains the network until the budget of epochs or minutes is used up, adds n-grams and spelling, and
so writes a model folder that the service can load. Ctrl-C or SIGTERM stops it; ``--resume`` goes on.
"""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from model.errors import UserError
from model.nn.cells import CELLS
from model.train.run import STOP_SIGNALS, VALIDATE_EVERY, Run, StoppedError
from model.train.trainer import NotFiniteError, TrainingOptions
from model.train.words.vocabulary import LARGEST_VOCABULARY


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status: 0 done, 1 the loss is not finite, 2 bad input, 128 + signal."""
    options = parser().parse_args(arguments)
    run: Run | None = None

    def end(number: int, frame: FrameType | None) -> None:
        # An exception, so that the worker processes are ended too.
        raise StoppedError(number, "before the training began" if run is None else "after the training")

    previous = {s: signal.signal(s, end) for s in STOP_SIGNALS}
    try:
        run = Run(options)
        return run.train() or run.finish()
    except StoppedError as stop:
        print(f"stopped {stop}", file=sys.stderr)
        return 128 + stop.number
    except NotFiniteError as error:
        is_kept = run is not None and run.has_checkpoint
        kept = f"the last good checkpoint is in {options.out}" if is_kept else "no checkpoint was taken yet"
        print(f"error: {error}; {kept}", file=sys.stderr)
        return 1
    except (UserError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


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
    p.add_argument("--embedding", type=_positive, help="embedding width E (256)")
    p.add_argument("--hidden", type=_positive, help="hidden width H (512)")
    p.add_argument("--vocabulary", type=_positive, help=f"tokens V (as many as trusted, {LARGEST_VOCABULARY} at most)")
    p.add_argument("--withhold", type=Path, metavar="FILE", help="words, one a line, that are never suggested")
    defaults = TrainingOptions()
    p.add_argument("--epochs", type=_positive_float, help="passes over the weighted text (1 without --minutes)")
    p.add_argument(
        "--minutes", type=_positive_float, help="time for the network; of two budgets the first to end counts"
    )
    p.add_argument("--batch", type=_positive, default=defaults.batch, help="sequences B")
    p.add_argument("--length", type=_positive, default=defaults.length, help="time steps T")
    p.add_argument("--negatives", type=_natural, default=defaults.negatives, help="sampled tokens; 0: full softmax")
    p.add_argument(
        "--full-from", type=_share_or_all, default=defaults.full_from, help="full softmax from this share on"
    )
    p.add_argument("--dropout", type=_share, default=defaults.dropout, help="share of units left out")
    p.add_argument("--peak-rate", type=_positive_float, default=defaults.peak_rate, help="highest learning rate")
    p.add_argument("--warm-up", type=_share, default=defaults.warm_up, help="share of the budget until the peak")
    p.add_argument("--clip", type=_positive_float, default=defaults.clip, help="largest gradient norm")
    p.add_argument("--seed", type=_natural, default=defaults.seed)
    p.add_argument("--threads", type=_positive, help="threads that share a batch (all cores)")
    p.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="cuda needs the extra of that name")
    p.add_argument("--validate-every", type=_positive, metavar="STEPS", help=f"(an epoch, {VALIDATE_EVERY} at most)")
    p.add_argument("--validation-tokens", type=_two_or_more, default=20_000, help="at most, each time")
    p.add_argument("--checkpoint-minutes", type=_positive_float, default=5.0)
    return p


def _number(kind: type, least: float, below: float, rule: str) -> Any:
    def parse(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value < below:
            raise argparse.ArgumentTypeError(f"{text!r} is not {rule}")
        return value

    return parse


_positive = _number(int, 1, 1 << 31, "a whole number above 0")
_two_or_more = _number(int, 2, 1 << 31, "a whole number above 1")
_natural = _number(int, 0, 1 << 31, "a whole number, 0 or more")
_positive_float = _number(float, 1e-9, 1e9, "a number above 0")
_share = _number(float, 0, 1, "at least 0 and below 1")
_share_or_all = _number(float, 0, 1.000001, "a number from 0 to 1")


if __name__ == "__main__":
    sys.exit(main())
