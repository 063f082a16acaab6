"""Texts that are written on: how many there are at a time, and how each begins and ends."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from random import getrandbits

from app.errors import GenerateLimitError
from app.inference.engine import Engine
from app.schemas.generation import GenerationEnd, GenerationRequest
from app.settings import Settings
from model.search.place.query import quote_is_open
from model.search.writing.writer import Manner, Writer

# The part of the time limit after which a text is ended; the rest is for sending it.
_PART_OF_TIME = 0.8
_SEED_BITS = 32


class Writing:
    """The texts that are written on at a time, at most as many as the settings allow."""

    def __init__(self, settings: Settings) -> None:
        self._most, self._seconds = settings.generate_limit, _PART_OF_TIME * settings.timeout_seconds
        self._count = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place for one text. Raises ``GenerateLimitError`` where none is free."""
        if self._count >= self._most:
            raise GenerateLimitError(self._most)
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1

    async def write(
        self, engine: Engine, model: str, request: GenerationRequest
    ) -> AsyncGenerator[str | GenerationEnd, None]:
        """Yield the text that an engine writes on from a request's, a word or mark at a time, and how it ended."""
        length = len(request.text)
        query = engine.scorer.resolve(engine.reader.next_word(request.text, length))
        seed = getrandbits(_SEED_BITS) if request.seed is None else request.seed
        manner = Manner(request.max_words, request.temperature, request.top_p, seed, request.stop)
        writer = Writer(engine.model, query, quote_is_open(request.text, length), manner)
        async for piece in engine.write(writer, self._seconds):
            yield piece
        yield GenerationEnd(words=writer.words, reason=writer.reason, seed=seed, model=model)
