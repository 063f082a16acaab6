"""Records read from the store: a person's counts for suggestions, a copy of all their rows, and totals."""

from typing import NamedTuple

from model.lm.notebook import Lesson, Taught


class Version(NamedTuple):
    """A moment of a person: each change makes another one."""

    texts: int
    rows: int
    changed: float


class Loaded(NamedTuple):
    """All that is known of a person at one moment."""

    taught: Taught
    forgotten: frozenset[bytes]
    forgetting: bytes
    version: Version


class Summary(NamedTuple):
    """How much is known of a person, and since when (seconds since 1970; None of nobody)."""

    texts: int = 0
    words: int = 0
    sequences: int = 0
    forgotten: int = 0
    since: float | None = None


class Learned(NamedTuple):
    """The change that a text has made to a person's counts.

    ``lesson`` is what was counted, without forgotten words; ``before`` and ``after`` are the person's versions.
    ``is_cut`` is true where rows were dropped as well, since they were too many.
    """

    summary: Summary
    lesson: Lesson
    before: Version
    after: Version
    is_cut: bool


class Totals(NamedTuple):
    """How many people are known, and how many rows there are of all of them."""

    people: int
    rows: int


class Copy(NamedTuple):
    """All of a person's rows, to be carried elsewhere; ages are in texts.

    ``words``: word, uses, weight, age, passed over. ``sequences``: places of the words before (−1 for none) and of the
    word among ``words``, weight, age.
    """

    texts: int
    since: float
    words: list[tuple[str, int, float, int, int]]
    sequences: list[tuple[int, int, int, float, int]]
    forgetting: bytes
    forgotten: list[bytes]
