"""A person's own words, those outside of the vocabulary that they have taught, as candidates."""

import numpy as np

from model.arrays import FloatArray
from model.lm.person import Person, Share
from model.search.marks import case_fits
from model.search.place.query import Query
from model.search.ranking import LEARNED, LEAST_SHARE, SPARE, Candidate


def own_words(person: Person, share: Share, p: FloatArray, limit: int, kind: str) -> list[Candidate]:
    """The likeliest of a person's own words as candidates, and phrases of them.

    ``kind`` is for those that the lexicon holds too.
    """
    first = share.own.start - person.first_own
    p = p * person.is_offered[first : first + len(p)]
    found = []
    for i in np.argsort(-p)[: limit + SPARE].tolist():
        if p[i] < LEAST_SHARE:
            break
        form = person.forms[first + i]
        of_lexicon = person.is_of_lexicon[first + i]
        found.append(Candidate(form.casefold(), form, float(p[i]), kind if of_lexicon else LEARNED))
        phrase, share_of_phrase = person.phrase(first + i)
        if phrase != form:
            found.append(Candidate(phrase.casefold(), phrase, float(p[i]) * share_of_phrase, LEARNED))
    return found


def begun_own_words(person: Person, share: Share, query: Query) -> FloatArray:
    """How often each own word is begun in the letter case that was typed."""
    first = share.own.start - person.first_own
    is_small = person.is_small[first : first + len(share.own)]
    small, own_capital = case_fits(query.prefix, query.capital)
    return np.where(is_small, np.float32(small), np.float32(own_capital))
