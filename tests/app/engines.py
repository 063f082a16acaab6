"""Engines that run while a test works with them, and what to ask of them."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from app.inference.batching.state_cache import StateCache
from app.inference.engine import Engine
from model.lm.language_model import LanguageModel
from model.search.place.query import Query
from model.search.ranking import Suggestion
from tests.app.counting import CountingNetwork
from tests.model.tiny_model import WORDS, read

MEGABYTE = 2**20


def run(
    model: LanguageModel,
    work: Callable[[Engine], Awaitable[Any]],
    cache: int = MEGABYTE,
    batch_limit: int = 8,
    queue_limit: int = 500,
    threads: int = 1,
) -> Any:
    """Do some work with a running engine."""

    async def whole() -> Any:
        engine = Engine(model, StateCache(cache), batch_limit, queue_limit, blas_threads=threads)
        engine.start()
        try:
            return await work(engine)
        finally:
            await asyncio.to_thread(engine.close)

    return asyncio.run(whole())


def queries(model: LanguageModel, count: int) -> list[Query]:
    """Places in random texts, short and long ones, completions and next words."""
    rng = random.Random(5)
    words = sorted(WORDS)
    made = []
    for _ in range(count):
        text = " ".join(rng.choices(words, k=rng.choice([1, 2, 5, 30])))
        endpoint = rng.choice(["complete", "next-word"])
        made.append(read(model, endpoint, text, rng.randint(0, len(text))))
    return made


async def typed(engine: Engine, text: str) -> list[Suggestion]:
    return await engine.suggest(read(engine.model, "complete", text), 5, 0.0)


async def parked(engine: Engine, network: CountingNetwork, text: str) -> "asyncio.Task[list[Suggestion]]":
    """A request that the thread is reading a token of, and cannot go on with before ``go_on`` is set."""
    network.go_on.clear()
    network.in_step.clear()
    task = asyncio.create_task(typed(engine, text))
    await asyncio.to_thread(network.in_step.wait)
    return task
