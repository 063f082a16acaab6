"""Simulated typos: a text typed with some, and how many are corrected, missed, or made worse.

The text with its typos is the context: nothing is corrected on the way. The code that serves is asked.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from model.evaluate.synthetic_typos import CLASSES, TypoGenerator
from model.lm.language_model import LanguageModel
from model.nn.inference import ContextRunner
from model.search.complete import Completer
from model.search.correct import Corrector
from model.search.place.query import QueryReader
from model.search.scorer import Scorer
from model.text.tokens import normal_form, straight, tokens

STRIP = 3
# Completions are asked for from this many letters on.
_LEAST_TYPED = 3
# A missed space is one only once the next word has begun, so completions are not measured with it.
_IN_WORD = tuple(kind for kind in CLASSES if kind != "missed space")


class CorrectedWord(NamedTuple):
    """A word typed with a typo of some ``kind`` ('' for none), whether changed, and whether to what was meant."""

    line: int
    kind: str
    changed: bool
    right: bool


class CompletedTypo(NamedTuple):
    """A word typed with a typo in its first half: how often it was offered behind the typo, and without the typo."""

    line: int
    kind: str
    asks: int
    hits: int
    hits_without: int


class _Typed(NamedTuple):
    start: int
    end: int
    meant: str
    kind: str
    line: int


class TypoTrial:
    """Types documents with typos into a model."""

    def __init__(self, model: LanguageModel, context_tokens: int, seed: int) -> None:
        self.model, self.context_tokens, self.seed = model, context_tokens, seed
        self.scorer, self.runner = Scorer(model), ContextRunner(model.network)
        self.completer, self.corrector = Completer(self.scorer), Corrector(self.scorer)
        self.reader = QueryReader(model.vocabulary, context_tokens)

    def corrections(self, lines: list[str], first_line: int, wanted: set[int] | None = None) -> Iterator[CorrectedWord]:
        """Finish every word of a document and have it corrected; ``wanted`` line numbers only, if given."""
        text, words = with_typos(lines, first_line, TypoGenerator(self.seed + first_line))
        for word in words:
            if wanted is not None and word.line not in wanted:
                continue
            typed = text[word.start : word.end]
            finished = self.reader.finished(text[: word.end + 1], word.start, word.end)
            finished = finished._replace(query=self.scorer.resolve(finished.query))
            output = self.runner.output(finished.query.context)
            answer = self.corrector.correct(finished, output, 1, 0.0)
            best = answer.suggestions[0].insert
            before = text[answer.start : word.start]
            changed = straight(best).casefold() != straight(before + typed).casefold()
            # A text that has "dont" without a typo means it: don't is no change of it.
            changed = changed and (bool(word.kind) or not _same(best, before + typed))
            yield CorrectedWord(word.line, word.kind, changed, _same(best, before + word.meant))

    def completions(
        self, lines: list[str], first_line: int, wanted: set[int] | None = None, each: int = 4
    ) -> Iterator[CompletedTypo]:
        """Type one word in ``each`` with a typo in its first half, in a document without typos before it."""
        generator = TypoGenerator(self.seed + first_line)
        rng = np.random.default_rng(self.seed + first_line)
        text, begin = "\n".join(lines), 0
        for number, line in enumerate(lines, first_line):
            for token in tokens(line):
                if not token.is_word or rng.random() * each >= 1 or (wanted is not None and number not in wanted):
                    continue
                word = line[token.start : token.end]
                typo = generator.draw(word, _IN_WORD)
                if typo is None or typo.place >= (len(word) + 1) // 2:
                    continue
                start = begin + token.start
                behind = typo.place + 1 + (typo.kind in ("transposition", "addition", "doubled letter"))
                lengths = range(max(behind, _LEAST_TYPED), min(len(word), len(typo.typed)))
                if not lengths:
                    continue
                hits = [self._offered(text[:start] + typo.typed[:n], word) for n in lengths]
                without = [self._offered(text[: start + n], word) for n in lengths]
                yield CompletedTypo(number, typo.kind, len(lengths), sum(hits), sum(without))
            begin += len(line) + 1

    def _offered(self, text: str, word: str) -> bool:
        query = self.scorer.resolve(self.reader.completion(text, len(text)))
        logits = self.runner.logits(query.context)
        return any(_same(s.text, word) for s in self.completer.complete(query, logits, STRIP, 0.0))


def _same(a: str, b: str) -> bool:
    """Compare two texts but for letter case, and for *dont* beside *don't*."""
    return _folded(a) == _folded(b)


def _folded(text: str) -> list[str]:
    return [normal_form(straight(word)).casefold() for word in text.split()]


def with_typos(lines: list[str], first_line: int, generator: TypoGenerator) -> tuple[str, list[_Typed]]:
    """Type a document with typos; returns it and the places of its words. Two without their space are one."""
    text = ""
    words: list[_Typed] = []
    for number, line in enumerate(lines, first_line):
        found = [token for token in tokens(line) if token.is_word]
        place, i = 0, 0
        while i < len(found):
            token, following = found[i], found[i + 1] if i + 1 < len(found) else None
            word = line[token.start : token.end]
            text += line[place : token.start]
            typo, start = generator.sometimes(word), len(text)
            meant, typed, kind = word, word, ""
            place, i = token.end, i + 1
            if typo is not None and typo.kind != "missed space":
                typed, kind = typo.typed, typo.kind
            elif typo is not None and following and line[place : following.start] == " ":
                second = line[following.start : following.end]
                if second[0].islower():
                    meant, typed, kind = f"{word} {second}", word + second, typo.kind
                    place, i = following.end, i + 1
            text += typed
            words.append(_Typed(start, len(text), meant, kind, number))
        text += line[place:] + "\n"
    return text, words
