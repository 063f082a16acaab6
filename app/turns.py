"""Letting requests begin in turns, so that the event loop and the model's thread stay free when there are many."""

import asyncio
from collections import deque

from starlette.types import ASGIApp, Receive, Scope, Send

from app.access import route_path
from app.errors import BusyError, answer

# To look for events takes some microseconds, a request some hundred. A health check waits for one round.
EACH_ROUND = 8


class Turnstile:
    """Lets ``EACH_ROUND`` in between two looks of the event loop for new events, the others one after the other.

    At most ``most_inside`` are inside at a time: those that only wait there would cost time that others need.
    """

    def __init__(self, most_inside: int) -> None:
        self.most_inside = most_inside
        self.inside = 0
        self._left = EACH_ROUND
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._turns_over = False

    def __len__(self) -> int:
        return len(self._waiting)

    async def enter(self) -> None:
        """Wait for one's turn."""
        self._turn_over()
        if self._left and self.inside < self.most_inside and not self._waiting:
            self._left -= 1
            self.inside += 1
            return
        entered = asyncio.get_running_loop().create_future()
        self._waiting.append(entered)
        try:
            await entered
        except asyncio.CancelledError:
            if entered.done() and not entered.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Whoever was let in goes."""
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
                self._left -= 1
                self.inside += 1
        if self._left < EACH_ROUND:
            self._turn_over()


class TurnMiddleware:
    """Has requests for suggestions wait for their turn; where too many do, the next ones are refused at once."""

    def __init__(self, app: ASGIApp, turnstile: Turnstile, most: int, paths: frozenset[str]) -> None:
        self.app, self.turnstile, self.most, self.paths = app, turnstile, most, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or route_path(scope) not in self.paths:
            await self.app(scope, receive, send)
            return
        if len(self.turnstile) >= self.most:
            await answer(BusyError(len(self.turnstile)))(scope, receive, send)
            return
        await self.turnstile.enter()
        try:
            await self.app(scope, receive, send)
        finally:
            self.turnstile.leave()
