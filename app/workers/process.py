"""A forked process and the line to it, as its parent sees them."""

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from app.signals import end


class Closable(Protocol):
    """What a child leaves behind."""

    def close(self) -> None: ...


class Child:
    """A worker: its process, the row that it counts in, and the line to it.

    ``failures`` is how many before it ended soon, one after the other. After ``deadline`` it is killed.
    """

    def __init__(self, pid: int, line: socket.socket, row: int, failures: int) -> None:
        self.pid, self.line, self.row, self.failures = pid, line, row, failures
        self.started = time.monotonic()
        self.deadline: float | None = None
        self.ready = False
        self._received = b""

    def say(self, kind: str, content: Any = None) -> None:
        """Send a message; where nobody reads them any more, it is lost."""
        with contextlib.suppress(OSError):
            self.line.sendall(json.dumps({kind: content}).encode() + b"\n")

    def hear(self) -> list[str] | None:
        """The messages that have come; None where there will be no more."""
        try:
            received = self.line.recv(4096)
        except BlockingIOError:
            return []
        except ConnectionError:
            return None
        *lines, self._received = (self._received + received).split(b"\n")
        return [json.loads(line) for line in lines] if received else None

    def status(self) -> int | None:
        """The exit status, or a signal's number with a minus; None where it has not ended. To be asked once more."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None

    def send(self, number: signal.Signals, seconds: float | None = None) -> None:
        """Send a signal; where it has not ended after so many seconds, it is killed."""
        os.kill(self.pid, number)
        self.end_within(seconds)

    def end_within(self, seconds: float | None) -> None:
        """Set the deadline."""
        self.deadline = None if seconds is None else time.monotonic() + seconds

    @property
    def is_overdue(self) -> bool:
        """Whether it is to be killed."""
        return self.deadline is not None and time.monotonic() > self.deadline


def fork(
    run: Callable[[socket.socket], int],
    behind: Iterable[Closable],
    signals: Iterable[signal.Signals],
    row: int,
    failures: int,
) -> Child:
    """Run a function in a process of its own, with its end of the line; what it returns is the exit status.

    The child closes what is ``behind``, and has none of the parent's handlers of ``signals``.
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
                # Without what is to be done at the end of the parent.
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
    # It is the parent's business, until there is a service that can pass it on.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
