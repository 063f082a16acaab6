"""The jobs that the event loop queues for the batcher's thread, and the statistics that both count in."""

import asyncio
from collections.abc import MutableSequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NamedTuple

from app.inference.batching.state_cache import Context
from model.lm.person import Person
from model.search.place.query import Query
from model.search.writing.writer import Writer


class Wanted(Enum):
    """The result that a job asks for after a context.

    The network's projected output (E,), the logits (V,), or what follows by the whole mixture, for a phrase.
    """

    OUTPUT = auto()
    LOGITS = auto()
    FOLLOWING = auto()


class NextWord(NamedTuple):
    """A job that asks for next words."""

    query: Query
    limit: int
    min_probability: float
    person: Person | None = None


class Draw(NamedTuple):
    """A job that asks a writer for what comes next in its text."""

    writer: Writer


class Job(NamedTuple):
    """A request in the queue: a context, the result that is wanted after it, and the future of that.

    A ``NextWord`` gets the suggestions, a ``Draw`` the text to append.
    """

    context: Context
    wanted: Wanted | NextWord | Draw
    future: "asyncio.Future[Any]"


HIT, MISS, SCORED = range(3)


@dataclass(slots=True)
class Statistics:
    """The counts of an engine, in memory that other processes may share.

    ``lookups``: requests whose context was cached (``HIT``), requests whose context was not (``MISS``), and contexts
    whose logits were computed (``SCORED``); ``batches``: the number of batches of each size.
    """

    lookups: "MutableSequence[float] | memoryview[float]"
    batches: "MutableSequence[float] | memoryview[float]"
