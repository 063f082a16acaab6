"""Personal typing: the texts of one person typed in their order, each taught once it is typed.

What was taught before bears on the words that come: the counts of the words and phrases of this person.
"""

from collections import Counter
from collections.abc import Iterator

from model.evaluate.simulated_typing import ModelSuggester, TypedWord, TypingTrial
from model.lm.notebook import NOTHING_TAUGHT
from model.lm.person import Person, token_of
from model.search.lessons import lesson
from model.text.tokens import tokens

# A person's texts are about as long as this, at most.
TEXT_WORDS = 100


class PersonalTrial:
    """Types the documents of one person."""

    def __init__(self, suggester: ModelSuggester) -> None:
        self._suggester, self._trial = suggester, TypingTrial(suggester)
        self._seen: Counter[str] = Counter()

    def words_of_a_person(
        self, documents: list[list[str]], teach: bool, wanted: set[int] | None = None
    ) -> Iterator[TypedWord]:
        """Type the documents in their order; where it is to ``teach``, each text is taught once typed.

        A text is a document, or of a long one lines of some ``TEXT_WORDS`` words: nobody writes a book before they send
        it. What stands before it in its document is context all the same. ``wanted`` line numbers only, if given; the
        words of all lines count as uses.
        """
        model = self._suggester.model
        taught, first = NOTHING_TAUGHT, 0
        self._suggester.person = None
        for lines in documents:
            for text in _texts(lines):
                here = {first + i for i in text}
                asked = here if wanted is None else here & wanted
                uses = self._earlier_uses(lines, first, here, asked)
                if teach and asked:
                    self._suggester.person = Person(model, taught, before=self._suggester.person)
                if asked:
                    for word, earlier in zip(self._trial.words(lines, first, asked), uses, strict=True):
                        yield word._replace(earlier_uses=earlier)
                taught = taught.learned(lesson("\n".join(lines[text.start : text.stop]), model.vocabulary))
            first += len(lines)

    def _earlier_uses(self, lines: list[str], first: int, here: set[int], asked: set[int]) -> list[int]:
        """Count the words of the lines ``here``: of those ``asked``, how often each unknown one was used; else −1."""
        uses = []
        for number, line in enumerate(lines, first):
            if number in here:
                forms = [token.form for token in tokens(line) if token.is_word]
                counted = [self._count(form) for form in forms]
                uses += counted if number in asked else []
        return uses

    def _count(self, form: str) -> int:
        if token_of(self._suggester.model, form) is not None:
            return -1
        self._seen[form.casefold()] += 1
        return self._seen[form.casefold()] - 1


def _texts(lines: list[str]) -> Iterator[range]:
    """Cut a document into runs of lines that a person may have written as one text."""
    begin = words = 0
    for end, line in enumerate(lines, 1):
        words += len(line.split())
        if words >= TEXT_WORDS or end == len(lines):
            yield range(begin, end)
            begin, words = end, 0
