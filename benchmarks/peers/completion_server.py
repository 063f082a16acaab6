"""Any server with OpenAI's /v1/completions, llama.cpp's among them: words by best-first search over its tokens.

A language model of pieces of words gives the next piece, not the next word. So the likeliest beginnings are drawn out,
one request each, until a piece begins with something that ends a word; what its ends add up to is a word's probability.
"""

import heapq
import math
from collections.abc import Iterator

import httpx

from model.evaluate.simulated_typing import STRIPS, Offer

# Pieces that are looked at behind each beginning, and beginnings that are drawn out for one answer.
PIECES, REQUESTS = 40, 24
# Characters of the text before the word that are sent.
CONTEXT = 400


class CompletionServer:
    """Suggests by the server at an address."""

    def __init__(self, address: str, model: str = "default", client: httpx.Client | None = None) -> None:
        self._client = client or httpx.Client(timeout=60)
        self._url, self._model = address.rstrip("/") + "/v1/completions", model

    def suggest(self, text: str, letters: int) -> list[Offer]:
        """Suggest the likeliest words that go on with the typed letters."""
        typed = text[len(text) - letters :]
        before = text[: len(text) - letters][-CONTEXT:]
        # Pieces carry the space before a word: it is asked for, not given.
        stem = before.rstrip(" ")
        space = " " if before != stem else ""
        found: dict[str, float] = {}
        frontier: list[tuple[float, str]] = [(0.0, "")]
        for _ in range(REQUESTS):
            if not frontier or self._is_settled(found, -frontier[0][0]):
                break
            log_p, beginning = heapq.heappop(frontier)
            for piece, log_piece in self._pieces(stem + beginning):
                for word, is_whole in _read(beginning + piece, space):
                    total = -log_p + log_piece
                    if is_whole and word.casefold().startswith(typed.casefold()) and word:
                        found[word.casefold()] = found.get(word.casefold(), 0.0) + math.exp(total)
                    elif not is_whole and _may_become(word, typed):
                        heapq.heappush(frontier, (-total, beginning + piece))
        best = sorted(found.items(), key=lambda item: -item[1])[: STRIPS[-1]]
        return [Offer(word, p) for word, p in best]

    @staticmethod
    def _is_settled(found: dict[str, float], log_open: float) -> bool:
        best = sorted(found.values(), reverse=True)[: STRIPS[-1]]
        return len(best) == STRIPS[-1] and math.exp(log_open) < best[-1]

    def _pieces(self, prompt: str) -> list[tuple[str, float]]:
        body = {"model": self._model, "prompt": prompt, "max_tokens": 1, "temperature": 0, "logprobs": PIECES}
        answer = self._client.post(self._url, json=body)
        answer.raise_for_status()
        top = answer.json()["choices"][0]["logprobs"]["top_logprobs"][0]
        return list(top.items())


def _read(beginning: str, space: str) -> Iterator[tuple[str, bool]]:
    """The word in a drawn-out beginning, and whether something behind it ends it; nothing where it is no word."""
    word = beginning.removeprefix(space)
    if space and word == beginning and beginning:
        return
    for i, c in enumerate(word):
        if not (c.isalpha() or (i and c in "'’-")):
            if i:
                yield word[:i], True
            return
    yield word, False


def _may_become(word: str, typed: str) -> bool:
    small, wanted = word.casefold(), typed.casefold()
    return small.startswith(wanted) or wanted.startswith(small)
