"""The decoder as a part of the next word: the formula, what is left alone, and that caches change nothing."""

from pathlib import Path

import numpy as np
import pytest

from model.arrays import FloatArray
from model.lm.language_model import LanguageModel
from model.lm.pair_model import PairModel, load_pair_model
from model.search.writing.answered import LONGEST_REPLY, AnsweredMessages
from tests.model.tiny_model import random_model
from tests.model.tiny_replies import save_tiny_replies

MESSAGE = "Can you come to dinner?"


@pytest.fixture(scope="module")
def pair_model(tmp_path_factory: pytest.TempPathFactory) -> PairModel:
    folder: Path = tmp_path_factory.mktemp("pairs")
    save_tiny_replies(folder)
    return load_pair_model(folder)


@pytest.fixture(scope="module")
def model(pair_model: PairModel) -> LanguageModel:
    """A language model that knows the words of the replies, and one more."""
    words = dict.fromkeys(pair_model.vocabulary.forms[pair_model.vocabulary.first_word :], 9) | {"zebra": 5}
    return random_model(words=words)


def softmax(logits: FloatArray) -> FloatArray:
    p: FloatArray = np.exp(logits - logits.max())
    p /= p.sum()
    return p


@pytest.mark.parametrize("begun", ["", "Sorry, ", "Yes! I "])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_it_is_the_sum_of_both_by_their_shares(
    begun: str, share: float, model: LanguageModel, pair_model: PairModel
) -> None:
    logits = np.random.default_rng(1).normal(size=len(model.vocabulary))
    blended = softmax(AnsweredMessages(model, pair_model, share).blend(MESSAGE, begun, logits))
    own = softmax(logits)
    for word in ("dinner", "no", "what"):
        # P(word | message, begun), by the probabilities of whole answers with and without it.
        tokens = pair_model.log_probabilities(MESSAGE, [f"{begun}{word}"])
        end_after = AnsweredMessages(model, pair_model, 1.0).blend(MESSAGE, f"{begun}{word} ", logits)
        before = pair_model.log_probabilities(MESSAGE, [begun])
        end_before = AnsweredMessages(model, pair_model, 1.0).blend(MESSAGE, begun, logits)
        end = model.vocabulary.id_of("<eol>")
        log_p = tokens[0] - np.log(softmax(end_after)[end]) - (before[0] - np.log(softmax(end_before)[end]))
        id_ = model.vocabulary.id_of(word)
        assert blended[id_] == pytest.approx((1 - share) * own[id_] + share * np.exp(log_p), rel=1e-4)
    zebra = model.vocabulary.id_of("zebra")
    assert blended[zebra] == pytest.approx((1 - share) * own[zebra], abs=1e-9)


def test_what_is_cached_changes_nothing(model: LanguageModel, pair_model: PairModel) -> None:
    logits = np.zeros(len(model.vocabulary))
    used = AnsweredMessages(model, pair_model)
    for message in (MESSAGE, "I lost my keys.", MESSAGE):
        for begun in ("Sorry", "", "Sorry, I", "Sorry, no", "Sorry, "):
            fresh = AnsweredMessages(model, pair_model).blend(message, begun, logits)
            np.testing.assert_allclose(used.blend(message, begun, logits), fresh, rtol=1e-6)


def test_a_long_reply_and_an_empty_message_are_left_to_the_network(model: LanguageModel, pair_model: PairModel) -> None:
    logits = np.random.default_rng(2).normal(size=len(model.vocabulary))
    answered = AnsweredMessages(model, pair_model)
    assert (answered.blend(MESSAGE, "no " * (LONGEST_REPLY + 1), logits) == logits).all()
    assert (answered.blend(MESSAGE, "no " * LONGEST_REPLY, logits) != logits).any()
    assert (answered.blend("  ", "", logits) == logits).all()
