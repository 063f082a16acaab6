"""Continuous batching: the thread of one model, which steps the contexts of all waiting requests together.

Each round takes the queued jobs (there is no timer), steps every unfinished context by one token in a single product,
and multiplies the outputs of the finished ones with the whole output layer in another. So a long new context never
holds up a short one for more than a round. Texts that are written on take only rounds in which nothing else is to do.
"""

import asyncio
import threading
import time
from collections import deque
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

from app.inference.batching.jobs import SCORED, Draw, Job, NextWord, Statistics, Wanted
from app.inference.batching.prefill import Prefill, next_inputs
from app.inference.batching.products import Products, one_blas_thread
from app.inference.batching.state_cache import Context, Entry, StateCache
from model.arrays import FloatArray
from model.lm.language_model import LanguageModel
from model.search.next_words import NextWords
from model.search.writing.phrases import Followers

# The cached states of a new context: the last two (a person may delete the last word again), and every eighth, from
# which the ones between are a few steps away.
_LAST_KEPT = 2
_EVERY_KEPT = 8
# The most contexts whose logits are computed in one round: with more, each takes no less time.
_MOST_SCORED = 32
# The seconds after which a text that is written on has its turn, though others wait: without it, it might never end.
_LONGEST_REST = 1.0


class Batcher:
    """Computes states, outputs and logits after contexts, from ``start`` to ``close``."""

    def __init__(
        self,
        model: LanguageModel,
        next_words: NextWords,
        followers: Followers,
        cache: StateCache,
        batch_limit: int,
        threads: int,
        statistics: Statistics,
    ) -> None:
        self.model, self.cache = model, cache
        self._next_words, self._followers = next_words, followers
        self.batch_limit, self.statistics = batch_limit, statistics
        self._products = Products(threads)
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        # Draws, and when each came: they wait until nobody waits for a suggestion.
        self._draws: deque[tuple[float, Job]] = deque()
        self._prefills: dict[Context, Prefill] = {}
        # By context: the output after it, and the jobs that wait for its logits.
        self._unscored: dict[Context, tuple[FloatArray, list[Job]]] = {}
        # Reused for each product: fresh memory of this size costs a page fault every 4 KiB.
        rows = min(batch_limit, _MOST_SCORED)
        self._logits = np.empty((rows, model.network.output_width), model.network.weights["bias"].dtype)
        self._results: list[tuple[asyncio.Future[Any], Any]] = []
        self._has_successor = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    @property
    def queued(self) -> int:
        """The number of jobs that the thread has not taken yet."""
        return self._queue.qsize()

    @property
    def is_running(self) -> bool:
        """True while the thread lives."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, job: Job) -> None:
        """Queue a job."""
        self._queue.put(job)

    def close(self, has_successor: bool) -> None:
        """Answer the queued jobs, then end the thread; nothing may be queued any more.

        BLAS may use threads of its own again after that, unless a batcher comes after this one (``has_successor``).
        """
        self._has_successor = has_successor
        self._queue.put(None)
        self._thread.join()

    def output(self, context: Context, entry: Entry) -> FloatArray:
        """Return the projected output (E,) of a cached state, and compute it where that was not done yet.

        Any thread may call it.
        """
        if entry.output is None:
            entry = Entry(entry.state, self.model.network.project(entry.state))
            self.cache.put(context, entry)
        assert entry.output is not None
        return entry.output

    def _run(self) -> None:
        # Of the whole process or of this thread only, as the BLAS library has it; so it is set in this thread.
        limits = one_blas_thread()
        try:
            self._work()
        finally:
            self._products.close()
            if not self._has_successor:
                limits.restore_original_limits()

    def _work(self) -> None:
        while self._take():
            try:
                self._step()
            except Exception as error:  # any: the waiting requests must be told, and the thread go on
                for prefill in self._prefills.values():
                    self._results.extend((job.future, error) for job in prefill.jobs)
                self._prefills.clear()
            self._score()
            self._tell()

    def _take(self) -> bool:
        """Take queued jobs, and wait for one where there is nothing to do. Returns False at the end."""
        # Not all at once: the jobs that are finished are answered in this round, and wait for this.
        for _ in range(self.batch_limit):
            busy = self._is_busy or bool(self._draws)
            try:
                job = self._queue.get(block=not busy)
            except Empty:
                break
            if job is None:
                # The end: nothing is queued behind it. It goes back until everything else is answered.
                self._queue.put(None)
                if not busy:
                    return False
                break
            if isinstance(job.wanted, Draw):
                self._draws.append((time.monotonic(), job))
            else:
                self._begin(job)
        # All at once: a batch of some takes little longer than one.
        if self._draws and (not self._is_busy or time.monotonic() - self._draws[0][0] > _LONGEST_REST):
            while self._draws:
                self._begin(self._draws.popleft()[1])
        return True

    @property
    def _is_busy(self) -> bool:
        return bool(self._prefills or self._unscored or self._results)

    def _begin(self, job: Job) -> None:
        try:
            self._look_up(job)
        except Exception as error:
            self._results.append((job.future, error))

    def _look_up(self, job: Job) -> None:
        if job.future.cancelled():
            return
        prefill = self._prefills.get(job.context)
        if prefill is not None:
            prefill.jobs.append(job)
            return
        length, entry = self.cache.longest(job.context)
        if entry is not None and length == len(job.context):
            self._finish(job, self.output(job.context, entry))
            return
        state = self.model.network.zero_state(1)[0] if entry is None else entry.state
        self._prefills[job.context] = Prefill(job.context, length, state, [job])

    def _finish(self, job: Job, output: FloatArray) -> None:
        """Answer a job whose context is finished, or have the logits computed that it wants."""
        if job.wanted is Wanted.OUTPUT:
            self._results.append((job.future, output))
        else:
            self._unscored.setdefault(job.context, (output, []))[1].append(job)

    def _step(self) -> None:
        """Step every context that a request still waits for by one token."""
        for prefill in list(self._prefills.values()):
            if all(job.future.cancelled() for job in prefill.jobs):
                del self._prefills[prefill.context]
        prefills = list(self._prefills.values())
        if len(prefills) > self.batch_limit:
            # Half are those that came first, so that none waits for ever; the others are the shortest ones.
            first = -(-self.batch_limit // 2)
            soonest = sorted(prefills[first:], key=lambda prefill: len(prefill.context) - prefill.position)
            prefills = prefills[:first] + soonest[: self.batch_limit - first]
        if not prefills:
            return
        self.statistics.batches[len(prefills)] += 1
        inputs = next_inputs(self.model.network, self.cache, prefills)
        before = np.stack([prefill.state for prefill in prefills])
        states = np.empty_like(before)

        def step(part: int, parts: int) -> None:
            rows = slice(len(prefills) * part // parts, len(prefills) * (part + 1) // parts)
            states[rows] = self.model.network.step_on(inputs[rows], before[rows])

        self._products.work(len(prefills), step)
        for i, prefill in enumerate(prefills):
            prefill.state = states[i]
            prefill.position += 1
            self._keep(prefill)

    def _keep(self, prefill: Prefill) -> None:
        length = len(prefill.context)
        if prefill.position > length - _LAST_KEPT or prefill.position % _EVERY_KEPT == 0:
            # A copy: a view would keep the states of the whole batch in memory.
            prefill.state = prefill.state.copy()
            entry = Entry(prefill.state)
            self.cache.put(prefill.context[: prefill.position], entry)
            if prefill.position == length:
                output = self.output(prefill.context, entry)
                del self._prefills[prefill.context]
                for job in prefill.jobs:
                    self._finish(job, output)

    def _score(self) -> None:
        """Compute the logits after some contexts: one product with the whole output layer for all of them."""
        batch: list[tuple[Context, FloatArray, list[Job]]] = []
        while self._unscored and len(batch) < len(self._logits):
            context = next(iter(self._unscored))
            output, jobs = self._unscored.pop(context)
            if jobs := [job for job in jobs if not job.future.cancelled()]:
                batch.append((context, output, jobs))
        if not batch:
            return
        self.statistics.lookups[SCORED] += len(batch)

        def score(part: int, parts: int) -> None:
            # Columns, not rows: each thread reads its part of the output layer alone.
            self.model.network.write_logits(outputs, self._logits[: len(batch)], part, parts)

        try:
            outputs = np.stack([output for _, output, _ in batch])
            self._products.work(len(batch), score)
        except Exception as error:
            self._results.extend((job.future, error) for _, _, jobs in batch for job in jobs)
            return
        for (_, _, jobs), row in zip(batch, self._logits, strict=False):
            for job in jobs:
                self._answer(job, row[: self.model.network.config.vocabulary])

    def _answer(self, job: Job, logits: FloatArray) -> None:
        """Answer a job, now that the logits after its context are known; their memory is used again."""
        if job.wanted is Wanted.LOGITS:
            self._results.append((job.future, logits.copy()))
            return
        result: Any
        try:
            if isinstance(job.wanted, NextWord):
                query, limit, least, person = job.wanted
                result = self._next_words.suggest(query, logits, limit, least, person)
            elif isinstance(job.wanted, Draw):
                result = job.wanted.writer.draw(logits)
            else:
                result = self._followers.after(job.context, logits)
        except Exception as error:
            result = error
        self._results.append((job.future, result))

    def _tell(self) -> None:
        """Hand the results to the event loop, all at once: waking it takes longer than a short answer."""
        if not self._results:
            return
        results, self._results = self._results, []
        try:
            results[0][0].get_loop().call_soon_threadsafe(_settle, results)
        except RuntimeError:
            # The loop is closed: no request waits any more.
            return


def _settle(results: "list[tuple[asyncio.Future[Any], Any]]") -> None:
    for future, result in results:
        if future.done():
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
