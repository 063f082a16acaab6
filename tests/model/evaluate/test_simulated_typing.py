"""Typing a text with suggestions at hand: ranks and keystrokes worked out by hand, and against asking from scratch."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.arrays import Array, Arrays
from model.evaluate.simulated_typing import (
    MOST_LETTERS,
    STRIPS,
    Ask,
    ModelSuggester,
    TypedWord,
    TypingTrial,
    keystrokes,
)
from model.lm.language_model import LanguageModel
from model.nn.inference import ContextRunner
from model.nn.network import Network, NetworkConfig
from model.search.complete import Completer
from model.search.scorer import Scorer
from model.text.tokens import straight, tokens
from model.text.vocabulary import Vocabulary
from tests.model.tiny_model import MARKS, WORDS, logits_of, model_of, output_of, random_model, read, tiny_vocabulary

CHANCES = {"the": 0.3, "then": 0.2, "them": 0.1, "there": 0.08, "they": 0.06, "these": 0.05, "dog": 0.04, "b": 0.02}
CHANCES |= {"don't": 0.03, "done": 0.01, "well": 0.02, "well-known": 0.01, "café": 0.005, "understand": 0.004}
MODEL = random_model(3, "lstm")
LINES = st.lists(
    st.sampled_from([*WORDS, *MARKS, "pear", "12", "5th", "don’t", "cafe\u0301", "THE", "Dog"]), min_size=1, max_size=5
).map(" ".join)


def typed(model: LanguageModel, *lines: str, wanted: set[int] | None = None, first: int = 0) -> list[TypedWord]:
    """All words of one document."""
    return list(TypingTrial(ModelSuggester(model, 64)).words(list(lines), first, wanted))


def ranks(word: TypedWord) -> list[int | None]:
    """The rank after 0, 1, 2 … letters."""
    assert [ask.letters for ask in word.asks] == list(range(len(word.asks)))
    return [ask.rank for ask in word.asks]


def bigram_model(followers: Mapping[str, str]) -> LanguageModel:
    """A model that is all but sure of the one word that follows a token.

    The embedding is the unit matrix, so that h says which token was read last; its row of the projection holds
    the logits of what follows.
    """
    vocabulary = tiny_vocabulary(dict.fromkeys(("cat", "dog", "eats", "the", "us", "world", "zebra"), 10))
    V = len(vocabulary)
    config = NetworkConfig("rnn", V, embedding=V, hidden=V)
    weights: Arrays = {name: np.zeros(shape, np.float32) for name, shape in config.shapes().items()}
    weights["embedding"][:] = np.eye(V)
    weights["W_in"][:] = 20 * np.eye(V)
    for token, word in followers.items():
        weights["projection"][vocabulary.id_of(token), vocabulary.id_of(word)] = 20
    return LanguageModel(vocabulary, Network(config, weights), {})


@pytest.mark.parametrize(
    ("word", "expected", "with_3", "with_5"),
    [
        # Among the first suggestions at once: asked on to see how it does after one to three letters, and of a short
        # word what is offered when it stands there whole.
        ("the", [1, 1, 1, None], 1, 1),
        ("then", [2, 2, 2, 1], 1, 1),
        # Fourth: a strip of three shows it when "the" is typed, which itself is no longer offered.
        ("there", [4, 4, 4, 3], 4, 1),
        ("they", [5, 5, 5, 4], 5, 1),
        ("these", [None, None, None, 5, 1], 5, 4),
        ("dog", [None, 1, 1, None], 2, 2),
        ("understand", [None, 1, 1, 1], 2, 2),
        # A lone letter is never offered, a word outside the vocabulary cannot be.
        ("b", [None, None], 2, 2),
        ("xyz", [None, None, None, None], 4, 4),
        ("thesis", [None, None, None, None, None, None], 7, 7),
        ("don't", [None, 2, 2, 1], 2, 2),
        ("well-known", [None, 2, 2, 2], 2, 2),
        ("café", [None, 1, 1, 1], 2, 2),
    ],
)
def test_ranks_and_keystrokes_by_hand(word: str, expected: list[int | None], with_3: int, with_5: int) -> None:
    (result,) = typed(model_of(CHANCES), word)
    assert ranks(result) == expected
    assert (result.line, result.length) == (0, len(word))
    assert (keystrokes(result, 3), keystrokes(result, 5)) == (with_3, with_5)


def test_asking_ends_when_the_shortest_strip_has_the_word_and_three_letters_are_typed() -> None:
    chances = {f"wordlike{letter}": 0.2 - 0.01 * i for i, letter in enumerate("abcd")}
    (fourth,) = typed(model_of(chances), "wordliked")
    assert ranks(fourth) == [4] * 9
    (third,) = typed(model_of(chances), "wordlikec")
    assert ranks(third) == [3] * (MOST_LETTERS + 1)


@pytest.mark.parametrize("form", ["these", "These", "THESE"])
def test_case_is_ignored(form: str) -> None:
    for text in (form, f"Hi. {form}", f"a {form}"):
        assert ranks(typed(model_of(CHANCES), text)[-1]) == [None, None, None, 5, 1]


def test_a_word_whose_usual_spelling_has_capitals() -> None:
    model = model_of({"I'm": 0.4, "NASA": 0.3, "iPhone": 0.2})
    for text, rank in (("i'm", 1), ("nasa", 2), ("IPHONE", 3), ("Iphone", 3)):
        assert ranks(typed(model, text)[0])[0] == rank


@pytest.mark.parametrize("apostrophe", ["'", "’", "‘", "ʼ", "＇"])
def test_every_apostrophe_is_the_same(apostrophe: str) -> None:
    (result,) = typed(model_of(CHANCES | {"donuts": 0.1, "donut": 0.1, "done": 0.1}), f"don{apostrophe}t")
    assert ranks(result) == [None, 5, 5, 4, 1]
    assert keystrokes(result, 3) == 5


def test_accents_may_be_characters_of_their_own() -> None:
    (result,) = typed(model_of(CHANCES), "cafe\u0301")
    assert ranks(result) == [None, 1, 1, 1] and result.length == 5


def test_a_hyphenated_word_is_one_word() -> None:
    model = model_of({"well": 0.5, "wells": 0.2, "well-to-do": 0.15, "welfare": 0.1, "well-known": 0.01})
    (result,) = typed(model, "well-known")
    assert ranks(result) == [5, 5, 5, 5, 3]
    (unknown,) = typed(model, "well-read")
    assert ranks(unknown) == [None] * 9 and keystrokes(unknown, 5) == 10


def test_only_tokens_that_begin_with_a_letter_are_typed() -> None:
    words = typed(model_of(CHANCES), "3rd, 12:30 -- 👍 #5 (the dog)? 7 …", "$5 'the'!")
    assert [(word.line, word.length) for word in words] == [(0, 3), (0, 3), (1, 3)]
    assert typed(model_of(CHANCES), "12 + 30 = 42") == []
    assert typed(model_of(CHANCES)) == []


def test_a_withheld_word_is_a_miss() -> None:
    model = model_of(CHANCES)
    vocabulary = Vocabulary(model.vocabulary.forms, model.vocabulary.counts, {"dog"})
    withheld = LanguageModel(vocabulary, model.network, {})
    assert ranks(typed(withheld, "dog")[0]) == [None] * 4


def test_a_line_is_typed_after_the_lines_before_it() -> None:
    model = bigram_model({"<start>": "cat", "cat": "eats", "<eol>": "dog", "dog": "us"})
    for line, first in (("cat", 1), ("eats", None)):
        assert (ranks(typed(model, line)[0])[0] == 1) == (first == 1)
    assert [ranks(word)[0] for word in typed(model, "cat eats", "dog us", "dog")] == [1] * 5
    # Each document begins anew.
    trial = TypingTrial(ModelSuggester(model, 64))
    for document in (["cat eats", "dog"], ["cat"]):
        assert [ranks(word)[0] for word in trial.words(document, 0)] == [1] * sum(len(x.split()) for x in document)


def test_only_wanted_lines_are_typed_and_the_others_are_read() -> None:
    model = bigram_model({"<start>": "cat", "cat": "eats", "<eol>": "dog", "dog": "us"})
    words = typed(model, "cat eats", "dog us", "dog", "zebra", wanted={11, 13}, first=10)
    assert [(word.line, word.length, ranks(word)[0]) for word in words] == [(11, 3, 1), (11, 2, 1), (13, 5, None)]
    assert [word.line for word in typed(model, "cat", "dog", first=7)] == [7, 8]


def test_the_probability_of_the_first_suggestion_is_kept() -> None:
    (word,) = typed(model_of({"the": 0.5, "then": 0.3, "dog": 0.2}), "then")
    # Half of the first is how common the word is, beside a hundred unknown ones.
    common = 1e6 / (1e6 + 100)
    first = (0.5 + 0.5 * common) / 2
    assert [ask.first_probability for ask in word.asks] == pytest.approx([first, 5 / 8, 5 / 8, 3 / 8], abs=1e-5)
    (word,) = typed(model_of({"the": 1}), "xy")
    assert [ask.first_probability for ask in word.asks] == pytest.approx([(1 + common) / 2, 0, 0], abs=1e-5)


@pytest.mark.parametrize("context_tokens", [64, 3])
@given(lines=st.lists(LINES, min_size=1, max_size=3))
def test_every_rank_is_that_of_asking_from_scratch(context_tokens: int, lines: list[str]) -> None:
    text = "\n".join(lines)
    spans = [(t.start, t.end) for t in tokens(text) if t.is_word]
    scorer = Scorer(MODEL)
    completer = Completer(scorer)
    words = list(TypingTrial(ModelSuggester(MODEL, context_tokens)).words(lines, 0))
    assert len(words) == len(spans)
    for (start, end), word in zip(spans, words, strict=True):
        assert word.length == end - start and word.line == text.count("\n", 0, start)
        wanted = straight(text[start:end]).casefold()
        for ask in word.asks:
            endpoint = "complete" if ask.letters else "next-word"
            query = scorer.resolve(read(MODEL, endpoint, text[: start + ask.letters], tokens=context_tokens))
            suggestions = completer.complete(query, logits_of(MODEL, query.context), STRIPS[-1], 0)
            offered = [suggestion.text.casefold() for suggestion in suggestions]
            assert ask.rank == (offered.index(wanted) + 1 if wanted in offered else None)
            assert ask.first_probability == (suggestions[0].probability if suggestions else 0)
        for strip in STRIPS:
            assert 1 <= keystrokes(word, strip) <= word.length + 1


class CountingNetwork(Network):
    """Counts the tokens it reads."""

    steps = 0

    def step(self, ids: Array, state: Array) -> Array:
        self.steps += 1
        return super().step(ids, state)


IDS = st.lists(st.integers(0, 3) | st.integers(0, len(MODEL.vocabulary) - 1), max_size=7).map(tuple)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@given(contexts=st.lists(IDS, min_size=1, max_size=8))
def test_a_context_is_read_from_where_it_parts_from_the_one_before(cell: str, contexts: list[tuple[int, ...]]) -> None:
    made = random_model(5, cell)
    network = CountingNetwork(made.network.config, made.network.weights)
    reader = ContextRunner(network)
    before: tuple[int, ...] = ()
    for context in contexts:
        network.steps = 0
        np.testing.assert_array_equal(reader.output(context), output_of(made, context))
        shared = next((i for i, (a, b) in enumerate(zip(before, context, strict=False)) if a != b), None)
        if shared is None:
            shared = min(len(before), len(context))
        assert network.steps == len(context) - shared
        before = context


def test_keystrokes_of_a_word_that_was_not_offered_in_time() -> None:
    word = TypedWord(0, 6, [Ask(letters, rank, 0.1, 0.0) for letters, rank in enumerate((None, 5, 4, 2))])
    assert [keystrokes(word, strip) for strip in (1, 2, 3, 4, 5)] == [7, 4, 4, 3, 2]
