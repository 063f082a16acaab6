"""The next word: what may stand at a place where nothing is typed yet."""

import numpy as np

from model.arrays import NO_IDS, FloatArray
from model.lm.language_model import LanguageModel
from model.lm.mixture import mixture
from model.lm.person import Person
from model.search.own_words import own_words
from model.search.place.kinds import PIECES, Place
from model.search.place.query import Query
from model.search.ranking import NEXT_WORD, SPARE, Candidate, Suggestion, likely_words, rank
from model.search.scorer import share_of
from model.text.tokens import UNKNOWN

# Behind a full stop without a space an address goes on where pieces of addresses are as likely as this.
_ADDRESS_SHARE = 0.3
# Behind these a name would be one of the training text, which nobody else knows.
_GREETINGS = frozenset({"dear", "hi", "hello", "hey", "hiya", "thanks", "cheers", "regards", "morning", "evening"})
_OPENINGS = frozenset({"-", "--", "(", "*", "•", "["})
# These follow themselves only where a speaker stumbles, as transcripts have it; *so so* and *very very* are meant.
STAMMERED = frozenset({"the", "a", "an", "i", "to", "of", "and", "is", "in", "it", "you", "we", "my", "for"})
# Names that are words of the calendar as well.
_MONTHS = frozenset({"april", "may", "june", "august"})


class NextWords:
    """Offers the next word. It only reads, so it may be used by any thread."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        vocabulary = model.vocabulary
        self._unknown = vocabulary.id_of(UNKNOWN)
        small = [form.casefold() for form in vocabulary.forms]
        self._pieces = np.array([i for i, form in enumerate(small) if form in PIECES], dtype=np.int64)
        # By each of these words all its spellings.
        self._stammered = {
            i: np.array([id_ for id_, _ in vocabulary.spelled(int(vocabulary.first_spelling[i]))[1]])
            for i, form in enumerate(small)
            if form in STAMMERED
        }
        self._names = np.array(
            [
                i
                for i, form in enumerate(vocabulary.forms)
                if form[0].isupper() and small[i] not in _MONTHS and model.known.is_name(form)
            ],
            dtype=np.int64,
        )

    def suggest(
        self, query: Query, logits: FloatArray, limit: int, least: float, person: Person | None = None
    ) -> list[Suggestion]:
        """At most ``limit`` words of at least ``least`` for the place of a query without a prefix, best first.

        Those that ``person`` has taught are among them. ``logits`` (V,) are the network's after the query's context.
        Where the text ends in a space, the marks that end something are ruled out: those stand behind a word, not apart
        from it. Behind a full stop without a space there may be an address going on, which is left alone.
        """
        if query.place is Place.ADDRESS:
            return []
        model, everything = self.model, range(len(self.model.vocabulary))
        excluded = [NO_IDS if query.lead else model.vocabulary.closing]
        if self._is_opening(query):
            excluded.append(self._names[~np.isin(self._names, query.context)])
        if query.context[-1] in self._stammered:
            excluded.append(self._stammered[query.context[-1]])
        is_dotted = query.run.endswith(".")
        if not is_dotted and self._follows_mark(query):
            excluded.append(self._pieces)
        share = None if person is None else share_of(model, person, query, person.everything)
        p = mixture(model, query.context, logits, everything, excluded=np.concatenate(excluded), share=share)
        if is_dotted:
            if float(p[self._pieces].sum()) > _ADDRESS_SHARE:
                return []
            p[self._pieces] = 0
            p *= 1 / p.sum()
        # A person's own words stand behind those of the vocabulary.
        p, p_own = p[: len(everything)], p[len(everything) :]
        custom = query.custom
        if custom:
            custom.weigh(p, everything)
            kept = (1 - custom.goes_on) / (p.sum() + p_own.sum())
            p, p_own = custom.allowed(p * kept, everything), p_own * kept
        found = likely_words(model, everything, p, model.offered(everything, 0), limit + SPARE, NEXT_WORD)
        found += [Candidate(rest.casefold(), rest, chance, NEXT_WORD) for rest, chance in custom.going]
        if person is not None and share is not None:
            found += own_words(
                person, person.everything, p_own + p[self._unknown] * share.unknown_shares, limit, NEXT_WORD
            )
        return rank(model, query, found, limit, least, person)

    def _is_opening(self, query: Query) -> bool:
        """True behind a greeting and at a list's head, where a name would be one of the training text."""
        last = self.model.vocabulary.forms[query.context[-1]]
        return last in _OPENINGS or last.casefold() in _GREETINGS

    def _follows_mark(self, query: Query) -> bool:
        last = query.context[-1]
        return last < self.model.vocabulary.first_word
