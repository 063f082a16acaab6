"""A training run: prepares the text, trains the network, and writes model folder, log and checkpoints."""

import argparse
import os
import signal
import sys
import time
from dataclasses import asdict
from types import FrameType, ModuleType
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from model.arrays import array_module, to_host
from model.errors import UserError
from model.files import load_word_list
from model.lm.storage import load_model, load_words, save_model
from model.nn.network import Network, NetworkConfig, initial_weights
from model.nn.perplexity import perplexity, token_losses
from model.text.corpus import recipe_of
from model.text.vocabulary import Vocabulary
from model.train.checkpoint import load_checkpoint, save_checkpoint
from model.train.dataset import PROCESSES, Dataset, prepare
from model.train.extend_vocabulary import extended_weights
from model.train.progress import LossLog, ProgressBar, plot_learning_curve
from model.train.trainer import Trainer, TrainingOptions
from model.train.words.vocabulary import VocabularyOptions

# A checkpoint keeps these beside the options of the training, so that the points of a learning curve are comparable.
VALIDATION_OPTIONS = ("validate_every", "validation_tokens")
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# With fewer sequences than this in each thread the matrix products are slow.
LEAST_SEQUENCES_A_THREAD = 16


class StoppedError(Exception):
    """A signal that came before the training began, while there was nothing to save."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Run:
    """A training run: its dataset, its trainer, and the files it writes to ``--out``."""

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
        base = load_model(options.init_from) if options.init_from else None
        if base:
            self._require_sizes_of(base.network.config)
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
        recipe = recipe_of(options.sources, options.root)
        with ProgressBar.counting() as show:
            return prepare(recipe, self.out / "corpus", choice, processes=PROCESSES, progress=show)

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

    def _resumed(self, xp: ModuleType) -> tuple[Dataset, Network]:
        self.arrays, self.position = load_checkpoint(self.out)
        # Older checkpoints do not say how to validate.
        for name, value in {**self.position["options"], **self.position.get("validation", {})}.items():
            setattr(self.options, name, value)
        dataset = Dataset(self.out / "corpus", load_words(self.out / "corpus" / "words.txt"))
        digest = dataset.vocabulary.digest()
        if self.position.get("words_sha256", digest) != digest:
            raise UserError(f"{self.out}: other text was prepared here since the checkpoint; train without --resume")
        config = NetworkConfig(**self.position["network"])
        weights = {name: xp.asarray(self.arrays[f"weight.{name}"]) for name in config.shapes()}
        return dataset, Network(config, weights, xp)

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
