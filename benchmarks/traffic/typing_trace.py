"""A typing trace: the requests that an editor sends while a person types, one a keystroke."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from model.evaluate.synthetic_typos import TypoGenerator

# Written for this benchmark; in no text that a model is trained on.
TEXTS = (
    "Hi Clara,\nthanks for the quick reply. I had another look at the invoice you sent last week and the second "
    "line still shows the old address. Could you please correct it and send me a new copy before Friday?\n",
    "are you coming to the party on saturday? we could take the train together, it leaves at ten past six. let me "
    "know if you need a place to stay, my sister has a spare room\n",
    "The meeting has been moved to Thursday afternoon because two of us are travelling. Please bring the numbers "
    "for the last quarter and a short list of what went wrong, so that we can talk about it openly.\n",
    "How do I change the password of my account? I tried the link in the mail but it says that it has expired.\n",
    "Shopping list: apples, bread, a dozen eggs, olive oil, washing powder, something nice for dinner tomorrow\n",
)
# Of a context that is new as a whole.
CONTEXT_WORDS = 20


class Keystroke(NamedTuple):
    """A request: the endpoint, the text up to the cursor, whether corrections are wanted, the words of a phrase."""

    path: str
    text: str
    fuzzy: bool = True
    words: int = 1


def typed(text: str) -> Iterator[Keystroke]:
    """Every keystroke of a text; behind white space the next word is asked for."""
    for end in range(1, len(text) + 1):
        yield Keystroke("/next-word" if text[end - 1].isspace() else "/complete", text[:end])


def keystrokes() -> Iterator[Keystroke]:
    """Every keystroke of all texts in turn."""
    for text in TEXTS:
        yield from typed(text)


def words_with_typos() -> Iterator[Keystroke]:
    """A first request for each word of the texts that was typed with a typo: nothing of it was seen before."""
    generator = TypoGenerator(1)
    for text in TEXTS:
        for match in re.finditer(r"[a-z]{5,}", text):
            typo = generator.draw(match.group(), ("substitution", "transposition", "omission", "addition"))
            if typo is not None:
                yield Keystroke("/complete", text[max(0, match.start() - 20) : match.start()] + typo.typed)


def fresh_contexts() -> Iterator[Keystroke]:
    """Contexts of twenty words that were not seen before: the words of the texts from ever new places."""
    everything = " ".join(TEXTS).split()
    for begin in range(len(everything) - CONTEXT_WORDS):
        yield Keystroke("/next-word", " ".join(everything[begin : begin + CONTEXT_WORDS]) + " ")
