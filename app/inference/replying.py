"""Replies to messages: found one at a time, in a thread of their own, so that those who type hardly notice."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from app.errors import BusyError, NoRepliesError, NotReadyError
from app.inference.batching.products import one_blas_thread
from model.lm.language_model import LanguageModel
from model.lm.words.offensive import LONGEST_BEGINNING, Guard
from model.search.writing.replies import Reply
from model.text.tokens import tokens

# Messages that wait: one takes some tenth of a second, and nobody waits for more than a few seconds.
MOST_WAITING = 32


class Replying:
    """Answers the messages of one service."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "replies", one_blas_thread)
        self._waiting = 0
        self._open = True

    async def replies(self, model: LanguageModel, name: str, message: str, limit: int) -> list[Reply]:
        """Find replies to a message; none to one with words that the model's guard keeps back.

        Raises ``NoRepliesError`` where the model has none, and ``BusyError`` where too many messages wait already.
        """
        search, guard = model.replies, model.guard
        if search is None:
            raise NoRepliesError(name)
        if not self._open:
            raise NotReadyError
        if self._waiting >= MOST_WAITING:
            raise BusyError(self._waiting)

        def find() -> list[Reply]:
            if not is_harmless(message, guard):
                return []
            return search.suggest(message, limit, lambda text: is_harmless(text, guard))

        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, find)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the thread; what waits is given up."""
        self._open = False
        self._thread.shutdown(wait=False, cancel_futures=True)


def is_harmless(text: str, guard: Guard) -> bool:
    """Tell whether the guard would let all words of a text be offered, each behind those before it."""
    words = tuple(token.form for token in tokens(text) if token.is_word)
    return all(guard.allows(word, "", words[max(0, i - LONGEST_BEGINNING) : i]) for i, word in enumerate(words))
