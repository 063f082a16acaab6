"""Admission of requests to an engine, a few per turn of the event loop, so that the loop stays free under load."""

import asyncio
from collections import deque

# Polling for events takes some microseconds, a request some hundred; what new contexts there are in a turn is stepped
# together. A health check waits for one turn.
PER_TURN = 8


class Admission:
    """Admits ``PER_TURN`` requests per turn of the event loop, at most ``limit`` at once, first come, first served.

    A request goes through it with ``async with admission:``. More than ``limit`` at once would only wait for the
    batcher, and cost time that others need.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.admitted = 0
        self._left_in_turn = PER_TURN
        self._queue: deque[asyncio.Future[None]] = deque()
        self._waiting = 0
        self._turn_is_due = False

    def __len__(self) -> int:
        """Count the requests that wait, those included that are admitted but have not gone on yet."""
        return self._waiting

    async def __aenter__(self) -> None:
        self._schedule_turn()
        if self._left_in_turn and self.admitted < self.limit and not self._queue:
            self._admit()
            return
        entered = asyncio.get_running_loop().create_future()
        self._queue.append(entered)
        self._waiting += 1
        try:
            await entered
        except asyncio.CancelledError:
            if not entered.cancelled():  # admitted, but cancelled before it could go on
                self._leave()
            elif entered in self._queue:
                self._queue.remove(entered)
            raise
        finally:
            self._waiting -= 1

    async def __aexit__(self, *error: object) -> None:
        self._leave()

    def _admit(self) -> None:
        self._left_in_turn -= 1
        self.admitted += 1

    def _leave(self) -> None:
        self.admitted -= 1
        if self._queue:
            self._schedule_turn()

    def _schedule_turn(self) -> None:
        if not self._turn_is_due:
            self._turn_is_due = True
            # The loop polls for events before it calls this.
            asyncio.get_running_loop().call_soon(self._begin_turn)

    def _begin_turn(self) -> None:
        self._turn_is_due = False
        self._left_in_turn = PER_TURN
        while self._left_in_turn and self.admitted < self.limit and self._queue:
            entered = self._queue.popleft()
            if not entered.done():  # a request that was cancelled is done
                entered.set_result(None)
                self._admit()
        if self._left_in_turn < PER_TURN:
            self._schedule_turn()
