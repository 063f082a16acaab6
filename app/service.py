"""The orchestrator: the loaded models, an engine for each, and the way of a request through them."""

import asyncio
import json
from collections.abc import Callable, Mapping

from app.cache import StateCache
from app.engine import Engine
from app.errors import InvalidFieldError, TextTooLongError
from app.schemas import (
    CorrectionList,
    ModelDescription,
    ModelList,
    PlaceQuery,
    Span,
    Suggestion,
    SuggestionAnswer,
    SuggestionQuery,
    WordAnswer,
)
from app.settings import Settings
from model.correct import last_word, read_finished
from model.storage import LanguageModel, load_model
from model.suggest import CODE_POINTS_A_TOKEN, Query, read_completion, read_next_word
from model.suggest import Suggestion as Found
from model.text import tokens

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
            name: Engine(
                model,
                StateCache(share),
                settings.batch_limit,
                settings.queue_limit,
                settings.blas_threads,
                settings.keyboard,
            )
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
            await self.correct(query)
        self.ready = True

    async def stop(self) -> None:
        """Answer what is queued, then end the engines."""
        self.ready = False
        await asyncio.gather(*(asyncio.to_thread(engine.close) for engine in self.engines.values()))

    async def suggest(self, read: Reader, request: SuggestionQuery) -> SuggestionAnswer:
        """Check what depends on the settings, read the place in the text, and ask the model's engine."""
        limit, name, cursor = self._check(request)
        engine = self.engines[name]
        query = read(engine.model, request.text, cursor, self.settings.context_tokens)
        found = await engine.suggest(query, limit, request.min_probability, request.fuzzy)
        return SuggestionAnswer(
            suggestions=_shown(found),
            prefix=query.prefix,
            replace=Span(start=query.start, end=query.end),
            model=name,
        )

    async def correct(self, request: PlaceQuery) -> SuggestionAnswer:
        """What the last word before the cursor may have been meant for."""
        limit, name, cursor = self._check(request)
        place = last_word(request.text, cursor, self.settings.context_tokens * CODE_POINTS_A_TOKEN)
        if place is None:
            return SuggestionAnswer(suggestions=[], prefix="", replace=Span(start=cursor, end=cursor), model=name)
        answer = await self._correct_word(name, request.text, *place, limit, request.min_probability)
        return SuggestionAnswer(**dict(answer), model=name)

    async def correct_all(self, request: PlaceQuery) -> CorrectionList:
        """Those words before the cursor that should change.

        One after the other: each goes through the queue, so that a long text holds up nobody.
        """
        limit, name, cursor = self._check(request)
        corrections: list[WordAnswer] = []
        for token in list(tokens(request.text[:cursor])):
            if not token.is_word:
                continue
            answer = await self._correct_word(name, request.text, token.start, token.end, limit, 0.0)
            best = answer.suggestions[0] if answer.suggestions else None
            if best is None or best.kind != "correction" or best.probability < request.min_probability:
                continue
            answer.suggestions = [s for s in answer.suggestions if s.probability >= request.min_probability]
            # A word that was joined with the one before it replaces what was said of that one.
            while corrections and corrections[-1].replace.end > answer.replace.start:
                corrections.pop()
            corrections.append(answer)
        return CorrectionList(corrections=corrections, model=name)

    async def _correct_word(
        self, name: str, text: str, start: int, end: int, limit: int, min_probability: float
    ) -> WordAnswer:
        engine = self.engines[name]
        word = read_finished(engine.model, text, start, end, self.settings.context_tokens)
        found = await engine.correct(word, limit, min_probability)
        return WordAnswer(
            suggestions=_shown(found.suggestions),
            prefix=text[start:end],
            replace=Span(start=found.start, end=found.end),
        )

    def _check(self, request: PlaceQuery) -> tuple[int, str, int]:
        """The limit, the model's name and the cursor of a request that the settings allow."""
        settings, length = self.settings, len(request.text)
        if length > settings.max_text_length:
            raise TextTooLongError(length, settings.max_text_length)
        if request.cursor is not None and request.cursor > length:
            raise InvalidFieldError("cursor", request.cursor, f"must be at most {length}, the length of the text")
        if request.model is not None and request.model not in self.engines:
            raise InvalidFieldError("model", request.model, f"must be one of {', '.join(self.engines)}")
        limit = min(settings.default_limit, settings.max_limit) if request.limit is None else request.limit
        if limit > settings.max_limit:
            raise InvalidFieldError("limit", limit, f"must be at most {settings.max_limit}")
        name = self.default_model if request.model is None else request.model
        return limit, name, length if request.cursor is None else request.cursor


def _shown(found: list[Found]) -> list[Suggestion]:
    return [Suggestion(text=s.text, insert=s.insert, probability=s.probability, kind=s.kind) for s in found]
