"""The commands that train: options and exit status, which all of them share."""

import argparse
import signal
import sys
from types import FrameType
from typing import Any

from model.errors import UserError
from model.train.run import STOP_SIGNALS, VALIDATE_EVERY, Run, StoppedError
from model.train.trainer import NotFiniteError, TrainingOptions


def run_command(kind: type[Run], options: argparse.Namespace) -> int:
    """Train; returns the exit status: 0 done, 1 the loss is not finite, 2 bad input, 128 + signal."""
    run: Run | None = None

    def end(number: int, frame: FrameType | None) -> None:
        # An exception, so that the worker processes are ended too.
        raise StoppedError(number, "before the training began" if run is None else "after the training")

    previous = {s: signal.signal(s, end) for s in STOP_SIGNALS}
    try:
        run = kind(options)
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


def add_training_options(p: argparse.ArgumentParser, defaults: TrainingOptions, epochs: float | None = None) -> None:
    """Add the options of every run."""
    p.add_argument(
        "--epochs",
        type=_positive_float,
        default=epochs,
        help=f"passes over the text ({epochs or '1 without --minutes'})",
    )
    p.add_argument(
        "--minutes", type=_positive_float, help="time for the network; of two budgets the first to end counts"
    )
    p.add_argument("--batch", type=positive, default=defaults.batch, help="sequences B")
    p.add_argument("--length", type=positive, default=defaults.length, help="time steps T")
    p.add_argument("--negatives", type=_natural, default=defaults.negatives, help="sampled tokens; 0: full softmax")
    p.add_argument(
        "--full-from", type=_share_or_all, default=defaults.full_from, help="full softmax from this share on"
    )
    p.add_argument("--dropout", type=_share, default=defaults.dropout, help="share of units left out")
    p.add_argument("--peak-rate", type=_positive_float, default=defaults.peak_rate, help="highest learning rate")
    p.add_argument("--warm-up", type=_share, default=defaults.warm_up, help="share of the budget until the peak")
    p.add_argument("--clip", type=_positive_float, default=defaults.clip, help="largest gradient norm")
    p.add_argument("--seed", type=_natural, default=defaults.seed)
    p.add_argument("--threads", type=positive, help="threads that share a batch (all cores)")
    p.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="cuda needs the extra of that name")
    p.add_argument("--validate-every", type=positive, metavar="STEPS", help=f"(an epoch, {VALIDATE_EVERY} at most)")
    p.add_argument("--validation-tokens", type=_two_or_more, default=20_000, help="at most, each time")
    p.add_argument("--checkpoint-minutes", type=_positive_float, default=5.0)


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


positive = _number(int, 1, 1 << 31, "a whole number above 0")
_two_or_more = _number(int, 2, 1 << 31, "a whole number above 1")
_natural = _number(int, 0, 1 << 31, "a whole number, 0 or more")
_positive_float = _number(float, 1e-9, 1e9, "a number above 0")
_share = _number(float, 0, 1, "at least 0 and below 1")
_share_or_all = _number(float, 0, 1.000001, "a number from 0 to 1")
