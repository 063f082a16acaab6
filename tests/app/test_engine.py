"""The scheduler: what it reads and what it does not, batches, failures, and its end."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.cache import StateCache
from app.engine import Engine
from app.errors import BusyError, NotReadyError
from model.served import served
from model.storage import LanguageModel
from model.suggest import Query, Suggestion, read_completion, read_next_word
from tests.app.conftest import MakeApp
from tests.app.counting import CountingNetwork, counting
from tests.model.tiny_model import WORDS

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
        read = rng.choice([read_completion, read_next_word])
        made.append(read(model, text, rng.randint(0, len(text)), 64))
    return made


async def typed(engine: Engine, text: str) -> list[Suggestion]:
    return await engine.suggest(read_completion(engine.model, text, len(text), 64), 5, 0.0)


async def parked(engine: Engine, network: CountingNetwork, text: str) -> "asyncio.Task[list[Suggestion]]":
    """A request that the thread is reading a token of, and cannot go on with before ``go_on`` is set."""
    network.go_on.clear()
    network.in_step.clear()
    task = asyncio.create_task(typed(engine, text))
    await asyncio.to_thread(network.in_step.wait)
    return task


def test_a_letter_reads_nothing_and_a_word_reads_one_token(tiny_model: LanguageModel) -> None:
    model, network = counting(tiny_model)

    async def work(engine: Engine) -> None:
        await typed(engine, "the dog eats a")
        assert network.tokens_read == 4  # the start, and three words
        for text in ("the dog eats ap", "the dog eats app", "the dog eats appl", "the dog eats ap"):
            await typed(engine, text)
        assert network.tokens_read == 4
        await typed(engine, "the dog eats apple f")
        assert network.tokens_read == 5
        await typed(engine, "the dog ea")
        assert network.tokens_read == 5, "the context without its last word is kept too"

    run(model, work)


def test_over_http_a_letter_reads_nothing_and_a_word_reads_one_token(
    make_app: MakeApp, tiny_model: LanguageModel
) -> None:
    model, network = counting(tiny_model)
    with TestClient(make_app(model)) as client:
        client.post("/complete", json={"text": "the dog eats f"})
        network.batches.clear()
        client.post("/complete", json={"text": "the dog eats fo"})
        client.get("/next-word", params={"text": "the dog eats"})
        assert network.tokens_read == 0
        client.post("/complete", json={"text": "the dog eats food a"})
        assert network.tokens_read == 1
        client.post("/complete", json={"text": "the dog eats food an", "model": "other"})
        assert network.tokens_read == 1 + 4, "each model keeps states of its own"


def test_of_a_long_context_states_in_between_are_kept(tiny_model: LanguageModel) -> None:
    model, network = counting(tiny_model)
    words = ["the", "dog", "eats", "food", "and", "my", "cat", "is", "full"] * 3

    async def work(engine: Engine) -> None:
        await typed(engine, " ".join(words) + " a")
        before = network.tokens_read
        await typed(engine, " ".join(words[:20]) + " a")
        assert 0 < network.tokens_read - before < 8

    run(model, work)


def test_without_a_cache_everything_is_read_again(tiny_model: LanguageModel) -> None:
    model, network = counting(tiny_model)

    async def work(engine: Engine) -> None:
        assert await typed(engine, "the dog e") == await typed(engine, "the dog e")

    run(model, work, cache=0)
    assert network.tokens_read == 6


def test_the_same_context_is_read_once_for_all_who_wait(tiny_model: LanguageModel) -> None:
    model, network = counting(tiny_model)

    async def work(engine: Engine) -> None:
        first = await parked(engine, network, "my ca")
        more = [asyncio.create_task(typed(engine, "the dog eats " + prefix)) for prefix in ("a", "f", "d", "a")]
        await asyncio.sleep(0)
        network.go_on.set()
        answers = await asyncio.gather(first, *more)
        assert answers[1] == answers[4]
        # Of "my": the start and one word; of the others three words, their start is the same.
        assert network.tokens_read == 2 + 3

    run(model, work)


def test_waiting_contexts_are_read_in_one_product(tiny_model: LanguageModel) -> None:
    model, network = counting(tiny_model)

    async def work(engine: Engine) -> None:
        first = await parked(engine, network, "my ca")
        texts = [f"{word} dog" for word in ("the", "a", "my", "big", "is", "in", "not", "hi", "or", "us", "may", "can")]
        tasks = [asyncio.create_task(typed(engine, text)) for text in texts]
        await asyncio.sleep(0)
        network.go_on.set()
        await asyncio.gather(first, *tasks)

    run(model, work, batch_limit=8)
    assert max(network.batches) == 8
    assert network.tokens_read <= 2 + 12 * 2


@pytest.mark.parametrize("batch_limit", [1, 3, 64])
def test_together_or_one_by_one_the_answers_are_the_same(tiny_model: LanguageModel, batch_limit: int) -> None:
    asked = queries(tiny_model, 120)

    async def one_by_one(engine: Engine) -> list[list[Suggestion]]:
        return [await engine.suggest(query, 5, 0.0) for query in asked]

    async def together(engine: Engine) -> list[list[Suggestion]]:
        return await asyncio.gather(*(engine.suggest(query, 5, 0.0) for query in asked))

    expected = run(tiny_model, one_by_one, cache=0, batch_limit=1)
    for answers in (run(tiny_model, together, batch_limit=batch_limit), run(tiny_model, together, cache=5000)):
        for answer, alone in zip(answers, expected, strict=True):
            assert [s.text for s in answer] == [s.text for s in alone]
            # A product of many rows rounds otherwise than one of a single row.
            assert [s.probability for s in answer] == pytest.approx([s.probability for s in alone], abs=5e-6)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_served_by_several_threads_the_answers_are_the_same(tiny_model: LanguageModel, threads: int) -> None:
    asked = queries(tiny_model, 120)

    async def together(engine: Engine) -> list[list[Suggestion]]:
        return await asyncio.gather(*(engine.suggest(query, 5, 0.0) for query in asked))

    expected = run(tiny_model, together)
    answers = run(served(tiny_model), together, batch_limit=64, threads=threads)
    for answer, one in zip(answers, expected, strict=True):
        assert [s.text for s in answer] == [s.text for s in one]
        assert [s.probability for s in answer] == pytest.approx([s.probability for s in one], abs=5e-6)


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
        queries = [read_next_word(model, text, len(text), 64) for text in ("the dog", "my cat")]
        network.logits_error = MemoryError("on purpose")
        failed = await asyncio.gather(*(engine.suggest(query, 5, 0.0) for query in queries), return_exceptions=True)
        assert [type(error) for error in failed] == [MemoryError] * 2
        network.logits_error = None
        assert all([await engine.suggest(query, 5, 0.0) for query in queries]), "the thread goes on"
        assert engine.waiting == 0

    run(model, work)


def test_a_query_that_cannot_be_answered_fails_alone(tiny_model: LanguageModel) -> None:
    async def work(engine: Engine) -> None:
        good = read_completion(tiny_model, "the dog e", 9, 64)
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
