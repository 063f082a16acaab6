"""The service behind the routes: checks a request, finds the place in its text, asks the engine; reloads the models."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from app.errors import BusyError, NotReadyError, ReloadRunningError
from app.inference.batching.jobs import Statistics
from app.inference.engine import Answering, Engine
from app.inference.limits import Limits
from app.inference.memory import freeze
from app.inference.model_set import ModelSet, load_anew, log_reload
from app.inference.replying import Replying
from app.inference.writing import Writing
from app.schemas.generation import GenerationEnd, GenerationRequest
from app.schemas.replies import Reply, ReplyAnswer, ReplyRequest
from app.schemas.service import ModelList
from app.schemas.suggestions import (
    CorrectionList,
    PlaceQuery,
    Span,
    Suggestion,
    SuggestionAnswer,
    SuggestionQuery,
    WordAnswer,
)
from app.settings import Settings
from app.vocabularies.library import VocabularyLibrary
from model.lm.language_model import LanguageModel
from model.lm.person import Person
from model.search.place.answering import read_answering
from model.search.ranking import Suggestion as Found
from model.text.tokens import tokens

if TYPE_CHECKING:
    from app.database.engine import Database
    from app.people.service import PeopleService

# The fields of a ``SuggestionAnswer``: making the model itself takes longer than all else that is done with it.
Answered = dict[str, Any]
ReloadAll = Callable[[], Awaitable[ModelList]]

_WARM_UP = "Good mor"


class Service:
    """Answers suggestion requests between ``start`` and ``stop``."""

    def __init__(
        self,
        settings: Settings,
        models: Mapping[str, LanguageModel],
        statistics: Callable[[str], Statistics] | None = None,
        reload_all: ReloadAll | None = None,
        database: "Database | None" = None,
    ) -> None:
        self.settings, self._statistics, self._reload_all = settings, statistics, reload_all
        self.vocabularies = VocabularyLibrary(database, settings.vocabularies)
        self.people = self._people(database)
        self.model_set = ModelSet(settings, models, statistics)
        self.vocabularies.meet(model.vocabulary for model in models.values())
        self.ready = False
        self._reloading = False
        self._limits, self._writing, self._replying = Limits(settings), Writing(settings), Replying()

    def _people(self, database: "Database | None") -> "PeopleService | None":
        if database is None:
            return None
        # Only here: it takes a library that a service without a database does not load.
        from app.people.service import PeopleService

        return PeopleService(
            self.settings, database, lambda: {name: engine.model for name, engine in self.model_set.engines.items()}
        )

    @property
    def models(self) -> ModelList:
        """The loaded models."""
        return self.model_set.models

    async def start(self) -> None:
        """Start the engines, and have each answer once."""
        await self.vocabularies.start()
        self.model_set.start()
        await self._warm_up(self.model_set)
        if self.people is not None:
            self.people.people.start()
        if self._reload_all is None:  # otherwise it was done before the fork
            freeze()
        self.ready = True

    async def stop(self) -> None:
        """Answer the queued requests, then end the engines."""
        self.ready = False
        await self.vocabularies.stop()
        if self.people is not None:
            await self.people.people.stop()
        self._replying.close()
        await self.model_set.close()

    def refuse_if_busy(self) -> None:
        """Raise ``BusyError`` where too many requests wait already at every model."""
        engines = self.model_set.engines.values()
        if all(engine.is_busy for engine in engines):
            raise BusyError(sum(engine.waiting for engine in engines))

    async def reload(self) -> ModelList:
        """Load all models anew and put them in place of the old ones, which finish the requests that they have begun.

        With several workers ``reload_all`` does it in all of them.

        Raises ``ReloadRunningError``, or ``ReloadFailedError`` where a model cannot be loaded: then nothing changes.
        """
        if not self.ready:
            raise NotReadyError
        if self._reload_all is not None:
            return await self._reload_all()
        if self._reloading:
            raise ReloadRunningError
        self._reloading = True
        try:
            old, new = self.model_set, await self._load()
            if not self.ready:  # the service was stopped meanwhile
                await new.close()
                raise NotReadyError
            self.model_set = new
            if self.people is not None:
                self.people.people.clear()
            log_reload(new.models)
            await old.retire()
            del old
            await asyncio.to_thread(freeze)
            return new.models
        finally:
            self._reloading = False

    async def _load(self) -> ModelSet:
        """Load a new set of models, ready to answer."""

        def load() -> ModelSet:
            models = load_anew(self.settings)
            self.vocabularies.meet(model.vocabulary for model in models.values())
            return ModelSet(self.settings, models, self._statistics)

        new = await asyncio.to_thread(load)
        new.start()
        try:
            await self._warm_up(new)
        except BaseException:
            await new.close(has_successor=True)
            raise
        return new

    async def _warm_up(self, model_set: ModelSet) -> None:
        """Ask each model for a first completion, next word and correction, which touches its memory."""
        for name in model_set.engines:
            query = SuggestionQuery(text=_WARM_UP, model=name)
            await self._suggest(model_set, query, completing=True)
            await self._suggest(model_set, query, completing=False)
            await self._correct(model_set, query)

    async def complete(self, request: SuggestionQuery, owner: str = "") -> Answered:
        """Suggest words for the letters before the cursor."""
        with self.model_set.in_use() as model_set:
            return await self._suggest(model_set, request, owner, completing=True)

    async def next_word(self, request: SuggestionQuery, owner: str = "") -> Answered:
        """Suggest words that come next."""
        with self.model_set.in_use() as model_set:
            return await self._suggest(model_set, request, owner, completing=False)

    async def correct(self, request: PlaceQuery, owner: str = "") -> SuggestionAnswer:
        """Correct the last word before the cursor."""
        with self.model_set.in_use() as model_set:
            return await self._correct(model_set, request, owner)

    async def correct_all(self, request: PlaceQuery, owner: str = "") -> CorrectionList:
        """Correct every word before the cursor, one after the other; other requests come in between."""
        with self.model_set.in_use() as model_set:
            return await self._correct_all(model_set, request, owner)

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[str | GenerationEnd, None]:
        """Yield the text that goes on from the request's, a word or mark at a time, and at last how it ended.

        Raises ``GenerateLimitError`` where too many texts are written on already.
        """
        with self._writing.place(), self.model_set.in_use() as model_set:
            name = self._limits.text(model_set, request.text, request.model)
            async for piece in self._writing.write(model_set.engines[name], name, request):
                yield piece

    async def reply(self, request: ReplyRequest) -> ReplyAnswer:
        """Answer a message with short replies.

        Raises ``NoRepliesError`` where the model has none, and ``BusyError`` where too many messages wait already.
        """
        with self.model_set.in_use() as model_set:
            name = self._limits.text(model_set, request.message, request.model, "message")
            model = model_set.engines[name].model
            found = await self._replying.replies(model, name, request.message, request.limit)
            # Three digits: the others say nothing.
            shown = [Reply(text=r.text, probability=float(f"{r.probability:.3g}")) for r in found]
            return ReplyAnswer(replies=shown, model=name)

    async def _suggest(
        self, model_set: ModelSet, request: SuggestionQuery, owner: str = "", *, completing: bool
    ) -> Answered:
        """Check what depends on the settings, read the place in the text, and ask the model's engine."""
        limit, name, cursor = self._limits.place(model_set, request)
        self._limits.length(len(request.text) + len(request.reply_to or ""), "text and reply_to together")
        vocabularies = self.vocabularies.asked(request.vocabularies)
        engine = model_set.engines[name]
        read = engine.reader.completion if completing else engine.reader.next_word
        query = read_answering(read, request.reply_to, request.text, cursor)
        person = self._person(owner, request.user, name)
        answering = Answering(request.reply_to, request.text[: query.start]) if request.reply_to else None
        found = await engine.suggest(
            query, limit, request.min_probability, request.fuzzy, person, vocabularies, request.words, answering
        )
        return {
            "suggestions": [
                {"text": text, "insert": insert, "probability": probability, "kind": kind}
                for text, insert, probability, kind in found
            ],
            "prefix": query.prefix,
            "replace": {"start": query.start, "end": query.end},
            "model": name,
        }

    async def _correct(self, model_set: ModelSet, request: PlaceQuery, owner: str = "") -> SuggestionAnswer:
        limit, name, cursor = self._limits.place(model_set, request)
        engine = model_set.engines[name]
        place = engine.reader.last_word(request.text, cursor)
        if place is None:
            return SuggestionAnswer(suggestions=[], prefix="", replace=Span(start=cursor, end=cursor), model=name)
        person = self._person(owner, request.user, name)
        answer = await self._correct_word(engine, request, *place, limit, request.min_probability, person)
        return SuggestionAnswer(**dict(answer), model=name)

    async def _correct_all(self, model_set: ModelSet, request: PlaceQuery, owner: str) -> CorrectionList:
        limit, name, cursor = self._limits.place(model_set, request)
        engine = model_set.engines[name]
        person = self._person(owner, request.user, name)
        corrections: list[WordAnswer] = []
        for token in list(tokens(request.text[:cursor])):
            if not token.is_word:
                continue
            # Most words need no product, and a long text is not to hold up the other requests.
            await asyncio.sleep(0)
            answer = await self._correct_word(engine, request, token.start, token.end, limit, 0.0, person)
            best = answer.suggestions[0] if answer.suggestions else None
            if best is None or best.kind != "correction" or best.probability < request.min_probability:
                continue
            answer.suggestions = [s for s in answer.suggestions if s.probability >= request.min_probability]
            # A word that was joined with the one before it replaces the correction of that one.
            while corrections and corrections[-1].replace.end > answer.replace.start:
                corrections.pop()
            corrections.append(answer)
        return CorrectionList(corrections=corrections, model=name)

    async def _correct_word(
        self,
        engine: Engine,
        request: PlaceQuery,
        start: int,
        end: int,
        limit: int,
        min_probability: float,
        person: Person | None,
    ) -> WordAnswer:
        word = engine.reader.finished(request.text, start, end)
        vocabularies = self.vocabularies.asked(request.vocabularies)
        found = await engine.correct(word, limit, min_probability, person, vocabularies)
        return WordAnswer(
            suggestions=_shown(found.suggestions),
            prefix=request.text[start:end],
            replace=Span(start=found.start, end=found.end),
        )

    def _person(self, owner: str, user: str | None, model: str) -> Person | None:
        """Return the counts of who writes; None of nobody, where there is no database, and until they are loaded."""
        return None if user is None or self.people is None else self.people.get(owner, user, model)


def _shown(found: list[Found]) -> list[Suggestion]:
    return [Suggestion(text=s.text, insert=s.insert, probability=s.probability, kind=s.kind) for s in found]


async def answer_once(settings: Settings, models: Mapping[str, LanguageModel]) -> ModelList:
    """Have the models answer once, which allocates and imports everything that answering needs."""
    service = Service(settings, models)
    try:
        await service.start()
        return service.models
    finally:
        await service.stop()
