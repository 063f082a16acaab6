"""The thread of one model, which reads the contexts of all waiting requests together.

Continuous batching: each round takes what is queued (there is no timer), reads one token of every unread
context in a single product, and multiplies the outputs after those that are read with the whole output layer in
another. So a long new context never holds up a short one for more than a round.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from app.inference.jobs import SCORED, Job, NextWord, Statistics, Wanted
from app.inference.state_cache import Context, Entry, StateCache
from model.arrays import FloatArray
from model.lm.language_model import LanguageModel
from model.search.complete import NextWords

# Of a new context these states are kept: the last two (a person may delete the last word again), and each
# eighth, from which the ones between are soon reached.
_LAST_KEPT = 2
_EACH_KEPT = 8
# Of how many contexts the logits are found in one round: of more it takes no less time each.
_MOST_SCORED = 32
# Fewer rows of a batch are not worth another thread.
_LEAST_ROWS = 8


@dataclass(slots=True, eq=False)
class _Reading:
    """A context that is being read: the state after its first ``position`` tokens, and who waits for it."""

    context: Context
    position: int
    state: FloatArray
    jobs: list[Job] = field(default_factory=list)


class Batcher:
    """Reads contexts and finds what follows them, from ``start`` to ``close``."""

    def __init__(
        self,
        model: LanguageModel,
        cache: StateCache,
        batch_limit: int,
        threads: int,
        statistics: Statistics,
    ) -> None:
        self.model, self.cache = model, cache
        self._next_words = NextWords(model)
        self.batch_limit, self.threads, self.statistics = batch_limit, threads, statistics
        self._others = ThreadPoolExecutor(max(1, threads - 1), "products", _one_blas_thread)
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._readings: dict[Context, _Reading] = {}
        # By their contexts: the output after each, and who waits for its logits.
        self._unscored: dict[Context, tuple[FloatArray, list[Job]]] = {}
        # Reused for each product: fresh memory of this size costs a page fault every 4 KiB.
        rows = min(batch_limit, _MOST_SCORED)
        self._logits = np.empty((rows, model.network.output_width), model.network.weights["bias"].dtype)
        self._results: list[tuple[asyncio.Future[Any], Any]] = []
        self._has_successor = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    @property
    def queued(self) -> int:
        """How many jobs the thread has not taken yet."""
        return self._queue.qsize()

    @property
    def is_running(self) -> bool:
        """Whether the thread lives."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, job: Job) -> None:
        """Queue a job."""
        self._queue.put(job)

    def close(self, has_successor: bool) -> None:
        """Answer what is queued, then end the thread; nothing may be queued any more.

        BLAS may use threads of its own again then, unless it ``has_successor``, which will not have it either.
        """
        self._has_successor = has_successor
        self._queue.put(None)
        self._thread.join()

    def output(self, context: Context, entry: Entry) -> FloatArray:
        """The projected output of a kept state, which one that was only passed through does not have yet.

        For any thread.
        """
        if entry.output is None:
            entry = Entry(entry.state, self.model.network.project(entry.state[0]))
            self.cache.put(context, entry)
        assert entry.output is not None
        return entry.output

    def _run(self) -> None:
        # Of the whole process or of this thread only, as the BLAS library has it; so it is set in this thread.
        limits = _one_blas_thread()
        try:
            self._work()
        finally:
            self._others.shutdown()
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
            self._score()
            self._tell()

    def _take(self) -> bool:
        """Take in what is queued, and wait for something where there is nothing to do; false at the end."""
        # Not all at once: what is read already is answered in this round, and the others wait for that.
        for _ in range(self.batch_limit):
            busy = bool(self._readings or self._unscored or self._results)
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
        if job.wanted is not Wanted.OUTPUT:
            logits = self.cache.logits(job.context)
            if logits is not None:
                self._answer(job, logits)
                return
        reading = self._readings.get(job.context)
        if reading is not None:
            reading.jobs.append(job)
            return
        length, entry = self.cache.longest(job.context)
        if entry is not None and length == len(job.context):
            self._read(job, self.output(job.context, entry))
            return
        state = self.model.network.zero_state(1)[:, 0] if entry is None else entry.state
        self._readings[job.context] = _Reading(job.context, length, state, [job])

    def _read(self, job: Job, output: FloatArray) -> None:
        """The context of a job is read: that is all it wanted, or its logits are still to be found."""
        if job.wanted is Wanted.OUTPUT:
            self._results.append((job.future, output))
        else:
            self._unscored.setdefault(job.context, (output, []))[1].append(job)

    def _step(self) -> None:
        """Read one more token of every context that somebody still waits for."""
        for reading in list(self._readings.values()):
            if all(job.future.cancelled() for job in reading.jobs):
                del self._readings[reading.context]
        readings = list(self._readings.values())
        if len(readings) > self.batch_limit:
            # Half of those that fit came first, so that nobody waits for ever; the others are those soonest read.
            first = -(-self.batch_limit // 2)
            soonest = sorted(readings[first:], key=lambda reading: len(reading.context) - reading.position)
            readings = readings[:first] + soonest[: self.batch_limit - first]
        if not readings:
            return
        self.statistics.batches[len(readings)] += 1
        ids = np.array([reading.context[reading.position] for reading in readings])
        before = self.model.network.zero_state(len(readings))
        for i, reading in enumerate(readings):
            before[:, i] = reading.state
        states = np.empty_like(before)

        def step(part: slice) -> None:
            states[:, part] = self.model.network.step(ids[part], before[:, part])

        self._in_parts(len(readings), step)
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
                output = self.output(reading.context, entry)
                del self._readings[reading.context]
                for job in reading.jobs:
                    self._read(job, output)

    def _score(self) -> None:
        """Find the logits after some contexts: one product with the whole output layer for all of them."""
        batch: list[tuple[Context, FloatArray, list[Job]]] = []
        while self._unscored and len(batch) < len(self._logits):
            context = next(iter(self._unscored))
            output, jobs = self._unscored.pop(context)
            if jobs := [job for job in jobs if not job.future.cancelled()]:
                batch.append((context, output, jobs))
        if not batch:
            return
        self.statistics.lookups[SCORED] += len(batch)

        def score(part: slice) -> None:
            self.model.network.logits(outputs[part], out=self._logits[part])

        try:
            outputs = np.stack([output for _, output, _ in batch])
            self._in_parts(len(batch), score)
        except Exception as error:
            self._results.extend((job.future, error) for _, _, jobs in batch for job in jobs)
            return
        for (context, _, jobs), row in zip(batch, self._logits, strict=False):
            kept = row[: self.model.network.config.vocabulary].copy()
            self.cache.put_logits(context, kept)
            for job in jobs:
                self._answer(job, kept)

    def _in_parts(self, rows: int, work: Callable[[slice], None]) -> None:
        """Do ``work`` on so many rows, a part of them in each thread: NumPy lets others run while it multiplies."""
        parts = max(1, min(self.threads, rows // _LEAST_ROWS))
        slices = [slice(rows * i // parts, rows * (i + 1) // parts) for i in range(parts)]
        others = [self._others.submit(work, part) for part in slices[1:]]
        try:
            work(slices[0])
        finally:
            wait(others)
        for other in others:
            other.result()

    def _answer(self, job: Job, logits: FloatArray) -> None:
        """What a job wanted, now that the logits after its context are known."""
        if not isinstance(job.wanted, NextWord):
            self._results.append((job.future, logits))
            return
        result: Any
        try:
            result = self._next_words.suggest(job.wanted.query, logits, job.wanted.limit, job.wanted.min_probability)
        except Exception as error:
            result = error
        self._results.append((job.future, result))

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


def _one_blas_thread() -> threadpool_limits:
    return threadpool_limits(1, user_api="blas")


def _settle(results: "list[tuple[asyncio.Future[Any], Any]]") -> None:
    for future, result in results:
        if future.done():
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
