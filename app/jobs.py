"""What the event loop asks of the batcher's thread."""

import asyncio
from enum import Enum, auto
from typing import Any, NamedTuple

from app.cache import Context
from model.suggest import Query


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
