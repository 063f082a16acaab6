"""The matrix products of a batch, its rows shared among threads: NumPy releases the GIL while it multiplies."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from threadpoolctl import threadpool_limits

# Fewer rows of a batch are not worth another thread.
_LEAST_ROWS = 8


class Products:
    """Does work on the rows of a batch, with as many ``threads`` as are worth it, the caller's among them."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._others = ThreadPoolExecutor(max(1, threads - 1), "products", one_blas_thread)

    def work(self, rows: int, work: Callable[[slice], None]) -> None:
        """Do ``work`` on the rows of a batch, a part in each thread. Raises what that raises."""
        parts = max(1, min(self.threads, rows // _LEAST_ROWS))
        slices = [slice(rows * i // parts, rows * (i + 1) // parts) for i in range(parts)]
        others = [self._others.submit(work, part) for part in slices[1:]]
        try:
            work(slices[0])
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
