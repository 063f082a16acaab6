"""Occasions: that examples are told apart, what leaving one out means, and the replies that are written for them."""

from pathlib import Path

import numpy as np
import pytest

from model.errors import ModelError
from model.lm.pair_model import EVERYDAY, REPLIES, PairModel
from model.nn.encoder_decoder import EncoderDecoder, EncoderDecoderConfig, initial_pair_weights
from model.search.writing.occasions import OccasionClassifier
from model.search.writing.replies import ReplySearch, load_replies
from model.text.everyday import Occasion, load_occasions
from model.train.pairs.dataset import choose_pair_vocabulary

OCCASIONS = [
    Occasion(
        ("Can you come to dinner?", "Will you come to the party?"), (("I'd love to!", "Gladly."), ("Sorry, no.",))
    ),
    Occasion(("Thanks for your help.", "Thanks, that was kind."), (("No problem.",), ("Any time.", "Gladly."))),
    Occasion(("I lost my keys.", "I lost my coat."), (("Oh no!",), ("Where?",))),
]
TEXTS = [text for one in OCCASIONS for group in one.groups for text in group]
FILE = """\
# Words of our own.

> Can you come?
> Will you join us?
Yes! | I'd love to!
Sorry, no.

! ta, cheers mate
> Thanks!
Any time.
"""


@pytest.fixture(scope="module")
def model() -> PairModel:
    """A network that has learned nothing: words alone tell the messages apart."""
    pairs = [(message, text) for one in OCCASIONS for message in one.messages for group in one.groups for text in group]
    vocabulary = choose_pair_vocabulary(pairs, "words", 200, None)
    config = EncoderDecoderConfig("gru", len(vocabulary), 24, 10, True)
    weights = initial_pair_weights(config, vocabulary.log_unigrams(), 1, np.float64)
    return PairModel(vocabulary, EncoderDecoder(config, weights), "words", {})


def test_examples_and_messages_like_them_are_of_their_occasion(model: PairModel) -> None:
    classifier = OccasionClassifier(model, OCCASIONS)
    for number, one in enumerate(OCCASIONS):
        for message in one.messages:
            assert classifier.guesses(message)[0].number == number
    assert classifier.guesses("Will you come to dinner?")[0].number == 0
    assert classifier.guesses("I lost the party.")[0].number == 2
    surest = classifier.guesses("I lost my keys.")[0].sureness
    assert classifier.guesses("zzyzx")[0].sureness < surest


def test_left_out_is_what_the_others_alone_would_say(model: PairModel) -> None:
    judged = OccasionClassifier(model, OCCASIONS).left_out()
    rest = [OCCASIONS[0]._replace(messages=OCCASIONS[0].messages[1:]), *OCCASIONS[1:]]
    expected = OccasionClassifier(model, rest).guesses(OCCASIONS[0].messages[0])
    assert [guess.number for guess in judged[0]] == [guess.number for guess in expected]
    np.testing.assert_allclose([g.sureness for g in judged[0]], [g.sureness for g in expected], atol=1e-6)


def test_the_replies_are_those_of_the_occasion_one_of_a_group(model: PairModel) -> None:
    search = ReplySearch(model, TEXTS, [-3.0] * len(TEXTS), OCCASIONS)
    for one in OCCASIONS:
        found = [reply.text for reply in search.suggest(one.messages[0], limit=2)]
        assert len(found) == 2
        assert all(sum(text in group for text in found) <= 1 for group in one.groups)
        expected = np.exp(model.log_probabilities(one.messages[0], found))
        np.testing.assert_allclose([r.probability for r in search.suggest(one.messages[0], 2)], expected, rtol=1e-6)


def test_what_is_not_allowed_is_not_given_and_another_of_its_group_is(model: PairModel) -> None:
    search = ReplySearch(model, TEXTS, [-3.0] * len(TEXTS), OCCASIONS)
    (one, other), _ = OCCASIONS[0].groups
    for kept, left in ((one, other), (other, one)):
        replies = search.suggest(OCCASIONS[0].messages[0], 2, set(TEXTS).difference([left]).__contains__)
        found = [reply.text for reply in replies]
        assert kept in found and left not in found


@pytest.mark.parametrize("message", ["I lost my dinner, help!", "Thanks. I was SO SICK", "so sick of keys?"])
def test_words_of_an_occasion_decide_and_nothing_else_is_given(message: str, model: PairModel) -> None:
    sorry = Occasion(("I am ill.",), (("Oh no!",), ("Where?",)), frozenset({"help", "so sick"}))
    search = ReplySearch(model, TEXTS, [-9.0] * len(TEXTS), [*OCCASIONS[:2], sorry])
    assert {reply.text for reply in search.suggest(message, 10)} == {"Oh no!", "Where?"}
    others = {reply.text for reply in search.suggest("Sick, so thanks for your keys.", 10)}
    assert others - {"Oh no!", "Where?"}


def test_without_a_word_there_is_no_reply(model: PairModel) -> None:
    search = ReplySearch(model, TEXTS, [-3.0] * len(TEXTS), OCCASIONS)
    assert all(search.suggest(message) == [] for message in ("", "  ", "?!", "12", "\N{PILE OF POO}"))


def test_a_file_of_occasions_is_loaded_with_the_replies(model: PairModel, tmp_path: Path) -> None:
    (tmp_path / EVERYDAY).write_text(FILE, "utf-8")
    first, second = load_occasions(tmp_path / EVERYDAY)
    assert first == Occasion(("Can you come?", "Will you join us?"), (("Yes!", "I'd love to!"), ("Sorry, no.",)))
    assert second == Occasion(("Thanks!",), (("Any time.",),), frozenset({"ta", "cheers mate"}))
    (tmp_path / REPLIES).write_text("Any time.\t-3\n", "utf-8")
    assert load_replies(tmp_path, model).suggest("Thanks!", 1)[0].text == "Any time."


@pytest.mark.parametrize("content", ["", "# nothing\n", "> Hello!\n", "Hello!\n", "> Hi!\nHello! |\n"])
def test_a_damaged_file_of_occasions_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / EVERYDAY).write_text(content, "utf-8")
    with pytest.raises(ModelError, match=EVERYDAY):
        load_occasions(tmp_path / EVERYDAY)
