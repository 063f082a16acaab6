"""What the event loop asks of the batcher's thread, and what both count."""

import asyncio
from collections.abc import MutableSequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NamedTuple

from app.inference.state_cache import Context
from model.search.query import Query


class Wanted(Enum):
    """What is asked for after a context: the network's projected output (E,), or the logits (V,)."""

    OUTPUT = auto()
    LOGITS = auto()


class NextWord(NamedTuple):
    """A next word that is asked for."""

    query: Query
    limit: int
    min_probability: float


class Job(NamedTuple):
    """A request in the queue: a context, what is wanted after it, and the future for that.

    For a ``NextWord`` it gets the suggestions.
    """

    context: Context
    wanted: Wanted | NextWord
    future: "asyncio.Future[Any]"


HIT, MISS, SCORED = range(3)


@dataclass(slots=True)
class Statistics:
    """What an engine did so far: read by anybody, in memory that other processes may share.

    ``lookups``: requests whose context had been read (``HIT``), those for which there was something to read
    (``MISS``), and contexts that the logits were found of (``SCORED``); ``batches``: how often a batch had each size.
    """

    lookups: "MutableSequence[float] | memoryview[float]"
    batches: "MutableSequence[float] | memoryview[float]"
