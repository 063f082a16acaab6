"""Simulated typing: a text typed letter by letter with suggestions at hand, and the keystrokes they save.

Of each word, a token that begins with a letter, the trial asks before the first letter and after each one until the
word is offered; case is ignored, and a word that is never offered is typed to its end. Accepting a suggestion is one
keystroke and gives the space too. ``ModelSuggester`` answers by the same code that serves; anything else that suggests
words can be asked too.
"""

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from model.lm.language_model import LanguageModel
from model.lm.person import Person
from model.lm.words.custom_vocabulary import CustomVocabulary
from model.nn.inference import ContextRunner
from model.search.complete import Completer
from model.search.custom_reader import CustomReader
from model.search.place.query import QueryReader
from model.search.ranking import Suggestion
from model.search.scorer import Scorer
from model.text.tokens import straight, tokens

# The completion accuracy is measured after up to this many letters.
MOST_LETTERS = 3
# The numbers of suggestions that keystroke savings are measured with.
STRIPS = (3, 5)


class Ask(NamedTuple):
    """A call for suggestions: letters typed, rank of the wanted word (None: not offered), P of the first one."""

    letters: int
    rank: int | None
    first_probability: float
    seconds: float


class TypedWord(NamedTuple):
    """A word of the text: the line it stands in, its length, and the calls made while it was typed.

    ``earlier_uses`` counts those before it of a word that the vocabulary does not hold; −1 where nobody counted.
    """

    line: int
    length: int
    asks: list[Ask]
    earlier_uses: int = -1


class Offer(NamedTuple):
    """A suggested word and its probability."""

    text: str
    probability: float


class Suggester(Protocol):
    """A suggester of words: the service's search, or another system."""

    def suggest(self, text: str, letters: int) -> Sequence[Offer | Suggestion]:
        """Suggest words for the end of ``text``, best first; its last ``letters`` code points are the word so far."""
        ...


class ModelSuggester:
    """Suggests by a model of the project, with custom vocabularies where there are some; ``fuzzy`` as in a request.

    ``person`` is what is known of who writes.
    """

    def __init__(
        self,
        model: LanguageModel,
        context_tokens: int,
        fuzzy: bool = True,
        vocabularies: tuple[CustomVocabulary, ...] = (),
    ) -> None:
        self.model = model
        self.person: Person | None = None
        self._fuzzy, self._vocabularies = fuzzy, vocabularies
        self._reader, self._scorer = QueryReader(model.vocabulary, context_tokens), Scorer(model)
        self._completer, self._custom = Completer(self._scorer), CustomReader(self._scorer)
        self._network = ContextRunner(model.network)

    def suggest(self, text: str, letters: int) -> list[Suggestion]:
        """Suggest by the functions that answer a request."""
        query = (self._reader.completion if letters else self._reader.next_word)(text, len(text))
        query = self._custom.read(query, self._vocabularies, STRIPS[-1])
        if self._fuzzy:
            query = self._scorer.resolve(query, self.person)
        logits = self._network.logits(query.context)
        return self._completer.complete(query, logits, STRIPS[-1], 0.0, self._fuzzy, self.person)


class TypingTrial:
    """Types documents with the suggestions of ``suggester`` at hand."""

    def __init__(self, suggester: Suggester) -> None:
        self._suggester = suggester

    def words(self, lines: list[str], first_line: int, wanted: set[int] | None = None) -> Iterator[TypedWord]:
        """Type a document; each line is seen with the lines before it. ``wanted`` line numbers only, if given."""
        text = "\n".join(lines)
        begin = 0
        for number, line in enumerate(lines, first_line):
            if wanted is None or number in wanted:
                for token in tokens(line):
                    if token.is_word:
                        yield self._type(text, begin + token.start, begin + token.end, number)
            begin += len(line) + 1

    def _type(self, text: str, start: int, end: int, line: int) -> TypedWord:
        word = straight(text[start:end]).casefold()
        length = end - start
        asks: list[Ask] = []
        best = STRIPS[-1] + 1
        for letters in range(length):
            ask = self._ask(text[: start + letters], letters, word)
            asks.append(ask)
            best = min(best, best if ask.rank is None else ask.rank)
            if best <= STRIPS[0] and letters >= MOST_LETTERS:
                break
        if length <= MOST_LETTERS:
            # A keyboard asks here too, though the word is complete.
            asks.append(self._ask(text[:end], length, word))
        return TypedWord(line, length, asks)

    def _ask(self, text: str, letters: int, word: str) -> Ask:
        begun = time.perf_counter()
        suggestions = self._suggester.suggest(text, letters)
        seconds = time.perf_counter() - begun
        texts = [suggestion.text.casefold() for suggestion in suggestions]
        rank = texts.index(word) + 1 if word in texts else None
        return Ask(letters, rank, suggestions[0].probability if suggestions else 0.0, seconds)


def keystrokes(word: TypedWord, strip: int) -> int:
    """Count the keystrokes of the word and its space with ``strip`` suggestions in view."""
    for ask in word.asks:
        if ask.rank is not None and ask.rank <= strip:
            return ask.letters + 1
    return word.length + 1
