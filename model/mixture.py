"""P(word | context) over a range of ids: the network, and where there are n-grams, these and the recent words too.

Linear interpolation (Jelinek & Mercer 1980), and as a further part what network and n-grams agree on, their geometric
mean: a product of experts (Hinton 2002), which rules out what either of them rules out. Each part is first cut down to
the range, so that the words which begin with the typed letters need no more than their own rows of the output layer.
"""

import numpy as np

from model.network import FloatArray, IntArray
from model.recency import recent_words
from model.storage import LanguageModel

NO_IDS: IntArray = np.zeros(0, dtype=np.int64)
# The part of what both agree on; chosen on the development texts, as docs/experiments.md tells.
AGREED = 0.3
# Nothing is impossible, whatever the n-grams say.
LEAST_MASS = 1e-7


def mixture(
    model: LanguageModel,
    context: tuple[int, ...],
    logits: FloatArray,
    span: range,
    others: IntArray = NO_IDS,
    excluded: IntArray = NO_IDS,
) -> FloatArray:
    """The probabilities of the tokens in ``span`` and of M ``others`` beside it, (len(span) + M,).

    Given that it is one of these: they add up to 1. ``logits``, as long, are the network's after ``context``; they are
    written over. Where ``span`` is the whole vocabulary, ``excluded`` tokens of it can be given no chance.
    """
    p = logits
    if len(excluded):
        p[excluded] = -np.inf
    p -= p.max()
    np.exp(p, out=p)
    p /= p.sum()
    if model.ngrams is None:
        return p
    everything = model.ngrams.probabilities(context)
    if len(others):
        counted = np.concatenate((everything[span.start : span.stop], everything[others]))
    else:
        counted = everything[span.start : span.stop].copy()
    if len(excluded):
        counted[excluded] = 0
    mass = float(counted.sum())
    # Words that no n-gram allows here are left to the network.
    if mass > 0 and model.ngrams.share > 0:
        counted /= mass
        p = _combined(p, counted, model.ngrams.share)
    return _with_recent_words(model, context, p, span, mass)


def _combined(network: FloatArray, ngrams: FloatArray, share: float) -> FloatArray:
    """(1 - a) ((1 - share) network + share n-grams) + a √(network · n-grams) / Σ, a = ``AGREED``.

    The arrays are written over: they may have the length of the vocabulary.
    """
    agreed = network * ngrams
    np.sqrt(agreed, out=agreed)
    total = float(agreed.sum())
    a = AGREED if total else 0.0
    network *= (1 - a) * (1 - share)
    ngrams *= (1 - a) * share
    network += ngrams
    if total:
        agreed *= a / total
        network += agreed
    return network


def _with_recent_words(
    model: LanguageModel, context: tuple[int, ...], p: FloatArray, span: range, mass: float
) -> FloatArray:
    """``p`` with the chances of recent words; ``mass`` is how likely, without those, the word is of this range.

    The network cannot tell that without all of its output layer, so the n-grams are asked. After *Kath* hardly any
    other word is likely, and one that stood in the text already is almost sure.
    """
    recent = recent_words(model.vocabulary, context, span)
    if recent.ids:
        again = float(recent.chances.sum())
        others = (1 - again) * max(mass, LEAST_MASS)
        p *= others / (others + again)
        p[np.array(recent.ids) - span.start] += recent.chances / (others + again)
    return p
