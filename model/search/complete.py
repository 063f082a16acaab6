"""Completing: the words that fit at a place in a text."""

from model.arrays import FloatArray
from model.lm.language_model import LanguageModel
from model.lm.mixture import NO_IDS, mixture
from model.search.query import Query
from model.search.ranking import Suggestion, rank


def next_words(
    model: LanguageModel, query: Query, logits: FloatArray, limit: int, min_probability: float
) -> list[Suggestion]:
    """At most ``limit`` words for the place of a query without a prefix, best first.

    ``logits`` (V,) are the network's after the query's context. Where the text ends in a space, the marks that end
    something are ruled out: those stand behind a word, not apart from it.
    """
    everything = range(len(model.vocabulary))
    excluded = NO_IDS if query.lead else model.vocabulary.closing
    p = mixture(model, query.context, logits, everything, excluded=excluded)
    return rank(model, query, everything, p, limit, min_probability)
