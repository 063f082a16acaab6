"""Suggestions as you type in a terminal, from a running service: ``python -m examples.terminal --help``.

The likeliest word that goes on from the typed letters stands behind the cursor in grey; → takes it. A menu has the
others; Tab and the arrow keys choose there. Enter begins a new line, Ctrl-D ends.

    pip install '.[examples]'
    python -m app                  # in another terminal
    python -m examples.terminal
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncGenerator, Iterable
from typing import Any, NamedTuple

import httpx
from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

# A later answer is of no use to somebody who types.
SECONDS = 2.0
HELP = "→ takes the grey text, Tab and ↑ ↓ choose from the menu, Ctrl-D ends"


class Offer(NamedTuple):
    """What the service answered for a document: ``ghost`` goes on from its cursor, ``others`` stand in the menu."""

    ghost: str
    others: list[Completion]


NOTHING = Offer("", [])


def offer_of(answer: dict[str, Any], document: Document) -> Offer:
    """The first suggestion that goes on from what is typed as grey text, the rest as a menu."""
    start, end = answer["replace"]["start"], answer["replace"]["end"]
    cursor = document.cursor_position
    # The menu replaces what stands before the cursor only, so in the middle of a word there is none.
    if end != cursor:
        return NOTHING
    typed = document.text[start:cursor]
    ghost, others = "", []
    for suggestion in answer["suggestions"]:
        insert: str = suggestion["insert"]
        if not ghost and document.is_cursor_at_the_end and insert.startswith(typed):
            ghost = insert[len(typed) :]
            continue
        chance = f"{suggestion['probability']:.0%}"
        others.append(Completion(insert, start - cursor, display=suggestion["text"], display_meta=chance))
    return Offer(ghost, others)


class Suggester:
    """Asks the service once for each text, over one client, and cancels a request whose text is no more.

    ``problem`` says why there are no suggestions, where there are none to be had.
    """

    def __init__(self, client: httpx.AsyncClient, limit: int) -> None:
        self.problem = ""
        self._client, self._limit = client, limit
        self._document: Document | None = None
        self._request: asyncio.Task[Offer] | None = None

    def forget(self, _: object = None) -> None:
        """The text has changed: nobody waits for the answer to the former one."""
        if self._request is not None:
            self._request.cancel()
        self._document = self._request = None

    async def offer(self, document: Document) -> Offer:
        """The offer for a document; nothing where the request fails, or is cancelled by ``forget``."""
        if document != self._document or self._request is None:
            self.forget()
            self._document, self._request = document, asyncio.create_task(self._ask(document))
        # The grey text and the menu wait for the same request, so that neither may end it for the other.
        (request,), _ = await asyncio.wait([self._request])
        return NOTHING if request.cancelled() else request.result()

    async def _ask(self, document: Document) -> Offer:
        body = {"text": document.text, "cursor": document.cursor_position, "limit": self._limit}
        try:
            response = await self._client.post("/complete", json=body)
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            self.problem = f"no suggestions: {error or type(error).__name__}"
            return NOTHING
        if response.status_code != 200:
            self.problem = f"no suggestions: {answer.get('detail', response.status_code)}"
            return NOTHING
        self.problem = ""
        return offer_of(answer, document)


class GreyText(AutoSuggest):
    """The best suggestion behind the cursor."""

    def __init__(self, suggester: Suggester) -> None:
        self._suggester = suggester

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        raise NotImplementedError("only asynchronously")

    async def get_suggestion_async(self, buff: Buffer, document: Document) -> Suggestion | None:
        offer = await self._suggester.offer(document)
        return Suggestion(offer.ghost) if offer.ghost else None


class Menu(Completer):
    """The other suggestions."""

    def __init__(self, suggester: Suggester) -> None:
        self._suggester = suggester

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        raise NotImplementedError("only asynchronously")

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        for completion in (await self._suggester.offer(document)).others:
            yield completion


def make_session(suggester: Suggester) -> PromptSession[str]:
    """A prompt that shows what the suggester offers."""
    session: PromptSession[str] = PromptSession(
        "› ",
        auto_suggest=GreyText(suggester),
        completer=Menu(suggester),
        complete_while_typing=True,
        bottom_toolbar=lambda: suggester.problem or HELP,
    )
    session.default_buffer.on_text_changed += suggester.forget
    return session


async def write(url: str, limit: int) -> None:
    """Read lines until Ctrl-D or Ctrl-C."""
    async with httpx.AsyncClient(base_url=url, timeout=SECONDS) as client:
        suggester = Suggester(client, limit)
        session = make_session(suggester)
        try:
            while True:
                await session.prompt_async()
        except (EOFError, KeyboardInterrupt):
            return
        finally:
            suggester.forget()


def main(arguments: list[str] | None = None) -> int:
    """Read the options and start."""
    p = argparse.ArgumentParser(prog="python -m examples.terminal", description=__doc__.splitlines()[0])
    p.add_argument("--url", default="http://127.0.0.1:8000", help="address of the service")
    p.add_argument("--limit", type=int, default=5, help="most suggestions to show")
    options = p.parse_args(arguments)
    asyncio.run(write(options.url, options.limit))
    return 0


if __name__ == "__main__":
    sys.exit(main())
