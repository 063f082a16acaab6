"""The scheduler of one model: a thread that reads the contexts of all waiting requests together.

Continuous batching: each round takes what is queued (there is no timer), reads one token of every unread
context in a single product, and answers the requests whose context is read. So a long new context never
holds up a short one for more than a round, and the event loop never waits for the network.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, MutableSequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from app.cache import Context, Entry, StateCache
from app.errors import BusyError, NotReadyError
from model.correct import Correction, Finished, correct
from model.keyboards import DEFAULT_LAYOUT
from model.network import FloatArray
from model.storage import LanguageModel
from model.suggest import Query, Suggestion
from model.typist import Typist

T = TypeVar("T")

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


class Job(NamedTuple):
    """A request in the queue, what to do once its context is read, and the future its answer goes to.

    ``resolve`` says that slips in the context are to be read as what was meant.
    """

    query: Query
    resolve: bool
    finish: Callable[[Query, FloatArray], Any]
    future: "asyncio.Future[Any]"


@dataclass(slots=True, eq=False)
class _Reading:
    """A context that is being read: the state after its first ``position`` tokens, and who waits for it."""

    context: Context
    position: int
    state: FloatArray
    jobs: list[Job] = field(default_factory=list)


class Engine:
    """Answers queries with one model; ``suggest`` and ``correct`` may be called from one event loop, at any rate."""

    def __init__(
        self,
        model: LanguageModel,
        cache: StateCache,
        batch_limit: int,
        queue_limit: int,
        blas_threads: int = 1,
        keyboard: str = DEFAULT_LAYOUT,
        statistics: Statistics | None = None,
    ) -> None:
        self.model, self.cache, self.typist = model, cache, Typist(model, keyboard)
        self.batch_limit, self.queue_limit, self.blas_threads = batch_limit, queue_limit, blas_threads
        self.statistics = statistics or Statistics([0, 0], [0] * (batch_limit + 1))
        self.waiting = 0
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._readings: dict[Context, _Reading] = {}
        self._read: deque[tuple[Job, FloatArray]] = deque()
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

        def finish(query: Query, output: FloatArray) -> list[Suggestion]:
            return self.typist.suggest(query, output, limit, min_probability, fuzzy)

        return await self._ask(query, fuzzy, finish)

    async def correct(self, word: Finished, limit: int, min_probability: float) -> Correction:
        """What a finished word may have been meant for. Raises ``BusyError`` where too many wait already."""

        def finish(query: Query, output: FloatArray) -> Correction:
            return correct(self.typist, word._replace(query=query), output, limit, min_probability)

        return await self._ask(word.query, True, finish)

    async def _ask(self, query: Query, resolve: bool, finish: Callable[[Query, FloatArray], T]) -> T:
        if not self._open:
            raise NotReadyError
        if self.waiting >= self.queue_limit:
            raise BusyError(self.waiting)
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.waiting += 1
        try:
            self._queue.put(Job(query, resolve, finish, future))
            return await future
        finally:
            self.waiting -= 1

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
                    for job in reading.jobs:
                        _fail(job, error)
                self._readings.clear()
            self._answer()

    def _take(self) -> bool:
        """Take in what is queued, and wait for something where there is nothing to do; false at the end."""
        # Not all at once: contexts that are known are answered in this round, and the others wait for that.
        for _ in range(self.batch_limit):
            busy = bool(self._readings or self._read)
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
                _fail(job, error)
        return True

    def _begin(self, job: Job) -> None:
        if job.future.cancelled():
            return
        if job.resolve:
            job = job._replace(query=self.typist.resolve(job.query))
        context = job.query.context
        reading = self._readings.get(context)
        if reading is not None:
            self.statistics.lookups[MISS] += 1
            reading.jobs.append(job)
            return
        length, entry = self.cache.longest(context)
        if entry is not None and length == len(context):
            self.statistics.lookups[HIT] += 1
            self._read.append((job, self._output(context, entry)))
            return
        self.statistics.lookups[MISS] += 1
        state = self.model.network.zero_state(1)[:, 0] if entry is None else entry.state
        self._readings[context] = _Reading(context, length, state, [job])

    def _output(self, context: Context, entry: Entry) -> FloatArray:
        """The projected output of a kept state, which one that was only passed through does not have yet."""
        if entry.output is None:
            entry = Entry(entry.state, self.model.network.project(entry.state[0]))
            self.cache.put(context, entry)
        assert entry.output is not None
        return entry.output

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
                self._read.extend((job, output) for job in reading.jobs)

    def _answer(self) -> None:
        """Answer the requests whose context is read.

        A next word is looked for in the whole vocabulary, which takes as long as some steps: one of these
        in a round, so that the others do not wait behind them all.
        """
        whole = 0
        for _ in range(len(self._read)):
            job, output = self._read.popleft()
            whole += not job.query.prefix
            if whole > 1 and not job.query.prefix:
                self._read.append((job, output))
            elif not job.future.cancelled():
                self._finish(job, output)

    def _finish(self, job: Job, output: FloatArray) -> None:
        try:
            result = job.finish(job.query, output)
        except Exception as error:
            _fail(job, error)
        else:
            _tell(job, result)


def _tell(job: Job, result: Any) -> None:
    try:
        job.future.get_loop().call_soon_threadsafe(_settle, job.future, result)
    except RuntimeError:
        # The loop is closed: nobody waits any more.
        return


def _fail(job: Job, error: Exception) -> None:
    _tell(job, error)


def _settle(future: "asyncio.Future[Any]", result: Any) -> None:
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
