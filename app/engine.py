"""The scheduler of one model: a thread that reads the contexts of all waiting requests together.

Continuous batching: each round takes what is queued (there is no timer), reads one token of every unread
context in a single product, and multiplies all outputs that a next word is wanted of with the whole output layer in
another. So a long new context never holds up a short one for more than a round, and the event loop never waits for the
network. What needs no such product, a letter more in a context that is known, is answered in the event loop: handing it
to a thread and back would take longer than the answer.
"""

import asyncio
import threading
from collections import deque
from collections.abc import MutableSequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from app.cache import Context, Entry, StateCache
from app.errors import BusyError, NotReadyError
from model.correct import Correction, Finished, correct
from model.keyboards import DEFAULT_LAYOUT
from model.network import FloatArray
from model.reader import Reader
from model.storage import LanguageModel
from model.suggest import Query, Suggestion, next_words
from model.typist import Typist

# Of a new context these states are kept: the last two (a person may delete the last word again), and each
# eighth, from which the ones between are soon reached.
_LAST_KEPT = 2
_EACH_KEPT = 8


HIT, MISS = 0, 1


@dataclass(slots=True)
class Statistics:
    """What an engine did so far: written by its thread, read by anybody, in memory that other processes may share.

    ``lookups``: requests whose context had been read (``HIT``), and those for which there was something to read
    (``MISS``); ``batches``: how often a batch had each size.
    """

    lookups: "MutableSequence[float] | memoryview[float]"
    batches: "MutableSequence[float] | memoryview[float]"


class NextWord(NamedTuple):
    """A next word that is asked for."""

    query: Query
    limit: int
    min_probability: float


class Job(NamedTuple):
    """A request in the queue: a context, its output (E,) where that is known, and the future for the answer.

    That is the output, or where a next word is ``wanted`` the suggestions.
    """

    context: Context
    output: FloatArray | None
    wanted: NextWord | None
    future: "asyncio.Future[Any]"


@dataclass(slots=True, eq=False)
class _Reading:
    """A context that is being read: the state after its first ``position`` tokens, and who waits for it."""

    context: Context
    position: int
    state: FloatArray
    jobs: list[Job] = field(default_factory=list)


class Engine:
    """Answers queries with one model; ``suggest`` and ``correct`` may be called from one event loop, at any rate.

    Reader and typist keep caches of their own and belong to that loop.
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
        statistics: Statistics | None = None,
    ) -> None:
        self.model, self.cache = model, cache
        self.reader, self.typist = Reader(model, context_tokens), Typist(model, keyboard)
        self.batch_limit, self.queue_limit, self.blas_threads = batch_limit, queue_limit, blas_threads
        self.statistics = statistics or Statistics([0, 0], [0] * (batch_limit + 1))
        self.waiting = 0
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._readings: dict[Context, _Reading] = {}
        self._wanted: deque[tuple[NextWord, FloatArray, asyncio.Future[Any]]] = deque()
        self._results: list[tuple[asyncio.Future[Any], Any]] = []
        self._open = self._has_successor = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    @property
    def queued(self) -> int:
        """How many requests the thread has not taken yet."""
        return self._queue.qsize()

    def start(self) -> None:
        """Start the thread."""
        self._open = True
        self._thread.start()

    def close(self, has_successor: bool = False) -> None:
        """Answer what is queued, then end the thread; requests that come later get ``NotReadyError``.

        The limit on BLAS threads ends with it, unless it ``has_successor``, whose limit may be the same one.
        """
        if self._open:
            self._open = False
            self._has_successor = has_successor
            self._queue.put(None)
            self._thread.join()

    async def suggest(self, query: Query, limit: int, min_probability: float, fuzzy: bool = True) -> list[Suggestion]:
        """The suggestions for a query, corrections among them where ``fuzzy``.

        Raises ``BusyError`` where too many wait already.
        """
        if fuzzy:
            query = self.typist.resolve(query)
        output = self._known(query.context)
        if not query.prefix:
            found: list[Suggestion] = await self._ask(query.context, output, NextWord(query, limit, min_probability))
            return found
        if output is None:
            output = await self._ask(query.context, None, None)
        return self.typist.suggest(query, output, limit, min_probability, fuzzy)

    async def correct(self, word: Finished, limit: int, min_probability: float) -> Correction:
        """What a finished word may have been meant for. Raises ``BusyError`` where too many wait already."""
        query = self.typist.resolve(word.query)
        output = self._known(query.context)
        if output is None:
            output = await self._ask(query.context, None, None)
        return correct(self.typist, word._replace(query=query), output, limit, min_probability)

    def _known(self, context: Context) -> FloatArray | None:
        """The projected output after a context that was read before."""
        if not self._open:
            raise NotReadyError
        entry = self.cache.get(context)
        if entry is None:
            self.statistics.lookups[MISS] += 1
            return None
        self.statistics.lookups[HIT] += 1
        return self._output(context, entry)

    async def _ask(self, context: Context, output: FloatArray | None, wanted: NextWord | None) -> Any:
        if self.waiting >= self.queue_limit:
            raise BusyError(self.waiting)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waiting += 1
        try:
            self._queue.put(Job(context, output, wanted, future))
            return await future
        finally:
            self.waiting -= 1

    def _output(self, context: Context, entry: Entry) -> FloatArray:
        """The projected output of a kept state, which one that was only passed through does not have yet."""
        if entry.output is None:
            entry = Entry(entry.state, self.model.network.project(entry.state[0]))
            self.cache.put(context, entry)
        assert entry.output is not None
        return entry.output

    # From here on: the thread.

    def _run(self) -> None:
        # Of the whole process or of this thread only, as the BLAS library has it; so it is set in this thread.
        limits = threadpool_limits(self.blas_threads, user_api="blas")
        try:
            self._work()
        finally:
            if not self._has_successor:
                limits.restore_original_limits()

    def _work(self) -> None:
        while self._take():
            try:
                self._step()
            except Exception as error:  # whatever it is, those who wait must hear of it and the thread go on
                for reading in self._readings.values():
                    self._results.extend((job.future, error) for job in reading.jobs)
                self._readings.clear()
            self._find_next_words()
            self._tell()

    def _take(self) -> bool:
        """Take in what is queued, and wait for something where there is nothing to do; false at the end."""
        # Not all at once: what is read already is answered in this round, and the others wait for that.
        for _ in range(self.batch_limit):
            busy = bool(self._readings or self._wanted or self._results)
            try:
                job = self._queue.get(block=not busy)
            except Empty:
                break
            if job is None:
                # The last word: nothing is queued behind it. It goes back until all else is answered.
                self._queue.put(None)
                return busy
            try:
                self._begin(job)
            except Exception as error:
                self._results.append((job.future, error))
        return True

    def _begin(self, job: Job) -> None:
        if job.future.cancelled():
            return
        if job.output is not None:
            self._read(job, job.output)
            return
        reading = self._readings.get(job.context)
        if reading is not None:
            reading.jobs.append(job)
            return
        length, entry = self.cache.longest(job.context)
        if entry is not None and length == len(job.context):
            # It was read while this job stood in the queue.
            self._read(job, self._output(job.context, entry))
            return
        state = self.model.network.zero_state(1)[:, 0] if entry is None else entry.state
        self._readings[job.context] = _Reading(job.context, length, state, [job])

    def _read(self, job: Job, output: FloatArray) -> None:
        """The context of a job is read: it is answered, or its next word looked for."""
        if job.wanted is None:
            self._results.append((job.future, output))
        else:
            self._wanted.append((job.wanted, output, job.future))

    def _step(self) -> None:
        """Read one more token of every context that somebody still waits for."""
        for reading in list(self._readings.values()):
            if all(job.future.cancelled() for job in reading.jobs):
                del self._readings[reading.context]
        # Of more than fit in a batch those that are soonest read.
        readings = sorted(self._readings.values(), key=lambda reading: len(reading.context) - reading.position)
        readings = readings[: self.batch_limit]
        if not readings:
            return
        self.statistics.batches[len(readings)] += 1
        ids = np.array([reading.context[reading.position] for reading in readings])
        states = self.model.network.step(ids, np.stack([reading.state for reading in readings], axis=1))
        for i, reading in enumerate(readings):
            reading.state = states[:, i]
            reading.position += 1
            self._keep(reading)

    def _keep(self, reading: _Reading) -> None:
        length = len(reading.context)
        if reading.position > length - _LAST_KEPT or reading.position % _EACH_KEPT == 0:
            # A copy: a view would keep the states of the whole batch in memory.
            reading.state = reading.state.copy()
            entry = Entry(reading.state)
            self.cache.put(reading.context[: reading.position], entry)
            if reading.position == length:
                output = self._output(reading.context, entry)
                del self._readings[reading.context]
                for job in reading.jobs:
                    self._read(job, output)

    def _find_next_words(self) -> None:
        """Look for the next words of some outputs: one product with the whole output layer for all of them."""
        asked = [self._wanted.popleft() for _ in range(min(len(self._wanted), self.batch_limit))]
        asked = [(wanted, output, future) for wanted, output, future in asked if not future.cancelled()]
        if not asked:
            return
        logits = self.model.network.logits(np.stack([output for _, output, _ in asked]))
        for (wanted, _, future), row in zip(asked, logits, strict=True):
            result: Any
            try:
                result = next_words(self.model, wanted.query, row, wanted.limit, wanted.min_probability)
            except Exception as error:
                result = error
            self._results.append((future, result))

    def _tell(self) -> None:
        """Hand what was found to the event loop, all at once: waking it takes longer than a short answer."""
        if not self._results:
            return
        results, self._results = self._results, []
        try:
            results[0][0].get_loop().call_soon_threadsafe(_settle, results)
        except RuntimeError:
            # The loop is closed: nobody waits any more.
            return


def _settle(results: "list[tuple[asyncio.Future[Any], Any]]") -> None:
    for future, result in results:
        if future.done():
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
