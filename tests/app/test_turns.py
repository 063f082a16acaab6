"""Turns: how many requests begin at once, in which order, and what becomes of those that leave or are too many."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from app.turns import EACH_ROUND, TurnMiddleware, Turnstile
from tests.app.conftest import MakeApp
from tests.app.counting import counting
from tests.model.tiny_model import random_model
from tests.serving import serving

MANY = 5 * EACH_ROUND


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await work()

    asyncio.run(whole())


async def crowd(turnstile: Turnstile, entered: list[int], count: int = MANY) -> "list[asyncio.Task[None]]":
    """So many tasks that want to enter and then stay; they have been begun."""

    async def enter(number: int) -> None:
        await turnstile.enter()
        entered.append(number)

    return [asyncio.create_task(enter(number)) for number in range(count)]


def test_only_so_many_enter_in_one_round_of_the_loop() -> None:
    async def work() -> None:
        turnstile, entered = Turnstile(most_inside=MANY), list[int]()
        await crowd(turnstile, entered)
        # Beside them runs what counts the rounds.
        seen = [0]
        while len(entered) < MANY:
            await asyncio.sleep(0)
            seen.append(len(entered))
        assert max(b - a for a, b in pairwise(seen)) <= EACH_ROUND
        assert entered == list(range(MANY)), "first come, first served"

    run(work)


def test_whoever_is_inside_keeps_the_others_out() -> None:
    async def work() -> None:
        turnstile, entered = Turnstile(most_inside=3), list[int]()
        tasks = await crowd(turnstile, entered, 5)
        for _ in range(10):
            await asyncio.sleep(0)
        assert entered == [0, 1, 2] and turnstile.inside == 3 and len(turnstile) == 2
        turnstile.leave()
        await tasks[3]
        assert entered == [0, 1, 2, 3]
        for _ in range(4):
            turnstile.leave()
        await asyncio.gather(*tasks)
        assert turnstile.inside == 0 and len(turnstile) == 0

    run(work)


def test_whoever_gives_up_takes_nobodys_place() -> None:
    async def work() -> None:
        turnstile, entered = Turnstile(most_inside=1), list[int]()
        tasks = await crowd(turnstile, entered, 4)
        for _ in range(5):
            await asyncio.sleep(0)
        tasks[1].cancel()
        turnstile.leave()
        # Let in, but gone before it knew.
        await asyncio.sleep(0)
        tasks[2].cancel()
        await asyncio.wait(tasks)
        assert entered == [0, 3] and turnstile.inside == 1

    run(work)


def test_a_failure_leaves_too() -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        raise AssertionError

    async def work() -> None:
        turnstile = Turnstile(1)
        middleware = TurnMiddleware(failing, turnstile, 1, frozenset({"/complete"}))
        for path in ("/complete", "/models"):
            with pytest.raises(ZeroDivisionError):
                await middleware({"type": "http", "path": path}, receive, send)
            assert turnstile.inside == 0

    run(work)


def test_the_metrics_tell_how_many_wait_for_their_turn(make_app: MakeApp) -> None:
    model, network = counting(random_model())

    async def ask(address: str) -> list[int]:
        async with httpx.AsyncClient(base_url=address, timeout=60) as client:
            network.go_on.clear()
            texts = [f"{'the ' * n}dog a" for n in range(4)]
            tasks = [asyncio.create_task(client.post("/complete", json={"text": text})) for text in texts]
            # Two are worked on at a time, as batches are of one here.
            while "tsuzuki_delayed_requests 2.0" not in (await client.get("/metrics")).text:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            network.go_on.set()
            return [response.status_code for response in await asyncio.gather(*tasks)]

    with serving(make_app(model, batch_limit=1)) as address:
        assert asyncio.run(ask(address)) == [200] * 4
