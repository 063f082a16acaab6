"""Recent words: a share of the probability for the words of the context, since what was said is soon said again.

P(w) = (1 - s) P_base(w) + Σ s over the places where w stood, in proportion to the square of its surprise, log P(w)
of the counts: that *the* stood there says nothing about what comes, that *Kathmandu* did says much. A cache model
(Kuhn & De Mori 1990) over the tokens that the network reads, with nothing kept from one text to another. Of a person
who is known the words of their last texts get a share in the same way.
"""

import math
from typing import NamedTuple

import numpy as np

from model.arrays import FloatArray, IntArray
from model.lm.language_model import LanguageModel
from model.lm.notebook import Taught
from model.text.tokens import TEXT_START
from model.text.vocabulary import Vocabulary

# Chosen on the development texts: the share s of a long context, and how much surprise (nats²) makes half of it.
SHARE = 0.03
HALF_SURPRISE = 200.0
# The word just written is seldom the next one.
LEFT_OUT = 2
# The same of a person's last texts: the share, the surprise beyond LITTLE_SURPRISE that makes half of it, and what is
# left of a word's weight with each text; chosen on the development texts too.
WRITTEN_SHARE = 0.02
LITTLE_SURPRISE = 5.0
HALF_WRITTEN = 300.0
LEFT_BY_A_TEXT = 0.8
# The surprise of a word that the vocabulary does not hold.
OWN_SURPRISE = 16.0
# Words of texts before these say nothing any more, and more uses of one no more than so many.
_LAST_TEXTS = 25
_MOST_USES = 3.0
_LEAST_COMMON = 1e-7


class Recent(NamedTuple):
    """Ids of recent words, each once, and their chances; together these are at most ``SHARE``."""

    ids: list[int]
    chances: FloatArray


def recent_words(vocabulary: Vocabulary, context: tuple[int, ...], span: range) -> Recent:
    """The words of a range of ids that stand in the context, behind the last start of a text in it."""
    start, surprise = vocabulary.id_of(TEXT_START), vocabulary.surprise
    weights: dict[int, float] = {}
    total = HALF_SURPRISE
    for place, token in enumerate(reversed(context)):
        if token == start:
            break
        weight = surprise[token]
        total += weight
        if weight and place >= LEFT_OUT and token in span:
            weights[token] = weights.get(token, 0.0) + weight
    chances = np.fromiter(weights.values(), dtype=np.float32, count=len(weights)) * (SHARE / total)
    return Recent(list(weights), chances)


def recently_written(model: LanguageModel, tokens: IntArray, taught: Taught) -> tuple[IntArray, FloatArray]:
    """The words of a person's last texts, sorted, and their chances; together these are at most WRITTEN_SHARE.

    ``tokens`` (W,) are the ids of ``taught.forms``, V and more for those that the vocabulary does not hold.
    """
    places = np.flatnonzero((taught.ages < _LAST_TEXTS) & (tokens >= model.vocabulary.first_word))
    common = np.full(len(places), math.exp(-OWN_SURPRISE))
    is_known = tokens[places] < len(model.vocabulary)
    common[is_known] = model.common[tokens[places][is_known]]
    surprise = -np.log(np.maximum(common, _LEAST_COMMON)) - LITTLE_SURPRISE
    places, surprise = places[surprise > 0], surprise[surprise > 0]
    uses = np.minimum(taught.weights[places], _MOST_USES)
    weights = np.sqrt(uses) * LEFT_BY_A_TEXT ** taught.ages[places] * surprise**2
    found, which = np.unique(tokens[places], return_inverse=True)
    added = np.bincount(which, weights, len(found))
    return found.astype(np.int32), (added * (WRITTEN_SHARE / (added.sum() + HALF_WRITTEN))).astype(np.float32)
