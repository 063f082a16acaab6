"""The decoder as a part of the language model: the next word of a reply, by an encoder that has read the message.

P(word) = (1 − σ) P_network(word) + σ P_decoder(word), before n-grams and recent words are mixed in.
"""

from functools import lru_cache

import numpy as np

from model.arrays import Array, FloatArray, IntArray
from model.lm.language_model import LanguageModel
from model.lm.pair_model import PairModel
from model.nn.encoder_decoder import Encoded
from model.prefix_cache import PrefixCache
from model.text.encoding import encode_sequence
from model.text.pairs import message_end
from model.text.tokens import TEXT_START

# σ, chosen on chats that neither was trained on.
SHARE = 0.5
# The tokens of a reply up to which the decoder is asked: it learned of replies of a dozen words.
LONGEST_REPLY = 30
# Messages that are remembered, some 50 kB each, and beginnings of replies to them, some 3 kB.
_MESSAGES, _BEGINNINGS = 64, 2000


class AnsweredMessages:
    """Blends the decoder's next word into the network's. It keeps caches and belongs to one thread."""

    def __init__(self, model: LanguageModel, pair_model: PairModel, share: float = SHARE) -> None:
        self._pairs, self._share = pair_model, share
        self._ids: IntArray = np.array([model.vocabulary.id_of(form) for form in pair_model.vocabulary.forms])
        self._start = pair_model.vocabulary.id_of(TEXT_START)
        self._encoded = lru_cache(_MESSAGES)(self._encode)
        self._states: PrefixCache[tuple[object, ...], Array] = PrefixCache(_BEGINNINGS)

    def blend(self, message: str, begun: str, logits: FloatArray) -> FloatArray:
        """Blend what follows the ``begun`` reply to a message into the ``logits`` (V,) of the network.

        A long reply, or a message without a token, leaves them as they are.
        """
        ids = encode_sequence(self._pairs.vocabulary, begun, self._pairs.unit)
        read = message_end(message)
        if len(ids) > LONGEST_REPLY or not read:
            return logits
        encoded = self._encoded(message[read[0].start :])
        network = self._pairs.network
        decoder = network.logits(network.project_attending(self._state(message, ids, encoded), encoded))[0]
        expected = np.zeros(len(logits))
        np.add.at(expected, self._ids, _softmax(decoder))
        blended: FloatArray = (1 - self._share) * _softmax(logits) + self._share * expected
        mixed: FloatArray = np.log(np.maximum(blended, 1e-30)).astype(logits.dtype)
        return mixed

    def _encode(self, message: str) -> Encoded:
        return self._pairs.network.encode(np.array(self._pairs.encode(message))[:, None])

    def _state(self, message: str, ids: list[int], encoded: Encoded) -> Array:
        """The decoder's state (1, S) after the start and these tokens."""
        inputs = (message, self._start, *ids)
        length, state = self._states.longest(inputs)
        if state is None:
            length, state = 1, encoded.state
        for place in range(length, len(inputs)):
            state = self._pairs.network.step(np.array([inputs[place]]), state)
            self._states.put(inputs[: place + 1], state)
        return state


def _softmax(logits: FloatArray) -> FloatArray:
    p: FloatArray = np.exp(logits - logits.max())
    p /= p.sum()
    return p
