"""The frequency baseline: a model that offers words by how often they occur, whatever stands before them."""

import numpy as np

from model.arrays import Arrays
from model.lm.language_model import LanguageModel
from model.nn.network import Network, NetworkConfig
from model.text.vocabulary import Vocabulary


def frequency_model(vocabulary: Vocabulary) -> LanguageModel:
    """Make a unigram model of a vocabulary: a network without units, of which the output bias alone is left."""
    config = NetworkConfig("rnn", len(vocabulary), embedding=0, hidden=0)
    weights: Arrays = {name: np.zeros(shape, dtype=np.float32) for name, shape in config.shapes().items()}
    weights["bias"] = vocabulary.log_unigrams().astype(np.float32)
    return LanguageModel(vocabulary, Network(config, weights), {})
