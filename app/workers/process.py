"""A forked worker process and the socket to it, from the side of its parent."""

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from app import log
from app.signals import end


class Closable(Protocol):
    """An open file or socket of the parent, which the child closes."""

    def close(self) -> None:
        """Close it."""


class Child:
    """A worker: its process, the row that it counts in, and the line (a socket) to it.

    ``failures`` counts the workers before it that ended soon, one after the other. After ``deadline`` it is killed.
    """

    def __init__(self, pid: int, line: socket.socket, row: int, failures: int) -> None:
        self.pid, self.line, self.row, self.failures = pid, line, row, failures
        self.started = time.monotonic()
        self.deadline: float | None = None
        self.ready = False
        self._received = b""

    def say(self, kind: str, content: Any = None) -> None:
        """Send a message; it is lost where the child has closed the line."""
        with contextlib.suppress(OSError):
            self.line.sendall(json.dumps({kind: content}).encode() + b"\n")

    def hear(self) -> list[str] | None:
        """Receive the messages that have come; None where there will be no more."""
        try:
            received = self.line.recv(4096)
        except BlockingIOError:
            return []
        except ConnectionError:
            return None
        *lines, self._received = (self._received + received).split(b"\n")
        return [json.loads(line) for line in lines] if received else None

    def status(self) -> int | None:
        """Return the exit status, a signal's number with a minus, or None while it runs. Call it no more after that."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None

    def send(self, number: signal.Signals, seconds: float | None = None) -> None:
        """Send a signal; a child that has not ended after ``seconds`` is killed."""
        os.kill(self.pid, number)
        self.end_within(seconds)

    def end_within(self, seconds: float | None) -> None:
        """Set the deadline."""
        self.deadline = None if seconds is None else time.monotonic() + seconds

    @property
    def is_overdue(self) -> bool:
        """True after the deadline."""
        return self.deadline is not None and time.monotonic() > self.deadline


def fork(
    run: Callable[[socket.socket], int],
    behind: Iterable[Closable],
    signals: Iterable[signal.Signals],
    row: int,
    failures: int,
) -> Child:
    """Run a function in a forked process with its end of the line; the function returns the exit status.

    The child closes the files ``behind``, and has none of the parent's handlers of ``signals``.
    """
    ours, theirs = socket.socketpair()
    # A signal in between would come to a child that still has our handlers.
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                _forget(signals)
                # A line ends where nobody holds its other end any more.
                for one in (*behind, ours):
                    one.close()
                status = run(theirs)
            finally:
                log.flush()
                # Without the exit handlers of the parent.
                os._exit(status)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        theirs.close()
    ours.setblocking(False)
    return Child(pid, ours, row, failures)


def _forget(signals: Iterable[signal.Signals]) -> None:
    signal.set_wakeup_fd(-1)
    for number in signals:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    # The parent handles it, until there is a service that can pass it on.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
