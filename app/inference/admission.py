"""Letting requests begin in turns, so that the event loop and the model's thread stay free when there are many."""

import asyncio
from collections import deque

# To look for events takes some microseconds, a request some hundred. A health check waits for one round.
EACH_ROUND = 4


class Turnstile:
    """``async with turnstile`` lets ``EACH_ROUND`` in between two looks of the event loop for events, the others later.

    First come, first served. At most ``most_inside`` are inside at a time: those that only wait there would cost time
    that others need.
    """

    def __init__(self, most_inside: int) -> None:
        self.most_inside = most_inside
        self.inside = 0
        self._left = EACH_ROUND
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._outside = 0
        self._turns_over = False

    def __len__(self) -> int:
        """How many wait, those among them who are let in and have not gone on yet."""
        return self._outside

    async def __aenter__(self) -> None:
        self._turn_over()
        if self._left and self.inside < self.most_inside and not self._waiting:
            self._let_in()
            return
        entered = asyncio.get_running_loop().create_future()
        self._waiting.append(entered)
        self._outside += 1
        try:
            await entered
        except asyncio.CancelledError:
            if not entered.cancelled():  # let in, but gone before it knew
                self._leave()
            elif entered in self._waiting:
                self._waiting.remove(entered)
            raise
        finally:
            self._outside -= 1

    async def __aexit__(self, *error: object) -> None:
        self._leave()

    def _let_in(self) -> None:
        self._left -= 1
        self.inside += 1

    def _leave(self) -> None:
        self.inside -= 1
        if self._waiting:
            self._turn_over()

    def _turn_over(self) -> None:
        if not self._turns_over:
            self._turns_over = True
            # What is called now comes after the loop has looked for events.
            asyncio.get_running_loop().call_soon(self._next_round)

    def _next_round(self) -> None:
        self._turns_over = False
        self._left = EACH_ROUND
        while self._left and self.inside < self.most_inside and self._waiting:
            entered = self._waiting.popleft()
            if not entered.done():  # whoever waited may have gone
                entered.set_result(None)
                self._let_in()
        if self._left < EACH_ROUND:
            self._turn_over()
