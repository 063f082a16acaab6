"""The example in a terminal: keys through a pipe, the answers of a real server, no screen."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx
import pytest

pytest.importorskip("prompt_toolkit", reason="prompt_toolkit is not installed (the extra `examples`)")

from prompt_toolkit.application import create_app_session
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput
from prompt_toolkit.shortcuts import PromptSession

from examples import terminal

RIGHT, DOWN, ENTER = "\x1b[C", "\x1b[B", "\r"


class Typist(NamedTuple):
    """A prompt, the keys that go to it, and the line that comes of it."""

    session: PromptSession[str]
    keys: PipeInput
    line: "asyncio.Task[str]"
    suggester: terminal.Suggester
    drawn: asyncio.Event

    @property
    def text(self) -> str:
        return self.session.default_buffer.text

    @property
    def ghost(self) -> str:
        suggestion = self.session.default_buffer.suggestion
        return suggestion.text if suggestion else ""

    @property
    def menu(self) -> list[str]:
        state = self.session.default_buffer.complete_state
        return [completion.text for completion in state.completions] if state else []

    async def until(self, holds: Callable[["Typist"], object]) -> None:
        """Wait until something holds when the prompt is drawn; the time is only there to end a test that fails."""
        async with asyncio.timeout(60):
            while not holds(self):
                self.drawn.clear()
                await self.drawn.wait()


@asynccontextmanager
async def typing(client: httpx.AsyncClient, limit: int = 5) -> AsyncIterator[Typist]:
    suggester = terminal.Suggester(client, limit)
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        session = terminal.make_session(suggester)
        drawn = asyncio.Event()
        session.app.after_render += lambda _: drawn.set()
        line = asyncio.create_task(session.prompt_async())
        yield Typist(session, keys, line, suggester, drawn)


def run(test: Callable[[Typist], Awaitable[None]], client: httpx.AsyncClient) -> None:
    async def main() -> None:
        async with client, typing(client) as typist:
            await test(typist)

    asyncio.run(main())


def answer_to(server: str, text: str) -> list[dict[str, Any]]:
    suggestions: list[dict[str, Any]] = httpx.post(f"{server}/complete", json={"text": text}).json()["suggestions"]
    return suggestions


def test_the_right_arrow_takes_the_first_suggestion(server: str) -> None:
    first, *others = [suggestion["insert"] for suggestion in answer_to(server, "the app")]
    assert others
    next_word = answer_to(server, f"the {first} ")[0]["insert"]

    async def test(typist: Typist) -> None:
        typist.keys.send_text("the app")
        await typist.until(lambda t: t.ghost == first.removeprefix("app"))
        await typist.until(lambda t: t.menu == others)
        typist.keys.send_text(RIGHT)
        await typist.until(lambda t: t.text == f"the {first}")
        typist.keys.send_text(" ")
        await typist.until(lambda t: t.ghost == next_word)
        typist.keys.send_text(ENTER)
        assert await typist.line == f"the {first} "

    run(test, httpx.AsyncClient(base_url=server))


def test_the_menu_puts_another_in_the_place_of_the_typed_letters(server: str) -> None:
    second = answer_to(server, "the app")[1]["insert"]

    async def test(typist: Typist) -> None:
        typist.keys.send_text("the app")
        await typist.until(lambda t: t.menu)
        typist.keys.send_text(DOWN)
        await typist.until(lambda t: t.text == f"the {second}")
        typist.keys.send_text(ENTER + ENTER)
        assert await typist.line == f"the {second}"

    run(test, httpx.AsyncClient(base_url=server))


def test_a_request_that_is_overtaken_is_cancelled_and_the_newest_answered() -> None:
    first_asked = asyncio.Event()
    asked: list[str] = []
    cancelled: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        text = httpx.Response(200, content=request.content).json()["text"]
        asked.append(text)
        if text == "a":
            first_asked.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(text)
                raise
        word = {"text": "apple", "insert": "apple", "probability": 1.0, "kind": "completion"}
        return httpx.Response(200, json={"suggestions": [word], "replace": {"start": 0, "end": len(text)}})

    async def test(typist: Typist) -> None:
        typist.keys.send_text("a")
        await first_asked.wait()
        typist.keys.send_text("p")
        await typist.until(lambda t: t.ghost == "ple")
        assert cancelled == ["a"]
        assert asked == ["a", "ap"]
        typist.keys.send_text(ENTER)
        await typist.line

    run(test, httpx.AsyncClient(base_url="http://service", transport=httpx.MockTransport(answer)))


def test_a_service_that_cannot_be_reached_is_told_of() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    async def test(typist: Typist) -> None:
        typist.keys.send_text("a")
        await typist.until(lambda t: t.suggester.problem == "no suggestions: refused")
        typist.keys.send_text(ENTER)
        assert await typist.line == "a"

    run(test, httpx.AsyncClient(base_url="http://service", transport=httpx.MockTransport(refuse)))


def test_what_the_service_says_of_an_error_is_told(server: str) -> None:
    async def test(typist: Typist) -> None:
        typist.suggester._limit = 1000
        typist.keys.send_text("a")
        await typist.until(lambda t: "it must be at most 50" in t.suggester.problem)
        typist.keys.send_text(ENTER)
        await typist.line

    run(test, httpx.AsyncClient(base_url=server))


def suggestion(insert: str) -> dict[str, Any]:
    return {"text": insert.strip(), "insert": insert, "probability": 0.5}


@pytest.mark.parametrize(
    ("text", "cursor", "start", "inserts", "ghost", "menu"),
    [
        ("the app", 7, 4, ["apple", "apply"], "le", ["apply"]),
        ("the dont", 8, 4, ["don't", "dont-know"], "-know", ["don't"]),
        ("the dog", 7, 7, [" eats", " and"], " eats", [" and"]),
        ("a 👍 ap", 6, 4, ["apple"], "ple", []),
        # Text behind the cursor: grey text would stand in the wrong place.
        ("the app is", 7, 4, ["apple"], "", ["apple"]),
    ],
)
def test_grey_text_goes_on_from_what_is_typed(
    text: str, cursor: int, start: int, inserts: list[str], ghost: str, menu: list[str]
) -> None:
    answer = {"suggestions": [suggestion(insert) for insert in inserts], "replace": {"start": start, "end": cursor}}
    offer = terminal.offer_of(answer, Document(text, cursor))
    assert offer.ghost == ghost
    assert [completion.text for completion in offer.others] == menu
    assert all(completion.start_position == start - cursor for completion in offer.others)


def test_nothing_is_offered_inside_a_word() -> None:
    answer = {"suggestions": [suggestion("apple")], "replace": {"start": 0, "end": 5}}
    assert terminal.offer_of(answer, Document("apply", 3)) == terminal.NOTHING
