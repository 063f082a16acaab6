"""The Python code in ``docs/clients.md`` runs, and does what the text says of it."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

import app

DOCUMENT = (Path(app.__file__).parent.parent / "docs" / "clients.md").read_text("utf-8")
BLOCKS: list[str] = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"


def run(block: str, server: str) -> dict[str, Any]:
    """Run a block against a server; gives what it defined."""
    assert ADDRESS in block
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(block.replace(ADDRESS, server), "clients.md", "exec"), names)
    return names


def block_with(name: str) -> str:
    (block,) = [block for block in BLOCKS if name in block]
    return block


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_runs_and_prints_what_it_got(block: str, server: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(block, server)
    printed = capsys.readouterr()
    assert printed.out and not printed.err


@pytest.mark.parametrize(
    ("text", "cursor", "end"),
    [("I would like an app", None, 19), ("👍 the app", None, 9), ("the app is", 6, 7)],
)
def test_accepting_puts_the_word_in_its_place(text: str, cursor: int | None, end: int, server: str) -> None:
    accept = run(block_with("def accept"), server)["accept"]
    answer = httpx.post(f"{server}/complete", json={"text": text, "cursor": cursor}).json()
    suggestion = next(found for found in answer["suggestions"] if found["text"] == "apple")
    start = text.index("app")
    assert accept(text, answer, suggestion) == (text[:start] + "apple" + text[end:], start + 5)


def test_only_the_newest_text_is_shown(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown: list[str] = []
    asked: list[str] = []
    blocked = asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        text = httpx.Response(200, content=request.content).json()["text"]
        asked.append(text)
        if text == "a":
            blocked.set()
            await asyncio.Event().wait()
        return httpx.Response(200, json={"suggestions": []})

    async def main() -> None:
        transport = httpx.MockTransport(answer)
        async with httpx.AsyncClient(base_url=ADDRESS, transport=transport) as client:
            suggestions = as_you_type(client, lambda text, _: shown.append(text))
            suggestions.changed("a", 1)
            await blocked.wait()
            suggestions.changed("ap", 2)
            await suggestions.request

    as_you_type = run(block_with("class AsYouType:"), server)["AsYouType"]
    asyncio.run(main())
    assert asked == ["a", "ap"]
    assert shown == ["ap"]


def test_a_service_that_cannot_be_reached_does_no_harm(server: str) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    async def main() -> None:
        async with httpx.AsyncClient(base_url=ADDRESS, transport=httpx.MockTransport(refuse)) as client:
            suggestions = as_you_type(client, lambda *_: pytest.fail("nothing is to be shown"))
            suggestions.changed("a", 1)
            await suggestions.request

    as_you_type = run(block_with("class AsYouType:"), server)["AsYouType"]
    asyncio.run(main())


def test_the_table_of_lengths_is_right() -> None:
    rows = re.findall(r"^\| `(.+?)`( \(.*\))? \| (\d) \| (\d) \|$", DOCUMENT, re.MULTILINE)
    assert len(rows) == 4
    for text, _, units, points in rows:
        assert (len(text.encode("utf-16-le")) // 2, len(text)) == (int(units), int(points))
