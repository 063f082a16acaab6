"""The scheduler: what it reads and what it does not, and batches."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from fastapi.testclient import TestClient

from app.inference.engine import Engine
from model.lm.language_model import LanguageModel
from model.search.ranking import Suggestion
from model.search.writing.writer import LENGTH, Manner, Writer
from tests.app.conftest import MakeApp
from tests.app.counting import counting
from tests.app.engines import parked, queries, run, typed
from tests.model.tiny_model import read


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


def test_a_text_is_written_on_where_nobody_waits_for_a_suggestion(tiny_model: LanguageModel) -> None:
    model, network = counting(tiny_model)
    answered: list[str] = []

    async def write(texts: AsyncGenerator[str, None]) -> None:
        await anext(texts)
        answered.append("written")
        await texts.aclose()

    async def suggest(engine: Engine, text: str) -> None:
        await typed(engine, text)
        answered.append("suggested")

    async def work(engine: Engine) -> None:
        first = await parked(engine, network, "my ca")
        # It was asked for first, and is short; the others are long.
        writer = Writer(model, read(model, "next-word", "the"), False, Manner(5, 0.7, 0.9, 1, LENGTH))
        written = asyncio.create_task(write(engine.write(writer, 60.0)))
        await asyncio.sleep(0)
        suggested = [asyncio.create_task(suggest(engine, f"{word} dog eats my cat a")) for word in ("the", "a", "big")]
        await asyncio.sleep(0)
        network.go_on.set()
        await asyncio.gather(first, written, *suggested)

    run(model, work)
    assert answered == ["suggested"] * 3 + ["written"]


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
    answers = run(tiny_model.for_inference(), together, batch_limit=64, threads=threads)
    for answer, one in zip(answers, expected, strict=True):
        assert [s.text for s in answer] == [s.text for s in one]
        assert [s.probability for s in answer] == pytest.approx([s.probability for s in one], abs=5e-6)
