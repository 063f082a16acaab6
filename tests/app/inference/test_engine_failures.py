"""The scheduler where something fails, somebody leaves, too many come, or it ends."""

import asyncio

import pytest

from app.errors import BusyError, NotReadyError
from app.inference.batching.state_cache import StateCache
from app.inference.engine import Engine
from model.lm.language_model import LanguageModel
from tests.app.counting import counting
from tests.app.engines import parked, queries, run, typed
from tests.model.tiny_model import read


def test_a_failure_in_another_thread_reaches_those_who_wait(tiny_model: LanguageModel) -> None:
    model, network = counting(tiny_model)

    async def work(engine: Engine) -> None:
        asked = queries(tiny_model, 60)
        network.go_on.clear()
        network.in_step.clear()
        tasks = [asyncio.create_task(engine.suggest(query, 5, 0.0)) for query in asked]
        await asyncio.to_thread(network.in_step.wait)
        network.logits_error = MemoryError("on purpose")
        network.go_on.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(answer) for answer in found} == {MemoryError}
        network.logits_error, network.error = None, ZeroDivisionError("on purpose")
        found = await asyncio.gather(
            *(engine.suggest(query._replace(context=(*query.context, 7)), 5, 0.0) for query in asked),
            return_exceptions=True,
        )
        assert {type(answer) for answer in found} == {ZeroDivisionError}
        network.error = None
        assert await typed(engine, "the dog e")

    run(model, work, batch_limit=64, threads=3)


def test_a_failure_reaches_those_who_wait_and_nobody_else(tiny_model: LanguageModel) -> None:
    model, network = counting(tiny_model)

    async def work(engine: Engine) -> None:
        await typed(engine, "the dog e")
        network.error = ZeroDivisionError("on purpose")
        failed = await asyncio.gather(typed(engine, "my cat"), typed(engine, "a big"), return_exceptions=True)
        assert [type(error) for error in failed] == [ZeroDivisionError] * 2
        assert await typed(engine, "the dog ea"), "what is kept needs no step"
        with pytest.raises(ZeroDivisionError):
            await typed(engine, "hi")
        network.error, network.project_error = None, FloatingPointError()
        with pytest.raises(FloatingPointError):
            await typed(engine, "a do")
        network.project_error = None
        assert await typed(engine, "my ca")
        assert engine.waiting == 0

    run(model, work)


def test_a_failure_of_the_output_layer_reaches_those_who_wait(tiny_model: LanguageModel) -> None:
    model, network = counting(tiny_model)

    async def work(engine: Engine) -> None:
        queries = [read(model, "next-word", text) for text in ("the dog", "my cat")]
        network.logits_error = MemoryError("on purpose")
        failed = await asyncio.gather(*(engine.suggest(query, 5, 0.0) for query in queries), return_exceptions=True)
        assert [type(error) for error in failed] == [MemoryError] * 2
        network.logits_error = None
        assert all([await engine.suggest(query, 5, 0.0) for query in queries]), "the thread goes on"
        assert engine.waiting == 0

    run(model, work)


def test_a_query_that_cannot_be_answered_fails_alone(tiny_model: LanguageModel) -> None:
    async def work(engine: Engine) -> None:
        good = read(tiny_model, "complete", "the dog e")
        outside = good._replace(context=(good.context[0], 10**6))
        with pytest.raises(IndexError):
            await engine.suggest(outside, 5, 0.0)
        with pytest.raises(TypeError):
            await engine.suggest(good._replace(context=[1, 2]), 5, 0.0)  # type: ignore[arg-type]
        assert await engine.suggest(good, 5, 0.0)

    run(tiny_model, work)


def test_whoever_no_longer_waits_is_not_read_for(tiny_model: LanguageModel) -> None:
    model, network = counting(tiny_model)

    async def work(engine: Engine) -> None:
        first = await parked(engine, network, "my ca")
        left = asyncio.create_task(typed(engine, "the dog eats the food of the cat a"))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.wait([left])
        network.go_on.set()
        assert await first
        assert await typed(engine, "my caf")
        assert left.cancelled()
        assert network.tokens_read == 2
        assert engine.waiting == 0

    run(model, work)


def test_too_many_are_refused_at_once(tiny_model: LanguageModel) -> None:
    model, network = counting(tiny_model)

    async def work(engine: Engine) -> None:
        first = await parked(engine, network, "my ca")
        second = asyncio.create_task(typed(engine, "the dog"))
        await asyncio.sleep(0)
        with pytest.raises(BusyError, match="2 requests are waiting already"):
            await typed(engine, "hello")
        network.go_on.set()
        assert await first and await second
        assert await typed(engine, "hell")

    run(model, work, queue_limit=2)


def test_the_end_answers_what_is_queued_and_refuses_what_comes_later(tiny_model: LanguageModel) -> None:
    model, network = counting(tiny_model)

    async def work(engine: Engine) -> None:
        waiting = [await parked(engine, network, "my ca")]
        waiting += [asyncio.create_task(typed(engine, f"{word} dog")) for word in ("the", "a", "my", "big")]
        await asyncio.sleep(0)
        end = asyncio.create_task(asyncio.to_thread(engine.close))
        network.go_on.set()
        await end
        with pytest.raises(NotReadyError):
            await typed(engine, "hello")
        assert all([await task for task in waiting])
        assert not engine.batcher.is_running

    run(model, work, batch_limit=3)


def test_an_engine_that_was_never_started_can_be_closed(tiny_model: LanguageModel) -> None:
    Engine(tiny_model, StateCache(0), 1, 1).close()
