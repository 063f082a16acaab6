"""A person's own words, those outside of the vocabulary that they have taught, as candidates."""

import numpy as np

from model.arrays import FloatArray
from model.lm.person import Person, Share
from model.search.marks import SMALL_FOR_CAPITAL
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


def begun_own_words(person: Person, share: Share, prefix: str) -> FloatArray:
    """How often each own word is begun as here: a small letter seldom begins a name."""
    if not prefix[:1].islower():
        return np.ones(len(share.own), np.float32)
    first = share.own.start - person.first_own
    small = person.is_small[first : first + len(share.own)]
    return np.where(small, np.float32(1), np.float32(SMALL_FOR_CAPITAL))
