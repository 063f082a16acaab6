"""The baseline of a prefix index: words by their frequency, whatever stands before them."""

from typing import Any

import numpy as np

from model.lm.language_model import LanguageModel
from model.nn.network import Network, NetworkConfig
from model.text.vocabulary import Vocabulary


def frequency_model(vocabulary: Vocabulary) -> LanguageModel:
    """A model of the same vocabulary in which only the output bias speaks: log of each word's share."""
    config = NetworkConfig("rnn", len(vocabulary), 1, 1)
    weights: dict[str, Any] = {name: np.zeros(shape, dtype=np.float32) for name, shape in config.shapes().items()}
    counts = np.asarray(vocabulary.counts, dtype=np.float64) + 1
    weights["bias"] = np.log(counts / counts.sum()).astype(np.float32)
    network = Network(config, weights)
    return LanguageModel(vocabulary, network, {})
