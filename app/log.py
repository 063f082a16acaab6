"""The log: JSON, one object a line, on standard output. Text that a person typed is never written."""

import asyncio
import json
import logging
import logging.config
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO

# The seconds that lines are gathered for, to be written together.
GATHERED = 0.02


class JsonFormatter(logging.Formatter):
    """A record as one line; ``extra={"fields": {…}}`` adds to it."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record as one line of JSON."""
        line: dict[str, Any] = {
            "time": f"{_second(int(record.created))}.{int(record.created % 1 * 1000):03}+00:00",
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0]:
            line |= failure(record.exc_info[1])
        return _ENCODER.encode(line)


# The same as json.dumps, which looks for its options each time.
_ENCODER = json.JSONEncoder(check_circular=False)


@lru_cache(4)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class GatheringHandler(logging.StreamHandler[TextIO]):
    """Writes the lines that come within ``GATHERED`` seconds of each other together, in an event loop.

    To write each by itself takes several times as long as to make it. Warnings and errors, and all lines from other
    threads or while no loop runs, are written at once, with what was gathered before them. ``flush`` writes what is
    left; Python calls it when the process ends.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self._lines: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Gather a record's line."""
        try:
            self._lines.append(self.format(record) + self.terminator)
            loop = asyncio._get_running_loop() if record.levelno < logging.WARNING else None
            if loop is None:
                self.flush()
            elif loop is not self._loop:
                # One timer at a time; one of a loop that has ended never comes.
                self._loop = loop
                loop.call_later(GATHERED, self.flush)
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        """Write the gathered lines."""
        with self.lock:  # type: ignore[union-attr]  # it is None only before the handler is made
            self._loop = None
            lines, self._lines = self._lines, []
            if lines:
                self.stream.write("".join(lines))
            super().flush()


def failure(error: BaseException | None) -> dict[str, Any]:
    """Describe an error by its type and places in the code. Its message may quote a request's text, so it stays out."""
    places = []
    trace = error.__traceback__ if error else None
    while trace:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return {"error": type(error).__name__, "trace": places}


def flush() -> None:
    """Write the lines that were gathered. To be called where a process ends without Python's own ending."""
    for handler in logging.getLogger().handlers:
        handler.flush()


def configure(level: str) -> None:
    """Send the logs of the service, of the server and of warnings to standard output."""
    # No line tells of threads or processes; to ask for them takes a third of the time of a line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"()": JsonFormatter}},
            "handlers": {"stdout": {"()": GatheringHandler, "stream": "ext://sys.stdout", "formatter": "json"}},
            "root": {"handlers": ["stdout"], "level": level.upper()},
        }
    )
