"""Recent words: a share of the probability for the words of the context, since what was said is soon said again.

P(w) = (1 - s) P_base(w) + Σ s over the places where w stood, in proportion to the square of its surprise, log P(w)
of the counts: that *the* stood there says nothing about what comes, that *Kathmandu* did says much. A cache model
(Kuhn & De Mori 1990) over the tokens that the network reads, with nothing kept from one text to another.
"""

from typing import NamedTuple

import numpy as np

from model.arrays import NO_IDS, FloatArray, IntArray
from model.text.tokens import TEXT_START
from model.text.vocabulary import Vocabulary

# Chosen on the development texts: the share s of a long context, and how much surprise (nats²) makes half of it.
SHARE = 0.03
HALF_SURPRISE = 200.0
# The word just written is seldom the next one.
LEFT_OUT = 2


class Recent(NamedTuple):
    """Ids of recent words, each once, and their chances; together these are at most ``SHARE``."""

    ids: list[int]
    chances: FloatArray


_NONE = Recent([], np.zeros(0, np.float32))


class Weights(NamedTuple):
    """How much each word of a context counts, and what all of it together comes to."""

    words: dict[int, float]
    total: float


def weigh(vocabulary: Vocabulary, context: tuple[int, ...]) -> Weights:
    """Weigh the words that stand in the context, behind the last start of a text in it."""
    start, surprise = vocabulary.id_of(TEXT_START), vocabulary.surprise
    words: dict[int, float] = {}
    total = HALF_SURPRISE
    for place, token in enumerate(reversed(context)):
        if token == start:
            break
        weight = surprise[token]
        total += weight
        if weight and place >= LEFT_OUT:
            words[token] = words.get(token, 0.0) + weight
    return Weights(words, total)


def recent_words(weights: Weights, span: range, excluded: IntArray = NO_IDS) -> Recent:
    """The words of a range of ids, without those that are ``excluded``, among those of a context."""
    ids = [token for token in weights.words if token in span]
    if ids and len(excluded):
        ruled_out = set(excluded.tolist())
        ids = [token for token in ids if token not in ruled_out]
    if not ids:
        return _NONE
    unit = SHARE / weights.total
    return Recent(ids, np.array([weights.words[token] * unit for token in ids], dtype=np.float32))
