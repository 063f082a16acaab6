"""The words of a person's last texts: they get a share of the probability, as the recent words of a text do.

P(w) = (1 - s) P_base(w) + Σ s over the words of the last texts, in proportion to the square of their surprise, less
with each text behind them: a cache model (Kuhn & De Mori 1990) over texts.
"""

import math

import numpy as np

from model.arrays import FloatArray, IntArray
from model.lm.language_model import LanguageModel
from model.lm.notebook import Taught

# Chosen on the development texts: the share of a person's last texts, the surprise beyond LITTLE_SURPRISE that makes
# half of it, and what is left of a word's weight with each text.
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
