"""Phrases as grey text: how often they are wholly right, and what they save: ``python -m benchmarks.phrases FILE``.

Lines of FILE, text that was not trained on, are typed letter by letter, with grey text as the widget shows it: behind a
letter that was typed, at a probability of 0.3, not behind marks, numbers and finished sentences. Tab takes what is
wholly right, → each right word, the rest is typed. A phrase that stands from one letter to the next is one case.
"""

import argparse
import random
import re
from dataclasses import dataclass
from pathlib import Path

import model
from model.lm.storage import load_model
from model.lm.words.offensive import SHIPPED_LIST
from model.nn.inference import ContextRunner
from model.search.complete import Completer
from model.search.place.query import Query, QueryReader
from model.search.ranking import PHRASE, Suggestion
from model.search.scorer import Scorer
from model.search.writing.phrases import Followers, Following, PhraseSearch
from model.text.encoding import CONTEXT_TOKENS

# The widget's (app/static/widget/options.js and rules.js).
_GREY, _GLUED, _LISTED, _LIMIT = 0.3, 0.5, 0.01, 5
_NOT_BEHIND = re.compile(r"(?:\d\S*|[.!?…][\"'*_)\]]*\s*|(?<!\w['’-])(?<=[^\w\s]))\Z")
_WORD = re.compile(r"\s*\S+")


@dataclass
class Count:
    """Counts over the lines typed."""

    characters: int = 0
    keystrokes: int = 0
    shown: int = 0
    right: int = 0

    @property
    def saved(self) -> float:
        """The share of the keystrokes that is saved."""
        return 1 - self.keystrokes / self.characters


class Typist:
    """Types lines into a model that answers with at most ``words`` words a suggestion."""

    def __init__(self, folder: Path) -> None:
        loaded = load_model(folder, SHIPPED_LIST).for_inference()
        self._reader, self._scorer = QueryReader(loaded.vocabulary, CONTEXT_TOKENS), Scorer(loaded)
        self._completer, self._followers = Completer(self._scorer), Followers(loaded)
        self._network = ContextRunner(loaded.network)
        self._following: dict[tuple[int, ...], Following] = {}

    def type(self, lines: list[str], words: int, least: float = 0.5) -> Count:
        """Type lines, each for itself."""
        count = Count()
        for line in lines:
            count.characters += len(line) + 1
            count.keystrokes += 1
            self._type(line, words, least, count)
        return count

    def _type(self, line: str, words: int, least: float, count: Count) -> None:
        place, may_be_grey, last = 0, False, None
        while place < len(line):
            shown = self._grey(line[:place], words, least) if may_be_grey else None
            taken = keys = 0
            if shown is not None:
                letters, case, is_phrase = shown
                right = _is_right(line[place:], letters)
                if is_phrase and case != last:
                    count.shown += 1
                    count.right += right
                last = case
                taken, keys = (len(letters), 1) if right else _right_words(line[place:], letters)
            may_be_grey = not taken
            place += taken or 1
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
        if typed and one.probability < _GLUED and one.probability <= 1 - sum(s.probability for s in found):
            return None
        return one.insert[len(typed) :], (query.start, one.text.casefold()), one.kind == PHRASE

    def _lengthen(self, query: Query, found: list[Suggestion], words: int, least: float) -> list[Suggestion]:
        search = PhraseSearch(self._followers, query, found, words, least, least)
        while contexts := search.wanted():
            search.go_on([self._after(context) for context in contexts])
        return search.suggestions()

    def _after(self, context: tuple[int, ...]) -> Following:
        if context not in self._following:
            self._following[context] = self._followers.after(context, self._network.logits(context))
        return self._following[context]


def _is_right(rest: str, letters: str) -> bool:
    return rest.startswith(letters) and not rest[len(letters) : len(letters) + 1].isalpha()


def _right_words(rest: str, letters: str) -> tuple[int, int]:
    """How many letters and words at the beginning of grey text are right."""
    taken = keys = 0
    for word in _WORD.finditer(letters):
        if not _is_right(rest, letters[: word.end()]):
            break
        taken, keys = word.end(), keys + 1
    return taken, keys


def main(arguments: list[str] | None = None) -> None:
    """Type a sample of lines with words alone and with phrases, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.phrases", description=__doc__)
    parser.add_argument("file", type=Path, help="text, a message or paragraph a line")
    parser.add_argument("--lines", type=int, default=150, help="lines to type, drawn at random (default 150)")
    parser.add_argument("--least", type=float, default=0.5, help="the setting phrase_probability (default 0.5)")
    parser.add_argument("--model", type=Path, default=Path(model.__file__).parent / "en", help="a model folder")
    options = parser.parse_args(arguments)
    lines = [line.strip() for line in options.file.read_text("utf-8").splitlines() if line.strip()]
    lines = random.Random(1).sample(lines, min(options.lines, len(lines)))
    typist = Typist(options.model)
    print("| | characters | saved | phrases shown | wholly right |\n|---|---|---|---|---|")
    for name, words in (("words alone", 1), ("`words=4`", 4)):
        count = typist.type(lines, words, options.least)
        right = f"{count.right} ({count.right / count.shown:.0%})" if count.shown else ""
        print(f"| {name} | {count.characters} | {count.saved:.4f} | {count.shown or ''} | {right} |", flush=True)


if __name__ == "__main__":
    main()
