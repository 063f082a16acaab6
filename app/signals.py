"""The handlers of signals: SIGHUP reloads the models, SIGTERM ends the process."""

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from app.errors import ReloadFailedError, ServiceError
from app.inference.service import Service
from app.log import failure

log = logging.getLogger("tsuzuki")


def end(number: int, frame: FrameType | None) -> NoReturn:
    """Handle SIGTERM where no server does: before it serves, and when it raises the signal again after a clean end."""
    sys.exit(0)


@contextmanager
def reloading_on_hangup(service: Service) -> Iterator[None]:
    """Have SIGHUP reload the models while the context is open; the log tells of a reload that fails."""
    # Python hands signals to the main thread only, and Windows has no SIGHUP.
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGHUP"):
        yield
        return
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    def begin() -> None:
        task = loop.create_task(_reload(service))
        tasks.add(task)  # the loop alone would let it be collected
        task.add_done_callback(tasks.discard)

    loop.add_signal_handler(signal.SIGHUP, begin)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


async def _reload(service: Service) -> None:
    try:
        await service.reload()
    except ReloadFailedError:
        return  # the service has logged why
    except ServiceError as error:
        log.error("reload refused", extra={"fields": {"detail": error.detail}})
    except Exception as error:
        log.error("failure", extra={"fields": failure(error)})
