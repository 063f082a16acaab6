"""A notebook: what is counted of a person's texts, and the rules of counting. Words and their sequences, never a text.

Counts fade exponentially over texts, so that what somebody writes these days counts more than what they wrote once. A
weight is kept as its value at the text that changed it last, and is only faded when it is looked at.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable
from typing import Any, NamedTuple

import numpy as np

from model.arrays import FloatArray, IntArray
from model.text.tokens import fold

# What is left of a weight after each further text; chosen on the development texts, as docs/experiments.md tells.
FADING = 0.999
# A word that the vocabulary does not hold is offered from this use on: once may have been a typo.
OFFERED_USES = 2
# One that was used no more since it is offered, and was passed over in so many texts, is offered no longer.
MOST_PASSED_OVER = 5
# It is passed over where this many of its letters were typed, and then another word.
_LETTERS_OFFERED = 3

# The bytes of a word, and of its places in a list: measured, and rounded up.
_FORM_BYTES = 80

# The place of a word before that does not count.
NOWHERE = -1
# Two words before and a word, '' for one that does not count: ("", "the", "dog"), ("of", "the", "dog").
Sequence = tuple[str, str, str]


class Lesson(NamedTuple):
    """The counts of one text: of its words and marks, and of its sequences of two and three of them."""

    words: Counter[str]
    sequences: Counter[Sequence]

    def without(self, forms: Container[str]) -> "Lesson":
        """The lesson without some words, and the sequences that they stand in."""
        return Lesson(
            Counter({form: n for form, n in self.words.items() if form not in forms}),
            Counter({key: n for key, n in self.sequences.items() if not any(form in forms for form in key)}),
        )


class WordCount(NamedTuple):
    """A word's uses, the same fading (its value at text number ``at``), and the texts that passed it over."""

    uses: int = 0
    weight: float = 0.0
    at: int = 0
    passed_over: int = 0

    @property
    def is_on_trial(self) -> bool:
        """True of a word that is offered, but was not used since."""
        return self.uses == OFFERED_USES

    @property
    def is_offered(self) -> bool:
        """True where the word may be offered though the vocabulary does not hold it."""
        return self.uses >= OFFERED_USES and not (self.is_on_trial and self.passed_over >= MOST_PASSED_OVER)


class SequenceCount(NamedTuple):
    """How often a word followed others, fading: its value at text number ``at``."""

    weight: float = 0.0
    at: int = 0


class Taught(NamedTuple):
    """All counts of a person at one moment, as arrays.

    ``forms`` are W words and marks, of ``uses``, ``passed_over`` and ``weights`` (W,), last used ``ages`` (W,) texts
    ago. A row of ``sequences`` (N, 3) is the places of two words before and of a word among them, −1 for none, with
    ``sequence_weights`` (N,).
    """

    forms: list[str]
    uses: IntArray
    passed_over: IntArray
    weights: FloatArray
    ages: IntArray
    sequences: IntArray
    sequence_weights: FloatArray

    @property
    def bytes(self) -> int:
        """The memory that it takes."""
        arrays = (self.uses, self.passed_over, self.weights, self.ages, self.sequences, self.sequence_weights)
        return sum(array.nbytes for array in arrays) + _FORM_BYTES * len(self.forms)

    def learned(self, lesson: Lesson) -> "Taught":
        """The counts after one text more: what it touches counts as in a notebook, the rest fades.

        Words and sequences that are new stand behind the others.
        """
        place = {form: i for i, form in enumerate(self.forms)} | {"": NOWHERE}
        notebook = Notebook()
        here = {place[form] for form in lesson.words if form in place}
        for i in sorted(here.union(np.flatnonzero(self.uses == OFFERED_USES).tolist())):
            count = WordCount(int(self.uses[i]), float(self.weights[i]), 0, int(self.passed_over[i]))
            notebook.words[self.forms[i]] = count
        rows = self._rows([key for key in lesson.sequences if all(form in place for form in key)], place)
        for key, row in rows.items():
            notebook.sequences[key] = SequenceCount(float(self.sequence_weights[row]), 0)
        notebook.learn(lesson)
        return self._with(lesson, notebook, place, rows)

    def _rows(self, keys: list[Sequence], place: dict[str, int]) -> dict[Sequence, int]:
        """Find the rows of sequences, of those that have one."""
        size = len(self.forms) + 1

        def codes(sequences: IntArray) -> IntArray:
            before, last, word = (sequences.reshape(-1, 3).astype(np.int64) + 1).T
            return (before * size + last) * size + word

        wanted = codes(np.array([[place[form] for form in key] for key in keys], dtype=np.int64))
        known = codes(self.sequences)
        rows = np.flatnonzero(np.isin(known, wanted))
        row_of = dict(zip(known[rows].tolist(), rows.tolist(), strict=True))
        return {key: row_of[code] for key, code in zip(keys, wanted.tolist(), strict=True) if code in row_of}

    def _with(self, lesson: Lesson, notebook: "Notebook", place: dict[str, int], rows: dict[Sequence, int]) -> "Taught":
        """Put what a notebook has counted in the place of the same words and of the sequences in ``rows``."""
        forms = [*self.forms, *(form for form in notebook.words if form not in place)]
        place = {form: i for i, form in enumerate(forms)} | {"": NOWHERE}
        new = [key for key in notebook.sequences if key not in rows]
        rows = rows | {key: len(self.sequences) + i for i, key in enumerate(new)}
        touched = notebook.taught()
        words = [place[form] for form in touched.forms]
        followed = [rows[key] for key in notebook.sequences]
        more = np.array([[place[form] for form in key] for key in new], dtype=np.int32).reshape(-1, 3)
        return Taught(
            forms,
            _put(self.uses, len(forms), words, touched.uses),
            _put(self.passed_over, len(forms), words, touched.passed_over),
            _put(self.weights * FADING, len(forms), words, touched.weights),
            _put(self.ages + 1, len(forms), [place[form] for form in lesson.words], 0),
            np.concatenate([self.sequences, more]),
            _put(self.sequence_weights * FADING, len(self.sequences) + len(new), followed, touched.sequence_weights),
        )


def _put(values: Any, length: int, places: list[int], more: Any) -> Any:
    """Lengthen an array to ``length``, with other values at some places."""
    longer = np.concatenate([values, np.zeros(length - len(values), values.dtype)])
    longer[places] = more
    return longer


def faded(weight: float, at: int, now: int) -> float:
    """Return the value at text number ``now`` of a weight that was this at text number ``at``."""
    return weight * FADING ** (now - at)


def passes_over(lesson: Lesson) -> Callable[[str], bool]:
    """Tell of words whether a text does without one, though another was typed that begins in the same way."""
    begun = {key[:_LETTERS_OFFERED] for key in map(fold, lesson.words)}
    used = {form.casefold() for form in lesson.words}
    return lambda form: form.casefold() not in used and fold(form)[:_LETTERS_OFFERED] in begun


class Notebook:
    """Counts of one person, all of them or those that a lesson touches; ``texts`` is the number of texts so far."""

    def __init__(self, texts: int = 0) -> None:
        self.texts = texts
        self.words: dict[str, WordCount] = {}
        self.sequences: dict[Sequence, SequenceCount] = {}

    def learn(self, lesson: Lesson) -> None:
        """Count one text more."""
        self.texts += 1
        is_passed_over = passes_over(lesson)
        for form, count in self.words.items():
            if count.is_on_trial and is_passed_over(form):
                self.words[form] = count._replace(passed_over=count.passed_over + 1)
        for form, times in lesson.words.items():
            count = self.words.get(form, WordCount())
            weight = faded(count.weight, count.at, self.texts) + times
            self.words[form] = WordCount(count.uses + times, weight, self.texts, 0)
        for key, times in lesson.sequences.items():
            known = self.sequences.get(key, SequenceCount())
            self.sequences[key] = SequenceCount(faded(known.weight, known.at, self.texts) + times, self.texts)

    def taught(self) -> Taught:
        """Lay out all counts, faded to now."""
        place = {form: i for i, form in enumerate(self.words)} | {"": NOWHERE}
        sequences = [tuple(map(place.__getitem__, key)) for key in self.sequences]
        return laid_out(list(self.words), [*self.words.values()], sequences, [*self.sequences.values()], self.texts)


def laid_out(
    forms: list[str],
    counts: Iterable[tuple[float, ...]],
    sequences: Iterable[tuple[int, ...]],
    sequence_counts: Iterable[tuple[float, ...]],
    now: int,
) -> Taught:
    """Lay out the fields of word counts and of sequence counts, faded to text number ``now``."""
    uses, weights, at, passed_over = np.array(list(counts), dtype=np.float64).reshape(-1, 4).T
    sequence_weights, sequence_at = np.array(list(sequence_counts), dtype=np.float64).reshape(-1, 2).T
    return Taught(
        forms,
        uses.astype(np.int64),
        passed_over.astype(np.int64),
        weights * FADING ** (now - at),
        (now - at).astype(np.int32),
        np.array(list(sequences), dtype=np.int32).reshape(-1, 3),
        sequence_weights * FADING ** (now - sequence_at),
    )


NOTHING_TAUGHT = Notebook().taught()
