"""A load trace: a stream of requests for each of many people, with contexts that no other has."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.traffic.typing_trace import CONTEXT_WORDS, TEXTS, Keystroke, typed

# The length of a message.
MESSAGE_WORDS = 40
# Of five requests that complete one begins a word.
REQUESTS_A_WORD = 5
_ASKED_FOR = 3
_OPENING_WORDS = 3
# A million openings.
_FEWEST_WORDS = 100
_SENTENCES = Path(__file__).resolve().parents[2] / "docs" / "sentences.txt"
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def read_text(path: Path | None) -> str:
    """Load the text of a file, or the project's own."""
    return path.read_text("utf-8") if path else "\n".join([*TEXTS, _SENTENCES.read_text("utf-8")])


class Messages:
    """Messages made of a text: each begins with three words that no other begins with, then follows the text.

    So their contexts differ, though the text may be short.
    """

    def __init__(self, text: str, seed: int) -> None:
        self._words = text.split()
        self._rng = np.random.default_rng(seed)
        self._openers = list(dict.fromkeys(word.lower() for word in self._words if _WORD.fullmatch(word)))
        if len(self._openers) < _FEWEST_WORDS:
            raise SystemExit(f"the text needs at least {_FEWEST_WORDS} different words")
        self._seen: set[str] = set()

    def next(self) -> str:
        """Another message."""
        opening = self._unseen(_OPENING_WORDS)
        begin = int(self._rng.integers(len(self._words)))
        rest = (self._words[(begin + i) % len(self._words)] for i in range(MESSAGE_WORDS - _OPENING_WORDS))
        return " ".join([opening, *rest])

    def shuffled(self) -> str:
        """Twenty words in an order of their own, and a space: a context that was not there before."""
        return self._unseen(CONTEXT_WORDS) + " "

    def _unseen(self, words: int) -> str:
        while True:
            chosen = self._rng.integers(len(self._openers), size=words).tolist()
            text = " ".join(self._openers[i] for i in chosen)
            if text not in self._seen:
                self._seen.add(text)
                return text


Stream = Callable[[Messages], Iterator[Keystroke]]


def completing(messages: Messages) -> Iterator[Keystroke]:
    """Letter after letter of messages: one of five requests begins a word, four extend it.

    Words of one or two letters are typed before an editor asks. Longer ones are asked for to the end as far as the
    words before them left requests over, then taken from the suggestions.
    """
    owed = 0
    while True:
        message = messages.next()
        for word in _WORD.finditer(message):
            begin, length = word.start(), word.end() - word.start()
            if length < _ASKED_FOR:
                continue
            owed += REQUESTS_A_WORD - 1
            further = min(length - 1, owed)
            owed -= further
            for letters in range(1, further + 2):
                yield Keystroke("/complete", message[: begin + letters])


def growing(messages: Messages) -> Iterator[Keystroke]:
    """The next word after each word of messages."""
    while True:
        message = messages.next()
        for word in re.finditer(r"\S+", message):
            yield Keystroke("/next-word", message[: word.end()] + " ")


def unseen(messages: Messages) -> Iterator[Keystroke]:
    """The next word after twenty words that never stood in this order."""
    while True:
        yield Keystroke("/next-word", messages.shuffled())


def typing(messages: Messages) -> Iterator[Keystroke]:
    """Every keystroke of messages."""
    while True:
        yield from typed(messages.next())


def streams(stream: Stream, text: str, seed: int, connections: int) -> list[Iterator[Keystroke]]:
    """Make the streams of enough people that each has an answer before it is their turn again.

    wrk does not say which connection a request is for, so they take turns. One connection is one person. For more
    there are twice as many people, since answers overtake each other.
    """
    messages = Messages(text, seed)
    people = 1 if connections == 1 else 2 * connections
    return [stream(messages) for _ in range(people)]
