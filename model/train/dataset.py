"""The dataset: a corpus as token ids on disk, and the order in which training goes through it.

``ids.bin`` holds all documents one after the other (uint16 up to 65,536 tokens, else uint32),
``documents.npy`` where each begins and which source it is from. The ids are memory-mapped, so a text of any size takes
little memory.
"""

import itertools
import json
import multiprocessing
import os
import signal
import threading
from array import array
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from model.arrays import FloatArray, IntArray
from model.errors import UserError
from model.text.corpus import Recipe, documents, files_of, typed_documents
from model.text.encoding import encode_documents, id_type
from model.text.tokens import LINE_END
from model.text.vocabulary import Vocabulary
from model.train.stretches import Stretches
from model.train.words.counts import Counts, batched_documents, count_documents
from model.train.words.vocabulary import VocabularyOptions, choose_vocabulary

T = TypeVar("T")
# Takes the name of a stage, and how many more lines or tokens of it are done.
Progress = Callable[[str, int], None]

# Where no validation text is named, every n-th document is held out.
HELD_OUT_EVERY = 50
# Worker processes for the preparation; more wait for the one that hands them the text.
PROCESSES = min(os.cpu_count() or 1, 8)


def _in_processes(work: Callable[[Any], T], batches: Iterable[Any], processes: int) -> Iterator[T]:
    """Map in worker processes, in order, with only a few batches in flight."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_ignore_interrupts) as pool:
        waiting: list[Future[T]] = []
        try:
            for batch in batches:
                with _stops_held():
                    waiting.append(pool.submit(work, batch))
                if len(waiting) > 2 * processes:
                    yield waiting.pop(0).result()
            for future in waiting:
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def _stops_held() -> Iterator[None]:
    """Hold back what stops the process: a worker that is started just then would be left half started."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears of signals
        return
    came: list[int] = []
    handlers = {s: signal.signal(s, lambda number, _: came.append(number)) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for stopped_by in came:
        signal.raise_signal(stopped_by)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C, which reaches every process of a terminal, to the parent; it ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def check_sources(recipe: Recipe) -> None:
    """Raise ``UserError`` for a path that names no text, before any work is done."""
    for path in [source.path for source in recipe.sources] + recipe.validation:
        files_of(path)


def count(recipe: Recipe, processes: int, progress: Progress) -> Counts:
    """Count all sources in worker processes; ``UserError`` where there is no text."""
    total = Counts()
    for number, source in enumerate(recipe.sources):
        batches = batched_documents(typed_documents(source))
        for counts in _in_processes(count_documents, batches, processes):
            total.merge(counts, number, source.weight, source.private)
            progress(f"counting the lines of {source.name}", counts.marks[LINE_END])
    if not total.documents:
        raise UserError(f"{recipe.sources[0].path}: there is no text in it")
    return total


class Epoch(NamedTuple):
    """An epoch of a run: its seed and number, and whether the sources have their late weights."""

    seed: int
    number: int
    late: bool


class Dataset:
    """A prepared folder: the vocabulary, the encoded documents, and the validation ids."""

    carries_state = False

    def __init__(self, folder: Path, vocabulary: Vocabulary) -> None:
        kind = id_type(len(vocabulary))
        self.folder, self.vocabulary = folder, vocabulary
        weights = json.loads((folder / "corpus.json").read_text("utf-8"))
        self.weights: list[float] = weights["weights"]
        self.late_weights: list[float] = weights["late_weights"]
        self.ids: IntArray = np.memmap(folder / "ids.bin", dtype=kind, mode="r")
        self.validation: IntArray = np.fromfile(folder / "validation.bin", dtype=kind)
        self._bounds, self._source = np.load(folder / "documents.npy")

    def document_count(self) -> int:
        """Count the documents that are trained on."""
        return len(self._bounds) - 1

    def epoch_tokens(self) -> int:
        """Compute the expected number of tokens in an epoch."""
        return int((np.diff(self._bounds) * np.asarray(self.weights)[self._source[:-1]]).sum())

    def by_source(self) -> Iterator[IntArray]:
        """Yield the ids of each source, one document after the other."""
        lengths = np.diff(self._bounds)
        for number in range(len(self.weights)):
            yield self.ids[np.repeat(self._source[:-1] == number, lengths)]

    def token_weights(self) -> FloatArray:
        """Give each token of ``ids`` the weight of its source, (N,) float32."""
        weight = np.asarray(self.weights, dtype=np.float32)[self._source[:-1]]
        return np.repeat(weight, np.diff(self._bounds))

    @cached_property
    def stretches(self) -> Stretches:
        """The stretches of the documents of each source."""
        sources = np.arange(len(self.weights))
        ends = self._bounds[np.searchsorted(self._source[:-1], sources, side="right")]
        return Stretches(self.ids, ends, self.vocabulary)

    def windows(self, epoch: Epoch, batch: int, length: int, skip: int) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield inputs and targets (T, B) of an epoch, T = ``length``, without the first ``skip`` pairs."""
        weights = np.asarray(self.late_weights if epoch.late else self.weights)
        rng = np.random.default_rng([epoch.seed, epoch.number])
        places = self.stretches.places(weights, length, rng)
        if len(places) < batch:
            raise UserError(
                f"too little text: an epoch has {len(places)} stretches of {length} tokens, a batch {batch}"
            )
        return self.stretches.windows(places, batch, length, skip)


def lanes(ids: IntArray, batch: int, length: int, skip: int) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield inputs and targets (T, B), T = ``length``, from ``batch`` places that move on side by side.

    Each pair goes on where the last one ended, so that the state can be carried over; the first ``skip`` pairs are
    left out.
    """
    reach = (len(ids) - 1) // batch
    if reach < length:
        raise UserError(f"too little text: an epoch has {len(ids)} tokens, a batch needs {batch * length}")
    begins = np.arange(batch) * reach
    for t in range(skip * length, reach - length + 1, length):
        window = np.stack([ids[b + t : b + t + length + 1] for b in begins], axis=1).astype(np.int64)
        yield window[:-1], window[1:]


def prepare(recipe: Recipe, folder: Path, options: VocabularyOptions, *, processes: int, progress: Progress) -> Dataset:
    """Count the corpus, choose the vocabulary, and encode: everything that training needs, in ``folder``."""
    check_sources(recipe)
    # The counts are handed on without a name, so that they are gone while the text is encoded.
    vocabulary = choose_vocabulary(count(recipe, processes, progress), len(recipe.sources), options)
    folder.mkdir(parents=True, exist_ok=True)
    kind = id_type(len(vocabulary))
    # Arrays: of a long text in short documents, lists of as many numbers would take gigabytes.
    bounds, source_of = array("q", [0]), array("q")
    held_out: list[IntArray] = []
    with (folder / "ids.bin").open("wb") as file:
        for number, source in enumerate(recipe.sources):
            batches = batched_documents(typed_documents(source))
            for encoded in _in_processes(partial(encode_documents, vocabulary, True), batches, processes):
                for ids in encoded:
                    if not recipe.validation and (len(bounds) + len(held_out)) % HELD_OUT_EVERY == 0:
                        held_out.append(ids)
                        continue
                    file.write(ids.tobytes())
                    bounds.append(bounds[-1] + len(ids))
                    source_of.append(number)
                progress(f"encoding the tokens of {source.name}", sum(map(len, encoded)))
    for path in recipe.validation:
        held_out += itertools.chain.from_iterable(
            encode_documents(vocabulary, False, batch) for batch in batched_documents(documents(path))
        )
    if recipe.validation and not held_out:
        raise UserError(f"{recipe.validation[0]}: there is no text in it")
    if not held_out:
        bounds[-1], held_out = _hold_out_tail(folder / "ids.bin", bounds, kind)
    np.concatenate(held_out).astype(kind).tofile(folder / "validation.bin")
    np.save(folder / "documents.npy", np.stack([np.asarray(bounds), np.append(source_of, -1)]))
    (folder / "words.txt").write_text("".join(vocabulary.lines()), "utf-8")
    weights = {
        "weights": [source.weight for source in recipe.sources],
        "late_weights": [source.late_weight for source in recipe.sources],
    }
    (folder / "corpus.json").write_text(json.dumps(weights), "utf-8")
    return Dataset(folder, vocabulary)


def _hold_out_tail(path: Path, bounds: "array[int]", kind: Any) -> tuple[int, list[IntArray]]:
    """Hold out the end of the last of a few documents, a fiftieth of all tokens at most."""
    last = bounds[-1] - bounds[-2]
    tail = max(2, min(last // 2, bounds[-1] // HELD_OUT_EVERY))
    ids: IntArray = np.fromfile(path, dtype=kind)
    return bounds[-1] - tail, [ids[-tail:]]
