"""A training run: prepares the text, trains the network, and writes model folder, log and checkpoints.

The folder holds the weights that predicted the validation text best, the checkpoint those of the last step.
"""

import argparse
import math
import os
import shlex
import shutil
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from model.arrays import array_module, to_host
from model.errors import UserError
from model.files import load_word_list
from model.lm.ngrams import MOST_TOKENS, NGRAMS
from model.lm.storage import COMMON, CONFIG, SPELLING, half_weights, load_model, load_words, save_model
from model.nn.network import Network, NetworkConfig, initial_weights
from model.nn.perplexity import perplexity, token_losses
from model.text.corpus import Recipe, Source, recipe_of
from model.text.vocabulary import Vocabulary
from model.train.checkpoint import load_checkpoint, save_checkpoint
from model.train.dataset import PROCESSES, Dataset, prepare
from model.train.extend_vocabulary import extended_weights
from model.train.ngrams import add_ngrams
from model.train.progress import LossLog, ProgressBar, plot_learning_curve
from model.train.spelling import SpellingOptions, add_spelling
from model.train.trainer import Trainer, TrainingOptions, TrainingText
from model.train.words.vocabulary import LEAST_DOCUMENTS, VocabularyOptions

# A checkpoint keeps these beside the options of the training: a run that goes on validates and ends as it would have.
KEPT_OPTIONS = ("validate_every", "validation_tokens", "ngrams", "spelling")
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# With fewer sequences than this in each thread the matrix products are slow.
LEAST_SEQUENCES_A_THREAD = 16
# A perplexity within this factor of the lowest is as good: then the later weights are taken.
AS_GOOD = 1.005
# Stands for no bound, where the minutes are the budget.
ENDLESS_EPOCHS = 1e6
# With fewer, few words stand in enough of them: most often because there are no blank lines.
FEW_DOCUMENTS = 50
# Steps between two validations: an epoch, but not more and not less than these.
VALIDATE_EVERY, VALIDATE_LEAST = 2000, 50
# The spelling network's share of the minutes of the word network.
SPELLING_SHARE = 0.5


class StoppedError(Exception):
    """A signal that came before or after the training, while there was nothing to save; the text says when."""

    def __init__(self, number: int, when: str) -> None:
        super().__init__(when)
        self.number = number


class Run:
    """A training run: its dataset, its trainer, and the files it writes to ``--out``."""

    config_class = NetworkConfig
    network_class = Network
    trainer_class = Trainer

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.out = options, options.out
        self.stopped_by = 0
        self.has_checkpoint = options.resume
        if options.epochs is None:
            options.epochs = ENDLESS_EPOCHS if options.minutes else TrainingOptions.epochs
        xp = array_module(options.device)
        dataset, network = self._resumed(xp) if options.resume else self._fresh(xp)
        self.dataset: Any = dataset
        fields = TrainingOptions.__dataclass_fields__
        training = TrainingOptions(**{name: getattr(options, name) for name in fields})
        threads = options.threads or max(1, min(os.cpu_count() or 1, options.batch // LEAST_SEQUENCES_A_THREAD))
        self.trainer = self.trainer_class(dataset, network, training, threads if xp is np else 1)
        self.validations: list[dict[str, Any]] = []
        if options.validate_every is None:
            epoch = self.dataset.epoch_tokens() // (options.batch * options.length)
            options.validate_every = max(VALIDATE_LEAST, min(VALIDATE_EVERY, epoch))
        if options.resume:
            self._restore()

    def _fresh(self, xp: ModuleType) -> tuple[TrainingText, Network]:
        options = self.options
        self._require_no_model()
        base = load_model(options.init_from) if options.init_from else None
        if base:
            self._require_sizes_of(base.network.config)
        self.recipe = recipe_of(options.sources, options.root)
        dataset = self._prepared(base.vocabulary if base else None) if options.sources else self._prepared_before()
        V = len(dataset.vocabulary)
        if base:
            config = NetworkConfig(base.network.config.cell, V, options.embedding, options.hidden)
            weights = extended_weights(base, dataset.vocabulary, options.seed)
        else:
            config = NetworkConfig(options.cell or "lstm", V, options.embedding or 256, options.hidden or 512)
            weights = initial_weights(config, dataset.vocabulary.log_unigrams(), options.seed)
        return dataset, Network(config, {name: xp.asarray(value) for name, value in weights.items()}, xp)

    def _prepared(self, base: Vocabulary | None) -> Dataset:
        options = self.options
        choice = VocabularyOptions(
            size=options.vocabulary,
            base=base,
            withheld=frozenset(load_word_list(options.withhold) if options.withhold else ()),
        )
        with ProgressBar.counting() as show:
            dataset = prepare(self.recipe, self.out / "corpus", choice, processes=PROCESSES, progress=show)
        if dataset.document_count() < FEW_DOCUMENTS:
            print(
                f"note: the text has {dataset.document_count()} documents, for a blank line ends one; "
                f"only words that stand in {LEAST_DOCUMENTS} become part of the vocabulary",
                file=sys.stderr,
            )
        return dataset

    def _prepared_before(self) -> Dataset:
        corpus = self.out / "corpus"
        if not (corpus / "ids.bin").is_file():
            raise UserError(
                f"name a recipe, a text file or a folder to train on, or --resume; {corpus} holds no text yet"
            )
        return Dataset(corpus, load_words(corpus / "words.txt"))

    def _require_sizes_of(self, config: NetworkConfig) -> None:
        for name in ("cell", "embedding", "hidden"):
            asked = getattr(self.options, name)
            if asked not in (None, getattr(config, name)):
                raise UserError(f"--{name} {asked}: {self.options.init_from} has {getattr(config, name)}")
            setattr(self.options, name, getattr(config, name))

    def _require_no_model(self) -> None:
        if (self.out / CONFIG).exists() and not self.options.force:
            raise UserError(
                f"{self.out} holds a model: name another --out, go on with --resume, or replace it (--force)"
            )

    def _loaded(self) -> TrainingText:
        return Dataset(self.out / "corpus", load_words(self.out / "corpus" / "words.txt"))

    def _resumed(self, xp: ModuleType) -> tuple[TrainingText, Network]:
        self.arrays, self.position = load_checkpoint(self.out)
        # Older checkpoints keep fewer.
        for name, value in {**self.position["options"], **self.position.get("kept", {})}.items():
            setattr(self.options, name, value)
        sources = self.position.get("sources", [])
        self.recipe = Recipe([Source(**{**source, "path": Path(source["path"])}) for source in sources])
        dataset = self._loaded()
        digest = dataset.vocabulary.digest()
        if self.position.get("words_sha256", digest) != digest:
            raise UserError(f"{self.out}: other text was prepared here since the checkpoint; train without --resume")
        config = self.config_class(**self.position["network"])
        weights = {name: xp.asarray(self.arrays[f"weight.{name}"]) for name in config.shapes()}
        return dataset, self.network_class(config, weights, xp)

    def _restore(self) -> None:
        self.trainer.restore(self.arrays, self.position)
        self.validations = self.position["validations"]
        del self.arrays

    def train(self) -> int:
        """Train to the end of the budget or to a signal, and write checkpoint, model and plot; returns the status."""
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

    def finish(self) -> int:
        """Add n-grams and spelling to the trained model, unless told not to, and say what to do next; returns 0."""
        with_ngrams = ""
        if self.options.ngrams and len(self.dataset.vocabulary) <= MOST_TOKENS:
            perplexities = add_ngrams(self.out)
            share = min(perplexities, key=lambda tried: perplexities[tried])
            with_ngrams = f", {perplexities[share]:.1f} with n-grams at a share of {share:.2f}"
        # Older checkpoints do not say what was trained on.
        if self.options.spelling and self.recipe.sources:
            minutes = min(SpellingOptions.minutes, SPELLING_SHARE * (self.options.minutes or math.inf))
            add_spelling(self.out, self.recipe, SpellingOptions(minutes=minutes, seed=self.options.seed))
        best = chosen(self.validations) or self.validations[-1]
        if best is not self.validations[-1]:
            print(
                f"the weights are those after {best['tokens']:,} tokens: later ones predict the validation text worse"
            )
        folder = shlex.quote(str(self.out))
        words = len(self.dataset.vocabulary)
        print(f"""{self.out}: {words:,} words, validation perplexity {_perplexity(best):.1f}{with_ngrams}
next, measure it on text that it was not trained on, then serve it:
    python -m model.evaluate {folder} HELD-OUT.txt --against frequency
    python -m app --models mine={folder}""")
        return 0

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopped_by = number

    def _validation(self) -> dict[str, float]:
        """Measure the network on held-out text: its perplexity, and what else tells how far it is."""
        ids = self.dataset.validation[: self.options.validation_tokens]
        return {"validation_perplexity": perplexity(token_losses(self.trainer.network, ids))}

    def _validate(self, log: LossLog) -> None:
        measured = {name: round(figure, 3) for name, figure in self._validation().items()}
        figures = {"step": self.trainer.adam.steps, "tokens": self.trainer.tokens, **measured}
        if figures in self.validations:
            return
        self.validations.append(figures)
        log.write(figures)
        if chosen(self.validations) is figures:
            self._save_model(self._host())

    def _information(self) -> dict[str, Any]:
        return {"training": self._figures()}

    def _host(self) -> Network:
        network = self.trainer.network
        return self.network_class(network.config, {name: to_host(value) for name, value in network.weights.items()})

    def _save_model(self, network: Network) -> None:
        save_model(self.out, self.dataset.vocabulary, network, self._information())
        if not self.has_checkpoint:
            # Left by a model before this one, they do not fit. A filter of known words fits any.
            shutil.rmtree(self.out / SPELLING, ignore_errors=True)
            for name in (NGRAMS, COMMON):
                (self.out / name).unlink(missing_ok=True)

    def _save(self) -> None:
        trainer = self.trainer
        network = self._host()
        # First of all: it refuses weights that are no good, and then the checkpoint stays as it is.
        half_weights(self.out, network)
        if chosen(self.validations) is None:
            self._save_model(network)
        position = trainer.position() | {
            "network": asdict(network.config),
            "words_sha256": self.dataset.vocabulary.digest(),
            "kept": {name: getattr(self.options, name) for name in KEPT_OPTIONS},
            "validations": self.validations,
            "sources": [{**asdict(source), "path": str(source.path.resolve())} for source in self.recipe.sources],
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


def chosen(validations: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Find the validation whose weights the folder holds: the last that was as good as all before it."""
    lowest, best = math.inf, None
    for figures in validations:
        if _perplexity(figures) <= lowest * AS_GOOD:
            best = figures
        lowest = min(lowest, _perplexity(figures))
    return best


def _perplexity(figures: dict[str, Any]) -> float:
    value: float = figures["validation_perplexity"]
    return value
