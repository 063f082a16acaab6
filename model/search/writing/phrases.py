"""Phrases: suggestions that go on for some words, by beam search, as long as what they save is worth the doubt.

The search itself computes nothing of the network: it names the contexts after which it wants to know what follows, and
is told. So the beams of all requests share the products of the batcher.
"""

from math import floor
from typing import NamedTuple

import numpy as np

from model.arrays import BoolArray, FloatArray
from model.lm.language_model import LanguageModel
from model.lm.mixture import mixture
from model.lm.person import Person
from model.lm.words.offensive import LONGEST_BEGINNING
from model.search.place.kinds import Place
from model.search.place.query import Query
from model.search.ranking import COMPLETION, NEXT_WORD, PHRASE, Suggestion
from model.text.tokens import NUMBER, has_own_capital, straight

# Beams that are followed at a time, of one request.
BEAMS = 4
# Marks that end a phrase with its sentence where they are as likely as this: nobody wants to delete one. An ellipsis is
# none, since it may as well stand for a pause.
_END_MARKS = (".", "?", "!")
_SURE_END = 0.8
# How likely the whole phrase has to be, of what each further word has to be; chosen on the development texts, as
# docs/experiments.md tells.
WHOLE_SHARE = 0.94
# Followers less likely than this are of no use to any phrase.
LEAST_FOLLOWER = 0.01
# A phrase does not end behind a part of a name, or of a number, that goes on as likely as this.
_GOES_ON = 0.25
_NUMBER_WORDS = frozenset(
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "  # noqa: SIM905
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion".split()
)


class Following(NamedTuple):
    """The likeliest tokens after a context, each with its probability, and how likely a name's or number's part is."""

    likeliest: tuple[tuple[int, float], ...]
    name: float
    number: float


class Followers:
    """Finds what follows a context. It only reads, so it may be used by any thread."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        vocabulary = model.vocabulary
        forms = list(vocabulary.forms)
        self.is_name: BoolArray = np.array([has_own_capital(form) for form in forms])
        self.is_number: BoolArray = np.array([form == NUMBER or form.casefold() in _NUMBER_WORDS for form in forms])
        self.ends = frozenset(vocabulary.id_of(mark) for mark in _END_MARKS if mark in vocabulary)

    def after(self, context: tuple[int, ...], logits: FloatArray) -> Following:
        """Find what follows a context, by the whole mixture; ``logits`` (V,) are the network's after it."""
        p = mixture(self.model, context, logits, range(len(self.model.vocabulary)))
        ids = np.flatnonzero(p >= LEAST_FOLLOWER)
        ids = ids[np.argsort(-p[ids], kind="stable")]
        likeliest = tuple((id_, float(p[id_])) for id_ in ids.tolist())
        return Following(likeliest, float(p[self.is_name].sum()), float(p[self.is_number].sum()))

    def is_part(self, id_: int) -> bool:
        """True for a word that may be a part of a name or a number."""
        return bool(self.is_name[id_] or self.is_number[id_])


class _Beam(NamedTuple):
    """A phrase so far: the place of its first word among the suggestions, its ids and text, and P(all of it)."""

    first: int
    ids: tuple[int, ...]
    text: str
    probability: float


class PhraseSearch:
    """Lets the suggestions for a query go on for at most ``words`` words.

    Each further word, given those before it, is at least ``least`` likely, and the whole at least ``whole``. A phrase
    ends with the ``.``, ``?`` or ``!`` of its sentence where that is almost sure, else before any mark, and not inside
    a name or a number. One word and such a mark are a phrase too; a mark counts as a word. Words that are guarded,
    never offered, blocked by a vocabulary or forgotten by the person are in none. What the person taught, and the
    entries of vocabularies, change the first word alone. None begins with a correction or a word outside the
    vocabulary, or stands where the line goes on behind the cursor.

    Ask ``wanted`` for contexts, and tell ``go_on`` what follows each, until there are none; then take ``suggestions``.
    """

    def __init__(
        self,
        followers: Followers,
        query: Query,
        found: list[Suggestion],
        words: int,
        least: float,
        whole: float,
        person: Person | None = None,
    ) -> None:
        self.model, self._followers, self._query, self._found = followers.model, followers, query, found
        self._words, self._least, self._whole, self._person = words, least, whole, person
        self._capitals = query.prefix.isupper() and sum(c.isalpha() for c in query.prefix) > 1
        self._best: dict[int, tuple[float, Suggestion]] = {}
        self._beams: list[_Beam] = []
        if query.place is Place.TEXT and query.ends_line and words > 1:
            self._begin()

    def _begin(self) -> None:
        vocabulary = self.model.vocabulary
        for place, one in enumerate(self._found):
            if one.kind not in (COMPLETION, NEXT_WORD) or one.probability < self._whole:
                continue
            id_ = vocabulary.id_of(straight(one.text), self._query.capital)
            if id_ >= vocabulary.first_word and self._may_be_shown(id_, ()):
                self._best[place] = self._saved(one.text, one.probability), one
                self._beams.append(_Beam(place, (id_,), one.text, one.probability))

    def wanted(self) -> list[tuple[int, ...]]:
        """The contexts after which the search wants to know what follows."""
        return [self._query.context + beam.ids for beam in self._beams]

    def go_on(self, following: list[Following]) -> None:
        """Take in what follows each of the contexts that were wanted."""
        beams: list[_Beam] = []
        for beam, then in zip(self._beams, following, strict=True):
            if len(beam.ids) > 1 and not self._is_inside(beam.ids[-1], then):
                self._offer(beam)
            if len(beam.ids) < self._words:
                beams += self._longer(beam, then)
        beams.sort(key=lambda beam: -beam.probability)
        self._beams = []
        for beam in beams[:BEAMS]:
            if len(beam.ids) < self._words or self._followers.is_part(beam.ids[-1]):
                self._beams.append(beam)
            else:
                self._offer(beam)

    def suggestions(self) -> list[Suggestion]:
        """The suggestions, those that go on in the place of their first words, sorted by their probability."""
        found = [self._best[place][1] if place in self._best else one for place, one in enumerate(self._found)]
        return sorted(found, key=lambda one: -one.probability)

    def _longer(self, beam: _Beam, then: Following) -> list[_Beam]:
        """The phrases that are a word longer; those that end with a sentence are offered at once."""
        found = []
        for id_, p in then.likeliest:
            if p < self._least or beam.probability * p < self._whole:
                break
            if id_ in self._followers.ends:
                if p >= _SURE_END and not self._is_inside(beam.ids[-1], then):
                    text = beam.text + self.model.vocabulary.forms[id_]
                    self._offer(_Beam(beam.first, (*beam.ids, id_), text, beam.probability * p))
                continue
            text = f"{beam.text} {self._written(id_, beam)}"
            if self._may_be_shown(id_, beam.ids) and not self._is_withheld(text):
                found.append(_Beam(beam.first, (*beam.ids, id_), text, beam.probability * p))
        return found

    def _written(self, id_: int, beam: _Beam) -> str:
        """The form of a word behind those of a phrase, in the letter case that it has there."""
        form = self.model.vocabulary.forms[id_]
        if self._capitals:
            return form.upper()
        is_behind_start = self._query.capital and len(beam.ids) == 1
        is_behind_capital = not is_behind_start and has_own_capital(beam.text.split()[-1])
        return self.model.titled(form) if is_behind_capital else form

    def _may_be_shown(self, id_: int, before: tuple[int, ...]) -> bool:
        """True for a word that may be offered unasked behind these of the phrase."""
        model = self.model
        if not model.offered(range(id_, id_ + 1), 0)[0]:
            return False
        forms = model.vocabulary.forms
        behind = tuple(forms[i] for i in (self._query.context + before)[-LONGEST_BEGINNING:])
        return model.guard.allows(forms[id_], "", behind)

    def _is_withheld(self, text: str) -> bool:
        """True for a phrase that ends in what a vocabulary blocks, or has a word that the person has forgotten."""
        forgotten = self._person is not None and self._person.forgets(text)
        return forgotten or self._query.custom.blocks(text)

    def _is_inside(self, last: int, then: Following) -> bool:
        """True where a name or a number most likely goes on behind the last word."""
        is_name, is_number = self._followers.is_name[last], self._followers.is_number[last]
        return bool((is_name and then.name >= _GOES_ON) or (is_number and then.number >= _GOES_ON))

    def _saved(self, text: str, probability: float) -> float:
        """The keystrokes that taking it is expected to save: its probability times the letters left to type."""
        return probability * (len(text) - len(self._query.prefix))

    def _offer(self, beam: _Beam) -> None:
        """Let a phrase stand for its first word where it is expected to save more than what stands for it by now."""
        saved = self._saved(beam.text, beam.probability)
        if saved > self._best[beam.first][0]:
            query = self._query
            insert = query.lead + beam.text + query.trail
            shown = floor(beam.probability * 1e6) / 1e6
            self._best[beam.first] = saved, Suggestion(beam.text, insert, shown, PHRASE)
