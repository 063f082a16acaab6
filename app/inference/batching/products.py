"""The matrix products of a batch, shared among threads: NumPy releases the GIL while it multiplies."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from threadpoolctl import threadpool_limits

# Fewer rows of a batch are not worth another thread.
_LEAST_ROWS = 8


class Products:
    """Does work in parts, with as many ``threads`` as are worth it, the caller's among them."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._others = ThreadPoolExecutor(max(1, threads - 1), "products", one_blas_thread)

    def work(self, rows: int, work: Callable[[int, int], None]) -> None:
        """Do ``work(part, parts)`` for each part of a batch of so many rows. Raises what that raises."""
        parts = max(1, min(self.threads, rows // _LEAST_ROWS))
        others = [self._others.submit(work, part, parts) for part in range(1, parts)]
        try:
            work(0, parts)
        finally:
            wait(others)
        for other in others:
            other.result()

    def close(self) -> None:
        """End the threads."""
        self._others.shutdown()


def one_blas_thread() -> threadpool_limits:
    """Let BLAS use no threads of its own."""
    return threadpool_limits(1, user_api="blas")
