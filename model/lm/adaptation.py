"""Adaptation: the words that a person uses more, or less, than others do become so much likelier, or less likely.

P_adapted(w | context) ∝ P_model(w | context) a(w), a(w) = (P_used(w) / P_common(w))^β, where P_used =
(c₁ + μ P_common) / (n₁ + μ), from the counts c₁ of single words and their sum n₁ (Kneser, Peters & Klakow 1997).
"""

from typing import NamedTuple

import numpy as np

from model.arrays import FloatArray, IntArray
from model.lm.language_model import LanguageModel
from model.text.tokens import UNKNOWN

# β and μ; chosen on the development texts, as docs/experiments.md tells.
ADAPTED = 0.25
ADAPTED_AFTER = 4000.0
# However often a word is used, it gets no more than this much likelier, and no word counts as rarer than this.
_MOST_ADAPTED = 30.0
_LEAST_COMMON = 1e-7


class Adaptation(NamedTuple):
    """How much likelier a person makes words: ``factors`` of some ``tokens``, sorted, and ``rest`` of the others.

    ``factors`` are relative to ``rest``. Marks, below ``first_word``, and ``<unk>`` stay as they are.
    """

    tokens: IntArray
    factors: FloatArray
    rest: float
    first_word: int
    unknown: int

    def adapt(self, p: FloatArray, span: range, others: IntArray) -> None:
        """Multiply the chances of the tokens of a span, and of ``others`` behind it, with their factors."""
        if not len(self.tokens):
            return
        low, high = self.tokens.searchsorted((span.start, span.stop))
        p[self.tokens[low:high] - span.start] *= self.factors[low:high]
        if len(others):
            places = self.tokens.searchsorted(others)
            same = np.flatnonzero(self.tokens.take(places, mode="clip") == others)
            p[len(span) + same] *= self.factors[places[same]]
        p *= np.float32(self.rest)
        # These are few, and are set right again.
        if span.start < self.first_word:
            p[: self.first_word - span.start] *= 1 / self.rest
        # Behind others, <unk> comes last.
        if len(others) and others[-1] == self.unknown:
            p[-1] *= 1 / self.rest


def adaptation_to(model: LanguageModel, tokens: IntArray, weights: FloatArray) -> Adaptation:
    """Compare what was written with what is common; own words, V and more, and marks count in the sum alone."""
    total = float(weights.sum())
    counted = np.bincount(tokens, weights, len(model.vocabulary))[: len(model.vocabulary)]
    used = np.flatnonzero((counted > 0) & (model.common > 0))
    common = np.maximum(model.common[used], _LEAST_COMMON).astype(np.float64)
    factors = ((counted[used] + ADAPTED_AFTER * common) / ((total + ADAPTED_AFTER) * common)) ** ADAPTED
    rest = (ADAPTED_AFTER / (total + ADAPTED_AFTER)) ** ADAPTED
    # What all words come to, by how common they are: so that, all in all, none gets likelier.
    whole = float((common * factors).sum() + (1 - common.sum()) * rest)
    factors = np.minimum(factors / whole, _MOST_ADAPTED) / (rest / whole)
    first = model.vocabulary.first_word
    unknown = model.vocabulary.id_of(UNKNOWN)
    return Adaptation(used.astype(np.int32), factors.astype(np.float32), rest / whole, first, unknown)
