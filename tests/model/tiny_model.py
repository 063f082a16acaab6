"""A language model small enough to work out by hand: some eighty entries, weights drawn or set.

Counts matter only between spellings of one word (*may* 900, *May* 300): the larger is the usual one.
"""

import unicodedata
from collections.abc import Mapping

import numpy as np
from hypothesis import HealthCheck, settings

from model.arrays import Arrays, FloatArray
from model.lm.language_model import LanguageModel
from model.lm.words.spelling import Lexicon, Spelling
from model.nn.network import Network, NetworkConfig, initial_weights
from model.search.complete import Completer
from model.search.place.query import Query, QueryReader
from model.search.ranking import Suggestion
from model.search.scorer import Scorer
from model.text.tokens import SPECIAL_TOKENS
from model.text.vocabulary import SortedWords, Vocabulary
from model.train.spelling import character_vocabulary

# A busy machine is no fault: nothing here is timed.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

MARKS = dict.fromkeys(("!", '"', "'", "(", ")", ",", "-", "--", ".", "...", "/", ":", "?", "@", "👍"), 50)
WORDS = (
    {"I": 900, "I'd": 90, "I'll": 200, "I'm": 500, "ill": 80, "in": 800, "is": 900, "it": 700, "it's": 300, "its": 200}
    | {"a": 999, "b": 20, "B": 30, "à": 5, "app": 60, "apple": 90, "Apple": 40, "application": 50, "apply": 30}
    | {"may": 900, "May": 300, "Monday": 70, "us": 400, "US": 90, "London": 60, "Istanbul": 10, "iPhone": 30}
    | {"don": 4, "Don": 9, "don't": 600, "done": 300, "donut": 8, "can't": 300, "can": 500, "o'clock": 40}
    | {"café": 40, "cafes": 3, "cafés": 12, "café's": 2, "naïve": 12, "resume": 30, "résumé": 20, "señor": 6}
    | {"the": 999, "dog": 90, "dogs": 60, "eats": 30, "food": 80, "my": 500, "cat": 60, "pm": 50, "of": 900}
    | {"well": 200, "well-known": 20, "known": 90, "he": 700, "hello": 90, "help": 80, "hi": 60, "world": 70}
    | {"big": 90, "or": 500, "and": 999, "not": 600, "full": 70, "fuller": 5, "McDonald": 6, "NASA": 9, "straße": 4}
    | {"ok": 90, "OK": 70, "ωραίος": 3, "Ёлка": 3, "日本": 5, "한국어": 4, "שלום": 4}
)


def tiny_vocabulary(words: Mapping[str, int] | None = None) -> Vocabulary:
    """The words above, or others, with the marks."""
    specials = dict.fromkeys(SPECIAL_TOKENS, 100)
    return Vocabulary.from_counts(MARKS, WORDS if words is None else words, specials)


def random_model(seed: int = 1, cell: str = "gru", words: Mapping[str, int] | None = None) -> LanguageModel:
    """Every weight drawn at random, so that each context has its own distribution over the vocabulary."""
    vocabulary = tiny_vocabulary(words)
    config = NetworkConfig(cell, len(vocabulary), embedding=6, hidden=10)
    weights = initial_weights(config, vocabulary.log_unigrams(), seed)
    rng = np.random.default_rng(seed)
    weights["embedding"][:] = rng.normal(0, 1.5, weights["embedding"].shape)
    weights["bias"][:] = rng.normal(0, 1, weights["bias"].shape)
    return LanguageModel(vocabulary, Network(config, weights), {})


def model_of(chances: Mapping[str, float]) -> LanguageModel:
    """A model of these words (counted as they are likely) that gives them these chances in any context.

    Special tokens and marks share what the chances leave of 1.
    """
    vocabulary = tiny_vocabulary({form: round(1e6 * chance) for form, chance in chances.items()})
    rest = max(1e-9, 1 - sum(chances.values())) / vocabulary.first_word
    config = NetworkConfig("rnn", len(vocabulary), embedding=1, hidden=1)
    weights: Arrays = {name: np.zeros(shape, np.float32) for name, shape in config.shapes().items()}
    weights["bias"][:] = np.log([chances.get(form, rest) for form in vocabulary.forms])
    return LanguageModel(vocabulary, Network(config, weights), {})


def spelling_of(words: list[str], log_p: list[float]) -> Spelling:
    """Characters with random weights, and a lexicon of words with ln P(word | unknown)."""
    characters = character_vocabulary(dict.fromkeys("abcdefghijklmnopqrstuvwxyz'-é", 1))
    config = NetworkConfig("gru", len(characters), 4, 6)
    network = Network(config, initial_weights(config, characters.log_unigrams(), 1))
    return Spelling(characters, network, Lexicon(SortedWords(words), np.array(log_p, np.float32)))


def output_of(model: LanguageModel, context: tuple[int, ...]) -> FloatArray:
    """Run the network over a context: (E,), what the rows of the output layer are multiplied with."""
    state = model.network.zero_state(1)
    for id_ in context:
        state = model.network.step(np.array([id_]), state)
    output: FloatArray = model.network.project(state)[0]
    return output


def logits_of(model: LanguageModel, context: tuple[int, ...]) -> FloatArray:
    """The logits (V,) of what follows a context."""
    logits: FloatArray = model.network.logits(output_of(model, context))
    return logits


def read(model: LanguageModel, endpoint: str, text: str, cursor: int | None = None, tokens: int = 64) -> Query:
    """The query that an endpoint makes of a text."""
    reader = QueryReader(model.vocabulary, tokens)
    ask = {"complete": reader.completion, "next-word": reader.next_word}[endpoint]
    return ask(text, len(text) if cursor is None else cursor)


def answer(
    model: LanguageModel,
    text: str,
    endpoint: str = "complete",
    cursor: int | None = None,
    limit: int = 1000,
    least: float = 0.0,
) -> list[Suggestion]:
    """What an endpoint answers, from the text to the list."""
    query = read(model, endpoint, text, cursor)
    return Completer(Scorer(model)).complete(query, logits_of(model, query.context), limit, least, fuzzy=False)


def words_of(model: LanguageModel, text: str, endpoint: str = "complete") -> list[str]:
    """Only the words of an answer."""
    return [suggestion.text for suggestion in answer(model, text, endpoint)]


def plain(word: str) -> str:
    """Small letters without accents and apostrophes, written apart from ``model.text.fold``."""
    letters = unicodedata.normalize("NFKD", word.casefold()).replace("ı", "i")
    return "".join(c for c in letters if unicodedata.category(c) != "Mn" and c not in "'\u2018\u2019\u02bc\uff07")
