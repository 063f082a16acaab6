"""Typing a text with slips, and counting what is corrected, what is missed, and what is changed for the worse.

The text with its slips is the context: nothing is corrected on the way. Asked is the code that serves.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from model.evaluate.synthetic_typos import CLASSES, Noise
from model.lm.language_model import LanguageModel
from model.nn.inference import ContextRunner
from model.search.complete import Completer
from model.search.correct import Corrector
from model.search.query import QueryReader
from model.search.scorer import Scorer
from model.text.tokens import normal_form, straight, tokens

STRIP = 3
# A completion is asked for after so many letters at least.
_LEAST_TYPED = 3
# A missed space is one only once the next word has begun, so completions are not measured with it.
_IN_WORD = tuple(kind for kind in CLASSES if kind != "missed space")


class CorrectedWord(NamedTuple):
    """A word typed with a slip of some ``kind`` ('' for none): whether it was changed, and to what was meant."""

    line: int
    kind: str
    changed: bool
    right: bool


class SlippedCompletion(NamedTuple):
    """A word typed with a slip in its first half: how often it was offered behind the slip, and without the slip."""

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


class SlipsTrial:
    """Types documents with slips into a model."""

    def __init__(self, model: LanguageModel, context_tokens: int, seed: int) -> None:
        self.model, self.context_tokens, self.seed = model, context_tokens, seed
        self.scorer, self.network = Scorer(model), ContextRunner(model.network)
        self.completer, self.corrector = Completer(self.scorer), Corrector(self.scorer)
        self.reader = QueryReader(model.vocabulary, context_tokens)

    def corrections(self, lines: list[str], first_line: int, wanted: set[int] | None = None) -> Iterator[CorrectedWord]:
        """Every word of a document, finished, and then asked to be corrected; ``wanted`` line numbers if given."""
        text, words = slipped(lines, first_line, Noise(self.seed + first_line))
        for word in words:
            if wanted is not None and word.line not in wanted:
                continue
            typed = text[word.start : word.end]
            finished = self.reader.finished(text[: word.end + 1], word.start, word.end)
            finished = finished._replace(query=self.scorer.resolve(finished.query))
            output = self.network.output(finished.query.context)
            answer = self.corrector.correct(finished, output, 1, 0.0)
            best = answer.suggestions[0].insert
            before = text[answer.start : word.start]
            changed = straight(best).casefold() != straight(before + typed).casefold()
            # Who writes dont has made no slip if the text is so.
            changed = changed and (bool(word.kind) or not _same(best, before + typed))
            yield CorrectedWord(word.line, word.kind, changed, _same(best, before + word.meant))

    def completions(
        self, lines: list[str], first_line: int, wanted: set[int] | None = None, each: int = 4
    ) -> Iterator[SlippedCompletion]:
        """One word in ``each``, of a document without slips before it, typed with a slip in its first half."""
        noise = Noise(self.seed + first_line)
        rng = np.random.default_rng(self.seed + first_line)
        text, begin = "\n".join(lines), 0
        for number, line in enumerate(lines, first_line):
            for token in tokens(line):
                if not token.is_word or rng.random() * each >= 1 or (wanted is not None and number not in wanted):
                    continue
                word = line[token.start : token.end]
                slip = noise.certain_slip(word, _IN_WORD)
                if slip is None or slip.place >= (len(word) + 1) // 2:
                    continue
                start = begin + token.start
                behind = slip.place + 1 + (slip.kind in ("transposition", "addition", "doubled letter"))
                lengths = range(max(behind, _LEAST_TYPED), min(len(word), len(slip.typed)))
                if not lengths:
                    continue
                hits = [self._offered(text[:start] + slip.typed[:n], word) for n in lengths]
                without = [self._offered(text[: start + n], word) for n in lengths]
                yield SlippedCompletion(number, slip.kind, len(lengths), sum(hits), sum(without))
            begin += len(line) + 1

    def _offered(self, text: str, word: str) -> bool:
        query = self.scorer.resolve(self.reader.completion(text, len(text)))
        logits = self.network.logits(query.context)
        return any(_same(s.text, word) for s in self.completer.complete(query, logits, STRIP, 0.0))


def _same(a: str, b: str) -> bool:
    """Whether two texts are the same to a reader who does not mind letter case, nor *dont* for *don't*."""
    return _read(a) == _read(b)


def _read(text: str) -> list[str]:
    return [normal_form(straight(word)).casefold() for word in text.split()]


def slipped(lines: list[str], first_line: int, noise: Noise) -> tuple[str, list[_Typed]]:
    """A document with slips, and where its words stand in it; two words without their space are one."""
    parts: list[str] = []
    words: list[_Typed] = []
    length = 0

    def put(text: str) -> None:
        nonlocal length
        parts.append(text)
        length += len(text)

    for number, line in enumerate(lines, first_line):
        found = [token for token in tokens(line) if token.is_word]
        place, i = 0, 0
        while i < len(found):
            token = found[i]
            word = line[token.start : token.end]
            put(line[place : token.start])
            slip, start = noise.slip(word), length
            following = found[i + 1] if i + 1 < len(found) else None
            if slip is not None and slip.kind == "missed space":
                if following is None or line[token.end : following.start] != " " or not line[following.start].islower():
                    slip = None
                else:
                    second = line[following.start : following.end]
                    put(word + second)
                    words.append(_Typed(start, length, f"{word} {second}", slip.kind, number))
                    place, i = following.end, i + 2
                    continue
            put(word if slip is None else slip.typed)
            words.append(_Typed(start, length, word, "" if slip is None else slip.kind, number))
            place, i = token.end, i + 1
        put(line[place:] + "\n")
    return "".join(parts), words
