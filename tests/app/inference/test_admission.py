"""Turns: how many requests begin at once, in which order, and what becomes of those that leave."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import httpx
import pytest

from app.inference.admission import PER_TURN, Admission
from tests.app.conftest import MakeApp
from tests.app.counting import counting
from tests.model.tiny_model import random_model
from tests.serving import serving

MANY = 5 * PER_TURN


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await work()

    asyncio.run(whole())


async def crowd(
    admission: Admission, entered: list[int], go: asyncio.Event, count: int = MANY
) -> "list[asyncio.Task[None]]":
    """So many tasks that want to enter, and stay until they may go."""

    async def enter(number: int) -> None:
        async with admission:
            entered.append(number)
            await go.wait()

    return [asyncio.create_task(enter(number)) for number in range(count)]


async def rounds(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_only_so_many_enter_in_one_round_of_the_loop() -> None:
    async def work() -> None:
        admission, entered = Admission(limit=MANY), list[int]()
        await crowd(admission, entered, asyncio.Event())
        # Beside them runs what counts the rounds.
        seen = [0]
        while len(entered) < MANY:
            await asyncio.sleep(0)
            seen.append(len(entered))
            assert len(entered) + len(admission) == MANY, "whoever is not in yet waits"
        assert max(b - a for a, b in pairwise(seen)) <= PER_TURN
        assert entered == list(range(MANY)), "first come, first served"

    run(work)


def test_whoever_is_inside_keeps_the_others_out() -> None:
    async def work() -> None:
        admission, entered, go = Admission(limit=3), list[int](), asyncio.Event()
        tasks = await crowd(admission, entered, go, 5)
        await rounds()
        assert entered == [0, 1, 2] and admission.admitted == 3 and len(admission) == 2
        tasks[1].cancel()
        await rounds()
        assert entered == [0, 1, 2, 3] and admission.admitted == 3 and len(admission) == 1
        go.set()
        await asyncio.wait(tasks)
        assert entered == [0, 1, 2, 3, 4] and admission.admitted == len(admission) == 0

    run(work)


@pytest.mark.parametrize("late", [False, True])
def test_whoever_gives_up_waiting_takes_nobodys_place(late: bool) -> None:
    async def work() -> None:
        admission, entered, go = Admission(limit=1), list[int](), asyncio.Event()
        tasks = await crowd(admission, entered, go, 4)
        await rounds()
        if late:
            # The place is free and given to the next one, who is gone before it knows.
            tasks[0].cancel()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        tasks[1].cancel()
        tasks[2].cancel()
        await rounds()
        assert len(admission) == (0 if late else 1), "who has gone no longer waits"
        go.set()
        await asyncio.wait(tasks)
        assert entered == [0, 3] and admission.admitted == 0

    run(work)


def test_a_failure_leaves_too() -> None:
    async def work() -> None:
        admission = Admission(1)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                async with admission:
                    raise ZeroDivisionError
        assert admission.admitted == 0

    run(work)


def test_bodies_that_do_not_come_hold_up_nobody(make_app: MakeApp) -> None:
    head = b"POST /complete HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n"

    async def ask(address: str) -> int:
        url = httpx.URL(address)
        silent = [await asyncio.open_connection(url.host, url.port) for _ in range(8)]
        for _, writer in silent:
            writer.write(head)
            await writer.drain()
        async with httpx.AsyncClient(base_url=address, timeout=60) as client:
            status = (await client.post("/complete", json={"text": "the dog e"})).status_code
        for _, writer in silent:
            writer.close()
        return status

    with serving(make_app(batch_limit=1, queue_limit=2)) as address:
        assert asyncio.run(ask(address)) == 200


def test_the_metrics_tell_how_many_wait(make_app: MakeApp) -> None:
    model, network = counting(random_model())

    async def ask(address: str) -> list[int]:
        async with httpx.AsyncClient(base_url=address, timeout=60) as client:
            network.go_on.clear()
            texts = [f"{'the ' * n}dog a" for n in range(4)]
            tasks = [asyncio.create_task(client.post("/complete", json={"text": text})) for text in texts]
            # Two are inside, as batches are of one here, and two wait for their turn.
            while 'tsuzuki_waiting_requests{model="tiny"} 4.0' not in (await client.get("/metrics")).text:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            network.go_on.set()
            return [response.status_code for response in await asyncio.gather(*tasks)]

    with serving(make_app(model, batch_limit=1)) as address:
        assert asyncio.run(ask(address)) == [200] * 4
