"""A trained encoder and decoder as it is loaded, from a folder of the same files as a language model's.

``config.json`` says beside the sizes whether the decoder attends, and ``unit``: whether tokens are words or characters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.arrays import FloatArray
from model.errors import ModelError
from model.lm.storage import CONFIG, WEIGHTS, WORDS, load_config, load_weights, load_words
from model.nn.encoder_decoder import Encoded, EncoderDecoder, EncoderDecoderConfig
from model.nn.softmax import cross_entropy
from model.text.encoding import Unit, encode_sequence
from model.text.tokens import LINE_END, TEXT_START
from model.text.vocabulary import Vocabulary

# The file of the replies that a model may give, where it has some.
REPLIES = "replies.txt"
# And of those written by hand, by what they answer.
EVERYDAY = "everyday.txt"
# The most tokens that an answer has.
LONGEST_ANSWER = 60


@dataclass(frozen=True)
class PairModel:
    """A network that answers one sequence with another, and its tokens; read-only once made."""

    vocabulary: Vocabulary
    network: EncoderDecoder
    unit: Unit
    information: dict[str, Any]

    def encode(self, message: str) -> list[int]:
        """Encode a message as the network reads it, its end included."""
        return [*encode_sequence(self.vocabulary, message, self.unit), self.vocabulary.id_of(LINE_END)]

    def answer(self, message: str) -> list[str]:
        """Answer with the likeliest token at each step: the forms of the answer's tokens."""
        ids = np.array(self.encode(message))[:, None]
        start, end = (self.vocabulary.id_of(form) for form in (TEXT_START, LINE_END))
        return [self.vocabulary.forms[i] for i in self.network.greedy(ids, start, end, LONGEST_ANSWER)[0]]

    def log_probabilities(self, message: str, answers: Sequence[str]) -> FloatArray:
        """Compute ln P(answer | message) of each of n answers, their ends included: (n,)."""
        start, end = (self.vocabulary.id_of(form) for form in (TEXT_START, LINE_END))
        encoded = [[*encode_sequence(self.vocabulary, answer, self.unit), end] for answer in answers]
        read = self.network.encode(np.array(self.encode(message))[:, None])
        n = len(encoded)
        read = Encoded(read.state.repeat(n, axis=0), read.outputs.repeat(n, axis=1))
        state, ids, total = read.state, np.full(n, start), np.zeros(n)
        for t in range(max(map(len, encoded), default=0)):
            state = self.network.step(ids, state)
            ids = np.array([answer[min(t, len(answer) - 1)] for answer in encoded])
            losses, _ = cross_entropy(np, self.network.logits(self.network.project_attending(state, read)), ids)
            total -= np.where([t < len(answer) for answer in encoded], losses, 0)
        return total


def names_in(vocabulary: Vocabulary, text: str) -> set[str]:
    """List the names in a text: words that have a capital inside sentences too."""
    forms = (vocabulary.forms[i] for i in encode_sequence(vocabulary, text, "words"))
    return {form for form in forms if form[0].isupper() and form != "I" and not form.startswith("I'")}


def load_pair_model(directory: Path) -> PairModel:
    """Load the folder of an encoder and decoder; raises ``ModelError``, which names the file and the fault."""
    information = load_config(directory / CONFIG)
    if type(information.get("attention")) is not bool or information.get("unit") not in ("words", "characters"):
        raise ModelError(f"{directory / CONFIG}: attention or unit is missing: this is no model of pairs")
    config = EncoderDecoderConfig(
        *(information[key] for key in ("cell", "vocabulary", "embedding", "hidden", "attention"))
    )
    vocabulary = load_words(directory / WORDS)
    if len(vocabulary) != config.vocabulary or vocabulary.digest() != information["words_sha256"]:
        raise ModelError(f"{directory / WORDS}: these are not the words that the weights were trained with")
    network = EncoderDecoder(config, load_weights(directory / WEIGHTS, config))
    return PairModel(vocabulary, network, information["unit"], information)
