"""The orchestrator: the loaded models, an engine for each, and the way of a request through them."""

import asyncio
import json
from collections.abc import Callable, Mapping

from app.cache import StateCache
from app.engine import Engine
from app.errors import InvalidFieldError, TextTooLongError
from app.schemas import ModelDescription, ModelList, Span, Suggestion, SuggestionAnswer, SuggestionQuery
from app.settings import Settings
from model.storage import LanguageModel, load_model
from model.suggest import Query, read_completion, read_next_word

Reader = Callable[[LanguageModel, str, int, int], Query]

_WARM_UP = "Good mor"


def load_models(settings: Settings) -> dict[str, LanguageModel]:
    """The models of the settings by name. Raises ``UserError``, which names the file and the fault."""
    return {name: load_model(folder, settings.offensive_words) for name, folder in settings.models.items()}


class Service:
    """Answers suggestion requests between ``start`` and ``stop``."""

    def __init__(self, settings: Settings, models: Mapping[str, LanguageModel]) -> None:
        self.settings = settings
        share = settings.cache_megabytes * 2**20 // len(models)
        self.engines = {
            name: Engine(model, StateCache(share), settings.batch_limit, settings.queue_limit, settings.blas_threads)
            for name, model in models.items()
        }
        self.default_model = next(iter(models))
        self.ready = False
        self.models = ModelList(models=[self._describe(name, model) for name, model in models.items()])

    def _describe(self, name: str, model: LanguageModel) -> ModelDescription:
        weights = model.network.weights.values()
        training = model.information.get("training")
        # JSON can spell half a surrogate pair, which no answer can carry.
        encodable = json.dumps(training, ensure_ascii=False).encode(errors="replace")
        return ModelDescription(
            name=name,
            default=name == self.default_model,
            cell=model.network.config.cell,
            vocabulary=len(model.vocabulary),
            parameters=sum(array.size for array in weights),
            bytes=sum(array.nbytes for array in weights),
            training=json.loads(encodable) if isinstance(training, dict) else {},
        )

    async def start(self) -> None:
        """Start the engines, and ask each for a first completion and a first next word, which touches its memory."""
        for name, engine in self.engines.items():
            engine.start()
            query = SuggestionQuery(text=_WARM_UP, model=name)
            await self.suggest(read_completion, query)
            await self.suggest(read_next_word, query)
        self.ready = True

    async def stop(self) -> None:
        """Answer what is queued, then end the engines."""
        self.ready = False
        await asyncio.gather(*(asyncio.to_thread(engine.close) for engine in self.engines.values()))

    async def suggest(self, read: Reader, request: SuggestionQuery) -> SuggestionAnswer:
        """Check what depends on the settings, read the place in the text, and ask the model's engine."""
        limit = self._check(request)
        name = self.default_model if request.model is None else request.model
        engine = self.engines[name]
        cursor = len(request.text) if request.cursor is None else request.cursor
        query = read(engine.model, request.text, cursor, self.settings.context_tokens)
        found = await engine.suggest(query, limit, request.min_probability)
        return SuggestionAnswer(
            suggestions=[
                Suggestion(text=s.text, insert=s.insert, probability=s.probability, kind=s.kind) for s in found
            ],
            prefix=query.prefix,
            replace=Span(start=query.start, end=query.end),
            model=name,
        )

    def _check(self, request: SuggestionQuery) -> int:
        settings, length = self.settings, len(request.text)
        if length > settings.max_text_length:
            raise TextTooLongError(length, settings.max_text_length)
        if request.cursor is not None and request.cursor > length:
            raise InvalidFieldError("cursor", request.cursor, f"must be at most {length}, the length of the text")
        if request.model is not None and request.model not in self.engines:
            raise InvalidFieldError("model", request.model, f"must be one of {', '.join(self.engines)}")
        if request.limit is None:
            return min(settings.default_limit, settings.max_limit)
        if request.limit > settings.max_limit:
            raise InvalidFieldError("limit", request.limit, f"must be at most {settings.max_limit}")
        return request.limit
