"""The supervisor of several worker processes, which serve from one socket with one copy of the models.

It loads the models, has them answer once, and forks: memory that was there before is shared as long as no process
writes to it. It serves nothing itself and has one thread, so that it can fork again: for a worker that has ended, and
for new models, whose workers take over from the old ones.

uvicorn's own workers load the models each for itself, and lose requests at a reload (measured in docs/performance.md).
gunicorn forks, but reloads in each worker or not at all, and has no counts over workers.
"""

import contextlib
import logging
import selectors
import signal
import socket
import time
from collections.abc import Mapping
from types import FrameType
from typing import Any

from uvicorn.config import STARTUP_FAILURE

from app.errors import ReloadFailedError, ReloadRunningError
from app.inference.memory import freeze, give_back
from app.inference.model_set import load_anew, log_reload
from app.log import failure
from app.settings import Settings
from app.workers.loaded import Loaded, prepare
from app.workers.process import Child, Closable, fork
from app.workers.worker import BROKEN, FAILED, MODELS, READY, RELOAD, RETIRE, RUNNING, STOPPING, work
from model.lm.language_model import LanguageModel

# A worker that ends sooner may well end again: it is replaced at once, the next one after 1, 2, 4 … seconds.
_STEADY_SECONDS = 10.0
_LONGEST_PAUSE = 30.0
# The seconds in which a worker must start, end, and end after it has waited for its connections; then it is killed.
_START_SECONDS = 60.0
_END_SECONDS = 10.0
_RETIRE_SECONDS = 20.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

log = logging.getLogger("tsuzuki")


class _StoppedError(Exception):
    """A signal to end came while models were being loaded."""


class Supervisor:
    """Starts the workers, replaces those that end, and has all of them replaced by ones with new models."""

    def __init__(self, settings: Settings, models: dict[str, LanguageModel], server: Mapping[str, Any]) -> None:
        self.settings, self.server = settings, server
        self._use(prepare(settings, server, models))
        # Those that serve; those that are to take over from them once all are ready; those that are to end.
        self.serving: list[Child] = []
        self.coming: list[Child] = []
        self.ending: list[Child] = []
        # For each worker that has ended: when to replace it, and its failures.
        self.lost: list[tuple[float, int]] = []
        # The models of those that come, and the worker that was asked for them over HTTP.
        self.next: Loaded | None = None
        self.asker: Child | None = None
        self.has_served = self.is_loading = self.is_stopping = False
        self.exit_status = 0

    def _use(self, loaded: Loaded) -> None:
        # Nothing may refer to the app before: that would keep its models in memory.
        self.loaded, self.metrics = loaded, loaded.metrics
        self.metrics.set_loaded_at(time.time())

    @property
    def workers(self) -> list[Child]:
        """All workers."""
        return [*self.serving, *self.coming, *self.ending]

    def run(self) -> int:
        """Serve until a signal comes. Returns the exit status."""
        host, port = self.settings.host, self.settings.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self.listener = socket.create_server((host, port), family=family, backlog=self.loaded.config.backlog)
        except OSError as error:
            log.error("cannot listen", extra={"fields": {"detail": str(error)}})
            return STARTUP_FAILURE
        self._await_signals()
        freeze()
        for _ in range(self.settings.workers):
            self._replace(0)
        while not self.is_stopping or self.ending:
            self._turn()
        signal.set_wakeup_fd(-1)
        for one in (self.selector, self.awake, self.waker):
            one.close()
        return self.exit_status

    def _await_signals(self) -> None:
        """Have signals wake the loop that waits for the workers' messages."""
        self.selector = selectors.DefaultSelector()
        self.awake, self.waker = socket.socketpair()
        self.awake.setblocking(False)
        self.waker.setblocking(False)
        self.selector.register(self.awake, selectors.EVENT_READ)
        signal.set_wakeup_fd(self.waker.fileno())
        for number in _SIGNALS:
            signal.signal(number, self._interrupt)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.is_loading and number in (signal.SIGTERM, signal.SIGINT):
            raise _StoppedError

    def _turn(self) -> None:
        """Wait until something happens or is due, and handle it."""
        waits = self.lost or any(worker.deadline for worker in self.workers)
        for key, _ in self.selector.select(1.0 if waits else None):
            if key.data is None:
                for number in self.awake.recv(4096):
                    self._obey(number)
            else:
                self._hear(key.data)
        for worker in self.workers:
            status = worker.status()
            if status is not None:
                self._bury(worker, status)
            elif worker.is_overdue:
                worker.send(signal.SIGKILL)
        for due, failures in self.lost.copy():
            if time.monotonic() >= due:
                self.lost.remove((due, failures))
                self.metrics.count_replaced()
                self._replace(failures)

    def _obey(self, number: int) -> None:
        if number == signal.SIGHUP:
            self._reload(None)
        elif number in (signal.SIGTERM, signal.SIGINT):
            self._stop(0)

    def _hear(self, worker: Child) -> None:
        messages = worker.hear()
        if messages is None:
            self.selector.unregister(worker.line)
        for message in messages or ():
            if message == RELOAD:
                self._reload(worker)
            elif message == READY:
                worker.ready = True
                worker.end_within(None)
                if self.coming and all(other.ready for other in self.coming):
                    self._take_over()
                elif not self.has_served:
                    self._announce()

    def _announce(self) -> None:
        # In the words of the server, so that a program that waits for them works with any number of workers.
        self.has_served = True
        host, port = self.listener.getsockname()[:2]
        log.info("Uvicorn running on http://%s:%d", f"[{host}]" if ":" in host else host, port)

    def _fork(self, loaded: Loaded, failures: int) -> Child:
        row = self._free_row()
        behind: list[Closable] = [self.selector, self.awake, self.waker, *(worker.line for worker in self.workers)]
        worker = fork(lambda line: self._work(loaded, line, row), behind, _SIGNALS, row, failures)
        worker.end_within(_START_SECONDS)
        self.selector.register(worker.line, selectors.EVENT_READ, worker)
        return worker

    def _work(self, loaded: Loaded, line: socket.socket, row: int) -> int:
        """Serve as a worker. The supervisor may need the old models again; here they would never be freed."""
        if loaded is not self.loaded:
            self.loaded.models.clear()
            give_back()
        return work(loaded.config, self.listener, line, row)

    def _free_row(self) -> int:
        taken = {worker.row for worker in self.workers}
        return next(row for row in range(1, self.metrics.counters.rows) if row not in taken)

    def _bury(self, worker: Child, status: int) -> None:
        """Handle a worker that has ended."""
        with contextlib.suppress(KeyError):
            self.selector.unregister(worker.line)
        worker.line.close()
        self.metrics.leave(worker.row)
        if worker is self.asker:
            self.asker = None
        if worker in self.ending:
            self.ending.remove(worker)
            return
        log.error("worker ended", extra={"fields": {"pid": worker.pid, "status": status}})
        if worker in self.coming:
            self.coming.remove(worker)
            self._call_off()
            return
        self.serving.remove(worker)
        if self.serving or self.has_served:
            self._lose(0 if time.monotonic() - worker.started > _STEADY_SECONDS else worker.failures + 1)
        else:
            log.error("no worker can start")
            self._stop(STARTUP_FAILURE)

    def _lose(self, failures: int) -> None:
        pause = min(2.0 ** (failures - 2), _LONGEST_PAUSE) if failures > 1 else 0.0
        self.lost.append((time.monotonic() + pause, failures))
        log.info("worker to be replaced", extra={"fields": {"pause_seconds": pause}})

    def _replace(self, failures: int) -> None:
        try:
            self.serving.append(self._fork(self.loaded, failures))
        except OSError as error:
            log.error("cannot start a worker", extra={"fields": {"detail": str(error)}})
            self._lose(failures + 1)

    def _dismiss(self, workers: list[Child]) -> None:
        """Have workers finish the requests that they have begun, and end."""
        for worker in workers.copy():
            workers.remove(worker)
            self.ending.append(worker)
            worker.send(signal.SIGTERM, _END_SECONDS)

    def _stop(self, exit_status: int) -> None:
        if self.is_stopping:
            return
        self.is_stopping, self.exit_status = True, exit_status
        self.lost.clear()
        self._tell(STOPPING)
        self.listener.close()
        for workers in (self.serving, self.coming, self.ending):
            self._dismiss(workers)

    def _tell(self, kind: str, content: Any = None) -> None:
        """Tell the worker that asked for the reload its outcome."""
        if self.asker is not None:
            self.asker.say(kind, content)
            self.asker = None

    def _reload(self, asker: Child | None) -> None:
        """Load the models anew, and start workers that serve them."""
        if self.is_stopping or self.coming or len(self.ending) > self.settings.workers:
            if asker is not None:
                asker.say(STOPPING if self.is_stopping else RUNNING)
            elif not self.is_stopping:
                log.error("reload refused", extra={"fields": {"detail": ReloadRunningError().detail}})
            return
        self.asker = asker
        try:
            self.next = self._load()
            for _ in range(self.settings.workers):
                self.coming.append(self._fork(self.next, 0))
        except ReloadFailedError as error:
            self._tell(FAILED, error.reason)
        except _StoppedError:
            return  # the loop has the signal too
        except Exception as error:
            log.error("failure", extra={"fields": failure(error)})
            self._call_off()

    def _load(self) -> Loaded:
        self.is_loading = True
        try:
            return prepare(self.settings, self.server, load_anew(self.settings), self.metrics.counters)
        finally:
            self.is_loading = False
            freeze()

    def _call_off(self) -> None:
        """Give up a reload for a fault other than that of a model; the old models stay."""
        self.next = None
        self._dismiss(self.coming)
        self._tell(BROKEN)

    def _take_over(self) -> None:
        assert self.next is not None
        self._use(self.next)
        self.next = None
        for worker in self.serving:
            worker.say(RETIRE)
            worker.end_within(_RETIRE_SECONDS)
        self.ending += self.serving
        self.serving, self.coming = self.coming, []
        self.lost.clear()
        log_reload(self.loaded.described)
        self._tell(MODELS, self.loaded.described.model_dump()["models"])
        freeze()
