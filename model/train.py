"""Train a language network: ``python -m model.train RECIPE_OR_TEXT… --out DIR``.

Prepares the text, trains until the budget of epochs or minutes is used up, and writes a model folder that
the service can load. Stop it with Ctrl-C or SIGTERM and go on with ``--resume``.
"""

import argparse
import importlib
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from model.checkpoint import load_checkpoint, save_checkpoint
from model.corpus import recipe_of
from model.dataset import Dataset, prepare
from model.errors import UserError
from model.grow import grown_weights
from model.network import Network, NetworkConfig, initial_weights
from model.perplexity import perplexity, to_host, token_losses
from model.report import LossLog, ProgressBar, plot_learning_curve
from model.storage import load_model, read_words, save_model
from model.trainer import NotFiniteError, Trainer, TrainingOptions

LARGEST_VOCABULARY = 32_000
# What makes the points of a learning curve comparable; a checkpoint keeps it beside the options of the training.
VALIDATION_OPTIONS = ("validate_every", "validation_tokens")
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Fewer sequences than this a thread make its matrix products slow.
LEAST_SEQUENCES_A_THREAD = 16


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status: 0 done, 1 the loss is not finite, 2 bad input, 128 + signal."""
    options = parser().parse_args(arguments)
    previous = {s: signal.signal(s, _stop_preparing) for s in STOP_SIGNALS}
    try:
        run = Run(options)
        return run.train()
    except _StoppedError as stop:
        print("stopped before the training began", file=sys.stderr)
        return 128 + stop.number
    except NotFiniteError as error:
        kept = f"the last good checkpoint is in {options.out}" if run.has_checkpoint else "no checkpoint was taken yet"
        print(f"error: {error}; {kept}", file=sys.stderr)
        return 1
    except (UserError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


class _StoppedError(Exception):
    """A signal came while no training was under way that it could end in order."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _stop_preparing(number: int, frame: FrameType | None) -> None:
    # As an exception, so that the worker processes are ended too.
    raise _StoppedError(number)


def parser() -> argparse.ArgumentParser:
    """The command line; the defaults are what the shipped model was trained with."""
    p = argparse.ArgumentParser(prog="python -m model.train", description=__doc__.splitlines()[0])
    p.add_argument("sources", nargs="*", type=Path, help="recipes (.toml), text files or folders of them")
    p.add_argument("--out", type=Path, required=True, help="folder for the model, its log and checkpoints")
    p.add_argument("--root", type=Path, help="folder that the paths in recipes are relative to")
    p.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out, with its options")
    p.add_argument("--init-from", type=Path, metavar="DIR", help="start from this trained model")
    p.add_argument("--cell", choices=("rnn", "lstm", "gru"), help="recurrent cell (lstm)")
    p.add_argument("--embedding", type=_positive, help="embedding width E (256)")
    p.add_argument("--hidden", type=_positive, help="hidden width H (512)")
    p.add_argument("--vocabulary", type=_positive, help=f"tokens V (as many as trusted, {LARGEST_VOCABULARY} at most)")
    p.add_argument("--withhold", type=Path, metavar="FILE", help="words, one a line, that are never suggested")
    defaults = TrainingOptions()
    p.add_argument("--epochs", type=_positive_float, default=defaults.epochs, help="passes over the weighted text")
    p.add_argument("--minutes", type=_positive_float, help="time budget; the first of the two to end counts")
    p.add_argument("--batch", type=_positive, default=defaults.batch, help="sequences B")
    p.add_argument("--length", type=_positive, default=defaults.length, help="time steps T")
    p.add_argument("--negatives", type=_natural, default=defaults.negatives, help="sampled tokens; 0: full softmax")
    p.add_argument("--dropout", type=_share, default=defaults.dropout, help="share of units left out")
    p.add_argument("--peak-rate", type=_positive_float, default=defaults.peak_rate, help="highest learning rate")
    p.add_argument("--warm-up", type=_share, default=defaults.warm_up, help="share of the budget until the peak")
    p.add_argument("--clip", type=_positive_float, default=defaults.clip, help="largest gradient norm")
    p.add_argument("--seed", type=_natural, default=defaults.seed)
    p.add_argument("--threads", type=_positive, help="threads that share a batch (all cores)")
    p.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="cuda needs the extra of that name")
    p.add_argument("--validate-every", type=_positive, default=2000, metavar="STEPS")
    p.add_argument("--validation-tokens", type=_two_or_more, default=20_000, help="read at most so many each time")
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


class Run:
    """One training run: its data, its trainer, and what it writes to ``--out``."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.out = options, options.out
        self.stopped_by = 0
        self.has_checkpoint = options.resume
        xp = array_module(options.device)
        self.dataset, network = self._resumed(xp) if options.resume else self._fresh(xp)
        fields = TrainingOptions.__dataclass_fields__
        training = TrainingOptions(**{name: getattr(options, name) for name in fields})
        threads = options.threads or max(1, min(os.cpu_count() or 1, options.batch // LEAST_SEQUENCES_A_THREAD))
        self.trainer = Trainer(self.dataset, network, training, threads if xp is np else 1)
        self.validations: list[dict[str, Any]] = []
        if options.resume:
            self._restore()

    def _fresh(self, xp: ModuleType) -> tuple[Dataset, Network]:
        options = self.options
        if not options.sources:
            raise UserError("name a recipe, a text file or a folder to train on, or --resume")
        base = load_model(options.init_from) if options.init_from else None
        if base:
            self._require_sizes_of(base.network.config)
        recipe = recipe_of(options.sources, options.root)
        with ProgressBar.counting() as show:
            vocabulary = base.vocabulary if base else None
            processes = max(1, min(os.cpu_count() or 1, 8))
            dataset = prepare(
                recipe,
                self.out / "corpus",
                options.vocabulary,
                LARGEST_VOCABULARY,
                processes,
                show,
                vocabulary,
                _words_of(options.withhold) if options.withhold else (),
            )
        V = len(dataset.vocabulary)
        if base:
            config = NetworkConfig(base.network.config.cell, V, options.embedding, options.hidden)
            weights = grown_weights(base, dataset.vocabulary, options.seed)
        else:
            config = NetworkConfig(options.cell or "lstm", V, options.embedding or 256, options.hidden or 512)
            counts = np.asarray(dataset.vocabulary.counts, dtype=np.float64)
            weights = initial_weights(config, counts, options.seed)
        return dataset, Network(config, {name: xp.asarray(value) for name, value in weights.items()}, xp)

    def _require_sizes_of(self, config: NetworkConfig) -> None:
        for name in ("cell", "embedding", "hidden"):
            asked = getattr(self.options, name)
            if asked not in (None, getattr(config, name)):
                raise UserError(f"--{name} {asked}: {self.options.init_from} has {getattr(config, name)}")
            setattr(self.options, name, getattr(config, name))

    def _resumed(self, xp: ModuleType) -> tuple[Dataset, Network]:
        self.arrays, self.position = load_checkpoint(self.out)
        network = self.position["network"]
        # Older checkpoints do not say how to validate.
        for name, value in {**self.position["options"], **self.position.get("validation", {})}.items():
            setattr(self.options, name, value)
        dataset = Dataset(self.out / "corpus", read_words(self.out / "corpus" / "words.txt"))
        digest = dataset.vocabulary.digest()
        if self.position.get("words_sha256", digest) != digest:
            raise UserError(f"{self.out}: other text was prepared here since the checkpoint; train without --resume")
        config = NetworkConfig(**network)
        weights = {name: xp.asarray(self.arrays[f"weight.{name}"]) for name in config.shapes()}
        return dataset, Network(config, weights, xp)

    def _restore(self) -> None:
        self.trainer.restore(self.arrays, self.position)
        self.validations = self.position["validations"]
        del self.arrays

    def train(self) -> int:
        """Train to the end of the budget or to a signal; then write checkpoint, model and plot."""
        trainer, options = self.trainer, self.options
        self.out.mkdir(parents=True, exist_ok=True)
        log = LossLog(self.out / "log.jsonl", trainer.adam.steps)
        previous = {s: signal.signal(s, self._stop) for s in STOP_SIGNALS}
        saved = time.monotonic()
        try:
            with threadpool_limits(1 if len(trainer.shards) > 1 else None), log, ProgressBar(trainer) as bar:
                for step in trainer.steps():
                    log.add(trainer, step)
                    bar.show(log.loss)
                    if trainer.adam.steps % options.validate_every == 0:
                        self._validate(log)
                    if time.monotonic() - saved > 60 * options.checkpoint_minutes:
                        self._save()
                        saved = time.monotonic()
                    if self.stopped_by:
                        break
                self._validate(log)
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        self._save()
        plot_learning_curve(self.out)
        if self.stopped_by:
            print(f"stopped at step {trainer.adam.steps}; go on with --resume", file=sys.stderr)
            return 128 + self.stopped_by
        return 0

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopped_by = number

    def _validate(self, log: LossLog) -> None:
        ids = self.dataset.validation[: self.options.validation_tokens]
        figures = {
            "step": self.trainer.adam.steps,
            "tokens": self.trainer.tokens,
            "validation_perplexity": round(perplexity(token_losses(self.trainer.network, ids)), 3),
        }
        if figures not in self.validations:
            self.validations.append(figures)
            log.write(figures)

    def _save(self) -> None:
        trainer = self.trainer
        network = trainer.network
        # The model first: it refuses weights that are no good, and then the checkpoint stays as it is.
        host = Network(network.config, {name: to_host(value) for name, value in network.weights.items()})
        save_model(self.out, self.dataset.vocabulary, host, {"training": self._figures()})
        position = trainer.position() | {
            "network": asdict(network.config),
            "words_sha256": self.dataset.vocabulary.digest(),
            "validation": {name: getattr(self.options, name) for name in VALIDATION_OPTIONS},
            "validations": self.validations,
        }
        save_checkpoint(self.out, trainer.arrays(), position)
        self.has_checkpoint = True

    def _figures(self) -> dict[str, Any]:
        trainer = self.trainer
        return {
            "tokens": trainer.tokens,
            "steps": trainer.adam.steps,
            "minutes": round(trainer.seconds / 60, 1),
            "device": self.options.device,
            "validation_perplexity": self.validations[-1]["validation_perplexity"] if self.validations else None,
            "options": asdict(trainer.options),
        }


def _words_of(path: Path) -> frozenset[str]:
    try:
        return frozenset(path.read_text("utf-8").split())
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not a readable list of words: {error}") from None


def array_module(device: str) -> ModuleType:
    """NumPy, or CuPy where a GPU was asked for."""
    if device == "cpu":
        return np
    try:
        cupy = importlib.import_module("cupy")
        cupy.cuda.runtime.getDeviceCount()
    except Exception as error:  # whatever a missing driver or package raises, it is the same news
        raise UserError(f"--device cuda: no usable GPU: {(str(error) or repr(error)).splitlines()[0]}") from None
    return cupy


if __name__ == "__main__":
    sys.exit(main())
