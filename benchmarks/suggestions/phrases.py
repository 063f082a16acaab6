"""Phrases as grey text: how often right, and what they save: ``python -m benchmarks.suggestions.phrases FILE``.

Messages of FILE, text that was not trained on, are typed letter by letter, with grey text as the widget shows it:
behind a letter that was typed, at a probability of 0.3, not behind marks, numbers and finished sentences. Tab takes
what is wholly right, → each right word, the rest is typed. A phrase that stands from one letter to the next is one
case. A blank line ends a message; with --lines each line is one, as in a chat.
"""

import argparse
import random
import re
from dataclasses import dataclass
from pathlib import Path

import model
from app.settings import Settings
from model.lm.storage import load_model
from model.lm.words.offensive import SHIPPED_LIST
from model.nn.inference import ContextRunner
from model.search.complete import Completer
from model.search.place.query import Query, QueryReader
from model.search.ranking import PHRASE, Suggestion
from model.search.scorer import Scorer
from model.search.writing.phrases import WHOLE_SHARE, Followers, Following, PhraseSearch
from model.text.encoding import CONTEXT_TOKENS

# The widget's (app/static/widget/options.js and rules.js).
_GREY, _GLUED, _LISTED, _LIMIT = 0.3, 0.5, 0.01, 5
_NOT_BEHIND = re.compile(r"(?:\d\S*|[.!?…][\"'*_)\]]*\s*|(?<!\w['’-])(?<=[^\w\s]))\Z")
# → takes a word without the mark that ends its sentence, and then the mark.
_WORD = re.compile(r"\s*\S+?(?=[.?!]?(?:\s|\Z))")
_BETWEEN_MESSAGES = re.compile(r"\n\s*\n")


@dataclass
class Count:
    """Counts over the messages typed."""

    characters: int = 0
    keystrokes: int = 0
    shown: int = 0
    right: int = 0

    @property
    def saved(self) -> float:
        """The share of the keystrokes that is saved."""
        return 1 - self.keystrokes / self.characters


class Typist:
    """Types messages into a model that answers with at most ``words`` words a suggestion."""

    def __init__(self, folder: Path) -> None:
        loaded = load_model(folder, SHIPPED_LIST).for_inference()
        self._reader, self._scorer = QueryReader(loaded.vocabulary, CONTEXT_TOKENS), Scorer(loaded)
        self._completer, self._followers = Completer(self._scorer), Followers(loaded)
        self._network = ContextRunner(loaded.network)
        self._following: dict[tuple[int, ...], Following] = {}

    def type(self, messages: list[str], words: int, least: float) -> Count:
        """Type messages, each for itself, and a key to send it."""
        count = Count()
        for message in messages:
            count.characters += len(message) + 1
            count.keystrokes += 1
            self._type(message, words, least, count)
        return count

    def _type(self, message: str, words: int, least: float, count: Count) -> None:
        place, may_be_grey, last = 0, False, None
        while place < len(message):
            shown = self._grey(message[:place], words, least) if may_be_grey else None
            taken = keys = 0
            if shown is not None:
                letters, case, is_phrase = shown
                right = is_right(message[place:], letters)
                if is_phrase and case != last:
                    count.shown += 1
                    count.right += right
                last = case
                taken, keys = (len(letters), 1) if right else _right_words(message[place:], letters)
            place += taken or 1
            may_be_grey = not taken and message[place - 1] != "\n"
            count.keystrokes += keys or 1

    def _grey(self, text: str, words: int, least: float) -> tuple[str, tuple[int, str], bool] | None:
        """The grey letters behind a text, where its suggestion begins and says, and whether it is a phrase."""
        if not text.strip() or _NOT_BEHIND.search(text):
            return None
        query = self._scorer.resolve(self._reader.completion(text, len(text)))
        found = self._completer.complete(query, self._network.logits(query.context), _LIMIT, _LISTED)
        if words > 1:
            found = self._lengthen(query, found, words, least)
        typed = text[query.start :]
        one = next((s for s in found if s.insert.startswith(typed) and len(s.insert) > len(typed)), None)
        if one is None or one.probability < _GREY:
            return None
        is_glued = typed and one.kind != PHRASE and one.probability < _GLUED
        if is_glued and one.probability <= 1 - sum(s.probability for s in found):
            return None
        return one.insert[len(typed) :], (query.start, one.text.casefold()), one.kind == PHRASE

    def _lengthen(self, query: Query, found: list[Suggestion], words: int, least: float) -> list[Suggestion]:
        search = PhraseSearch(self._followers, query, found, words, least, WHOLE_SHARE * least)
        while contexts := search.wanted():
            search.go_on([self._after(context) for context in contexts])
        return search.suggestions()

    def _after(self, context: tuple[int, ...]) -> Following:
        if context not in self._following:
            self._following[context] = self._followers.after(context, self._network.logits(context))
        return self._following[context]


def is_right(rest: str, letters: str) -> bool:
    """True where a text goes on with this grey text, and no further letter."""
    return rest.startswith(letters) and not rest[len(letters) : len(letters) + 1].isalpha()


def _right_words(rest: str, letters: str) -> tuple[int, int]:
    """How many letters and words at the beginning of grey text are right."""
    taken = keys = 0
    for word in _WORD.finditer(letters):
        if not is_right(rest, letters[: word.end()]):
            break
        taken, keys = word.end(), keys + 1
    return taken, keys


def main(arguments: list[str] | None = None) -> None:
    """Type a sample of messages with words alone and with phrases, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suggestions.phrases", description=__doc__)
    parser.add_argument("file", type=Path, help="text, a blank line between messages")
    parser.add_argument("--lines", action="store_true", help="each line is a message")
    parser.add_argument("--messages", type=int, default=150, help="messages to type, drawn at random (default 150)")
    least = Settings.model_fields["phrase_probability"].default
    parser.add_argument("--least", type=float, default=least, help=f"the setting phrase_probability (default {least})")
    parser.add_argument("--model", type=Path, default=Path(model.__file__).parent / "en", help="a model folder")
    options = parser.parse_args(arguments)
    text = options.file.read_text("utf-8")
    found = text.splitlines() if options.lines else _BETWEEN_MESSAGES.split(text)
    messages = [message.strip() for message in found if message.strip()]
    messages = random.Random(1).sample(messages, min(options.messages, len(messages)))
    typist = Typist(options.model)
    print("| | characters | saved | phrases shown | wholly right |\n|---|---|---|---|---|")
    for name, words in (("words alone", 1), ("`words=4`", 4)):
        count = typist.type(messages, words, options.least)
        right = f"{count.right} ({count.right / count.shown:.0%})" if count.shown else ""
        print(f"| {name} | {count.characters} | {count.saved:.4f} | {count.shown or ''} | {right} |", flush=True)


if __name__ == "__main__":
    main()
