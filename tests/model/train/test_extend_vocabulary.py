"""A trained model with rows for new words."""

from collections.abc import Callable

import numpy as np

from model.arrays import FloatArray
from model.lm.language_model import LanguageModel
from model.nn.network import Network
from model.text.tokens import UNKNOWN
from model.text.vocabulary import Vocabulary
from model.train.extend_vocabulary import extended_weights

OLD = {"apple": 50, "dog": 80, "zebra": 3}
NEW = {"banana": 20, "printer": 400, "zoo": 1}


def a_base(make_network: Callable[..., Network]) -> LanguageModel:
    vocabulary = Vocabulary.from_counts({".": 90}, OLD, {UNKNOWN: 30})
    return LanguageModel(vocabulary, make_network(vocabulary), {})


def grown_vocabulary() -> Vocabulary:
    return Vocabulary.from_counts({",": 40, ".": 90}, OLD | NEW, {UNKNOWN: 30})


def row(vocabulary: Vocabulary, weights: FloatArray, form: str) -> FloatArray:
    found: FloatArray = weights[vocabulary.id_of(form)]
    return found


def test_old_words_keep_their_rows_wherever_they_stand_now(make_network: Callable[..., Network]) -> None:
    base, vocabulary = a_base(make_network), grown_vocabulary()
    weights = extended_weights(base, vocabulary, seed=1)
    before = base.network.weights
    for form in base.vocabulary.forms:
        for name in ("embedding", "bias"):
            old = row(base.vocabulary, before[name], form)
            np.testing.assert_array_equal(row(vocabulary, weights[name], form), old, err_msg=f"{name} of {form}")
    assert vocabulary.id_of("zebra") != base.vocabulary.id_of("zebra")


def test_new_words_begin_near_the_unknown_one(make_network: Callable[..., Network]) -> None:
    base, vocabulary = a_base(make_network), grown_vocabulary()
    weights = extended_weights(base, vocabulary, seed=1)
    unknown = row(base.vocabulary, base.network.weights["embedding"], UNKNOWN)
    fresh = [row(vocabulary, weights["embedding"], form) for form in (*NEW, ",")]
    for one in fresh:
        assert 0 < np.abs(one - unknown).max() < 0.06
    assert len({one.tobytes() for one in fresh}) == len(fresh)
    total = sum(vocabulary.counts) + len(vocabulary)
    for form, n in NEW.items():
        assert row(vocabulary, weights["bias"], form) == np.float32(np.log((n + 1) / total))


def test_everything_else_is_copied(make_network: Callable[..., Network]) -> None:
    base, vocabulary = a_base(make_network), grown_vocabulary()
    weights = extended_weights(base, vocabulary, seed=1)
    assert set(weights) == set(base.network.weights)
    V, E = len(vocabulary), base.network.config.embedding
    assert weights["embedding"].shape == (V, E) and weights["bias"].shape == (V,)
    for name, value in weights.items():
        assert value.dtype == np.float32 and value.flags.writeable
        assert not np.shares_memory(value, base.network.weights[name])
    for name in ("W_in", "W_hidden", "b", "projection"):
        np.testing.assert_array_equal(weights[name], base.network.weights[name])


def test_the_seed_decides(make_network: Callable[..., Network]) -> None:
    base, vocabulary = a_base(make_network), grown_vocabulary()
    one, again, other = (extended_weights(base, vocabulary, seed)["embedding"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_without_new_words_nothing_changes(make_network: Callable[..., Network]) -> None:
    base = a_base(make_network)
    for name, value in extended_weights(base, base.vocabulary, seed=1).items():
        np.testing.assert_array_equal(value, base.network.weights[name])
