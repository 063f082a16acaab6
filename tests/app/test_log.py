"""Lines of the log are gathered for a moment, and none is lost."""

import asyncio
import io
import json
import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from app.log import GATHERED, GatheringHandler, JsonFormatter
from tests.app.test_server import COMMAND


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def logger(stream: io.StringIO) -> Iterator[logging.Logger]:
    handler = GatheringHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.Logger("alone", logging.DEBUG)
    logger.addHandler(handler)
    yield logger
    handler.close()


def messages(stream: io.StringIO) -> list[str]:
    return [json.loads(line)["message"] for line in stream.getvalue().splitlines()]


def test_lines_are_written_together_and_in_order(logger: logging.Logger, stream: io.StringIO) -> None:
    async def write() -> list[str]:
        for i in range(5):
            logger.info("line %d", i)
        before = messages(stream)
        await asyncio.sleep(5 * GATHERED)
        return before

    expected = [f"line {i}" for i in range(5)]
    for times in (1, 2):  # in the next loop too
        assert asyncio.run(write()) == expected * (times - 1)
        assert messages(stream) == expected * times


def test_what_a_loop_left_is_written_at_the_end(logger: logging.Logger, stream: io.StringIO) -> None:
    async def write() -> None:
        logger.info("last")

    asyncio.run(write())
    assert messages(stream) == []
    logger.handlers[0].flush()
    assert messages(stream) == ["last"]


def test_warnings_and_other_threads_do_not_wait(logger: logging.Logger, stream: io.StringIO) -> None:
    async def write() -> None:
        logger.info("one")
        logger.warning("two")
        assert messages(stream) == ["one", "two"]
        with ThreadPoolExecutor(1) as pool:
            pool.submit(logger.info, "three").result()
        assert messages(stream) == ["one", "two", "three"]

    asyncio.run(write())
    logger.info("four")
    assert messages(stream) == ["one", "two", "three", "four"]


@pytest.mark.parametrize("workers", [1, 2])
def test_each_answered_request_has_its_line_when_the_service_is_ended(tiny_folder: Path, workers: int) -> None:
    options = ["--models", f"mine={tiny_folder}", "--workers", str(workers), "--database", "none"]
    process = subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as lines:
        ids = [f"id-{i}" for i in range(40)]
        for line in map(json.loads, lines):
            if line["message"].startswith("Uvicorn running on "):
                break
        address = line["message"].split()[3]
        with httpx.Client(base_url=address) as client:
            for id_ in ids:
                client.post("/complete", json={"text": "the d"}, headers={"X-Request-ID": id_}).raise_for_status()
            process.send_signal(signal.SIGTERM)
        logged = [line.get("request_id") for line in map(json.loads, lines)]
    assert process.wait(60) == 0
    assert [id_ for id_ in logged if id_ in ids] == ids


def test_a_line_is_written_though_the_process_ends_by_itself() -> None:
    code = (
        "import asyncio, logging\nfrom app import log\nlog.configure('info')\n"
        "async def main(): logging.getLogger().info('bye')\nasyncio.run(main())"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(ended.stdout)["message"] == "bye"
