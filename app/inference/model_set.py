"""Loading the models, and the set of them that one load or reload brings, with an engine for each."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from app.errors import ReloadFailedError
from app.inference.batching.jobs import Statistics
from app.inference.batching.products import one_blas_thread
from app.inference.batching.state_cache import StateCache
from app.inference.engine import Engine
from app.schemas.service import ModelDescription, ModelList
from app.settings import Settings
from model.errors import UserError
from model.lm.language_model import LanguageModel
from model.lm.pair_model import load_pair_model
from model.lm.storage import load_model
from model.search.writing.replies import load_replies

# The folder in a model's where its encoder and decoder lie.
REPLY = "reply"
_VERSION_DIGITS = 12

log = logging.getLogger("tsuzuki")


def load_models(settings: Settings) -> dict[str, LanguageModel]:
    """Load the models of the settings, by name. Raises ``UserError``, which names the file and the fault."""
    return {name: _load(folder, settings) for name, folder in settings.models.items()}


def _load(folder: Path, settings: Settings) -> LanguageModel:
    model = load_model(folder, settings.offensive_words).for_inference()
    if not (folder / REPLY).exists():
        return model
    with one_blas_thread():  # the products are small
        return replace(model, replies=load_replies(folder / REPLY, load_pair_model(folder / REPLY)))


def load_anew(settings: Settings) -> dict[str, LanguageModel]:
    """Load the models for a reload. Raises ``ReloadFailedError`` where one cannot be loaded, which is logged."""
    try:
        return load_models(settings)
    except UserError as error:
        log.error("reload failed", extra={"fields": {"detail": str(error)}})
        raise ReloadFailedError(str(error)) from None


def log_reload(models: ModelList) -> None:
    """Log that new models have taken over, with the version of each."""
    log.info("models reloaded", extra={"fields": {"models": {model.name: model.version for model in models.models}}})


class ModelSet:
    """Models that are loaded together, with an engine for each, between ``start`` and ``close``."""

    def __init__(
        self, settings: Settings, models: Mapping[str, LanguageModel], statistics: Callable[[str], Statistics] | None
    ) -> None:
        share = settings.cache_megabytes * 2**20 // (settings.workers * len(models))
        self.engines = {
            name: Engine(
                model,
                StateCache(share),
                settings.batch_limit,
                settings.queue_limit,
                settings.context_tokens,
                settings.blas_threads,
                settings.keyboard,
                settings.phrase_probability,
                statistics(name) if statistics else None,
            )
            for name, model in models.items()
        }
        self.default_model = next(iter(models))
        self.models = ModelList(models=[self._describe(name, model) for name, model in models.items()])
        self.loaded_at = time.time()
        self._users = 0
        self._unused = asyncio.Event()
        self._unused.set()

    def _describe(self, name: str, model: LanguageModel) -> ModelDescription:
        network = model.network
        training = model.information.get("training")
        # JSON can spell half a surrogate pair, which no answer can carry.
        encodable = json.dumps(training, ensure_ascii=False).encode(errors="replace")
        return ModelDescription(
            name=name,
            default=name == self.default_model,
            version=_version(model),
            cell=network.config.cell,
            vocabulary=len(model.vocabulary),
            parameters=network.config.parameter_count,
            bytes=network.config.parameter_count * network.weights["bias"].itemsize,
            replies=model.replies is not None,
            training=json.loads(encodable) if isinstance(training, dict) else {},
        )

    def start(self) -> None:
        """Start the engines."""
        for engine in self.engines.values():
            engine.start()

    @contextmanager
    def in_use(self) -> Iterator["ModelSet"]:
        """Keep it open while a request uses it."""
        self._users += 1
        self._unused.clear()
        try:
            yield self
        finally:
            self._users -= 1
            if not self._users:
                self._unused.set()

    async def retire(self) -> None:
        """Wait for the requests that use it, then close; another set has taken its place."""
        await self._unused.wait()
        await self.close(has_successor=True)

    async def close(self, has_successor: bool = False) -> None:
        """Answer the queued requests, then end the engines."""
        await asyncio.gather(*(asyncio.to_thread(engine.close, has_successor) for engine in self.engines.values()))


def _version(model: LanguageModel) -> str:
    """Compute a digest of the configuration, which holds one of the words, and of the weights; of replies too."""
    configuration = json.dumps(model.information, sort_keys=True, default=str)
    answering = model.replies.digest() if model.replies else ""
    return sha256((configuration + model.network.digest() + answering).encode()).hexdigest()[:_VERSION_DIGITS]
