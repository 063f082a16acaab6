"""P(word | context) over a range of ids: the network, where there are n-grams these and the recent words too, and of a
person that is known their share.

Linear interpolation (Jelinek & Mercer 1980), and as a further part what network and n-grams agree on, their geometric
mean: a product of experts (Hinton 2002), which rules out what either of them rules out. Each part is first cut down to
the range, so that for words which begin with the typed letters no more than theirs is looked at.
"""

import numpy as np

from model.arrays import NO_IDS, FloatArray, IntArray
from model.lm.language_model import LanguageModel
from model.lm.person import Share
from model.lm.recent_words import Recent, recent_words

# The part of what both agree on; chosen on the development texts, as docs/experiments.md tells.
AGREED = 0.3
# At the start of a text, where nothing stands before, the share of words by how common they are in general.
COMMON_AT_START = 0.5
# Nothing is impossible, whatever the n-grams say.
LEAST_MASS = 1e-7


def mixture(
    model: LanguageModel,
    context: tuple[int, ...],
    logits: FloatArray,
    span: range,
    others: IntArray = NO_IDS,
    excluded: IntArray = NO_IDS,
    share: Share | None = None,
) -> FloatArray:
    """The probabilities of the tokens in ``span``, of M ``others`` beside it, and of a person's own words.

    (len(span) + M + len(share.own),). Given that it is one of these: they add up to 1. ``logits``, of the first two,
    are the network's after ``context``. Where ``span`` is the whole vocabulary, ``excluded`` tokens of it can be given
    no chance.
    """
    p, mass = _mixture(model, context, logits, span, others, excluded)
    if len(context) == 1:
        common = _common(model, span, others, excluded)
        p *= (1 - COMMON_AT_START) * mass
        p += COMMON_AT_START * common
        mass = float(p.sum())
        p /= mass
    return p if share is None else _with_share(p, mass, span, others, excluded, share)


def _common(model: LanguageModel, span: range, others: IntArray, excluded: IntArray) -> FloatArray:
    common = np.concatenate((model.common[span.start : span.stop], model.common[others]))
    common[excluded] = 0
    return common


def _with_share(
    p: FloatArray, mass: float, span: range, others: IntArray, excluded: IntArray, share: Share
) -> FloatArray:
    """(1 - λ) P_adapted + λ P_person, of sum 1; ``mass`` is how likely it is, by the model, that ``p`` has the word."""
    share.adaptation.adapt(p, span, others)
    if not len(others):
        p *= 1 / p.sum()  # of the whole vocabulary it is known what the factors come to
    mixed = np.zeros(len(p) + len(share.own), dtype=p.dtype)
    chances = share.chances
    chances.add_to(mixed[: len(span)], span.start)
    if len(mixed) > len(span):
        mixed[len(span) :] = chances.of(np.concatenate((others, share.own)) if len(share.own) else others)
    mixed[excluded] = 0
    mixed[: len(p)] += p * np.float32(chances.kept * max(mass, LEAST_MASS))
    mixed /= mixed.sum()
    return mixed


def _mixture(
    model: LanguageModel,
    context: tuple[int, ...],
    logits: FloatArray,
    span: range,
    others: IntArray,
    excluded: IntArray,
) -> tuple[FloatArray, float]:
    """Mix network, n-grams and recent words; the second is how likely the word is one of these.

    That is by the n-grams; without them by how common words are, since for the network it would take a sum over all.
    """
    if len(excluded):
        p = logits.copy()
        p[excluded] = -np.inf
        p -= np.maximum.reduce(p)
    else:
        p = logits - np.maximum.reduce(logits)
    np.exp(p, out=p)
    if model.ngrams is None:
        p *= 1 / p.sum()
        return p, float(_common(model, span, others, excluded).sum()) or 1.0
    counted = model.ngrams.probabilities(context, span, others)
    if len(excluded):
        counted[excluded] = 0
    mass = float(np.add.reduce(counted))
    recent = recent_words(model.recent(context), span, excluded)
    again, rest = _recent_share(recent, mass)
    # Words that no n-gram allows here are left to the network.
    if mass > 0 and model.ngrams.share > 0:
        _combine(p, counted, mass, model.ngrams.share, rest)
    else:
        p *= rest / p.sum()
    if recent.ids:
        p[np.array(recent.ids) - span.start] += recent.chances * again
    return p, mass


def _combine(network: FloatArray, ngrams: FloatArray, mass: float, share: float, total: float) -> None:
    """(1 - a) ((1 - share) network + share n-grams) + a √(network · n-grams) / Σ, a = ``AGREED``, in ``network``.

    Both, the n-grams of Σ ``mass``, are brought to a sum of 1 on the way, and the whole to ``total``. They may have the
    length of the vocabulary, so both arrays are written over, in as few passes as possible.
    """
    agreed = network * ngrams
    np.sqrt(agreed, out=agreed)
    both = float(np.add.reduce(agreed))
    a = AGREED if both else 0.0
    network *= total * (1 - a) * (1 - share) / float(np.add.reduce(network))
    ngrams *= total * (1 - a) * share / mass
    network += ngrams
    if both:
        agreed *= total * a / both
        network += agreed


def _recent_share(recent: Recent, mass: float) -> tuple[float, float]:
    """The factor for the chances of recent words, and the share that is left for all words.

    ``mass`` is how likely, without those, the word is of the range, by the n-grams: for the network that would take a
    sum over all words. After *Kath* hardly any other word is likely, and one that stood in the text already is almost
    sure.
    """
    if not recent.ids:
        return 0.0, 1.0
    again = float(recent.chances.sum())
    others = (1 - again) * max(mass, LEAST_MASS)
    return 1 / (others + again), others / (others + again)
