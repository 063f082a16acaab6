"""The training of an encoder and decoder: what a run over pairs does otherwise than one over text."""

from types import ModuleType
from typing import Any, cast

import numpy as np

from model.arrays import Array
from model.errors import UserError
from model.lm.language_model import LanguageModel
from model.lm.storage import load_model
from model.nn.backprop import Gradients
from model.nn.cells import Workspace
from model.nn.encoder_decoder import EncoderDecoder, EncoderDecoderConfig, initial_pair_weights
from model.nn.pair_backprop import pair_gradients, pair_loss
from model.text.corpus import Recipe
from model.text.tokens import LINE_END, TEXT_START
from model.train.extend_vocabulary import extended_weights
from model.train.pairs.dataset import PAIRS, PairDataset, batches, prepare_pairs
from model.train.run import Run
from model.train.trainer import Trainer

# Held-out messages that are answered at each validation, to see how many answers are exactly right.
ANSWERED = 200


class PairTrainer(Trainer):
    """Trains an encoder and decoder on batches of messages, inputs and targets."""

    network: EncoderDecoder

    def shard_gradients(self, number: int, batch: tuple[Array, ...], **shared: Any) -> Gradients:
        """Compute the gradients of a thread's share of a batch."""
        message, inputs, targets = batch
        return pair_gradients(self.network, message, inputs, targets, **shared)


class PairRun(Run):
    """A run over pairs of sequences."""

    config_class = EncoderDecoderConfig
    network_class = EncoderDecoder
    trainer_class = PairTrainer

    def _fresh(self, xp: ModuleType) -> tuple[PairDataset, EncoderDecoder]:
        options = self.options
        self._require_no_model()
        self.recipe = Recipe([])
        base = self._base() if options.embedding_from else None
        dataset = self._pairs(base)
        vocabulary = dataset.vocabulary
        config = EncoderDecoderConfig(
            options.cell, len(vocabulary), options.embedding or 128, options.hidden, options.attention
        )
        weights = initial_pair_weights(config, vocabulary.log_unigrams(), options.seed)
        if base:
            weights["embedding"] = extended_weights(base, vocabulary, options.seed)["embedding"]
        return dataset, EncoderDecoder(config, {name: xp.asarray(value) for name, value in weights.items()}, xp)

    def _base(self) -> LanguageModel:
        options = self.options
        if options.unit != "words":
            raise UserError("--embedding-from goes with --unit words only")
        base = load_model(options.embedding_from)
        width = base.network.config.embedding
        if options.embedding not in (None, width):
            raise UserError(f"--embedding {options.embedding}: {options.embedding_from} has {width}")
        options.embedding = width
        return base

    def _pairs(self, base: LanguageModel | None) -> PairDataset:
        options = self.options
        if not options.pairs:
            if not (self.out / "pairs" / PAIRS).is_file():
                raise UserError(f"name a file of pairs, or --resume; {self.out / 'pairs'} holds none yet")
            return self._loaded()
        return prepare_pairs(
            options.pairs,
            options.validation,
            self.out / "pairs",
            unit=options.unit,
            size=options.vocabulary,
            length=options.length,
            base=base,
        )

    def _loaded(self) -> PairDataset:
        return PairDataset(self.out / "pairs")

    def _validation(self) -> dict[str, float]:
        text, network = self.dataset, cast(EncoderDecoder, self.trainer.network)
        xp = network.xp
        ends = np.cumsum(text.validation.lengths[1] + 1)
        held = text.validation.some(int(np.searchsorted(ends, self.options.validation_tokens)) + 1)
        work = Workspace(xp, network.weights["bias"].dtype)
        rng = np.random.default_rng(0)
        loss, tokens, right, answered = 0.0, 0, 0, 0
        on_host = cast(EncoderDecoder, self._host())
        start, end = (text.vocabulary.id_of(form) for form in (TEXT_START, LINE_END))
        for chosen in batches(held, 64, rng):
            message, inputs, targets = text.arrays(held, chosen)
            loss += pair_loss(network, xp.asarray(message), xp.asarray(inputs), xp.asarray(targets), work)
            tokens += int((targets >= 0).sum())
            if answered < ANSWERED:
                answers = on_host.greedy(message, start, end, len(targets))
                wanted = [column[column >= 0][:-1].tolist() for column in targets.T]
                right += sum(answer == reply for answer, reply in zip(answers, wanted, strict=True))
                answered += len(chosen)
        return {"validation_perplexity": float(np.exp(loss / tokens)), "exactly_right": right / answered}

    def _information(self) -> dict[str, Any]:
        return {"unit": self.dataset.unit} | super()._information()

    def finish(self) -> int:
        """Say where the model is; returns 0."""
        print(f"{self.out}: {len(self.dataset.vocabulary):,} tokens")
        return 0
