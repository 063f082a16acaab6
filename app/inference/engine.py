"""The engine of one model: answers in the event loop where the context is cached, else through the batcher's thread.

So the event loop never waits for the network. A request that needs no product with a whole matrix (one letter more in a
cached context) is answered in the event loop: to hand it to a thread and back would take longer than the answer.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from app.errors import BusyError, NotReadyError
from app.inference.admission import Admission
from app.inference.batching.batcher import Batcher
from app.inference.batching.jobs import HIT, MISS, Draw, Job, NextWord, Statistics, Wanted
from app.inference.batching.products import one_blas_thread
from app.inference.batching.state_cache import Context, Entry, StateCache
from model.arrays import FloatArray
from model.lm.language_model import LanguageModel
from model.lm.person import Person
from model.lm.words.custom_vocabulary import CustomVocabulary
from model.nn.inference import LazyLogits
from model.prefix_cache import PrefixCache
from model.search.complete import Completer
from model.search.correct import Correction, Corrector
from model.search.custom_reader import CustomReader
from model.search.place.query import FinishedWord, Query, QueryReader
from model.search.ranking import Suggestion
from model.search.scorer import Scorer
from model.search.typos.keyboards import DEFAULT_LAYOUT
from model.search.writing.answered import AnsweredMessages
from model.search.writing.phrases import WHOLE_SHARE, Followers, Following, PhraseSearch
from model.search.writing.writer import TIME, Writer

# The requests that are admitted at a time, in batches: one is computed while the next one gathers.
_MOST_BATCHES = 2
# Texts that have a word drawn at a time, and how much longer they rest than it took.
_MOST_DRAWS = 4
_REST = 3.0
# Contexts whose followers are remembered: less than 1 kB each.
_KEPT_FOLLOWING = 2000


class Answering(NamedTuple):
    """A message that a text answers, and what stands before the place in that text."""

    message: str
    begun: str


class Engine:
    """Answers queries with one model; ``suggest`` and ``correct`` may be called from one event loop only.

    Reader and scorer keep caches of their own and belong to that loop.
    """

    def __init__(
        self,
        model: LanguageModel,
        cache: StateCache,
        batch_limit: int,
        queue_limit: int,
        context_tokens: int = 64,
        blas_threads: int = 1,
        keyboard: str = DEFAULT_LAYOUT,
        phrase_probability: float = 0.5,
        statistics: Statistics | None = None,
    ) -> None:
        self.model, self.cache = model, cache
        self.reader, self.scorer = QueryReader(model.vocabulary, context_tokens), Scorer(model, keyboard)
        self.completer, self.corrector = Completer(self.scorer), Corrector(self.scorer)
        self.custom = CustomReader(self.scorer)
        self.queue_limit = queue_limit
        self.statistics = statistics or Statistics([0, 0, 0], [0] * (batch_limit + 1))
        self.phrase_probability = phrase_probability
        self._followers = Followers(model)
        self._following: PrefixCache[Context, Following] = PrefixCache(_KEPT_FOLLOWING)
        self.batcher = Batcher(
            model, self.completer.next_words, self._followers, cache, batch_limit, blas_threads, self.statistics
        )
        self._admission = Admission(_MOST_BATCHES * batch_limit)
        self._answered = AnsweredMessages(model, model.replies.model) if model.replies else None
        self._decoder = ThreadPoolExecutor(1, "decoder", one_blas_thread)
        self._drawing = asyncio.Semaphore(_MOST_DRAWS)
        self._asking = 0
        self._open = False

    def start(self) -> None:
        """Start the thread."""
        self._open = True
        self.batcher.start()

    def close(self, has_successor: bool = False) -> None:
        """Answer the admitted requests, then end the thread; those that wait for admission or come later are refused.

        ``has_successor``: another engine takes its place.
        """
        if self._open:
            self._open = False
            self.batcher.close(has_successor)
            self._decoder.shutdown()

    async def suggest(
        self,
        query: Query,
        limit: int,
        min_probability: float,
        fuzzy: bool = True,
        person: Person | None = None,
        vocabularies: tuple[CustomVocabulary, ...] = (),
        words: int = 1,
        answering: Answering | None = None,
    ) -> list[Suggestion]:
        """Find suggestions for a query and the person who writes, corrections among them where ``fuzzy``.

        Words of ``vocabularies`` are offered too. With ``words`` more than 1 likely ones go on to phrases. Where the
        model has a decoder, it counts for a text that is ``answering`` a message.

        Raises ``BusyError`` where too many requests wait already.
        """
        self._refuse_if_busy()
        async with self._admission:
            query = self.custom.read(query, vocabularies, limit)
            if fuzzy:
                query = self.scorer.resolve(query, person)
            found: list[Suggestion]
            logits: FloatArray | LazyLogits
            if self._answered and answering:
                self._lookup(query.context)
                logits = await self._ask(query.context, Wanted.LOGITS)
                logits = await self._in_thread(self._answered.blend, *answering, logits)
                if query.prefix:
                    found = self.completer.complete(query, logits, limit, min_probability, fuzzy, person)
                else:
                    next_words = self.completer.next_words
                    found = await self._in_thread(next_words.suggest, query, logits, limit, min_probability, person)
            elif query.prefix:
                logits = await self._logits_after(query.context)
                found = self.completer.complete(query, logits, limit, min_probability, fuzzy, person)
            else:
                self._lookup(query.context)
                found = await self._ask(query.context, NextWord(query, limit, min_probability, person))
            return found if words == 1 else await self._lengthen(query, found, words, min_probability, person)

    async def _in_thread(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function in the thread of the decoder."""
        if not self._open:
            raise NotReadyError
        return await asyncio.get_running_loop().run_in_executor(self._decoder, call, *arguments)

    async def _lengthen(
        self, query: Query, found: list[Suggestion], words: int, min_probability: float, person: Person | None
    ) -> list[Suggestion]:
        """Let suggestions go on to phrases of at most ``words`` words."""
        least = self.phrase_probability
        whole = max(WHOLE_SHARE * least, min_probability)
        search = PhraseSearch(self._followers, query, found, words, least, whole, person)
        while contexts := search.wanted():
            search.go_on(await asyncio.gather(*map(self._follow, contexts)))
        return search.suggestions()

    async def _follow(self, context: Context) -> Following:
        """Find what follows a context."""
        following = self._following.get(context)
        if following is None:
            following = await self._ask(context, Wanted.FOLLOWING)
            self._following.put(context, following)
        return following

    async def write(self, writer: Writer, seconds: float) -> AsyncGenerator[str, None]:
        """Yield the text that a writer appends, a word or mark at a time, for ``seconds`` at most.

        Few texts are drawn for at a time, and rest after that; the batcher draws where nobody waits for a suggestion.
        """
        self._refuse_if_busy()
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while writer.reason is None:
            async with self._drawing:
                begin = loop.time()
                piece: str = writer.end(TIME) if begin >= end else await self._ask(writer.context, Draw(writer))
                if writer.reason is None:
                    # It keeps its place meanwhile, so that all texts together rest.
                    await asyncio.sleep(min(_REST * (loop.time() - begin), max(0.0, end - loop.time())))
            yield piece

    async def correct(
        self,
        word: FinishedWord,
        limit: int,
        min_probability: float,
        person: Person | None = None,
        vocabularies: tuple[CustomVocabulary, ...] = (),
    ) -> Correction:
        """Correct a finished word of a person, unless a custom vocabulary holds it.

        Raises ``BusyError`` where too many requests wait already.
        """
        self._refuse_if_busy()
        async with self._admission:
            query = self.scorer.resolve(self.custom.read(word.query, vocabularies, 0), person)
            output = await self._after(query.context)
            return self.corrector.correct(word._replace(query=query), output, limit, min_probability, person)

    @property
    def waiting(self) -> int:
        """The number of requests that wait for admission or for the batcher's thread."""
        return len(self._admission) + self._asking

    @property
    def is_busy(self) -> bool:
        """True where as many requests wait as may."""
        return self.waiting >= self.queue_limit

    def _refuse_if_busy(self) -> None:
        if not self._open:
            raise NotReadyError
        if self.is_busy:
            raise BusyError(self.waiting)

    async def _logits_after(self, context: Context) -> LazyLogits:
        """Return the logits after a context in which a word is typed."""
        output = await self._after(context)
        logits = self.cache.logits(context)
        if logits is None:
            logits = LazyLogits(self.model.network, output)
            self.cache.put_logits(context, logits)
        return logits

    async def _after(self, context: Context) -> FloatArray:
        """Return the projected output (E,) after a context."""
        entry = self._lookup(context)
        if entry is not None:
            return self.batcher.output(context, entry)
        output: FloatArray = await self._ask(context, Wanted.OUTPUT)
        return output

    def _lookup(self, context: Context) -> Entry | None:
        """Return the cached entry of a context, and count the hit or miss."""
        entry = self.cache.get(context)
        self.statistics.lookups[MISS if entry is None else HIT] += 1
        return entry

    async def _ask(self, context: Context, wanted: Wanted | NextWord | Draw) -> Any:
        if not self._open:  # any more, after the wait for admission
            raise NotReadyError
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asking += 1
        try:
            self.batcher.put(Job(context, wanted, future))
            return await future
        finally:
            self._asking -= 1
