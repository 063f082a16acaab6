"""Every word of a model asked for, and every typo of an offensive one: ``python -m benchmarks.suggestions.sweep``.

Of each word of vocabulary and lexicon the beginnings without its last one, two and three letters are completed; of each
word within one typo of a guarded word every beginning is completed, and the whole corrected. Prints what breaks the
rules of an answer, and ends with 1 where anything does.
"""

import argparse
import random
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

import model
from app.schemas.suggestions import Suggestion as Shown
from model.lm.language_model import LanguageModel
from model.lm.storage import load_model
from model.lm.words.offensive import Guard
from model.nn.inference import ContextRunner
from model.search.complete import Completer
from model.search.correct import Correction, Corrector
from model.search.place.query import QueryReader
from model.search.ranking import CORRECTION, TYPED, Suggestion
from model.search.scorer import Scorer
from model.search.typos.keyboards import DEFAULT_LAYOUT, neighbours
from model.text.encoding import CONTEXT_TOKENS
from model.text.tokens import fold, tokens

# As many suggestions as a request may ask for by default.
LIMIT = 20
WORD_CONTEXTS = ("", "This is a ", "We talked about it, but the ")
TYPO_CONTEXTS = (
    "",
    "I saw a ",
    "she is such a ",
    "You're ",
    "pour it into the ",
    "Hi Anna,\nthe ",
    "He said: “",
    "what a load of ",
    "THIS IS THE ",
    "two of my ",
)
# Probabilities are rounded to six places.
_ROUNDING = 1e-9


class Answers:
    """Answers as the service does, in this thread."""

    def __init__(self, loaded: LanguageModel) -> None:
        self.model = loaded
        self.reader, self.scorer = QueryReader(loaded.vocabulary, CONTEXT_TOKENS), Scorer(loaded)
        self._network = ContextRunner(loaded.network)
        self._completer, self._corrector = Completer(self.scorer), Corrector(self.scorer)

    def complete(self, text: str, limit: int = LIMIT, fuzzy: bool = True) -> list[Suggestion]:
        """Complete the word at the end of a text."""
        query = self.reader.completion(text, len(text))
        query = self.scorer.resolve(query) if fuzzy else query
        return self._completer.complete(query, self._network.logits(query.context), limit, 0.0, fuzzy)

    def next_word(self, text: str, limit: int = LIMIT) -> list[Suggestion]:
        """Offer what follows a text."""
        query = self.scorer.resolve(self.reader.next_word(text, len(text)))
        return self._completer.next_words.suggest(query, self._network.logits(query.context), limit, 0.0)

    def correct(self, text: str, span: tuple[int, int] | None = None, limit: int = LIMIT) -> Correction:
        """Correct a word of a text, the last one unless ``span`` names another."""
        place = span or self.reader.last_word(text, len(text))
        if place is None:
            return Correction([], len(text), len(text))
        word = self.reader.finished(text, *place)
        word = word._replace(query=self.scorer.resolve(word.query))
        return self._corrector.correct(word, self._network.output(word.query.context), limit, 0.0)

    def changes(self, text: str, least: float) -> list[tuple[str, str]]:
        """The words of a text that should change, and what to, where that is at least so likely."""
        found: list[Correction] = []
        for token in tokens(text):
            if not token.is_word:
                continue
            correction = self.correct(text, (token.start, token.end))
            best = correction.suggestions[0]
            if best.kind != CORRECTION or best.probability < least:
                continue
            while found and found[-1].end > correction.start:
                found.pop()
            found.append(correction)
        return [(text[one.start : one.end], one.suggestions[0].insert) for one in found]


class Fault(NamedTuple):
    """A wrong answer: the request, and the rule that was broken."""

    asked: str
    text: str
    fault: str


def beginnings(loaded: LanguageModel) -> list[str]:
    """All words of the vocabulary and the lexicon without their last one, two and three letters, each once."""
    forms = loaded.words.forms
    words = (forms[i] for i in range(loaded.vocabulary.first_word, len(forms)))
    return sorted({word[:-n] for word in words for n in (1, 2, 3) if len(word) > n})


def guarded_words(loaded: LanguageModel) -> list[str]:
    """The words of the vocabulary and the lexicon that the guard guards, in small letters."""
    forms = loaded.words.forms
    words = (forms[i] for i in range(loaded.vocabulary.first_word, len(forms)))
    return sorted({word.casefold() for word in words if loaded.guard.guards(word)})


def typos(word: str) -> set[str]:
    """All that one typo makes of a word: a key beside the right one, two letters swapped, one missed or doubled."""
    near = neighbours(DEFAULT_LAYOUT)
    found = set()
    for i, letter in enumerate(word):
        found |= {word[:i] + key + word[i + 1 :] for key in near.get(letter, ()) if key.isalpha()}
        found |= {word[:i] + word[i + 1 :], word[:i] + letter + word[i:]}
        found.add(word[:i] + word[i + 1 : i + 2] + letter + word[i + 2 :])
    return found - {word, ""}


def faults_in(found: list[Suggestion]) -> Iterator[str]:
    """List the rules that an answer breaks: a value out of range, the order, the sum, a word twice."""
    try:
        shown = [Shown.model_validate(one._asdict(), strict=True) for one in found]
    except ValidationError as error:
        yield str(error).replace("\n", " ")
        return
    chances = [one.probability for one in shown]
    if chances != sorted(chances, reverse=True):
        yield f"not sorted: {chances}"
    if sum(chances) > 1 + _ROUNDING:
        yield f"probabilities add up to {sum(chances)}"
    # Of a correction the letter case may be all.
    words = [one.text if one.kind in (CORRECTION, TYPED) else one.text.casefold() for one in shown]
    if len(set(words)) < len(words):
        yield f"a word twice: {words}"


def offensive_in(guard: Guard, found: list[Suggestion], typed: str) -> Iterator[str]:
    """The guarded words that are offered though the letters typed are not a beginning of them, three quarters long."""
    for one in found:
        if one.kind == TYPED or not any(map(guard.guards, (one.text, *one.text.replace("-", " ").split()))):
            continue
        meant, letters = fold(one.text), fold(typed)
        if one.kind == CORRECTION or not meant.startswith(letters) or 4 * len(letters) < 3 * len(meant):
            yield f"offers {one.text!r} ({one.kind}, {one.probability})"


def sweep_words(answers: Answers, texts: Iterable[str]) -> Iterator[Fault]:
    """Complete each beginning in each context."""
    texts = list(texts)
    for context in WORD_CONTEXTS:
        for text in texts:
            yield from _asked("complete", answers, context + text)


def sweep_typos(answers: Answers, words: Iterable[str]) -> Iterator[Fault]:
    """Complete every beginning of each word in each context, and correct it."""
    words = list(words)
    typed = sorted({word[:n] for word in words for n in range(1, len(word) + 1)})
    for context in TYPO_CONTEXTS:
        for letters in typed:
            yield from _asked("complete", answers, context + letters)
        for word in words:
            yield from _asked("correct", answers, context + word)


def _asked(ask: str, answers: Answers, text: str) -> Iterator[Fault]:
    try:
        found = answers.complete(text) if ask == "complete" else answers.correct(text).suggestions
    except Exception as error:
        yield Fault(ask, text, f"{type(error).__name__}: {error}")
        return
    typed = answers.reader.completion(text, len(text)).prefix
    for fault in (*faults_in(found), *offensive_in(answers.model.guard, found, typed)):
        yield Fault(ask, text, fault)


def main(arguments: list[str] | None = None) -> int:
    """Sweep and print each fault; returns 1 where there are any."""
    p = argparse.ArgumentParser(prog="python -m benchmarks.suggestions.sweep", description=__doc__.splitlines()[0])
    p.add_argument("--model", type=Path, default=Path(model.__file__).parent / "en", help="a trained model's folder")
    p.add_argument("--sample", type=int, help="ask for this many of each, drawn with seed 1; by default all")
    options = p.parse_args(arguments)
    loaded = load_model(options.model).for_inference()
    answers = Answers(loaded)
    texts = beginnings(loaded)
    wrong = sorted({typo for word in guarded_words(loaded) for typo in typos(word)})
    if options.sample:
        draw = random.Random(1)
        texts, wrong = (draw.sample(every, min(options.sample, len(every))) for every in (texts, wrong))
    count = 0
    for name, faults in (("words", sweep_words(answers, texts)), ("typos", sweep_typos(answers, wrong))):
        for fault in faults:
            count += 1
            print(f"{name}: {fault.asked} {fault.text!r}: {fault.fault}", flush=True)
    print(f"{len(texts)} beginnings of words and {len(wrong)} typos of guarded words: {count} faults")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
