"""A person's own words, those outside of the vocabulary that they have taught, as candidates."""

import numpy as np

from model.arrays import FloatArray, IntArray
from model.lm.person import Person
from model.search.ranking import LEARNED, LEAST_SHARE, SPARE, Candidate


def own_words(person: Person, places: IntArray, p: FloatArray, limit: int, kind: str) -> list[Candidate]:
    """The likeliest of a person's own words at some places as candidates, and phrases of them.

    ``p`` are their chances. ``kind`` is for those that the lexicon holds too.
    """
    p = p * person.is_offered[places]
    found = []
    for i in np.argsort(-p)[: limit + SPARE].tolist():
        if p[i] < LEAST_SHARE:
            break
        place = int(places[i])
        form, of_lexicon = person.forms[place], person.is_of_lexicon[place]
        found.append(Candidate(form.casefold(), form, float(p[i]), kind if of_lexicon else LEARNED))
        phrase, share_of_phrase = person.phrase(place)
        if phrase != form:
            found.append(Candidate(phrase.casefold(), phrase, float(p[i]) * share_of_phrase, LEARNED))
    return found
