"""The rate limit: a sliding window for each caller, in memory or in a Redis that several processes share."""

import asyncio
import logging
import time
from math import floor
from typing import Any, NamedTuple

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from app.settings import SettingsError, variable

# The time limit of Redis; it is near, and a person waits for the answer.
_REDIS_SECONDS = 0.25
# The pause after a failure: requests are not to wait for it one after the other.
_REDIS_PAUSE_SECONDS = 5.0
# The interval at which callers that were not seen for two windows are forgotten.
_SWEEP_SECONDS = 10.0


log = logging.getLogger("tsuzuki")


class Allowance(NamedTuple):
    """The requests that a caller has left, and the whole seconds after which there are more."""

    allowed: bool
    remaining: int
    seconds: int


class _Memory(MemoryStorage):
    """The library's storage with one change: it looks for expired callers at intervals, not at each request.

    Nothing in it is awaited between reading and writing, so that it needs no lock.
    """

    def __init__(self) -> None:
        super().__init__()
        self._next_sweep = 0.0

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        now = time.time()
        if now >= self._next_sweep:
            self._next_sweep = now + _SWEEP_SECONDS
            for old in [old for old, end in self.expirations.items() if end <= now]:
                del self.expirations[old], self.storage[old]
        self.expirations.setdefault(key, now + expiry)
        self.storage[key] += amount
        return self.storage[key]


class RateLimiter:
    """Counts requests by caller. Where the Redis it counts in does not answer, it lets everything through."""

    def __init__(self, limit: str, address: str | None = None) -> None:
        self.item: RateLimitItem = parse(limit)
        self._pool: Any = None if address is None else _redis_pool(address)
        storage = _Memory() if address is None else _redis(address, self._pool)
        self._strategy = SlidingWindowCounterRateLimiter(storage)
        self._paused_until = 0.0

    @property
    def policy(self) -> str:
        """The field ``RateLimit-Policy``: the quota and the window in seconds."""
        return f'"default";q={self.item.amount};w={self.item.get_expiry()}'

    async def hit(self, caller: str) -> Allowance | None:
        """Count a request of ``caller``; None where nobody can say what is left."""
        if time.monotonic() < self._paused_until:
            return None
        if self._pool is None:
            return await self._hit(caller)
        try:
            async with asyncio.timeout(_REDIS_SECONDS):
                return await self._hit(caller)
        except Exception as error:  # any: suggestions are worth more than the limit
            self._paused_until = time.monotonic() + _REDIS_PAUSE_SECONDS
            fields = {"error": type(error).__name__, "paused_seconds": _REDIS_PAUSE_SECONDS}
            log.warning("rate limit storage does not answer, requests are let through", extra={"fields": fields})
            return None

    async def _hit(self, caller: str) -> Allowance:
        allowed = await self._strategy.hit(self.item, caller)
        reset_time, remaining = await self._strategy.get_window_stats(self.item, caller)
        # The library says "now" of a window that has just begun.
        seconds = reset_time - time.time()
        whole_seconds = floor(seconds) + 1 if seconds > 0 else self.item.get_expiry()
        return Allowance(allowed, remaining if allowed else 0, whole_seconds)

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._pool is not None:
            await self._pool.aclose()


def _redis_pool(address: str) -> Any:
    try:
        from redis.asyncio import ConnectionPool
    except ImportError:
        raise SettingsError(
            f"{variable('rate_limit_storage')}: needs redis: install the extra tsuzuki[redis]"
        ) from None
    # No second tries: the pause is for that.
    return ConnectionPool.from_url(
        address, socket_timeout=_REDIS_SECONDS, socket_connect_timeout=_REDIS_SECONDS, retry=None
    )


def _redis(address: str, pool: Any) -> RedisStorage:
    return RedisStorage(f"async+{address}", implementation="redispy", key_prefix="tsuzuki", connection_pool=pool)
