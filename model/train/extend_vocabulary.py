"""Extending a trained model to a larger vocabulary: its weights, with rows for the words that are new."""

import numpy as np

from model.arrays import Arrays
from model.lm.language_model import LanguageModel
from model.text.tokens import UNKNOWN
from model.text.vocabulary import Vocabulary


def extended_weights(base: LanguageModel, vocabulary: Vocabulary, seed: int) -> Arrays:
    """Put the weights of ``base`` in the order of ``vocabulary``, which holds all of its words and some more.

    A new word begins as ``<unk>`` with a little noise, its bias at the log of its share of the counts.
    """
    weights = {name: value.copy() for name, value in base.network.weights.items()}
    old_rows = {form: i for i, form in enumerate(base.vocabulary.forms)}
    unknown = old_rows[UNKNOWN]
    source = np.array([old_rows.get(form, unknown) for form in vocabulary.forms])
    fresh = np.array([form not in old_rows for form in vocabulary.forms])
    embedding = weights["embedding"][source]
    noise = np.random.default_rng(seed).normal(0, 0.01, (int(fresh.sum()), embedding.shape[1]))
    embedding[fresh] += noise.astype(embedding.dtype)
    bias = weights["bias"][source]
    bias[fresh] = vocabulary.log_unigrams()[fresh]
    return weights | {"embedding": embedding, "bias": bias}
